//! The API's first answers inside the page.

use std::time::{Duration, Instant};

use calls_model::{DetailedCall, InitialData, NumberInfo};

use crate::test_app::{Answer, Lock, TestApp};

const PATH: &str = "/calls/+12025550123";
const HTML: (&str, &str) = ("accept", "text/html");

fn fallback(page: &Answer) -> Option<InitialData> {
    let start = page.body.split_once("<script type=\"application/json\" id=\"fallback\">")?.1;
    let data = start.split_once("</script>")?.0;
    Some(serde_json::from_str(data).unwrap_or_else(|error| panic!("{error}: {data}")))
}

fn app_with_calls(count: u32) -> TestApp {
    let app = TestApp::new();
    let rows = format!(
        "INSERT INTO calls (number, counterparty, created_at, type)
         SELECT 12025550123, 13000000000 + i, timestamptz '2024-01-31 10:00Z' - i * interval '1 hour',
                'Missed Inbound' FROM generate_series(1, {count}) AS i"
    );
    app.database().store_calls(&rows).unwrap();
    app
}

#[test]
fn the_page_has_the_answers_that_it_would_ask_for() {
    let app = app_with_calls(60);
    let page = app.get_with(PATH, &[HTML]);
    assert_eq!((page.status, page.header("cache-control")), (200, "private, no-cache"));
    let fallback = fallback(&page).expect("the page has answers");
    assert_eq!(fallback.number, "+12025550123");

    let info: NumberInfo = serde_json::from_value(app.get("/api/numbers/+12025550123").json()).unwrap();
    assert_eq!(fallback.info, info);
    let list = app.get("/api/calls/+12025550123?include=details");
    let calls: Vec<DetailedCall> = serde_json::from_value(list.json()).unwrap();
    assert_eq!(fallback.calls.as_ref(), Some(&calls));
    let next = fallback.next.expect("ten calls more");
    assert_eq!(list.header("link"), format!("<{next}>; rel=\"next\""));
    assert_eq!(app.get(&next).json().as_array().unwrap().len(), 10);
}

#[test]
fn the_answers_are_for_the_number_as_the_address_spells_it() {
    let app = app_with_calls(1);
    let found = fallback(&app.get_with("/calls/+1%20(202)%20555-0123", &[HTML])).unwrap();
    assert_eq!(found.number, "+1 (202) 555-0123");
    assert_eq!((found.calls.map(|calls| calls.len()), found.next), (Some(1), None));
    let none = fallback(&app.get_with("/calls/+13333333333", &[HTML])).unwrap();
    assert_eq!((none.calls, none.next), (Some(Vec::new()), None));
    for path in ["/calls/hello", "/"] {
        let page = app.get_with(path, &[HTML]);
        assert_eq!((page.status, fallback(&page)), (200, None), "{path}");
    }
}

#[test]
fn the_page_is_known_until_its_history_changes() {
    let app = app_with_calls(1);
    let first = app.get_with(PATH, &[HTML]);
    let known = [HTML, ("if-none-match", first.header("etag"))];
    let again = app.get_with(PATH, &known);
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    assert_eq!((again.header("etag"), again.header("content-security-policy")), (first.header("etag"), ""));
    app.call("+12025550123", "2024-02-01T09:00:00Z", "+14444444444", "Missed Inbound", None);
    let changed = app.get_with(PATH, &known);
    assert_eq!((changed.status, fallback(&changed).unwrap().calls.unwrap().len()), (200, 2));
    assert_ne!(changed.header("etag"), first.header("etag"));
}

#[test]
fn the_page_comes_compressed_as_the_client_likes_it() {
    let app = app_with_calls(60);
    let length = |coding: &str| -> usize {
        let answer = app.request("HEAD", PATH, &[HTML, ("accept-encoding", coding)]);
        let expected = if coding == "identity" { "" } else { coding };
        assert_eq!(answer.header("content-encoding"), expected);
        answer.header("content-length").parse().unwrap()
    };
    let (brotli, gzip, plain) = (length("br"), length("gzip"), length("identity"));
    assert!(brotli < gzip && gzip < plain / 2, "{brotli} {gzip} {plain}");
}

#[test]
fn a_database_without_an_answer_leaves_the_page_without_calls() {
    let app = app_with_calls(1);
    let lock = Lock::take(&app.database().url, "LOCK TABLE calls, histories IN ACCESS EXCLUSIVE MODE");
    let start = Instant::now();
    let page = app.get_with(PATH, &[HTML]);
    let took = start.elapsed();
    // The database would be given up after 1.7 s.
    assert!(took < Duration::from_millis(1500), "{took:?}");
    let found = fallback(&page).expect("what needs no database");
    assert_eq!((page.status, found.calls, page.header("etag")), (200, None, ""));
    assert_eq!(found.info.international, "+1 202-555-0123");
    drop(lock);

    app.database().refuse_connections();
    let page = app.get_with(PATH, &[HTML]);
    assert_eq!((page.status, fallback(&page).unwrap().calls), (200, None));
    app.database().accept_connections();
}

#[test]
fn a_filtered_address_has_its_calls_where_the_days_of_the_reader_are_known() {
    let app = app_with_calls(60);
    app.call("+12025550123", "2024-01-31T09:30:00Z", "+14444444444", "Completed Outbound", Some(90_000));
    let count = |query: &str, zone: &str| {
        let cookie = format!("a=b; tz={zone}");
        let headers = [HTML, ("cookie", cookie.as_str())];
        let page = app.get_with(&format!("{PATH}?{query}"), &headers[..if zone.is_empty() { 1 } else { 2 }]);
        assert_eq!((page.status, page.header("etag")), (200, ""), "{query}");
        fallback(&page).expect("the page has answers").calls.map(|calls| calls.len())
    };
    for (query, calls) in [
        ("outcome=missed", 50),
        ("direction=outbound", 1),
        ("duration=1-to-10-min", 1),
        ("counterparty=1444", 1),
        ("counterparty=%2B44", 0),
        ("direction=outbound&outcome=lost", 1),
    ] {
        assert_eq!(count(query, ""), Some(calls), "{query}");
    }
    // On January 31, New York has begun five hours later than London, and has seen the calls from 5:00 to
    // 9:30.
    for (zone, calls) in [("", None), ("UTC", Some(11)), ("America/New_York", Some(6)), ("Nowhere", None)] {
        assert_eq!(count("from=2024-01-31&to=2024-01-31", zone), calls, "{zone}");
    }
    let page = app.get_with(&format!("{PATH}?outcome=missed"), &[HTML]);
    let next = fallback(&page).unwrap().next.expect("ten calls more");
    assert_eq!(app.get(&next).json().as_array().unwrap().len(), 10);
}

#[test]
fn a_form_without_the_program_leads_to_the_history() {
    let app = TestApp::new();
    let answer = app.get_with("/?number=%2B1+%28202%29+555-0123&x=1", &[HTML]);
    // The client has followed it.
    assert_eq!(
        (answer.status, fallback(&answer).map(|found| found.number)),
        (200, Some("+1 (202) 555-0123".to_owned()))
    );
    let home = app.get_with("/?number=+", &[HTML]);
    assert_eq!((home.status, fallback(&home)), (200, None));
}
