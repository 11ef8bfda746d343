//! The PostgreSQL server: an external one, or the private cluster.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Weak};
use std::time::Duration;

use anyhow::{Context, bail};
use diesel::connection::SimpleConnection as _;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use local_postgres::{Cluster, Programs};

use crate::libpq_options::with_options;
use crate::pooler;

/// Name of the database in the private cluster.
const DATABASE: &str = "calls";

/// The PostgreSQL server. Keeps the private cluster running, if that is used.
pub struct Server {
    url: String,
    cluster: Option<Cluster>,
    restarts: AtomicU64,
}

impl Server {
    /// Opens the server at `database_url` (a libpq connection URI or keyword/value string), or without one
    /// the private cluster in `data_dir`, which is created, started or joined as needed.
    pub fn open(database_url: Option<String>, data_dir: Option<PathBuf>) -> anyhow::Result<Self> {
        if let Some(url) = database_url {
            return Ok(Self { url, cluster: None, restarts: AtomicU64::new(0) });
        }
        let data_dir = data_dir.map_or_else(local_postgres::default_data_dir, Ok)?;
        Self::embedded(&data_dir)
    }

    /// Opens a running private cluster. The database is created if missing.
    pub(crate) fn of(cluster: Cluster) -> anyhow::Result<Self> {
        cluster.ensure_database(DATABASE)?;
        let url = cluster.url(DATABASE);
        Ok(Self { url, cluster: Some(cluster), restarts: AtomicU64::new(0) })
    }

    /// Like [`Server::open`], but does not create a private cluster.
    ///
    /// # Errors
    /// There is no cluster.
    pub fn open_existing(database_url: Option<String>, data_dir: Option<PathBuf>) -> anyhow::Result<Self> {
        if database_url.is_none() {
            let folder = data_dir.clone().map_or_else(local_postgres::default_data_dir, Ok)?;
            if !local_postgres::has_cluster(&folder) {
                bail!("expected the data of a private PostgreSQL in {}, but found none", folder.display());
            }
        }
        Self::open(database_url, data_dir)
    }

    fn embedded(data_dir: &Path) -> anyhow::Result<Self> {
        Self::of(Cluster::open(data_dir)?)
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

    /// Number of times that this process restarted the private cluster.
    pub fn restarts(&self) -> u64 {
        self.restarts.load(Ordering::Relaxed)
    }

    /// PostgreSQL's version, such as `17.2`, possibly followed by the distributor's words.
    ///
    /// # Errors
    /// The connection fails.
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

    /// Waits until PostgreSQL responds to a query. A server that only accepts connections would otherwise be
    /// waited for without end.
    ///
    /// # Errors
    /// No response within 15 seconds, or no connection.
    pub fn require_answer(&self, on_wait: impl FnOnce()) -> anyhow::Result<()> {
        /// Time after which `on_wait` is called.
        const PATIENCE: Duration = Duration::from_secs(3);
        const LIMIT: Duration = Duration::from_secs(15);
        let url = self.url.clone();
        let (sender, answer) = sync_channel(1);
        // The thread may outlive this call, up to the end of the process.
        std::thread::spawn(move || {
            let ask = |mut connection: PgConnection| connection.batch_execute("SELECT 1").map_err(Into::into);
            // The receiver may be gone.
            sender.send(connect(&url).and_then(ask)).ok();
        });
        if let Ok(answered) = answer.recv_timeout(PATIENCE) {
            return answered;
        }
        on_wait();
        answer.recv_timeout(LIMIT - PATIENCE).unwrap_or_else(|_| {
            bail!(
                "expected an answer from PostgreSQL within {} s, but it only took the connection",
                LIMIT.as_secs()
            )
        })
    }

    /// The client programs of the major version `postgres`, for backups.
    ///
    /// # Errors
    /// There are no suitable programs.
    pub fn programs(&self, postgres: u32) -> anyhow::Result<Programs> {
        match &self.cluster {
            Some(cluster) => Ok(cluster.programs()?),
            None => Ok(Programs::find(postgres)?),
        }
    }

    /// Opens a connection outside any pool.
    pub fn connect(&self) -> anyhow::Result<PgConnection> {
        connect(&self.url)
    }

    /// Restarts the private cluster if it has ended. Does nothing for an external server.
    pub fn ensure_running(&self) -> anyhow::Result<()> {
        if let Some(cluster) = &self.cluster {
            cluster.ensure_running()?;
        }
        Ok(())
    }

    /// Checks that connections keep their sessions, which everything but migrations requires.
    ///
    /// # Errors
    /// There is a transaction pooler in between, or no connection.
    pub fn require_sessions(&self) -> anyhow::Result<()> {
        match self.cluster {
            Some(_) => Ok(()),
            None => pooler::check(|| self.connect()),
        }
    }

    /// Checks the same for another server, such as a standby. A server that does not respond is not checked.
    ///
    /// # Errors
    /// There is a transaction pooler in between.
    pub fn require_sessions_of(url: &str) -> anyhow::Result<()> {
        match connect(url) {
            Ok(_) => pooler::check(|| connect(url)),
            Err(_) => Ok(()),
        }
    }

    /// Restarts the private cluster when a connection fails because it has ended. Does nothing for an
    /// external server. Ends when all [`Failures`] are dropped.
    pub fn keep_running(server: &Arc<Self>) -> Failures {
        let (sender, failures): (_, Receiver<()>) = sync_channel(1);
        let server: Weak<Self> = Arc::downgrade(server);
        std::thread::spawn(move || {
            for () in failures {
                let Some(server) = server.upgrade() else { return };
                // Returns at once if it is running.
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

    /// Closes the server. The last process that leaves a private cluster stops it.
    pub fn leave(self) -> anyhow::Result<()> {
        Ok(self.cluster.map_or(Ok(()), Cluster::leave)?)
    }
}

/// Opens a connection with timeouts.
fn connect(url: &str) -> anyhow::Result<PgConnection> {
    PgConnection::establish(&with_options(url)).context("cannot connect to PostgreSQL")
}

/// Reports failed connections.
#[derive(Debug, Clone, Default)]
pub struct Failures(Option<SyncSender<()>>);

impl Failures {
    /// Reports a failed connection.
    pub(crate) fn tell(&self) {
        // A pending report is enough.
        self.0.as_ref().map(|sender| sender.try_send(()));
    }
}
