//! Deadlines.

use std::time::Duration;

/// Deadlines of requests to PostgreSQL. All derive from the time that a request may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// A request that reads. An answer that comes later would be no better than none.
    pub request: Duration,
}

impl Default for Deadlines {
    /// With what a server adds, an answer within two seconds.
    fn default() -> Self {
        Self { request: Duration::from_millis(1700) }
    }
}

impl Deadlines {
    /// Time that a request waits for a connection.
    pub fn checkout(self) -> Duration {
        self.request * 15 / 17
    }

    /// After this PostgreSQL itself cancels a statement, so that it does not work for somebody who is gone.
    pub fn statement(self) -> Duration {
        self.request * 16 / 17
    }

    /// After this a search that could go on comes back with what it has found.
    pub fn search(self) -> Duration {
        self.request * 2 / 5
    }

    /// The same as [`Deadlines::request`] for one that writes, which can store ten thousands of calls and
    /// wait for other writers.
    pub fn write(self) -> Duration {
        self.request.max(Duration::from_secs(30))
    }
}
