//! The API of a cluster: open, join, databases, leave.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::Error;
use crate::binaries::{Binaries, Installed};
use crate::database::Psql;
use crate::keeper::Keeper;
use crate::layout::{Layout, PORT, USER};
use crate::lock::{Lock, Mode};
use crate::programs::Programs;
use crate::recipe::Recipe;
use crate::server::{self, Ready};
use crate::stop::Stop;

/// Time limit of a stop. The server writes its shared buffers, which takes minutes on a slow disk.
pub(crate) const STOP_LIMIT: Duration = Duration::from_secs(600);

/// Time limit of waiting for exclusive use of a data folder.
const ALONE_LIMIT: Duration = Duration::from_secs(10);

/// A running PostgreSQL that this process uses.
///
/// It runs at least as long as this value lives. Dropping it leaves the cluster; when the last user leaves,
/// the server is stopped.
#[derive(Debug)]
pub struct Cluster {
    layout: Layout,
    installed: Installed,
    binaries: Binaries,
    recipe: Recipe,
    /// `None` once left.
    membership: Option<Membership>,
}

/// Marks this process as a user of the cluster.
#[derive(Debug)]
pub(crate) struct Membership {
    users: Lock,
    keeper: Keeper,
}

impl Cluster {
    /// Opens the cluster in `data_dir`: creates the folder and the cluster if missing, and starts the server
    /// or joins it. Returns when the server accepts connections.
    ///
    /// The data is durable (`fsync` is on). If started by root, the server runs as the owner of the folder,
    /// or if that is root too, as the user `postgres` or `nobody`.
    ///
    /// PostgreSQL is not installed, a folder cannot be entered by the server's user, or the server does not
    /// start: see [`Error`].
    /// [`Error`].
    pub fn open(data_dir: &Path) -> Result<Cluster, Error> {
        // First, because it changes nothing.
        let installed = Installed::find()?;
        Cluster::join(Layout::prepare(data_dir, PORT)?, installed, Recipe::durable())
    }

    /// Creates a cluster in a temporary folder. It is not durable, and is removed when its last user leaves.
    ///
    /// # Errors
    /// As [`Cluster::open`].
    pub fn throwaway() -> Result<Cluster, Error> {
        let installed = Installed::find()?;
        Cluster::join(Layout::temporary(PORT)?, installed, Recipe::throwaway())
    }

    /// The connection URL of a database for libpq and compatible clients:
    /// `postgresql://postgres@%2Fvar%2Flib%2Fcalls%2Fsocket:5432/calls`. The host is the socket's folder.
    ///
    /// The database `postgres` always exists.
    pub fn url(&self, database: &str) -> String {
        self.layout.url(database)
    }

    /// Creates a database, as a copy of the database `template` if given. No client may be connected to the
    /// template.
    ///
    /// [`Error::Query`], for example if the name is taken.
    /// [`Error::Query`], also if the name is taken.
    pub fn create_database(&self, name: &str, template: Option<&str>) -> Result<(), Error> {
        self.psql().create(name, template)
    }

    /// Creates a database if it does not exist. Safe to call concurrently.
    ///
    /// # Errors
    /// [`Error::Query`].
    pub fn ensure_database(&self, name: &str) -> Result<(), Error> {
        self.psql().ensure(name)
    }

    /// Drops a database if it is there, and ends the connections to it.
    ///
    /// # Errors
    /// [`Error::Query`].
    pub fn drop_database(&self, name: &str) -> Result<(), Error> {
        self.psql().drop(name)
    }

    /// Environment variables with which PostgreSQL's programs find this cluster.
    pub fn variables(&self) -> [(&'static str, OsString); 3] {
        let host = self.layout.socket_dir.clone().into_os_string();
        [("PGHOST", host), ("PGPORT", self.layout.port.to_string().into()), ("PGUSER", USER.into())]
    }

    /// The data folder: absolute, without symbolic links.
    pub fn data_dir(&self) -> &Path {
        &self.layout.data_dir
    }

    /// The server's log.
    pub fn log_file(&self) -> PathBuf {
        self.layout.log()
    }

    /// The folder with this cluster's PostgreSQL programs (`psql`, `pg_dump`).
    pub fn bin_dir(&self) -> &Path {
        self.binaries.folder()
    }

    /// The programs of this cluster's installation for backup and restore.
    ///
    /// # Errors
    /// [`Error::MissingClient`]: the client programs are not installed.
    pub fn programs(&self) -> Result<Programs, Error> {
        Programs::of(&self.binaries)
    }

    /// Restarts the server if it has ended, for example for lack of memory. Returns when it accepts
    /// connections, with whether this process started it.
    ///
    /// # Errors
    /// [`Error::Start`], as [`Cluster::open`].
    pub fn ensure_running(&self) -> Result<bool, Error> {
        server::ensure_ready(&self.layout, &self.installed, &self.recipe).map(|ready| ready.started)
    }

    /// Ends the server with a signal; this process remains its user. Returns when the server's processes are
    /// gone.
    pub(crate) fn end_server(&self, signal: libc::c_int) -> Result<(), Error> {
        match Stop::by_signal(&self.layout, signal).run(Some(STOP_LIMIT)) {
            true => Ok(()),
            false => Err(server::slow(&self.layout, "not stopped", STOP_LIMIT)),
        }
    }

    /// Leaves the cluster. The last user stops the server and waits for its end; others return at once.
    ///
    /// Dropping does the same, but ignores errors.
    ///
    /// # Errors
    /// [`Error::Slow`] if the server does not end within minutes.
    pub fn leave(mut self) -> Result<(), Error> {
        self.end_membership()
    }

    /// Becomes a user of the cluster in `layout`; creates and starts it by `recipe` if needed.
    pub(crate) fn join(layout: Layout, installed: Installed, recipe: Recipe) -> Result<Cluster, Error> {
        let membership = Membership::new(&layout, recipe.throwaway)?;
        match server::ensure_ready(&layout, &installed, &recipe) {
            Ok(Ready { binaries, .. }) => {
                Ok(Cluster { layout, installed, binaries, recipe, membership: Some(membership) })
            }
            // This server was not started by this crate and must not be stopped.
            Err(error @ Error::StartedByHand { .. }) => {
                membership.keeper.dismiss();
                Err(error)
            }
            Err(error) => {
                // The first error is the one to report.
                let _ = membership.end(&layout, recipe.throwaway);
                Err(error)
            }
        }
    }

    /// A server that its creator stops.
    pub(crate) fn without_membership(
        layout: Layout,
        installed: Installed,
        binaries: Binaries,
        recipe: Recipe,
    ) -> Cluster {
        Cluster { layout, installed, binaries, recipe, membership: None }
    }

    fn end_membership(&mut self) -> Result<(), Error> {
        match self.membership.take() {
            Some(membership) => membership.end(&self.layout, self.recipe.throwaway),
            None => Ok(()),
        }
    }

    fn psql(&self) -> Psql<'_> {
        Psql { binaries: &self.binaries, url: self.url("postgres") }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // If this fails, the keeper does the same.
        let _ = self.end_membership();
    }
}

impl Membership {
    /// Makes this process a user: the lock, then the keeper, and only then a server may be started.
    fn new(layout: &Layout, throwaway: bool) -> Result<Membership, Error> {
        let users = Lock::open(layout, &layout.users_lock())?;
        // Another process' keeper may be stopping the server.
        if !users.wait(Mode::Shared, STOP_LIMIT)? {
            return Err(server::slow(layout, "not stopped", STOP_LIMIT));
        }
        let keeper = Keeper::fork(layout, Stop::new(layout, throwaway), throwaway)?;
        Ok(Membership { users, keeper })
    }

    /// Makes this process the only user. Others wait for it.
    pub(crate) fn alone(layout: &Layout) -> Result<Membership, Error> {
        let users = Lock::open(layout, &layout.users_lock())?;
        if !users.wait(Mode::Exclusive, ALONE_LIMIT)? {
            return Err(Error::InUse { folder: layout.data_dir.clone() });
        }
        let keeper = Keeper::fork(layout, Stop::new(layout, false), false)?;
        Ok(Membership { users, keeper })
    }

    /// Stops the server if this was the last user, and ends the keeper.
    pub(crate) fn end(self, layout: &Layout, throwaway: bool) -> Result<(), Error> {
        // Only one leaves at a time. Otherwise two could each mistake the other's check of the lock for a
        // remaining user.
        let leaving = Lock::open(layout, &layout.leaving_lock())?;
        if !leaving.wait(Mode::Exclusive, STOP_LIMIT)? {
            return Err(server::slow(layout, "not stopped", STOP_LIMIT));
        }
        // If the lock file was deleted, later users have locked another one.
        let successor = match self.users.is_current() {
            true => None,
            false => Some(Lock::open(layout, &layout.users_lock())?),
        };
        if let Some(successor) = &successor
            && !successor.attempt(Mode::Exclusive)?
        {
            self.keeper.dismiss();
            return Ok(());
        }
        if self.users.attempt(Mode::Exclusive)? {
            if !Stop::new(layout, throwaway).run(Some(STOP_LIMIT)) {
                return Err(server::slow(layout, "not stopped", STOP_LIMIT));
            }
            remove_leftovers(layout, throwaway)?;
        } else if !self.users.wait(Mode::Shared, STOP_LIMIT)? {
            // A keeper has the lock, not a user: it is stopping the server.
            return Err(server::slow(layout, "not stopped", STOP_LIMIT));
        }
        // This process holds the lock here, shared or exclusive, so the keeper is still waiting.
        self.keeper.dismiss();
        Ok(())
    }
}

/// Removes leftovers of a stopped server.
fn remove_leftovers(layout: &Layout, throwaway: bool) -> Result<(), Error> {
    if !layout.socket_dir.starts_with(&layout.data_dir) {
        // The folder only held the socket; if it has other files, it stays.
        let _ = fs::remove_dir(&layout.socket_dir);
    }
    if throwaway {
        fs::remove_dir_all(&layout.data_dir).map_err(Error::io("remove", &layout.data_dir))?;
    }
    Ok(())
}
