//! Deadlines.

use std::time::Duration;

/// Deadlines of requests to PostgreSQL, all derived from the time limit of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// Time limit of a read request.
    pub request: Duration,
}

impl Default for Deadlines {
    /// Together with the server's own time, a response takes at most two seconds.
    fn default() -> Self {
        Self { request: Duration::from_millis(1700) }
    }
}

impl Deadlines {
    /// Time that a request waits for a connection.
    pub fn checkout(self) -> Duration {
        self.request * 15 / 17
    }

    /// Time after which PostgreSQL cancels a statement, so that it does not work for a request that has
    /// ended.
    pub fn statement(self) -> Duration {
        self.request * 16 / 17
    }

    /// Time after which a search returns what it has found, and a position to continue at.
    pub fn search(self) -> Duration {
        self.request * 2 / 5
    }

    /// Time limit of a write request, which may store ten thousands of calls and wait for other writers.
    pub fn write(self) -> Duration {
        self.request.max(Duration::from_secs(30))
    }
}
