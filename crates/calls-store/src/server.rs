//! Where PostgreSQL is: a server behind a URL, or the private cluster.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Weak};

use anyhow::Context;
use diesel::Connection as _;
use diesel::pg::PgConnection;
use local_postgres::Cluster;

use crate::libpq_options::with_options;
use crate::pooler;

/// The database's name in the private cluster.
const DATABASE: &str = "calls";

/// Where PostgreSQL is. Keeps the private cluster running, if that is where.
pub struct Server {
    url: String,
    cluster: Option<Cluster>,
}

impl Server {
    /// The server behind `database_url` (a libpq connection URI or keyword/value string), or without one the private
    /// cluster in `data_dir`, which is made, started or joined as needed.
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
        connect(&self.url)
    }

    /// Checks that connections keep their session, which everything but migrations needs.
    ///
    /// # Errors
    /// There is a pooler of transactions in between, or no connection.
    pub fn require_sessions(&self) -> anyhow::Result<()> {
        match self.cluster {
            Some(_) => Ok(()),
            None => pooler::check(|| self.connect()),
        }
    }

    /// Checks the same of another server, such as a standby. One that does not answer now is not checked.
    ///
    /// # Errors
    /// There is a pooler of transactions in between.
    pub fn require_sessions_of(url: &str) -> anyhow::Result<()> {
        match connect(url) {
            Ok(_) => pooler::check(|| connect(url)),
            Err(_) => Ok(()),
        }
    }

    /// Starts the private cluster again whenever a connection to it fails because it has ended. Does nothing with a
    /// server that is not ours. Ends when [`Failures`] are no more.
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
        Failures(Some(sender))
    }

    /// Stops using the server. The private cluster is stopped by the last process that leaves it.
    pub fn leave(self) -> anyhow::Result<()> {
        Ok(self.cluster.map_or(Ok(()), Cluster::leave)?)
    }
}

/// One connection, which a silent server does not hold up.
fn connect(url: &str) -> anyhow::Result<PgConnection> {
    PgConnection::establish(&with_options(url)).context("cannot connect to PostgreSQL")
}

/// Told of each connection that cannot be made.
#[derive(Debug, Clone, Default)]
pub struct Failures(Option<SyncSender<()>>);

impl Failures {
    /// Tells of one.
    pub(crate) fn tell(&self) {
        // If one is told already, that is enough.
        self.0.as_ref().map(|sender| sender.try_send(()));
    }
}
