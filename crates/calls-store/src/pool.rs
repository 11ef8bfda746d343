//! Connections for what takes its time: filtered pages, summaries, exports, writes of many calls. Plain pages
//! and single calls go by [`hot`](crate::hot).

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

/// Connections for requests.
#[derive(Clone)]
pub struct Database {
    pool: r2d2::Pool<Manager>,
    queue: Queue,
    deadlines: Deadlines,
    layout: Arc<OnceLock<Layout>>,
    url: Arc<str>,
}

/// The requests that wait for PostgreSQL. Clones share it.
#[derive(Debug, Clone)]
pub struct Queue {
    waiting: Arc<AtomicUsize>,
    most: usize,
}

/// A place in a [`Queue`].
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
    /// A queue with so many places.
    pub fn new(most: usize) -> Self {
        Self { waiting: Arc::default(), most }
    }

    /// A place, as long as it lives.
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

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A pool at this moment.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Connections that run queries.
    pub in_use: u32,
    /// Connections that wait for queries.
    pub idle: u32,
}

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// No connection within the time that a request may wait.
    #[error("no connection to PostgreSQL in time")]
    NoConnection,
    /// As many requests wait as may wait.
    #[error("too many requests wait for PostgreSQL")]
    TooManyWait,
    /// PostgreSQL is connected, but gives no answer in time.
    #[error("no answer from PostgreSQL in time")]
    Slow,
    /// Every connection died at once.
    #[error("PostgreSQL closes its connections")]
    Disconnected,
    /// The server is a standby, or was made one: it takes no writes.
    #[error("PostgreSQL takes no writes")]
    ReadOnly,
    /// PostgreSQL refused the query.
    #[error("a query failed")]
    Query(#[from] QueryError),
    /// PostgreSQL refused a query of the hot path.
    #[error("a query failed with SQLSTATE {:?}", .0.sqlstate)]
    Refused(Box<Failure>),
    /// A thread ended before its answer.
    #[error("a thread that asks PostgreSQL is gone")]
    ThreadGone,
}

impl Database {
    /// A pool of at most `size` connections, made as they are needed. Does not fail while PostgreSQL is down:
    /// requests will.
    pub fn new(url: &str, size: u32, queue: Queue, deadlines: Deadlines, failures: Failures) -> Self {
        let inner = ConnectionManager::new(with_options(url));
        let pool = r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(1.min(size)))
            .connection_timeout(deadlines.checkout())
            // A `SELECT 1` per request would be a third of the database's work; `read` tries again instead.
            .test_on_check_out(false)
            .build_unchecked(Manager { inner, failures, deadlines });
        Self { pool, queue, deadlines, layout: Arc::default(), url: with_options(url).into() }
    }

    /// Runs queries that only read. On a connection that turns out to be dead they are run again on another;
    /// after a restart of PostgreSQL all that wait in the pool are.
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

    /// Runs a transaction that may be run twice, as [`Database::read`] runs queries. One whose connection
    /// dies at its end can have been committed. Each of its statements may take as long as a write, for it
    /// may wait for another writer.
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

    /// A connection of its own, outside the pool, for work of minutes. Each of its statements may take as
    /// long as a write.
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

    /// Whether the tables are distributed. Asked once.
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

    /// The pool at this moment.
    pub fn load(&self) -> Load {
        let r2d2::State { connections, idle_connections, .. } = self.pool.state();
        Load { in_use: connections.saturating_sub(idle_connections), idle: idle_connections }
    }

    /// A connection, for which a request that began at `start` has waited no longer than it may.
    fn connection(&self, start: Instant) -> Result<r2d2::PooledConnection<Manager>, DatabaseError> {
        // Requests that get a connection at once are not counted as waiting.
        if let Some(pooled) = self.pool.try_get() {
            return Ok(pooled);
        }
        let _place = self.queue.line_up()?;
        let left = self.deadlines.checkout().saturating_sub(start.elapsed());
        self.pool.get_timeout(left).map_err(|_| DatabaseError::NoConnection)
    }

    /// The query's result; `None` if the connection was dead.
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
            // diesel has no kind for a statement that took too long, and its text is in the server's
            // language.
            Err(QueryError::DatabaseError(DatabaseErrorKind::Unknown, _))
                if start.elapsed() >= self.deadlines.statement() =>
            {
                Err(DatabaseError::Slow)
            }
            Err(QueryError::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _)) => {
                // After a failover the next connection leads to a server that takes writes.
                pooled.is_dead = true;
                Err(DatabaseError::ReadOnly)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Runs queries on a thread that may block, and abandons them if they take longer than a request may: the
    /// thread then ends whenever PostgreSQL answers or libpq gives up.
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

    /// As [`Database::block`], for work that writes and so may take longer: from when PostgreSQL has shown,
    /// within the time of a read, that it answers at all.
    ///
    /// # Errors
    /// Those of `work`, [`DatabaseError::Slow`], after which it may still be done, and those of
    /// [`Database::read`], after which it is not even begun.
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

/// A query for nothing.
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
    // Log lines of the work name the request that it is for.
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

/// Makes connections, and discards those that died. diesel's own manager would hand them out again.
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
