//! A history that is too long to be read whole.

use std::time::Duration;

use calls_model::CallType;
use calls_phone::Digits;
use calls_store::counter::Counter;
use calls_store::counts;
use calls_store::deadlines::Deadlines;
use calls_store::filter::{Counterparties, Filter};
use calls_store::keys::PartyKey;
use calls_store::labels::Labels;
use calls_store::list::list_calls;
use calls_store::pool::{Database as Pool, Queue};
use calls_store::search::{self, Search};
use calls_store::server::Failures;
use calls_store::summary::{Question, summarize};
use chrono_tz::Tz;
use diesel::pg::PgConnection;

use crate::database::{Database, execute, number};

const OWNER: PartyKey = PartyKey(12_025_550_123);
const CALLS: i64 = 60_000;

/// A call a minute, of all types and of a thousand counterparties; one of 999 once.
fn fill(connection: &mut PgConnection) {
    execute(
        connection,
        &format!(
            "INSERT INTO calls (number, id, counterparty, created_at, duration_ms, type)
             SELECT {}, n, CASE WHEN n = 100 THEN 999123456 ELSE 13000000000 + n % 1000 END,
                    timestamptz '2020-01-01Z' + n * interval '1 minute',
                    CASE WHEN n % 4 IN (0, 2) THEN n % 3600 * 1000 END, 1 + n % 4
             FROM generate_series(1, {CALLS}) AS n",
            OWNER.0
        ),
    );
    execute(
        connection,
        "INSERT INTO histories (number, version, calls, epoch, last_call)
         SELECT number, max(id), count(*), 1, max(created_at) FROM calls GROUP BY number",
    );
    execute(connection, "ANALYZE calls");
}

#[test]
fn pages_that_come_short_lead_to_all_calls_that_fit() {
    let database = Database::new();
    let mut connection = database.connect();
    fill(&mut connection);
    let long_calls = Filter { min_duration_ms: Some(3_590_000), ..Filter::default() };
    let (mut after, mut found, mut pages) = (None, 0, 0);
    loop {
        // No patience at all: each page is what one window has.
        let page = list_calls(&mut connection, OWNER, &long_calls, after, 10, Duration::ZERO).unwrap();
        assert!(page.rows.len() <= 10);
        found += page.rows.len();
        pages += 1;
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    let expected = number(&mut connection, "SELECT count(*) FROM calls WHERE duration_ms >= 3590000");
    assert_eq!(found as i64, expected);
    assert!(pages > 10, "{pages}");
}

#[test]
fn a_beginning_of_digits_finds_its_calls_wherever_they_are() {
    let database = Database::new();
    let mut connection = database.connect();
    fill(&mut connection);
    for (digits, expected) in [("999", 1), ("998", 0), ("13000000", CALLS - 1), ("1300000001", CALLS / 100)] {
        let counterparty = Some(Counterparties::with_digits(digits));
        let filter = Filter { counterparty, ..Filter::default() };
        let (mut after, mut found) = (None, 0);
        loop {
            let page =
                list_calls(&mut connection, OWNER, &filter, after, 1000, Duration::from_secs(1)).unwrap();
            found += page.rows.len() as i64;
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        assert!((found - expected).abs() <= 1, "{digits}: {found} of {expected}");
    }
}

#[test]
fn one_counterparty_is_paged_through_in_the_order_of_time() {
    let database = Database::new();
    let mut connection = database.connect();
    fill(&mut connection);
    let key = PartyKey(13_000_000_007);
    let filter = Filter { counterparty: Some(Counterparties::exactly(Some(key))), ..Filter::default() };
    let (mut after, mut all) = (None, Vec::new());
    loop {
        let page = list_calls(&mut connection, OWNER, &filter, after, 7, Duration::ZERO).unwrap();
        all.extend(page.rows.iter().map(|row| (row.created_at, row.id)));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!(all.len(), 60);
    assert!(all.is_sorted_by(|one, next| one > next));
}

#[test]
fn a_history_that_is_being_counted_says_what_its_summary_covers() {
    let database = Database::new();
    let mut connection = database.connect();
    fill(&mut connection);
    let filter = Filter::default();
    let mut ask = |patience| {
        let question =
            Question { owner: OWNER, filter: &filter, zone: Tz::UTC, patience, long: counts::LONG };
        summarize(&mut connection, &Labels::default(), question).unwrap()
    };
    let uncounted = ask(Duration::ZERO);
    let covers = uncounted.covers.expect("it is not counted");
    assert!(covers.calls < covers.of && covers.of == CALLS as u64, "{covers:?}");
    assert_eq!(uncounted.calls, covers.calls);

    let deadlines = Deadlines { request: Duration::from_secs(60) };
    let pool = Pool::new(&database.url, 2, Queue::new(8), deadlines, Failures::default());
    let counter = Counter::new(pool);
    let counted = loop {
        counter.bring_forward(OWNER).unwrap();
        let summary = ask(Duration::ZERO);
        if summary.covers.is_none() {
            break summary;
        }
    };
    assert_eq!(counted.calls, CALLS as u64);
    assert_eq!(counted.types.of(CallType::MissedInbound), CALLS as u64 / 4);
}

#[test]
fn a_search_that_finds_half_of_many_parties_is_added_up_and_listed() {
    let database = Database::new();
    let mut connection = database.connect();
    execute(
        &mut connection,
        &format!(
            "INSERT INTO calls (number, id, counterparty, created_at, duration_ms, type)
             SELECT {}, n, 13000000000 + n % 20000, timestamptz '2020-01-01Z' + n * interval '1 minute', 1000, 1
             FROM generate_series(1, {CALLS}) AS n",
            OWNER.0
        ),
    );
    execute(
        &mut connection,
        "INSERT INTO histories (number, version, calls, epoch, last_call)
         SELECT number, max(id), count(*), 1, max(created_at) FROM calls GROUP BY number",
    );
    while !counts::bring_forward(&mut connection, OWNER).unwrap() {}
    // 13000010000 to 13000019999.
    let search = Search::new("300001", vec![Digits::Anywhere("300001".to_owned())]);
    let found = search::counterparties(&mut connection, OWNER, &search).unwrap();
    let many = found.0.len() as i64;
    let calls =
        number(&mut connection, "SELECT count(*) FROM calls WHERE counterparty::text LIKE '%300001%'");
    assert!(many > 2_000, "{many}");
    let filter = Filter { counterparty: Some(found), ..Filter::default() };
    let patience = Duration::from_secs(60);
    let question = Question { owner: OWNER, filter: &filter, zone: Tz::UTC, patience, long: counts::LONG };
    let summary = summarize(&mut connection, &Labels::default(), question).unwrap();
    assert_eq!((summary.calls as i64, summary.covers), (calls, None));
    let (mut after, mut listed) = (None, 0);
    loop {
        let page = list_calls(&mut connection, OWNER, &filter, after, 1000, patience).unwrap();
        listed += page.rows.len() as i64;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(listed, calls);
}
