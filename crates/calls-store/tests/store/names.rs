//! Names by source.

use std::collections::BTreeMap;

use calls_store::keys::PartyKey;
use calls_store::names::{self, Keeper};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::Connection as _;
use diesel::pg::PgConnection;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::database::{Database, execute, number};

/// A call of a log: its party, its second, and the name that it says.
type Said = (i64, i64, &'static str);

fn at(second: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
}

/// Imports a log in batches.
fn import(connection: &mut PgConnection, log: &[Said], batch: usize) {
    let mut keeper = Keeper::default();
    for batch in log.chunks(batch) {
        let said = batch.iter().map(|(party, second, name)| (PartyKey(*party), at(*second), *name));
        connection.transaction(|connection| keeper.keep(connection, said)).unwrap();
    }
    connection.transaction(|connection| keeper.finish(connection)).unwrap();
}

fn stored(connection: &mut PgConnection) -> BTreeMap<i64, String> {
    let parties = (1..=4).map(PartyKey).collect();
    names::find(connection, parties).unwrap().into_iter().map(|(party, name)| (party.0, name.name)).collect()
}

#[test]
fn a_party_has_the_name_of_its_latest_call_in_whatever_order_logs_are_imported() {
    let database = Database::new();
    let mut connection = database.connect();
    let said = (1..=4_i64, 0..6_i64, prop::sample::select(vec!["Alice", "Bob", "Käthe", "alice"]));
    let logs = prop::collection::vec(prop::collection::vec(said, 0..12), 0..5);
    let imports = (logs, 1..5_usize);
    let mut runner = TestRunner::new(Config { cases: 40, failure_persistence: None, ..Config::default() });
    let connection = std::cell::RefCell::new(&mut connection);
    let check = |(logs, batch): (Vec<Vec<Said>>, usize)| {
        let connection = &mut **connection.borrow_mut();
        let mut latest = BTreeMap::<i64, (i64, &str)>::new();
        for (party, second, name) in logs.iter().flatten() {
            let known = latest.entry(*party).or_insert((*second, name));
            *known = (*known).max((*second, name));
        }
        let expected: BTreeMap<i64, String> =
            latest.into_iter().map(|(party, (_, name))| (party, name.to_owned())).collect();
        for order in [logs.clone(), logs.iter().rev().cloned().collect()] {
            execute(connection, "TRUNCATE names");
            order.iter().for_each(|log| import(connection, log, batch));
            prop_assert_eq!(&stored(connection), &expected);
            let version = names::version(connection).unwrap();
            order.iter().for_each(|log| import(connection, log, batch));
            prop_assert_eq!(&stored(connection), &expected);
            prop_assert_eq!(names::version(connection).unwrap(), version, "nothing is new");
        }
        Ok(())
    };
    runner.run(&imports, check).unwrap();
}

#[test]
fn a_long_log_writes_a_name_when_it_is_new_and_when_it_ends() {
    let database = Database::new();
    let mut connection = database.connect();
    let log: Vec<Said> = (0..1_000).map(|second| (1, second, "Alice")).collect();
    import(&mut connection, &log, 10);
    assert_eq!(names::version(&mut connection).unwrap(), 1);
    let said_at = number(&mut connection, "SELECT extract(epoch FROM said_at) FROM names");
    assert_eq!(said_at, 999);
    // A log that says less does not change it.
    import(&mut connection, &[(1, 998, "Bob")], 10);
    assert_eq!(stored(&mut connection)[&1], "Alice");
}

#[test]
fn an_address_book_comes_before_the_logs_and_the_first_before_the_others() {
    let database = Database::new();
    let mut connection = database.connect();
    import(&mut connection, &[(1, 9, "Log"), (2, 9, "Log")], 10);
    execute(
        &mut connection,
        "INSERT INTO names (party, book, name, label, said_at)
         VALUES (1, 'work', 'Work', NULL, now()), (1, 'family', 'Family', 'mobile', now()), (3, 'work', 'Work', NULL, now())",
    );
    let parties = [1, 2, 3, 4, -1, -2, i64::MIN].map(PartyKey).to_vec();
    let found = names::find(&mut connection, parties).unwrap();
    let name = |party| found.get(&PartyKey(party)).map(|name| (name.name.as_str(), name.label.as_deref()));
    assert_eq!(name(1), Some(("Family", Some("mobile"))));
    assert_eq!((name(2), name(3), name(4)), (Some(("Log", None)), Some(("Work", None)), None));
}
