//! Logs have no numbers, names or secrets in them.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

use local_postgres::Cluster;
use serde_json::json;

use crate::cdr::TOKEN;
use crate::post::post;
use crate::test_app::{TestApp, calls};

#[test]
fn a_malformed_request_is_no_error_of_the_server() {
    let app = TestApp::new();
    for request in ["\x16\x03\x01\x02\0\x01\0", "GET / HTTP/9.9\r\n\r\n", "nonsense\r\n\r\n"] {
        let mut stream = TcpStream::connect(app.address.trim_start_matches("http://")).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        // It can be a reset.
        let _ = stream.read_to_string(&mut answer);
        assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
    }
    let log = app.stop();
    assert!(!log.contains("ERROR"), "{log}");
}

#[test]
fn a_server_that_runs_as_root_says_so() {
    let user = Command::new("id").arg("-u").output().unwrap();
    let is_root = String::from_utf8_lossy(&user.stdout).trim() == "0";
    let app = TestApp::new();
    assert_eq!(app.get("/api/calls/+12025550123").status, 200);
    let log = app.stop();
    assert_eq!(log.contains("runs as root"), is_root, "{log}");
}

#[test]
fn writes_leave_no_phone_number_in_the_log_of_postgresql() {
    let cluster = Cluster::throwaway().unwrap();
    cluster.create_database("calls", None).unwrap();
    let url = cluster.url("calls");
    let app = TestApp::start(&["--bind", "127.0.0.1:0", "--database-url", &url, "--ingest-token", TOKEN]);
    let record = |minute: usize| {
        json!({"owner": "+12025550123", "created_at": format!("2024-01-31T10:{minute:02}:00Z"),
               "counterparty": "+13333333333", "type": "Missed Inbound"})
    };
    let records = json!((0..60).map(record).collect::<Vec<_>>()).to_string();
    let authorization = format!("Bearer {TOKEN}");
    let send = |body: &str, key: &str| {
        let headers = [
            ("Authorization", authorization.as_str()),
            ("Content-Type", "application/json"),
            ("Idempotency-Key", key),
        ];
        let headers = if key.is_empty() { &headers[..2] } else { &headers };
        assert_eq!(post(&app, "/api/calls", headers, body.as_bytes()).status, 200);
    };
    // The same calls at once, one by one, all together, and again.
    std::thread::scope(|scope| {
        for sender in 0..6 {
            let (send, records) = (&send, &records);
            scope.spawn(move || {
                (0..20).for_each(|minute| send(&json!([record(minute)]).to_string(), ""));
                send(records, "");
                send(records, if sender % 2 == 0 { "even" } else { "odd" });
            });
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("calls.ndjson");
    let line = |minute| record(minute).to_string() + "\n";
    fs::write(&file, (30..60).map(line).collect::<String>()).unwrap();
    for _ in 0..2 {
        let imported = calls(&["import", file.to_str().unwrap(), "--database-url", &url]);
        assert!(imported.status.success(), "{imported:?}");
    }
    let erased = calls(&["erase", "+13333333333", "--database-url", &url]);
    assert!(erased.status.success(), "{erased:?}");
    app.stop();
    let log = fs::read_to_string(cluster.log_file()).unwrap();
    assert!(log.contains("ready to accept connections"), "{log}");
    assert!(!log.contains("DETAIL") && !log.contains("2025550123") && !log.contains("3333333333"), "{log}");
    cluster.leave().unwrap();
}
