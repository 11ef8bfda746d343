//! Formats calls as NDJSON and CSV.

use actix_web::web::Bytes;
use calls_model::{CallDuration, DetailedCall, Disposition, Party, append_number, append_time};
use calls_store::rows::CallRow;
use chrono::{DateTime, Utc};

use super::super::parameters::Format;
use crate::details::Detailer;

/// Header of CSV.
const HEADER: &[u8] =
    b"id,created_at,counterparty,type,duration,disposition,ring_time,name,via,note,tags\r\n";
/// Typical length of a line in bytes.
const USUAL: usize = 128;

/// A call that was read.
pub(super) struct Read {
    pub row: CallRow,
    /// Time at which it was returned, if details are requested.
    pub returned_at: Option<DateTime<Utc>>,
    /// Index of its owner in the list of exported owners.
    pub source: usize,
}

/// Formats calls batch by batch.
pub(super) struct Lines {
    format: Format,
    /// The owners, if each line has one.
    owners: Option<Vec<Party>>,
    /// Present if details are requested.
    detailer: Option<Detailer>,
    /// Whether the header is still to be written.
    begins: bool,
}

impl Lines {
    /// Lines of a format. CSV that begins a file (`begin`) starts with the header.
    pub fn new(format: Format, owners: Option<Vec<Party>>, detailer: Option<Detailer>, begin: bool) -> Self {
        Self { format, owners, detailer, begins: begin && format == Format::Csv }
    }

    /// Formats calls.
    pub fn write(&mut self, calls: Vec<Read>) -> Bytes {
        let mut out = Vec::with_capacity(USUAL * (calls.len() + 1));
        if std::mem::take(&mut self.begins) {
            out.extend_from_slice(if self.owners.is_some() { b"owner," } else { b"" });
            out.extend_from_slice(HEADER);
        }
        for call in calls {
            self.line(&mut out, call);
        }
        out.into()
    }

    fn line(&mut self, out: &mut Vec<u8>, Read { row, returned_at, source }: Read) {
        let owner = self.owners.as_ref().and_then(|owners| owners.get(source));
        let mut brace = None;
        match (owner, self.format) {
            (Some(owner), Format::Csv) => {
                write_party(out, owner);
                out.push(b',');
            }
            (Some(owner), Format::Json | Format::Ndjson) => {
                out.extend_from_slice(b"{\"owner\":");
                // Serializing a party cannot fail.
                serde_json::to_writer(&mut *out, owner).unwrap_or_default();
                brace = Some(out.len());
            }
            (None, _) => {}
        }
        match (&mut self.detailer, self.format) {
            (Some(detailer), _) => write_detailed(out, &detailer.detail(row, returned_at)),
            (None, Format::Csv) => write_csv(out, &row),
            (None, Format::Json | Format::Ndjson) => write_ndjson(out, &row),
        }
        if let Some(brace) = brace {
            // Joins the members of the call.
            out[brace] = b',';
        }
    }
}

/// Appends a line of NDJSON: the members of the call, and those details that the importer reads.
pub fn write_ndjson(out: &mut Vec<u8>, row: &CallRow) {
    let details = &row.details;
    row.append_json(out);
    // The closing brace is appended again after the details.
    out.pop();
    if let Some(disposition) = row.columns.disposition() {
        out.extend_from_slice(b",\"disposition\":\"");
        out.extend_from_slice(disposition.as_str().as_bytes());
        out.push(b'"');
    }
    if let Some(ring_time) = details.ring_time {
        out.extend_from_slice(b",\"ring_time\":\"");
        ring_time.append_to(out);
        out.push(b'"');
    }
    // Serializing texts, parties and notes to a vector cannot fail.
    if let Some(name) = &details.name {
        out.extend_from_slice(b",\"name\":");
        serde_json::to_writer(&mut *out, name).unwrap_or_default();
    }
    if let Some(via) = &details.via {
        out.extend_from_slice(b",\"via\":");
        serde_json::to_writer(&mut *out, via).unwrap_or_default();
    }
    if let Some(note) = &details.note {
        out.extend_from_slice(b",\"note\":");
        serde_json::to_writer(&mut *out, note).unwrap_or_default();
    }
    out.extend_from_slice(b"}\n");
}

fn write_detailed(out: &mut Vec<u8>, call: &DetailedCall) {
    // Serializing a call to a vector cannot fail.
    serde_json::to_writer(&mut *out, call).unwrap_or_default();
    out.push(b'\n');
}

/// Appends a line of CSV (RFC 4180), safe for spreadsheets.
pub fn write_csv(out: &mut Vec<u8>, row: &CallRow) {
    let CallRow { columns, counterparty, details } = row;
    let seconds = |out: &mut Vec<u8>, time: Option<CallDuration>| {
        time.into_iter().for_each(|time| time.append_to(out));
        out.push(b',');
    };
    append_number(out, columns.id.0.unsigned_abs());
    out.push(b',');
    append_time(out, &columns.created_at);
    out.push(b',');
    write_party(out, counterparty);
    out.push(b',');
    out.extend_from_slice(columns.call_type().as_str().as_bytes());
    out.push(b',');
    seconds(out, columns.duration_ms.and_then(|ms| CallDuration::from_ms(ms.into())));
    out.extend_from_slice(columns.disposition().map_or("", Disposition::as_str).as_bytes());
    out.push(b',');
    seconds(out, details.ring_time);
    write_field(out, details.name.as_deref().unwrap_or_default());
    out.push(b',');
    details.via.iter().for_each(|via| write_party(out, via));
    match &details.note {
        Some(note) => {
            out.push(b',');
            write_field(out, &note.text);
            out.push(b',');
            write_field(out, &note.tags.join(", "));
        }
        None => out.extend_from_slice(b",,"),
    }
    out.extend_from_slice(b"\r\n");
}

/// Appends a field with a party. A number with its `+`, `withheld` and `unknown` are never quoted.
fn write_party(out: &mut Vec<u8>, party: &Party) {
    match party {
        Party::Local(text) | Party::Sip(text) | Party::Text(text) => write_field(out, text),
        Party::E164(_) | Party::Withheld | Party::Unknown => party.append_to(out),
    }
}

/// Appends a field, quoted as RFC 4180 requires. A field that a spreadsheet would take for a formula is
/// prefixed with an apostrophe; `+` followed by digits is a number, not a formula. A field that already
/// begins with such an apostrophe gets another one, so that the importer removes the right one.
fn write_field(out: &mut Vec<u8>, field: &str) {
    let is_number = |rest: &str| rest.bytes().all(|b| b.is_ascii_digit());
    let behind = field.trim_start_matches('\'');
    let is_formula = behind.starts_with(['=', '-', '@', '\t', '\r'])
        || behind.strip_prefix('+').is_some_and(|rest| behind != field || !is_number(rest));
    if !is_formula && !field.bytes().any(|b| matches!(b, b'"' | b',' | b'\r' | b'\n')) {
        out.extend_from_slice(field.as_bytes());
        return;
    }
    out.extend_from_slice(if is_formula { b"\"'" } else { b"\"" });
    for byte in field.bytes() {
        out.extend_from_slice(if byte == b'"' { b"\"\"" } else { std::slice::from_ref(&byte) });
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(text: &str) -> String {
        let mut out = Vec::new();
        write_field(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_field_is_quoted_where_rfc_4180_asks_for_it() {
        for (text, written) in [
            ("1001", "1001"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("a\nb", "\"a\nb\""),
            ("", ""),
        ] {
            assert_eq!(field(text), written);
        }
    }

    #[test]
    fn a_formula_becomes_text_and_a_number_stays_one() {
        for text in ["=1+1", "-1", "@SUM(A1)", "+1+cmd|' /C calc'!A0", "\tx", "\rx", "'=1+1"] {
            assert!(field(text).starts_with("\"'"), "{text:?}");
        }
        assert_eq!(field("+12025550123"), "+12025550123");
    }
}
