//! Streaming replication: a primary and its hot standbys.

use std::time::{Duration, Instant};

use super::Server;
use crate::lock::POLL;
use crate::recipe::Origin;

/// Longer than replication takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// Settings of a server that is followed, or follows.
const SETTINGS: [&str; 4] = [
    "wal_level=replica",
    "max_wal_senders=8",
    // A standby that was stopped for a while finds what it missed.
    "wal_keep_size=256MB",
    // A standby is soon there again when its primary is.
    "wal_retrieve_retry_interval=100ms",
];

/// A server that standbys can follow.
#[derive(Debug)]
pub struct Primary {
    server: Server,
}

/// A hot standby: it takes what its primary wrote, asynchronously, and answers reads.
#[derive(Debug)]
pub struct Standby {
    server: Server,
}

impl Primary {
    /// Makes and starts one.
    pub fn start() -> Primary {
        Primary { server: Server::make(Server::place(), Server::recipe(SETTINGS)) }
    }

    /// The server.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Makes a standby with `pg_basebackup`, and starts it. It has everything that was committed before.
    pub fn standby(&self) -> Standby {
        let mut recipe = Server::recipe(SETTINGS);
        recipe.origin = Origin::Standby { primary: self.server.url("postgres") };
        let password = self.server.password().to_owned();
        let standby = Standby { server: Server::join(Server::place(), recipe, password) };
        standby.wait_until_caught_up(self);
        standby
    }
}

impl Standby {
    /// The server.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Makes it a primary of its own. Returns when it takes writes.
    pub fn promote(&self) {
        let wait = format!("SELECT pg_promote(wait_seconds => {})", LIMIT.as_secs());
        let promoted = self.server.query("postgres", &wait);
        assert_eq!(promoted, "t", "not promoted within {} s", LIMIT.as_secs());
    }

    /// Lets it receive, but not show, what the primary writes from now on.
    pub fn pause_replay(&self) {
        self.server.query("postgres", "SELECT pg_wal_replay_pause()");
        // To ask for a pause is not yet to have it.
        self.wait_for("the replay pauses", "SELECT pg_get_wal_replay_pause_state() = 'paused'");
    }

    /// Lets it show what it has received meanwhile.
    pub fn resume_replay(&self) {
        self.server.query("postgres", "SELECT pg_wal_replay_resume()");
    }

    /// Waits until it shows everything that was committed on `primary` before the call.
    pub fn wait_until_caught_up(&self, primary: &Primary) {
        let end = primary.server.query("postgres", "SELECT pg_current_wal_flush_lsn()");
        self.wait_for("the standby has caught up", &format!("SELECT pg_last_wal_replay_lsn() >= '{end}'"));
    }

    /// Waits until a statement gives `true`.
    #[track_caller]
    fn wait_for(&self, what: &str, statement: &str) {
        let deadline = Instant::now() + LIMIT;
        while self.server.query("postgres", statement) != "t" {
            assert!(Instant::now() < deadline, "still not true after {} s: {what}", LIMIT.as_secs());
            std::thread::sleep(POLL);
        }
    }
}
