//! Bodies that cost more memory, or more patience, than they are worth.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::cdr::{TOKEN, twilio};
use crate::post::post;
use crate::test_app::{Answer, TestApp};

/// Limit of the server's memory in MB.
const MEMORY: usize = 150;

fn send(app: &TestApp, media_type: &str, body: &str) -> Answer {
    let authorization = format!("Bearer {TOKEN}");
    let headers = [("Authorization", authorization.as_str()), ("Content-Type", media_type)];
    post(app, "/api/calls", &headers, body.as_bytes())
}

fn app() -> TestApp {
    TestApp::with(&["--ingest-token", TOKEN])
}

#[test]
fn millions_of_records_in_a_request_are_refused_in_little_memory() {
    let app = app();
    let five_million = |separator: &str| format!("0{separator}").repeat(5_000_000);
    for (media_type, body) in [
        ("application/json", format!("[{}0]", five_million(","))),
        ("application/x-ndjson", five_million("\n")),
    ] {
        let problem = send(&app, media_type, &body).problem();
        assert_eq!((problem.status, problem.kind.as_str()), (413, "/problems/too-many-records"));
        assert_eq!(problem.expected.unwrap(), "at most 50000 records");
        assert!(problem.found.unwrap().starts_with("500000"));
    }
    let one = send(&app, "application/json", &format!("[[{}0]]", five_million(","))).json();
    assert_eq!((&one["refused"], &one["results"][0]["found"]), (&1.into(), &"10000003 bytes".into()));
    assert!(app.peak_memory() <= MEMORY, "{} MB", app.peak_memory());
}

#[test]
fn of_many_refusals_the_first_hundred_are_told_and_the_rest_are_counted() {
    let app = app();
    let call = r#"{"owner":"+12025550123","created_at":"2024-01-31T10:00:00Z","counterparty":"1001",
                   "type":"Missed Inbound"}"#;
    let answer = send(&app, "application/json", &format!("[{}{call}]", "0,".repeat(49_999)));
    assert_eq!(answer.status, 200);
    assert!(answer.body.len() < 20_000, "{} bytes", answer.body.len());
    let answer = answer.json();
    assert_eq!((&answer["added"], &answer["refused"]), (&1.into(), &49_999.into()));
    assert_eq!(answer["refusals_left_out"], 49_899);
    let results = answer["results"].as_array().unwrap();
    assert_eq!(results.len(), 101);
    assert_eq!((&results[99]["index"], &results[99]["status"]), (&99.into(), &"refused".into()));
    assert_eq!((&results[100]["index"], &results[100]["status"]), (&49_999.into(), &"added".into()));
}

/// A connection on which the head of a request is sent.
fn begin(app: &TestApp, path: &str, headers: &str, length: usize) -> TcpStream {
    let mut stream = TcpStream::connect(app.address.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(90))).unwrap();
    write!(stream, "POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {length}\r\n\r\n")
        .unwrap();
    stream
}

/// The beginning of an answer.
fn status(stream: &mut TcpStream) -> String {
    let mut start = [0; 12];
    stream.read_exact(&mut start).expect("an answer");
    String::from_utf8_lossy(&start).into_owned()
}

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

#[test]
fn a_callback_without_a_signature_is_not_read_and_one_with_it_only_up_to_64_kib() {
    let app = twilio();
    let mut unsigned = begin(&app, "/api/cdr/twilio", FORM, 1000);
    assert_eq!(status(&mut unsigned), "HTTP/1.1 403");
    let signed = format!("{FORM}X-Twilio-Signature: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n");
    let mut long = begin(&app, "/api/cdr/twilio", &signed, 64 * 1024 + 1);
    assert_eq!(status(&mut long), "HTTP/1.1 413");
    // The length is not announced.
    let chunked = format!("{signed}Transfer-Encoding: chunked\r\nX-Ignored: ");
    let mut chunked = begin(&app, "/api/cdr/twilio", &chunked, 0);
    let chunk = vec![b'a'; 70_000];
    // The server can close before it has read everything.
    let _ = write!(chunked, "{:x}\r\n", chunk.len()).and_then(|()| chunked.write_all(&chunk));
    assert_eq!(status(&mut chunked), "HTTP/1.1 413");
}

#[test]
fn sixty_callbacks_of_ten_mebibytes_that_nobody_signed_take_little_memory() {
    let app = twilio();
    let body = vec![b'a'; 10 * 1024 * 1024 - 1];
    for headers in [FORM.to_owned(), format!("{FORM}X-Twilio-Signature: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n")] {
        let mut streams: Vec<_> =
            (0..60).map(|_| begin(&app, "/api/cdr/twilio", &headers, body.len() + 1)).collect();
        for stream in &mut streams {
            stream.set_write_timeout(Some(Duration::from_secs(2))).unwrap();
            // All but the last byte; the server need not take it.
            let _ = stream.write_all(&body);
        }
        assert!(app.peak_memory() <= MEMORY, "{} MB", app.peak_memory());
        assert_eq!(app.get("/api/calls/+12025550123").status, 200);
    }
}

#[test]
fn a_body_that_stops_in_the_middle_is_given_up() {
    let app = app();
    let headers = format!("Authorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n");
    let since = Instant::now();
    let mut stream = begin(&app, "/api/calls", &headers, 1000);
    stream.write_all(b"[").unwrap();
    assert_eq!(status(&mut stream), "HTTP/1.1 408");
    assert!(since.elapsed() >= Duration::from_secs(4), "too early: {:?}", since.elapsed());
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("/problems/slow-body"), "{rest}");
}
