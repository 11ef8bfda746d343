//! Errors, as messages for the person at the terminal.

use std::io;
use std::path::{Path, PathBuf};

/// Why a cluster could not be opened, used or left.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No folder with PostgreSQL's server binaries was found.
    #[error(
        "PostgreSQL's server binaries (initdb, postgres, psql) were not found. Install them:\n  \
         Debian, Ubuntu:  apt-get install postgresql\n  \
         Fedora, RHEL:    dnf install postgresql-server\n  \
         macOS:           brew install postgresql@17\n\
         or set CALLS_POSTGRES_BIN to the folder that holds them. Looked in:\n{}", looked_in.join("\n")
    )]
    MissingBinaries {
        /// One line a place, with what was missing there.
        looked_in: Vec<String>,
    },

    /// No folder with client programs that fit the server was found.
    #[error(
        "expected pg_dump, pg_restore and psql of PostgreSQL {server} or newer, but found {}. Install them \
         (Debian: postgresql-client-{server}, macOS: brew install postgresql@{server}), or set CALLS_POSTGRES_BIN to \
         the folder that holds them. Looked in:\n{}",
        newest.map_or("none".to_owned(), |newest| format!("only version {newest}")), looked_in.join("\n")
    )]
    MissingClient {
        /// The server's major version.
        server: u32,
        /// The newest version that was found.
        newest: Option<u32>,
        /// One line a place, with what was missing there.
        looked_in: Vec<String>,
    },

    /// The cluster was made by a major version that is not installed.
    #[error(
        "the data in {} was made by PostgreSQL {needed}, but only {found} is installed. \
         To move the data to the installed version: calls upgrade-postgres. To stay with version {needed}, install it \
         (Debian: postgresql-{needed}, macOS: brew install postgresql@{needed})", folder.display()
    )]
    VersionNotInstalled {
        /// The cluster's folder.
        folder: PathBuf,
        /// The major version in its `PG_VERSION`.
        needed: u32,
        /// The versions that are installed, and where.
        found: String,
    },

    /// The old version's programs are needed, and are not there.
    #[error(
        "the data in {} was made by PostgreSQL {needed}, whose programs are needed to read it, but only {found} is \
         installed. Either name the folder of the old ones, if they are still somewhere:\n  \
         CALLS_OLD_POSTGRES_BIN=/usr/lib/postgresql/{needed}/bin calls upgrade-postgres\n\
         or install them for the upgrade (Debian: postgresql-{needed}), or begin with a backup:\n  \
         calls upgrade-postgres --from-backup FILE", folder.display()
    )]
    OldVersionMissing {
        /// The cluster's folder.
        folder: PathBuf,
        /// The major version in its `PG_VERSION`.
        needed: u32,
        /// The newest version that is installed.
        found: u32,
    },

    /// An upgrade was killed at a moment at which no cluster is in its place.
    #[error("an upgrade of {} was broken off. To finish it: calls upgrade-postgres", folder.display())]
    UpgradeBrokenOff {
        /// The data folder.
        folder: PathBuf,
    },

    /// There is no cluster to upgrade.
    #[error("expected the data of a private PostgreSQL in {}, but found none", folder.display())]
    NoCluster {
        /// The data folder.
        folder: PathBuf,
    },

    /// Others use a data folder that this process needs for itself.
    #[error("{} is in use. Stop `calls serve` and other commands first", folder.display())]
    InUse {
        /// The data folder.
        folder: PathBuf,
    },

    /// Started by root, and there is no user to drop to.
    #[error(
        "PostgreSQL refuses to run as root, and this system has neither a user `postgres` nor a user `nobody` \
         to run it as. Create one (useradd --system calls), or start this program as an ordinary user"
    )]
    NoUnprivilegedUser,

    /// The user of this process has no name.
    #[error(
        "PostgreSQL needs a user with a name, but the user id {uid}, which this program runs as, has none. Add one \
         (useradd --uid {uid} calls; in a container also: run it as a user that /etc/passwd names), or use another \
         server by --database-url"
    )]
    NamelessUser {
        /// The id.
        uid: u32,
    },

    /// The unprivileged user cannot enter a folder on the way to the data or to the binaries.
    #[error(
        "PostgreSQL runs as the user `{user}` here (it refuses to run as root), and that user cannot enter {}. \
         Choose a folder that everybody may enter with --data-dir, for example /var/lib/calls", folder.display()
    )]
    Unreachable {
        /// The first folder on the way that is closed to the user.
        folder: PathBuf,
        /// The name of the user.
        user: String,
    },

    /// The folder belongs to somebody else.
    #[error("{} belongs to the user with id {found}, but expected {expected}", folder.display())]
    ForeignOwner {
        /// The folder.
        folder: PathBuf,
        /// The id of its owner.
        found: u32,
        /// The id that was expected.
        expected: u32,
    },

    /// The cluster's folder holds something that is no cluster.
    #[error(
        "{} holds files but no PG_VERSION, so it is no PostgreSQL cluster. Move it away, or choose another \
         folder with --data-dir", folder.display()
    )]
    NotACluster {
        /// The folder.
        folder: PathBuf,
    },

    /// `initdb` or `pg_basebackup` failed.
    #[error("{program} could not create {}:\n{output}", folder.display())]
    Init {
        /// The program.
        program: &'static str,
        /// The folder to be created.
        folder: PathBuf,
        /// Output of the program.
        output: String,
    },

    /// The server ended before it was ready.
    #[error("PostgreSQL did not start. The end of its log, {}:\n{tail}", log.display())]
    Start {
        /// The log file.
        log: PathBuf,
        /// Its last lines.
        tail: String,
    },

    /// The server is neither ready nor gone after a long wait.
    #[error("PostgreSQL is {state} for {seconds} s now. Its log, {}, ends with:\n{tail}", log.display())]
    Slow {
        /// "not ready" or "not stopped".
        state: &'static str,
        /// Waiting time in seconds.
        seconds: u64,
        /// The log file.
        log: PathBuf,
        /// Its last lines.
        tail: String,
    },

    /// A server that this crate did not start runs on the data.
    #[error(
        "process {pid} already serves {}, and was started by hand. Stop it first (pg_ctl stop)",
        folder.display()
    )]
    StartedByHand {
        /// The cluster's folder.
        folder: PathBuf,
        /// The server's process.
        pid: i32,
    },

    /// `psql` failed.
    #[error("could not {doing}: {message}")]
    Query {
        /// The attempted action.
        doing: String,
        /// Message of the server or of `psql`.
        message: String,
    },

    /// No home folder is known, so there is no default data folder.
    #[error("no folder for the data: neither XDG_DATA_HOME nor HOME is set. Choose one with --data-dir")]
    NoDataDir,

    /// A system call failed.
    #[error("could not {doing}: {cause}")]
    Io {
        /// The attempted action, with the path.
        doing: String,
        /// Error of the system call. It is no `source`: those who print the sources too would print it twice.
        cause: io::Error,
    },
}

impl Error {
    /// For `map_err`: "could not {verb} {path}: {cause}".
    pub(crate) fn io(verb: &str, path: &Path) -> impl FnOnce(io::Error) -> Error + use<> {
        let doing = format!("{verb} {}", path.display());
        move |cause| Error::Io { doing, cause }
    }
}
