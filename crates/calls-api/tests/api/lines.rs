//! Several lines at once.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::events::Client;
use crate::post::put;
use crate::test_app::{TestApp, TestDatabase};

const ANNA: &str = "+12025550123";
const BEN: &str = "+12025550124";

/// Calls of two numbers and an extension, some at the same time.
fn app_with_lines(options: &[&str]) -> TestApp {
    let app = TestApp::with(options);
    app.database().add_party("local", "1001");
    for hour in 10..16 {
        app.call(ANNA, &format!("2024-01-31T{hour}:00:00Z"), "+13333333333", "Missed Inbound", None);
        app.call(BEN, &format!("2024-01-31T{hour}:00:00Z"), "+13333333333", "Completed Inbound", Some(1_000));
        app.call(
            "1001",
            &format!("2024-01-31T{hour}:30:00Z"),
            "+14444444444",
            "Completed Outbound",
            Some(500),
        );
    }
    app
}

fn stdout(database: &TestDatabase, arguments: &[&str]) -> String {
    let output = database.calls(arguments);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// All calls of a list, by following its links.
fn all(app: &TestApp, path: &str) -> Vec<Value> {
    let (mut calls, mut next) = (Vec::new(), path.to_owned());
    loop {
        let answer = app.get(&next);
        assert_eq!(answer.status, 200, "{next}: {}", answer.body);
        calls.extend(answer.json().as_array().unwrap().clone());
        match answer.header("link").strip_prefix('<').and_then(|link| link.split('>').next()) {
            Some(link) => next = link.to_owned(),
            None => return calls,
        }
    }
}

const TWO: &str = "/api/calls?number=%2B12025550123&number=%2B1%20(202)%20555-0124";

#[test]
fn several_lines_are_one_list_whose_calls_say_which_line_they_are_of() {
    let app = app_with_lines(&[]);
    let whole = app.get(&format!("{TWO}&number=1001"));
    let calls = whole.json().as_array().unwrap().clone();
    assert_eq!((calls.len(), whole.header("link")), (18, ""));
    assert!(calls.is_sorted_by(|one, next| one["created_at"].as_str() >= next["created_at"].as_str()));
    for number in [ANNA, BEN, "1001"] {
        let own = calls.iter().filter(|call| call["number"] == number);
        let mut own: Vec<Value> = own.cloned().collect();
        own.iter_mut().for_each(|call| _ = call.as_object_mut().unwrap().remove("number"));
        assert_eq!(json!(own), app.get(&format!("/api/calls/{number}")).json(), "{number}");
    }
    for limit in [1, 2, 5, 7, 18] {
        assert_eq!(all(&app, &format!("{TWO}&number=1001&limit={limit}")), calls, "{limit}");
    }
    let missed = all(&app, &format!("{TWO}&outcome=missed&limit=4"));
    assert_eq!((missed.len(), missed.iter().all(|call| call["number"] == ANNA)), (6, true));
    let inbound = all(&app, &format!("{TWO}&direction=inbound&limit=5&include=details"));
    assert_eq!(inbound.len(), 12);
    let numbers: HashSet<&str> =
        inbound.iter().map(|call| call["details"]["number"].as_str().unwrap()).collect();
    assert_eq!(numbers, HashSet::from([ANNA, BEN]));
    let known = whole.header("etag");
    let again = |path: &str| app.get_with(path, &[("If-None-Match", known)]).status;
    assert_eq!((again(&format!("{TWO}&number=1001")), again(TWO)), (304, 200));
    app.call("1001", "2024-02-01T10:00:00Z", "+14444444444", "Missed Outbound", None);
    assert_eq!(again(&format!("{TWO}&number=1001")), 200);
}

#[test]
fn new_calls_between_two_pages_neither_repeat_nor_drop_one() {
    let app = app_with_lines(&[]);
    let before = all(&app, TWO);
    let (mut seen, mut next, mut hour) = (Vec::new(), format!("{TWO}&limit=3"), 10);
    loop {
        let answer = app.get(&next);
        seen.extend(answer.json().as_array().unwrap().clone());
        // One newer than all, and one among those that are yet to come.
        app.call(BEN, &format!("2024-02-01T{hour}:00:00Z"), "+15555555555", "Missed Inbound", None);
        app.call(ANNA, &format!("2024-01-31T09:{hour}:00Z"), "+15555555555", "Missed Inbound", None);
        hour += 1;
        match answer.header("link").strip_prefix('<').and_then(|link| link.split('>').next()) {
            Some(link) if hour < 30 => next = link.to_owned(),
            _ => break,
        }
    }
    let ids: HashSet<String> = seen.iter().map(|call| format!("{} {}", call["number"], call["id"])).collect();
    assert_eq!(ids.len(), seen.len(), "none is repeated");
    assert!(before.iter().all(|call| seen.contains(call)), "none is dropped");
}

#[test]
fn an_export_of_several_lines_is_one_file_that_an_import_reads() {
    let app = app_with_lines(&[]);
    let calls = all(&app, &format!("{TWO}&number=1001"));
    let csv = app.get(&format!("{TWO}&number=1001&format=csv"));
    assert_eq!(csv.header("content-disposition"), "attachment; filename=\"calls-lines.csv\"");
    let ids: Vec<String> = csv.body.lines().skip(1).map(|line| line.split(',').take(2).collect()).collect();
    let expected: Vec<String> = calls
        .iter()
        .map(|call| call["number"].as_str().unwrap().to_owned() + call["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, expected);
    let ndjson = app.get(&format!("{TWO}&outcome=missed&format=ndjson&include=details"));
    let lines: Vec<Value> = ndjson.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        (lines.len(), &lines[0]["owner"], &lines[0]["details"]["returned_at"]),
        (6, &json!(ANNA), &json!(null))
    );
    assert_eq!(app.get(&format!("{TWO}&limit=3&format=ndjson")).body.lines().count(), 3);
    let file = tempfile::NamedTempFile::with_suffix(".csv").unwrap();
    std::fs::write(file.path(), &csv.body).unwrap();
    let other = TestDatabase::new();
    let report = stdout(&other, &["import", file.path().to_str().unwrap()]);
    assert!(report.contains("18 added"), "{report}");
    assert_eq!(app.get(&format!("{TWO}&format=csv&include=details")).problem().status, 400);
}

#[test]
fn a_set_of_lines_has_a_name() {
    let app = app_with_lines(&[]);
    let database = app.database();
    assert_eq!(
        stdout(database, &["lines", "set", "Family", ANNA, "+1 202 555 0124", "1001", ANNA]),
        "Family: +12025550123 +12025550124 1001\n"
    );
    stdout(database, &["lines", "set", "Büro", "1001"]);
    assert_eq!(stdout(database, &["lines", "list"]), "Büro: 1001\nFamily: +12025550123 +12025550124 1001\n");
    let sets = app.get("/api/lines").json();
    assert_eq!(sets[1], json!({"name": "Family", "numbers": [ANNA, BEN, "1001"]}));
    assert_eq!(all(&app, "/api/calls?number=@Family"), all(&app, &format!("{TWO}&number=1001")));
    assert_eq!(all(&app, "/api/calls?number=@B%C3%BCro&number=%2B12025550123").len(), 12);
    let unknown = app.get("/api/calls?number=@Nobody").problem();
    assert_eq!((unknown.status, unknown.title.as_str()), (404, "Not found"));
    assert_eq!(unknown.detail.as_deref(), Some("no set of lines has this name, see /api/lines"));
    // An erased number is in no set.
    stdout(database, &["erase", "1001"]);
    assert_eq!(app.get("/api/lines").json(), json!([{"name": "Family", "numbers": [ANNA, BEN]}]));
    assert_eq!(stdout(database, &["lines", "remove", "Family"]), "Family removed\n");
    assert_eq!(app.get("/api/lines").body, "[]");
    for wrong in [
        vec!["lines", "remove", "Family"],
        vec!["lines", "set", "@x", ANNA],
        vec!["lines", "set", "x", "hello"],
        vec!["lines", "set", "x"],
    ] {
        let output = database.calls(&wrong);
        assert!(!output.status.success() && !output.stderr.is_empty(), "{wrong:?}");
    }
}

#[test]
fn the_summary_of_several_lines_is_the_sum_of_theirs() {
    let app = app_with_lines(&[]);
    let summary = app.get(&TWO.replace("calls?", "calls/summary?")).json();
    assert_eq!((&summary["calls"], &summary["talk_time"]), (&json!(12), &json!("6.0")));
    assert_eq!(summary["inbound"], json!({"answered": 6, "missed": 6, "answer_rate": 0.5}));
    assert_eq!(summary["missed_rate"], 0.5);
    assert_eq!(summary["days"], json!([{"date": "2024-01-31", "calls": 12, "missed": 6}]));
    assert_eq!(summary["hours_of_week"].as_array().unwrap().len(), 6);
    assert_eq!(summary["top_counterparties"][0]["calls"], 12);
    assert_eq!(summary["missed_inbound"]["not_returned"], 6);
    let previous = app.get(&format!(
        "{}&from=2024-02-01&until=2024-02-02&compare=previous",
        TWO.replace("calls?", "calls/summary?")
    ));
    assert_eq!(previous.json()["previous"]["inbound"]["answered"], 6);
}

#[test]
fn the_summary_and_the_queue_of_several_lines_are_known_by_a_tag() {
    let app = app_with_lines(&[]);
    let numbers = "number=%2B12025550123&number=%2B12025550124";
    let paths = ["summary", "callbacks"].map(|route| format!("/api/calls/{route}?{numbers}"));
    let tags = || paths.clone().map(|path| app.get(&path).header("etag").to_owned());
    let before = tags();
    let again = |tags: &[String; 2]| {
        let asked = paths.iter().zip(tags);
        asked.map(|(path, tag)| app.get_with(path, &[("If-None-Match", tag)]).status).collect::<Vec<_>>()
    };
    assert_eq!(again(&before), [304, 304]);
    app.call(BEN, "2024-02-01T10:00:00Z", "+13333333333", "Missed Inbound", None);
    assert_eq!(again(&before), [200, 200]);
    assert_eq!(again(&tags()), [304, 304]);
    // Of other lines it says nothing.
    let other = format!("/api/calls/summary?{numbers}&number=1001");
    assert_eq!(app.get_with(&other, &[("If-None-Match", tags()[0].as_str())]).status, 200);
}

#[test]
fn whom_to_call_back_on_several_lines_says_whose_line_was_called() {
    let app = app_with_lines(&[]);
    app.call(BEN, "2024-01-31T09:00:00Z", "+15555555555", "Missed Inbound", None);
    let path = TWO.replace("calls?", "calls/callbacks?");
    let queue = app.get(&path).json();
    let entries = queue["callbacks"].as_array().unwrap();
    let lines: Vec<_> = entries.iter().map(|entry| entry["number"].as_str().unwrap()).collect();
    assert_eq!((lines, &queue["people"]), (vec![BEN, ANNA], &json!(2)));
    assert_eq!(put(&app, "/api/calls/+12025550124/callbacks/+15555555555", r#"{"done": true}"#).status, 200);
    assert_eq!(app.get(&path).json()["people"], 1);
    assert_eq!(app.get(&format!("{path}&done=true")).json()["callbacks"][0]["number"], BEN);
}

#[test]
fn the_events_of_several_lines_are_one_stream() {
    let app = app_with_lines(&[]);
    let mut tab = Client::connect_to(&app, &TWO.replace("calls?", "calls/events?"), None);
    let started = tab.last_id.clone();
    app.call(BEN, "2024-02-01T10:00:00Z", "+15555555555", "Missed Inbound", None);
    let (kind, data) = tab.next_event();
    assert_eq!(
        (kind.as_str(), &data["number"], &data["type"]),
        ("call", &json!(BEN), &json!("Missed Inbound"))
    );
    app.call(ANNA, "2024-02-01T10:00:00Z", "+15555555555", "Missed Inbound", None);
    assert_eq!(tab.next_event().1["number"], ANNA);
    put(&app, "/api/calls/+12025550124/callbacks/+15555555555", r#"{"done": true}"#);
    let (kind, data) = tab.next_event();
    assert_eq!((kind.as_str(), &data["number"]), ("callback", &json!(BEN)));
    let last = tab.last_id.clone();
    drop(tab);
    // A client that was away gets the events of all lines, and none twice.
    let mut back = Client::connect_to(&app, &TWO.replace("calls?", "calls/events?"), Some(&started));
    let heard: Vec<_> = (0..3).map(|_| back.next_event().1["number"].clone()).collect();
    assert_eq!(heard.iter().filter(|number| **number == BEN).count(), 2);
    let mut late = Client::connect_to(&app, &TWO.replace("calls?", "calls/events?"), Some(&last));
    app.call(ANNA, "2024-02-01T11:00:00Z", "+15555555555", "Missed Inbound", None);
    assert_eq!(late.next_event().1["created_at"], "2024-02-01T11:00:00Z");
}

#[test]
fn lines_are_not_there_without_a_directory() {
    let app = app_with_lines(&["--no-directory"]);
    for path in [
        TWO.to_owned(),
        TWO.replace("calls?", "calls/summary?"),
        TWO.replace("calls?", "calls/events?"),
        TWO.replace("calls?", "calls/callbacks?"),
        "/api/lines".to_owned(),
    ] {
        assert_eq!(app.get(&path).problem().status, 404, "{path}");
    }
    assert_eq!(app.get(&format!("/api/calls/{ANNA}")).status, 200);
}

#[test]
fn what_is_no_list_of_lines_says_what_was_expected() {
    let app = app_with_lines(&[]);
    let many: Vec<String> = (0..51).map(|n| format!("number=2{n:03}")).collect();
    for query in
        ["", "number=", "number=hello", "number=@", "number=@%00", "number=1001&after=x", &many.join("&")]
    {
        let problem = app.get(&format!("/api/calls?{query}")).problem();
        assert_eq!(problem.status, 400, "{query}");
    }
    assert_eq!(app.request("PUT", "/api/calls", &[]).header("allow"), "GET, HEAD, POST");
}
