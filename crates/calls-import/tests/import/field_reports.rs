//! Logs after public bug reports give what a person would expect, with their parties resolved.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use calls_import::{Format, Item, Options, Progress, RawParty, Record, open};
use calls_model::Party;
use calls_phone::Region;
use serde_json::Value;

use crate::support::path;

#[test]
fn every_field_report_gives_what_a_person_would_expect() {
    let mut failed = Vec::new();
    let mut cases = 0;
    for entry in fs::read_dir(path("field-reports")).expect("a folder") {
        let folder = entry.expect("an entry").path();
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        if !folder.is_dir() {
            continue;
        }
        cases += 1;
        if let Err(reason) = check(&folder) {
            failed.push(format!("{name}: {reason}"));
        }
    }
    failed.sort();
    assert!(failed.is_empty(), "{} of {cases} failed:\n{}", failed.len(), failed.join("\n"));
    assert_eq!(cases, 27);
}

fn check(folder: &Path) -> Result<(), String> {
    let case: Value =
        serde_json::from_slice(&fs::read(folder.join("expected.json")).expect("a file")).expect("JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (options, format, region) = arguments(&text(&case["args"]));
    let found = read(&folder.join(text(&case["file"])), format, &options, region);
    if case["refuse"] == Value::Bool(true) {
        return found.map_or(Ok(()), |(records, _)| Err(format!("expected an error, but found {records:?}")));
    }
    let (found, skipped) = found?;
    let of = |record: &Value| {
        let parts = ["owner", "created_at", "counterparty", "type", "duration"].map(|key| text(&record[key]));
        let [owner, at, counterparty, call_type, duration] = parts;
        format!("{owner} {at} {counterparty} {call_type} {}", duration.trim_end_matches(".0"))
    };
    let expected: BTreeSet<String> = case["expected"].as_array().into_iter().flatten().map(of).collect();
    let owners: BTreeSet<String> =
        expected.iter().filter_map(|record| record.split(' ').next()).map(String::from).collect();
    let found: BTreeSet<String> = found
        .into_iter()
        .filter(|record| owners.contains(record.split(' ').next().unwrap_or_default()))
        .collect();
    let missing: Vec<_> = expected.difference(&found).collect();
    let more: Vec<_> = found.difference(&expected).collect();
    let too_many = case["skips"].as_u64().is_some_and(|most| skipped.len() as u64 > most);
    if missing.is_empty() && more.is_empty() && !too_many {
        return Ok(());
    }
    Err(format!("missing {missing:#?}, more {more:#?}, skipped {skipped:?}"))
}

pub fn arguments(text: &str) -> (Options, Option<Format>, Option<Region>) {
    let (mut options, mut format, mut region) = (Options::default(), None, None);
    let words: Vec<&str> = text.split_whitespace().collect();
    for pair in words.chunks(2) {
        let [name, value] = pair else { panic!("{text}") };
        match *name {
            "--own" => options.own = Some(RawParty::from_text(value)),
            "--zone" => options.zone = value.parse().expect("a zone"),
            "--map" => options.columns = value.parse().expect("a mapping"),
            "--format" => format = Some(value.parse().expect("a format")),
            "--region" => {
                region = Some(value.parse().expect("a region"));
                options.region = Some((*value).to_owned());
            }
            other => panic!("{other}"),
        }
    }
    (options, format, region)
}

/// The records whose owners are numbers, as texts, and why entries gave none.
fn read(
    file: &Path,
    format: Option<Format>,
    options: &Options,
    region: Option<Region>,
) -> Result<(Vec<String>, Vec<String>), String> {
    let opened = open(file, format, options, &Progress::default()).map_err(|error| error.to_string())?;
    let (mut records, mut skipped) = (Vec::new(), Vec::new());
    for item in opened.items {
        match item.map_err(|error| error.to_string())? {
            Item::Record(record) => records.extend(resolved(&record, region)),
            Item::Skipped(entry) => skipped.push(entry.reason.to_string()),
            Item::Joined { .. } => {}
        }
    }
    Ok((records, skipped))
}

fn resolved(record: &Record, region: Option<Region>) -> Option<String> {
    let party = |raw: &RawParty| match raw {
        RawParty::Text(text) => calls_phone::parse(text, region).ok().or_else(|| Party::text(text)),
        RawParty::Withheld => Some(Party::Withheld),
        RawParty::Unknown => Some(Party::Unknown),
    };
    let owner = party(&record.owner).filter(Party::is_identified)?;
    let at = record.created_at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
    let duration = record.duration.map(|duration| duration.to_string()).unwrap_or_default();
    let counterparty = party(&record.counterparty)?;
    let (call_type, duration) = (record.call_type, duration.trim_end_matches(".0"));
    Some(format!("{owner} {at} {counterparty} {call_type} {duration}"))
}
