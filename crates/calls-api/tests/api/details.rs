use serde_json::{Value, json};

use crate::test_app::TestApp;

const OWNER: &str = "+12025550123";
const OTHER: &str = "+493012345678";

/// The minute of each call of a list, which stands in its time, newest first.
fn minutes(calls: &Value) -> Vec<&str> {
    let calls = calls.as_array().unwrap_or_else(|| panic!("{calls}"));
    calls.iter().map(|call| &call["created_at"].as_str().unwrap()[14..16]).collect()
}

fn at(minute: u32) -> String {
    format!("2024-01-31T10:{minute:02}:00Z")
}

/// Missed calls that were returned by a call back, by another call of the caller's, in the middle of others,
/// and not.
fn app_with_missed_calls() -> TestApp {
    let app = TestApp::new();
    for (minute, party, call_type) in [
        (0, OTHER, "Missed Inbound"),
        (1, OTHER, "Missed Outbound"),
        (2, OTHER, "Completed Outbound"),
        (3, OTHER, "Completed Inbound"),
        (4, OTHER, "Missed Inbound"),
        (5, "+13333333333", "Missed Inbound"),
        (6, "+13333333333", "Missed Inbound"),
        (7, "+13333333333", "Completed Inbound"),
        (8, "withheld", "Missed Inbound"),
        (9, "withheld", "Completed Inbound"),
        (10, "unknown", "Missed Inbound"),
    ] {
        let duration = call_type.starts_with("Completed").then_some(1_000);
        app.call(OWNER, &at(minute), party, call_type, duration);
    }
    app.database().add_party("local", "1001");
    app.call(OWNER, &at(11), "1001", "Missed Inbound", None);
    // Somebody else's calls return nothing here.
    app.call("+13333333333", &at(20), OTHER, "Completed Outbound", Some(1_000));
    app
}

#[test]
fn details_say_how_the_counterparty_is_written_and_when_a_missed_call_was_returned() {
    let app = app_with_missed_calls();
    let plain = app.get(&format!("/api/calls/{OWNER}")).json();
    let detailed = app.get(&format!("/api/calls/{OWNER}?include=details")).json();
    let found: Vec<Value> = detailed
        .as_array()
        .unwrap()
        .iter()
        .map(|call| json!([call["details"]["counterparty"]["international"], call["details"]["returned_at"]]))
        .collect();
    let (germany, nowhere) = ("+49 30 12345678", "+1 333-333-3333");
    assert_eq!(
        Value::from(found),
        json!([
            [null, null],
            [null, null],
            [null, null],
            [null, null],
            [nowhere, null],
            [nowhere, at(7)],
            [nowhere, at(7)],
            [germany, null],
            [germany, null],
            [germany, null],
            [germany, null],
            [germany, at(2)],
        ])
    );
    let written = |place: usize| detailed[place]["details"]["counterparty"].clone();
    assert_eq!(written(11), json!({"international": germany, "national": "030 12345678", "country": "DE"}));
    assert_eq!(written(4), json!({"international": nowhere, "national": "(333) 333-3333", "country": null}));
    assert_eq!(written(0), Value::Null);
    let without: Value = detailed
        .as_array()
        .unwrap()
        .iter()
        .cloned()
        .map(|mut call| {
            call.as_object_mut().unwrap().remove("details").expect("each call has them");
            call
        })
        .collect();
    assert_eq!(without, plain, "a call stays what it is");
}

#[test]
fn details_come_as_ndjson_too_and_not_as_csv() {
    let app = app_with_missed_calls();
    let json = app.get(&format!("/calls/{OWNER}?include=details")).json();
    let lines = app.get(&format!("/calls/{OWNER}?include=details&format=ndjson")).body;
    let lines: Value = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect();
    assert_eq!(lines, json);
    assert_eq!(app.get("/calls/+13333333334?include=details").body, "[]");

    for (path, accept) in [("&format=csv", "*/*"), ("", "text/csv")] {
        let path = format!("/calls/{OWNER}?include=details{path}");
        let answer = app.get_with(&path, &[("accept", accept)]);
        assert_eq!(answer.status, 400, "{path}");
        let detail = answer.problem().detail.unwrap();
        assert!(detail.starts_with("include: expected details in JSON or NDJSON"), "{detail}");
        assert!(detail.ends_with("found \"CSV\""), "{detail}");
    }
}

#[test]
fn the_filter_finds_missed_calls_that_have_or_have_not_been_returned() {
    let app = app_with_missed_calls();
    for (query, expected) in [
        ("returned=true", vec!["06", "05", "00"]),
        ("returned=false", vec!["11", "04"]),
        ("returned=false&counterparty=%2B49*", vec!["04"]),
        ("returned=true&until=2024-01-31T10:05:00Z", vec!["00"]),
        ("returned=true&type=Missed+Inbound&limit=1", vec!["06"]),
        ("returned=true&direction=outbound", vec![]),
        ("returned=false&outcome=completed", vec![]),
    ] {
        let calls = app.get(&format!("/api/calls/{OWNER}?{query}")).json();
        assert_eq!(minutes(&calls), expected, "{query}");
        let csv = app.get(&format!("/api/calls/{OWNER}?{query}&format=csv")).body;
        assert_eq!(csv.lines().count(), expected.len() + 1, "{query}: {csv}");
        if !query.contains("limit") {
            let summary = app.get(&format!("/api/calls/{OWNER}/summary?{query}")).json();
            assert_eq!(summary["calls"], expected.len(), "{query}: {summary}");
        }
    }
}

#[test]
fn a_summary_of_returned_calls_agrees_with_itself() {
    let app = app_with_missed_calls();
    let summary = |query: &str| app.get(&format!("/api/calls/{OWNER}/summary?{query}")).json();
    let all = summary("")["missed_inbound"].clone();
    assert_eq!(
        (&all["returned"], &all["not_returned"], &all["unidentified"]),
        (&json!(3), &json!(2), &json!(2))
    );
    let returned = summary("returned=true");
    assert_eq!(
        returned["missed_inbound"],
        json!({"returned": 3, "not_returned": 0, "unidentified": 0, "not_returned_ids": []})
    );
    assert_eq!(returned["top_counterparties"][0]["calls"], 2);
    let open = summary("returned=false");
    assert_eq!(
        open["missed_inbound"],
        json!({"returned": 0, "not_returned": 2, "unidentified": 0, "not_returned_ids": all["not_returned_ids"]})
    );
    assert_eq!(open["missed_rate"], 1.0);
}

#[test]
fn the_next_page_keeps_details_and_the_filter() {
    let app = app_with_missed_calls();
    let first = app.get(&format!("/api/calls/{OWNER}?include=details&returned=true&limit=2"));
    let link = first.header("link").to_owned();
    let next = link.split_once('>').unwrap().0.trim_start_matches('<').to_owned();
    assert!(next.contains("include=details&returned=true&limit=2&after="), "{next}");
    let second = app.get(&next);
    assert_eq!(minutes(&second.json()), ["00"]);
    assert_eq!(second.json()[0]["details"]["returned_at"], at(2));
    assert_eq!(second.header("link"), "");
}

#[test]
fn each_malformed_wish_for_details_or_returned_calls_is_named() {
    let app = app_with_missed_calls();
    for (query, detail) in [
        ("include=everything", "include: expected details, but found \"everything\""),
        ("include=details&include=details", "include: expected this parameter once, but found \"details\""),
        ("returned=yes", "returned: expected true or false, but found \"yes\""),
        ("returned=", "returned: expected true or false, but found \"\""),
    ] {
        let answer = app.get(&format!("/calls/{OWNER}?{query}"));
        assert_eq!(answer.status, 400, "{query}");
        assert_eq!(answer.problem().detail.unwrap(), detail);
    }
    assert_eq!(app.get(&format!("/api/calls/{OWNER}/summary?include=details")).status, 400);
}

#[test]
fn one_look_into_an_index_tells_whether_and_when_a_call_was_returned_however_many_lie_between() {
    const MISSED: i64 = 20_000;
    let app = TestApp::new();
    let rows = format!(
        "INSERT INTO calls (number, counterparty, created_at, type)
         SELECT 12025550123, 13333333333, timestamptz '2024-01-31 10:00Z' + i * interval '1 s', 'Missed Inbound'
         FROM generate_series(1, {MISSED}) AS i"
    );
    app.database().store_calls(&rows).unwrap();
    app.call(OWNER, "2024-02-29T00:00:00Z", "+13333333333", "Completed Outbound", Some(1));
    app.database().execute("ANALYZE calls").unwrap();
    // The oldest, between which and the answer lie all the others.
    let path = format!("/calls/{OWNER}?until=2024-01-31T10:00:51Z");
    let oldest = app.get(&format!("{path}&include=details&returned=true")).json();
    assert_eq!(oldest.as_array().unwrap().len(), 50);
    assert!(
        oldest
            .as_array()
            .unwrap()
            .iter()
            .all(|call| call["details"]["returned_at"] == "2024-02-29T00:00:00Z")
    );
    assert_eq!(app.get(&format!("{path}&returned=false")).body, "[]");
    // The server's connections tell what they read when they end, at the latest.
    let database = app.kill().into_database();
    let read = |column: &str| {
        database.count(&format!(
            "SELECT {column} AS count FROM pg_stat_user_indexes WHERE indexrelname = 'calls_natural_key'"
        ))
    };
    // Each of 50 calls of a page is looked up for the filter, and for its details once more; the other page
    // has none.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(90);
    while read("idx_scan") < 2 * 150 {
        assert!(std::time::Instant::now() < deadline, "{} of 300 looks", read("idx_scan"));
    }
    assert!(read("idx_tup_read") <= read("idx_scan") + 50, "{} entries", read("idx_tup_read"));
}
