//! CSV exports of an iPhone's calls: iMazing (`Call type, Date, Duration, Number, Contact, ...`; without a
//! header in version 2) and iExplorer (`Contact, Number, Date, Duration, Call Type, Unformatted Number, ...`,
//! with or without one). Times are local, in ISO 8601 or with the day or the month first.

use std::io::BufRead;

use calls_model::{CallType, Direction, Disposition, Outcome};
use chrono::{DateTime, Utc};

use crate::dates::{DateColumns, DateOrder};
use crate::duration::{self, Unit};
use crate::error::ReadError;
use crate::fold::fold;
use crate::format::Format;
use crate::options::Options;
use crate::record::{Call, Items, Out, RawParty, Reason};
use crate::rows::Row;
use crate::table::{self, First, Header};
use crate::{time, words};

/// Reads the calls of a file.
pub(crate) fn read<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    let owner = match options.owner(Format::IphoneCsv) {
        Ok(owner) => owner,
        Err(error) => return Box::new(std::iter::once(Err(error))),
    };
    let (zone, dates) = (options.zone, options.dates);
    table::read(reader, move |first| {
        let (kind, columns) = Columns::new(first)?;
        let put = move |row: &Row, out: &mut Out| -> Result<(), Reason> {
            let created_at = time::any(&row.get(columns.date), zone, dates)?;
            columns.put(row, &owner, created_at, out)
        };
        Ok((kind, put))
    })
}

/// Whether the first row is a call, in a file without a header.
pub(crate) fn fits_without_header(row: &Row) -> bool {
    Columns::without_header(row).is_some()
}

/// Whether the first row is a header of one of the programs.
pub(crate) fn fits_header(header: &Header) -> bool {
    let marks = [CONTACT, SERVICE, &["unformatted number", "number geo description"]];
    [TYPE, &DATE[..DATES_ALONE], DURATION, &NUMBER[..NUMBERS_ALONE]]
        .iter()
        .all(|names| header.find(names).is_some())
        && marks.iter().any(|names| header.find(names).is_some())
}

/// Columns of dates, and whether the first row is a header.
pub(crate) fn date_columns(first: &Row) -> Result<(DateColumns, First), ReadError> {
    let (kind, columns) = Columns::new(first)?;
    // In the other languages, dates begin with the day.
    let is_english = matches!(fold(&first.get(columns.kind)).as_str(), "calltype" | "type");
    let is_day_first_language = kind == First::Header && !is_english;
    Ok((DateColumns { date: columns.date, time: None, epoch: None, is_day_first_language }, kind))
}

// English names come first.
const TYPE: &[&str] = &[
    "call type",
    "type",
    "Anruftyp",
    "Anrufart",
    "type d'appel",
    "tipo de llamada",
    "tipo di chiamata",
    "tipo chiamata",
    "type oproep",
    "oproeptype",
    "tipo de chamada",
];
const DATE: &[&str] = &["date", "Datum", "fecha", "data", "date time", "time"];
/// Number of names of date columns that are unambiguous.
const DATES_ALONE: usize = 4;
const DURATION: &[&str] = &["duration", "Dauer", "durée", "duración", "durata", "duur", "duração"];
const NUMBER: &[&str] = &[
    "number",
    "Nummer",
    "numéro",
    "número",
    "numero",
    "phone number",
    "Rufnummer",
    "Telefonnummer",
    "unformatted number",
];
const NUMBERS_ALONE: usize = 5;
const CONTACT: &[&str] = &["contact", "Kontakt", "contacto", "contatto", "contactpersoon", "contato"];
const SERVICE: &[&str] = &["service", "Dienst", "servicio", "servizio", "serviço"];

struct Columns {
    kind: usize,
    date: usize,
    duration: usize,
    number: usize,
    /// Field with the number if the other one is empty.
    formatted: usize,
    name: Option<usize>,
}

impl Columns {
    fn new(first: &Row) -> Result<(First, Self), ReadError> {
        if let Some(columns) = Self::without_header(first) {
            return Ok((First::Call, columns));
        }
        let header = Header::new(Format::IphoneCsv, first);
        let number = header.require(NUMBER)?;
        let columns = Self {
            kind: header.require(TYPE)?,
            date: header.require(DATE)?,
            duration: header.require(DURATION)?,
            number: header.find(&["unformatted number"]).unwrap_or(number),
            formatted: number,
            name: header.find(CONTACT),
        };
        Ok((First::Header, columns))
    }

    fn without_header(row: &Row) -> Option<Self> {
        let imazing = Self { kind: 0, date: 1, duration: 2, number: 3, formatted: 3, name: Some(4) };
        let iexplorer = Self { kind: 4, date: 2, duration: 3, number: 5, formatted: 1, name: Some(0) };
        [imazing, iexplorer].into_iter().find(|columns| {
            words::kind(&row.get(columns.kind)).is_ok()
                && DateOrder::ALL
                    .into_iter()
                    .any(|(order, _)| time::any(&row.get(columns.date), chrono_tz::UTC, Some(order)).is_ok())
                && duration::any(&row.get(columns.duration)).is_ok()
        })
    }

    fn put(
        &self,
        row: &Row,
        owner: &RawParty,
        created_at: DateTime<Utc>,
        out: &mut Out,
    ) -> Result<(), Reason> {
        let kind = words::kind(&row.get(self.kind))?;
        let direction = kind.direction.ok_or("expected an incoming or outgoing call, but found neither")?;
        let length = duration::optional(&row.get(self.duration), Unit::Seconds)?;
        let talked = length.is_some_and(|length| length.ms() > 0);
        let by_length = match direction {
            Direction::Outbound if !talked => Outcome::Missed,
            _ => Outcome::Completed,
        };
        let outcome = kind.outcome.unwrap_or(by_length);
        let disposition =
            kind.disposition.or((outcome == Outcome::Completed).then_some(Disposition::Answered));
        let duration = length.filter(|_| outcome == Outcome::Completed);
        let number = Some(row.get(self.number)).filter(|number| !number.is_empty());
        let counterparty = party(&number.unwrap_or_else(|| row.get(self.formatted)));
        let name = self.name.map(|name| row.get(name));
        let call = Call { call_type: CallType::new(direction, outcome), created_at, duration };
        out.record(owner.clone(), counterparty, &call).disposition(disposition).name(name.as_deref());
        Ok(())
    }
}

/// A party. FaceTime has e-mail addresses in place of numbers. They are not SIP addresses, which have their
/// scheme even in exports of this project.
pub(crate) fn party(text: &str) -> RawParty {
    match RawParty::from_text(text) {
        RawParty::Text(address)
            if text.contains('@') && !text.contains(':') && address.starts_with("sip:") =>
        {
            RawParty::Text(text.to_owned())
        }
        party => party,
    }
}
