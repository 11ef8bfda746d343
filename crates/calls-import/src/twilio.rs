//! Twilio's calls: the resource of its API as JSON, its bulk export as NDJSON, and call logs as CSV. They have
//! the same members, but for their spelling.

use std::borrow::Cow;
use std::io::BufRead;

use calls_model::{CallDuration, CallType, Direction, Outcome};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::duration;
use crate::format::Format;
use crate::objects::{self, Count, Object};
use crate::options::Options;
use crate::record::{Call, Items, Out, RawParty, expected};
use crate::rows::Row;
use crate::table::{self, First, Header, is_same, plain};
use crate::time;

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
    let zone = options.zone;
    table::read(reader, move |first| {
        let header = Header::new(Format::TwilioCsv, first);
        for needed in [FROM, TO, DIRECTION, STATUS] {
            header.require(needed)?;
        }
        let put = move |row: &Row, out: &mut Out| {
            let member = |names: &[&str]| header.find(names).map(|column| row.get(column).into_owned());
            put(member, zone, out)
        };
        Ok((First::Header, put))
    })
}

const FROM: &[&str] = &["from", "caller"];
const TO: &[&str] = &["to", "called"];
const DIRECTION: &[&str] = &["direction"];
const STATUS: &[&str] = &["status", "call_status"];
const START: &[&str] = &["start_time", "date_created"];
const DURATION: &[&str] = &["duration", "call_duration"];

fn read_objects<'a>(format: Format, zone: Tz, reader: impl BufRead + 'a, count: Count) -> Items<'a> {
    objects::read(format, reader, count, Some("calls"), move |object: &Object, out| {
        // Lists spell the names as here; other sources need a second look.
        let spelled_otherwise = |name: &&str| {
            let member = object.members().iter().find(|(key, _)| is_same(key, name))?;
            objects::text(member.1)
        };
        let member = |names: &[&str]| {
            let found = names.iter().find_map(|name| object.text(&[name]));
            found.or_else(|| names.iter().find_map(spelled_otherwise)).map(Cow::into_owned)
        };
        put(member, zone, out)
    })
}

/// Gives the record of a call. Whose it is follows from the direction: `to` was called, `from` calls.
fn put(member: impl Fn(&[&str]) -> Option<String>, zone: Tz, out: &mut Out) -> Result<(), String> {
    let value = |names: &[&str]| member(names).filter(|text| !text.is_empty());
    let required = |names: &[&str]| {
        value(names).ok_or_else(|| format!("expected a value of {:?}, but found none", names[0]))
    };
    let outcome = outcome(&required(STATUS)?)?;
    let direction = direction(&required(DIRECTION)?)?;
    let (from, to) = (party(value(FROM)), party(value(TO)));
    let (owner, counterparty) = match direction {
        Direction::Inbound => (to, from),
        Direction::Outbound => (from, to),
    };
    if !owner.is_identified() {
        return Err("expected an owner that is a number, extension or SIP address, but found none".to_owned());
    }
    // Twilio's own examples show that the times around a length need not agree with it.
    let length = value(DURATION).map(|text| duration::any(&text)).transpose();
    let created_at = created_at(&value, length.as_ref().ok().copied().flatten(), zone)?;
    let duration = if outcome == Outcome::Completed { length? } else { None };
    out.record(
        owner,
        counterparty,
        &Call { call_type: CallType::new(direction, outcome), created_at, duration },
    );
    Ok(())
}

fn outcome(status: &str) -> Result<Outcome, String> {
    match plain(status).as_str() {
        "completed" => Ok(Outcome::Completed),
        "busy" | "failed" | "noanswer" | "canceled" | "cancelled" => Ok(Outcome::Missed),
        "queued" | "initiated" | "ringing" | "inprogress" => Err(expected("a call that has ended", status)),
        _ => Err(expected("a status such as completed or no-answer", status)),
    }
}

fn direction(text: &str) -> Result<Direction, String> {
    match plain(text).as_str() {
        // Origination is the way from the telephone network into the customer's.
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

/// A party. A hidden caller is spelled on a telephone's keypad: +266696687 is ANONYMOUS.
fn party(text: Option<String>) -> RawParty {
    let text = text.unwrap_or_default();
    match text.trim_start_matches('+') {
        "266696687" | "7378742833" | "2562533" => RawParty::Withheld,
        "8656696" | "86282452253" => RawParty::Unknown,
        _ => RawParty::from_text(&text),
    }
}

/// When the call began; where it never did, when it was made. A status callback tells only when it ended.
fn created_at(
    value: &impl Fn(&[&str]) -> Option<String>,
    length: Option<CallDuration>,
    zone: Tz,
) -> Result<DateTime<Utc>, String> {
    if let Some(start) = START.iter().find_map(|name| value(&[name])) {
        return time::any(&start, zone);
    }
    let end = value(&["timestamp"]).ok_or("expected a value of \"start_time\", but found none")?;
    let length = TimeDelta::milliseconds(length.map_or(0, |length| i64::from(length.ms())));
    time::plausible(time::any(&end, zone)? - length).ok_or_else(|| expected("a time after 1970", &end))
}
