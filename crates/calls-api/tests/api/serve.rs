use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use crate::cdr::TOKEN;
use crate::events::wait_until;
use crate::post::post;
use crate::test_app::{TestApp, TestDatabase, calls};

#[test]
fn the_log_names_routes_and_never_a_number() {
    let app = TestApp::new();
    app.call("+12025550123", "2024-01-31T10:00:00Z", "+13333333333", "Missed Inbound", None);
    app.get("/calls/+12025550123");
    app.get("/api/numbers/+12025550123");
    app.get("/calls/+1202555012x?limit=3333333333");
    app.get("/+12025550123");
    let log = app.stop();
    assert!(log.contains("/calls/{number}") && log.contains("/api/numbers/{number}"), "{log}");
    for text in ["2025550123", "3333333333", "202555012x"] {
        assert!(!log.contains(text), "{text} in {log}");
    }
}

#[test]
fn a_read_on_a_connection_that_died_is_tried_again() {
    let app = TestApp::new();
    assert_eq!(app.get("/calls/+13333333333").status, 200);
    let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                  WHERE datname = current_database() AND pid <> pg_backend_pid()";
    assert!(app.database().execute(others).unwrap() > 0);
    assert_eq!(app.get("/calls/+13333333333").status, 200);
}

#[test]
fn a_database_that_is_gone_is_a_503_that_says_when_to_come_back() {
    let app = TestApp::new();
    app.database().execute("ALTER TABLE calls RENAME TO hidden").unwrap();
    assert_eq!(app.get("/calls/+13333333333").problem().kind, "/problems/internal");
    app.database().execute("ALTER TABLE hidden RENAME TO calls").unwrap();
    app.database().refuse_connections();
    let answer = app.get("/calls/+13333333333");
    assert_eq!((answer.status, answer.header("retry-after")), (503, "2"));
    assert_eq!(answer.problem().kind, "/problems/unavailable");
    // Without the histories that it occurs in, a number would look like one without calls.
    assert_eq!(app.get("/api/numbers/+13333333333").problem().kind, "/problems/unavailable");
    app.database().accept_connections();
    assert_eq!(app.get("/calls/+13333333333").status, 200);
}

#[test]
fn a_failed_query_is_logged_with_its_sqlstate_route_and_constraint_and_without_a_value() {
    let app = TestApp::with(&["--ingest-token", TOKEN]);
    let database = app.database();
    let bearer = format!("Bearer {TOKEN}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let send = |records: usize| {
        let record = r#"{"owner": "+12025550123", "created_at": "2024-01-31T10:00:00Z",
                         "counterparty": "+13333333333", "type": "Missed Inbound"}"#;
        post(&app, "/api/calls", &headers, format!("[{}]", vec![record; records].join(",")).as_bytes()).status
    };
    // By each of the two kinds of connections.
    let check = "ALTER TABLE histories ADD CONSTRAINT nobody_has_calls CHECK (calls < 0) NOT VALID";
    database.execute(check).unwrap();
    assert_eq!((send(1), send(2)), (500, 500));
    database.execute("ALTER TABLE calls RENAME TO hidden").unwrap();
    assert_eq!(app.get("/api/calls/+12025550123?min_duration=5").status, 500);
    let log = app.stop();
    let failures: Vec<&str> = log.lines().filter(|line| line.contains("a query failed")).collect();
    assert_eq!(failures.len(), 3, "{log}");
    for line in &failures[..2] {
        assert!(line.contains(r#""sqlstate":"23514""#) && line.contains("nobody_has_calls"), "{line}");
        assert!(line.contains(r#""route":"/api/calls""#), "{line}");
    }
    assert!(failures[2].contains(r#""sqlstate":"42P01""#), "{}", failures[2]);
    assert!(failures[2].contains(r#""route":"/api/calls/{number}""#), "{}", failures[2]);
    assert!(!log.contains("2025550123") && !log.contains("3333333333"), "{log}");
}

#[test]
fn a_database_that_takes_a_connection_and_says_nothing_is_an_error_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url =
        format!("postgres://me@{}/calls?sslmode=disable&gssencmode=disable", listener.local_addr().unwrap());
    // Lets everybody in (PostgreSQL documentation, "Message Flow"), and answers no question.
    std::thread::spawn(move || {
        let mut connections = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut startup = [0; 8];
            stream.read_exact(&mut startup).unwrap();
            stream.write_all(b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I").unwrap();
            connections.push(stream);
        }
    });
    let output = calls(&["serve", "--bind", "127.0.0.1:0", "--database-url", &url]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("waiting for PostgreSQL") && said.contains("expected an answer"), "{said}");
}

#[test]
fn old_answers_to_idempotency_keys_are_forgotten_at_the_start_and_keys_are_stored_as_digests() {
    let database = TestDatabase::new();
    database
        .execute(
            "INSERT INTO idempotency_keys (key, digest, answer, created_at)
             VALUES ('old', '', '', now() - interval '25 h'), ('young', '', '', now() - interval '23 h')",
        )
        .unwrap();
    let app = TestApp::on(database, &["--ingest-token", TOKEN]);
    wait_until(|| app.database().count("SELECT count(*) FROM idempotency_keys") == 1);
    let bearer = format!("Bearer {TOKEN}");
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Type", "application/json"),
        ("Idempotency-Key", "+12025550123"),
    ];
    assert_eq!(post(&app, "/api/calls", &headers, b"[]").status, 200);
    assert_eq!(app.database().count("SELECT count(*) FROM idempotency_keys"), 2);
    assert_eq!(
        app.database().count("SELECT count(*) FROM idempotency_keys WHERE key LIKE '%2025550123%'"),
        0
    );
}

#[test]
fn health_is_asked_at_either_address() {
    let app = TestApp::with(&["--admin-bind", "127.0.0.1:0"]);
    let address = app.address.trim_start_matches("http://").to_owned();
    let admin = app.admin.as_ref().unwrap().trim_start_matches("http://").to_owned();
    let at_both = || {
        let main = calls(&["health", "--bind", &address]);
        [main, calls(&["health", "--admin-bind", &admin])].map(|output| output.status.code())
    };
    assert_eq!(at_both(), [Some(0); 2]);
    app.database().refuse_connections();
    assert_eq!(at_both(), [Some(1); 2]);
    app.database().accept_connections();
    assert_eq!(at_both(), [Some(0); 2]);
    app.stop();
    assert_eq!(at_both(), [Some(1); 2]);
}

#[test]
fn wrong_usage_says_what_would_be_right() {
    for (arguments, expected) in [
        (vec!["serve", "--bind", "here"], "--bind"),
        (
            vec!["serve", "--region", "Germany"],
            "expected a country as two letters, such as US or DE, but found \"Germany\"",
        ),
        (vec!["serve", "--connections", "0"], "1..=100"),
        (vec!["sreve"], "serve"),
    ] {
        let output = calls(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(error.contains(expected), "{arguments:?}: {error}");
    }
    let output = calls(&["migrate", "--database-url", "postgres://127.0.0.1:1/calls"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot connect to PostgreSQL"), "{output:?}");
}
