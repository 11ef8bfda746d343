//! `POST /api/import`.

use std::io::Write as _;

use crate::cdr::TOKEN;
use crate::post::post;
use crate::test_app::{Answer, TestApp};

const CSV: &str = "from,to,start,duration\n\
                   +13333333333,+12025550123,2024-01-31 10:00:00,37\n\
                   +13333333333,+12025550123,2024-01-31 11:00:00,0\n\
                   +13333333333,+12025550123,yesterday,5\n";

fn app() -> TestApp {
    TestApp::with(&["--ingest-token", TOKEN])
}

fn upload_with(app: &TestApp, query: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let bearer = format!("Bearer {TOKEN}");
    let mut all = vec![("Authorization", bearer.as_str())];
    all.extend(headers);
    post(app, &format!("/api/import{query}"), &all, body)
}

fn upload(app: &TestApp, query: &str, body: &[u8]) -> Answer {
    upload_with(app, query, &[("Content-Type", "text/csv")], body)
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../calls-import/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn form(parts: &[(&str, Option<&str>, &str)]) -> Vec<u8> {
    let part = |(name, file, value): &(&str, Option<&str>, &str)| {
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        format!("--frontier\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n")
    };
    (parts.iter().map(part).collect::<String>() + "--frontier--\r\n").into_bytes()
}

#[test]
fn a_log_is_stored_and_reported() {
    let app = app();
    let answer = upload(&app, "?zone=Europe/Berlin", CSV.as_bytes());
    let report = answer.json();
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(
        (&report["format"], &report["read"], &report["added"], &report["skipped_entries"]),
        (&"generic-csv".into(), &4.into(), &4.into(), &1.into())
    );
    let skipped = &report["reasons"][0]["first"][0];
    assert_eq!((&skipped["unit"], &skipped["position"]), (&"line".into(), &4.into()), "{report}");
    assert_eq!(report["owners"][0]["page"], "/calls/+12025550123");
    assert_eq!(app.get("/api/calls/+12025550123").json()[1]["created_at"], "2024-01-31T09:00:00Z");
    assert_eq!(upload(&app, "?zone=Europe/Berlin", CSV.as_bytes()).json()["already_there"], 4);
}

#[test]
fn a_log_can_be_packed_or_a_part_of_a_form_and_of_any_type() {
    let app = app();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(CSV.as_bytes()).unwrap();
    assert_eq!(upload(&app, "", &gzip.finish().unwrap()).json()["added"], 4);
    let types = [("Content-Type", "multipart/form-data; boundary=frontier")];
    let body = form(&[("zone", None, "America/New_York"), ("file", Some("calls.csv"), CSV)]);
    assert_eq!(upload_with(&app, "", &types, &body).json()["added"], 4);
    assert_eq!(app.get("/api/calls/+12025550123").json()[0]["created_at"], "2024-01-31T16:00:00Z");
    for content_type in ["application/x-www-form-urlencoded", "application/octet-stream"] {
        let answer = upload_with(&app, "", &[("Content-Type", content_type)], CSV.as_bytes());
        assert_eq!(answer.json()["already_there"], 4, "{content_type}");
    }
    assert_eq!(upload_with(&app, "", &types, &form(&[("zone", None, "UTC")])).problem().status, 400);
}

#[test]
fn a_database_of_an_iphone_can_be_sent() {
    let app = app();
    let database = fixture("ios-call-history/assembled-CallHistory.storedata");
    let answer = upload(&app, "?own=%2B12025550199&region=US", &database);
    assert_eq!((answer.status, &answer.json()["format"]), (200, &"ios-storedata".into()), "{}", answer.body);
    let own = upload(&app, "?own=+12025550199&region=US", &database);
    assert_eq!(own.json()["added"], 0, "a plus that was not encoded is one");
}

#[test]
fn what_is_no_log_or_lacks_an_option_is_refused_with_what_is_missing() {
    let app = app();
    let phone = fixture("android-sms-backup-restore/assembled-all-types.xml");
    for (query, body, found) in [
        ("", &b"%PDF-1.7 hello"[..], "a PDF document"),
        ("", b"from,to,start\n", "duration"),
        ("", &phone, "with own"),
        ("?format=asterisk-csv", b"a,b,c\nd,e,f\n", "no entry of the log is a call"),
        ("", b"from,to,start,duration\n1001,1002,03/02/2026 08:00,5\n", "dates day-first"),
    ] {
        let problem = upload(&app, query, body).problem();
        assert_eq!(problem.status, 422, "{problem:?}");
        assert!(problem.detail.as_deref().unwrap_or_default().contains(found), "{problem:?}");
    }
    for (query, name, hint) in [
        ("?zone=Berlin", "zone", "Europe/Berlin"),
        ("?format=asterix", "format", "asterisk-csv"),
        ("?region=Germany", "region", "DE"),
        ("?own=hello", "own", "a phone number"),
        ("?dates=iso", "dates", "day-first or month-first"),
        ("?colour=red", "colour", "own, zone, region"),
    ] {
        let problem = upload(&app, query, CSV.as_bytes()).problem();
        assert_eq!((problem.status, problem.parameter.as_deref()), (400, Some(name)));
        assert!(problem.expected.as_deref().unwrap_or_default().contains(hint), "{problem:?}");
    }
    assert_eq!(app.database().count("SELECT count(*) FROM calls"), 0);
}

#[test]
fn only_who_knows_the_token_sends_a_log() {
    let app = app();
    assert_eq!(post(&app, "/api/import", &[], CSV.as_bytes()).problem().status, 401);
    let closed = TestApp::new();
    assert_eq!(upload(&closed, "", CSV.as_bytes()).problem().status, 404);
    assert_eq!(closed.database().count("SELECT count(*) FROM calls"), 0);
}

#[test]
fn a_log_has_a_limit_packed_and_unpacked() {
    let app = TestApp::with(&["--ingest-token", TOKEN, "--import-limit", "1"]);
    let large = CSV.repeat(1 + (1 << 20) / CSV.len());
    assert_eq!(upload(&app, "", large.as_bytes()).problem().status, 413);
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(b"from,to,start,duration,note\n").unwrap();
    let rows = format!("1001,1002,2024-01-31 10:00:00,37,{}\n", "x".repeat(4000)).repeat(1 << 8);
    for _ in 0..48 {
        bomb.write_all(rows.as_bytes()).unwrap();
    }
    let answer = upload(&app, "", &bomb.finish().unwrap());
    assert_eq!(answer.status, 200, "{}", answer.body);
    let ended = answer.json()["ended_early"].as_str().unwrap_or_default().to_owned();
    assert!(ended.contains("more than may be unpacked"), "{ended}");
}

#[test]
fn a_key_gets_the_same_answer_to_the_same_log_alone() {
    let app = app();
    let send = |query: &str, body: &[u8]| {
        upload_with(&app, query, &[("Content-Type", "text/csv"), ("Idempotency-Key", "a-key")], body)
    };
    let first = send("", CSV.as_bytes());
    assert_eq!((first.status, &first.json()["added"]), (200, &4.into()));
    assert_eq!(send("", CSV.as_bytes()).body, first.body);
    for (query, body) in [("?zone=Europe/Berlin", CSV), ("", &CSV[..CSV.len() - 1])] {
        assert_eq!(send(query, body.as_bytes()).problem().status, 422, "{query}");
    }
    assert!(app.database().calls(&["erase", "+12025550123"]).status.success());
    let kept = "SELECT count(*) FROM idempotency_keys WHERE answer LIKE '%2025550123%'";
    assert_eq!(app.database().count(kept), 0, "an answer names who was erased");
}

#[test]
fn a_server_that_is_killed_in_the_middle_loses_and_doubles_nothing() {
    const CALLS: i64 = 120_000;
    let app = app();
    let mut log = String::from("from,to,start,duration\n");
    for second in 0..CALLS {
        let at = chrono::DateTime::from_timestamp(1_700_000_000 + 10 * second, 0).unwrap();
        log.push_str(&format!("anonymous,+12025550123,{},5\n", at.format("%Y-%m-%d %H:%M:%S")));
    }
    let address = app.address.clone();
    let body = log.clone();
    let sender = std::thread::spawn(move || {
        ureq::post(format!("{address}/api/import"))
            .header("Authorization", format!("Bearer {TOKEN}"))
            .send(body.as_bytes())
            .is_err()
    });
    while app.database().count("SELECT count(*) FROM calls") == 0 {
        assert!(!sender.is_finished(), "the log was not read");
    }
    let app = TestApp::on(app.kill().into_database(), &["--ingest-token", TOKEN]);
    sender.join().unwrap();
    let answer = upload(&app, "", log.as_bytes());
    let report = answer.json();
    assert_eq!(report["read"], CALLS, "{}", answer.body);
    assert_eq!(app.database().count("SELECT count(*) FROM calls"), CALLS);
}
