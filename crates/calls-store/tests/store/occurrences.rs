//! Parties in the histories of others, and the directory.

use calls_model::CallType;
use calls_phone::{Digits, searched_digits};
use calls_store::columns::{DispositionColumn, TypeColumn};
use calls_store::directory::{self, Question, Sort};
use calls_store::insertion::{Layout, NewCall, Writer};
use calls_store::keys::PartyKey;
use calls_store::labels::Labels;
use calls_store::search::Search;
use calls_store::{counts, erasure, occurrences};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::Connection as _;
use diesel::pg::PgConnection;
use proptest::prelude::*;

use crate::database::{Database, execute, number};

fn at(minute: i64) -> DateTime<Utc> {
    "2026-03-01T10:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minute)
}

fn call((owner, counterparty, minute, missed): (i64, i64, i64, bool)) -> NewCall {
    let call_type = if missed { CallType::MissedInbound } else { CallType::CompletedOutbound };
    NewCall {
        number: PartyKey(4_930_000 + owner),
        counterparty: PartyKey(if counterparty < 2 { -1 - counterparty } else { 4_930_000 + counterparty }),
        created_at: at(minute),
        call_type: TypeColumn(call_type),
        duration_ms: None,
        disposition: DispositionColumn(None),
        ring_ms: None,
        via: None,
    }
}

fn add(connection: &mut PgConnection, calls: Vec<NewCall>) {
    let mut writer = Writer::new(Layout::Plain);
    connection.transaction(|connection| writer.add(connection, calls, &[])).unwrap();
}

/// Number of rows that differ from the calls.
fn wrong(connection: &mut PgConnection) -> i64 {
    number(
        connection,
        "SELECT count(*) FROM (
             SELECT counterparty, count(*) AS calls, max(created_at) AS last_call, array_agg(DISTINCT number) AS histories
             FROM calls WHERE counterparty > 0 GROUP BY counterparty
         ) AS counted
         FULL JOIN occurrences ON party = counterparty
         WHERE counted.calls IS DISTINCT FROM occurrences.calls OR counted.last_call IS DISTINCT FROM occurrences.last_call
            OR counted.histories IS DISTINCT FROM ARRAY(SELECT unnest(occurrences.histories) ORDER BY 1)",
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn who_occurs_is_who_a_recount_finds(
        batches in proptest::collection::vec(
            proptest::collection::vec((0..4_i64, 0..8_i64, 0..200_i64, any::<bool>()), 1..20), 1..6,
        ),
        erased in proptest::option::of(2..8_i64),
    ) {
        let database = Database::new();
        let mut connection = database.connect();
        for batch in batches {
            add(&mut connection, batch.into_iter().map(call).collect());
            prop_assert!(occurrences::bring_forward(&mut connection).unwrap());
            prop_assert_eq!(wrong(&mut connection), 0);
        }
        if let Some(erased) = erased {
            let party = PartyKey(4_930_000 + erased);
            connection.transaction(|connection| erasure::erase(connection, party)).unwrap();
            prop_assert_eq!(number(&mut connection, &format!("SELECT count(*) FROM occurrences WHERE party = {}", party.0)), 0);
            occurrences::bring_forward(&mut connection).unwrap();
            prop_assert_eq!(wrong(&mut connection), 0);
        }
    }
}

#[test]
fn calls_that_were_purged_are_listed_no_more() {
    let database = Database::new();
    let mut connection = database.connect();
    add(&mut connection, (0..40).map(|n| call((n % 2, 2 + n % 5, n, n % 3 == 0))).collect());
    occurrences::bring_forward(&mut connection).unwrap();
    execute(&mut connection, "DELETE FROM calls WHERE created_at < '2026-03-01 10:20:00+00'");
    execute(&mut connection, "UPDATE histories SET epoch = epoch + 1, version = version + 1");
    occurrences::bring_forward(&mut connection).unwrap();
    assert_eq!(wrong(&mut connection), 0);
    execute(&mut connection, "DELETE FROM calls");
    execute(&mut connection, "DELETE FROM histories");
    occurrences::bring_forward(&mut connection).unwrap();
    assert_eq!(number(&mut connection, "SELECT count(*) FROM occurrences"), 0);
}

#[test]
fn only_one_process_at_a_time_lists_who_occurs() {
    let database = Database::new();
    let (mut one, mut other) = (database.connect(), database.connect());
    one.test_transaction(|one| {
        execute(one, "SELECT pg_advisory_xact_lock(7215408310046)");
        assert!(!occurrences::bring_forward(&mut other).unwrap());
        Ok::<_, diesel::result::Error>(())
    });
    assert!(occurrences::bring_forward(&mut other).unwrap());
}

#[test]
fn the_histories_of_a_number_have_all_calls_whether_they_are_counted_or_not() {
    let database = Database::new();
    let mut connection = database.connect();
    let calls = |minutes: std::ops::Range<i64>| minutes.map(|n| call((n % 2, 7, n, n % 3 == 0))).collect();
    add(&mut connection, calls(0..30));
    while !counts::bring_forward(&mut connection, PartyKey(4_930_000)).unwrap() {}
    add(&mut connection, calls(30..60));
    occurrences::bring_forward(&mut connection).unwrap();
    let found = occurrences::histories_of(&mut connection, &Labels::default(), PartyKey(4_930_007)).unwrap();
    let found: Vec<_> =
        found.iter().map(|found| (found.number.to_string(), found.calls, found.last_call)).collect();
    assert_eq!(found, [("+4930001".to_owned(), 30, at(59)), ("+4930000".to_owned(), 30, at(58))]);
}

fn numbers(connection: &mut PgConnection, text: &str, sort: Sort, limit: u16) -> Vec<i64> {
    let (mut after, mut found) = (None, Vec::new());
    loop {
        let search = Search::new(text, searched_digits(text, None, None));
        let question = Question { sort, search, after, limit };
        let mut page = directory::list_numbers(connection, &question).unwrap();
        let has_more = page.len() > usize::from(limit);
        page.truncate(limit.into());
        found.extend(page.iter().map(|listed| listed.number.0));
        after = page.last().map(directory::Listed::place);
        if !has_more {
            return found;
        }
    }
}

#[test]
fn a_search_finds_what_looking_at_each_number_finds() {
    let database = Database::new();
    let mut connection = database.connect();
    execute(
        &mut connection,
        "INSERT INTO calls (number, id, counterparty, created_at, type)
         SELECT 4930000, n, 1200000000 + n * 7919 % 99999989, '2026-01-01'::timestamptz + n * interval '1 minute', 2
         FROM generate_series(1, 3000) AS n",
    );
    execute(&mut connection, "INSERT INTO histories VALUES (4930000, 3000, 3000, 1, now())");
    occurrences::bring_forward(&mut connection).unwrap();
    for text in ["7", "79", "791", "7919", "79190", "120000", "4930000", "+120", "0120", "00120", "99999"] {
        let like: Vec<String> = searched_digits(text, None, None)
            .iter()
            .map(|digits| match digits {
                Digits::Beginning(digits) => format!("party::text LIKE '{digits}%'"),
                Digits::Anywhere(digits) => format!("party::text LIKE '%{digits}%'"),
            })
            .collect();
        let all = "(SELECT party FROM occurrences UNION SELECT number FROM histories) AS all_numbers (party)";
        let count =
            number(&mut connection, &format!("SELECT count(*) FROM {all} WHERE {}", like.join(" OR ")));
        for sort in [Sort::Recent, Sort::Calls, Sort::Name, Sort::Number] {
            let mut found = numbers(&mut connection, text, sort, 37);
            assert_eq!(found.len() as i64, count, "{text} {sort:?}");
            found.sort_unstable();
            found.dedup();
            assert_eq!(found.len() as i64, count, "{text} {sort:?}: one twice");
        }
    }
}

#[test]
fn names_are_listed_in_their_order_and_behind_them_those_without_one() {
    let database = Database::new();
    let mut connection = database.connect();
    for owner in [4_930_001, 4_930_002, 4_930_003, 4_930_004, 4_930_005] {
        execute(
            &mut connection,
            &format!(
                "INSERT INTO calls (number, id, counterparty, created_at, type)
                 SELECT {owner}, n, 4930100 + n, '2026-01-01'::timestamptz, 2 FROM generate_series(1, 3) AS n"
            ),
        );
        execute(&mut connection, &format!("INSERT INTO histories VALUES ({owner}, 3, 3, 1, now())"));
    }
    // A book's name comes before that of a log, and the first book's before the second's.
    execute(
        &mut connection,
        "INSERT INTO names (party, book, name, said_at) VALUES
         (4930001, '', 'aaa', now()), (4930001, 'home', 'Zoe', now()), (4930003, 'home', '\u{c9}mile', now()),
         (4930003, 'work', 'Aaron', now()), (4930004, '', 'Bob', now()), (4930102, 'home', 'Carl', now()),
         (4930005, '', repeat('\u{fdfa}', 200), now())",
    );
    occurrences::bring_forward(&mut connection).unwrap();
    for limit in [1, 2, 50] {
        let owners = [4_930_004, 4_930_003, 4_930_001, 4_930_005, 4_930_002];
        assert_eq!(numbers(&mut connection, "", Sort::Name, limit), owners, "{limit}");
        let all = [4_930_004, 4_930_102, 4_930_003, 4_930_001, 4_930_005, 4_930_002, 4_930_101, 4_930_103];
        assert_eq!(numbers(&mut connection, "4930", Sort::Name, limit), all, "{limit}");
    }
    assert_eq!(numbers(&mut connection, "carl", Sort::Name, 50), [4_930_102]);
}
