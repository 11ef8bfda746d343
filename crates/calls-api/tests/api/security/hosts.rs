//! DNS rebinding: a page of another site makes its name resolve to this server, and reads it as its own.

use crate::post::post;
use crate::test_app::{Answer, TestApp, calls, fetch};

const PATHS: [&str; 6] = [
    "/calls/+13333333333",
    "/api/calls/+13333333333",
    "/api/calls/+13333333333/events",
    "/api/openapi.json",
    "/",
    "/nothing",
];

fn ask(app: &TestApp, path: &str, host: &str) -> Answer {
    app.get_with(path, &[("Host", host)])
}

fn assert_misdirected(answer: &Answer) {
    let problem = answer.problem();
    assert_eq!((problem.status, problem.kind.as_str()), (421, "/problems/misdirected"));
    assert!(problem.expected.unwrap().contains("--allowed-hosts"));
}

#[test]
fn a_page_that_rebinds_its_name_to_this_server_reads_nothing() {
    let app = TestApp::with(&["--ingest-token", crate::cdr::TOKEN, "--admin-bind", "127.0.0.1:0"]);
    app.call("+13333333333", "2024-01-31T10:00:00Z", "+12025550123", "Missed Inbound", None);
    for host in ["attacker.example", "attacker.example:8000", "localhost.attacker.example", "192.0.2.1"] {
        for path in PATHS {
            let answer = ask(&app, path, host);
            assert_misdirected(&answer);
            assert!(!answer.body.contains("2025550123"), "{}", answer.body);
            // By way of the proxy of `just dev`.
            assert_misdirected(&app.get_with(path, &[("Host", "127.0.0.1"), ("X-Forwarded-Host", host)]));
        }
        let authorization = format!("Bearer {}", crate::cdr::TOKEN);
        let headers =
            [("Host", host), ("Authorization", &authorization), ("Content-Type", "application/json")];
        assert_misdirected(&post(&app, "/api/calls", &headers, b"[]"));
        for path in ["/metrics", "/health/live", "/health/ready"] {
            let admin = format!("{}{path}", app.admin.as_ref().unwrap());
            assert_misdirected(&fetch("GET", &admin, &[("Host", host)]).unwrap());
        }
    }
}

#[test]
fn a_loopback_server_answers_to_its_own_names() {
    let app = TestApp::with(&[
        "--allowed-hosts",
        "calls.lan,192.0.2.7",
        "--public-url",
        "https://calls.example.com/",
    ]);
    for host in [
        "localhost",
        "LOCALHOST:3000",
        "localhost.",
        "127.0.0.1",
        "127.8.8.8:80",
        "[::1]:8000",
        "calls.lan:8000",
        "192.0.2.7",
        "calls.example.com",
    ] {
        assert_eq!(ask(&app, PATHS[1], host).status, 200, "{host}");
    }
    for host in ["calls.example.org", "lan", "192.0.2.8", "www.calls.example.com"] {
        assert_misdirected(&ask(&app, PATHS[1], host));
    }
}

#[test]
fn a_server_for_others_answers_to_addresses_and_configured_names() {
    let database = crate::test_app::TestDatabase::new();
    let options = ["--bind", "0.0.0.0:0", "--database-url", &database.url, "--allowed-hosts", "calls"];
    let app = TestApp::start(&options);
    for host in ["192.0.2.1:8000", "[2001:db8::1]", "localhost", "127.0.0.1", "calls:8000"] {
        assert_eq!(ask(&app, PATHS[1], host).status, 200, "{host}");
    }
    assert_misdirected(&ask(&app, PATHS[1], "attacker.example"));
}

#[test]
fn a_host_that_is_none_is_refused_at_the_start() {
    for (option, value) in [("--allowed-hosts", "https://calls.lan"), ("--public-url", "calls.example.com")] {
        let output = calls(&["serve", option, value]);
        assert!(!output.status.success(), "{option}");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(error.contains("calls.example.com") && error.contains(value), "{error}");
    }
}
