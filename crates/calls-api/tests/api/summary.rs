use serde_json::{Value, json};

use crate::test_app::{Answer, TestApp};

const OWNER: &str = "+12025550123";

fn summary(app: &TestApp, query: &str) -> Value {
    let answer = app.get(&format!("/api/calls/{OWNER}/summary?{query}"));
    assert_eq!(answer.status, 200, "{query}: {}", answer.body);
    answer.json()
}

#[test]
fn a_history_without_calls_has_an_empty_summary() {
    let app = TestApp::new();
    let empty = json!({
        "time_zone": "UTC", "calls": 0,
        "types": {"Completed Inbound": 0, "Missed Inbound": 0, "Completed Outbound": 0, "Missed Outbound": 0},
        "talk_time": "0.0", "missed_rate": null, "first_call": null, "last_call": null, "days": [],
        "hours_of_week": [], "top_counterparties": [],
        "missed_inbound": {"returned": 0, "not_returned": 0, "unidentified": 0, "not_returned_ids": []},
        "inbound": {"answered": 0, "missed": 0, "answer_rate": null},
        "outbound": {"answered": 0, "missed": 0, "answer_rate": null},
    });
    assert_eq!(summary(&app, ""), empty);
    assert_eq!(app.get("/api/calls/1001/summary").json(), empty);
    app.call(OWNER, "2024-01-31T10:00:00Z", "+13333333333", "Missed Inbound", None);
    assert_eq!(summary(&app, "direction=outbound"), empty);
    assert_eq!(summary(&app, "counterparty=sip:nobody@example.com"), empty);
}

#[test]
fn a_summary_adds_up_what_the_history_holds() {
    let app = TestApp::new();
    app.call(OWNER, "2024-01-31T10:00:00Z", "+13333333333", "Completed Inbound", Some(37_400));
    app.call(OWNER, "2024-01-31T10:30:00.250Z", "+13333333333", "Completed Outbound", Some(5));
    app.call(OWNER, "2024-02-07T10:59:59Z", "+14444444444", "Missed Outbound", None);
    app.call(OWNER, "2024-02-11T23:00:00Z", "withheld", "Missed Inbound", None);
    app.call(OWNER, "2024-02-11T23:30:00Z", "withheld", "Completed Inbound", None);
    app.call("+14444444444", "2024-01-31T12:00:00Z", OWNER, "Missed Inbound", None);
    assert_eq!(
        summary(&app, ""),
        json!({
            "time_zone": "UTC", "calls": 5,
            "types": {"Completed Inbound": 2, "Missed Inbound": 1, "Completed Outbound": 1, "Missed Outbound": 1},
            "talk_time": "37.405", "missed_rate": 0.4,
            "first_call": "2024-01-31T10:00:00Z", "last_call": "2024-02-11T23:30:00Z",
            "days": [{"date": "2024-01-31", "calls": 2, "missed": 0}, {"date": "2024-02-07", "calls": 1, "missed": 1},
                     {"date": "2024-02-11", "calls": 2, "missed": 1}],
            "hours_of_week": [{"weekday": 3, "hour": 10, "calls": 3, "missed": 1},
                              {"weekday": 7, "hour": 23, "calls": 2, "missed": 1}],
            "top_counterparties": [
                {"counterparty": "withheld", "calls": 2, "missed": 1, "talk_time": "0.0"},
                {"counterparty": "+13333333333", "calls": 2, "missed": 0, "talk_time": "37.405",
                 "details": {"international": "+1 333-333-3333", "national": "(333) 333-3333", "country": null}},
                {"counterparty": "+14444444444", "calls": 1, "missed": 1, "talk_time": "0.0",
                 "details": {"international": "+1 444-444-4444", "national": "(444) 444-4444", "country": null}}],
            "missed_inbound": {"returned": 0, "not_returned": 0, "unidentified": 1, "not_returned_ids": []},
            "inbound": {"answered": 2, "missed": 1, "answer_rate": 2.0 / 3.0},
            "outbound": {"answered": 1, "missed": 1, "answer_rate": 0.5},
        })
    );
}

/// `date hour` of calls, as the days and the hours of the week of a summary say it.
fn places(app: &TestApp, zone: &str) -> (Vec<String>, Vec<String>) {
    let summary = summary(app, &format!("tz={zone}"));
    assert_eq!(summary["time_zone"], zone);
    let list = |name: &str| summary[name].as_array().unwrap().clone();
    let days =
        list("days").into_iter().map(|day| format!("{} {}", day["date"].as_str().unwrap(), day["calls"]));
    let hours = list("hours_of_week")
        .into_iter()
        .map(|hour| format!("{} {}: {}", hour["weekday"], hour["hour"], hour["calls"]));
    (days.collect(), hours.collect())
}

/// Missed calls at these times.
fn app_with_calls_at(times: &[&str]) -> TestApp {
    let app = TestApp::new();
    for time in times {
        app.call(OWNER, time, "+13333333333", "Missed Inbound", None);
    }
    app
}

#[test]
fn days_and_hours_are_the_zones_own_when_clocks_are_set_forward() {
    // Berlin: at 2:00 it is 3:00. A Sunday.
    let app = app_with_calls_at(&[
        "2024-03-31T00:59:59.999999Z",
        "2024-03-31T01:00:00Z",
        "2024-03-31T21:59:59Z",
        "2024-03-31T22:00:00Z",
    ]);
    let (days, hours) = places(&app, "Europe/Berlin");
    assert_eq!(days, ["2024-03-31 3", "2024-04-01 1"]);
    assert_eq!(hours, ["1 0: 1", "7 1: 1", "7 3: 1", "7 23: 1"]);
    // Sydney: half a year later, on the other side of the world.
    let app = app_with_calls_at(&[
        "2024-10-05T15:59:59Z",
        "2024-10-05T16:00:00Z",
        "2024-10-06T12:59:59Z",
        "2024-10-06T13:00:00Z",
    ]);
    let (days, hours) = places(&app, "Australia/Sydney");
    assert_eq!(days, ["2024-10-06 3", "2024-10-07 1"]);
    assert_eq!(hours, ["1 0: 1", "7 1: 1", "7 3: 1", "7 23: 1"]);
}

#[test]
fn days_and_hours_are_the_zones_own_when_clocks_are_set_back() {
    // Berlin: at 3:00 it is 2:00 again, so this hour counts twice and the day has 25.
    let app = app_with_calls_at(&[
        "2024-10-26T22:00:00Z",
        "2024-10-27T00:30:00Z",
        "2024-10-27T01:30:00Z",
        "2024-10-27T02:00:00Z",
        "2024-10-27T22:59:59Z",
    ]);
    let (days, hours) = places(&app, "Europe/Berlin");
    assert_eq!(days, ["2024-10-27 5"]);
    assert_eq!(hours, ["7 0: 1", "7 2: 2", "7 3: 1", "7 23: 1"]);
    let app = app_with_calls_at(&[
        "2024-04-06T13:00:00Z",
        "2024-04-06T15:30:00Z",
        "2024-04-06T16:30:00Z",
        "2024-04-06T17:00:00Z",
        "2024-04-07T13:59:59Z",
    ]);
    let (days, hours) = places(&app, "Australia/Sydney");
    assert_eq!(days, ["2024-04-07 5"]);
    assert_eq!(hours, ["7 0: 1", "7 2: 2", "7 3: 1", "7 23: 1"]);
}

#[test]
fn days_without_a_midnight_and_with_two_begin_where_their_dates_do() {
    // Santiago: at midnight it is 1:00.
    let app = app_with_calls_at(&["2024-09-08T03:59:59Z", "2024-09-08T04:00:00Z"]);
    let (days, hours) = places(&app, "America/Santiago");
    assert_eq!(
        (days, hours),
        (vec!["2024-09-07 1".into(), "2024-09-08 1".into()], vec!["6 23: 1".into(), "7 1: 1".into()])
    );
    // Havana: at 1:00 it is midnight again.
    let app = app_with_calls_at(&["2024-11-03T03:59:59Z", "2024-11-03T04:30:00Z", "2024-11-03T05:30:00Z"]);
    let (days, hours) = places(&app, "America/Havana");
    assert_eq!(
        (days, hours),
        (vec!["2024-11-02 1".into(), "2024-11-03 2".into()], vec!["6 23: 1".into(), "7 0: 2".into()])
    );
}

#[test]
fn zones_off_the_full_hour_and_times_before_1970_are_placed_right() {
    let app = app_with_calls_at(&["2024-01-31T18:29:59Z", "2024-01-31T18:30:00Z"]);
    assert_eq!(places(&app, "Asia/Kolkata").0, ["2024-01-31 1", "2024-02-01 1"]);
    // Lord Howe's summer time is half an hour.
    let app = app_with_calls_at(&["2024-04-06T14:59:00Z", "2024-04-06T15:00:00Z"]);
    assert_eq!(places(&app, "Australia/Lord_Howe").1, ["7 1: 2"]);
    // Monrovia was 44 minutes and 30 seconds behind until 1972.
    let app = app_with_calls_at(&["1969-12-31T00:44:29Z", "1969-12-31T00:44:30Z", "1972-01-08T00:00:00Z"]);
    assert_eq!(places(&app, "Africa/Monrovia").0, ["1969-12-30 1", "1969-12-31 1", "1972-01-08 1"]);
    assert_eq!(places(&app, "Africa/Monrovia").1, ["2 23: 1", "3 0: 1", "6 0: 1"]);
    let app = app_with_calls_at(&["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]);
    assert_eq!(
        places(&app, "UTC"),
        (vec!["0001-01-01 1".into(), "9999-12-31 1".into()], vec!["1 0: 1".into(), "5 23: 1".into()])
    );
}

#[test]
fn a_summary_counts_exactly_the_calls_that_the_list_with_the_same_filter_has() {
    let app = TestApp::new();
    let rows = "INSERT INTO calls (number, counterparty, created_at, type, duration_ms)
                SELECT 12025550123, 13333333330 + i % 12, timestamptz '2024-03-25 00:00Z' + i * interval '2 hours 7 minutes',
                       CASE WHEN i % 3 = 0 THEN 'Missed Inbound' WHEN i % 5 = 0 THEN 'Completed Outbound'
                            WHEN i % 7 = 0 THEN 'Missed Outbound' ELSE 'Completed Inbound' END,
                       CASE WHEN i % 3 > 0 AND (i % 5 = 0 OR i % 7 > 0) THEN i * 1000 END
                FROM generate_series(1, 300) AS i";
    assert_eq!(app.database().store_calls(rows).unwrap(), 300);
    for query in [
        "",
        "type=Missed+Inbound&type=Missed+Outbound",
        "direction=inbound",
        "outcome=completed",
        "counterparty=%2B13333333333",
        "counterparty=%2B1333333333*",
        "from=2024-03-31&until=2024-04-01&tz=Europe/Berlin",
        "from=2024-04-07&until=2024-04-08&tz=Australia/Sydney",
        "min_duration=100&max_duration=200",
        "outcome=missed&from=2024-04-01T00:00:00Z",
        "weekday=7&tz=Europe/Berlin",
        "weekday=1&hour=14",
        "hour=2&tz=Australia/Sydney&direction=inbound",
    ] {
        let calls = app.get(&format!("/api/calls/{OWNER}?limit=1000&{query}")).json();
        let calls = calls.as_array().unwrap();
        let found = summary(&app, query);
        let has = |name: &str, value: &str| calls.iter().filter(|call| call[name] == value).count();
        assert!(!calls.is_empty(), "{query}");
        assert_eq!(found["calls"], calls.len(), "{query}");
        for call_type in ["Completed Inbound", "Missed Inbound", "Completed Outbound", "Missed Outbound"] {
            assert_eq!(found["types"][call_type], has("type", call_type), "{query}: {call_type}");
        }
        let seconds: f64 =
            calls.iter().filter_map(|call| call["duration"].as_str()?.parse::<f64>().ok()).sum();
        assert_eq!(found["talk_time"].as_str().unwrap().parse::<f64>().unwrap(), seconds, "{query}");
        assert_eq!(found["last_call"], calls[0]["created_at"], "{query}");
        assert_eq!(found["first_call"], calls.last().unwrap()["created_at"], "{query}");
        for part in ["days", "hours_of_week"] {
            let counts = found[part].as_array().unwrap().iter().map(|part| part["calls"].as_u64().unwrap());
            assert_eq!(counts.sum::<u64>(), calls.len() as u64, "{query}: {part}");
        }
        let top = found["top_counterparties"].as_array().unwrap();
        assert!(
            top.len() <= 10 && top.is_sorted_by_key(|one| std::cmp::Reverse(one["calls"].as_u64())),
            "{query}"
        );
        for one in top {
            assert_eq!(one["calls"], has("counterparty", one["counterparty"].as_str().unwrap()), "{query}");
        }
        let missed = &found["missed_inbound"];
        let judged = ["returned", "not_returned", "unidentified"].map(|name| missed[name].as_u64().unwrap());
        assert_eq!(judged.iter().sum::<u64>(), has("type", "Missed Inbound") as u64, "{query}");
    }
    let day = summary(&app, "from=2024-03-31&until=2024-04-01&tz=Europe/Berlin");
    assert_eq!(day["days"].as_array().unwrap().len(), 1, "{}", day["days"]);
    assert_eq!(day["days"][0]["date"], "2024-03-31");
}

#[test]
fn an_hour_of_the_week_has_the_calls_that_the_summary_counts_in_it() {
    // Berlin sets its clocks forward at 2:00 on 2024-03-31 and back at 3:00 on 2024-10-27, both Sundays; so
    // the same time in UTC is another hour of the week before and after, and one hour comes twice.
    let app = app_with_calls_at(&[
        "2024-03-30T23:30:00Z",
        "2024-03-31T00:59:59.999Z",
        "2024-03-31T01:00:00Z",
        "2024-03-31T21:59:59Z",
        "2024-03-31T22:00:00Z",
        "2024-10-27T00:30:00Z",
        "2024-10-27T01:30:00Z",
        "2024-10-27T02:00:00Z",
        "2024-10-27T23:00:00Z",
        "1969-12-28T01:30:00Z",
    ]);
    let times = |query: &str| {
        let calls = app.get(&format!("/api/calls/{OWNER}?{query}")).json();
        let time = |call: &Value| call["created_at"].as_str().unwrap().to_owned();
        calls.as_array().unwrap().iter().map(time).collect::<Vec<_>>()
    };
    let berlin = "tz=Europe/Berlin&weekday=7";
    assert_eq!(
        times(&format!("{berlin}&hour=2")),
        ["2024-10-27T01:30:00Z", "2024-10-27T00:30:00Z", "1969-12-28T01:30:00Z"]
    );
    assert_eq!(times(&format!("{berlin}&hour=1")), ["2024-03-31T00:59:59.999Z"]);
    assert_eq!(times("tz=Europe/Berlin&weekday=1&hour=0"), ["2024-10-27T23:00:00Z", "2024-03-31T22:00:00Z"]);
    assert_eq!(times("hour=23"), ["2024-10-27T23:00:00Z", "2024-03-30T23:30:00Z"]);
    assert_eq!(times("weekday=6"), ["2024-03-30T23:30:00Z"]);
    assert_eq!(times("weekday=3&hour=5"), [""; 0]);
    for zone in ["Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"] {
        let all = summary(&app, &format!("tz={zone}"));
        for hour in all["hours_of_week"].as_array().unwrap() {
            let query = format!("tz={zone}&weekday={}&hour={}", hour["weekday"], hour["hour"]);
            assert_eq!(times(&query).len() as u64, hour["calls"].as_u64().unwrap(), "{query}");
            let alone = summary(&app, &query);
            assert_eq!(alone["hours_of_week"], json!([hour]), "{query}");
            let csv = app.get(&format!("/api/calls/{OWNER}?format=csv&{query}")).body;
            assert_eq!(csv.lines().count() as u64, 1 + hour["calls"].as_u64().unwrap(), "{query}");
        }
    }
}

#[test]
fn the_pages_of_an_hour_of_the_week_lead_through_all_of_its_calls() {
    let app = TestApp::new();
    let rows = "INSERT INTO calls (number, counterparty, created_at, type)
                SELECT 12025550123, 13333333333, timestamptz '2024-01-01 10:30Z' + i * interval '1 day',
                       'Missed Inbound' FROM generate_series(1, 70) AS i";
    app.database().store_calls(rows).unwrap();
    let mut path = format!("/api/calls/{OWNER}?limit=4&weekday=2&hour=10");
    let mut found = Vec::new();
    loop {
        let answer = app.get(&path);
        let page = answer.json();
        found.extend(
            page.as_array().unwrap().iter().map(|call| call["created_at"].as_str().unwrap().to_owned()),
        );
        let Some((next, _)) = answer.header("link").split_once('>') else { break };
        path = next[1..].to_owned();
    }
    assert_eq!(
        (found.len(), found[0].as_str(), found[9].as_str()),
        (10, "2024-03-05T10:30:00Z", "2024-01-02T10:30:00Z")
    );
}

#[test]
fn a_missed_call_is_returned_once_the_two_have_spoken_later() {
    let app = TestApp::new();
    app.database().add_party("local", "1001");
    let missed = |party: &str, time: &str| {
        app.call(OWNER, &format!("2024-01-31T{time}Z"), party, "Missed Inbound", None)
    };
    let spoke = |party: &str, time: &str, direction: &str| {
        app.call(OWNER, &format!("2024-01-31T{time}Z"), party, &format!("Completed {direction}"), Some(1000));
    };
    // Called back; called back in vain, and before; tried again with success, then in vain again.
    missed("+13333333331", "10:00:00");
    spoke("+13333333331", "10:00:01", "Outbound");
    spoke("+13333333332", "09:00:00", "Outbound");
    missed("+13333333332", "10:00:02");
    app.call(OWNER, "2024-01-31T11:00:00Z", "+13333333332", "Missed Outbound", None);
    missed("+13333333333", "10:00:03");
    missed("+13333333333", "10:00:04");
    spoke("+13333333333", "10:00:05", "Inbound");
    missed("+13333333333", "10:00:06");
    // At the same instant is not later.
    missed("1001", "10:00:07");
    spoke("1001", "10:00:07", "Inbound");
    // Nobody knows whether this is the same person.
    missed("withheld", "10:00:08");
    spoke("withheld", "10:00:09", "Inbound");
    missed("unknown", "10:00:10");
    // Somebody else's calls return nothing.
    app.call("+14444444444", "2024-01-31T12:00:00Z", "+13333333332", "Completed Outbound", None);

    let found = |query: &str| {
        let mut missed = summary(&app, query)["missed_inbound"].clone();
        let ids = missed.as_object_mut().unwrap().remove("not_returned_ids").unwrap();
        let of = |id: &Value| {
            let list = app.get(&format!("/api/calls/{OWNER}")).json();
            let call = list.as_array().unwrap().iter().find(|call| call["id"] == *id).unwrap().clone();
            call["created_at"].as_str().unwrap()[17..19].to_owned()
        };
        (missed, ids.as_array().unwrap().iter().map(of).collect::<Vec<_>>())
    };
    let all = json!({"returned": 3, "not_returned": 3, "unidentified": 2});
    assert_eq!(found(""), (all.clone(), vec!["07".into(), "06".into(), "02".into()]));
    // The calls that returned them need not match the filter.
    assert_eq!(
        found("outcome=missed&until=2024-01-31T10:00:11Z"),
        (all, vec!["07".into(), "06".into(), "02".into()])
    );
    assert_eq!(
        found("counterparty=%2B13333333333").0,
        json!({"returned": 2, "not_returned": 1, "unidentified": 0})
    );
    assert_eq!(found("direction=outbound").0, json!({"returned": 0, "not_returned": 0, "unidentified": 0}));
}

#[test]
fn no_more_than_a_hundred_ids_are_listed_and_no_more_than_ten_counterparties() {
    let app = TestApp::new();
    let rows = "INSERT INTO calls (number, counterparty, created_at, type)
                SELECT 12025550123, 13333333300 + i % 50, timestamptz '2024-01-31 00:00Z' + i * interval '1 minute',
                       'Missed Inbound' FROM generate_series(1, 130) AS i";
    app.database().store_calls(rows).unwrap();
    let found = summary(&app, "");
    assert_eq!(found["missed_inbound"]["not_returned"], 130);
    let ids = found["missed_inbound"]["not_returned_ids"].as_array().unwrap().clone();
    assert_eq!(ids.len(), 100);
    let calls = app.get(&format!("/api/calls/{OWNER}?limit=100")).json();
    assert!(ids.iter().zip(calls.as_array().unwrap()).all(|(id, call)| *id == call["id"]), "not the newest");
    assert_eq!(found["top_counterparties"].as_array().unwrap().len(), 10);
    // Of those with as many calls the smaller numbers.
    assert_eq!(
        found["top_counterparties"][0],
        json!({"counterparty": "+13333333301", "calls": 3, "missed": 3, "talk_time": "0.0",
               "details": {"international": "+1 333-333-3301", "national": "(333) 333-3301", "country": null}})
    );
}

#[test]
fn a_parameter_that_a_summary_does_not_have_is_a_400_that_names_it() {
    let app = TestApp::new();
    for (query, name) in [
        ("limit=5", "limit"),
        ("after=0", "after"),
        ("format=csv", "format"),
        ("colour=red", "colour"),
        ("tz=Berlin", "tz"),
        ("tz=UTC&tz=UTC", "tz"),
        ("from=yesterday", "from"),
        ("type=missed", "type"),
        ("weekday=0", "weekday"),
        ("weekday=8", "weekday"),
        ("weekday=Monday", "weekday"),
        ("weekday=1&weekday=2", "weekday"),
        ("hour=24", "hour"),
        ("hour=-1", "hour"),
    ] {
        let answer = app.get(&format!("/api/calls/{OWNER}/summary?{query}"));
        assert_eq!(answer.status, 400, "{query}");
        assert!(answer.problem().detail.unwrap().starts_with(&format!("{name}: expected ")), "{query}");
    }
    assert_eq!(app.get("/api/calls/hello/summary").problem().kind, "/problems/not-a-number");
    assert_eq!(app.request("POST", &format!("/api/calls/{OWNER}/summary"), &[]).status, 405);
}

#[test]
fn a_summary_that_has_not_changed_is_not_sent_again() {
    let app = TestApp::new();
    app.call(OWNER, "2024-01-31T10:00:00Z", "+13333333333", "Missed Inbound", None);
    let path = format!("/api/calls/{OWNER}/summary?tz=Europe/Berlin");
    let first = app.get(&path);
    let tag = first.header("etag");
    assert!(tag.starts_with('"'), "{tag}");
    let again = |tag: &str| -> Answer { app.get_with(&path, &[("if-none-match", tag)]) };
    let known = again(tag);
    assert_eq!((known.status, known.body.as_str(), known.header("etag")), (304, "", tag));
    assert_eq!(known.header("cache-control"), "private, no-cache");

    app.call("+13333333333", "2024-02-01T00:00:00Z", OWNER, "Completed Outbound", None);
    assert_eq!(again(tag).status, 304, "another history changed");
    app.call(OWNER, "2024-02-01T00:00:00Z", "+13333333333", "Completed Inbound", Some(0));
    let changed = again(tag);
    assert_eq!((changed.status, changed.json()["missed_inbound"]["returned"].as_u64()), (200, Some(1)));
    assert_ne!(changed.header("etag"), tag);
}
