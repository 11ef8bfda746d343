//! Streams all calls of a history, as NDJSON or CSV.

mod lines;

use std::collections::VecDeque;
use std::time::Duration;

use actix_web::http::header::{CONTENT_DISPOSITION, HeaderValue, VARY};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use calls_model::{DetailedCall, Party};
use chrono::{DateTime, Utc};
use futures_util::future;
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;

use self::lines::{Lines, Read};
pub use self::lines::{write_csv, write_ndjson};
use super::parameters::{FilterParameters, Format, ListParameters, Query};
use crate::app::App;
use crate::details::Detailer;
use crate::problem::ApiError;
use calls_phone::Region;
use calls_store::details::Reader;
use calls_store::filter::Filter;
use calls_store::keys::PartyKey;
use calls_store::labels::Labels;
use calls_store::merged::Place;
use calls_store::pool::{Database, DatabaseError};
use calls_store::rows::{CallRow, Position};
use calls_store::{parties, returned};

/// Rows per query. No connection is held between queries, so a slow client blocks none.
const BATCH: u16 = 5_000;
/// Minimum number of rows per query if several lines share the batch.
const LEAST: u16 = 200;
/// Batches that are buffered for a slow client.
const WAITING: usize = 2;

/// The calls to export.
pub(super) struct Exported {
    /// Owners: one number, or several lines.
    pub parties: Vec<Party>,
    /// Whether each row has a member or column `owner`.
    pub with_owner: bool,
    /// Number or name in the name of the file.
    pub name: String,
    /// Start of the export: the calls after this one.
    pub after: Option<After>,
}

/// A position in the list.
#[derive(Debug, Clone, Copy)]
pub(super) enum After {
    /// A position in a history.
    Position(Position),
    /// A position in a list of several lines.
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

/// Streams the matching calls, newest first, in constant memory, as one of the limited exports. An error in
/// the middle aborts the connection, so that no client takes a part for the whole.
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
    // The first batch is read before the response begins, when it can still be a 503.
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
        let owners = with_owner.then(|| sources.iter().map(|source| source.party.clone()).collect());
        let lines = Lines::new(format, owners, details.then(Detailer::default), true);
        let (reads, reader) = (app.reads().clone(), Reader::new(app.labels.clone()));
        let left = limit.map_or(u64::MAX, u64::from);
        let calls = Calls { reads, reader, sources, left, with_details: details };
        let (calls, first) = calls.next_batch()?;
        Ok((calls, first.unwrap_or_default(), lines))
    };
    let (calls, first, lines) = database.block::<_, DatabaseError>(begin).await?;

    let (sender, receiver) = mpsc::channel(WAITING);
    actix_web::rt::spawn(send(calls, first, lines, sender));
    let batches = ReceiverStream::new(receiver).map(move |batch| {
        // Released when no part of the export is in memory.
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

/// Error in the middle of a response.
#[derive(Debug, thiserror::Error)]
#[error("the export broke off: {0}")]
struct BrokenOff(String);

impl From<ApiError> for BrokenOff {
    fn from(error: ApiError) -> Self {
        Self(error.to_string())
    }
}

/// Filter of an export by the command line, with the names of the query parameters.
pub(crate) struct Wanted(FilterParameters);

impl Wanted {
    /// # Errors
    /// A filter is unknown, or its value is malformed.
    pub(crate) fn read(filters: Vec<(String, String)>, region: Option<Region>) -> Result<Self, ApiError> {
        FilterParameters::read_alone(&Query::new(filters), region).map(Self)
    }
}

/// An export to a file in progress.
pub(crate) struct Export {
    calls: Calls,
    lines: Lines,
    first: bool,
}

/// The calls of an export, newest first.
struct Calls {
    reads: Database,
    reader: Reader,
    sources: Vec<Source>,
    left: u64,
    with_details: bool,
}

/// The calls of one history.
struct Source {
    party: Party,
    owner: PartyKey,
    filter: Filter,
    after: Option<Position>,
    /// Whether all calls have been read.
    ended: bool,
    /// Calls that were read and not yet written, with the time of their return if details are requested.
    waiting: VecDeque<(CallRow, Option<DateTime<Utc>>)>,
}

/// Sends all calls; the first batch is already read. Each batch has the deadline of a response, and is read
/// while the previous one is sent.
async fn send(
    mut calls: Calls,
    first: Vec<Read>,
    mut lines: Lines,
    sender: mpsc::Sender<Result<Bytes, BrokenOff>>,
) {
    let mut batch = Some(first);
    while let Some(read) = batch {
        let database = calls.reads.clone();
        let reading = database.block::<_, DatabaseError>(move || calls.next_batch());
        let writing = database.block::<_, DatabaseError>(move || {
            let bytes = lines.write(read);
            Ok((lines, bytes))
        });
        let sending = async {
            let (lines, bytes) = writing.await?;
            // An empty chunk would end the response.
            let is_there = bytes.is_empty() || sender.send(Ok(bytes)).await.is_ok();
            Ok((lines, is_there))
        };
        let (sent, next) = match sender.capacity() {
            // Nothing is read ahead for a slow client.
            0 => (sending.await, reading.await),
            _ => future::join(sending, reading).await,
        };
        match (sent, next) {
            // The client has left.
            (Ok((_, false)), _) => return,
            (Ok((same, true)), Ok((rest, following))) => (lines, calls, batch) = (same, rest, following),
            (Err(error), _) | (_, Err(error)) => {
                let error = ApiError::from(error);
                error.log_failure("export");
                // If the client has left, the error does not matter.
                let _ = sender.send(Err(error.into())).await;
                return;
            }
        }
    }
}

impl Export {
    /// The matching calls of a history. With `is_first`, CSV begins with the header.
    pub(crate) fn of_history(
        (reads, labels): (Database, Labels),
        party: Party,
        wanted: &Wanted,
        format: Format,
        with_owner: bool,
        is_first: bool,
    ) -> Result<Self, DatabaseError> {
        let owners = with_owner.then(|| vec![party.clone()]);
        let sources = reads.read(|connection| {
            let Some(owner) = parties::find_party(connection, &party)? else { return Ok(Vec::new()) };
            let filter = wanted.0.resolve(connection, owner)?;
            Ok(vec![Source::new(party.clone(), owner, filter, None)])
        })?;
        let reader = Reader::new(labels);
        let calls = Calls { reads, reader, sources, left: u64::MAX, with_details: false };
        Ok(Self { calls, lines: Lines::new(format, owners, None, is_first), first: is_first })
    }

    /// The next calls in the format, and the export to continue. `None` at the end.
    pub(crate) fn next_batch(mut self) -> Result<(Self, Option<Bytes>), DatabaseError> {
        let is_first = std::mem::take(&mut self.first);
        let batch;
        (self.calls, batch) = self.calls.next_batch()?;
        // The header is written even without calls.
        let batch = batch.or_else(|| is_first.then(Vec::new));
        let bytes = batch.map(|batch| self.lines.write(batch));
        Ok((self, bytes))
    }

    /// The next calls. `None` at the end.
    #[cfg(feature = "parquet")]
    pub(crate) fn next_calls(mut self) -> Result<(Self, Option<Vec<DetailedCall>>), DatabaseError> {
        let batch;
        (self.calls, batch) = self.calls.next_batch()?;
        Ok((self, batch.map(|batch| batch.into_iter().map(|read| read.row.into()).collect())))
    }
}

impl Calls {
    /// The next calls, and the calls to continue with. `None` at the end. The batch of a slow search may be
    /// empty.
    fn next_batch(mut self) -> Result<(Self, Option<Vec<Read>>), DatabaseError> {
        if self.left == 0 || self.sources.iter().all(Source::is_over) {
            return Ok((self, None));
        }
        let share = BATCH / u16::try_from(self.sources.len()).unwrap_or(BATCH).clamp(1, BATCH);
        let patience =
            self.reads.deadlines().search() / u32::try_from(self.sources.len().max(1)).unwrap_or(1);
        let limit = u16::try_from(self.left).unwrap_or(u16::MAX).min(share.max(LEAST));
        for source in &mut self.sources {
            source.fill((&self.reads, &self.reader), limit, patience, self.with_details)?;
        }
        let mut batch = Vec::with_capacity(usize::from(limit));
        batch.extend(std::iter::from_fn(|| self.next_call()));
        Ok((self, Some(batch)))
    }

    /// The newest buffered call, if each history has one or has ended.
    fn next_call(&mut self) -> Option<Read> {
        if self.left == 0 || self.sources.iter().any(|source| source.waiting.is_empty() && !source.ended) {
            return None;
        }
        let place = |(_, source): &(usize, &mut Source)| {
            source.waiting.front().map(|(row, _)| Place::of(source.owner, row.columns.position()))
        };
        let (source, history) = self.sources.iter_mut().enumerate().max_by_key(place)?;
        let (row, returned_at) = history.waiting.pop_front()?;
        self.left -= 1;
        Some(Read { row, returned_at, source })
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

    /// Reads the next calls, if none is buffered.
    fn fill(
        &mut self,
        (reads, reader): (&Database, &Reader),
        limit: u16,
        patience: Duration,
        with_details: bool,
    ) -> Result<(), DatabaseError> {
        if self.ended || !self.waiting.is_empty() {
            return Ok(());
        }
        let (rows, returned_at, next) = reads.read(|connection| {
            let (rows, next) =
                reader.page(connection, self.owner, &self.filter, self.after, (limit, patience))?;
            let returned_at = match with_details {
                true => {
                    let columns: Vec<_> = rows.iter().map(|row| row.columns).collect();
                    returned::returned_at(connection, self.owner, &columns)?
                }
                false => vec![None; rows.len()],
            };
            Ok((rows, returned_at, next))
        })?;
        self.after = next.or(self.after);
        self.ended = next.is_none();
        self.waiting.extend(rows.into_iter().zip(returned_at));
        Ok(())
    }
}

/// A number or address in the name of a file.
fn file_name(party: &str) -> String {
    party.chars().map(|c| if c.is_ascii_alphanumeric() || "+.-".contains(c) { c } else { '_' }).collect()
}

/// The values of a filter in the name of a file: `-missed-2024-01-01`.
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
}
