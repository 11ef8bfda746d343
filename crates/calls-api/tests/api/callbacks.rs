//! Whom to call back.

use serde_json::{Value, json};

use crate::events::Client;
use crate::post::put;
use crate::test_app::TestApp;

const NUMBER: &str = "+12025550123";
const PATH: &str = "/api/calls/+12025550123/callbacks";

/// Two people who wait, one of whom called twice; one who was called back; and callers who cannot be.
fn app_with_missed_calls() -> TestApp {
    let app = TestApp::new();
    let missed =
        |time: &str, party| app.call(NUMBER, &format!("2024-01-{time}:00Z"), party, "Missed Inbound", None);
    missed("30T09:00", "+13333333333");
    missed("31T09:00", "+13333333333");
    missed("30T10:00", "+14444444444");
    missed("30T11:00", "+15555555555");
    missed("30T12:00", "withheld");
    missed("31T12:00", "unknown");
    app.call(NUMBER, "2024-01-30T12:00:00Z", "+15555555555", "Completed Outbound", Some(1_000));
    app.call(NUMBER, "2024-01-30T12:30:00Z", "+14444444444", "Missed Outbound", None);
    let busy =
        "UPDATE calls SET disposition = 3 WHERE counterparty = 13333333333 AND created_at > '2024-01-31Z'";
    assert_eq!(app.database().execute(busy).unwrap(), 1);
    app
}

fn people(queue: &Value) -> Vec<&str> {
    queue["callbacks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["counterparty"].as_str().unwrap())
        .collect()
}

#[test]
fn the_queue_has_one_entry_for_each_person_who_waits() {
    let app = app_with_missed_calls();
    let queue = app.get(PATH).json();
    assert_eq!(people(&queue), ["+13333333333", "+14444444444"]);
    assert_eq!(
        queue["callbacks"][0],
        json!({
            "counterparty": "+13333333333",
            "details": {"international": "+1 333-333-3333", "national": "(333) 333-3333", "country": null},
            "attempts": 2,
            "first_attempt": "2024-01-30T09:00:00Z",
            "last_attempt": "2024-01-31T09:00:00Z",
            "waiting_since": "2024-01-30T09:00:00Z",
            "dispositions": [{"disposition": "busy", "calls": 1}],
        })
    );
    assert_eq!(
        (&queue["people"], &queue["withheld"]),
        (&json!(2), &json!({"calls": 2, "last": "2024-01-31T12:00:00Z"}))
    );
    app.call(NUMBER, "2024-02-01T10:00:00Z", "+14444444444", "Missed Inbound", None);
    assert_eq!(people(&app.get(&format!("{PATH}?sort=last")).json()), ["+14444444444", "+13333333333"]);
    let one = app.get(&format!("{PATH}?limit=1")).json();
    assert_eq!((people(&one).len(), &one["people"]), (1, &json!(2)));
    let nobody = app.get("/api/calls/+12025550199/callbacks").json();
    assert_eq!(nobody, json!({"callbacks": [], "people": 0, "withheld": {"calls": 0, "last": null}}));
    for wrong in ["?sort=first", "?done=maybe", "?limit=0", "?after=1"] {
        assert_eq!(app.get(&format!("{PATH}{wrong}")).problem().status, 400, "{wrong}");
    }
}

#[test]
fn who_is_marked_done_is_out_of_the_queue_until_the_next_missed_call() {
    let app = app_with_missed_calls();
    let before = app.get(PATH);
    let person = format!("{PATH}/(333) 333-3333").replace(' ', "%20").replace("(333)", "+1333");
    let answer = put(&app, &person, r#"{"done": true, "note": "answered by mail"}"#);
    assert_eq!((answer.status, &answer.json()["note"]), (200, &json!("answered by mail")), "{}", answer.body);
    let after = app.get_with(PATH, &[("If-None-Match", before.header("etag"))]);
    assert_eq!((after.status, people(&after.json())), (200, vec!["+14444444444"]));
    let done = app.get(&format!("{PATH}?done=true")).json();
    assert_eq!(people(&done), ["+13333333333"]);
    assert_eq!(done["callbacks"][0]["done_at"], answer.json()["done_at"]);
    // Done survives a restart, and a call from before.
    app.call(NUMBER, "2024-01-30T23:00:00Z", "+13333333333", "Missed Inbound", None);
    assert_eq!(people(&app.get(PATH).json()), ["+14444444444"]);
    app.call(NUMBER, "2024-02-01T10:00:00Z", "+13333333333", "Missed Inbound", None);
    let back = app.get(PATH).json();
    assert_eq!(people(&back), ["+14444444444", "+13333333333"]);
    assert_eq!((&back["callbacks"][1]["attempts"], back["callbacks"][1].get("done_at")), (&json!(1), None));
    assert_eq!(put(&app, &person, r#"{"done": true}"#).status, 200);
    assert_eq!(app.request("DELETE", &person, &[]).status, 204);
    assert_eq!(app.get(PATH).json()["callbacks"][0]["attempts"], 4);
    assert_eq!(app.request("DELETE", &person, &[]).status, 204, "nothing is there any more");
}

#[test]
fn nobody_is_marked_done_who_never_called() {
    let app = app_with_missed_calls();
    for nobody in ["+19995550199", "withheld", "sip:nobody@pbx.example"] {
        let answer = put(&app, &format!("{PATH}/{nobody}"), r#"{"done": true}"#);
        assert_eq!(answer.problem().status, 404, "{nobody}");
    }
    for body in
        ["", "{}", r#"{"done": 1}"#, r#"{"done": true, "more": 1}"#, r#"{"done": true, "note": "\u0000"}"#]
    {
        assert_eq!(put(&app, &format!("{PATH}/+13333333333"), body).problem().status, 400, "{body}");
    }
}

#[test]
fn another_tab_hears_of_notes_and_marks_and_leaves_none_out_when_it_comes_back() {
    let app = app_with_missed_calls();
    let mut tab = Client::connect(&app, NUMBER, None);
    let started = tab.last_id.clone();
    put(&app, &format!("{PATH}/+13333333333"), r#"{"done": true}"#);
    let (kind, data) = tab.next_event();
    assert_eq!((kind.as_str(), &data["counterparty"]), ("callback", &json!("+13333333333")));
    assert!(data["done_at"].is_string());
    let id = app.get(&format!("/api/calls/{NUMBER}?limit=1")).json()[0]["id"].as_str().unwrap().to_owned();
    put(&app, &format!("/api/calls/{NUMBER}/{id}/note"), r#"{"text": "Hello"}"#);
    let (kind, data) = tab.next_event();
    assert_eq!((kind.as_str(), data), ("note", json!({"call": id, "note": {"text": "Hello", "tags": []}})));
    app.call(NUMBER, "2024-02-01T10:00:00Z", "+13333333333", "Missed Inbound", None);
    assert_eq!(tab.next_event().0, "call");
    app.request("DELETE", &format!("/api/calls/{NUMBER}/{id}/note"), &[]);
    assert_eq!(tab.next_event(), ("note".to_owned(), json!({"call": id, "note": null})));
    // One that was away hears what holds now, in the order of the changes.
    let mut back = Client::connect(&app, NUMBER, Some(&started));
    let kinds: Vec<String> = (0..3).map(|_| back.next_event().0).collect();
    assert_eq!(kinds, ["callback", "call", "note"]);
}

#[test]
fn notes_and_marks_go_with_the_calls_that_they_are_of() {
    let app = app_with_missed_calls();
    let count = |table: &str| app.database().count(&format!("SELECT count(*) FROM {table}"));
    let calls = app.get(&format!("/api/calls/{NUMBER}")).json();
    for call in calls.as_array().unwrap() {
        let path = format!("/api/calls/{NUMBER}/{}/note", call["id"].as_str().unwrap());
        assert_eq!(put(&app, &path, r#"{"text": "Hello"}"#).status, 200);
    }
    for person in ["+13333333333", "+14444444444"] {
        assert_eq!(put(&app, &format!("{PATH}/{person}"), r#"{"done": true, "note": "Hello"}"#).status, 200);
    }
    assert_eq!((count("notes"), count("callbacks")), (8, 2));
    // The note of an erased person's call may name the person.
    assert!(app.database().calls(&["erase", "+13333333333"]).status.success());
    assert_eq!((count("notes"), count("callbacks")), (6, 1));
    assert!(app.database().calls(&["purge", "--older-than", "2024-01-31"]).status.success());
    assert_eq!(count("callbacks"), 0);
    assert_eq!(count("notes"), 1, "of the call that was not purged");
    assert!(app.database().calls(&["erase", NUMBER]).status.success());
    assert_eq!((count("notes"), count("callbacks")), (0, 0));
}
