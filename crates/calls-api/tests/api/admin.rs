//! The admin address.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::cdr::{JSON_CDR, TOKEN, freeswitch};
use crate::events::{Client, wait_until};
use crate::post::post;
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

#[test]
fn what_is_stored_refused_and_followed_is_counted() {
    let token = format!("Bearer {TOKEN}");
    let app = TestApp::with(&["--admin-bind", "127.0.0.1:0", "--ingest-token", TOKEN, "--heartbeat", "1"]);
    let headers = [("Authorization", token.as_str()), ("Content-Type", "application/json")];
    let record = |minute: usize, call_type: &str| {
        serde_json::json!({"owner": "+12025550123", "created_at": format!("2024-01-31T10:0{minute}:00Z"),
                           "counterparty": "+13333333333", "type": call_type})
    };
    let send = |records: serde_json::Value| {
        assert_eq!(post(&app, "/api/calls", &headers, records.to_string().as_bytes()).status, 200);
    };
    send(serde_json::json!([record(1, "Missed Inbound")]));
    send(serde_json::json!([record(1, "Missed Inbound"), record(2, "Missed Inbound"), record(3, "Lost"), 1]));
    assert_eq!(freeswitch(&app, "application/json", JSON_CDR).status, 200);
    assert_eq!(freeswitch(&app, "application/json", "{}").status, 200);
    let mut client = Client::connect(&app, "+12025550123", None);
    app.call("+12025550123", "2024-02-01T10:00:00Z", "withheld", "Missed Inbound", None);
    client.call().unwrap();

    let text = app.get_admin("/metrics").body;
    for line in [
        r#"calls_added_total{source="api"} 2"#,
        r#"calls_already_there_total{source="api"} 1"#,
        r#"calls_refused_total{reason="type",source="api"} 1"#,
        r#"calls_refused_total{reason="record",source="api"} 1"#,
        r#"calls_added_total{source="freeswitch"} 2"#,
        r#"calls_refused_total{reason="unreadable",source="freeswitch"} 1"#,
        "calls_followers 1",
        "calls_listener_connected 1",
        "calls_exports 0",
        "calls_postgresql_restarts_total 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(text.contains("calls_build_info{postgresql=\""), "{text}");
    let heard =
        text.lines().find_map(|line| line.strip_prefix("calls_listener_last_heard_timestamp_seconds "));
    assert!(heard.unwrap().parse::<f64>().unwrap() > 1.7e9, "{text}");
    assert!(!text.contains("2025550123") && !text.contains("3333333333"), "{text}");
}

#[test]
fn the_last_import_of_another_process_is_told_also_while_the_database_is_away() {
    let app = app();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("calls.csv");
    let log = "owner,created_at,counterparty,type,duration\n\
               +12025550123,2024-01-31T10:00:00Z,+13333333333,Missed Inbound,\n\
               +12025550123,2024-01-31T10:05:00Z,+13333333333,Completed Outbound,37.4\n";
    fs::write(&file, log).unwrap();
    let path = file.to_str().unwrap();
    assert!(!app.get_admin("/metrics").body.contains("calls_last_import"));
    let dry = app.database().calls(&["import", path, "--dry-run"]);
    assert!(dry.status.success(), "{dry:?}");
    assert!(!app.get_admin("/metrics").body.contains("calls_last_import"));
    let before = chrono::Utc::now().timestamp();
    let imported = app.database().calls(&["import", path]);
    assert!(imported.status.success(), "{imported:?}");
    let added = "calls_last_import_added{source=\"command\"} 2";
    wait_until(|| app.get_admin("/metrics").body.lines().any(|line| line == added));
    app.database().refuse_connections();
    let text = app.get_admin("/metrics").body;
    app.database().accept_connections();
    assert!(text.lines().any(|line| line == added), "{text}");
    let time = "calls_last_import_timestamp_seconds{source=\"command\"} ";
    let time = text.lines().find_map(|line| line.strip_prefix(time)).unwrap();
    assert!(time.parse::<i64>().unwrap() >= before, "{time} {before}");
    // The same log again adds nothing.
    app.database().calls(&["import", path]);
    let nothing = "calls_last_import_added{source=\"command\"} 0";
    wait_until(|| app.get_admin("/metrics").body.lines().any(|line| line == nothing));
}

#[test]
fn a_private_postgresql_that_is_started_again_is_counted() {
    let folder = tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempdir().unwrap();
    let data_dir = folder.path().join("calls");
    let data_dir = data_dir.to_str().unwrap();
    let app =
        TestApp::start(&["--bind", "127.0.0.1:0", "--admin-bind", "127.0.0.1:0", "--data-dir", data_dir]);
    let pid = fs::read_to_string(format!("{data_dir}/postgres/postmaster.pid")).unwrap();
    let killed = Command::new("kill").args(["-KILL", pid.lines().next().unwrap().trim()]).status().unwrap();
    assert!(killed.success());
    let restarts = || {
        app.get("/api/calls/+12025550123");
        app.get_admin("/metrics").body.contains("\ncalls_postgresql_restarts_total 1\n")
    };
    wait_until(restarts);
    let log = app.stop();
    let started = log.lines().find(|line| line.contains("\"started\"")).unwrap();
    assert!(started.contains("data_dir") && started.contains("calls"), "{started}");
    assert!(log.contains("had ended and was started again"), "{log}");
}

#[test]
fn alerts_and_dashboard_ask_for_metrics_that_there_are() {
    let app = app();
    app.get("/api/calls/1001");
    let text = app.get_admin("/metrics").body;
    // There once there is something to count.
    let later = [
        "calls_added_total",
        "calls_already_there_total",
        "calls_joined_total",
        "calls_refused_total",
        "calls_imports_total",
        "calls_last_import_timestamp_seconds",
        "calls_last_import_added",
        "backup_age_seconds",
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging");
    let mut asked = 0;
    for file in ["prometheus/calls.yml", "grafana/calls.json"] {
        let file = fs::read_to_string(folder.join(file)).unwrap();
        let names = file.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        for name in names.filter(|name| {
            ["calls_", "http_request", "database_", "backup_"].iter().any(|start| name.starts_with(start))
        }) {
            asked += 1;
            assert!(later.contains(&name) || text.contains(&format!("\n{name}")), "{name}\n{text}");
        }
    }
    assert!(asked > 20, "{asked}");
}
