//! Connection pool for everything but the hot path: filtered pages, summaries, exports, and writes of many
//! calls. Plain pages and single calls use [`hot`](crate::hot).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::r2d2::ConnectionManager;
use diesel::result::{DatabaseErrorKind, Error as QueryError};

use crate::deadlines::Deadlines;
use crate::failure::Failure;
use crate::insertion::Layout;
use crate::libpq_options::with_options;
use crate::server::Failures;

/// The connection pool.
#[derive(Clone)]
pub struct Database {
    pool: r2d2::Pool<Manager>,
    queue: Queue,
    deadlines: Deadlines,
    layout: Arc<OnceLock<Layout>>,
    url: Arc<str>,
}

/// Requests that wait for PostgreSQL. Clones share the queue.
#[derive(Debug, Clone)]
pub struct Queue {
    waiting: Arc<AtomicUsize>,
    most: usize,
}

/// A place in a [`Queue`], released on drop.
#[derive(Debug)]
pub struct Place {
    waiting: Arc<AtomicUsize>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Queue {
    /// A queue with `most` places.
    pub fn new(most: usize) -> Self {
        Self { waiting: Arc::default(), most }
    }

    /// Takes a place in the queue.
    ///
    /// # Errors
    /// [`DatabaseError::TooManyWait`].
    pub fn line_up(&self) -> Result<Place, DatabaseError> {
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let place = Place { waiting: self.waiting.clone() };
        if before < self.most { Ok(place) } else { Err(DatabaseError::TooManyWait) }
    }

    /// Number of waiting requests.
    pub fn len(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Whether no request waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Current load of the pool.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Connections that run queries.
    pub in_use: u32,
    /// Connections that wait for queries.
    pub idle: u32,
}

/// Reason why a query gave no result.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// No connection was free in time.
    #[error("no connection to PostgreSQL in time")]
    NoConnection,
    /// The limit of waiting requests is reached.
    #[error("too many requests wait for PostgreSQL")]
    TooManyWait,
    /// PostgreSQL is connected, but does not respond in time.
    #[error("no answer from PostgreSQL in time")]
    Slow,
    /// Every connection was closed at once.
    #[error("PostgreSQL closes its connections")]
    Disconnected,
    /// The server is a standby, or has become one, and accepts no writes.
    #[error("PostgreSQL takes no writes")]
    ReadOnly,
    /// PostgreSQL refused the query.
    #[error("a query failed")]
    Query(#[from] QueryError),
    /// PostgreSQL refused a query of the hot path.
    #[error("a query failed with SQLSTATE {:?}", .0.sqlstate)]
    Refused(Box<Failure>),
    /// A thread ended without a result.
    #[error("a thread that asks PostgreSQL is gone")]
    ThreadGone,
}

impl Database {
    /// A pool of at most `size` connections, established as needed. It does not fail while PostgreSQL is
    /// down; its requests do.
    pub fn new(url: &str, size: u32, queue: Queue, deadlines: Deadlines, failures: Failures) -> Self {
        let inner = ConnectionManager::new(with_options(url));
        let pool = r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(1.min(size)))
            .connection_timeout(deadlines.checkout())
            // A `SELECT 1` per request would add a third to the load of the database. `read` retries instead.
            .test_on_check_out(false)
            .build_unchecked(Manager { inner, failures, deadlines });
        Self { pool, queue, deadlines, layout: Arc::default(), url: with_options(url).into() }
    }

    /// Runs read-only queries. If the connection turns out to be broken they are retried on another one, up
    /// to as many times as the pool has connections.
    pub fn read<T>(&self, query: impl Fn(&mut PgConnection) -> QueryResult<T>) -> Result<T, DatabaseError> {
        let start = Instant::now();
        for _ in 0..=self.pool.max_size() {
            let mut pooled = self.connection(start)?;
            if let Some(result) = self.attempt(&mut pooled, &query)? {
                return Ok(result);
            }
        }
        Err(DatabaseError::Disconnected)
    }

    /// Runs a transaction that may be repeated, with the retries of [`Database::read`]. If the connection
    /// breaks at the commit, the transaction may have been committed. Statements have the time limit of a
    /// write, because they may wait for other writers.
    pub fn write<T>(
        &self,
        transaction: impl Fn(&mut PgConnection) -> QueryResult<T>,
    ) -> Result<T, DatabaseError> {
        let limit = format!("SET LOCAL statement_timeout = {}", self.deadlines.write().as_millis());
        self.read(|connection| {
            connection.transaction(|connection| {
                connection.batch_execute(&limit)?;
                transaction(connection)
            })
        })
    }

    /// A connection outside the pool, for work of minutes. Statements have the time limit of a write.
    ///
    /// # Errors
    /// [`DatabaseError::NoConnection`].
    pub fn dedicated(&self) -> Result<PgConnection, DatabaseError> {
        let connect = || {
            let mut connection = PgConnection::establish(&self.url).ok()?;
            let limit = format!("SET statement_timeout = {}", self.deadlines.write().as_millis());
            connection.batch_execute(&limit).ok()?;
            Some(connection)
        };
        connect().ok_or(DatabaseError::NoConnection)
    }

    /// The requests that wait for a connection.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Deadlines.
    pub fn deadlines(&self) -> Deadlines {
        self.deadlines
    }

    /// Whether the tables are distributed. Queried once.
    pub fn layout(&self, connection: &mut PgConnection) -> QueryResult<Layout> {
        match self.layout.get() {
            Some(layout) => Ok(*layout),
            None => {
                let layout = Layout::of(connection)?;
                Ok(*self.layout.get_or_init(|| layout))
            }
        }
    }

    /// Maximum number of connections.
    pub fn size(&self) -> usize {
        usize::try_from(self.pool.max_size()).unwrap_or(usize::MAX)
    }

    /// Current load.
    pub fn load(&self) -> Load {
        let r2d2::State { connections, idle_connections, .. } = self.pool.state();
        Load { in_use: connections.saturating_sub(idle_connections), idle: idle_connections }
    }

    /// Takes a connection for a request that began at `start`, within the time that it may wait.
    fn connection(&self, start: Instant) -> Result<r2d2::PooledConnection<Manager>, DatabaseError> {
        // Requests that get a connection at once are not counted as waiting.
        if let Some(pooled) = self.pool.try_get() {
            return Ok(pooled);
        }
        let _place = self.queue.line_up()?;
        let left = self.deadlines.checkout().saturating_sub(start.elapsed());
        self.pool.get_timeout(left).map_err(|_| DatabaseError::NoConnection)
    }

    /// The result of a query; `None` if the connection was broken.
    fn attempt<T>(
        &self,
        pooled: &mut Pooled,
        query: impl Fn(&mut PgConnection) -> QueryResult<T>,
    ) -> Result<Option<T>, DatabaseError> {
        let start = Instant::now();
        match query(&mut pooled.connection) {
            Ok(found) => Ok(Some(found)),
            Err(error) if is_disconnected(&error) => {
                pooled.is_dead = true;
                Ok(None)
            }
            // diesel has no kind for a statement that timed out, and the message is in the server's language.
            Err(QueryError::DatabaseError(DatabaseErrorKind::Unknown, _))
                if start.elapsed() >= self.deadlines.statement() =>
            {
                Err(DatabaseError::Slow)
            }
            Err(QueryError::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _)) => {
                // After a failover, the next connection leads to a server that accepts writes.
                pooled.is_dead = true;
                Err(DatabaseError::ReadOnly)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Runs blocking work on a thread, and abandons it after the time limit of a request: the thread then
    /// ends when PostgreSQL responds or libpq gives up.
    ///
    /// # Errors
    /// Those of `work`, and [`DatabaseError::Slow`].
    pub async fn block<T, E>(&self, work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        block_until(self.deadlines.request, work).await
    }

    /// Like [`Database::block`], for writes, whose longer time limit begins when PostgreSQL has responded to
    /// a ping within the limit of a read.
    ///
    /// # Errors
    /// Those of `work`; [`DatabaseError::Slow`], after which the work may still complete; and those of
    /// [`Database::read`], after which it has not begun.
    pub async fn block_writing<T, E>(
        &self,
        work: impl FnOnce() -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        let database = self.clone();
        self.block::<(), DatabaseError>(move || database.read(ping)).await?;
        block_until(self.deadlines.write(), work).await
    }
}

/// A query without a result, to check the connection.
pub fn ping(connection: &mut PgConnection) -> QueryResult<()> {
    diesel::sql_query("SELECT 1").execute(connection).map(|_| ())
}

async fn block_until<T, E>(
    deadline: Duration,
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<DatabaseError> + Send + 'static,
{
    // Log lines of the work have the request id.
    let span = tracing::Span::current();
    let work = move || span.in_scope(work);
    match tokio::time::timeout(deadline, tokio::task::spawn_blocking(work)).await {
        Ok(Ok(done)) => done,
        Ok(Err(_)) => Err(DatabaseError::ThreadGone.into()),
        Err(_) => Err(DatabaseError::Slow.into()),
    }
}

/// A connection in the pool.
struct Pooled {
    connection: PgConnection,
    is_dead: bool,
}

/// Establishes connections, and discards broken ones, which diesel's own manager would reuse.
struct Manager {
    inner: ConnectionManager<PgConnection>,
    failures: Failures,
    deadlines: Deadlines,
}

impl r2d2::ManageConnection for Manager {
    type Connection = Pooled;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Pooled, Self::Error> {
        let mut connection = self.inner.connect().inspect_err(|_| self.failures.tell())?;
        let limit = format!("SET statement_timeout = {}", self.deadlines.statement().as_millis());
        connection.batch_execute(&limit).map_err(diesel::r2d2::Error::QueryError)?;
        Ok(Pooled { connection, is_dead: false })
    }

    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), Self::Error> {
        self.inner.is_valid(&mut pooled.connection)
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        pooled.is_dead || self.inner.has_broken(&mut pooled.connection)
    }
}

fn is_disconnected(error: &QueryError) -> bool {
    use DatabaseErrorKind::{ClosedConnection, UnableToSendCommand};
    matches!(error, QueryError::DatabaseError(ClosedConnection | UnableToSendCommand, _))
}
