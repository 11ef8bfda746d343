//! `calls erase` and `calls purge`.

use crate::post::post;
use crate::test_app::{TestApp, TestDatabase};

const PERSON: &str = "+12025550123";
const OTHER: &str = "+13333333333";

fn stdout(database: &TestDatabase, arguments: &[&str]) -> String {
    let output = database.calls(arguments);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Calls of a person and of another, each with the other one; and a call of a third with the first.
fn app_with_a_person() -> TestApp {
    let app = TestApp::new();
    app.call(PERSON, "2024-01-31T10:00:00Z", OTHER, "Completed Inbound", Some(1_000));
    app.call(PERSON, "2024-01-31T11:00:00Z", "+14444444444", "Missed Inbound", None);
    app.database().add_party("local", "1002");
    app.call(PERSON, "2024-01-31T11:30:00Z", "1002", "Missed Outbound", None);
    app.call(OTHER, "2024-01-31T10:00:00Z", PERSON, "Completed Outbound", Some(1_000));
    app.call(OTHER, "2024-01-31T12:00:00Z", PERSON, "Missed Inbound", None);
    app.call(OTHER, "2024-01-31T12:00:00Z", "unknown", "Missed Inbound", None);
    app.call(OTHER, "2024-01-31T13:00:00Z", "withheld", "Missed Inbound", None);
    app
}

fn named(app: &TestApp) -> i64 {
    app.database().count(
        "SELECT (SELECT count(*) FROM calls WHERE 12025550123 IN (number, counterparty))
              + (SELECT count(*) FROM histories WHERE number = 12025550123) AS count",
    )
}

#[test]
fn an_erased_person_is_nowhere_and_the_calls_of_others_stay() {
    let app = app_with_a_person();
    let before = app.get("/api/calls/+13333333333").header("etag").to_owned();
    let report = stdout(app.database(), &["erase", "+1 (202) 555-0123"]);
    assert_eq!(report, "3 calls of its own deleted; of others 1 calls made unknown and 1 deleted\n");
    assert_eq!(named(&app), 0);
    // The one whom only the person called is gone as well.
    assert_eq!(
        app.database().count("SELECT count(*) FROM calls WHERE 14444444444 IN (number, counterparty)"),
        0
    );
    assert_eq!(app.database().count("SELECT count(*) FROM other_parties WHERE label = '1002'"), 0);
    assert_eq!(app.get("/api/calls/+12025550123").body, "[]");
    let answer = app.get_with("/api/calls/+13333333333", &[("if-none-match", &before)]);
    assert_eq!(answer.status, 200, "the history has changed");
    let counterparties: Vec<_> = answer
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|call| (call["counterparty"].as_str().unwrap().to_owned(), call["duration"].is_null()))
        .collect();
    let expected = [("withheld", true), ("unknown", true), ("unknown", false)];
    assert_eq!(counterparties, expected.map(|(party, missed)| (party.to_owned(), missed)));
}

#[test]
fn a_dry_run_of_an_erasure_says_the_same_and_changes_nothing() {
    let app = app_with_a_person();
    let (named_before, etag) = (named(&app), app.get("/api/calls/+13333333333").header("etag").to_owned());
    let dry = stdout(app.database(), &["erase", PERSON, "--dry-run"]);
    assert_eq!(app.get("/api/calls/+13333333333").header("etag"), etag);
    assert_eq!(named(&app), named_before);
    let real = stdout(app.database(), &["erase", PERSON]);
    assert_eq!(dry, real.replace('\n', "; nothing has changed (dry run)\n"));
}

#[test]
fn somebody_who_is_not_there_is_erased_without_an_error_and_nobody_in_particular_is_refused() {
    let app = app_with_a_person();
    for party in ["+12025550199", "1001", "sip:nobody@example.com"] {
        let report = stdout(app.database(), &["erase", party]);
        assert!(report.starts_with("0 calls of its own deleted; of others 0 calls"), "{report}");
    }
    assert_eq!(app.database().count("SELECT count(*) FROM calls"), 7);
    for text in ["unknown", "withheld", "hello"] {
        let output = app.database().calls(&["erase", text]);
        assert_eq!(output.status.code(), Some(1));
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(error.contains("expected a") && error.contains(text), "{error}");
    }
}

#[test]
fn a_purge_deletes_what_is_older_and_the_parties_that_only_it_named() {
    let database = TestDatabase::new();
    // More than one batch, and young calls among the old.
    database
        .store_calls(
            "INSERT INTO calls (number, counterparty, created_at, type)
             SELECT 12025550000 + i % 2, 13000000000 + i % 2 * 1000 + i % 10,
                    timestamptz '2024-01-31Z' - (i % 2) * interval '1 year' + i * interval '1 second',
                    'Missed Inbound' FROM generate_series(1, 50000) AS i",
        )
        .unwrap();
    let dry = stdout(&database, &["purge", "--older-than", "2024-01-31", "--dry-run"]);
    assert_eq!(dry, "25000 calls before 2024-01-31 00:00 UTC would be deleted (dry run)\n");
    assert_eq!(database.count("SELECT count(*) FROM calls"), 50_000);
    let report = stdout(&database, &["purge", "--older-than", "2024-01-31"]);
    assert_eq!(report, "25000 calls before 2024-01-31 00:00 UTC deleted\n");
    assert_eq!(database.count("SELECT count(*) FROM calls WHERE created_at < '2024-01-31Z'"), 0);
    assert_eq!(database.count("SELECT count(*) FROM calls"), 25_000);
    assert_eq!(database.count("SELECT count(*) FROM histories"), 1);
    assert_eq!(database.count("SELECT calls AS count FROM histories"), 25_000);
    let again = stdout(&database, &["purge", "--older-than", "2024-01-31"]);
    assert!(again.starts_with("0 calls before"), "{again}");
}

#[test]
fn a_purge_by_age_with_a_clock_that_is_years_ahead_asks_first() {
    let database = TestDatabase::new();
    // To a clock that is ten years ahead every call is old.
    database
        .store_calls(
            "INSERT INTO calls (number, counterparty, created_at, type)
             SELECT 12025550123, 13000000000, now() - interval '10 years' - i * interval '1 day', 'Missed Inbound'
             FROM generate_series(0, 9) AS i",
        )
        .unwrap();
    let refused = database.calls(&["purge", "--older-than", "5y"]);
    let error = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{error}");
    assert!(error.contains("the clock says") && error.contains("--yes"), "{error}");
    assert_eq!(database.count("SELECT count(*) FROM calls"), 10);
    let dry = stdout(&database, &["purge", "--older-than", "5y", "--dry-run"]);
    assert!(dry.starts_with("10 calls before"), "{dry}");
    assert!(stdout(&database, &["purge", "--older-than", "5y", "--yes"]).starts_with("10 calls before"));
    assert_eq!(database.count("SELECT count(*) FROM calls"), 0);
}

#[test]
fn a_purge_says_what_an_age_looks_like() {
    let database = TestDatabase::new();
    let output = database.calls(&["purge", "--older-than", "3 weeks"]);
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("expected an age such as 90d") && error.contains("3 weeks"), "{error}");
    assert_eq!(database.calls(&["purge"]).status.code(), Some(2), "there is no default age");
}

#[test]
fn an_erased_person_is_not_in_the_stored_answers_to_senders_either() {
    const TOKEN: &str = "a-token-of-some-length";
    let app = TestApp::with(&["--ingest-token", TOKEN]);
    let send = |key: &str, owner: &str| {
        let record = serde_json::json!([{"owner": owner, "created_at": "2024-01-31T10:00:00Z",
            "counterparty": "1001", "type": "Missed Inbound"}]);
        let bearer = format!("Bearer {TOKEN}");
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Content-Type", "application/json"),
            ("Idempotency-Key", key),
        ];
        post(&app, "/api/calls", &headers, record.to_string().as_bytes()).body
    };
    let answers = |like: &str| {
        app.database().count(&format!("SELECT count(*) FROM idempotency_keys WHERE answer LIKE '%{like}%'"))
    };
    // Without a region it is refused as it is spelled.
    let refused = send("refused", "202 555-0123");
    let added = send("added", OTHER);
    assert_eq!(answers("202 555-0123"), 1, "{refused}");
    stdout(app.database(), &["erase", PERSON, "--dry-run"]);
    assert_eq!(answers("202 555-0123"), 1);
    stdout(app.database(), &["erase", PERSON]);
    assert_eq!(answers("555"), 0);
    // The promise to the others holds, and the refused one is refused again.
    assert_eq!(send("added", OTHER), added);
    assert_eq!(send("refused", "202 555-0123"), refused);
}
