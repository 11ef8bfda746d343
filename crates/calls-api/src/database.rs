//! Where PostgreSQL is, its connections and its migrations.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use diesel::Connection as _;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::r2d2::ConnectionManager;
use diesel::result::{DatabaseErrorKind, Error as QueryError};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use local_postgres::Cluster;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");
/// The database's name in a cluster of our own.
const DATABASE: &str = "calls";
/// How long a request waits for a connection before it is told to come again.
const CHECKOUT_TIMEOUT: Duration = Duration::from_millis(1500);

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

    /// Stops using the server. The private cluster is stopped by the last process that leaves it.
    pub fn leave(self) -> anyhow::Result<()> {
        Ok(self.cluster.map_or(Ok(()), Cluster::leave)?)
    }
}

/// Connections for requests.
#[derive(Clone)]
pub struct Database {
    pool: r2d2::Pool<Manager>,
}

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// No connection within the time that a request may wait.
    #[error("no connection to PostgreSQL within {CHECKOUT_TIMEOUT:?}")]
    NoConnection(#[from] r2d2::Error),
    /// Every connection died at once.
    #[error("PostgreSQL closes its connections")]
    Disconnected,
    /// PostgreSQL refused the query.
    #[error("a query failed")]
    Query(#[from] QueryError),
}

impl Database {
    /// A pool of at most `size` connections, made as they are needed. Does not fail while PostgreSQL is
    /// down: requests will.
    pub fn new(url: &str, size: u32) -> Self {
        let pool = r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(1.min(size)))
            .connection_timeout(CHECKOUT_TIMEOUT)
            // A `SELECT 1` per request would be a third of the database's work; `read` tries again instead.
            .test_on_check_out(false)
            .build_unchecked(Manager(ConnectionManager::new(url)));
        Self { pool }
    }

    /// Runs queries that only read. On a connection that turns out to be dead they are run again on another;
    /// after a restart of PostgreSQL all that wait in the pool are.
    pub fn read<T>(&self, query: impl Fn(&mut PgConnection) -> QueryResult<T>) -> Result<T, DatabaseError> {
        for _ in 0..=self.pool.max_size() {
            let mut pooled = self.pool.get()?;
            if let Some(result) = attempt(&mut pooled, &query) {
                return Ok(result?);
            }
        }
        Err(DatabaseError::Disconnected)
    }
}

/// A connection in the pool.
struct Pooled {
    connection: PgConnection,
    is_dead: bool,
}

/// Makes connections, and throws those away that died. diesel's own manager would hand them out again.
struct Manager(ConnectionManager<PgConnection>);

impl r2d2::ManageConnection for Manager {
    type Connection = Pooled;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Pooled, Self::Error> {
        Ok(Pooled { connection: self.0.connect()?, is_dead: false })
    }

    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), Self::Error> {
        self.0.is_valid(&mut pooled.connection)
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        pooled.is_dead || self.0.has_broken(&mut pooled.connection)
    }
}

/// What the query gave; `None` if the connection was dead.
fn attempt<T>(
    pooled: &mut Pooled,
    query: impl Fn(&mut PgConnection) -> QueryResult<T>,
) -> Option<QueryResult<T>> {
    let result = query(&mut pooled.connection);
    pooled.is_dead = matches!(&result, Err(error) if is_disconnected(error));
    (!pooled.is_dead).then_some(result)
}

fn is_disconnected(error: &QueryError) -> bool {
    use DatabaseErrorKind::{ClosedConnection, UnableToSendCommand};
    matches!(error, QueryError::DatabaseError(ClosedConnection | UnableToSendCommand, _))
}
