use calls_model::ProblemKind;
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
        assert!(problem.is(ProblemKind::NotANumber));
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
        app.database().add_party(kind, label);
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
    assert_eq!(app.database().store_calls(rows).unwrap(), 125);

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
        assert_eq!(problem.parameter.as_deref(), Some(name), "{query}");
        assert_eq!(
            problem.found.as_deref() == Some(name),
            name == "color",
            "{query}: an unknown one is found itself"
        );
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

/// Eight calls: each type twice, with three counterparties, an hour apart.
fn app_with_a_day() -> TestApp {
    let app = TestApp::new();
    app.database().add_party("local", "1001");
    let parties = ["+13333333333", "+13330000000", "1001", "withheld"];
    let types = ["Completed Inbound", "Missed Inbound", "Completed Outbound", "Missed Outbound"];
    for hour in 0..8_usize {
        let call_type = types[hour % 4];
        let duration =
            call_type.starts_with("Completed").then_some(i32::try_from(hour).unwrap() * 10_000 + 500);
        app.call(OWNER, &format!("2024-01-31T0{hour}:00:00Z"), parties[hour / 2], call_type, duration);
    }
    app
}

/// The hours of the calls that fit, newest first.
fn hours(app: &TestApp, query: &str) -> String {
    let calls = app.get(&format!("/api/calls/{OWNER}?{query}")).json();
    let hour = |call: &serde_json::Value| call["created_at"].as_str().unwrap()[12..13].to_owned();
    calls.as_array().unwrap_or_else(|| panic!("{query}: {calls}")).iter().map(hour).collect()
}

#[test]
fn a_list_can_be_filtered_by_every_property_of_a_call() {
    let app = app_with_a_day();
    for (query, expected) in [
        ("", "76543210"),
        ("type=Missed%20Inbound", "51"),
        ("type=Missed+Inbound&type=Missed+Outbound", "7531"),
        ("direction=inbound", "5410"),
        ("outcome=missed", "7531"),
        ("direction=outbound&outcome=completed", "62"),
        ("type=Missed+Inbound&direction=outbound", ""),
        ("counterparty=%2B13333333333", "10"),
        ("counterparty=+1+333+333-3333", "10"),
        ("counterparty=%2B1333*", "3210"),
        ("counterparty=1001", "54"),
        ("counterparty=10*", "54"),
        ("counterparty=withheld", "76"),
        ("counterparty=%2B19999999999", ""),
        ("counterparty=sip:nobody@example.com", ""),
        ("from=2024-01-31T05:00:00Z", "765"),
        ("until=2024-01-31T02:00:00Z", "10"),
        ("from=2024-01-31T04:00:00%2B02:00&until=2024-01-31T04:00:00Z", "32"),
        ("from=2024-01-31&tz=Asia/Kolkata", "76543210"),
        ("until=2024-01-31&tz=America/New_York", "43210"),
        ("from=2024-02-01", ""),
        ("min_duration=20.5", "642"),
        ("max_duration=20.5", "20"),
        ("min_duration=20.6&max_duration=45", "4"),
        ("limit=3", "765"),
    ] {
        assert_eq!(hours(&app, query), expected, "{query}");
    }
}

#[test]
fn the_next_page_keeps_the_filter() {
    let app = app_with_a_day();
    let first = app.get(&format!("/api/calls/{OWNER}?outcome=missed&limit=3"));
    let link = first.header("link").to_owned();
    assert!(link.starts_with("</api/calls/%2B12025550123?outcome=missed&limit=3&after="), "{link}");
    let next = link.split_once('>').unwrap().0.trim_start_matches('<').to_owned();
    let second = app.get(&next);
    assert_eq!(second.json().as_array().unwrap().len(), 1);
    assert_eq!(second.header("link"), "");
}

#[test]
fn each_malformed_filter_is_named() {
    let app = app_with_a_day();
    for (query, name) in [
        ("type=missed", "type"),
        ("direction=in", "direction"),
        ("outcome=lost", "outcome"),
        ("counterparty=nobody", "counterparty"),
        ("from=yesterday", "from"),
        ("until=2024-02-30", "until"),
        ("tz=Berlin", "tz"),
        ("min_duration=-1", "min_duration"),
        ("max_duration=1m", "max_duration"),
        ("format=xml", "format"),
        ("Limit=5", "Limit"),
        ("from=2024-01-01&from=2024-01-02", "from"),
    ] {
        let answer = app.get(&format!("/calls/{OWNER}?{query}"));
        assert_eq!(answer.status, 400, "{query}");
        assert!(answer.problem().detail.unwrap().starts_with(&format!("{name}: expected ")), "{query}");
    }
}

#[test]
fn ndjson_and_csv_hold_the_whole_filtered_history() {
    let app = app_with_a_day();
    let rows = "INSERT INTO calls (number, counterparty, created_at, type)
                SELECT 12025550123, 13000000000 + i, timestamptz '2023-01-31 10:00Z' + i * interval '1 second',
                       'Missed Inbound' FROM generate_series(1, 12000) AS i";
    app.database().store_calls(rows).unwrap();
    let csv = app.get(&format!("/api/calls/{OWNER}?format=csv"));
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert_eq!(csv.header("content-disposition"), "attachment; filename=\"calls-+12025550123.csv\"");
    assert_eq!(csv.body.lines().count(), 12_009);
    let lines: Vec<&str> = csv.body.split("\r\n").collect();
    assert_eq!(lines[0], "id,created_at,counterparty,type,duration,disposition,ring_time,name,via,note,tags");
    assert!(
        lines[2].ends_with(",2024-01-31T06:00:00Z,withheld,Completed Outbound,60.5,,,,,,"),
        "{}",
        lines[2]
    );

    let ndjson =
        app.get_with(&format!("/calls/{OWNER}?outcome=missed"), &[("accept", "application/x-ndjson")]);
    assert_eq!(ndjson.header("content-type"), "application/x-ndjson");
    assert_eq!(ndjson.body.lines().count(), 12_004);
    let first: serde_json::Value = serde_json::from_str(ndjson.body.lines().next().unwrap()).unwrap();
    assert_eq!(first, app.get(&format!("/calls/{OWNER}?outcome=missed")).json()[0]);

    let limited = app.get_with(&format!("/calls/{OWNER}?limit=2"), &[("accept", "text/csv")]);
    assert_eq!(limited.body.lines().count(), 3);
    let empty = app.get("/api/calls/+13333333333?format=csv");
    assert_eq!(
        empty.body,
        "id,created_at,counterparty,type,duration,disposition,ring_time,name,via,note,tags\r\n"
    );
    assert_eq!(app.get("/api/calls/+13333333333?format=ndjson").body, "");
}

#[test]
fn a_page_that_has_not_changed_is_not_sent_again() {
    let app = app_with_a_day();
    let path = format!("/api/calls/{OWNER}?limit=2");
    let tag = app.get(&path).header("etag").to_owned();
    assert!(tag.starts_with('"'), "{tag}");
    let known = app.get_with(&path, &[("if-none-match", &tag)]);
    assert_eq!((known.status, known.body.as_str(), known.header("etag")), (304, "", tag.as_str()));
    assert_eq!(known.header("cache-control"), "private, no-cache");

    // Another history's change changes nothing here; this one's does, by insertion, erasure and deletion.
    app.call("+13333333333", "2024-02-01T00:00:00Z", OWNER, "Missed Inbound", None);
    assert_eq!(app.get_with(&path, &[("if-none-match", &tag)]).status, 304);
    let mut tag = tag;
    for change in [&[][..], &["erase", "+14155550100"], &["purge", "--older-than", "2021-01-01"]] {
        match change {
            [] => app.call(OWNER, "2020-01-01T00:00:00Z", "+14155550100", "Missed Inbound", None),
            command => assert!(app.database().calls(command).status.success(), "{command:?}"),
        }
        let answer = app.get_with(&path, &[("if-none-match", &tag)]);
        assert_eq!(answer.status, 200, "{change:?}");
        assert_ne!(answer.header("etag"), tag, "{change:?}");
        tag = answer.header("etag").to_owned();
    }
}
