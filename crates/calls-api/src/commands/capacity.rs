//! Options of `calls serve` for limits on concurrency.

use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::clients::Slots;

/// Limits on concurrent work.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Capacity {
    /// Concurrent event streams (GET /api/calls/NUMBER/events), at most half of the
    /// connections that the limit on open files allows
    #[arg(long, env = "CALLS_FOLLOWERS", default_value_t = 1000, value_name = "CLIENTS")]
    followers: usize,
    /// Concurrent event streams of one client address
    #[arg(long, env = "CALLS_FOLLOWERS_PER_CLIENT", default_value_t = 250, value_name = "HISTORIES")]
    followers_per_client: usize,
    /// Concurrent exports (format=csv or ndjson), half of them for one client address; more are
    /// answered 503
    #[arg(long, env = "CALLS_EXPORTS", default_value_t = 16, value_name = "EXPORTS")]
    exports: usize,
    /// Seconds that a client may leave a response unread before its connection is closed
    /// (Linux)
    #[arg(long, env = "CALLS_WRITE_TIMEOUT", default_value_t = 30, value_name = "SECONDS",
          value_parser = clap::value_parser!(u64).range(1..=3600))]
    write_timeout: u64,
}

/// Limits of the HTTP server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Connections {
    /// Threads that answer requests.
    pub workers: usize,
    /// Connections that each thread keeps open. Further clients wait until one closes.
    pub per_worker: usize,
    write_timeout: Duration,
}

impl Capacity {
    /// Limits of the HTTP server, given the limit on open files and `database` connections to PostgreSQL.
    pub(crate) fn connections(&self, database: u32) -> Connections {
        /// Descriptors of the admin address, logs, the executable and the like.
        const OTHERS: usize = 128;
        /// Connections to PostgreSQL of each worker, and descriptors of its event loop.
        const PER_WORKER: usize = 8;
        /// actix-web's default.
        const MOST: usize = 25_600;
        let workers = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let files = raise_file_limit();
        let reserved = OTHERS + PER_WORKER * workers + usize::try_from(database).unwrap_or_default();
        let left = files.saturating_sub(reserved).max(files / 4);
        let per_worker = (left / workers).clamp(1, MOST);
        Connections { workers, per_worker, write_timeout: Duration::from_secs(self.write_timeout) }
    }

    /// Slots for event streams.
    pub(crate) fn follower_slots(&self, connections: Connections) -> Slots {
        let most = connections.workers * connections.per_worker / 2;
        if self.followers > most {
            tracing::warn!(asked = self.followers, most, "the limit on open files allows fewer followers");
        }
        Slots::new(self.followers.min(most), self.followers_per_client)
    }

    /// Slots for exports.
    pub(crate) fn export_slots(&self) -> Slots {
        Slots::new(self.exports, self.exports.div_ceil(2))
    }
}

impl Connections {
    /// Maximum number of connections to the admin address.
    pub(crate) const ADMIN: usize = 64;

    /// Lets the kernel close a connection whose client does not read, because unread responses are kept in
    /// memory.
    pub(crate) fn limit_unread(self, stream: &TcpStream) {
        #[cfg(target_os = "linux")]
        if let Err(error) = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(self.write_timeout)) {
            tracing::debug!(%error, "cannot set TCP_USER_TIMEOUT");
        }
        #[cfg(not(target_os = "linux"))]
        let _ = (stream, self.write_timeout);
    }
}

/// Raises the soft limit on open files to the hard limit, and returns the new limit.
fn raise_file_limit() -> usize {
    /// Soft limit on systems without a hard limit.
    const UNLIMITED: u64 = 1 << 20;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let current = current.unwrap_or(UNLIMITED);
    let wanted = maximum.unwrap_or(UNLIMITED).min(UNLIMITED);
    let raised =
        wanted > current && setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }).is_ok();
    usize::try_from(if raised { wanted } else { current }).unwrap_or(usize::MAX)
}
