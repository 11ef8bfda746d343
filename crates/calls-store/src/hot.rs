//! The hot path: plain pages, versions and single calls, by pipelined prepared statements.
//!
//! Each worker thread has a [`Hot`]. It reads over one connection with any number of statements under way. A
//! request without a response after [`PATIENCE`] is repeated over another connection, which new requests then
//! use at once, so that a slow statement delays no other. Writes wait for the disk, so they have their own
//! connections.

mod lane;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::try_join;
use futures_util::{TryStreamExt as _, pin_mut};
use tokio::time::timeout;
use tokio_postgres::Statement;
use tokio_postgres::types::{FromSql, ToSql, Type};

use crate::address::Address;
use crate::columns::{DispositionColumn, TypeColumn};
use crate::deadlines::Deadlines;
use crate::failure;
use crate::insertion::{CHANNEL, Layout, NewCall};
use crate::keys::{CallId, PartyKey, Version};
use crate::labels::Labels;
use crate::list;
use crate::pool::{DatabaseError, Queue};
use crate::rows::{CallColumns, CallRow, Position};
use crate::server::Failures;
use lane::{Connected, Lane};

/// A hundred times the usual response time.
const PATIENCE: Duration = Duration::from_millis(20);
/// Number of connections per worker for writes.
const WRITERS: usize = 4;

/// Configuration of a [`Hot`]; each worker makes its own.
#[derive(Clone)]
pub struct HotOptions {
    /// Address of PostgreSQL.
    pub address: Arc<Address>,
    /// Queue of waiting requests.
    pub queue: Queue,
    /// Cache of the parties without digits, by key.
    pub labels: Labels,
    /// Deadlines.
    pub deadlines: Deadlines,
    /// Notified of failed connections.
    pub failures: Failures,
    /// Number of connections per worker for reads; one is enough while PostgreSQL is fast.
    pub readers: usize,
}

/// Connections of one worker thread.
pub struct Hot {
    options: HotOptions,
    readers: Vec<Lane>,
    writers: Vec<Lane>,
}

/// Request for a page of all calls of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageQuestion {
    /// Owner of the history.
    pub owner: PartyKey,
    /// Start after this call, or at the newest.
    pub after: Option<Position>,
    /// Maximum number of calls.
    pub limit: u16,
    /// The version that the client has. If it is current, the page has no calls.
    pub known: Option<Version>,
}

/// A page of a history. Its version may be older than its calls, never newer.
#[derive(Debug)]
pub struct Page {
    /// [`Version::NONE`] for a number without a history.
    pub version: Version,
    /// The calls; empty if the client has the current version.
    pub rows: Vec<CallRow>,
    /// Start of the next page.
    pub next: Option<Position>,
}

/// Prepared statements of a connection.
pub(crate) struct Statements {
    layout: Layout,
    version: Statement,
    first_page: Statement,
    next_page: Statement,
    labels: Statement,
    add_call: Statement,
}

impl Statements {
    pub(crate) async fn prepare(client: &tokio_postgres::Client) -> Result<Self, tokio_postgres::Error> {
        let is_distributed: bool = client.query_one(Layout::QUERY, &[]).await?.get(0);
        let layout = if is_distributed { Layout::Distributed } else { Layout::Plain };
        Ok(Self {
            layout,
            version: client.prepare(VERSION).await?,
            first_page: client.prepare(&page_statement(layout, FIRST_PAGE)).await?,
            next_page: client.prepare(&page_statement(layout, NEXT_PAGE)).await?,
            labels: client.prepare(LABELS).await?,
            add_call: client.prepare(ADD_CALL).await?,
        })
    }
}

pub(crate) const VERSION: &str = "SELECT version FROM histories WHERE number = $1";

const FIRST_PAGE: &str = "
    SELECT id, created_at, counterparty, duration_ms, type, disposition FROM calls
    WHERE number = $1 ORDER BY created_at DESC, id DESC LIMIT $2";

// A row comparison, as the index orders rows, so that the index scan starts there.
const NEXT_PAGE: &str = "
    SELECT id, created_at, counterparty, duration_ms, type, disposition FROM calls
    WHERE number = $1 AND (created_at, id) < ($3::timestamptz, $4::bigint) ORDER BY created_at DESC, id DESC LIMIT $2";

/// The statement for a page. Its first row has the type 0 and the version of the history: one statement is
/// cheaper than two. Citus caches the plan of a statement only if it uses one table.
fn page_statement(layout: Layout, rows: &str) -> String {
    match layout {
        Layout::Distributed => rows.to_owned(),
        Layout::Plain => format!(
            "SELECT version, NULL::timestamptz, NULL::bigint, NULL::integer, 0::smallint, 0::smallint
             FROM histories WHERE number = $1
             UNION ALL ({rows})"
        ),
    }
}

pub(crate) const LABELS: &str = "SELECT number, kind, label FROM other_parties WHERE number = ANY ($1)";

// One statement is one transaction: it looks for near calls, locks the history and takes an id, inserts the
// call, and notifies listeners. If another transaction added a near call in between, it ends with a division
// by zero and is repeated, and then finds that call.
pub(crate) const ADD_CALL: &str = "
    WITH near AS (
        SELECT FROM calls WHERE number = $1 AND counterparty = $2 AND type = $3
           AND created_at BETWEEN $4::timestamptz - interval '2 s' AND $4::timestamptz + interval '2 s' LIMIT 1
    ), history AS (
        INSERT INTO histories (number, version, calls, epoch, last_call)
        SELECT $1::bigint, $8::bigint + 1, 1, $8::bigint, $4::timestamptz WHERE NOT EXISTS (SELECT FROM near)
        ON CONFLICT (number) DO UPDATE
        SET version = histories.version + excluded.calls, calls = histories.calls + excluded.calls,
            last_call = greatest(histories.last_call, excluded.last_call)
        RETURNING version
    ), added AS (
        INSERT INTO calls (number, id, counterparty, created_at, duration_ms, type, disposition, ring_ms, via)
        SELECT $1::bigint, version, $2::bigint, $4::timestamptz, $5::integer, $3::smallint, $6::smallint, $7::integer,
               $11::bigint
        FROM history
        ON CONFLICT ON CONSTRAINT calls_natural_key DO NOTHING
        RETURNING id
    )
    SELECT 1 / (SELECT count(*) FROM added), pg_notify($9::text, $10::text) FROM history";

impl Hot {
    /// Connects at the first request.
    pub fn new(options: HotOptions) -> Self {
        let readers = (0..options.readers.max(1)).map(|_| Lane::default()).collect();
        let writers = (0..WRITERS).map(|_| Lane::default()).collect();
        Self { options, readers, writers }
    }

    /// Reads a page.
    ///
    /// # Errors
    /// Those of the database, within the time limit of a request.
    pub async fn page(&self, question: PageQuestion) -> Result<Page, DatabaseError> {
        self.read(async |connected: &Connected| self.page_over(connected, question).await).await
    }

    /// Reads the version of a history.
    ///
    /// # Errors
    /// Those of [`Hot::page`].
    pub async fn version(&self, owner: PartyKey) -> Result<Version, DatabaseError> {
        self.read(async |connected: &Connected| version(connected, owner).await).await
    }

    async fn page_over(&self, connected: &Connected, question: PageQuestion) -> Result<Page, Failure> {
        let PageQuestion { owner, known, .. } = question;
        if let Some(known) = known {
            // Usually nothing is new.
            let version = version(connected, owner).await?;
            if version == known {
                return Ok(Page { version, rows: Vec::new(), next: None });
            }
        }
        let (version, rows) = match connected.statements.layout {
            Layout::Plain => page(connected, question).await?,
            Layout::Distributed => {
                let (version, (_, rows)) =
                    try_join(version(connected, owner), page(connected, question)).await?;
                (version, rows)
            }
        };
        let list::Page { rows, next } = rows;
        let labels = &self.options.labels;
        let missing = labels.missing(rows.iter().map(|row| row.counterparty));
        if !missing.is_empty() {
            read_labels(connected, labels, &missing).await?;
        }
        Ok(Page { version, rows: CallRow::with_labels(labels, rows), next })
    }

    /// Adds a call. Returns whether it was new: there was no call with the same parties and type within two
    /// seconds. `None` if the tables are distributed, which this statement does not support.
    ///
    /// # Errors
    /// Those of the database, within the time limit of a request. The call may have been stored nevertheless.
    pub async fn add_call(&self, call: &NewCall) -> Result<Option<bool>, DatabaseError> {
        let _place = self.options.queue.line_up()?;
        let lane = self.writers.iter().min_by_key(|lane| lane.under_way());
        let lane = lane.ok_or(DatabaseError::NoConnection)?;
        let _counted = lane.count();
        self.in_time(lane, self.over(lane, async |connected: &Connected| add_call(connected, call).await))
            .await
    }

    /// Sends a request over one connection, and after a delay over another one too.
    async fn read<T>(&self, ask: impl AsyncFn(&Connected) -> Result<T, Failure>) -> Result<T, DatabaseError> {
        let _place = self.options.queue.line_up()?;
        let lane = self.readers.iter().find(|lane| !lane.is_slow(PATIENCE)).unwrap_or(&self.readers[0]);
        let counted = lane.count();
        let first = self.over(lane, &ask);
        self.in_time(lane, async {
            pin_mut!(first);
            if let Ok(answer) = timeout(PATIENCE, &mut first).await {
                return answer;
            }
            let other =
                self.readers.iter().find(|other| !std::ptr::eq(*other, lane) && !other.is_slow(PATIENCE));
            // A statement that is itself slow would be slow on the other connection too.
            let Some(other) = other.filter(|_| !counted.is_first()) else { return first.await };
            let _counted = other.count();
            let second = self.over(other, &ask);
            pin_mut!(second);
            tokio::select! {
                answer = &mut first => answer,
                answer = &mut second => answer,
            }
        })
        .await
    }

    /// Limits work to the time of a request. PostgreSQL cancels a statement before that, so a connection
    /// without any response is broken: the next request connects again, perhaps to another host.
    async fn in_time<T>(
        &self,
        lane: &Lane,
        work: impl Future<Output = Result<T, DatabaseError>>,
    ) -> Result<T, DatabaseError> {
        let answers = lane.answers();
        match timeout(self.options.deadlines.request, work).await {
            Ok(result) => result,
            Err(_) => {
                if lane.answers() == answers {
                    lane.give_up();
                }
                Err(DatabaseError::Slow)
            }
        }
    }

    /// Sends a request over a connection, or over a new one if that one is broken.
    async fn over<T>(
        &self,
        lane: &Lane,
        ask: impl AsyncFn(&Connected) -> Result<T, Failure>,
    ) -> Result<T, DatabaseError> {
        for _ in 0..2 {
            let connected = lane.connected(&self.options).await?;
            match ask(&connected).await {
                Ok(answer) => {
                    lane.answered();
                    return Ok(answer);
                }
                Err(Failure::Again) => {}
                Err(Failure::Postgres(error)) if connected.client.is_closed() || error.is_closed() => {
                    lane.forget(&connected);
                }
                Err(Failure::Postgres(error)) => {
                    lane.answered();
                    let refused = refused(&error);
                    // After a failover, the next connection leads to a server that accepts writes.
                    if matches!(refused, DatabaseError::ReadOnly) {
                        lane.forget(&connected);
                    }
                    return Err(refused);
                }
            }
        }
        Err(DatabaseError::Disconnected)
    }
}

/// Reason why a statement gave no result.
enum Failure {
    Postgres(tokio_postgres::Error),
    /// Another transaction came first.
    Again,
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Postgres(error)
    }
}

/// The error without the server's message, which can contain values of rows.
pub(crate) fn refused(error: &tokio_postgres::Error) -> DatabaseError {
    use tokio_postgres::error::SqlState;
    match error.code() {
        None if error.is_closed() => DatabaseError::Disconnected,
        Some(&SqlState::QUERY_CANCELED) => DatabaseError::Slow,
        // The server is starting, shutting down or in recovery.
        Some(&(SqlState::CANNOT_CONNECT_NOW | SqlState::ADMIN_SHUTDOWN | SqlState::CRASH_SHUTDOWN)) => {
            DatabaseError::Disconnected
        }
        Some(&SqlState::READ_ONLY_SQL_TRANSACTION) => DatabaseError::ReadOnly,
        _ => DatabaseError::Refused(Box::new(failure::Failure::of_postgres(error))),
    }
}

async fn version(connected: &Connected, owner: PartyKey) -> Result<Version, Failure> {
    let row = connected.client.query_opt(&connected.statements.version, &[&owner.0]).await?;
    Ok(row.map_or(Version::NONE, |row| Version(row.get(0))))
}

async fn page(connected: &Connected, question: PageQuestion) -> Result<(Version, list::Page), Failure> {
    let PageQuestion { owner, after, limit, .. } = question;
    let calls = list::Page::calls_to_read(limit.into());
    let (version, rows) = match after {
        None => {
            let parameters: [&(dyn ToSql + Sync); 2] = [&owner.0, &calls];
            read_calls(connected, &connected.statements.first_page, &parameters).await?
        }
        Some(Position { created_at, id }) => {
            let parameters: [&(dyn ToSql + Sync); 4] = [&owner.0, &calls, &created_at, &id.0];
            read_calls(connected, &connected.statements.next_page, &parameters).await?
        }
    };
    Ok((version, list::Page::of(rows, limit.into())))
}

/// Reads the version and the calls selected by [`page_statement`].
async fn read_calls(
    connected: &Connected,
    statement: &Statement,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<(Version, Vec<CallColumns>), tokio_postgres::Error> {
    let stream = connected.client.query_raw(statement, parameters.iter().copied()).await?;
    pin_mut!(stream);
    let (mut version, mut rows) = (Version::NONE, Vec::with_capacity(64));
    while let Some(row) = stream.try_next().await? {
        let code: i16 = row.get(4);
        if code == 0 {
            version = Version(row.get(0));
            continue;
        }
        // Unknown codes are from a newer version of this program.
        let (call_type, disposition) =
            (TypeColumn::from_code(code), DispositionColumn::from_code(row.get(5)));
        let (Some(call_type), Some(disposition)) = (call_type, disposition) else { continue };
        rows.push(CallColumns {
            id: CallId(row.get(0)),
            created_at: row.get::<_, RawTime>(1).0,
            counterparty: PartyKey(row.get(2)),
            duration_ms: row.get(3),
            call_type,
            disposition,
        });
    }
    Ok((version, rows))
}

/// A time in PostgreSQL's binary format: microseconds since 2000. Decoding it with chrono's types takes twice
/// as long.
struct RawTime(DateTime<Utc>);

impl FromSql<'_> for RawTime {
    fn from_sql(_: &Type, raw: &[u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        /// 2000-01-01 in microseconds since 1970.
        const ORIGIN: i64 = 946_684_800_000_000;
        let micros = i64::from_be_bytes(raw.try_into()?);
        let at = micros.checked_add(ORIGIN).and_then(DateTime::from_timestamp_micros);
        at.map(Self).ok_or_else(|| "expected a time of the calendar, but found another".into())
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::TIMESTAMPTZ
    }
}

/// Reads the parties of some keys into `labels`.
pub(crate) async fn read_labels(
    connected: &Connected,
    labels: &Labels,
    keys: &[PartyKey],
) -> Result<(), tokio_postgres::Error> {
    let keys: Vec<i64> = keys.iter().map(|key| key.0).collect();
    let rows = connected.client.query(&connected.statements.labels, &[&keys]).await?;
    labels.keep(rows.iter().map(|row| (PartyKey(row.get(0)), row.get(1), row.get(2))));
    Ok(())
}

async fn add_call(connected: &Connected, call: &NewCall) -> Result<Option<bool>, Failure> {
    if connected.statements.layout == Layout::Distributed {
        return Ok(None);
    }
    let now = Utc::now().timestamp_micros();
    let (call_type, disposition) = (call.call_type.code(), call.disposition.code());
    let via = call.via.map(|via| via.0);
    let parameters: [&(dyn ToSql + Sync); 11] = [
        &call.number.0,
        &call.counterparty.0,
        &call_type,
        &call.created_at,
        &call.duration_ms,
        &disposition,
        &call.ring_ms,
        &now,
        &CHANNEL,
        &call.number.0.to_string(),
        &via,
    ];
    match connected.client.query_opt(&connected.statements.add_call, &parameters).await {
        Ok(row) => Ok(Some(row.is_some())),
        Err(error) if error.code() == Some(&tokio_postgres::error::SqlState::DIVISION_BY_ZERO) => {
            Err(Failure::Again)
        }
        Err(error) => Err(error.into()),
    }
}
