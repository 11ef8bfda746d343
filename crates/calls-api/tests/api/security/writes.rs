//! Cross-site request forgery: a page of another site writes with the browser of somebody who can reach this
//! server.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use fantoccini::Locator;

use crate::browser::chromium::Chromium;
use crate::post::send;
use crate::test_app::{Answer, TestApp};

const CALLER: &str = "/api/calls/+12025550123/callbacks/+13333333333";
const JSON: (&str, &str) = ("Content-Type", "application/json");
const DONE: &[u8] = br#"{"done": true, "note": "forged"}"#;

fn app_with_a_missed_call(options: &[&str]) -> TestApp {
    let app = TestApp::with(options);
    app.call("+12025550123", "2024-01-31T10:00:00Z", "+13333333333", "Missed Inbound", None);
    app
}

/// The four writes, with these headers.
fn write_all(app: &TestApp, headers: &[(&str, &str)]) -> Vec<Answer> {
    let id = app.get("/api/calls/+12025550123").json()[0]["id"].as_str().unwrap().to_owned();
    let note = format!("/api/calls/+12025550123/{id}/note");
    vec![
        send(app, "PUT", CALLER, headers, DONE),
        send(app, "PUT", &note, headers, br#"{"text": "forged"}"#),
        send(app, "DELETE", CALLER, headers, b""),
        send(app, "DELETE", &note, headers, b""),
    ]
}

fn rows(app: &TestApp) -> i64 {
    app.database().count("SELECT (SELECT count(*) FROM notes) + (SELECT count(*) FROM callbacks) AS count")
}

#[test]
fn a_write_from_another_origin_is_refused_and_changes_nothing() {
    let app = app_with_a_missed_call(&["--cors-origin", "https://reader.example"]);
    let own = app.address.clone();
    let other_port = format!("{}1", app.address);
    for headers in [
        vec![("Sec-Fetch-Site", "cross-site")],
        vec![("Sec-Fetch-Site", "same-site")],
        vec![("Sec-Fetch-Site", "none")],
        vec![("Origin", "https://attacker.example")],
        vec![("Origin", "null")],
        vec![("Origin", &other_port)],
        // One that may read.
        vec![("Origin", "https://reader.example")],
        vec![("Origin", &own), ("Sec-Fetch-Site", "cross-site")],
        vec![("Origin", "https://attacker.example"), ("Sec-Fetch-Site", "same-origin")],
        vec![("Origin", &own), ("Origin", "https://attacker.example")],
    ] {
        let with_type: Vec<_> = headers.iter().copied().chain([JSON]).collect();
        for answer in write_all(&app, &with_type) {
            let problem = answer.problem();
            assert_eq!(
                (problem.status, problem.kind.as_str()),
                (403, "/problems/other-origin"),
                "{headers:?}"
            );
        }
    }
    assert_eq!(rows(&app), 0);
}

#[test]
fn the_own_page_and_a_client_that_is_no_browser_may_write() {
    let app = app_with_a_missed_call(&["--public-url", "https://calls.example.com/"]);
    let own = app.address.clone();
    for headers in [
        vec![],
        vec![("Origin", own.as_str()), ("Sec-Fetch-Site", "same-origin")],
        vec![("Origin", "https://calls.example.com")],
        vec![("Origin", "http://localhost:3000"), ("X-Forwarded-Host", "localhost:3000")],
    ] {
        let with_type: Vec<_> = headers.iter().copied().chain([JSON]).collect();
        let statuses: Vec<u16> = write_all(&app, &with_type).iter().map(|answer| answer.status).collect();
        assert_eq!(statuses, [200, 200, 204, 204], "{headers:?}");
    }
}

#[test]
fn a_form_or_a_text_is_not_read_as_json() {
    let app = app_with_a_missed_call(&[]);
    for media_type in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
    {
        let answer = send(&app, "PUT", CALLER, &[("Content-Type", media_type)], DONE);
        assert_eq!(answer.problem().status, 415, "{media_type}");
        // Media types that a form can send.
        let answer = send(&app, "POST", CALLER, &[("Content-Type", media_type)], DONE);
        assert_eq!((answer.status, answer.header("allow")), (405, "PUT, DELETE"), "{media_type}");
    }
    assert_eq!(rows(&app), 0);
}

#[test]
fn a_server_that_is_read_only_takes_no_write_at_all() {
    let app = app_with_a_missed_call(&["--read-only"]);
    for answer in write_all(&app, &[JSON]) {
        let problem = answer.problem();
        assert_eq!((problem.status, problem.kind.as_str()), (403, "/problems/read-only"));
    }
    assert_eq!(rows(&app), 0);
}

#[test]
fn writes_count_towards_the_rate_limit() {
    let app = TestApp::with(&["--rate-limit", "3/m"]);
    let write = || send(&app, "PUT", CALLER, &[JSON], DONE).status;
    assert_eq!([write(), write(), write(), write()], [404, 404, 404, 429]);
}

#[test]
fn a_body_that_is_too_long_is_not_read_to_its_end() {
    let app = app_with_a_missed_call(&[]);
    let long = format!(r#"{{"done": true, "note": "{}"}}"#, "a".repeat(100_000));
    assert_eq!(send(&app, "PUT", CALLER, &[JSON], long.as_bytes()).problem().status, 413);
    let too_long = format!(r#"{{"done": true, "note": "{}"}}"#, "é".repeat(2_001));
    assert_eq!(send(&app, "PUT", CALLER, &[JSON], too_long.as_bytes()).problem().status, 400);
    let longest = format!(r#"{{"done": true, "note": "{}"}}"#, "\\u00e9".repeat(2_000));
    assert_eq!(send(&app, "PUT", CALLER, &[JSON], longest.as_bytes()).status, 200);
}

/// Serves an empty page of another origin, and returns its address. The thread ends with the test's process.
fn other_site() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            // Any request gets the same response.
            let _ = stream.read(&mut request);
            let page = "<!doctype html><title>Other</title><p>Hello";
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n";
            let _ = write!(stream, "{head}Content-Length: {}\r\n\r\n{page}", page.len());
        }
    });
    address
}

#[tokio::test]
async fn a_page_of_another_origin_writes_nothing_from_chromium() {
    let app = app_with_a_missed_call(&[]);
    let chromium = Chromium::start().await;
    chromium.allow_error("CORS");
    chromium.allow_error("Failed to load resource");
    let attack = |method: &str, mode: &str, media_type: &str| {
        let body = if method == "DELETE" { "undefined".to_owned() } else { "'{\"done\": true}'".to_owned() };
        format!(
            "const done = arguments[arguments.length - 1];
             fetch('{}{CALLER}', {{method: '{method}', mode: '{mode}', credentials: 'include',
                   headers: {{'content-type': '{media_type}'}}, body: {body}}})
                 .then((answer) => done(`${{answer.type}} ${{answer.status}}`), (error) => done('refused'));",
            app.address
        )
    };
    // The control: the same script on the server's own page does write.
    chromium.client.goto(&format!("{}/", app.address)).await.unwrap();
    let script = attack("PUT", "cors", "application/json");
    let own = chromium.client.execute_async(&script, Vec::new()).await.unwrap();
    assert_eq!((own.as_str(), rows(&app)), (Some("basic 200"), 1));
    assert_eq!(app.database().execute("DELETE FROM callbacks").unwrap(), 1);

    chromium.client.goto(&other_site()).await.unwrap();
    chromium.client.find(Locator::Css("p")).await.unwrap();
    for (method, mode, media_type) in [
        ("PUT", "cors", "application/json"),
        ("PUT", "cors", "text/plain"),
        ("DELETE", "cors", "text/plain"),
        ("POST", "no-cors", "text/plain"),
    ] {
        let script = attack(method, mode, media_type);
        let result = chromium.client.execute_async(&script, Vec::new()).await.unwrap();
        let result = result.as_str().unwrap_or_default();
        assert!(["refused", "opaque 0"].contains(&result), "{method} {mode}: {result}");
        assert_eq!(rows(&app), 0, "{method} {mode}");
    }
    chromium.stop().await;
}
