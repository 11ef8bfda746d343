//! The connection that listens for calls is lost without a word.

use std::process::Command;

use crate::events::{Client, wait_until};
use crate::test_app::TestApp;

/// A process that is stopped until this is dropped.
struct Stopped(i64);

impl Stopped {
    fn signal(name: &str, process: i64) {
        assert!(Command::new("kill").args([name, &process.to_string()]).status().unwrap().success());
    }

    fn new(process: i64) -> Self {
        Self::signal("-STOP", process);
        Self(process)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        Self::signal("-CONT", self.0);
    }
}

#[test]
fn a_listener_that_hears_nothing_any_more_is_noticed_and_no_event_is_lost() {
    let app = TestApp::with(&["--heartbeat", "1"]);
    let mut client = Client::connect(&app, "+12025550123", None);
    app.call("+12025550123", "2024-01-31T10:00:00Z", "withheld", "Missed Inbound", None);
    client.call().unwrap();
    let listeners = |column: &str| {
        let of =
            "FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'calls events'";
        app.database().count(&format!("SELECT {column} AS count {of}"))
    };
    let first = listeners("max(pid)::bigint");
    let stopped = Stopped::new(first);
    app.call("+12025550123", "2024-01-31T11:00:00Z", "withheld", "Missed Inbound", None);
    // Read over a new connection, while the old one still says nothing.
    assert_eq!(client.call().unwrap().created_at.to_rfc3339(), "2024-01-31T11:00:00+00:00");
    assert!(listeners("max(pid)::bigint") != first || listeners("count(*)") == 2);
    app.call("+12025550123", "2024-01-31T12:00:00Z", "withheld", "Missed Inbound", None);
    assert_eq!(client.call().unwrap().created_at.to_rfc3339(), "2024-01-31T12:00:00+00:00");
    drop(stopped);
    // The old one finds that nobody is there.
    wait_until(|| listeners("count(*)") == 1);
}
