//! Effects of a write.

use calls_model::CallType;
use calls_store::columns::{DispositionColumn, TypeColumn};
use calls_store::insertion::{Layout, NewCall, Writer};
use calls_store::keys::PartyKey;
use chrono::TimeDelta;
use diesel::Connection as _;
use diesel::pg::PgConnection;

use crate::database::{Database, number};

fn call(owner: i64, second: i64) -> NewCall {
    NewCall {
        number: PartyKey(owner),
        counterparty: PartyKey(13_333_333_333),
        created_at: "2024-01-31T10:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap()
            + TimeDelta::seconds(second),
        call_type: TypeColumn(CallType::MissedInbound),
        duration_ms: None,
        disposition: DispositionColumn(None),
        ring_ms: None,
        via: None,
    }
}

fn add(connection: &mut PgConnection, layout: Layout, calls: &[NewCall]) -> usize {
    connection
        .transaction(|connection| Writer::new(layout).add(connection, calls.to_vec(), calls))
        .unwrap()
        .len()
}

#[test]
fn what_is_there_is_not_added_again_and_changes_no_history() {
    // Few owners are written to one by one where the tables are distributed, and many at once.
    for (layout, owners) in [(Layout::Plain, 3), (Layout::Distributed, 3), (Layout::Distributed, 20)] {
        let database = Database::new();
        let mut connection = database.connect();
        let calls: Vec<NewCall> = (0..50).map(|n| call(1 + n % owners, n * 60)).collect();
        assert_eq!(add(&mut connection, layout, &calls), 50);
        let versions = "SELECT sum(version) FROM histories";
        let before = number(&mut connection, versions);
        assert_eq!(add(&mut connection, layout, &calls), 0);
        // Another system saw the same calls a second later.
        let later: Vec<NewCall> = (0..50).map(|n| call(1 + n % owners, n * 60 + 1)).collect();
        assert_eq!(add(&mut connection, layout, &later), 0);
        assert_eq!(number(&mut connection, versions), before, "nothing has changed");
        // Two calls of one log within two seconds are two.
        assert_eq!(add(&mut connection, layout, &[call(99, 0), call(99, 1)]), 2);
        assert_eq!(number(&mut connection, "SELECT sum(calls) FROM histories"), 52);
        assert_eq!(
            number(
                &mut connection,
                "SELECT count(*) FROM calls JOIN histories USING (number) WHERE id > version"
            ),
            0
        );
    }
}

#[test]
fn calls_of_one_log_are_apart_however_near_and_those_that_come_again_are_known() {
    for of_log in [true, false] {
        let database = Database::new();
        let mut connection = database.connect();
        let mut writer = if of_log { Writer::of_log(Layout::Plain) } else { Writer::new(Layout::Plain) };
        let mut add = |calls: &[NewCall]| {
            let add = |connection: &mut PgConnection| writer.add(connection, calls.to_vec(), &[]);
            connection.transaction(add).unwrap().len()
        };
        // The later calls come first, so that all others are behind the last call of their history.
        assert_eq!(add(&[call(1, 1000), call(1, 10)]), 2);
        assert_eq!(add(&[call(1, 500), call(2, 500)]), 2);
        // A second after a call of the same log, which came two batches before.
        assert_eq!(add(&[call(1, 11), call(1, 10), call(1, 500), call(2, 499)]), 2);
        assert_eq!(add(&[call(1, 11), call(1, 1000), call(2, 499), call(2, 500)]), 0);
        assert_eq!(number(&mut connection, "SELECT count(*) FROM calls"), 6);
        assert_eq!(number(&mut connection, "SELECT sum(calls) FROM histories"), 6);
    }
}

#[test]
fn a_writer_of_a_log_finds_what_others_write_meanwhile() {
    let database = Database::new();
    let mut connection = database.connect();
    let mut writer = Writer::of_log(Layout::Plain);
    let first = [call(1, 1000)];
    let stored = connection.transaction(|connection| writer.add(connection, first.to_vec(), &[])).unwrap();
    assert_eq!(stored.len(), 1);
    assert_eq!(add(&mut database.connect(), Layout::Plain, &[call(1, 500)]), 1);
    let next = [call(1, 500), call(1, 600)];
    let stored = connection.transaction(|connection| writer.add(connection, next.to_vec(), &[])).unwrap();
    assert_eq!(stored, [call(1, 600)]);
    assert_eq!(number(&mut connection, "SELECT count(*) FROM calls"), 3);
}

#[test]
fn writers_of_the_same_calls_at_the_same_time_store_each_of_them_once() {
    let database = Database::new();
    let calls: Vec<NewCall> = (0..2_000).map(|n| call(1 + n % 20, n * 10)).collect();
    let added: usize = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..6)
            .map(|writer| {
                let (database, calls) = (&database, &calls);
                scope.spawn(move || {
                    let mut connection = database.connect();
                    let some: Vec<_> =
                        calls.iter().cycle().skip(writer * 331).take(calls.len()).cloned().collect();
                    some.chunks(97).map(|chunk| add(&mut connection, Layout::Plain, chunk)).sum::<usize>()
                })
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).sum()
    });
    let mut connection = database.connect();
    assert_eq!(added, calls.len());
    assert_eq!(number(&mut connection, "SELECT count(*) FROM calls"), 2_000);
    assert_eq!(number(&mut connection, "SELECT sum(calls) FROM histories"), 2_000);
    assert_eq!(
        number(
            &mut connection,
            "SELECT count(*) FROM calls JOIN histories USING (number) WHERE id > version"
        ),
        0
    );
}
