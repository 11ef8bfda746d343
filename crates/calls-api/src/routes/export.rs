//! All calls of a history in one answer, streamed: as NDJSON or CSV.

use std::io::Write as _;

use actix_web::http::header::{CONTENT_DISPOSITION, HeaderValue, VARY};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use calls_model::{CallDuration, DetailedCall, Disposition, Party};
use chrono::{DateTime, SecondsFormat, Utc};
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;

use super::App;
use super::parameters::{Format, ListParameters};
use crate::details::Detailer;
use crate::problem::ApiError;
use calls_store::filter::Filter;
use calls_store::keys::PartyKey;
use calls_store::list::list_calls;
use calls_store::pool::DatabaseError;
use calls_store::rows::{CallRow, Position};
use calls_store::{details, parties, returned};

/// Rows per query. Between two queries no connection is held, so a slow client keeps none from others.
const BATCH: u16 = 5_000;
/// Batches that wait for a slow client.
const WAITING: usize = 2;

/// Streams the calls that fit, newest first, in constant memory, as one of the exports that may run at once. A fault in the middle breaks the connection
/// off, so that no client takes a part for the whole.
pub(super) async fn stream_calls(
    request: &HttpRequest,
    app: web::Data<App>,
    party: Party,
    parameters: ListParameters,
    format: Format,
) -> Result<HttpResponse, ApiError> {
    let slot = app.exports.take(app.clients.of(request)).ok_or(ApiError::Busy { seconds: 5 })?;
    let ListParameters { filter, limit, after, details, .. } = parameters;
    let name = party.to_string();
    // The first batch comes before the answer begins, while it can still be a 503.
    let database = app.reads().clone();
    let begin = move || {
        let history = app.reads().read(|connection| {
            let owner = parties::find_party(connection, &party)?;
            owner.map(|owner| Ok((owner, filter.resolve(connection, &party, owner)?))).transpose()
        })?;
        let left = limit.map_or(u64::MAX, u64::from);
        let after = after.map(|cursor| cursor.0);
        let detailer = details.then(Detailer::default);
        Export { app, history, after, left, format, detailer, first: true, ended: false }.next_batch()
    };
    let (export, first) = database.block::<_, DatabaseError>(begin).await?;

    let (sender, receiver) = mpsc::channel(WAITING);
    actix_web::rt::spawn(export.send(first, sender));
    let batches = ReceiverStream::new(receiver).map(move |batch| {
        // Free again when nothing of the export is in memory.
        let _ = &slot;
        batch
    });
    let extension = if format == Format::Csv { "csv" } else { "ndjson" };
    let file = format!("attachment; filename=\"calls-{}.{extension}\"", file_name(&name));
    Ok(HttpResponse::Ok()
        .content_type(format.media_type())
        .insert_header((CONTENT_DISPOSITION, file))
        .insert_header((VARY, HeaderValue::from_static("Accept")))
        .streaming(batches))
}

/// What ends an answer that has begun.
#[derive(Debug, thiserror::Error)]
#[error("the export broke off: {0}")]
struct BrokenOff(String);

impl From<ApiError> for BrokenOff {
    fn from(error: ApiError) -> Self {
        Self(error.to_string())
    }
}

/// An export under way.
struct Export {
    app: web::Data<App>,
    /// Whose calls, and which. `None` for somebody without any.
    history: Option<(PartyKey, Filter)>,
    after: Option<Position>,
    left: u64,
    format: Format,
    /// There if details are wanted.
    detailer: Option<Detailer>,
    first: bool,
    /// Whether the last call has been read.
    ended: bool,
}

/// Calls, and when each was returned if details are wanted.
type Batch = (Vec<CallRow>, Vec<Option<DateTime<Utc>>>);

impl Export {
    /// Sends all batches, the first of which is there. Each has to come within the time that any answer has.
    async fn send(mut self, first: Option<Bytes>, sender: mpsc::Sender<Result<Bytes, BrokenOff>>) {
        let mut batch = first;
        while let Some(bytes) = batch {
            // The client may be gone.
            if sender.send(Ok(bytes)).await.is_err() {
                return;
            }
            let database = self.app.reads().clone();
            match database.block::<_, DatabaseError>(move || self.next_batch()).await {
                Ok(next) => (self, batch) = next,
                Err(error) => {
                    // If it is gone, nobody has to know.
                    let _ = sender.send(Err(ApiError::from(error).into())).await;
                    return;
                }
            }
        }
    }

    /// The next calls, written out, and the export after them. `None` after the last.
    fn next_batch(mut self) -> Result<(Self, Option<Bytes>), DatabaseError> {
        let mut out = Vec::new();
        if self.first && self.format == Format::Csv {
            out.extend_from_slice(
                b"id,created_at,counterparty,type,duration,disposition,ring_time,name,via\r\n",
            );
        }
        let (rows, returned_at) = self.read_batch()?;
        match (&mut self.detailer, self.format) {
            (Some(detailer), _) => {
                let detailed = rows.into_iter().zip(returned_at).map(|(row, at)| detailer.detail(row, at));
                detailed.for_each(|call| write_detailed(&mut out, &call));
            }
            (None, Format::Csv) => rows.into_iter().for_each(|row| write_csv(&mut out, &row.into())),
            (None, Format::Json | Format::Ndjson) => {
                rows.into_iter().for_each(|row| write_ndjson(&mut out, &row.into()));
            }
        }
        let is_first = std::mem::take(&mut self.first);
        let batch = (is_first || !out.is_empty()).then(|| out.into());
        Ok((self, batch))
    }

    /// The next calls, with when they were returned if details are wanted. None after the last.
    fn read_batch(&mut self) -> Result<Batch, DatabaseError> {
        // A search that takes long comes back with nothing, and is to be continued.
        loop {
            let limit = u16::try_from(self.left).unwrap_or(u16::MAX).min(BATCH);
            let Some((owner, filter)) = self.history.as_ref().filter(|_| limit > 0 && !self.ended) else {
                return Ok((Vec::new(), Vec::new()));
            };
            let patience = self.app.reads().deadlines().search();
            let (rows, returned_at, next) = self.app.reads().read(|connection| {
                let page = list_calls(connection, *owner, filter, self.after, limit, patience)?;
                let returned_at = match self.detailer {
                    Some(_) => returned::returned_at(connection, *owner, &page.rows)?,
                    None => Vec::new(),
                };
                let mut rows = CallRow::resolve(connection, &self.app.labels, page.rows)?;
                details::read(connection, &self.app.labels, *owner, &mut rows)?;
                Ok((rows, returned_at, page.next))
            })?;
            self.left -= rows.len() as u64;
            self.after = next.or(self.after);
            self.ended = next.is_none();
            if !rows.is_empty() || self.ended {
                return Ok((rows, returned_at));
            }
        }
    }
}

/// A line of NDJSON: the members of the call, and those of its details that an import reads.
pub fn write_ndjson(out: &mut Vec<u8>, detailed: &DetailedCall) {
    let DetailedCall { call, details } = detailed;
    call.append_json(out);
    // The brace that ends the call comes again behind the others.
    out.pop();
    let mut member = |name: &str, text: &str| {
        out.extend_from_slice(format!(",\"{name}\":").as_bytes());
        // A vector takes everything.
        serde_json::to_writer(&mut *out, text).unwrap_or_default();
    };
    if let Some(disposition) = details.disposition {
        member("disposition", disposition.as_str());
    }
    if let Some(ring_time) = details.ring_time {
        member("ring_time", &ring_time.to_string());
    }
    if let Some(name) = &details.name {
        member("name", name);
    }
    if let Some(via) = &details.via {
        member("via", &via.to_string());
    }
    out.extend_from_slice(b"}\n");
}

fn write_detailed(out: &mut Vec<u8>, call: &DetailedCall) {
    // Neither a call's parts nor a vector can fail.
    serde_json::to_writer(&mut *out, call).unwrap_or_default();
    out.push(b'\n');
}

/// A line of CSV (RFC 4180), which a spreadsheet takes for data.
pub fn write_csv(out: &mut Vec<u8>, detailed: &DetailedCall) {
    let DetailedCall { call, details } = detailed;
    let seconds = |time: Option<CallDuration>| time.map(|time| time.to_string()).unwrap_or_default();
    let created_at = call.created_at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    let via = details.via.as_ref().map(ToString::to_string);
    let fields = [
        call.id.as_str(),
        &created_at,
        &call.counterparty.to_string(),
        call.call_type.as_str(),
        &seconds(call.duration),
        details.disposition.map_or("", Disposition::as_str),
        &seconds(details.ring_time),
        details.name.as_deref().unwrap_or_default(),
        via.as_deref().unwrap_or_default(),
    ];
    for (position, field) in fields.into_iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        write_field(out, field);
    }
    out.extend_from_slice(b"\r\n");
}

/// One field, quoted where RFC 4180 asks for it. A field that a spreadsheet would take for a formula gets an
/// apostrophe in front, which makes it text; `+` and digits alone are a number, not a formula. So does a field that begins
/// with such an apostrophe, so that an import takes off no other.
fn write_field(out: &mut Vec<u8>, field: &str) {
    let is_number = |rest: &str| rest.bytes().all(|b| b.is_ascii_digit());
    let behind = field.trim_start_matches('\'');
    let is_formula = behind.starts_with(['=', '-', '@', '\t', '\r'])
        || behind.strip_prefix('+').is_some_and(|rest| behind != field || !is_number(rest));
    let guard = if is_formula { "'" } else { "" };
    let written = if field.contains(['"', ',', '\r', '\n']) || is_formula {
        write!(out, "\"{guard}{}\"", field.replace('"', "\"\""))
    } else {
        write!(out, "{field}")
    };
    // A vector takes everything.
    written.unwrap_or_default();
}

/// A number or address as a part of a file's name.
fn file_name(party: &str) -> String {
    party.chars().map(|c| if c.is_ascii_alphanumeric() || "+.-".contains(c) { c } else { '_' }).collect()
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
