//! Numbers and addresses that are made to break a query, or to show somebody else's history.

use serde_json::json;

use crate::cdr::TOKEN;
use crate::post::post;
use crate::test_app::TestApp;

#[test]
fn a_zero_byte_is_nowhere_an_error_of_the_server() {
    let app = TestApp::new();
    app.call("+13333333333", "2024-01-31T10:00:00Z", "+12025550123", "Missed Inbound", None);
    let parties = ["%00", "%00*", "sip:%00@h", "sip:%00@h*", "+1202%00", "a%00b", "a%00b*", "10%001"];
    for party in parties {
        for path in [
            format!("/api/calls/{party}"),
            format!("/api/calls/{party}/summary"),
            format!("/api/calls/{party}/events"),
            format!("/api/numbers/{party}"),
            format!("/api/calls/+13333333333?counterparty={party}"),
            format!("/api/calls/+13333333333/summary?counterparty={party}"),
            format!("/api/calls/+13333333333?counterparty={party}&format=csv"),
        ] {
            let answer = app.get(&path);
            assert_eq!(answer.problem().status, 400, "{path}");
        }
    }
    for name in [
        "type",
        "direction",
        "outcome",
        "from",
        "until",
        "tz",
        "weekday",
        "hour",
        "limit",
        "after",
        "include",
    ] {
        let path = format!("/api/calls/+13333333333?{name}=%00");
        assert_eq!(app.get(&path).problem().status, 400, "{path}");
    }
    for path in ["/%00", "/api/%00", "/api/docs/%00", "/calls/%00"] {
        assert!(app.get(path).status < 500, "{path}");
    }
}

#[test]
fn two_sip_addresses_with_parameters_in_their_users_are_two_histories() {
    let app = TestApp::with(&["--ingest-token", TOKEN]);
    let (tuesday, wednesday) = ("sip:alice;day=tue@a.example", "sip:alice;day=wed@b.example");
    let records = json!([
        {"owner": tuesday, "created_at": "2024-01-30T10:00:00Z", "counterparty": "1001", "type": "Missed Inbound"},
        {"owner": wednesday, "created_at": "2024-01-31T10:00:00Z", "counterparty": "1002", "type": "Missed Inbound"},
    ]);
    let authorization = format!("Bearer {TOKEN}");
    let headers = [("Authorization", authorization.as_str()), ("Content-Type", "application/json")];
    assert_eq!(post(&app, "/api/calls", &headers, records.to_string().as_bytes()).json()["added"], 2);
    for (owner, counterparty) in [(tuesday, "1001"), (wednesday, "1002")] {
        let history = app.get(&format!("/api/calls/{owner}")).json();
        let counterparties: Vec<_> =
            history.as_array().unwrap().iter().map(|call| call["counterparty"].clone()).collect();
        assert_eq!(counterparties, [counterparty]);
    }
}
