//! Where PostgreSQL is, its connections and its migrations.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use actix_web::web;
use anyhow::Context;
use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::r2d2::ConnectionManager;
use diesel::result::{DatabaseErrorKind, Error as QueryError};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use local_postgres::Cluster;

use crate::problem::ApiError;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");
/// The database's name in a cluster of our own.
const DATABASE: &str = "calls";
/// How long a request waits for a connection before it is told to come again.
const CHECKOUT_TIMEOUT: Duration = Duration::from_millis(1500);
/// How long a request waits for PostgreSQL in all. An answer that comes later would be no better than none.
pub const DEADLINE: Duration = Duration::from_millis(1700);
/// After this PostgreSQL itself gives a statement up, so that it does not work for somebody who is gone.
const STATEMENT_TIMEOUT: Duration = Duration::from_millis(1600);
/// The same for transactions that write: they can be those of ten thousands of calls, and wait for each other.
const WRITE_DEADLINE: Duration = Duration::from_secs(30);
/// What libpq does where the URL does not say otherwise: without these it waits for a silent server for minutes.
const CONNECTION_OPTIONS: [(&str, &str); 5] = [
    // Seconds, the least that libpq takes.
    ("connect_timeout", "2"),
    // Milliseconds.
    ("tcp_user_timeout", "2000"),
    ("keepalives_idle", "2"),
    ("keepalives_interval", "1"),
    ("keepalives_count", "2"),
];

/// Where PostgreSQL is. Keeps the private cluster running, if that is where.
pub struct Server {
    url: String,
    cluster: Option<Cluster>,
}

impl Server {
    /// The server behind `database_url` (a libpq connection URI), or without one the private cluster in
    /// `data_dir`, which is made, started or joined as needed.
    pub fn open(database_url: Option<String>, data_dir: Option<PathBuf>) -> anyhow::Result<Self> {
        if let Some(url) = database_url {
            return Ok(Self { url, cluster: None });
        }
        let data_dir = data_dir.map_or_else(local_postgres::default_data_dir, Ok)?;
        Self::embedded(&data_dir)
    }

    fn embedded(data_dir: &Path) -> anyhow::Result<Self> {
        let cluster = Cluster::open(data_dir)?;
        cluster.ensure_database(DATABASE)?;
        Ok(Self { url: cluster.url(DATABASE), cluster: Some(cluster) })
    }

    /// The libpq connection URI.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether this is the private cluster.
    pub fn is_embedded(&self) -> bool {
        self.cluster.is_some()
    }

    /// One connection, outside any pool.
    pub fn connect(&self) -> anyhow::Result<PgConnection> {
        PgConnection::establish(&self.url).context("cannot connect to PostgreSQL")
    }

    /// Applies the migrations that the database lacks, and names them. Two processes may do this at once.
    pub fn migrate(&self) -> anyhow::Result<Vec<String>> {
        // Any number, the same in every version: it only has to be ours.
        const MIGRATION_LOCK: i64 = 0x63_61_6c_6c_73;
        let mut connection = self.connect()?;
        diesel::sql_query(format!("SELECT pg_advisory_lock({MIGRATION_LOCK})")).execute(&mut connection)?;
        let applied =
            connection.run_pending_migrations(MIGRATIONS).map_err(|error| anyhow::anyhow!("{error}"));
        let applied = applied.context("cannot apply the migrations")?;
        Ok(applied.iter().map(ToString::to_string).collect())
    }

    /// Starts the private cluster again whenever a connection to it fails because it has ended. Does nothing
    /// with a server that is not ours. Ends when [`Failures`] are no more.
    pub fn keep_running(server: &Arc<Self>) -> Failures {
        let (sender, failures): (_, Receiver<()>) = sync_channel(1);
        let server: Weak<Self> = Arc::downgrade(server);
        std::thread::spawn(move || {
            for () in failures {
                let Some(server) = server.upgrade() else { return };
                // At once if it runs.
                if let Some(Err(error)) = server.cluster.as_ref().map(Cluster::ensure_running) {
                    tracing::error!("the private PostgreSQL does not start: {error}");
                }
            }
        });
        Failures(sender)
    }

    /// Stops using the server. The private cluster is stopped by the last process that leaves it.
    pub fn leave(self) -> anyhow::Result<()> {
        Ok(self.cluster.map_or(Ok(()), Cluster::leave)?)
    }
}

/// Where a pool tells that it cannot connect.
#[derive(Debug, Clone)]
pub struct Failures(SyncSender<()>);

/// Connections for requests.
#[derive(Clone)]
pub struct Database {
    pool: r2d2::Pool<Manager>,
    waiting: Arc<AtomicUsize>,
    most_waiting: usize,
}

/// A place among the requests that wait for a connection.
#[derive(Debug)]
pub struct Place {
    waiting: Arc<AtomicUsize>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a pool does at this moment.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Connections that run queries.
    pub in_use: u32,
    /// Connections that wait for queries.
    pub idle: u32,
    /// Requests that wait for a connection.
    pub waiting: usize,
}

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// No connection within the time that a request may wait.
    #[error("no connection to PostgreSQL within {CHECKOUT_TIMEOUT:?}")]
    NoConnection(#[from] r2d2::Error),
    /// As many requests wait as may wait.
    #[error("too many requests wait for PostgreSQL")]
    TooManyWait,
    /// PostgreSQL is connected, but gives no answer in time.
    #[error("no answer from PostgreSQL in time")]
    Slow,
    /// Every connection died at once.
    #[error("PostgreSQL closes its connections")]
    Disconnected,
    /// PostgreSQL refused the query.
    #[error("a query failed")]
    Query(#[from] QueryError),
}

impl Database {
    /// A pool of at most `size` connections, made as they are needed, for which at most `most_waiting` requests
    /// wait. Does not fail while PostgreSQL is down: requests will.
    pub fn new(url: &str, size: u32, most_waiting: usize, failures: Failures) -> Self {
        let pool = r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(1.min(size)))
            .connection_timeout(CHECKOUT_TIMEOUT)
            // A `SELECT 1` per request would be a third of the database's work; `read` tries again instead.
            .test_on_check_out(false)
            .build_unchecked(Manager { inner: ConnectionManager::new(with_options(url)), failures });
        Self { pool, waiting: Arc::default(), most_waiting }
    }

    /// Runs queries that only read. On a connection that turns out to be dead they are run again on another;
    /// after a restart of PostgreSQL all that wait in the pool are.
    pub fn read<T>(&self, query: impl Fn(&mut PgConnection) -> QueryResult<T>) -> Result<T, DatabaseError> {
        let start = Instant::now();
        for _ in 0..=self.pool.max_size() {
            let mut pooled = self.connection(start)?;
            if let Some(result) = attempt(&mut pooled, &query)? {
                return Ok(result);
            }
        }
        Err(DatabaseError::Disconnected)
    }

    /// A place among those that wait, as long as it lives.
    ///
    /// # Errors
    /// [`DatabaseError::TooManyWait`].
    pub fn line_up(&self) -> Result<Place, DatabaseError> {
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let place = Place { waiting: self.waiting.clone() };
        if before < self.most_waiting { Ok(place) } else { Err(DatabaseError::TooManyWait) }
    }

    /// How many connections there are at most.
    pub fn size(&self) -> usize {
        usize::try_from(self.pool.max_size()).unwrap_or(usize::MAX)
    }

    /// What the pool does at this moment.
    pub fn load(&self) -> Load {
        let r2d2::State { connections, idle_connections, .. } = self.pool.state();
        Load {
            in_use: connections.saturating_sub(idle_connections),
            idle: idle_connections,
            waiting: self.waiting.load(Ordering::Relaxed),
        }
    }

    /// A connection, for which a request that began at `start` has waited no longer than it may.
    fn connection(&self, start: Instant) -> Result<r2d2::PooledConnection<Manager>, DatabaseError> {
        // Whoever need not wait does not count.
        if let Some(pooled) = self.pool.try_get() {
            return Ok(pooled);
        }
        let _place = self.line_up()?;
        Ok(self.pool.get_timeout(CHECKOUT_TIMEOUT.saturating_sub(start.elapsed()))?)
    }

    /// Runs a transaction that may be run twice, as [`Database::read`] runs queries. One whose connection dies at
    /// its end can have been committed. Each of its statements may take 30 s, for it may wait for another writer.
    pub fn write<T>(
        &self,
        transaction: impl Fn(&mut PgConnection) -> QueryResult<T>,
    ) -> Result<T, DatabaseError> {
        self.read(|connection| {
            connection.transaction(|connection| {
                diesel::sql_query("SET LOCAL statement_timeout = '30s'").execute(connection)?;
                transaction(connection)
            })
        })
    }
}

/// Runs queries on a thread that may block, and gives them up if they take too long: the thread then ends
/// whenever PostgreSQL answers or libpq gives up.
///
/// # Errors
/// Those of `work`, and [`DatabaseError::Slow`].
pub async fn block<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, ApiError>
where
    T: Send + 'static,
    E: Send + 'static,
    ApiError: From<E>,
{
    block_until(DEADLINE, work).await
}

/// As [`block`], for work that writes and so may take longer: from when PostgreSQL has shown, as quickly as for
/// [`block`], that it answers at all.
///
/// # Errors
/// Those of `work`, [`DatabaseError::Slow`], after which it may still be done, and those of [`Database::read`],
/// after which it is not even begun.
pub async fn block_writing<T, E>(
    database: Database,
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, ApiError>
where
    T: Send + 'static,
    E: Send + 'static,
    ApiError: From<E>,
{
    block::<(), DatabaseError>(move || database.read(ping)).await?;
    block_until(WRITE_DEADLINE, work).await
}

/// Asks PostgreSQL for nothing.
pub fn ping(connection: &mut PgConnection) -> QueryResult<()> {
    diesel::sql_query("SELECT 1").execute(connection).map(|_| ())
}

/// As [`block`], with a deadline of one's own.
///
/// # Errors
/// Those of `work`, and [`DatabaseError::Slow`].
pub async fn block_until<T, E>(
    deadline: Duration,
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, ApiError>
where
    T: Send + 'static,
    E: Send + 'static,
    ApiError: From<E>,
{
    match tokio::time::timeout(deadline, web::block(work)).await {
        Ok(done) => Ok(done??),
        Err(_) => Err(DatabaseError::Slow.into()),
    }
}

/// The URL (or libpq's `keyword=value` form) with the options that it does not set itself.
fn with_options(url: &str) -> String {
    let is_url = url.contains("://");
    let mut out = url.to_owned();
    for (name, value) in CONNECTION_OPTIONS {
        if url.contains(&format!("{name}=")) {
            continue;
        }
        out.push(match (is_url, out.contains('?')) {
            (true, true) => '&',
            (true, false) => '?',
            (false, _) => ' ',
        });
        out.push_str(&format!("{name}={value}"));
    }
    out
}

/// A connection in the pool.
struct Pooled {
    connection: PgConnection,
    is_dead: bool,
}

/// Makes connections, and throws those away that died. diesel's own manager would hand them out again.
struct Manager {
    inner: ConnectionManager<PgConnection>,
    failures: Failures,
}

impl r2d2::ManageConnection for Manager {
    type Connection = Pooled;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Pooled, Self::Error> {
        let mut connection = self.inner.connect().inspect_err(|_| {
            // If one is told already, that is enough.
            let _ = self.failures.0.try_send(());
        })?;
        let limit = format!("SET statement_timeout = {}", STATEMENT_TIMEOUT.as_millis());
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

/// What the query gave; `None` if the connection was dead.
fn attempt<T>(
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
        // diesel has no kind for a statement that took too long, and its text is in the server's language.
        Err(QueryError::DatabaseError(DatabaseErrorKind::Unknown, _))
            if start.elapsed() >= STATEMENT_TIMEOUT =>
        {
            Err(DatabaseError::Slow)
        }
        Err(error) => Err(error.into()),
    }
}

fn is_disconnected(error: &QueryError) -> bool {
    use DatabaseErrorKind::{ClosedConnection, UnableToSendCommand};
    matches!(error, QueryError::DatabaseError(ClosedConnection | UnableToSendCommand, _))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_of_a_url_are_kept_and_completed() {
        let url = with_options("postgresql://u@h/calls?connect_timeout=9&sslmode=disable");
        assert!(
            url.starts_with("postgresql://u@h/calls?connect_timeout=9&sslmode=disable&tcp_user_timeout=2000")
        );
        assert_eq!(url.matches("connect_timeout").count(), 1);
        assert!(
            with_options("postgres://h/calls").starts_with("postgres://h/calls?connect_timeout=2&tcp_user")
        );
        assert!(
            with_options("host=h dbname=calls").starts_with("host=h dbname=calls connect_timeout=2 tcp_user")
        );
    }
}
