//! Short words for what every test here says.

use std::fs;
use std::path::PathBuf;

use calls_import::{Format, Item, Options, RawParty, Reason, Record, Skipped};
use calls_model::{CallType, Direction, Outcome};

/// Where a fixture is.
pub fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// The items of a fixture.
pub fn fixture(format: Format, options: &Options, name: &str) -> Vec<Item> {
    let bytes = fs::read(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    items(format, options, &bytes)
}

/// The items of a file that can be read to its end, without details.
pub fn items(format: Format, options: &Options, bytes: &[u8]) -> Vec<Item> {
    detailed(format, options, bytes).into_iter().map(without_details).collect()
}

/// The items of a file that can be read to its end.
pub fn detailed(format: Format, options: &Options, bytes: &[u8]) -> Vec<Item> {
    calls_import::read(format, options, bytes)
        .map(|item| item.expect("the file is read to its end"))
        .collect()
}

/// A record without what a log need not say.
pub fn without_details(item: Item) -> Item {
    match item {
        Item::Record(record) => {
            Item::Record(Record { disposition: None, ring_time: None, name: None, via: None, ..record })
        }
        item => item,
    }
}

/// The details of records, one after another: `disposition ring time "name" via`, of what is there.
pub fn details(items: &[Item]) -> Vec<String> {
    let of = |record: &Record| {
        let via = record.via.as_ref().map(|via| match via {
            RawParty::Text(text) => format!("via {text}"),
            other => format!("via {other:?}"),
        });
        let parts = [
            record.disposition.map(|disposition| disposition.to_string()),
            record.ring_time.map(|time| format!("rang {time}")),
            record.name.as_ref().map(|name| format!("{name:?}")),
            via,
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    };
    items
        .iter()
        .filter_map(|item| if let Item::Record(record) = item { Some(of(record)) } else { None })
        .collect()
}

/// Options for a telephone of this number.
pub fn own(number: &str) -> Options {
    Options { own: Some(RawParty::Text(number.to_owned())), ..Options::default() }
}

/// The same options, of a file whose dates begin with the day.
pub fn day_first(options: Options) -> Options {
    Options { dates: Some(calls_import::DateOrder::DayFirst), ..options }
}

/// The error that ends a file before its first item.
pub fn error(format: Format, options: &Options, bytes: &[u8]) -> String {
    let mut items = calls_import::read(format, options, bytes);
    let error = items.next().expect("an error").expect_err("an error").to_string();
    assert!(items.next().is_none(), "an error is the last item");
    error
}

/// A skipped entry.
pub fn skipped(position: u64, reason: &str) -> Item {
    let reason = match reason.strip_prefix("expected a call that has ended, but found ") {
        Some(status) => Reason::Live(status.trim_matches('"').to_owned()),
        None if reason == Reason::SecondLeg.to_string() => Reason::SecondLeg,
        None => reason.into(),
    };
    Item::Skipped(Skipped { position, reason })
}

/// An entry that another one tells.
pub fn joined(position: u64) -> Item {
    Item::Joined { position }
}

/// A record: `owner > callee` is outbound, `owner < caller` inbound; with a duration it is completed.
pub fn record(position: u64, parties: &str, created_at: &str, duration: Option<&str>) -> Item {
    let (direction, sign) = match parties.contains(" > ") {
        true => (Direction::Outbound, " > "),
        false => (Direction::Inbound, " < "),
    };
    let (owner, counterparty) = parties.split_once(sign).expect("a sign between the parties");
    let outcome = if duration.is_some() { Outcome::Completed } else { Outcome::Missed };
    Item::Record(Record {
        position,
        owner: party(owner),
        counterparty: party(counterparty),
        call_type: CallType::new(direction, outcome),
        created_at: created_at.parse().expect("a time"),
        duration: duration.map(|text| text.parse().expect("a duration")),
        disposition: None,
        ring_time: None,
        name: None,
        via: None,
    })
}

/// The positions of items, with the reasons of those that were skipped.
pub fn outline(items: &[Item]) -> Vec<String> {
    let line = |item: &Item| match item {
        Item::Record(record) => format!("{}: record", record.position),
        Item::Skipped(skipped) => format!("{}: {}", skipped.position, skipped.reason),
        Item::Joined { position } => format!("{position}: joined"),
    };
    items.iter().map(line).collect()
}

fn party(text: &str) -> RawParty {
    match text {
        "withheld" => RawParty::Withheld,
        "unknown" => RawParty::Unknown,
        text => RawParty::Text(text.to_owned()),
    }
}
