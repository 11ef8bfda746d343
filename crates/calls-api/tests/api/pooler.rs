//! pgbouncer between Calls and PostgreSQL.

use local_postgres::testing::{self, Pgbouncer};

use crate::failover::{send, serve};
use crate::test_app::{TestDatabase, calls};

/// The database behind a pgbouncer.
fn behind(database: &TestDatabase, settings: &[(&str, &str)]) -> (Pgbouncer, String) {
    let pgbouncer = Pgbouncer::with_settings(&testing::cluster_url(), settings);
    let name = testing::query(&database.url, "SELECT current_database()").unwrap();
    let url = pgbouncer.url(&name);
    (pgbouncer, url)
}

#[test]
fn migrations_work_through_a_pooler_of_transactions_again_and_again() {
    let database = TestDatabase::empty();
    // One connection, on which each process finds what the one before has left.
    let (_pgbouncer, url) = behind(&database, &[("default_pool_size", "1")]);
    for said in ["applied", "up to date", "up to date"] {
        let migrated = calls(&["migrate", "--database-url", &url]);
        assert!(migrated.status.success(), "{migrated:?}");
        assert!(String::from_utf8(migrated.stdout).unwrap().contains(said));
    }
    let locks = "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
                 WHERE locktype = 'advisory' AND datname = current_database()";
    assert_eq!(database.count(locks), 0);
    // As far as another process had come that was killed.
    for table in ["history_counts", "day_counts", "counterparty_counts"] {
        database.execute(&format!("DROP TABLE {table}")).unwrap();
    }
    database.execute("DELETE FROM __diesel_schema_migrations WHERE version = '20261127000008'").unwrap();
    let migrated = calls(&["migrate", "--database-url", &url]);
    assert!(migrated.status.success(), "{migrated:?}");
}

#[test]
fn what_needs_sessions_refuses_a_pooler_of_transactions_and_says_what_to_do() {
    let database = TestDatabase::new();
    for settings in [&[("default_pool_size", "20")], &[("default_pool_size", "3")]] {
        let (_pgbouncer, url) = behind(&database, settings);
        for command in [&["serve", "--bind", "127.0.0.1:0"][..], &["seed"], &["purge", "--older-than", "5y"]]
        {
            let mut arguments = command.to_vec();
            arguments.extend(["--database-url", &url]);
            let refused = calls(&arguments);
            let said = String::from_utf8(refused.stderr).unwrap();
            assert_eq!(refused.status.code(), Some(1), "{said}");
            assert!(said.contains("pgbouncer") && said.contains("pool_mode = session"), "{said}");
        }
    }
}

#[test]
fn standbys_behind_a_pooler_of_transactions_are_refused_too() {
    let database = TestDatabase::new();
    let (_pgbouncer, standby) = behind(&database, &[("default_pool_size", "20")]);
    let refused = database.calls(&["serve", "--bind", "127.0.0.1:0", "--read-url", &standby]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("--read-url") && said.contains("pool_mode = session"), "{said}");
}

#[test]
fn the_server_works_through_a_pooler_of_sessions() {
    let database = TestDatabase::new();
    let (_pgbouncer, url) = behind(&database, &[("pool_mode", "session"), ("default_pool_size", "100")]);
    let app = serve(&url, &[]);
    let mut client = crate::events::Client::connect(&app, "+12025550123", None);
    let stored = send(&app, 1);
    assert_eq!(stored.status, 200, "{}", stored.body);
    assert_eq!(client.call().unwrap().counterparty.to_string(), "+13333333333");
    assert_eq!(app.get("/api/calls/+12025550123").json().as_array().unwrap().len(), 1);
}
