use serde_json::json;

use crate::test_app::TestApp;

#[test]
fn a_number_is_described_in_each_spelling() {
    let app = TestApp::with(&["--region", "DE"]);
    let expected = json!({"e164": "+493012345678", "international": "+49 30 12345678", "national": "030 12345678",
                          "country": "DE", "kind": "fixed_line"});
    for spelling in ["+493012345678", "030%2012345678", "%2B49%2030%2012345678"] {
        assert_eq!(app.get(&format!("/api/numbers/{spelling}")).json(), expected, "{spelling}");
    }
}

#[test]
fn what_a_number_lacks_is_null() {
    let app = TestApp::new();
    assert_eq!(
        app.get("/api/numbers/+13333333333").json(),
        json!({"e164": "+13333333333", "international": "+1 333-333-3333", "national": "(333) 333-3333",
               "country": null, "kind": "unassigned"})
    );
    assert_eq!(
        app.get("/api/numbers/1001").json(),
        json!({"e164": null, "international": "1001", "national": "1001", "country": null, "kind": "local"})
    );
    assert_eq!(app.get("/api/numbers/+80012345678").json()["country"], json!(null));
}

/// The numbers of a directory, all pages of it.
fn directory(app: &TestApp, query: &str) -> Vec<String> {
    let (mut path, mut numbers) = (format!("/api/numbers?{query}"), Vec::new());
    loop {
        let answer = app.get(&path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        let page = answer.json();
        numbers
            .extend(page.as_array().unwrap().iter().map(|info| info["number"].as_str().unwrap().to_owned()));
        match answer.header("link").split_once('>') {
            Some((next, _)) => path = next[1..].to_owned(),
            None => return numbers,
        }
    }
}

#[test]
fn a_directory_lists_the_numbers_with_calls_by_use_count_and_number() {
    let app = TestApp::new();
    app.database().add_party("local", "1001");
    for (owner, day, calls) in [("+12025550123", 3, 2), ("+4930123456", 1, 3), ("1001", 2, 1)] {
        for hour in 0..calls {
            let at = format!("2024-01-0{day}T1{hour}:00:00Z");
            app.call(owner, &at, "+13333333333", "Missed Inbound", None);
        }
    }
    for limit in ["limit=1", "limit=2", "limit=50"] {
        let by = |sort: &str| directory(&app, &format!("{limit}&sort={sort}"));
        assert_eq!(by("recent"), ["+12025550123", "1001", "+4930123456"], "{limit}");
        assert_eq!(by("calls"), ["+4930123456", "+12025550123", "1001"], "{limit}");
        assert_eq!(by("number"), ["1001", "+4930123456", "+12025550123"], "{limit}");
    }
    let first = &app.get("/api/numbers?sort=calls&limit=1").json()[0];
    assert_eq!(first["calls"], 3);
    assert_eq!(first["last_call"], "2024-01-01T12:00:00Z");
}

#[test]
fn a_directory_finds_any_digits_in_any_spelling() {
    let app = TestApp::new();
    app.database().add_party("sip", "sip:alice@example.com");
    for owner in ["+12025550123", "+4930123456", "sip:alice@example.com"] {
        app.call(owner, "2024-01-31T10:00:00Z", "+13333333333", "Missed Inbound", None);
    }
    for (q, found) in [
        ("5550123", &["+12025550123"][..]),
        ("(202) 555", &["+12025550123"]),
        ("030 12", &["+4930123456"]),
        ("0123", &["+12025550123", "+4930123456"]),
        ("ALICE", &["sip:alice@example.com"]),
        ("999", &[]),
        ("%25", &[]),
    ] {
        let q = q.replace(' ', "%20");
        assert_eq!(
            directory(&app, &format!("sort=number&q={q}"))
                .iter()
                .filter(|number| found.contains(&number.as_str()))
                .count(),
            found.len(),
            "{q}"
        );
        assert_eq!(directory(&app, &format!("sort=number&q={q}")).len(), found.len(), "{q}");
    }
    for wrong in ["sort=size", "q=%00", "limit=0", "after=1", "page=2"] {
        assert_eq!(
            app.get(&format!("/api/numbers?{wrong}")).problem().kind,
            "/problems/bad-parameter",
            "{wrong}"
        );
    }
}

#[test]
fn a_directory_can_be_turned_off() {
    let app = TestApp::with(&["--no-directory"]);
    assert_eq!(app.get("/api/numbers").problem().kind, "/problems/not-found");
    assert_eq!(app.get("/api/numbers/+12025550123").status, 200);
}

#[test]
fn a_directory_counts_the_calls_of_the_last_days_in_the_readers_zone() {
    let app = TestApp::new();
    app.database().add_party("local", "1001");
    // Kiritimati is 14 hours ahead, so its day has begun for as long.
    let zone = "Pacific/Kiritimati";
    let now = chrono::Utc::now();
    let ago = |hours: i64| (now - chrono::TimeDelta::hours(hours)).to_rfc3339();
    for (owner, hours, call_type) in [
        ("+12025550123", 0, "Missed Inbound"),
        ("+12025550123", 0, "Missed Outbound"),
        ("+12025550123", 7 * 24 + 1, "Missed Inbound"),
        ("+12025550123", 7 * 24 - 1, "Completed Inbound"),
        ("1001", 40 * 24, "Completed Inbound"),
    ] {
        let party = if call_type == "Missed Inbound" { "+13333333333" } else { "+14444444444" };
        app.call(owner, &ago(hours), party, call_type, None);
    }
    assert_eq!(app.get("/api/numbers").json()[0]["days"], json!(null));
    let listed = app.get(&format!("/api/numbers?include=days&tz={zone}")).json();
    let days = &listed[0]["days"];
    let counts = |name: &str| -> Vec<u64> { serde_json::from_value(days[name].clone()).unwrap() };
    let today = (now + chrono::TimeDelta::hours(14)).date_naive();
    assert_eq!(days["last"], today.to_string());
    assert_eq!((counts("calls").len(), counts("missed").len()), (15, 15));
    assert_eq!((counts("calls")[14], counts("missed")[14]), (2, 1));
    // An hour earlier or later may be another day.
    assert_eq!(counts("calls").iter().sum::<u64>(), 4);
    assert!(counts("calls")[6..9].iter().sum::<u64>() == 2, "{days}");
    assert!(days["week_ago"]["calls"].as_u64() <= Some(1), "{days}");
    assert_eq!(days["week_ago"]["calls"], days["week_ago"]["missed"]);
    assert_eq!(listed[1]["days"]["calls"], json!(vec![0; 15]));
    for wrong in ["include=details", "include=days&tz=Mars"] {
        assert_eq!(app.get(&format!("/api/numbers?{wrong}")).problem().kind, "/problems/bad-parameter");
    }
}

#[test]
fn a_long_history_has_the_same_days_from_its_counts_as_call_by_call() {
    let app = TestApp::new();
    let rows = "INSERT INTO calls (number, counterparty, created_at, type)
                SELECT 12025550123, 13000000000 + i % 50, now() - i * interval '200 seconds',
                       (ARRAY['Missed Inbound', 'Completed Inbound', 'Missed Outbound'])[1 + i % 3]
                FROM generate_series(0, 10000) AS i";
    app.database().store_calls(rows).unwrap();
    // More calls of the last days than are read one by one, so they wait for the counts.
    let days = || app.get("/api/numbers?include=days&tz=Asia/Kathmandu").json()[0]["days"].clone();
    assert_eq!(days(), json!(null));
    let summary = app.get("/api/calls/+12025550123/summary?tz=Asia/Kathmandu").json();
    let counted = days();
    let expected: Vec<&serde_json::Value> =
        summary["days"].as_array().unwrap().iter().rev().take(15).collect();
    assert_eq!(counted["last"], expected[0]["date"]);
    let expected: Vec<_> = expected.iter().rev().map(|day| day["calls"].clone()).collect();
    assert_eq!(counted["calls"], json!(expected));
    let week_ago = counted["week_ago"]["calls"].as_u64().unwrap();
    assert!(week_ago > 0 && week_ago <= expected[7].as_u64().unwrap(), "{counted}");
}
