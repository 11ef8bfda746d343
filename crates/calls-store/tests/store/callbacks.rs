//! A person is in the queue if and only if counting again says so, whatever happened to the calls.

use std::collections::BTreeMap;
use std::time::Duration;

use calls_model::{CallType, Disposition, Outcome};
use calls_store::callbacks::{self, Question, Queue, Sort};
use calls_store::columns::{DispositionColumn, TypeColumn};
use calls_store::insertion::{Layout, NewCall, Writer};
use calls_store::keys::PartyKey;
use calls_store::purge::Purge;
use calls_store::{counts, erasure};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Timestamptz};
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::database::{Database, execute, number};

const OWNER: PartyKey = PartyKey(12_025_550_123);
const TABLES: &str =
    "TRUNCATE calls, histories, history_counts, day_counts, counterparty_counts, callbacks, notes";

fn at(second: i64) -> DateTime<Utc> {
    "2024-01-31T10:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::seconds(second)
}

fn person(random: &mut ChaCha8Rng) -> PartyKey {
    match random.random_range(0..12) {
        0 => PartyKey::WITHHELD,
        1 => PartyKey(i64::MIN + 7),
        2 => PartyKey(-3),
        n => PartyKey(13_000_000_000 + n),
    }
}

fn call(random: &mut ChaCha8Rng) -> NewCall {
    let types: Vec<CallType> = CallType::ALL.into_iter().chain([CallType::MissedInbound; 3]).collect();
    let call_type = *types.choose(random).unwrap();
    let fitting = |outcome| Disposition::ALL.into_iter().filter(move |known| known.fits(outcome));
    let dispositions: Vec<_> = fitting(call_type.outcome()).map(Some).chain([None; 4]).collect();
    NewCall {
        number: OWNER,
        counterparty: person(random),
        created_at: at(random.random_range(-90_000..90_000)),
        call_type: TypeColumn(call_type),
        duration_ms: (call_type.outcome() == Outcome::Completed).then_some(1_000),
        disposition: DispositionColumn(*dispositions.choose(random).unwrap()),
        ring_ms: None,
        via: None,
    }
}

fn add(connection: &mut PgConnection, calls: &[NewCall]) -> usize {
    let add =
        |connection: &mut PgConnection| Writer::new(Layout::Plain).add(connection, calls.to_vec(), calls);
    connection.transaction(add).unwrap().len()
}

fn queue(connection: &mut PgConnection, done: bool, long: u64) -> Queue {
    let patience = Duration::from_secs(60);
    callbacks::queue(connection, Question { owner: OWNER, done, sort: Sort::Waiting, patience, long })
        .unwrap()
}

/// A person, and how many calls of it were missed, from when to when.
type Waiting = BTreeMap<i64, (u64, DateTime<Utc>, DateTime<Utc>)>;

fn waiting(queue: &Queue) -> Waiting {
    let entry = |entry: &callbacks::Entry| {
        (entry.counterparty.0, (entry.attempts, entry.first_attempt, entry.last_attempt))
    };
    queue.entries.iter().map(entry).collect()
}

/// As PostgreSQL counts them by itself.
fn recount(connection: &mut PgConnection) -> Waiting {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        counterparty: i64,
        #[diesel(sql_type = BigInt)]
        attempts: i64,
        #[diesel(sql_type = Timestamptz)]
        first: DateTime<Utc>,
        #[diesel(sql_type = Timestamptz)]
        last: DateTime<Utc>,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT counterparty, count(*) AS attempts, min(created_at) AS first, max(created_at) AS last
         FROM calls LEFT JOIN callbacks USING (number, counterparty)
         WHERE type = 2 AND disposition NOT IN (5, 7)
           AND (counterparty > 0 OR counterparty BETWEEN -4611686018427387904 AND -3)
           AND NOT EXISTS (SELECT FROM calls AS spoken WHERE spoken.counterparty = calls.counterparty
                           AND spoken.type IN (1, 3) AND spoken.created_at > calls.created_at)
           AND (done_until IS NULL OR created_at > done_until)
         GROUP BY counterparty",
    )
    .load(connection)
    .unwrap();
    rows.into_iter()
        .map(|row| (row.counterparty, (row.attempts.unsigned_abs(), row.first, row.last)))
        .collect()
}

fn change(connection: &mut PgConnection, random: &mut ChaCha8Rng) -> String {
    let someone = person(random);
    match random.random_range(0..12) {
        0 => {
            let before = at(random.random_range(-90_000..0));
            let mut purge = Purge::new(before, Layout::Plain);
            while purge.next_batch(connection).unwrap().is_some() {}
            format!("purge before {before}")
        }
        1 => {
            connection
                .transaction(|connection| erasure::erase(connection, PartyKey(13_000_000_005)))
                .unwrap();
            "erase".to_owned()
        }
        2..6 => {
            let put = |connection: &mut PgConnection| callbacks::put(connection, OWNER, someone, true, "");
            format!("done {} {:?}", someone.0, connection.transaction(put).is_ok())
        }
        6 => {
            let remove = |connection: &mut PgConnection| callbacks::remove(connection, OWNER, someone);
            format!("not done {} {:?}", someone.0, connection.transaction(remove).is_ok())
        }
        _ => {
            let calls: Vec<NewCall> = (0..random.random_range(1..30)).map(|_| call(random)).collect();
            format!("add {}", add(connection, &calls))
        }
    }
}

#[test]
fn a_person_is_in_the_queue_if_and_only_if_a_recount_says_so() {
    let database = Database::new();
    let mut connection = database.connect();
    let mut seen = 0;
    for seed in 0..10 {
        execute(&mut connection, TABLES);
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut changes = Vec::new();
        for _ in 0..20 {
            changes.push(change(&mut connection, &mut random));
            let expected = recount(&mut connection);
            seen += expected.len();
            let unidentified = number(
                &mut connection,
                "SELECT count(*) FROM calls WHERE type = 2 AND disposition NOT IN (5, 7)
                 AND (counterparty IN (-1, -2) OR counterparty < -4611686018427387904)",
            );
            // As counts that are behind, as counts, and as calls that are read one by one.
            for (counted, long) in [(false, 0), (true, 0), (false, u64::MAX)] {
                while counted && !counts::bring_forward(&mut connection, OWNER).unwrap() {}
                let found = queue(&mut connection, false, long);
                assert_eq!(waiting(&found), expected, "seed {seed}, {long} after {changes:?}");
                assert_eq!(found.unidentified.calls, unidentified.unsigned_abs(), "after {changes:?}");
                assert_eq!(found.unidentified.last.is_some(), unidentified > 0);
                assert!(found.covers.is_none());
                let done = queue(&mut connection, true, long);
                assert!(done.entries.iter().all(|entry| !expected.contains_key(&entry.counterparty.0)));
                assert!(done.entries.iter().all(|entry| entry.done_at.is_some()));
            }
        }
    }
    assert!(seen > 500, "{seen}");
}

#[test]
fn who_is_done_comes_back_with_the_next_missed_call_and_not_with_one_from_before() {
    let database = Database::new();
    let mut connection = database.connect();
    let person = PartyKey(13_000_000_005);
    let missed = |second| NewCall {
        number: OWNER,
        counterparty: person,
        created_at: at(second),
        call_type: TypeColumn(CallType::MissedInbound),
        duration_ms: None,
        disposition: DispositionColumn(None),
        ring_ms: None,
        via: None,
    };
    add(&mut connection, &[missed(0), missed(60)]);
    let put = |connection: &mut PgConnection, done| {
        connection.transaction(|connection| callbacks::put(connection, OWNER, person, done, "by mail"))
    };
    put(&mut connection, true).unwrap().unwrap();
    assert!(queue(&mut connection, false, u64::MAX).entries.is_empty());
    let [done] = &queue(&mut connection, true, u64::MAX).entries[..] else { panic!() };
    assert_eq!((done.attempts, done.note.as_deref()), (2, Some("by mail")));
    // An import brings a call from before.
    add(&mut connection, &[missed(30)]);
    assert!(queue(&mut connection, false, u64::MAX).entries.is_empty());
    add(&mut connection, &[missed(120)]);
    let [back] = &queue(&mut connection, false, u64::MAX).entries[..] else { panic!() };
    assert_eq!((back.attempts, back.first_attempt, back.done_at), (1, at(120), None));
    assert!(queue(&mut connection, true, u64::MAX).entries.is_empty());
    let removed = connection.transaction(|connection| callbacks::remove(connection, OWNER, person));
    assert!(removed.unwrap());
    let [all] = &queue(&mut connection, false, u64::MAX).entries[..] else { panic!() };
    assert_eq!((all.attempts, all.note.as_deref()), (4, None));
    // Nobody of this number has called.
    let nobody = connection
        .transaction(|connection| callbacks::put(connection, OWNER, PartyKey(13_000_000_006), true, ""));
    assert!(matches!(nobody, Err(diesel::result::Error::RollbackTransaction)), "{nobody:?}");
}

#[test]
fn of_too_many_missed_calls_the_newest_are_looked_at_and_the_queue_says_so() {
    let database = Database::new();
    let mut connection = database.connect();
    execute(
        &mut connection,
        "INSERT INTO calls (number, id, counterparty, created_at, type)
         SELECT 12025550123, n, 13000000000 + n, timestamptz '2020-01-01Z' + n * interval '1 minute', 2
         FROM generate_series(1, 6000) AS n",
    );
    execute(
        &mut connection,
        "INSERT INTO histories (number, version, calls, epoch, last_call)
         SELECT 12025550123, 6000, 6000, 1, max(created_at) FROM calls",
    );
    while !counts::bring_forward(&mut connection, OWNER).unwrap() {}
    for long in [0, u64::MAX] {
        let found = queue(&mut connection, false, long);
        let covers = found.covers.unwrap();
        assert_eq!((found.people, covers.calls, covers.of), (5_000, 5_000, 6_000), "{long}");
        assert_eq!(found.entries[0].counterparty, PartyKey(13_000_001_001), "the newest 5,000");
    }
}
