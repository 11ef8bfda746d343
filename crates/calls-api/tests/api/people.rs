//! One person's calls, and one call.

use serde_json::json;

use crate::post::put;
use crate::test_app::TestApp;

const NUMBER: &str = "+12025550123";
const PERSON: &str = "+13333333333";

/// Calls with one person in two months, and one with somebody else.
fn app_with_a_person() -> TestApp {
    let app = TestApp::new();
    app.call(NUMBER, "2024-01-30T09:00:00Z", PERSON, "Missed Inbound", None);
    app.call(NUMBER, "2024-01-31T23:30:00Z", PERSON, "Completed Outbound", Some(60_000));
    app.call(NUMBER, "2024-02-01T09:15:00Z", PERSON, "Missed Outbound", None);
    app.call(NUMBER, "2024-02-02T23:45:00Z", PERSON, "Completed Outbound", Some(30_500));
    app.call(NUMBER, "2024-02-02T23:50:00Z", "+14444444444", "Completed Inbound", Some(1_000));
    app.call(NUMBER, "2024-02-03T08:00:00Z", "withheld", "Missed Inbound", None);
    app
}

#[test]
fn the_calls_with_one_person_are_a_list_like_any_other() {
    let app = app_with_a_person();
    let path = "/api/calls/+1 202 555 0123/with/001 333 333 3333".replace(' ', "%20");
    let by_filter = app.get(&format!("/api/calls/{NUMBER}?counterparty=%2B13333333333"));
    let answer = app.get(&path);
    assert_eq!((answer.status, answer.json()), (200, by_filter.json()));
    assert_eq!(answer.json().as_array().unwrap().len(), 4);
    let first = app.get(&format!("{path}?limit=3&outcome=completed"));
    assert_eq!((first.json().as_array().unwrap().len(), first.header("link")), (2, ""));
    let page = app.get(&format!("{path}?limit=3"));
    let next = page.header("link").strip_prefix('<').unwrap().split('>').next().unwrap().to_owned();
    assert!(next.starts_with("/api/calls/%2B12025550123/with/%2B13333333333?"), "{next}");
    assert_eq!(app.get(&next).json().as_array().unwrap().len(), 1);
    let csv = app.get(&format!("{path}?format=csv"));
    assert_eq!(csv.body.lines().count(), 5);
    assert_eq!(app.get(&format!("/api/calls/{NUMBER}/with/withheld")).json().as_array().unwrap().len(), 1);
    assert_eq!(app.get(&format!("/api/calls/{NUMBER}/with/+19995550199")).body, "[]");
    let etag = answer.header("etag");
    assert_eq!(app.get_with(&path, &[("If-None-Match", etag)]).status, 304);
    for wrong in ["?counterparty=%2B1", "?no-such=1"] {
        assert_eq!(app.get(&format!("{path}{wrong}")).problem().status, 400, "{wrong}");
    }
    assert_eq!(app.get(&format!("/api/calls/{NUMBER}/with/hello")).problem().status, 400);
}

#[test]
fn a_person_is_summed_up_by_month_direction_and_hour() {
    let app = app_with_a_person();
    let path = format!("/api/calls/{NUMBER}/with/{PERSON}/summary");
    let summary = app.get(&format!("{path}?tz=Europe/Berlin")).json();
    assert_eq!(summary["counterparty"], PERSON);
    assert_eq!(summary["details"]["international"], "+1 333-333-3333");
    assert_eq!((&summary["calls"], &summary["talk_time"]), (&json!(4), &json!("90.5")));
    assert_eq!(summary["first_call"], "2024-01-30T09:00:00Z");
    assert_eq!(summary["last_call"], "2024-02-02T23:45:00Z");
    // In Berlin the second call is on the first of February.
    let months =
        json!([{"month": "2024-01", "calls": 1, "missed": 1}, {"month": "2024-02", "calls": 3, "missed": 1}]);
    assert_eq!(summary["months"], months);
    let return_time = "138600.0";
    assert_eq!(
        summary["inbound"],
        json!({"answered": 0, "missed": 1, "answer_rate": 0.0, "median_return": return_time})
    );
    assert_eq!(summary["outbound"]["answered"], 2);
    assert_eq!(summary["missed_inbound"]["returned"], 1);
    let hours = &summary["best_times"]["hours"];
    assert_eq!(hours[0], json!({"hour": 0, "calls": 2, "answered": 2, "answer_rate": 1.0}));
    assert_eq!(hours[1], json!({"hour": 10, "calls": 1, "answered": 0, "answer_rate": 0.0}));
    assert_eq!(summary["best_times"]["weekdays"][0]["weekday"], 6);
    let february = app.get(&format!("{path}?from=2024-02-01")).json();
    assert_eq!((&february["calls"], &february["months"][0]["month"]), (&json!(2), &json!("2024-02")));
    let nobody = app.get(&format!("/api/calls/{NUMBER}/with/+19995550199/summary")).json();
    assert_eq!((&nobody["calls"], &nobody["outbound"]["answer_rate"]), (&json!(0), &json!(null)));
    let answer = app.get(&path);
    assert_eq!(app.get_with(&path, &[("If-None-Match", answer.header("etag"))]).status, 304);
}

#[test]
fn one_call_has_an_address_of_its_own() {
    let app = app_with_a_person();
    let list = app.get(&format!("/api/calls/{NUMBER}?include=details")).json();
    for call in list.as_array().unwrap() {
        let path = format!("/api/calls/{NUMBER}/{}", call["id"].as_str().unwrap());
        let answer = app.get(&path);
        assert_eq!((answer.status, &answer.json()), (200, call), "{path}");
        assert_eq!(app.get_with(&path, &[("If-None-Match", answer.header("etag"))]).status, 304);
        // The call of somebody else has the same id at no other number.
        assert_eq!(app.get(&path.replace(NUMBER, "+12025550124")).problem().status, 404);
    }
    for id in ["0", "1", "999999999999999999999", "-1", "abc", "+1"] {
        assert_eq!(app.get(&format!("/api/calls/{NUMBER}/{id}")).problem().status, 404, "{id}");
    }
    assert_eq!(app.request("DELETE", &format!("/api/calls/{NUMBER}/1"), &[]).problem().status, 405);
}

#[test]
fn the_answer_rate_is_told_beside_that_of_the_period_before() {
    let app = app_with_a_person();
    let path = format!("/api/calls/{NUMBER}/summary");
    let summary = app.get(&format!("{path}?from=2024-02-01&until=2024-02-04&compare=previous")).json();
    assert_eq!(summary["inbound"], json!({"answered": 1, "missed": 1, "answer_rate": 0.5}));
    assert_eq!(summary["outbound"], json!({"answered": 1, "missed": 1, "answer_rate": 0.5}));
    let previous = &summary["previous"];
    assert_eq!(
        (&previous["from"], &previous["until"]),
        (&json!("2024-01-29T00:00:00Z"), &json!("2024-02-01T00:00:00Z"))
    );
    assert_eq!(previous["calls"], 2);
    assert_eq!(previous["inbound"]["missed"], 1);
    assert_eq!(previous["inbound"]["median_return"], "138600.0");
    assert_eq!(previous["outbound"], json!({"answered": 1, "missed": 0, "answer_rate": 1.0}));
    assert!(
        app.get(&format!("{path}?compare=previous")).json().get("previous").is_none(),
        "there is no period"
    );
    // The period before an open one changes with the clock.
    let open = app.get(&format!("{path}?from=2024-02-01&compare=previous"));
    assert_eq!((open.header("etag"), open.header("cache-control")), ("", "no-store"));
    assert!(open.json()["previous"]["calls"].is_u64());
    assert_eq!(app.get(&format!("{path}?compare=next")).problem().status, 400);
}

#[test]
fn the_median_ring_time_is_that_of_calls_whose_ring_time_is_known() {
    let app = TestApp::new();
    for (minute, ring) in [(1, "4000"), (2, "9000"), (3, "NULL"), (4, "20000")] {
        app.call(NUMBER, &format!("2024-01-31T10:{minute:02}:00Z"), PERSON, "Completed Inbound", Some(1_000));
        let ring = format!(
            "UPDATE calls SET ring_ms = {ring} WHERE number = 12025550123 AND created_at = '2024-01-31T10:{minute:02}:00Z'"
        );
        assert_eq!(app.database().execute(&ring).unwrap(), 1);
    }
    let summary = app.get(&format!("/api/calls/{NUMBER}/summary")).json();
    assert_eq!(
        summary["inbound"],
        json!({"answered": 4, "missed": 0, "answer_rate": 1.0, "median_ring": "9.0"})
    );
    assert!(summary.get("medians_cover").is_none());
}

#[test]
fn a_note_on_a_call_is_in_its_details_until_it_is_removed() {
    let app = app_with_a_person();
    let call = app.get(&format!("/api/calls/{NUMBER}?limit=1")).json()[0].clone();
    let path = format!("/api/calls/{NUMBER}/{}", call["id"].as_str().unwrap());
    let before = app.get(&path);
    assert!(before.json()["details"].get("note").is_none());
    let note = json!({"text": "Wants an offer.\nBy Friday", "tags": ["offer", "Büro"]});
    let answer = put(&app, &format!("{path}/note"), &note.to_string());
    assert_eq!((answer.status, answer.json()), (200, note.clone()));
    let after = app.get_with(&path, &[("If-None-Match", before.header("etag"))]);
    assert_eq!((after.status, &after.json()["details"]["note"]), (200, &note));
    let list = app.get(&format!("/api/calls/{NUMBER}?include=details"));
    assert_eq!(list.json()[0]["details"]["note"], note);
    assert!(list.json()[1]["details"].get("note").is_none());
    assert_eq!(
        app.get(&format!("/api/calls/{NUMBER}?limit=1")).json()[0],
        call,
        "the bare call is as it was"
    );
    let shorter = put(&app, &format!("{path}/note"), r#"{"tags": ["done"]}"#).json();
    assert_eq!(shorter, json!({"text": "", "tags": ["done"]}));
    assert_eq!(app.request("DELETE", &format!("{path}/note"), &[]).status, 204);
    assert!(app.get(&path).json()["details"].get("note").is_none());
    let nowhere = format!("/api/calls/{NUMBER}/1/note");
    assert_eq!(put(&app, &nowhere, "{}").problem().status, 404);
    assert_eq!(app.request("DELETE", &nowhere, &[]).problem().status, 404);
    assert_eq!(app.request("GET", &nowhere, &[]).header("allow"), "PUT, DELETE");
    for body in ["", "[]", "{\"text\": 1}", "{\"txt\": \"\"}", "{\"tags\": [\"\"]}"] {
        let problem = put(&app, &format!("{path}/note"), body).problem();
        assert_eq!((problem.status, problem.kind.as_str()), (400, "/problems/bad-body"), "{body}");
    }
}
