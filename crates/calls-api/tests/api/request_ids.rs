//! Request ids, in answers, problems and the log; and the line that says what has started.

use serde_json::Value;

use crate::test_app::TestApp;

/// The lines of a log.
fn lines(log: &str) -> Vec<Value> {
    log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
}

#[test]
fn a_request_id_is_in_the_answer_the_problem_and_the_log() {
    let app = TestApp::new();
    let answer = app.get_with("/api/calls/hello", &[("X-Request-Id", "from-the-proxy.1")]);
    assert_eq!(answer.header("x-request-id"), "from-the-proxy.1");
    assert_eq!(answer.problem().request_id.as_deref(), Some("from-the-proxy.1"));
    let made = app.get("/api/nothing");
    let id = made.header("x-request-id").to_owned();
    assert_eq!(made.problem().request_id.as_deref(), Some(id.as_str()));
    assert_ne!(app.get("/api/calls/1001").header("x-request-id"), id);
    let log = lines(&app.stop());
    for id in ["from-the-proxy.1", &id] {
        let of_request: Vec<_> = log.iter().filter(|line| line["span"]["request_id"] == id).collect();
        assert_eq!(of_request.len(), 1, "{id}: {of_request:?}");
        assert_eq!(of_request[0]["fields"]["message"], "request");
    }
}

#[test]
fn what_is_logged_of_a_query_that_failed_names_the_request_and_its_route() {
    let app = TestApp::new();
    app.database().execute("ALTER TABLE calls RENAME TO hidden").unwrap();
    for path in [
        "/api/calls/+12025550123",
        "/api/calls/+12025550123?outcome=missed",
        "/api/calls/+12025550123?outcome=missed&format=csv",
    ] {
        let answer = app.get_with(path, &[("X-Request-Id", "the-one")]);
        assert_eq!(answer.status, 500, "{path}");
    }
    app.database().execute("ALTER TABLE hidden RENAME TO calls").unwrap();
    let log = lines(&app.stop());
    let failed: Vec<_> = log.iter().filter(|line| line["level"] == "ERROR").collect();
    assert!(failed.len() >= 3, "{log:?}");
    for line in failed {
        assert_eq!(line["span"]["request_id"], "the-one", "{line}");
        assert_eq!(line["span"]["route"], "/api/calls/{number}", "{line}");
        assert!(!line.to_string().contains("2025550123"), "{line}");
    }
}

#[test]
fn an_id_that_could_be_a_number_or_forge_a_line_is_not_logged() {
    let app = TestApp::new();
    for id in ["12025550123", "+12025550123", "a b c 12025550123", "{\"level\":\"ERROR\"}"] {
        let answer = app.get_with("/api/calls/1001", &[("X-Request-Id", id)]);
        assert_ne!(answer.header("x-request-id"), id);
    }
    let log = app.stop();
    assert!(!log.contains("2025550123") && !log.contains("ERROR"), "{log}");
}

#[test]
fn the_log_begins_with_versions_folder_and_addresses() {
    let app = TestApp::with(&["--admin-bind", "127.0.0.1:0", "--base-path", "/calls-app"]);
    let (address, admin) = (app.address.clone(), app.admin.clone().unwrap());
    let log = lines(&app.stop());
    let started = log.iter().find(|line| line["fields"]["message"] == "started").expect("a line");
    let fields = &started["fields"];
    assert_eq!(fields["version"], env!("CARGO_PKG_VERSION"));
    assert!(fields["postgresql"].as_str().unwrap().starts_with(|c: char| c.is_ascii_digit()), "{fields}");
    assert_eq!((&fields["addresses"], &fields["admin"]), (&address.into(), &admin.into()));
    assert_eq!(fields["base_path"], "/calls-app");
    assert!(fields.get("data_dir").is_none(), "the database is not the private one: {fields}");
}

#[test]
fn a_log_is_text_for_people_where_that_is_asked_for() {
    let app = TestApp::with(&["--log-format", "text"]);
    app.get_with("/api/calls/+12025550123", &[("X-Request-Id", "from-the-proxy.1")]);
    let log = app.stop();
    assert!(!log.lines().any(|line| line.starts_with('{')), "{log}");
    let line = log.lines().find(|line| line.contains("from-the-proxy.1")).expect("a line");
    assert!(line.contains("INFO") && line.contains("/api/calls/{number}"), "{line}");
    assert!(!log.contains('\u{1b}') && !log.contains("2025550123"), "{log}");
}
