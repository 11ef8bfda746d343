//! Constraints of the database.

use crate::test_app::{TestDatabase, calls};

fn insert(database: &TestDatabase, values: &str) -> Result<usize, String> {
    let query = format!(
        "INSERT INTO calls (number, id, counterparty, created_at, type, duration_ms, disposition) VALUES ({values})"
    );
    database.execute(&query).map_err(|error| error.to_string())
}

#[test]
fn impossible_calls_are_refused() {
    let database = TestDatabase::new();
    let cases = [
        ("1, 1, 2, 'now', 2, 5, 0", "calls_missed_has_no_duration"),
        ("1, 1, 2, 'now', 4, 0, 0", "calls_missed_has_no_duration"),
        ("1, 1, 2, 'now', 1, -1, 0", "calls_duration_is_not_negative"),
        ("1, 1, 2, 'infinity', 1, 1, 0", "calls_created_at_is_a_date"),
        ("1, 1, 2, 'now', 5, NULL, 0", "calls_type_is_known"),
        ("1, 1, 2, 'now', 2, NULL, 10", "calls_disposition_is_known"),
        ("1, 1, 2, 'now', 1, 1, 3", "calls_disposition_fits_type"),
        ("1, 1, 2, 'now', 2, NULL, 1", "calls_disposition_fits_type"),
        ("1, 1, 0, 'now', 2, NULL, 0", "calls_counterparty_is_a_key"),
        ("1, 1, 1000000000000000000, 'now', 2, NULL, 0", "calls_counterparty_is_a_key"),
    ];
    for (values, expected) in cases {
        let error = insert(&database, values).unwrap_err();
        assert!(error.contains(expected), "{values}: {error}");
    }
    assert_eq!(insert(&database, "1, 1, -1, 'now', 2, NULL, 6"), Ok(1));
    assert_eq!(insert(&database, "1, 2, 2, 'now', 1, NULL, 1"), Ok(1));
}

#[test]
fn impossible_parties_and_histories_are_refused() {
    let database = TestDatabase::new();
    for values in [
        "12025550123, 'local', '1001'",
        "0, 'local', '1001'",
        "-5, 'local', 'abc'",
        "-5, 'local', '1234567'",
        "-5, 'sip', 'alice@example.com'",
        "-5, 'withheld', 'anonymous'",
        "-5, 'text', 'Reception'",
        "-4611686018427387905, 'local', '1001'",
        "-5, 'e164', '+12025550123'",
    ] {
        let query = format!("INSERT INTO other_parties (number, kind, label) VALUES ({values})");
        assert!(database.execute(&query).is_err(), "{values}");
    }
    // Callers who cannot be told from others are many people, and texts are no numbers.
    for number in ["-1", "-2", "0", "-4611686018427387905", "1000000000000000000"] {
        let query = format!(
            "INSERT INTO histories (number, version, calls, epoch, last_call) VALUES ({number}, 1, 1, 1, 'now')"
        );
        assert!(database.execute(&query).is_err(), "{number}");
    }
}

#[test]
fn a_page_of_a_history_is_read_from_the_index_alone() {
    let database = TestDatabase::new();
    let rows = "INSERT INTO calls (number, counterparty, created_at, type)
                SELECT 12025550000 + i % 50, 13000000000 + i, timestamptz '2024-01-31Z' + i * interval '1 second',
                       'Missed Inbound' FROM generate_series(1, 20000) AS i";
    database.store_calls(rows).unwrap();
    database.execute("VACUUM (ANALYZE) calls").unwrap();
    // Stands in for EXPLAIN, whose rows diesel cannot name: an index-only scan never reads the table.
    let page =
        "SELECT count(*) FROM (SELECT id, created_at, counterparty, type, duration_ms, disposition FROM calls
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
