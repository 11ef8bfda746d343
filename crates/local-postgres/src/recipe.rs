//! Recipe for creating and starting the server of a data folder: the origin of its data, and its settings.

use crate::memory;

/// Settings of every server, beside PostgreSQL's defaults. They are arguments of the server, so that no
/// setting in the cluster's files can open it to the network.
const SETTINGS: [&str; 14] = [
    // Reached through a socket in a folder that only its user can enter, so nobody needs a password.
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "timezone=UTC",
    "log_timezone=UTC",
    // One process less.
    "max_logical_replication_workers=0",
    // Compiling a query costs more than the short queries here take.
    "jit=off",
    // An index-only scan needs a fresh visibility map, and only vacuum refreshes it. By default it waits for
    // a fifth of the table to be new.
    "autovacuum_naptime=15s",
    "autovacuum_vacuum_insert_threshold=1000",
    "autovacuum_vacuum_insert_scale_factor=0.02",
    // No statement and no value lands in the log: LOG and above are about the server, ERROR (below LOG in
    // this order) is about a client's statement and goes to the client. Terse drops the detail lines, which
    // can quote a row.
    "log_min_messages=log",
    "log_min_error_statement=panic",
    "log_error_verbosity=terse",
    "log_parameter_max_length=0",
    "log_checkpoints=off",
];

/// Settings of a server whose data is thrown away: nothing survives a crash of the machine, everything is
/// faster.
const THROWAWAY_SETTINGS: [&str; 6] = [
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_connections=200",
];

/// Recipe for creating and starting a server.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    /// Whether the data is deleted with its last user.
    pub(crate) throwaway: bool,
    /// Origin of the data of a new server.
    pub(crate) origin: Origin,
    /// `name=value`, as arguments of the server. The last of several with one name counts.
    pub(crate) settings: Vec<String>,
}

/// Origin of the data of a new server.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    /// `initdb`: an empty cluster.
    Empty {
        /// The authentication method of connections over TCP, as `pg_hba.conf` spells it.
        host_authentication: &'static str,
    },
    /// `pg_basebackup`: a copy of a running server, which it follows.
    Standby {
        /// The connection string of the server to copy and to follow.
        primary: String,
    },
}

impl Recipe {
    /// A server whose data is kept.
    pub(crate) fn durable() -> Recipe {
        // The data is reached through the socket only.
        let origin = Origin::Empty { host_authentication: "reject" };
        let none = Recipe { throwaway: false, origin, settings: Vec::new() };
        none.with(SETTINGS).with([memory::shared_buffers()])
    }

    /// A server whose data is thrown away.
    pub(crate) fn throwaway() -> Recipe {
        Recipe { throwaway: true, ..Recipe::durable() }.with(THROWAWAY_SETTINGS)
    }

    /// With further settings, which count more than those before.
    pub(crate) fn with<S: Into<String>>(mut self, settings: impl IntoIterator<Item = S>) -> Recipe {
        self.settings.extend(settings.into_iter().map(Into::into));
        self
    }
}
