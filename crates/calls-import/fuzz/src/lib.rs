//! Properties of every file, whatever is in it. Each fuzz target reads a file by one of these functions.

use std::io::{self, BufRead, Read};

use calls_import::{DateOrder, Format, Item, Items, Options, RawParty, ReadError, Record};
use calls_model::Outcome;
use chrono::{DateTime, SecondsFormat};

/// Reads a file of a format.
///
/// - Reading comes to an end without a panic. An error is the last item.
/// - It does not matter in which pieces the bytes come.
/// - Positions do not go backwards.
/// - Each record is valid, and reads back from this project's own formats as what it is.
pub fn read_format(format: Format, file: &[u8]) {
    read_with(format, &options(), file);
}

/// As [`read_format`], with these options.
pub fn read_with(format: Format, options: &Options, file: &[u8]) {
    let whole = items(calls_import::read(format, options, file));
    let piece = 1 + file.len() % 13;
    let pieces = items(calls_import::read(format, options, Pieces { rest: file, piece }));
    assert_eq!(whole, pieces, "in pieces of {piece} bytes");
    let mut last = 0;
    for item in whole.iter().flatten() {
        if let Item::Skipped(skipped) = item {
            let reason = skipped.reason.to_string();
            assert!(!reason.is_empty() && reason.len() < 1000, "{reason}");
        }
        let position = item.position();
        assert!(position >= last.max(1), "{position} comes after {last}");
        last = position;
    }
    check_records(&whole);
}

/// The items of a file, an error as its text. An error is the last one.
pub fn items(items: Items<'_>) -> Vec<Result<Item, String>> {
    let mut found = Vec::new();
    for item in items {
        assert!(!matches!(found.last(), Some(Err(_))), "an error is the last item");
        found.push(item.map_err(|error: ReadError| error.to_string()));
    }
    found
}

/// The options that most targets read with.
pub fn options() -> Options {
    let own = Some(RawParty::Text("+12025550199".to_owned()));
    Options { zone: chrono_tz::Europe::Berlin, own, dates: Some(DateOrder::DayFirst), ..Options::default() }
}

fn check_records(items: &[Result<Item, String>]) {
    let records = items.iter().filter_map(|item| match item {
        Ok(Item::Record(record)) => Some(record),
        _ => None,
    });
    let records: Vec<&Record> = records.collect();
    for record in &records {
        assert!(matches!(&record.owner, RawParty::Text(text) if !text.trim().is_empty()), "{record:?}");
        assert!(record.duration.is_none() || record.call_type.outcome() == Outcome::Completed, "{record:?}");
        let fits = record.disposition.is_none_or(|disposition| disposition.fits(record.call_type.outcome()));
        assert!(fits, "{record:?}");
        let micros = record.created_at.timestamp_micros();
        assert_eq!(DateTime::from_timestamp_micros(micros), Some(record.created_at), "to the microsecond");
        assert!((1..253_402_300_800).contains(&record.created_at.timestamp()), "{record:?}");
    }
    let ndjson: Vec<String> = records.iter().map(|record| ndjson_line(record)).collect();
    read_back(Format::CallsNdjson, 1, &ndjson, &records);
    // A line break inside of a field may be written in another way.
    let is_plain = |record: &&Record| {
        [&record.owner, &record.counterparty].iter().all(|party| !text(party).contains(char::is_control))
    };
    let records: Vec<&Record> = records.into_iter().filter(is_plain).collect();
    let csv = std::iter::once("owner,created_at,counterparty,type,duration,disposition,ring_time,name,via\r\n".to_owned());
    let csv: Vec<String> = csv.chain(records.iter().map(|record| csv_line(record))).collect();
    read_back(Format::CallsCsv, 2, &csv, &records);
}

/// Lines of a format of this project give the records that they were made of, from this position on.
fn read_back(format: Format, first: u64, lines: &[String], records: &[&Record]) {
    let text = lines.concat();
    let options = Options { own: None, ..options() };
    let found = items(calls_import::read(format, &options, text.as_bytes()));
    assert_eq!(found.len(), records.len(), "{format}: {found:?} from {text}");
    for (position, (found, record)) in (first..).zip(found.into_iter().zip(records)) {
        let expected = Record { position, ..(*record).clone() };
        assert_eq!(found, Ok(Item::Record(expected)), "{format}");
    }
}

fn ndjson_line(record: &Record) -> String {
    let mut line = serde_json::json!({
        "owner": text(&record.owner),
        "created_at": time(record),
        "counterparty": text(&record.counterparty),
        "type": record.call_type,
    });
    let details = [
        ("duration", record.duration.map(|duration| duration.to_string())),
        ("disposition", record.disposition.map(|disposition| disposition.to_string())),
        ("ring_time", record.ring_time.map(|time| time.to_string())),
        ("name", record.name.clone()),
        ("via", record.via.as_ref().map(|via| text(via).to_owned())),
    ];
    for (name, value) in details {
        if let Some(value) = value {
            line[name] = value.into();
        }
    }
    format!("{line}\n")
}

fn csv_line(record: &Record) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let length = |length: Option<calls_model::CallDuration>| length.map(|length| length.to_string()).unwrap_or_default();
    [
        quoted(text(&record.owner)),
        time(record),
        quoted(text(&record.counterparty)),
        record.call_type.to_string(),
        length(record.duration),
        record.disposition.map(|disposition| disposition.to_string()).unwrap_or_default(),
        length(record.ring_time),
        quoted(record.name.as_deref().unwrap_or_default()),
        quoted(record.via.as_ref().map(text).unwrap_or_default()),
    ]
    .join(",")
        + "\r\n"
}

fn text(party: &RawParty) -> &str {
    match party {
        RawParty::Text(text) => text,
        RawParty::Withheld => "withheld",
        RawParty::Unknown => "unknown",
    }
}

fn time(record: &Record) -> String {
    record.created_at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Bytes that come a few at a time, as over a slow line.
struct Pieces<'a> {
    rest: &'a [u8],
    piece: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.rest.len().min(self.piece).min(buffer.len());
        buffer[..length].copy_from_slice(&self.rest[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for Pieces<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        Ok(&self.rest[..self.rest.len().min(self.piece)])
    }

    fn consume(&mut self, length: usize) {
        self.rest = &self.rest[length..];
    }
}
