use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::post::post;
use crate::test_app::{Answer, TestApp, calls};

pub const TOKEN: &str = "a-token-of-some-length";
pub const AUTHORIZATION: (&str, &str) = ("Authorization", "Bearer a-token-of-some-length");
pub const JSON: (&str, &str) = ("Content-Type", "application/json");
const NDJSON: (&str, &str) = ("Content-Type", "application/x-ndjson");

fn app() -> TestApp {
    TestApp::with(&["--ingest-token", TOKEN])
}

fn send(app: &TestApp, records: &Value) -> Answer {
    post(app, "/api/calls", &[AUTHORIZATION, JSON], records.to_string().as_bytes())
}

fn record(created_at: &str) -> Value {
    json!({"owner": "+1 (202) 555-0123", "created_at": created_at, "counterparty": "1001",
           "type": "Completed Inbound", "duration": "37.4"})
}

fn statuses(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let results = answer.json()["results"].as_array().unwrap().clone();
    results.iter().map(|result| result["status"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn sent_calls_are_in_the_history_and_sent_again_they_are_there_once() {
    let app = app();
    let records = json!([record("2024-01-31T10:00:00Z"), record("2024-01-31T12:00:00.1234567+01:00")]);
    let answer = send(&app, &records);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(statuses(&answer), ["added", "added"]);
    assert_eq!(statuses(&send(&app, &records)), ["already_there", "already_there"]);
    let history = app.get("/api/calls/+12025550123").json();
    assert_eq!(history.as_array().unwrap().len(), 2);
    assert_eq!(history[0]["created_at"], "2024-01-31T11:00:00.123456Z");
    assert_eq!(history[1]["counterparty"], "1001");
    assert_eq!(history[1]["duration"], "37.4");
}

#[test]
fn each_record_has_its_own_result() {
    let app = app();
    let mut missed = record("2024-01-31T10:00:00Z");
    missed["type"] = "Missed Inbound".into();
    let mut nameless = record("2024-01-31T10:00:00Z");
    nameless["counterparty"] = "withheld".into();
    let known = record("2024-01-31T10:00:00Z");
    let answer = send(&app, &json!([missed, known, nameless, known, 7]));
    assert_eq!(statuses(&answer), ["refused", "added", "added", "already_there", "refused"]);
    let answer = answer.json();
    assert_eq!(answer["added"], 2);
    assert_eq!(answer["already_there"], 1);
    assert_eq!(answer["refused"], 2);
    let missed = json!({"index": 0, "status": "refused", "member": "duration",
                        "expected": "a missed call without a duration", "found": "37.4"});
    assert_eq!(answer["results"][0], missed);
    assert_eq!(answer["results"][4]["found"], "7");
    assert_eq!(app.database().count("SELECT count(*) FROM calls"), 2);
}

#[test]
fn ndjson_is_read_line_by_line() {
    let app = app();
    let body =
        format!("{}\n\nnot json\r\n{}", record("2024-01-31T10:00:00Z"), record("2024-02-01T10:00:00Z"));
    let answer = post(&app, "/api/calls", &[AUTHORIZATION, NDJSON], body.as_bytes());
    assert_eq!(statuses(&answer), ["added", "refused", "added"]);
}

#[test]
fn what_two_systems_saw_within_two_seconds_is_one_call() {
    let app = app();
    assert_eq!(statuses(&send(&app, &json!([record("2024-01-31T10:00:00Z")]))), ["added"]);
    let later = json!([record("2024-01-31T10:00:02Z"), record("2024-01-31T10:00:03Z")]);
    assert_eq!(statuses(&send(&app, &later)), ["already_there", "added"]);
}

#[test]
fn nobody_sends_calls_unless_a_token_is_set_and_known() {
    let closed = TestApp::new();
    for path in ["/api/calls", "/api/cdr/freeswitch", "/api/cdr/twilio"] {
        let problem = post(&closed, path, &[AUTHORIZATION, JSON], b"[]").problem();
        assert_eq!(problem.kind, "/problems/not-found", "{path}");
        let option = if path.ends_with("twilio") { "--twilio-auth-token" } else { "--ingest-token" };
        assert!(problem.detail.as_deref().unwrap().contains(option), "{path}: {problem:?}");
    }
    let app = app();
    for authorization in
        [None, Some("Bearer a-token-of-some-lengtH"), Some("Basic OmEtdG9rZW4tb2Ytc29tZS1sZW5ndGg=")]
    {
        let mut headers = vec![JSON];
        headers.extend(authorization.map(|value| ("Authorization", value)));
        let answer = post(&app, "/api/calls", &headers, b"[]");
        assert_eq!((answer.status, answer.header("www-authenticate")), (401, "Bearer"));
        assert_eq!(answer.problem().kind, "/problems/unauthorized");
    }
    let answer = app.request("DELETE", "/api/calls", &[]);
    assert_eq!((answer.problem().status, answer.header("allow")), (405, "GET, HEAD, POST"));
}

#[test]
fn a_body_that_cannot_be_read_says_what_would_be_right() {
    let app = app();
    for (content_type, body, status) in
        [("application/json", "{}", 400), ("application/json", "[", 400), ("text/plain", "[]", 415)]
    {
        let headers = [AUTHORIZATION, ("Content-Type", content_type)];
        let problem = post(&app, "/api/calls", &headers, body.as_bytes()).problem();
        assert_eq!(problem.status, status, "{body}");
        assert!(problem.expected.is_some() && problem.found.is_some());
    }
    let headers = [AUTHORIZATION, JSON, ("Idempotency-Key", "\"\"")];
    assert_eq!(post(&app, "/api/calls", &headers, b"[]").problem().kind, "/problems/bad-header");
}

#[test]
fn a_body_that_is_too_long_is_refused_before_it_is_read() {
    let app = app();
    let mut stream = TcpStream::connect(app.address.trim_start_matches("http://")).unwrap();
    write!(
        stream,
        "POST /api/calls HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Type: application/json\r\nContent-Length: 10485761\r\n\r\n"
    )
    .unwrap();
    let mut answer = vec![0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer, b"HTTP/1.1 413");
}

#[test]
fn a_request_sent_again_with_its_key_gets_its_answer_again() {
    let app = app();
    let body = json!([record("2024-01-31T10:00:00Z")]).to_string();
    let send = |key, body: &str| {
        post(&app, "/api/calls", &[AUTHORIZATION, JSON, ("Idempotency-Key", key)], body.as_bytes())
    };
    let first = send("\"8e03978e-40d5\"", &body);
    assert_eq!(statuses(&first), ["added"]);
    assert_eq!(send("8e03978e-40d5", &body).body, first.body);
    let other = send("8e03978e-40d5", "[]");
    assert_eq!(
        (other.problem().status, other.problem().kind.as_str()),
        (422, "/problems/idempotency-key-reused")
    );
    assert_eq!(statuses(&send("another", &body)), ["already_there"]);
    app.database().execute("UPDATE idempotency_keys SET created_at = now() - interval '25 h'").unwrap();
    assert_eq!(statuses(&send("8e03978e-40d5", &body)), ["already_there"]);
    assert_eq!(app.database().count("SELECT count(*) FROM idempotency_keys"), 1);
}

#[test]
fn of_many_who_send_the_same_at_once_one_adds_it() {
    let app = app();
    let records =
        json!((0..50).map(|day| record(&format!("2024-01-31T10:{day:02}:00Z"))).collect::<Vec<_>>());
    let added: i64 = std::thread::scope(|scope| {
        let senders: Vec<_> =
            (0..6).map(|_| scope.spawn(|| send(&app, &records).json()["added"].as_i64().unwrap())).collect();
        senders.into_iter().map(|sender| sender.join().unwrap()).sum()
    });
    assert_eq!(added, 50);
}

#[test]
fn a_sender_is_told_to_come_back_while_the_database_is_down() {
    let app = app();
    app.database().refuse_connections();
    let answer = send(&app, &json!([record("2024-01-31T10:00:00Z")]));
    assert_eq!((answer.problem().status, answer.header("retry-after")), (503, "2"));
    app.database().accept_connections();
    assert_eq!(statuses(&send(&app, &json!([record("2024-01-31T10:00:00Z")]))), ["added"]);
}

#[test]
fn a_token_that_can_be_guessed_is_refused_at_the_start() {
    let output = calls(&["serve", "--ingest-token", "short"]);
    assert!(!output.status.success());
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("--ingest-token: expected at least 16 characters, but found 5"), "{error}");
    assert!(!error.contains("short"), "{error}");
}
