//! CSV exports of an iPhone's calls: iMazing (`Call type, Date, Duration, Number, Contact, ...`; without a
//! header in version 2) and iExplorer (`Contact, Number, Date, Duration, Call Type, Unformatted Number, ...`,
//! with or without one). Times are local, in ISO 8601 or with the day or the month first.

use std::io::BufRead;

use calls_model::{CallType, Direction, Outcome};
use chrono::{DateTime, Utc};

use crate::error::ReadError;
use crate::format::Format;
use crate::options::Options;
use crate::record::{Call, Items, Out, RawParty};
use crate::rows::Row;
use crate::table::{self, First, Header};
use crate::{duration, time, words};

/// Reads the calls of a file.
pub(crate) fn read<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    let owner = match options.owner(Format::IphoneCsv) {
        Ok(owner) => owner,
        Err(error) => return Box::new(std::iter::once(Err(error))),
    };
    let (zone, month_first) = (options.zone, options.month_first);
    table::read(reader, move |first| {
        let (kind, columns) = Columns::new(first)?;
        let put = move |row: &Row, out: &mut Out| {
            let created_at = time::any_of(&row.get(columns.date), zone, month_first)?;
            columns.put(row, &owner, created_at, out)
        };
        Ok((kind, put))
    })
}

/// Whether the first row is a call of a file without a header.
pub(crate) fn fits_without_header(row: &Row) -> bool {
    Columns::without_header(row).is_some()
}

/// Whether the first row is the header of one of the programs.
pub(crate) fn fits_header(header: &Header) -> bool {
    let marks = ["contact", "service", "unformatted number", "number geo description"];
    header.find(TYPE).is_some()
        && header.has_all(&["date", "duration", "number"])
        && marks.iter().any(|mark| header.find(&[mark]).is_some())
}

const TYPE: &[&str] = &["call type", "type"];

struct Columns {
    kind: usize,
    date: usize,
    duration: usize,
    number: usize,
    /// Where the number is if that field is empty.
    formatted: usize,
}

impl Columns {
    fn new(first: &Row) -> Result<(First, Self), ReadError> {
        if let Some(columns) = Self::without_header(first) {
            return Ok((First::Call, columns));
        }
        let header = Header::new(Format::IphoneCsv, first);
        let number = header.require(&["number", "phone number", "unformatted number"])?;
        let columns = Self {
            kind: header.require(TYPE)?,
            date: header.require(&["date", "date time", "time"])?,
            duration: header.require(&["duration"])?,
            number: header.find(&["unformatted number"]).unwrap_or(number),
            formatted: number,
        };
        Ok((First::Header, columns))
    }

    fn without_header(row: &Row) -> Option<Self> {
        let imazing = Self { kind: 0, date: 1, duration: 2, number: 3, formatted: 3 };
        let iexplorer = Self { kind: 4, date: 2, duration: 3, number: 5, formatted: 1 };
        [imazing, iexplorer].into_iter().find(|columns| {
            words::kind(&row.get(columns.kind)).is_ok()
                && [false, true].into_iter().any(|month_first| {
                    time::any_of(&row.get(columns.date), chrono_tz::UTC, month_first).is_ok()
                })
                && duration::any(&row.get(columns.duration)).is_ok()
        })
    }

    fn put(
        &self,
        row: &Row,
        owner: &RawParty,
        created_at: DateTime<Utc>,
        out: &mut Out,
    ) -> Result<(), String> {
        let kind = words::kind(&row.get(self.kind))?;
        let direction = kind.direction.ok_or("expected an incoming or outgoing call, but found neither")?;
        let text = row.get(self.duration);
        let length = if text.is_empty() { None } else { Some(duration::any(&text)?) };
        let talked = length.is_some_and(|length| length.ms() > 0);
        let outcome = kind.outcome.unwrap_or(match direction {
            Direction::Outbound if !talked => Outcome::Missed,
            _ => Outcome::Completed,
        });
        let duration = length.filter(|_| outcome == Outcome::Completed);
        let number = Some(row.get(self.number)).filter(|number| !number.is_empty());
        let counterparty = party(&number.unwrap_or_else(|| row.get(self.formatted)));
        let call = Call { call_type: CallType::new(direction, outcome), created_at, duration };
        out.record(owner.clone(), counterparty, &call);
        Ok(())
    }
}

/// A party. FaceTime has e-mail addresses in place of numbers, which are no SIP addresses.
fn party(text: &str) -> RawParty {
    if text.contains('@') && !text.contains(':') { RawParty::Unknown } else { RawParty::from_text(text) }
}
