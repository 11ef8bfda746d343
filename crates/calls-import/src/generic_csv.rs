//! Any CSV file with a header that has what a call needs.

use std::io::BufRead;

use calls_model::{CallDuration, CallType, Direction, Disposition, Outcome};
use chrono::{DateTime, NaiveDateTime, Utc};

use crate::bill::Bill;
use crate::duration::{self, Unit};
use crate::error::ReadError;
use crate::fold::fold;
use crate::format::Format;
use crate::generic_header::{
    self, ANSWERS, DIRECTIONS, ENDS, KINDS, MISSING_OUTCOME, MISSING_START, Names, Parties, RINGS, TOTALS,
    column, measured, moment, names, parties, when,
};
use crate::options::Options;
use crate::party;
use crate::pbx::TwoSided;
use crate::record::{Call, Items, Out, RawParty, Reason, expected};
use crate::roles::Role;
use crate::rows::Row;
use crate::table::{self, First, Header};
use crate::time;
use crate::words::{self, Kind};
use crate::zone_column::Zone;

/// Reads the calls of a file.
pub(crate) fn read<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    let options = options.clone();
    table::read(reader, move |first| {
        let layout = Layout::new(&Header::new(Format::GenericCsv, first), options)?;
        Ok((First::Header, move |row: &Row, out: &mut Out| layout.put(row, out)))
    })
}

/// Whether a header has the columns of a call, without a mapping.
pub(crate) fn fits(header: &Row) -> bool {
    let own = Some(RawParty::Text("1".to_owned()));
    Layout::new(&Header::new(Format::GenericCsv, header), Options { own, ..Options::default() }).is_ok()
}

/// As [`fits`], where columns are named.
pub(crate) fn fits_mapped(header: &Row, options: &Options) -> bool {
    Layout::new(&Header::new(Format::GenericCsv, header), options.clone()).is_ok()
}

/// Columns of a call.
struct Layout {
    options: Options,
    /// Number of columns in the header.
    columns: usize,
    parties: Parties,
    names: Names,
    start: usize,
    time: Option<usize>,
    /// Zone that the name of the column with the start ends in.
    zone: Option<Zone>,
    /// Column that names the zone of a call.
    zones: Option<usize>,
    direction: Option<usize>,
    bill: Option<Bill>,
    /// Whether that column may contain other values than a direction.
    is_kind: bool,
    /// Columns that may mark an entry as something other than a call.
    kinds: Vec<usize>,
    talked: Option<(usize, Unit)>,
    /// Total length of the call, if it has its own column.
    total: Option<(usize, Unit)>,
    rang: Option<(usize, Unit)>,
    answered: Option<usize>,
    /// Party who answered; empty if nobody did.
    answered_by: Option<usize>,
    status: Option<usize>,
    /// Column of kinds that may tell how a call ended, where no other one does.
    hint: Option<usize>,
    ended: Option<usize>,
}

/// Outcome of a row.
struct Ended {
    outcome: Outcome,
    disposition: Option<Disposition>,
    talked: Option<CallDuration>,
}

impl Ended {
    /// The outcome if this callee answered: a mailbox counts as voicemail.
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
        let is_in_utc = header.is_in_utc(time.unwrap_or(start));
        let zone = if is_in_utc { chrono_tz::UTC } else { options.zone };
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
            start,
            time,
            zone: header.zone(time.unwrap_or(start)).or_else(|| header.zone(start)),
            zones: generic_header::zone(header),
            is_kind: direction.is_some_and(|column| header.find(DIRECTIONS) != Some(column)),
            direction,
            bill: Bill::find(header, &options).filter(|bill| parties.has(bill.number)),
            kinds: KINDS.iter().filter_map(|name| header.find(&[name])).collect(),
            total: other(TOTALS),
            rang: header.find_measured(RINGS),
            talked,
            answered: header.find(ANSWERS).filter(|answered| *answered != start),
            answered_by: header.find(&["answered by", "answered by user", "answered by agent"]),
            status: column(Role::Status)?,
            hint: header.find(&["call type", "type"]).filter(|hint| direction != Some(*hint)),
            ended: header.find(ENDS).filter(|ended| *ended != start),
            parties,
            options: Options { zone, ..options },
        };
        if layout.talked.is_none() && layout.status.is_none() && layout.direction.is_none() {
            return Err(header.missing(MISSING_OUTCOME.to_owned()));
        }
        Ok(layout)
    }

    fn put(&self, row: &Row, out: &mut Out) -> Result<(), Reason> {
        // An unquoted delimiter in a value shifts the following columns.
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
            // The parties are already known, so the column may have another meaning.
            (Err(Reason::Unexpected(_)), Parties::FromTo(..)) if self.is_kind => Ok(Kind::default()),
            (kind, _) => match (self.bill, kind) {
                (Some(bill), Err(Reason::Unexpected(_))) => Ok(bill.kind(row)),
                (Some(bill), Ok(kind)) if kind.direction.is_none() => Ok(bill.kind(row)),
                (_, kind) => kind,
            },
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
        let hint = || {
            let text = value(self.hint).filter(|text| text.chars().all(|c| !c.is_ascii_digit()))?;
            words::status(&text).ok().flatten()
        };
        let status = if self.status.is_none() { status.or_else(hint) } else { status };
        let said = match (status, of_kind) {
            (Some(Some(Disposition::Answered)) | None, Some(of_kind)) => Some(of_kind),
            (Some(None), Some(of_kind @ Some(_))) if of_kind != Some(Disposition::Answered) => Some(of_kind),
            (status, _) => status,
        };
        let answers = [self.answered, self.answered_by];
        let by_answer =
            || answers.into_iter().flatten().any(|column| row.get(column).is_empty()).then_some(None);
        let talked_at_all = |length: Option<CallDuration>| {
            if length.is_some_and(|length| length.ms() > 0) { Outcome::Completed } else { Outcome::Missed }
        };
        let said = said.or_else(by_answer);
        let outcome = said
            .map(words::outcome_of)
            .or(talked.map(talked_at_all))
            // If missed calls are marked as such and there is no other indication, the rest were answered.
            .or((self.tells_missed() && kind.direction.is_some()).then_some(Outcome::Completed))
            .ok_or("expected a status or a duration, but found neither")?;
        let talked = talked.flatten().filter(|_| outcome == Outcome::Completed);
        let talked = talked.map(|length| self.without_ringing(row, length));
        Ok(Ended { outcome, disposition: said.flatten(), talked })
    }

    /// A length without the ringing, where the times of the call show that it has that too.
    fn without_ringing(&self, row: &Row, length: CallDuration) -> CallDuration {
        const SLACK_MS: i64 = 1000;
        let at =
            |column: Option<usize>| time::any(&row.get(column?), self.options.zone, self.options.dates).ok();
        let talk = || {
            let (began, answered, ended) = (at(Some(self.start))?, at(self.answered)?, at(self.ended)?);
            let whole = (ended - began).num_milliseconds();
            let is_whole = (whole - i64::from(length.ms())).abs() <= SLACK_MS && answered > began;
            CallDuration::from_ms((ended - answered).num_milliseconds()).filter(|_| is_whole)
        };
        talk().unwrap_or(length)
    }

    /// Whether only the column of directions marks missed calls.
    fn tells_missed(&self) -> bool {
        self.talked.is_none()
            && self.status.is_none()
            && self.answered.is_none()
            && self.answered_by.is_none()
    }

    fn is_time(&self, text: &str) -> bool {
        text.contains([':', '-', '/']) && time::any(text, self.options.zone, self.options.dates).is_ok()
    }

    /// Ring time: from its column, or the total length minus talk time, or the time until the answer.
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
        Ok(match &self.parties {
            Parties::Owned(owner, counterparty) => {
                let (owner, counterparty) = (*owner, *counterparty);
                let owner =
                    owner.map(|owner| named(owner, None)).or(self.options.own.clone().map(|own| (own, None)));
                let owner = owner.unwrap_or((RawParty::Unknown, None));
                let other = named(counterparty, self.names.other);
                let direction = kind.direction.ok_or("expected a direction, but found none")?;
                if direction == Direction::Inbound { (other, owner) } else { (owner, other) }
            }
            Parties::FromTo(from, to) => {
                // A column of numbers may contain a name or nothing, with the number in another column.
                let known = |columns: &[usize]| {
                    let party = |column: usize| party::read(&row.get(column)).0;
                    let first = columns.first().copied().unwrap_or_default();
                    let says = party(first) == RawParty::Withheld || party(first).is_identified();
                    let other = columns
                        .iter()
                        .copied()
                        .filter(|_| !says)
                        .find(|column| party(*column).is_identified());
                    // The first one contains the name.
                    other.map_or((first, None), |other| (other, Some(first)))
                };
                let side = |columns: &[usize], name: Option<usize>| {
                    let (column, instead) = known(columns);
                    named(column, instead.or(name))
                };
                (side(from, self.names.from), side(to, self.names.to))
            }
        })
    }

    fn created_at(&self, row: &Row) -> Result<DateTime<Utc>, String> {
        let text = moment(row, self.start, self.time);
        let Some(format) = &self.options.columns.time_format else {
            return self.zone_of(row)?.moment(&text, self.options.dates);
        };
        let zoned = DateTime::parse_from_str(&text, format).map(|time| time.to_utc()).ok();
        let local = || NaiveDateTime::parse_from_str(&text, format).ok();
        zoned
            .or_else(|| time::in_zone(local()?, self.options.zone, None))
            .and_then(time::plausible)
            .ok_or_else(|| expected(&format!("a time of the format {format}"), &text))
    }

    fn zone_of(&self, row: &Row) -> Result<Zone, String> {
        let usual = self.zone.unwrap_or(Zone::Named(self.options.zone));
        match self.zones.map(|column| row.get(column)).filter(|text| !text.is_empty()) {
            Some(text) => {
                Zone::read(&text).ok_or_else(|| expected("a time zone such as Europe/Berlin", &text))
            }
            None => Ok(usual),
        }
    }

    /// The side of the given owner, if the row does not say it.
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

/// Whether two spellings may be of the same number: their digits are equal, or one ends with the other.
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
