use serde_json::json;

use crate::test_app::TestApp;

const OWNER: &str = "+12025550123";

#[test]
fn a_history_has_exactly_the_originals_shape_newest_first() {
    let app = TestApp::new();
    app.call(OWNER, "2024-01-31T10:00:00Z", "+13333333333", "Completed Inbound", Some(37_400));
    app.call(OWNER, "2024-01-31T11:00:00Z", "+14444444444", "Missed Outbound", None);
    app.call(OWNER, "2024-01-31T09:00:00.125Z", "+13333333333", "Completed Outbound", Some(5));
    app.call("+14444444444", "2024-01-31T12:00:00Z", OWNER, "Missed Inbound", None);

    let answer = app.get("/calls/+12025550123");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("vary"), "Accept");
    let mut calls = answer.json();
    for call in calls.as_array_mut().unwrap() {
        let id = call.as_object_mut().unwrap().remove("id").unwrap();
        assert!(id.is_string());
    }
    assert_eq!(
        calls,
        json!([
            {"created_at": "2024-01-31T11:00:00Z", "counterparty": "+14444444444", "type": "Missed Outbound"},
            {"created_at": "2024-01-31T10:00:00Z", "counterparty": "+13333333333", "type": "Completed Inbound",
             "duration": "37.4"},
            {"created_at": "2024-01-31T09:00:00.125Z", "counterparty": "+13333333333", "type": "Completed Outbound",
             "duration": "0.005"},
        ])
    );
    assert_eq!(app.get("/api/calls/+12025550123").json(), app.get("/calls/+12025550123").json());
}

#[test]
fn any_spelling_of_a_number_finds_its_history() {
    let app = TestApp::with(&["--region", "US"]);
    app.call(OWNER, "2024-01-31T10:00:00Z", "+13333333333", "Missed Inbound", None);
    for spelling in [
        "+1%20(202)%20555-0123",
        "%2B12025550123",
        "0012025550123",
        "tel:+1-202-555-0123",
        "(202)%20555-0123",
        "2025550123",
        "12025550123",
        "%EF%BC%8B12025550123",
    ] {
        let answer = app.get(&format!("/calls/{spelling}"));
        assert_eq!(answer.json().as_array().map(Vec::len), Some(1), "{spelling}: {}", answer.body);
    }
}

#[test]
fn a_possible_number_without_calls_has_an_empty_history() {
    let app = TestApp::new();
    for number in ["+13333333333", "+493012345678", "1001", "sip:nobody@example.com"] {
        let answer = app.get(&format!("/calls/{number}"));
        assert_eq!((answer.status, answer.body.as_str()), (200, "[]"), "{number}");
    }
}

#[test]
fn what_cannot_be_a_number_is_a_400_that_says_what_was_expected_and_found() {
    let app = TestApp::new();
    for (path, found) in [
        ("/calls/hello", "hello"),
        ("/api/calls/+1202", "+1202"),
        ("/calls/+999123456789", "+999123456789"),
        ("/calls/2025550123", "2025550123"),
        ("/api/numbers/%20", " "),
    ] {
        let answer = app.get(path);
        assert_eq!(answer.status, 400, "{path}");
        let problem = answer.problem();
        assert_eq!(problem.kind, "/problems/not-a-number");
        assert!(problem.expected.unwrap().contains("phone number"), "{path}");
        assert_eq!(problem.found.unwrap(), found);
        assert!(problem.detail.unwrap().contains(": it "), "{path}: the reason is missing");
    }
}

#[test]
fn extensions_and_sip_addresses_own_histories_and_hidden_callers_are_told_apart() {
    let app = TestApp::new();
    for (kind, label) in [("local", "1001"), ("local", "*97"), ("sip", "sip:alice@example.com")] {
        let row = format!("INSERT INTO phone_numbers (kind, label) VALUES ('{kind}', '{label}')");
        app.database().execute(&row).unwrap();
    }
    app.call("1001", "2024-01-31T10:00:00Z", "withheld", "Missed Inbound", None);
    app.call("1001", "2024-01-31T11:00:00Z", "unknown", "Missed Inbound", None);
    app.call("1001", "2024-01-31T12:00:00Z", "*97", "Completed Outbound", Some(72_000));
    app.call("1001", "2024-01-31T13:00:00Z", "sip:alice@example.com", "Missed Outbound", None);
    app.call("sip:alice@example.com", "2024-01-31T13:00:00Z", "1001", "Missed Inbound", None);

    let counterparties = |path: &str| -> Vec<String> {
        let calls = app.get(path).json();
        calls
            .as_array()
            .unwrap()
            .iter()
            .map(|call| call["counterparty"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(counterparties("/calls/1001"), ["sip:alice@example.com", "*97", "unknown", "withheld"]);
    assert_eq!(counterparties("/calls/sip%3Aalice@EXAMPLE.com"), ["1001"]);
    assert_eq!(app.get("/calls/withheld").status, 400);
}

#[test]
fn pages_follow_each_other_without_a_gap_or_a_repeat_even_at_equal_times() {
    let app = TestApp::new();
    let rows = "INSERT INTO calls (number, counterparty, created_at, type)
                SELECT 12025550123, 13000000000 + i, timestamptz '2024-01-31 10:00Z' + (i / 7) * interval '1 minute',
                       'Missed Inbound' FROM generate_series(1, 125) AS i";
    assert_eq!(app.database().execute(rows).unwrap(), 125);

    let mut path = "/api/calls/+12025550123?limit=10".to_owned();
    let mut seen: Vec<(String, u64)> = Vec::new();
    let mut pages = 0;
    loop {
        let answer = app.get(&path);
        for call in answer.json().as_array().unwrap() {
            let id = call["id"].as_str().unwrap().parse().unwrap();
            seen.push((call["created_at"].as_str().unwrap().to_owned(), id));
        }
        pages += 1;
        let Some((next, rel)) = answer.header("link").split_once("; ") else { break };
        assert_eq!(rel, "rel=\"next\"");
        path = next.trim_matches(['<', '>']).to_owned();
    }
    assert_eq!((pages, seen.len()), (13, 125));
    assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "not newest first, or repeated");
    assert_eq!(app.get("/calls/+12025550123").json().as_array().unwrap().len(), 50);
}

#[test]
fn an_unknown_or_malformed_parameter_is_a_400_that_names_it() {
    let app = TestApp::new();
    for (query, name) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=ten", "limit"),
        ("limit=5&limit=6", "limit"),
        ("after=xyz", "after"),
        ("color=red", "color"),
    ] {
        let answer = app.get(&format!("/calls/+13333333333?{query}"));
        assert_eq!(answer.status, 400, "{query}");
        let problem = answer.problem();
        assert_eq!(problem.kind, "/problems/bad-parameter");
        assert!(problem.detail.unwrap().starts_with(&format!("{name}: expected ")), "{query}");
    }
}

#[test]
fn the_history_can_only_be_read() {
    let app = TestApp::new();
    for (method, path) in
        [("POST", "/calls/+13333333333"), ("DELETE", "/api/calls/+13333333333"), ("PUT", "/")]
    {
        let answer = app.request(method, path, &[]);
        assert_eq!(answer.status, 405, "{method} {path}");
        assert_eq!(answer.header("allow"), "GET, HEAD");
        answer.problem();
    }
    let head = app.request("HEAD", "/calls/+13333333333", &[]);
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(app.get("/api/nothing").problem().kind, "/problems/not-found");
}
