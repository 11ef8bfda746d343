use crate::test_app::{TestApp, TestDatabase};

const FINGERPRINT: &str =
    "SELECT hashtextextended(string_agg(concat_ws(' ', number, counterparty, created_at, type,
                           duration_ms), ',' ORDER BY id), 0) AS count FROM calls WHERE counterparty > 0";

#[test]
fn the_same_seed_fills_two_databases_alike() {
    let fingerprints = ["7", "7", "8"].map(|seed| {
        let database = TestDatabase::new();
        let output = database.calls(&[
            "seed",
            "--seed",
            seed,
            "--numbers",
            "20",
            "--calls",
            "1000",
            "--until",
            "2026-03-01",
        ]);
        assert!(output.status.success(), "{output:?}");
        assert_eq!(database.count("SELECT count(*) FROM calls"), 1000);
        assert_eq!(database.count("SELECT count(DISTINCT number) FROM calls"), 20);
        assert_eq!(database.count("SELECT count(DISTINCT type) FROM calls"), 4);
        assert!(database.count("SELECT count(DISTINCT disposition) FROM calls WHERE disposition > 0") > 6);
        assert!(database.count("SELECT count(DISTINCT name) FROM names") > 50);
        database.count(FINGERPRINT)
    });
    assert_eq!(fingerprints[0], fingerprints[1]);
    assert_ne!(fingerprints[0], fingerprints[2]);
}

#[test]
fn made_up_calls_do_not_go_among_real_ones() {
    let database = TestDatabase::new();
    database.store_calls("INSERT INTO calls (number, counterparty, created_at, type) VALUES (1, 2, 'now', 'Missed Inbound')").unwrap();
    let output = database.calls(&["seed"]);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("calls: expected an empty database, but found calls in it"), "{error}");
    assert_eq!(database.count("SELECT count(*) FROM calls"), 1);
}

#[test]
fn an_empty_database_is_seeded_at_the_start_and_a_full_one_left_alone() {
    let app = TestApp::with(&["--seed-if-empty"]);
    assert_eq!(app.get("/calls/+13333333333").json().as_array().unwrap().len(), 50);
    let rows = app.database().count("SELECT count(*) FROM calls");
    let again = std::process::Command::new(env!("CARGO_BIN_EXE_calls"))
        .args(["seed", "--database-url", &app.database().url])
        .output()
        .unwrap();
    assert!(!again.status.success());
    assert_eq!(app.database().count("SELECT count(*) FROM calls"), rows);
}
