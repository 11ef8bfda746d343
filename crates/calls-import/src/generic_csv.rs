//! Any CSV file with a header that has what a call needs.

use std::io::BufRead;

use calls_model::{CallDuration, CallType, Direction, Disposition, Outcome};
use chrono::{DateTime, NaiveDateTime, Utc};

use crate::columns::Role;
use crate::dates::DateColumns;
use crate::duration::{self, Unit};
use crate::error::ReadError;
use crate::fold::fold;
use crate::format::Format;
use crate::options::Options;
use crate::party;
use crate::pbx::TwoSided;
use crate::record::{Call, Items, Out, RawParty, Reason, expected};
use crate::rows::Row;
use crate::table::{self, First, Header};
use crate::time;
use crate::words::{self, Kind};

/// Reads the calls of a file.
pub(crate) fn read<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    let options = options.clone();
    table::read(reader, move |first| {
        let layout = Layout::new(&Header::new(Format::GenericCsv, first), options)?;
        Ok((First::Header, move |row: &Row, out: &mut Out| layout.put(row, out)))
    })
}

/// Whether a header has what a call needs, without any mapping.
pub(crate) fn fits(header: &Row) -> bool {
    let own = Some(RawParty::Text("1".to_owned()));
    Layout::new(&Header::new(Format::GenericCsv, header), Options { own, ..Options::default() }).is_ok()
}

/// Where the dates of a file are. `None` where its times are of a given format.
pub(crate) fn date_columns(header: &Header, options: &Options) -> Result<Option<DateColumns>, ReadError> {
    /// Words of headers in languages whose countries put the day first.
    const WORDS: [&str; 24] = [
        "datum",
        "rufnummer",
        "dauer",
        "anrufer",
        "richtung",
        "date et heure",
        "durée",
        "appelant",
        "appelé",
        "début",
        "fecha",
        "fecha y hora",
        "duración",
        "llamante",
        "dirección",
        "destino",
        "durata",
        "chiamante",
        "data e ora",
        "duur",
        "beller",
        "richting",
        "duração",
        "início",
    ];
    if options.columns.time_format.is_some() {
        return Ok(None);
    }
    let Some((date, time)) = when(header, options)? else { return Ok(None) };
    let is_day_first_language = WORDS.iter().any(|word| header.find(&[word]).is_some());
    Ok(Some(DateColumns { date, time, epoch: None, is_day_first_language }))
}

/// Where the parts of a call stand.
struct Layout {
    options: Options,
    /// Columns of the header.
    columns: usize,
    parties: Parties,
    names: Names,
    start: usize,
    time: Option<usize>,
    direction: Option<usize>,
    /// Whether other things than a direction may stand in that column.
    is_kind: bool,
    /// Columns that may say that an entry is no call.
    kinds: Vec<usize>,
    talked: Option<(usize, Unit)>,
    /// The whole length of the call, where that has a column of its own.
    total: Option<(usize, Unit)>,
    rang: Option<(usize, Unit)>,
    answered: Option<usize>,
    status: Option<usize>,
}

enum Parties {
    /// The owner, if a column has it, and the other party.
    Owned(Option<usize>, usize),
    /// The caller and the callee.
    FromTo(usize, usize),
}

/// Columns of names: of the other party, the caller and the callee.
struct Names {
    other: Option<usize>,
    from: Option<usize>,
    to: Option<usize>,
}

/// What a row says of how the call went.
struct Ended {
    outcome: Outcome,
    disposition: Option<Disposition>,
    talked: Option<CallDuration>,
}

impl Ended {
    /// As it went where this callee answered: a mailbox is nobody.
    fn by(self, callee: &Named) -> Self {
        let is_mailbox = |text: &str| {
            let word = fold(text);
            ["voicemail", "voicemailbox", "mailbox", "vmail", "anrufbeantworter"].contains(&word.as_str())
        };
        let by_text = matches!(&callee.0, RawParty::Text(text) if is_mailbox(text));
        if self.outcome == Outcome::Completed && (by_text || callee.1.as_deref().is_some_and(is_mailbox)) {
            return Self {
                outcome: Outcome::Missed,
                disposition: Some(Disposition::Voicemail),
                talked: None,
            };
        }
        self
    }
}

impl Layout {
    fn new(header: &Header, options: Options) -> Result<Self, ReadError> {
        let column = |role: Role| column(header, &options, role);
        let parties = parties(header, &options)?;
        let (start, time) =
            when(header, &options)?.ok_or_else(|| header.missing(MISSING_START.to_owned()))?;
        let direction = column(Role::Direction)?;
        let talked = measured(header, &options)?;
        let other = |names: &[&str]| {
            header
                .find_measured(names)
                .filter(|(column, _)| talked.is_some_and(|(talked, _)| talked != *column))
        };
        let layout = Self {
            columns: header.len(),
            names: names(header, &options, &parties)?,
            parties,
            start,
            time,
            is_kind: direction.is_some_and(|column| header.find(DIRECTIONS) != Some(column)),
            direction,
            kinds: KINDS.iter().filter_map(|name| header.find(&[name])).collect(),
            total: other(TOTALS),
            rang: header.find_measured(RINGS),
            talked,
            answered: header.find(ANSWERS).filter(|answered| *answered != start),
            status: column(Role::Status)?,
            options,
        };
        if layout.talked.is_none() && layout.status.is_none() && layout.direction.is_none() {
            return Err(header.missing(MISSING_OUTCOME.to_owned()));
        }
        Ok(layout)
    }

    fn put(&self, row: &Row, out: &mut Out) -> Result<(), Reason> {
        // A delimiter that is not quoted moves what is behind it into other columns.
        if (self.columns..row.len()).any(|column| !row.get(column).is_empty()) {
            return Err(format!("expected {} columns, but found {}", self.columns, row.len()).into());
        }
        if let Some(kind) =
            self.kinds.iter().map(|column| row.get(*column)).find(|text| words::is_no_call(text))
        {
            return Err(Reason::NoCall(kind.into_owned()));
        }
        let kind = self.kind(row)?;
        let ended = self.ended(row, kind)?;
        let created_at = self.created_at(row)?;
        let (from, to) = self.parties(row, kind)?;
        let direction = kind.direction.or_else(|| self.direction_of_own(&from.0, &to.0));
        let ended = if direction == Some(Direction::Outbound) { ended } else { ended.by(&to) };
        let ring_time = self.ring_time(row, &ended, created_at);
        let Some(direction) = direction else {
            return self.put_both(from, to, (created_at, ended, ring_time), out);
        };
        let (owner, counterparty) = if direction == Direction::Inbound { (to, from) } else { (from, to) };
        if !owner.0.is_identified() {
            return Err("expected an owner that is a number, extension or SIP address, but found none".into());
        }
        let call_type = CallType::new(direction, ended.outcome);
        out.record(owner.0, counterparty.0, &Call { call_type, created_at, duration: ended.talked })
            .disposition(ended.disposition)
            .ring_time(ring_time)
            .name(counterparty.1.as_deref());
        Ok(())
    }

    fn put_both(
        &self,
        from: Named,
        to: Named,
        (created_at, ended, ring_time): (DateTime<Utc>, Ended, Option<CallDuration>),
        out: &mut Out,
    ) -> Result<(), Reason> {
        let call = TwoSided {
            caller: from.0,
            callee: to.0,
            created_at,
            outcome: ended.outcome,
            duration: ended.talked,
            disposition: ended.disposition,
            ring_time,
            caller_name: from.1,
            callee_name: to.1,
            via: None,
        };
        Ok(call.put(out)?)
    }

    fn kind(&self, row: &Row) -> Result<Kind, Reason> {
        let text = self.direction.map(|column| row.get(column)).filter(|text| !text.is_empty());
        let kind = text.map_or(Ok(Kind::default()), |text| words::kind(&text));
        match (kind, &self.parties) {
            // Who called whom is said, and the column may be about something else.
            (Err(Reason::Unexpected(_)), Parties::FromTo(..)) if self.is_kind => Ok(Kind::default()),
            (kind, _) => kind,
        }
    }

    fn ended(&self, row: &Row, kind: Kind) -> Result<Ended, Reason> {
        let value =
            |column: Option<usize>| column.map(|column| row.get(column)).filter(|text| !text.is_empty());
        let length = value(self.talked.map(|(column, _)| column));
        let unit = self.talked.map(|(_, unit)| unit).unwrap_or_default();
        let talked = length.as_deref().map(|text| duration::optional(text, unit)).transpose()?;
        let status = match value(self.status) {
            Some(text) if self.is_time(&text) => Some(Some(Disposition::Answered)),
            Some(text) => words::status(&text)?,
            None => None,
        };
        let of_kind = kind.outcome.map(|_| kind.disposition);
        let said = match (status, of_kind) {
            (Some(Some(Disposition::Answered)) | None, Some(of_kind)) => Some(of_kind),
            (Some(None), Some(of_kind @ Some(_))) if of_kind != Some(Disposition::Answered) => Some(of_kind),
            (status, _) => status,
        };
        let by_answer = || self.answered.filter(|column| row.get(*column).is_empty()).map(|_| None);
        let talked_at_all = |length: Option<CallDuration>| {
            if length.is_some_and(|length| length.ms() > 0) { Outcome::Completed } else { Outcome::Missed }
        };
        let said = said.or_else(by_answer);
        let outcome = said
            .map(words::outcome_of)
            .or(talked.map(talked_at_all))
            .ok_or("expected a status or a duration, but found neither")?;
        let talked = talked.flatten().filter(|_| outcome == Outcome::Completed);
        Ok(Ended { outcome, disposition: said.flatten(), talked })
    }

    fn is_time(&self, text: &str) -> bool {
        text.contains([':', '-', '/']) && time::any(text, self.options.zone, self.options.dates).is_ok()
    }

    /// How long it rang: what the file says, or what the whole length is above the talk, or the time until
    /// the answer.
    fn ring_time(&self, row: &Row, ended: &Ended, created_at: DateTime<Utc>) -> Option<CallDuration> {
        let length =
            |(column, unit): (usize, Unit)| duration::optional(&row.get(column), unit).ok().flatten();
        let by_answer = || {
            let answered = time::any(&row.get(self.answered?), self.options.zone, self.options.dates).ok()?;
            CallDuration::from_ms((answered - created_at).num_milliseconds())
        };
        let by_total = || {
            let talked = ended.talked.map_or(0, CallDuration::ms);
            CallDuration::from_ms(i64::from(self.total.and_then(length)?.ms()) - i64::from(talked))
        };
        self.rang.and_then(length).or_else(by_answer).or_else(by_total)
    }

    /// The caller and the callee, each with its name.
    fn parties(&self, row: &Row, kind: Kind) -> Result<(Named, Named), Reason> {
        let named = |column: usize, name: Option<usize>| {
            let (party, beside) = party::read(&row.get(column));
            let name = name.map(|name| row.get(name).into_owned()).filter(|name| !name.is_empty());
            (party, name.or(beside))
        };
        Ok(match self.parties {
            Parties::Owned(owner, counterparty) => {
                let owner =
                    owner.map(|owner| named(owner, None)).or(self.options.own.clone().map(|own| (own, None)));
                let owner = owner.unwrap_or((RawParty::Unknown, None));
                let other = named(counterparty, self.names.other);
                let direction = kind.direction.ok_or("expected a direction, but found none")?;
                if direction == Direction::Inbound { (other, owner) } else { (owner, other) }
            }
            Parties::FromTo(from, to) => (named(from, self.names.from), named(to, self.names.to)),
        })
    }

    fn created_at(&self, row: &Row) -> Result<DateTime<Utc>, String> {
        let text = moment(row, self.start, self.time);
        let Some(format) = &self.options.columns.time_format else {
            return time::any(&text, self.options.zone, self.options.dates);
        };
        let zoned = DateTime::parse_from_str(&text, format).map(|time| time.to_utc()).ok();
        let local = || NaiveDateTime::parse_from_str(&text, format).ok();
        zoned
            .or_else(|| time::in_zone(local()?, self.options.zone, None))
            .and_then(time::plausible)
            .ok_or_else(|| expected(&format!("a time of the format {format}"), &text))
    }

    /// On which side of a call the given owner is, where the row does not say it.
    fn direction_of_own(&self, from: &RawParty, to: &RawParty) -> Option<Direction> {
        let own = self.options.own.as_ref()?;
        match (is_same(own, from), is_same(own, to)) {
            (true, false) => Some(Direction::Outbound),
            (false, true) => Some(Direction::Inbound),
            _ => None,
        }
    }
}

/// A party and its name.
type Named = (RawParty, Option<String>);

const MISSING_START: &str = "a column \"start\" (name yours with --map start=...)";
const MISSING_OUTCOME: &str =
    "a column \"status\", \"duration\" or \"direction\" (name yours with --map status=...)";
const MISSING_PARTIES: &str = "columns \"from\" and \"to\", or \"counterparty\" and \"direction\" (name yours with --map from=...,to=...)";

/// Columns that hold nothing but a direction.
const DIRECTIONS: &[&str] =
    &["direction", "call direction", "Richtung", "sens", "dirección", "direzione", "direção"];
/// Columns that tell calls from text messages and faxes.
const KINDS: &[&str] = &[
    "record type",
    "type",
    "call type",
    "service",
    "service type",
    "media",
    "media type",
    "channel type",
    "category",
    "kind",
    "event",
    "event type",
    "activity",
    "message type",
    "usage type",
    "product",
    "transaction type",
    "communication type",
    "direction",
    "Typ",
    "Art",
    "Dienst",
    "tipo",
    "servicio",
    "servizio",
    "dienst",
];
const TOTALS: &[&str] = &[
    "duration",
    "call duration",
    "total duration",
    "total time",
    "length",
    "Dauer",
    "Gesamtdauer",
    "durée",
    "duración",
    "durata",
    "duur",
];
const RINGS: &[&str] = &[
    "ring time",
    "ring duration",
    "ringing time",
    "ringing duration",
    "ringing",
    "time to answer",
    "tta",
    "Klingeldauer",
    "Klingelzeit",
];
const ANSWERS: &[&str] = &[
    "answer time",
    "answered at",
    "answer stamp",
    "answered time",
    "time answered",
    "answer",
    "connect time",
    "connected at",
    "answer date",
];
const FROM_NAMES: &[&str] = &[
    "from name",
    "caller name",
    "caller id name",
    "calling name",
    "source name",
    "cnam",
    "clid name",
    "Name Anrufer",
    "caller",
    "caller id",
    "calling party",
    "from",
    "source",
];
const TO_NAMES: &[&str] = &[
    "to name",
    "callee name",
    "called name",
    "destination name",
    "called party name",
    "recipient name",
    "callee",
    "called",
    "called party",
    "destination",
    "to",
];

fn column(header: &Header, options: &Options, role: Role) -> Result<Option<usize>, ReadError> {
    if let Some(name) = options.columns.name(role) {
        return header.require(&[name]).map(Some);
    }
    let names = Role::ALL.into_iter().find(|(known, _, _)| *known == role).map(|(_, _, names)| names);
    Ok(header.find(names.unwrap_or_default()))
}

/// The columns of the date and, where that has one of its own, of the time of day. Which of two columns is which the
/// rows tell: a "start time" may have the date too.
fn when(header: &Header, options: &Options) -> Result<Option<(usize, Option<usize>)>, ReadError> {
    const DATES: &[&str] =
        &["date", "call date", "calldate", "start date", "day", "Datum", "fecha", "data", "dato", "дата"];
    const TIMES: &[&str] =
        &["call time", "start time", "time of call", "started", "start", "Startzeit", "Beginn", "inicio"];
    let start = column(header, options, Role::Start)?;
    let time = column(header, options, Role::Time)?;
    let Some(first) = start.or(time) else { return Ok(None) };
    let is_named = |role: Role| options.columns.name(role).is_some();
    let other =
        |names: &[&str]| names.iter().filter_map(|name| header.find(&[name])).find(|column| *column != first);
    let time = time.filter(|time| *time != first);
    if is_named(Role::Start) || time.is_some() {
        return Ok(Some((first, time)));
    }
    let is_time = TIMES.iter().any(|name| header.find(&[name]) == Some(first));
    Ok(Some(match (other(DATES).filter(|_| is_time), other(TIMES)) {
        (Some(date), _) => (date, Some(first)),
        (None, time) => (first, time.filter(|_| !is_time)),
    }))
}

/// The text of a moment whose date and time of day stand in these columns, or in one of them.
pub(crate) fn moment(row: &Row, date: usize, time: Option<usize>) -> String {
    let (date, time) = (row.get(date), time.map(|time| row.get(time)).unwrap_or_default());
    let has_date = |text: &str| {
        !text.contains(':') || text.contains(['-', '/', 'T', ',']) || text.matches('.').count() > 1
    };
    if time.is_empty() || date.contains(':') {
        date.into_owned()
    } else if has_date(&time) && time.contains(':') {
        time.into_owned()
    } else {
        format!("{date} {time}")
    }
}

fn measured(header: &Header, options: &Options) -> Result<Option<(usize, Unit)>, ReadError> {
    if let Some(column) = options.columns.name(Role::Duration) {
        return header.require(&[column]).map(|column| Some((column, header.unit(column))));
    }
    let names =
        Role::ALL.into_iter().find(|(known, _, _)| *known == Role::Duration).map(|(_, _, names)| names);
    Ok(header.find_measured(names.unwrap_or_default()))
}

fn names(header: &Header, options: &Options, parties: &Parties) -> Result<Names, ReadError> {
    let other = column(header, options, Role::Name)?;
    // A column that has the number already has no name.
    let of = |names: &[&str], number: usize| {
        names.iter().filter_map(|name| header.find(&[name])).find(|column| *column != number)
    };
    Ok(match *parties {
        Parties::Owned(_, number) => {
            Names { other: other.filter(|other| *other != number), from: None, to: None }
        }
        Parties::FromTo(from, to) => Names { other: None, from: of(FROM_NAMES, from), to: of(TO_NAMES, to) },
    })
}

fn parties(header: &Header, options: &Options) -> Result<Parties, ReadError> {
    let column = |role: Role| column(header, options, role);
    let (owner, counterparty) = (column(Role::Owner)?, column(Role::Counterparty)?);
    let named = |role: Role| options.columns.name(role).is_some();
    let wants_from_to = named(Role::From) || named(Role::To);
    if let (Some(from), Some(to)) = (column(Role::From)?, column(Role::To)?)
        && from != to
        && !named(Role::Counterparty)
        && (wants_from_to || owner.is_none() || counterparty.is_none())
    {
        return Ok(Parties::FromTo(from, to));
    }
    let counterparty = counterparty.filter(|_| matches!(column(Role::Direction), Ok(Some(_))));
    let Some(counterparty) = counterparty else { return Err(header.missing(MISSING_PARTIES.to_owned())) };
    if owner.is_none() {
        options.owner(Format::GenericCsv)?;
    }
    Ok(Parties::Owned(owner, counterparty))
}

/// Whether two spellings are of one number as far as that can be told from the digits: equal, or one ends
/// with the other.
fn is_same(one: &RawParty, other: &RawParty) -> bool {
    const ENOUGH: usize = 7;
    let (RawParty::Text(one), RawParty::Text(other)) = (one, other) else { return false };
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let (one_digits, other_digits) = (digits(one), digits(other));
    let (one_digits, other_digits) =
        (one_digits.trim_start_matches('0'), other_digits.trim_start_matches('0'));
    let near = one_digits.len().min(other_digits.len()) >= ENOUGH
        && (one_digits.ends_with(other_digits) || other_digits.ends_with(one_digits));
    one == other || near
}
