//! The exports of the Android app Logger, as CSV and JSON. The CSV has neither quotes nor escapes, so a comma
//! in a name shifts the following columns.

use std::io::BufRead;

use crate::android;
use crate::error::ReadError;
use crate::format::Format;
use crate::objects::{self, Count, Object, required};
use crate::options::Options;
use crate::record::{Items, Out, RawParty, Reason, expected};
use crate::rows::Row;
use crate::table::{self, First, Header, plain};

/// Reads the calls of a CSV file.
pub(crate) fn read_csv<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    let owner = options.owner(Format::LoggerCsv);
    table::read(reader, move |first| {
        let owner = owner?;
        let columns = Columns::new(&Header::new(Format::LoggerCsv, first), first.len())?;
        Ok((First::Header, move |row: &Row, out: &mut Out| columns.put(row, &owner, out)))
    })
}

/// Reads the calls of a JSON file.
pub(crate) fn read_json<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    let owner = match options.owner(Format::LoggerJson) {
        Ok(owner) => owner,
        Err(error) => return Box::new(std::iter::once(Err(error))),
    };
    objects::read(Format::LoggerJson, reader, Count::Objects, None, move |object, out| {
        put_object(object, &owner, out)
    })
}

struct Columns {
    count: usize,
    name: Option<usize>,
    number: usize,
    duration: Option<usize>,
    kind: usize,
    timestamp: usize,
}

impl Columns {
    fn new(header: &Header, count: usize) -> Result<Self, ReadError> {
        Ok(Self {
            count,
            name: header.find(&["name"]),
            number: header.require(&["number"])?,
            duration: header.find(&["duration"]),
            kind: header.require(&["call_type"])?,
            timestamp: header.require(&["timestamp"])?,
        })
    }

    fn put(&self, row: &Row, owner: &RawParty, out: &mut Out) -> Result<(), Reason> {
        let moved = if self.name.is_some() { row.len().saturating_sub(self.count) } else { 0 };
        let text = |column: usize| {
            let is_behind = self.name.is_some_and(|name| column > name);
            row.get(if is_behind { column + moved } else { column })
        };
        let name = self.name.map(|name| {
            let parts: Vec<_> = (name..=name + moved).map(|column| row.get(column)).collect();
            parts.join(", ")
        });
        let call = Call {
            name: name.as_deref(),
            number: &text(self.number),
            timestamp: &text(self.timestamp),
            duration: &self.duration.map(text).unwrap_or_default(),
            kind: &text(self.kind),
        };
        call.put(owner, out)
    }
}

fn put_object(object: &Object, owner: &RawParty, out: &mut Out) -> Result<(), Reason> {
    let name = object.text(&["name"]);
    let kind = object.text(&["callType"]).or_else(|| object.text(&["call_type"]));
    let call = Call {
        name: name.as_deref(),
        number: &object.text(&["number"]).unwrap_or_default(),
        timestamp: &required(object, "timestamp")?,
        duration: &object.text(&["duration"]).unwrap_or_default(),
        kind: &kind.ok_or("expected a member \"callType\", but found none")?,
    };
    call.put(owner, out)
}

struct Call<'a> {
    name: Option<&'a str>,
    number: &'a str,
    /// Milliseconds since 1970.
    timestamp: &'a str,
    /// Seconds.
    duration: &'a str,
    /// Dart's name of a type of Android's call log: `CallType.incoming`.
    kind: &'a str,
}

impl Call<'_> {
    fn put(&self, owner: &RawParty, out: &mut Out) -> Result<(), Reason> {
        let kind = kind(self.kind)?;
        let duration = if self.duration.is_empty() { "0" } else { self.duration };
        let row = android::Row {
            number: self.number,
            presentation: None,
            date: self.timestamp,
            duration,
            kind,
            name: self.name,
        };
        row.put(owner, out)?;
        Ok(())
    }
}

/// Android's number for a call type.
fn kind(text: &str) -> Result<&'static str, String> {
    match plain(text.rsplit('.').next().unwrap_or(text)).as_str() {
        "incoming" | "wifiincoming" => Ok("1"),
        "outgoing" | "wifioutgoing" => Ok("2"),
        "missed" => Ok("3"),
        "voicemail" => Ok("4"),
        "rejected" => Ok("5"),
        "blocked" => Ok("6"),
        "answeredexternally" => Ok("7"),
        _ => Err(expected("a type such as CallType.incoming", text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_one_of_androids() {
        for (text, number) in [
            ("CallType.incoming", "1"),
            ("CallType.wifiOutgoing", "2"),
            ("CallType.voiceMail", "4"),
            ("CallType.answeredExternally", "7"),
            ("blocked", "6"),
        ] {
            assert_eq!(kind(text), Ok(number), "{text}");
        }
        assert!(kind("CallType.unknown").is_err() && kind("").is_err());
    }
}
