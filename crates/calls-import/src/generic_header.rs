//! Finds the columns of a generic CSV file by its header.

use crate::bill::Bill;
use crate::dates::DateColumns;
use crate::duration::Unit;
use crate::error::ReadError;
use crate::format::Format;
use crate::options::Options;
use crate::roles::Role;
use crate::rows::Row;
use crate::table::Header;

pub(crate) enum Parties {
    /// Columns of the owner, if there is one, and of the other party.
    Owned(Option<usize>, usize),
    /// Columns of the caller and the callee, most likely first.
    FromTo(Vec<usize>, Vec<usize>),
}

impl Parties {
    /// Whether this is the column of the other party.
    pub fn has(&self, column: usize) -> bool {
        matches!(self, Self::Owned(None, other) if *other == column)
    }
}

/// Columns of names: of the other party, the caller and the callee.
pub(crate) struct Names {
    pub other: Option<usize>,
    pub from: Option<usize>,
    pub to: Option<usize>,
}

/// Columns with dates. `None` where times have a given format.
pub(crate) fn date_columns(header: &Header, options: &Options) -> Result<Option<DateColumns>, ReadError> {
    /// Words in headers of languages whose countries put the day first.
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

pub(crate) fn column(header: &Header, options: &Options, role: Role) -> Result<Option<usize>, ReadError> {
    if let Some(name) = options.columns.name(role) {
        return header.named(name).map(Some);
    }
    let found = header.find(role.names());
    let found = found.or_else(|| header.find(role.further_names()));
    let with_zone = || header.find_in_utc(role.names()).or_else(|| header.find_in_zone(role.names()));
    Ok(found.or_else(|| if is_moment(role) { with_zone() } else { None }))
}

fn is_moment(role: Role) -> bool {
    matches!(role, Role::Start | Role::Time)
}

/// The column that names the zone of a call's time.
pub(crate) fn zone(header: &Header) -> Option<usize> {
    const NAMES: &[&str] = &[
        "time zone",
        "timezone",
        "tz",
        "zone name",
        "time zone name",
        "timezone name",
        "utc offset",
        "gmt offset",
        "timezone offset",
        "time zone offset",
        "tz offset",
        "Zeitzone",
        "fuseau horaire",
        "zona horaria",
        "huso horario",
        "fuso orario",
        "fuso horário",
        "tijdzone",
        "strefa czasowa",
        "tidszon",
        "часовой пояс",
    ];
    header.find(NAMES)
}

/// Columns of the date and, if separate, of the time of day. The rows decide which is which: a "start time"
/// may contain the date too.
pub(crate) fn when(header: &Header, options: &Options) -> Result<Option<(usize, Option<usize>)>, ReadError> {
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

/// The text of a time whose date and time of day are in these columns, or both in one.
pub(crate) fn moment(row: &Row, date: usize, time: Option<usize>) -> String {
    let (date, time) = (row.get(date), time.map(|time| row.get(time)).unwrap_or_default());
    // A count since 1970 has the time of day too.
    let is_count = date.len() >= 10 && date.bytes().all(|byte| byte.is_ascii_digit());
    let has_date = |text: &str| {
        !text.contains(':') || text.contains(['-', '/', 'T', ',']) || text.matches('.').count() > 1
    };
    if time.is_empty() || date.contains(':') || is_count {
        date.into_owned()
    } else if has_date(&time) && time.contains(':') {
        time.into_owned()
    } else {
        format!("{date} {time}")
    }
}

pub(crate) fn measured(header: &Header, options: &Options) -> Result<Option<(usize, Unit)>, ReadError> {
    if let Some(column) = options.columns.name(Role::Duration) {
        return header.named(column).map(|column| Some((column, header.unit(column))));
    }
    let found = header.find_measured(Role::Duration.names());
    Ok(found.or_else(|| header.find_measured(Role::Duration.further_names())))
}

pub(crate) fn names(header: &Header, options: &Options, parties: &Parties) -> Result<Names, ReadError> {
    let other = column(header, options, Role::Name)?;
    // A column with the number has no name.
    let of = |names: &[&str], number: usize| {
        names.iter().filter_map(|name| header.find(&[name])).find(|column| *column != number)
    };
    Ok(match parties {
        Parties::Owned(_, number) => {
            Names { other: other.filter(|other| other != number), from: None, to: None }
        }
        Parties::FromTo(from, to) => {
            let first = |columns: &[usize]| columns.first().copied().unwrap_or_default();
            if header.find(TRACKED) == Some(first(to)) {
                return Ok(Names { other: None, from: other, to: None });
            }
            Names { other: None, from: of(FROM_NAMES, first(from)), to: of(TO_NAMES, first(to)) }
        }
    })
}

pub(crate) fn parties(header: &Header, options: &Options) -> Result<Parties, ReadError> {
    let column = |role: Role| column(header, options, role);
    let (owner, counterparty) = (column(Role::Owner)?, column(Role::Counterparty)?);
    let named = |role: Role| options.columns.name(role).is_some();
    let wants_from_to = named(Role::From) || named(Role::To);
    // Caller and callee are better evidence than the extension that took part.
    let is_weak = !named(Role::Owner) && owner.is_some() && owner == header.find(&["extension"]);
    if let (Some(from), Some(to)) = (column(Role::From)?, column(Role::To)?)
        && from != to
        && !named(Role::Counterparty)
        && (wants_from_to || owner.is_none() || counterparty.is_none() || is_weak)
    {
        let others = |role: Role, first: usize| {
            let mut found = vec![first];
            if !named(role) {
                found.extend(role.names().iter().filter_map(|name| header.find(&[name])));
            }
            found.dedup();
            found
        };
        return Ok(Parties::FromTo(others(Role::From, from), others(Role::To, to)));
    }
    // Calls to a number that an advertisement shows; nobody calls from it.
    let tracked = header.find(TRACKED);
    if let (Some(caller), Some(tracked), Ok(None)) = (counterparty, tracked, column(Role::Direction)) {
        return Ok(Parties::FromTo(vec![caller], vec![tracked]));
    }
    // A log of the owner's telephone lists only the other side, whatever the column is called.
    let is_of_known = options.own.is_some() && owner.is_none() && !wants_from_to;
    let counterparty = match (counterparty, column(Role::From)?, column(Role::To)?) {
        (None, Some(one), None) | (None, None, Some(one)) if is_of_known => Some(one),
        (counterparty, ..) => counterparty,
    };
    let bill = || Bill::find(header, options).map(|bill| bill.number).filter(|_| !wants_from_to);
    let counterparty = counterparty.filter(|_| matches!(column(Role::Direction), Ok(Some(_))));
    let Some(counterparty) = counterparty.or_else(bill) else {
        return Err(header.missing(MISSING_PARTIES.to_owned()));
    };
    if owner.is_none() {
        options.owner(Format::GenericCsv)?;
    }
    Ok(Parties::Owned(owner, counterparty))
}

/// Columns of numbers that only take calls.
const TRACKED: &[&str] = &["tracking number", "tracking phone number"];

pub(crate) const MISSING_START: &str = "a column \"start\" (name yours with --map start=...)";
pub(crate) const MISSING_OUTCOME: &str =
    "a column \"status\", \"duration\" or \"direction\" (name yours with --map status=...)";
pub(crate) const MISSING_PARTIES: &str = "columns \"from\" and \"to\", or \"counterparty\" and \"direction\" \
     (name yours with --map from=...,to=...)";

/// Columns with nothing but a direction.
pub(crate) const DIRECTIONS: &[&str] =
    &["direction", "call direction", "Richtung", "sens", "dirección", "direzione", "direção"];
/// Columns that distinguish calls from text messages and faxes.
pub(crate) const KINDS: &[&str] = &[
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
pub(crate) const TOTALS: &[&str] = &[
    "duration",
    "call duration",
    "total duration",
    "duration total",
    "total time",
    "length",
    "Dauer",
    "Gesamtdauer",
    "durée",
    "duración",
    "durata",
    "duur",
];
pub(crate) const ENDS: &[&str] =
    &["ended at", "end time", "end", "end stamp", "end date", "call end", "hangup time", "disconnect time"];
pub(crate) const RINGS: &[&str] = &[
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
pub(crate) const ANSWERS: &[&str] = &[
    "answer time",
    "answered at",
    "answer stamp",
    "answered time",
    "time answered",
    "answer",
    "connect time",
    "connected at",
    "date connected",
    "time connected",
    "date answered",
    "answer date",
];
pub(crate) const FROM_NAMES: &[&str] = &[
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
pub(crate) const TO_NAMES: &[&str] = &[
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
