//! Limits on requests.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::test_app::TestApp;

#[test]
fn addresses_headers_and_bodies_beyond_any_honest_size_are_refused() {
    let app = TestApp::new();
    let long = "x".repeat(9_000);
    let address = app.get(&format!("/api/calls/{long}"));
    assert_eq!((address.status, address.problem().kind.as_str()), (414, "/problems/too-large"));
    assert_eq!(address.problem().expected.as_deref(), Some("at most 8192 bytes"));
    let header = app.get_with("/api/calls/+12025550123", &[("x-one", &long), ("x-two", &long)]);
    assert_eq!((header.status, header.problem().kind.as_str()), (431, "/problems/too-large"));
    let body = raw(
        &app,
        "GET /api/calls/+12025550123 HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100000\r\n\r\n",
    );
    assert!(body.starts_with("HTTP/1.1 413"), "{body}");
    // Refused by actix-web before any handler is called.
    let endless = raw(&app, &format!("GET / HTTP/1.1\r\nhost: localhost\r\nx-long: {}", "x".repeat(200_000)));
    assert!(endless.starts_with("HTTP/1.1 431"), "{endless}");
    assert_eq!(app.get("/api/calls/+12025550123").status, 200);
}

/// Sends a text and reads the beginning of the answer.
fn raw(app: &TestApp, request: &str) -> String {
    let mut stream = TcpStream::connect(app.address.trim_start_matches("http://")).unwrap();
    // The server can close before it has read everything.
    let _ = stream.write_all(request.as_bytes());
    let mut start = [0; 12];
    stream.read_exact(&mut start).unwrap();
    String::from_utf8_lossy(&start).into_owned()
}

#[test]
fn a_client_that_asks_too_often_is_told_when_to_come_back() {
    let app = TestApp::with(&["--rate-limit", "3/m"]);
    for left in ["2", "1", "0"] {
        let answer = app.get("/api/numbers/+12025550123");
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("ratelimit"), format!("\"client\";r={left};t=60"));
        assert_eq!(answer.header("ratelimit-policy"), "\"client\";q=3;w=60");
    }
    let answer = app.get("/api/numbers/+12025550123");
    assert_eq!((answer.status, answer.problem().kind.as_str()), (429, "/problems/too-many-requests"));
    let seconds: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=21).contains(&seconds), "{seconds}");
    assert_eq!(answer.header("ratelimit"), format!("\"client\";r=0;t={seconds}"));
    // A forwarded address from no proxy of ours is the client's own invention.
    assert_eq!(app.get_with("/", &[("x-forwarded-for", "198.51.100.7")]).status, 429);
}

#[test]
fn clients_behind_a_trusted_proxy_are_counted_apart() {
    let app = TestApp::with(&["--rate-limit", "1/m", "--trusted-proxy", "10.0.0.0/8,127.0.0.1"]);
    let ask = |client| app.get_with("/api/numbers/+12025550123", &[("x-forwarded-for", client)]).status;
    assert_eq!(ask("198.51.100.7"), 200);
    assert_eq!(ask("198.51.100.8"), 200);
    assert_eq!(ask("198.51.100.7"), 429);
    assert_eq!(ask("192.0.2.1, 198.51.100.7, 10.1.2.3"), 429);
}

#[test]
fn nobody_is_limited_unless_it_is_configured() {
    let app = TestApp::new();
    for _ in 0..50 {
        let answer = app.get("/api/numbers/+12025550123");
        assert_eq!((answer.status, answer.header("ratelimit")), (200, ""));
    }
}

#[test]
fn pages_of_other_origins_read_only_where_they_are_configured() {
    let origin = [("origin", "https://example.com")];
    let closed = TestApp::new();
    assert_eq!(
        closed.get_with("/api/numbers/+12025550123", &origin).header("access-control-allow-origin"),
        ""
    );

    let app = TestApp::with(&["--cors-origin", "https://example.com,https://example.org"]);
    let answer = app.get_with("/api/numbers/+12025550123", &origin);
    assert_eq!(answer.header("access-control-allow-origin"), "https://example.com");
    assert!(answer.header("access-control-expose-headers").to_lowercase().contains("link"));
    let asked = [origin[0], ("access-control-request-method", "GET")];
    let preflight = app.request("OPTIONS", "/api/calls/+12025550123", &asked);
    assert_eq!((preflight.status, preflight.header("access-control-max-age")), (200, "3600"));
    let other = app.get_with("/api/numbers/+12025550123", &[("origin", "https://example.net")]);
    assert_eq!(other.header("access-control-allow-origin"), "");
}

#[test]
fn wrong_options_say_what_would_be_right() {
    for (option, value, expected) in [
        ("--rate-limit", "fast", "10/s or 600/m"),
        ("--trusted-proxy", "proxy", "10.0.0.0/8"),
        ("--cors-origin", "https://example.com/", "https://example.com"),
        ("--cors-origin", "*", "https://example.com"),
    ] {
        let output = crate::test_app::calls(&["serve", option, value]);
        assert_eq!(output.status.code(), Some(2), "{option} {value}");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(error.contains(expected) && error.contains(&format!("found {value:?}")), "{error}");
    }
}
