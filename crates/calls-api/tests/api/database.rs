//! What the database refuses, whoever writes to it.

use crate::test_app::{TestDatabase, calls};

fn insert(database: &TestDatabase, values: &str) -> Result<usize, String> {
    let query =
        format!("INSERT INTO calls (number, counterparty, created_at, type, duration_ms) VALUES ({values})");
    database.execute(&query).map_err(|error| error.to_string())
}

#[test]
fn impossible_calls_are_refused() {
    let database = TestDatabase::new();
    let cases = [
        ("1, 2, 'now', 'Missed Inbound', 5", "calls_missed_has_no_duration"),
        ("1, 2, 'now', 'Missed Outbound', 0", "calls_missed_has_no_duration"),
        ("1, 2, 'now', 'Completed Inbound', -1", "calls_duration_is_not_negative"),
        ("1, 2, 'infinity', 'Completed Inbound', 1", "calls_created_at_is_a_date"),
        ("1, 2, 'now', 'Inbound', 1", "call_type"),
        ("1, -99, 'now', 'Missed Inbound', NULL", "not in phone_numbers"),
        ("-1, 1, 'now', 'Missed Inbound', NULL", "cannot own a history"),
        ("1, 1000000000000000000, 'now', 'Missed Inbound', NULL", "phone_numbers_number_is_e164_or_other"),
    ];
    for (values, expected) in cases {
        let error = insert(&database, values).unwrap_err();
        assert!(error.contains(expected), "{values}: {error}");
    }
    assert_eq!(insert(&database, "1, -1, 'now', 'Missed Inbound', NULL"), Ok(1));
    assert_eq!(insert(&database, "1, 2, 'now', 'Completed Inbound', NULL"), Ok(1));
}

#[test]
fn impossible_parties_are_refused() {
    let database = TestDatabase::new();
    for values in [
        "0, 'e164', NULL",
        "-5, 'e164', NULL",
        "12025550123, 'e164', 'label'",
        "12025550123, 'local', '1001'",
        "-5, 'local', NULL",
        "-5, 'local', 'abc'",
        "-5, 'local', '1234567'",
        "-5, 'sip', 'alice@example.com'",
        "-5, 'withheld', 'withheld'",
    ] {
        let query = format!("INSERT INTO phone_numbers (number, kind, label) VALUES ({values})");
        assert!(database.execute(&query).is_err(), "{values}");
    }
}

#[test]
fn a_call_brings_its_parties_along_and_keeps_them() {
    let database = TestDatabase::new();
    insert(&database, "12025550123, 13333333333, 'now', 'Missed Inbound', NULL").unwrap();
    assert_eq!(database.count("SELECT count(*) FROM phone_numbers WHERE kind = 'e164'"), 2);
    for change in [
        "DELETE FROM phone_numbers WHERE number = 12025550123",
        "DELETE FROM phone_numbers WHERE number = 13333333333",
        "UPDATE phone_numbers SET number = 5 WHERE number = 13333333333",
        "UPDATE calls SET counterparty = -99",
    ] {
        assert!(database.execute(change).is_err(), "{change}");
    }
    database.execute("DELETE FROM calls").unwrap();
    assert_eq!(database.execute("DELETE FROM phone_numbers WHERE kind = 'e164'").unwrap(), 2);
}

#[test]
fn a_page_of_a_history_is_read_from_the_index_alone() {
    let database = TestDatabase::new();
    let rows = "INSERT INTO calls (number, counterparty, created_at, type)
                SELECT 12025550000 + i % 50, 13000000000 + i, timestamptz '2024-01-31Z' + i * interval '1 second',
                       'Missed Inbound' FROM generate_series(1, 20000) AS i";
    database.execute(rows).unwrap();
    database.execute("VACUUM (ANALYZE) calls").unwrap();
    // Stands in for EXPLAIN, whose rows diesel cannot name: an index-only scan never reads the table.
    let page = "SELECT count(*) FROM (SELECT id, created_at, counterparty, type, duration_ms FROM calls
                WHERE number = 12025550007 ORDER BY created_at DESC, id DESC LIMIT 50) AS page";
    let plan = format!(
        "CREATE FUNCTION plan() RETURNS text LANGUAGE plpgsql AS $$
         DECLARE plan json; BEGIN EXECUTE $q$EXPLAIN (FORMAT JSON) {page}$q$ INTO plan; RETURN plan::text; END $$"
    );
    database.execute(&plan).unwrap();
    assert_eq!(database.count("SELECT count(*) WHERE plan() LIKE '%\"Index Only Scan\"%calls_history%'"), 1);
    assert_eq!(database.count("SELECT count(*) WHERE plan() LIKE '%\"Sort\"%'"), 0);
}

#[test]
fn migrating_twice_changes_nothing() {
    let database = TestDatabase::new();
    let output = calls(&["migrate", "--database-url", &database.url]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "the database is up to date\n");
}
