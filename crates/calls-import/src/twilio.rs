//! Twilio's calls: JSON of its API, NDJSON of its bulk export, and CSV call logs. Their members differ only
//! in spelling.

use std::borrow::Cow;
use std::io::BufRead;

use calls_model::{CallDuration, CallType, Direction, Disposition};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::dates::{DateColumns, DateOrder};
use crate::format::Format;
use crate::objects::{self, Count, Object};
use crate::options::Options;
use crate::record::{Call, Items, Out, RawParty, Reason, expected};
use crate::rows::Row;
use crate::table::{self, Header, is_same, plain};
use crate::{duration, time, words};

/// Reads the calls of a page (`Calls.json`), a list, or a single call.
pub(crate) fn read_json<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    read_objects(Format::TwilioJson, options.zone, reader, Count::Objects)
}

/// Reads the calls of a bulk export.
pub(crate) fn read_ndjson<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    read_objects(Format::TwilioNdjson, options.zone, reader, Count::Lines)
}

/// Reads the calls of a CSV file.
pub(crate) fn read_csv<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    let (zone, dates) = (options.zone, options.dates);
    let prepare = move |first: &Row| {
        let header = Header::new(Format::TwilioCsv, first);
        for needed in [FROM, TO, DIRECTION, STATUS] {
            header.require(needed)?;
        }
        Ok(move |row: &Row| {
            let member = |names: &[&str]| header.find(names).map(|column| row.get(column).into_owned());
            Leg::new(member, zone, dates)
        })
    };
    table::read_joined(reader, WINDOW, prepare, put)
}

/// Columns of the dates in a CSV file.
pub(crate) fn date_columns(header: &Header) -> Option<DateColumns> {
    let date = header.find(START)?;
    Some(DateColumns { date, time: None, epoch: None, is_day_first_language: false })
}

/// Number of calls that wait for related ones. Lists are newest first, so children come before parents.
const WINDOW: usize = 1000;

const FROM: &[&str] = &["from", "caller"];
const TO: &[&str] = &["to", "called"];
const DIRECTION: &[&str] = &["direction"];
const STATUS: &[&str] = &["status", "call_status"];
const START: &[&str] = &["start_time", "date_created"];
const DURATION: &[&str] = &["duration", "call_duration"];
const SID: &[&str] = &["sid", "call_sid"];
const PARENT: &[&str] = &["parent_call_sid"];
const ANSWERED_BY: &[&str] = &["answered_by"];
const NAME: &[&str] = &["caller_name"];

fn read_objects<'a>(format: Format, zone: Tz, reader: impl BufRead + 'a, count: Count) -> Items<'a> {
    let parse = move |object: &Object| {
        // Lists spell the names like this; other sources need a second lookup.
        let spelled_otherwise = |name: &&str| {
            let member = object.members().iter().find(|(key, _)| is_same(key, name))?;
            objects::text(member.1)
        };
        let member = |names: &[&str]| {
            let found = names.iter().find_map(|name| object.text(&[name]));
            found.or_else(|| names.iter().find_map(spelled_otherwise)).map(Cow::into_owned)
        };
        Leg::new(member, zone, None)
    };
    objects::read_joined((format, count, Some("calls")), reader, WINDOW, parse, put)
}

/// A call, possibly a child of another call.
struct Leg {
    /// Whether it was created by another call (`<Dial>`).
    is_child: bool,
    from: RawParty,
    to: RawParty,
    name: Option<String>,
    direction: Direction,
    created_at: DateTime<Utc>,
    duration: Option<CallDuration>,
    disposition: Option<Disposition>,
    /// The other number of the call, set when it is joined with others.
    via: Option<RawParty>,
}

impl Leg {
    /// Reads a call, and the IDs that connect it with others.
    fn new(
        member: impl Fn(&[&str]) -> Option<String>,
        zone: Tz,
        dates: Option<DateOrder>,
    ) -> Result<(Self, Vec<String>), Reason> {
        let value = |names: &[&str]| member(names).filter(|text| !text.is_empty());
        let required = |names: &[&str]| {
            value(names).ok_or_else(|| format!("expected a value of {:?}, but found none", names[0]))
        };
        let disposition = disposition(&required(STATUS)?, value(ANSWERED_BY).as_deref())?;
        let direction = direction(&required(DIRECTION)?)?;
        // In Twilio's own examples, times and duration disagree.
        let length = value(DURATION).map(|text| duration::any(&text)).transpose();
        let created_at = created_at(&value, length.as_ref().ok().copied().flatten(), zone, dates)?;
        let duration = if disposition == Disposition::Answered { length? } else { None };
        let parent = value(PARENT);
        let leg = Self {
            is_child: parent.is_some(),
            from: party(value(FROM)),
            to: party(value(TO)),
            name: value(NAME),
            direction,
            created_at,
            duration,
            disposition: Some(disposition),
            via: None,
        };
        Ok((leg, value(SID).into_iter().chain(parent).collect()))
    }

    fn is_answered(&self) -> bool {
        self.disposition == Some(Disposition::Answered)
    }

    /// Adds the record of a call. The owner follows from the direction: `to` for an inbound call, else
    /// `from`.
    fn put(&self, out: &mut Out) -> Result<(), Reason> {
        let (owner, counterparty) = match self.direction {
            Direction::Inbound => (&self.to, &self.from),
            Direction::Outbound => (&self.from, &self.to),
        };
        if !owner.is_identified() {
            return Err("expected an owner that is a number, extension or SIP address, but found none".into());
        }
        let name = self.name.as_deref().filter(|_| self.direction == Direction::Inbound);
        self.give((owner, counterparty), self.direction, name, out);
        Ok(())
    }

    fn give(
        &self,
        (owner, counterparty): (&RawParty, &RawParty),
        direction: Direction,
        name: Option<&str>,
        out: &mut Out,
    ) {
        let call_type = CallType::new(direction, words::outcome_of(self.disposition));
        let call = Call { call_type, created_at: self.created_at, duration: self.duration };
        out.record(owner.clone(), counterparty.clone(), &call)
            .disposition(self.disposition)
            .name(name)
            .via(self.via.clone());
    }
}

/// Adds the records of a call and of its children. A number dialled by an inbound call gets a call from that
/// call's caller.
fn put(legs: Vec<Leg>, out: &mut Out) -> Result<(), Reason> {
    let (mut children, mut others): (Vec<Leg>, Vec<Leg>) = legs.into_iter().partition(|leg| leg.is_child);
    if let Some(parent) = others.first_mut().filter(|parent| parent.direction == Direction::Inbound) {
        let answered_by = children.iter().find(|leg| leg.is_answered()).map(|leg| leg.to.clone());
        parent.via = answered_by;
        let results: Vec<_> = others.iter().map(|leg| leg.put(out)).collect();
        let told = put_children(&others[0], &mut children, out);
        return if told { Ok(()) } else { results.into_iter().collect() };
    }
    // A call that gives no record is skipped only if the others give none either.
    let results: Vec<_> = others.iter().chain(&children).map(|leg| leg.put(out)).collect();
    if results.iter().any(Result::is_ok) { Ok(()) } else { results.into_iter().collect() }
}

/// Adds the records of the numbers dialled by a call. False if there are none.
fn put_children(parent: &Leg, children: &mut [Leg], out: &mut Out) -> bool {
    let is_other = |leg: &&mut Leg| leg.to.is_identified() && leg.to != parent.to && leg.to != parent.from;
    let mut any = false;
    for leg in children.iter_mut().filter(is_other) {
        if parent.via.is_some() && !leg.is_answered() {
            leg.disposition = Some(Disposition::AnsweredElsewhere);
        }
        leg.via = Some(parent.to.clone());
        leg.give((&leg.to, &parent.from), Direction::Inbound, parent.name.as_deref(), out);
        any = true;
    }
    any
}

/// Disposition of a call. An answering machine counts as voicemail.
fn disposition(status: &str, answered_by: Option<&str>) -> Result<Disposition, Reason> {
    let answered_by = answered_by.map(plain).unwrap_or_default();
    Ok(match plain(status).as_str() {
        "completed" if answered_by.starts_with("machine") => Disposition::Voicemail,
        "completed" if answered_by == "fax" => Disposition::Failed,
        "completed" => Disposition::Answered,
        "busy" => Disposition::Busy,
        "failed" => Disposition::Failed,
        "noanswer" => Disposition::NoAnswer,
        "canceled" | "cancelled" => Disposition::Cancelled,
        "queued" | "initiated" | "ringing" | "inprogress" => return Err(Reason::Live(status.to_owned())),
        _ => return Err(expected("a status such as completed or no-answer", status).into()),
    })
}

fn direction(text: &str) -> Result<Direction, String> {
    match plain(text).as_str() {
        // Trunking origination is from the telephone network to the customer.
        "inbound" | "incoming" | "trunkingoriginating" => Ok(Direction::Inbound),
        "outbound"
        | "outboundapi"
        | "outbounddial"
        | "outgoing"
        | "outgoingapi"
        | "outgoingdial"
        | "trunkingterminating" => Ok(Direction::Outbound),
        _ => Err(expected("a direction such as inbound or outbound-api", text)),
    }
}

/// A party. A withheld caller is spelled on a telephone's keypad: +266696687 is ANONYMOUS.
fn party(text: Option<String>) -> RawParty {
    let text = text.unwrap_or_default();
    match text.trim_start_matches('+') {
        "266696687" | "7378742833" | "2562533" => RawParty::Withheld,
        "8656696" | "86282452253" => RawParty::Unknown,
        _ => RawParty::from_text(&text),
    }
}

/// Time at which the call began or, if it did not, was created. A status callback only has the end.
fn created_at(
    value: &impl Fn(&[&str]) -> Option<String>,
    length: Option<CallDuration>,
    zone: Tz,
    dates: Option<DateOrder>,
) -> Result<DateTime<Utc>, String> {
    if let Some(start) = START.iter().find_map(|name| value(&[name])) {
        return time::any(&start, zone, dates);
    }
    let end = value(&["timestamp"]).ok_or("expected a value of \"start_time\", but found none")?;
    let length = TimeDelta::milliseconds(length.map_or(0, |length| i64::from(length.ms())));
    time::plausible(time::any(&end, zone, dates)? - length).ok_or_else(|| expected("a time after 1970", &end))
}
