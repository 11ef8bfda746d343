//! All calls of a history in one answer, streamed: as NDJSON or CSV.

use std::collections::VecDeque;
use std::io::Write as _;
use std::time::Duration;

use actix_web::http::header::{CONTENT_DISPOSITION, HeaderValue, VARY};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use calls_model::{CallDuration, DetailedCall, Disposition, Party};
use chrono::{DateTime, SecondsFormat, Utc};
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;

use super::App;
use super::parameters::{FilterParameters, Format, ListParameters, Query};
use crate::details::Detailer;
use crate::problem::ApiError;
use calls_phone::Region;
use calls_store::filter::Filter;
use calls_store::keys::PartyKey;
use calls_store::labels::Labels;
use calls_store::list::list_calls;
use calls_store::merged::Place;
use calls_store::pool::{Database, DatabaseError};
use calls_store::rows::{CallRow, Position};
use calls_store::{details, parties, returned};

/// Rows per query. Between two queries no connection is held, so a slow client keeps none from others.
const BATCH: u16 = 5_000;
/// Rows per query at least, where several lines share the batch.
const LEAST: u16 = 200;
/// The columns of CSV.
const HEADER: &[u8] =
    b"id,created_at,counterparty,type,duration,disposition,ring_time,name,via,note,tags\r\n";
/// Batches that wait for a slow client.
const WAITING: usize = 2;

/// Calls that are exported.
pub(super) struct Exported {
    /// Owners: one number, or several lines.
    pub parties: Vec<Party>,
    /// Whether each call says in `owner` whose it is.
    pub with_owner: bool,
    /// Number or name in the file's name.
    pub name: String,
    /// Behind this place.
    pub after: Option<After>,
}

/// Start of an export.
#[derive(Debug, Clone, Copy)]
pub(super) enum After {
    /// In a history.
    Position(Position),
    /// In a list of several lines.
    Place(Place),
}

impl After {
    fn within(self, number: PartyKey) -> Position {
        match self {
            Self::Position(position) => position,
            Self::Place(place) => place.within(number),
        }
    }
}

/// Streams the calls that fit, newest first, in constant memory, as one of the exports that may run at once.
/// A fault in the middle breaks the connection off, so that no client takes a part for the whole.
pub(super) async fn stream_calls<C>(
    request: &HttpRequest,
    app: web::Data<App>,
    exported: Exported,
    parameters: ListParameters<C>,
    format: Format,
) -> Result<HttpResponse, ApiError> {
    let slot = app.exports.take(app.clients.of(request)).ok_or(ApiError::Busy { seconds: 5 })?;
    let ListParameters { filter, limit, details, .. } = parameters;
    let Exported { parties, with_owner, name, after } = exported;
    // The first batch comes before the answer begins, while it can still be a 503.
    let database = app.reads().clone();
    let begin = move || {
        let sources = app.reads().read(|connection| {
            let mut sources = Vec::with_capacity(parties.len());
            for party in &parties {
                let Some(owner) = parties::find_party(connection, party)? else { continue };
                let filter = filter.resolve(connection, owner)?;
                sources.push(Source::new(party.clone(), owner, filter, after));
            }
            Ok(sources)
        })?;
        let left = limit.map_or(u64::MAX, u64::from);
        let detailer = details.then(Detailer::default);
        let (reads, labels) = (app.reads().clone(), app.labels.clone());
        Export { reads, labels, sources, with_owner, left, format, detailer, first: true }.next_batch()
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
    let filter = filter_name(request.query_string());
    let file = format!("attachment; filename=\"calls-{}{filter}.{extension}\"", file_name(&name));
    Ok(HttpResponse::Ok()
        .content_type(format.media_type())
        .insert_header((CONTENT_DISPOSITION, file))
        .insert_header((VARY, HeaderValue::from_static("Accept")))
        .streaming(batches))
}

/// Error in the middle of an answer.
#[derive(Debug, thiserror::Error)]
#[error("the export broke off: {0}")]
struct BrokenOff(String);

impl From<ApiError> for BrokenOff {
    fn from(error: ApiError) -> Self {
        Self(error.to_string())
    }
}

/// The calls that an export without HTTP is to have: filters as in a query string.
pub(crate) struct Wanted(FilterParameters);

impl Wanted {
    /// # Errors
    /// A filter is unknown, or its value is malformed.
    pub(crate) fn read(filters: Vec<(String, String)>, region: Option<Region>) -> Result<Self, ApiError> {
        FilterParameters::read_alone(&Query::new(filters), region).map(Self)
    }
}

/// An export under way.
pub(crate) struct Export {
    reads: Database,
    labels: Labels,
    sources: Vec<Source>,
    with_owner: bool,
    left: u64,
    format: Format,
    /// There if details are wanted.
    detailer: Option<Detailer>,
    first: bool,
}

/// The calls of one history.
struct Source {
    party: Party,
    owner: PartyKey,
    filter: Filter,
    after: Option<Position>,
    /// Whether the last call has been read.
    ended: bool,
    /// Calls that were read and are not written yet, with when they were returned if details are wanted.
    waiting: VecDeque<(CallRow, Option<DateTime<Utc>>)>,
}

impl Export {
    /// All calls of a history that are wanted. With `is_first`, CSV begins with the names of its columns.
    pub(crate) fn of_history(
        (reads, labels): (Database, Labels),
        party: Party,
        wanted: &Wanted,
        format: Format,
        with_owner: bool,
        is_first: bool,
    ) -> Result<Self, DatabaseError> {
        let sources = reads.read(|connection| {
            let Some(owner) = parties::find_party(connection, &party)? else { return Ok(Vec::new()) };
            let filter = wanted.0.resolve(connection, owner)?;
            Ok(vec![Source::new(party.clone(), owner, filter, None)])
        })?;
        Ok(Self {
            reads,
            labels,
            sources,
            with_owner,
            left: u64::MAX,
            format,
            detailer: None,
            first: is_first,
        })
    }

    /// Sends all batches, the first of which is there. Each has to come within the time that any answer has.
    async fn send(mut self, first: Option<Bytes>, sender: mpsc::Sender<Result<Bytes, BrokenOff>>) {
        let mut batch = first;
        while let Some(bytes) = batch {
            // The client may be gone. An empty chunk would be the last one.
            if !bytes.is_empty() && sender.send(Ok(bytes)).await.is_err() {
                return;
            }
            let database = self.reads.clone();
            match database.block::<_, DatabaseError>(move || self.next_batch()).await {
                Ok(next) => (self, batch) = next,
                Err(error) => {
                    let error = ApiError::from(error);
                    error.log_failure("export");
                    // If it is gone, nobody has to know.
                    let _ = sender.send(Err(error.into())).await;
                    return;
                }
            }
        }
    }

    /// The next calls, written out, and the export after them. `None` after the last. A search that takes
    /// long comes back with nothing, and is to be continued.
    pub(crate) fn next_batch(mut self) -> Result<(Self, Option<Bytes>), DatabaseError> {
        let mut out = Vec::new();
        let is_first = std::mem::take(&mut self.first);
        if is_first && self.format == Format::Csv {
            out.extend_from_slice(if self.with_owner { b"owner," } else { b"" });
            out.extend_from_slice(HEADER);
        }
        let is_over = self.fill()?;
        if !is_over {
            while let Some((row, returned_at, party)) = self.next_call() {
                self.write(&mut out, row, returned_at, &party);
            }
        }
        Ok((self, (is_first || !is_over).then(|| out.into())))
    }

    /// The next calls themselves. `None` after the last.
    pub(crate) fn next_calls(&mut self) -> Result<Option<Vec<DetailedCall>>, DatabaseError> {
        if self.fill()? {
            return Ok(None);
        }
        Ok(Some(std::iter::from_fn(|| self.next_call()).map(|(row, ..)| row.into()).collect()))
    }

    /// Reads calls where none waits, and says whether there are no more.
    fn fill(&mut self) -> Result<bool, DatabaseError> {
        let share = BATCH / u16::try_from(self.sources.len()).unwrap_or(BATCH).clamp(1, BATCH);
        let patience =
            self.reads.deadlines().search() / u32::try_from(self.sources.len().max(1)).unwrap_or(1);
        let limit = u16::try_from(self.left).unwrap_or(u16::MAX).min(share.max(LEAST));
        if self.left == 0 || self.sources.iter().all(Source::is_over) {
            return Ok(true);
        }
        for source in &mut self.sources {
            source.fill((&self.reads, &self.labels), limit, patience, self.detailer.is_some())?;
        }
        Ok(false)
    }

    /// The newest of the calls that wait, if each history has one or has ended.
    fn next_call(&mut self) -> Option<(CallRow, Option<DateTime<Utc>>, Party)> {
        if self.left == 0 || self.sources.iter().any(|source| source.waiting.is_empty() && !source.ended) {
            return None;
        }
        let place = |source: &&mut Source| {
            source.waiting.front().map(|(row, _)| Place::of(source.owner, row.columns.position()))
        };
        let source = self.sources.iter_mut().max_by_key(place)?;
        let (row, returned_at) = source.waiting.pop_front()?;
        self.left -= 1;
        Some((row, returned_at, source.party.clone()))
    }

    fn write(&mut self, out: &mut Vec<u8>, row: CallRow, returned_at: Option<DateTime<Utc>>, party: &Party) {
        if self.with_owner && self.format == Format::Csv {
            write_field(out, &party.to_string());
            out.push(b',');
        }
        let brace = if self.with_owner && self.format != Format::Csv {
            out.extend_from_slice(b"{\"owner\":");
            // No party can fail.
            serde_json::to_writer(&mut *out, party).unwrap_or_default();
            Some(out.len())
        } else {
            None
        };
        match (&mut self.detailer, self.format) {
            (Some(detailer), _) => write_detailed(out, &detailer.detail(row, returned_at)),
            (None, Format::Csv) => write_csv(out, &row.into()),
            (None, Format::Json | Format::Ndjson) => write_ndjson(out, &row.into()),
        }
        if let Some(brace) = brace {
            // The call's other members follow.
            out[brace] = b',';
        }
    }
}

impl Source {
    fn new(party: Party, owner: PartyKey, filter: Filter, after: Option<After>) -> Self {
        let after = after.map(|after| after.within(owner));
        Self { party, owner, filter, after, ended: false, waiting: VecDeque::new() }
    }

    fn is_over(&self) -> bool {
        self.ended && self.waiting.is_empty()
    }

    /// Reads the next calls where none waits.
    fn fill(
        &mut self,
        (reads, labels): (&Database, &Labels),
        limit: u16,
        patience: Duration,
        with_details: bool,
    ) -> Result<(), DatabaseError> {
        if self.ended || !self.waiting.is_empty() {
            return Ok(());
        }
        let (rows, returned_at, next) = reads.read(|connection| {
            let page = list_calls(connection, self.owner, &self.filter, self.after, limit, patience)?;
            let returned_at = match with_details {
                true => returned::returned_at(connection, self.owner, &page.rows)?,
                false => vec![None; page.rows.len()],
            };
            let mut rows = CallRow::resolve(connection, labels, page.rows)?;
            details::read(connection, labels, self.owner, &mut rows)?;
            Ok((rows, returned_at, page.next))
        })?;
        self.after = next.or(self.after);
        self.ended = next.is_none();
        self.waiting.extend(rows.into_iter().zip(returned_at));
        Ok(())
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
    if let Some(note) = &details.note {
        out.extend_from_slice(b",\"note\":");
        // Neither a note nor a vector can fail.
        serde_json::to_writer(&mut *out, note).unwrap_or_default();
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
    let note = details.note.as_ref();
    let tags = note.map(|note| note.tags.join(", "));
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
        note.map_or("", |note| &note.text),
        tags.as_deref().unwrap_or_default(),
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
/// apostrophe in front, which makes it text; `+` and digits alone are a number, not a formula. So does a
/// field that begins with such an apostrophe, so that an import takes off no other.
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

/// The values of a filter as a part of a file's name: `-missed-2024-01-01`.
fn filter_name(query: &str) -> String {
    const OTHERS: [&str; 6] = ["number", "format", "include", "tz", "limit", "after"];
    let pairs = calls_model::query::pairs(query).filter(|(name, _)| !OTHERS.contains(&name.as_str()));
    let text: String = pairs.map(|(_, value)| format!("-{}", file_name(&value))).collect();
    text.chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_by_its_filter() {
        assert_eq!(filter_name(""), "");
        let query = "outcome=missed&format=csv&from=2024-01-31T00%3A00%3A00Z&tz=UTC";
        assert_eq!(filter_name(query), "-missed-2024-01-31T00_00_00Z");
    }

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
