//! Where PostgreSQL is: a server behind a URL, or the private cluster.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Weak};

use anyhow::Context;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use local_postgres::Cluster;

use crate::pool::with_options;
use crate::pooler;

/// The database's name in the private cluster.
const DATABASE: &str = "calls";

/// Where PostgreSQL is. Keeps the private cluster running, if that is where.
pub struct Server {
    url: String,
    cluster: Option<Cluster>,
    restarts: AtomicU64,
}

impl Server {
    /// The server behind `database_url` (a libpq connection URI or keyword/value string), or without one the private
    /// cluster in `data_dir`, which is made, started or joined as needed.
    pub fn open(database_url: Option<String>, data_dir: Option<PathBuf>) -> anyhow::Result<Self> {
        if let Some(url) = database_url {
            return Ok(Self { url, cluster: None, restarts: AtomicU64::new(0) });
        }
        let data_dir = data_dir.map_or_else(local_postgres::default_data_dir, Ok)?;
        Self::embedded(&data_dir)
    }

    fn embedded(data_dir: &Path) -> anyhow::Result<Self> {
        let cluster = Cluster::open(data_dir)?;
        cluster.ensure_database(DATABASE)?;
        let url = cluster.url(DATABASE);
        Ok(Self { url, cluster: Some(cluster), restarts: AtomicU64::new(0) })
    }

    /// The libpq connection URI.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether this is the private cluster.
    pub fn is_embedded(&self) -> bool {
        self.cluster.is_some()
    }

    /// The private cluster's folder.
    pub fn data_dir(&self) -> Option<&Path> {
        self.cluster.as_ref().map(Cluster::data_dir)
    }

    /// How often this process has started the private cluster again.
    pub fn restarts(&self) -> u64 {
        self.restarts.load(Ordering::Relaxed)
    }

    /// PostgreSQL's version, such as `17.2`, perhaps with its distributor's words behind it.
    ///
    /// # Errors
    /// There is no connection.
    pub fn version(&self) -> anyhow::Result<String> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            version: String,
        }
        let question = "SELECT current_setting('server_version') AS version";
        let row: Row = diesel::sql_query(question).get_result(&mut self.connect()?)?;
        Ok(row.version)
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

    /// Starts the private cluster again whenever a connection to it fails because it has ended. Does nothing with a
    /// server that is not ours. Ends when [`Failures`] are no more.
    pub fn keep_running(server: &Arc<Self>) -> Failures {
        let (sender, failures): (_, Receiver<()>) = sync_channel(1);
        let server: Weak<Self> = Arc::downgrade(server);
        std::thread::spawn(move || {
            for () in failures {
                let Some(server) = server.upgrade() else { return };
                // At once if it runs.
                match server.cluster.as_ref().map(Cluster::ensure_running) {
                    Some(Ok(true)) => {
                        server.restarts.fetch_add(1, Ordering::Relaxed);
                        tracing::warn!("the private PostgreSQL had ended and was started again");
                    }
                    Some(Err(error)) => tracing::error!("the private PostgreSQL does not start: {error}"),
                    Some(Ok(false)) | None => {}
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
