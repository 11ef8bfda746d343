//! A standby that answers reads, beside a primary and alone.

use local_postgres::testing::Primary;

use crate::events::{Client, wait_until};
use crate::failover::{pair, send, serve};
use crate::test_app::TestApp;

const OWNER: &str = "/api/calls/+12025550123";

/// Number of calls in a response.
fn count(app: &TestApp, path: &str, headers: &[(&str, &str)]) -> usize {
    let answer = app.get_with(path, headers);
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    match answer.json() {
        serde_json::Value::Array(calls) => calls.len(),
        summary => usize::try_from(summary["calls"].as_u64().unwrap()).unwrap(),
    }
}

fn paths() -> [String; 8] {
    let of_one = |rest| format!("{OWNER}{rest}");
    let of_two = |rest| format!("/api/calls{rest}number=%2B12025550123&number=%2B12025550124");
    [
        of_one(""),
        of_one("?direction=inbound"),
        of_one("/summary"),
        of_one("?include=details"),
        of_two("?"),
        of_two("?direction=inbound&"),
        of_two("?include=details&"),
        of_two("/summary?"),
    ]
}

fn start(primary: &Primary, replica: &str) -> TestApp {
    serve(&primary.server().url("calls"), &["--read-url", replica])
}

#[test]
fn reads_come_from_the_replica_unless_the_client_knows_a_newer_version() {
    let (primary, standby) = pair();
    let app = start(&primary, &standby.server().url("calls"));
    let direct = serve(&primary.server().url("calls"), &[]);
    let mut client = Client::connect(&app, "+12025550123", None);
    assert_eq!(send(&app, 1).status, 200);
    standby.wait_until_caught_up(&primary);
    for path in paths() {
        assert_eq!(count(&app, &path, &[]), 1, "{path}");
    }
    // Answers with names have tags of their own.
    let tags = |app: &TestApp| paths().map(|path| app.get(&path).header("etag").to_owned());
    let old = tags(&app);
    standby.pause_replay();
    // Writes and events are the primary's.
    assert_eq!(send(&app, 2).status, 200);
    client.call().unwrap();
    client.call().unwrap();
    let new = tags(&direct);
    assert_ne!(old, new);
    for (path, (old, new)) in paths().into_iter().zip(old.iter().zip(&new)) {
        assert_eq!(count(&app, &path, &[]), 1, "{path}: the replica does not have it");
        assert_eq!(app.get_with(&path, &[("if-none-match", old)]).status, 304, "{path}");
        assert_eq!(app.get_with(&path, &[("if-none-match", new)]).status, 304, "{path}");
        let event = [("last-event-id", client.last_id.as_str())];
        assert_eq!(count(&app, &path, &event), 2, "{path}: who heard of the call gets it");
    }
    // The client's version is newer than the replica's, and older than the primary's.
    assert_eq!(send(&app, 3).status, 200);
    for (path, new) in paths().iter().zip(&new) {
        assert_eq!(count(&app, path, &[("if-none-match", new)]), 3, "{path}");
    }
    standby.resume_replay();
    standby.wait_until_caught_up(&primary);
    for path in paths() {
        assert_eq!(count(&app, &path, &[]), 3, "{path}");
    }
}

#[test]
fn reads_go_on_while_the_primary_is_away() {
    let (primary, standby) = pair();
    let app = start(&primary, &standby.server().url("calls"));
    assert_eq!(send(&app, 1).status, 200);
    standby.wait_until_caught_up(&primary);
    primary.server().stop();
    for path in paths() {
        assert_eq!(count(&app, &path, &[]), 1, "{path}");
    }
    assert_eq!(send(&app, 2).status, 503);
}

#[test]
fn of_several_hosts_the_standby_is_preferred_and_the_primary_answers_without_it() {
    let (primary, standby) = pair();
    let hosts = local_postgres::testing::several_hosts(&[primary.server(), standby.server()], "calls");
    let app = start(&primary, &format!("{hosts}?target_session_attrs=prefer-standby"));
    assert_eq!(send(&app, 1).status, 200);
    standby.wait_until_caught_up(&primary);
    standby.pause_replay();
    assert_eq!(send(&app, 2).status, 200);
    for path in paths() {
        assert_eq!(count(&app, &path, &[]), 1, "{path}");
    }
    standby.server().kill();
    for path in paths() {
        wait_until(|| app.get(&path).status == 200);
        assert_eq!(count(&app, &path, &[]), 2, "{path}");
    }
}

#[test]
fn the_server_starts_on_a_standby_which_reads_and_follows_and_takes_no_writes() {
    let (primary, standby) = pair();
    let writer = serve(&primary.server().url("calls"), &[]);
    let url = standby.server().url("calls");
    let app = serve(&url, &["--heartbeat", "1"]);
    let mut client = Client::connect(&app, "+12025550123", None);
    assert_eq!(send(&writer, 1).status, 200);
    // Nobody can listen on a standby.
    client.call().unwrap();
    for path in paths() {
        assert_eq!(count(&app, &path, &[]), 1, "{path}");
    }
    assert_eq!(send(&app, 2).status, 503);
    primary.server().kill();
    standby.promote();
    wait_until(|| send(&app, 3).status == 200);
    client.call().unwrap();
}

#[test]
fn a_long_history_has_a_summary_on_a_standby_which_keeps_no_counts() {
    let (primary, standby) = pair();
    let insert = "INSERT INTO calls (number, counterparty, created_at, type)
                  SELECT 12025550123, 13333330000 + i % 999, timestamptz '2024-01-01Z' + i * interval '1 s',
                         'Missed Inbound' FROM generate_series(1, 30000) AS i";
    primary.server().query("calls", &crate::test_app::storing(insert));
    standby.wait_until_caught_up(&primary);
    let url = standby.server().url("calls");
    let app = serve(&url, &["--deadline", "30"]);
    let summary = app.get(&format!("{OWNER}/summary")).json();
    // All of it, or it says what it covers.
    assert!(summary["calls"] == 30_000 || !summary["covers"].is_null(), "{summary}");
}
