//! Any CSV file with a header that has what a call needs.

use std::io::BufRead;

use calls_model::{CallDuration, CallType, Direction, Outcome};
use chrono::{DateTime, NaiveDateTime, Utc};

use crate::columns::Role;
use crate::duration;
use crate::error::ReadError;
use crate::format::Format;
use crate::options::Options;
use crate::pbx::TwoSided;
use crate::record::{Call, Items, Out, RawParty, expected};
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

/// Where the parts of a call stand.
struct Layout {
    options: Options,
    parties: Parties,
    start: usize,
    time: Option<usize>,
    direction: Option<usize>,
    duration: Option<usize>,
    status: Option<usize>,
}

enum Parties {
    /// The owner, if a column has it, and the other party.
    Owned(Option<usize>, usize),
    /// The caller and the callee.
    FromTo(usize, usize),
}

impl Layout {
    fn new(header: &Header, options: Options) -> Result<Self, ReadError> {
        let column = |role: Role| column(header, &options, role);
        let layout = Self {
            parties: parties(header, &options)?,
            start: column(Role::Start)?.ok_or_else(|| header.missing(MISSING_START.to_owned()))?,
            time: column(Role::Time)?,
            direction: column(Role::Direction)?,
            duration: column(Role::Duration)?,
            status: column(Role::Status)?,
            options,
        };
        if layout.duration.is_none() && layout.status.is_none() && layout.direction.is_none() {
            return Err(header.missing(MISSING_OUTCOME.to_owned()));
        }
        Ok(layout)
    }

    fn put(&self, row: &Row, out: &mut Out) -> Result<(), String> {
        let value =
            |column: Option<usize>| column.map(|column| row.get(column)).filter(|text| !text.is_empty());
        let kind = match value(self.direction) {
            Some(text) => words::kind(&text)?,
            None => Kind { direction: None, outcome: None },
        };
        let length = value(self.duration).map(|text| duration::any(&text)).transpose()?;
        let status = value(self.status).map(|text| words::outcome(&text)).transpose()?;
        let talked =
            |length: CallDuration| if length.ms() > 0 { Outcome::Completed } else { Outcome::Missed };
        let outcome = status
            .or(kind.outcome)
            .or(length.map(talked))
            .ok_or("expected a status or a duration, but found neither")?;
        let duration = length.filter(|_| outcome == Outcome::Completed);
        let created_at = self.created_at(row)?;
        let (from, to) = match self.parties {
            Parties::Owned(owner, counterparty) => {
                let owner =
                    owner.map(|owner| RawParty::from_text(&row.get(owner))).or(self.options.own.clone());
                let other = RawParty::from_text(&row.get(counterparty));
                let owner = owner.unwrap_or(RawParty::Unknown);
                let direction = kind.direction.ok_or("expected a direction, but found none")?;
                if direction == Direction::Inbound { (other, owner) } else { (owner, other) }
            }
            Parties::FromTo(from, to) => {
                (RawParty::from_text(&row.get(from)), RawParty::from_text(&row.get(to)))
            }
        };
        let direction = kind.direction.or_else(|| self.direction_of_own(&from, &to));
        let Some(direction) = direction else {
            return TwoSided { caller: from, callee: to, created_at, outcome, duration }.put(out);
        };
        let (owner, counterparty) = if direction == Direction::Inbound { (to, from) } else { (from, to) };
        if !owner.is_identified() {
            return Err(
                "expected an owner that is a number, extension or SIP address, but found none".to_owned()
            );
        }
        out.record(
            owner,
            counterparty,
            &Call { call_type: CallType::new(direction, outcome), created_at, duration },
        );
        Ok(())
    }

    fn created_at(&self, row: &Row) -> Result<DateTime<Utc>, String> {
        let date = row.get(self.start);
        let text = match self.time {
            Some(time) if !date.contains(':') => format!("{date} {}", row.get(time)),
            _ => date.into_owned(),
        };
        let Some(format) = &self.options.columns.time_format else {
            return time::any_of(&text, self.options.zone, self.options.month_first);
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

const MISSING_START: &str = "a column \"start\" (name yours with --map start=...)";
const MISSING_OUTCOME: &str =
    "a column \"status\", \"duration\" or \"direction\" (name yours with --map status=...)";
const MISSING_PARTIES: &str = "columns \"from\" and \"to\", or \"counterparty\" and \"direction\" (name yours with --map from=...,to=...)";

fn column(header: &Header, options: &Options, role: Role) -> Result<Option<usize>, ReadError> {
    if let Some(name) = options.columns.name(role) {
        return header.require(&[name]).map(Some);
    }
    let names = Role::ALL.into_iter().find(|(known, _, _)| *known == role).map(|(_, _, names)| names);
    Ok(header.find(names.unwrap_or_default()))
}

fn parties(header: &Header, options: &Options) -> Result<Parties, ReadError> {
    let column = |role: Role| column(header, options, role);
    let (owner, counterparty) = (column(Role::Owner)?, column(Role::Counterparty)?);
    let named = |role: Role| options.columns.name(role).is_some();
    let wants_from_to = named(Role::From) || named(Role::To);
    if let (Some(from), Some(to)) = (column(Role::From)?, column(Role::To)?)
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

/// Whether two spellings are of one number as far as that can be told from the digits: equal, or one ends with
/// the other.
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
