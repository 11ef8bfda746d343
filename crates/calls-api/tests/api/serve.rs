use crate::test_app::{TestApp, calls};

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
    app.database().accept_connections();
    assert_eq!(app.get("/calls/+13333333333").status, 200);
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
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("calls: cannot connect to PostgreSQL"),
        "{output:?}"
    );
}
