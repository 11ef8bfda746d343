//! A primary and its standby.

use local_postgres::testing::{self, Primary, several_hosts};

const WRITE: &str = "?target_session_attrs=read-write&connect_timeout=10";

#[test]
fn a_standby_has_what_was_there_and_follows_what_comes() {
    let primary = Primary::start();
    primary.server().query("postgres", "CREATE TABLE kept AS SELECT 1 AS n");
    let standby = primary.standby();
    assert_eq!(standby.server().query("postgres", "SELECT n FROM kept"), "1");
    primary.server().query("postgres", "INSERT INTO kept VALUES (2)");
    standby.wait_until_caught_up(&primary);
    assert_eq!(standby.server().query("postgres", "SELECT sum(n) FROM kept"), "3");
    let refused = testing::query(&standby.server().url("postgres"), "INSERT INTO kept VALUES (3)");
    assert!(refused.unwrap_err().contains("25006"), "read_only_sql_transaction");
}

#[test]
fn a_standby_whose_replay_pauses_shows_the_past_until_it_resumes() {
    let primary = Primary::start();
    let standby = primary.standby();
    primary.server().query("postgres", "CREATE TABLE kept AS SELECT 1 AS n");
    standby.wait_until_caught_up(&primary);
    standby.pause_replay();
    primary.server().query("postgres", "INSERT INTO kept VALUES (2)");
    // It has received the row, and could show it.
    let end = primary.server().query("postgres", "SELECT pg_current_wal_flush_lsn()");
    let received = format!("SELECT pg_last_wal_receive_lsn() >= '{end}'");
    crate::harness::wait_until("received", || standby.server().query("postgres", &received) == "t");
    assert_eq!(standby.server().query("postgres", "SELECT sum(n) FROM kept"), "1");
    standby.resume_replay();
    standby.wait_until_caught_up(&primary);
    assert_eq!(standby.server().query("postgres", "SELECT sum(n) FROM kept"), "3");
}

#[test]
fn the_standby_takes_the_writes_once_the_primary_is_killed_and_it_is_promoted() {
    let primary = Primary::start();
    let standby = primary.standby();
    let either = several_hosts(&[standby.server(), primary.server()], "postgres") + WRITE;
    assert_eq!(testing::query(&either, "SHOW port"), Ok(primary.server().port().to_string()));
    testing::query(&either, "CREATE TABLE kept AS SELECT 1 AS n").unwrap();
    standby.wait_until_caught_up(&primary);
    primary.server().kill();
    let none = testing::query(&either, "SELECT 1").unwrap_err();
    assert!(none.contains("Connection refused") && none.contains("read-only"), "{none}");
    standby.promote();
    assert_eq!(testing::query(&either, "SHOW port"), Ok(standby.server().port().to_string()));
    assert_eq!(testing::query(&either, "INSERT INTO kept VALUES (2) RETURNING n"), Ok("2".to_owned()));
}

#[test]
fn a_standby_goes_on_after_its_primary_was_stopped_killed_and_started() {
    let primary = Primary::start();
    let standby = primary.standby();
    let server = primary.server();
    server.query("postgres", "CREATE TABLE kept AS SELECT 1 AS n");
    server.stop();
    assert!(testing::query(&server.url("postgres"), "SELECT 1").is_err());
    server.start();
    // Committed, so it outlives the server.
    server.query("postgres", "INSERT INTO kept VALUES (2)");
    server.kill();
    assert!(testing::query(&server.socket_url("postgres"), "SELECT 1").is_err());
    server.start();
    assert_eq!(testing::query(&server.url("postgres"), "SELECT sum(n) FROM kept"), Ok("3".to_owned()));
    standby.server().kill();
    server.query("postgres", "INSERT INTO kept VALUES (3)");
    standby.server().start();
    standby.wait_until_caught_up(&primary);
    assert_eq!(standby.server().query("postgres", "SELECT sum(n) FROM kept"), "6");
}
