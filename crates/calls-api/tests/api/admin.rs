//! The admin address.

use crate::test_app::TestApp;

fn app() -> TestApp {
    TestApp::with(&["--admin-bind", "127.0.0.1:0"])
}

#[test]
fn a_server_that_lost_its_database_is_alive_but_not_ready() {
    let app = app();
    assert_eq!(app.get_admin("/health/live").status, 200);
    assert_eq!(app.get_admin("/health/ready").body, "ready\n");
    app.database().refuse_connections();
    let answer = app.get_admin("/health/ready");
    assert_eq!((answer.status, answer.header("retry-after")), (503, "2"));
    assert_eq!(answer.problem().kind, "/problems/unavailable");
    assert_eq!(app.get_admin("/health/live").status, 200);
    app.database().accept_connections();
    assert_eq!(app.get_admin("/health/ready").status, 200);
}

#[test]
fn requests_are_counted_by_route_and_status_and_without_a_number() {
    let app = app();
    for path in ["/api/calls/+12025550123", "/api/calls/+12025550123", "/calls/hello", "/+12025550123"] {
        app.get(path);
    }
    app.request("N12025550123", "/", &[]);
    let answer = app.get_admin("/metrics");
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    for line in [
        r#"http_requests_total{method="GET",route="/api/calls/{number}",status="200"} 2"#,
        r#"http_requests_total{method="GET",route="/calls/{number}",status="400"} 1"#,
        r#"http_requests_total{method="GET",route="other",status="404"} 1"#,
        r#"http_requests_total{method="other",route="/",status="405"} 1"#,
        r#"http_request_duration_seconds_count{method="GET",route="/api/calls/{number}"} 2"#,
        r#"database_connections{state="in_use"} 0"#,
        r#"database_connections{state="idle"}"#,
        "database_waiting_requests 0",
    ] {
        assert!(answer.body.contains(line), "{line}\n{}", answer.body);
    }
    assert!(!answer.body.contains("2025550123") && !answer.body.contains("hello"), "{}", answer.body);
}

#[test]
fn what_is_for_administrators_is_nowhere_else() {
    let app = app();
    for path in ["/metrics", "/health/live", "/health/ready"] {
        assert_eq!(app.get(path).status, 404, "{path}");
    }
    assert_eq!(app.get_admin("/api/calls/+12025550123").problem().kind, "/problems/not-found");
    assert!(TestApp::new().admin.is_none(), "there is no admin address unless it is asked for");
}
