//! Items as lines of text, with all that a record says.

use std::fs;

use calls_import::{Format, Item, Options, RawParty, Record};
use calls_model::{Direction, Outcome};
use chrono::SecondsFormat;

use crate::support::path;

/// Records of a fixture, in the words of [`line`].
pub fn fixture(format: Format, options: &Options, name: &str) -> Vec<String> {
    bytes(format, options, &fs::read(path(name)).unwrap_or_else(|error| panic!("{name}: {error}")))
}

/// Records of a text, in the words of [`line`].
pub fn text(format: Format, options: &Options, text: &str) -> Vec<String> {
    bytes(format, options, text.as_bytes())
}

fn bytes(format: Format, options: &Options, bytes: &[u8]) -> Vec<String> {
    let items = calls_import::read(format, options, bytes);
    lines(&items.map(|item| item.expect("the file is read to its end")).collect::<Vec<_>>())
}

pub fn lines(items: &[Item]) -> Vec<String> {
    items.iter().map(line).collect()
}

/// `2: 1001 > 1002 2026-03-02T08:00:00Z 61.0 answered ring 5.0 name Example via 1003`: `>` is outbound, `<`
/// inbound; `missed` stands in place of a length. What the log does not say is left out.
fn line(item: &Item) -> String {
    match item {
        Item::Record(record) => of_record(record),
        Item::Skipped(skipped) => format!("{}: skipped: {}", skipped.position, skipped.reason),
        Item::Joined { position } => format!("{position}: joined"),
    }
}

fn of_record(record: &Record) -> String {
    let sign = if record.call_type.direction() == Direction::Outbound { '>' } else { '<' };
    let length = match (record.call_type.outcome(), record.duration) {
        (Outcome::Missed, _) => "missed".to_owned(),
        (Outcome::Completed, Some(length)) => length.to_string(),
        (Outcome::Completed, None) => "completed".to_owned(),
    };
    let time = record.created_at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    let (owner, other) = (party(&record.owner), party(&record.counterparty));
    let mut line = format!("{}: {owner} {sign} {other} {time} {length}", record.position);
    let details = [
        record.disposition.map(|disposition| disposition.as_str().to_owned()),
        record.ring_time.map(|ring_time| format!("ring {ring_time}")),
        record.name.as_ref().map(|name| format!("name {name}")),
        record.via.as_ref().map(|via| format!("via {}", party(via))),
    ];
    for detail in details.into_iter().flatten() {
        line = format!("{line} {detail}");
    }
    line
}

fn party(party: &RawParty) -> &str {
    match party {
        RawParty::Text(text) => text,
        RawParty::Withheld => "withheld",
        RawParty::Unknown => "unknown",
    }
}
