//! Counts are what counting again gives, whatever happened to the calls.

use std::collections::BTreeMap;
use std::time::Duration;

use calls_model::{CallType, Disposition, MissedInbound, Outcome, Summary};
use calls_store::columns::{DispositionColumn, TypeColumn};
use calls_store::filter::{Filter, WantedHours};
use calls_store::insertion::{Layout, NewCall, Writer};
use calls_store::keys::PartyKey;
use calls_store::labels::Labels;
use calls_store::purge::Purge;
use calls_store::summary::{Question, summarize};
use calls_store::zones::Offsets;
use calls_store::{counts, erasure};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use diesel::Connection as _;
use diesel::pg::PgConnection;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::database::{Database, execute, number};

const OWNER: PartyKey = PartyKey(12_025_550_123);
const ZONES: [Tz; 5] = [
    Tz::UTC,
    Tz::America__New_York,
    Tz::Asia__Kathmandu,
    Tz::Australia__Lord_Howe,
    // Its clocks were off by odd seconds until 1972.
    Tz::Africa__Monrovia,
];

/// Days around changes of clocks, and before clocks knew whole quarters.
fn base(random: &mut ChaCha8Rng) -> DateTime<Utc> {
    let days =
        ["2024-03-10", "2024-03-31", "2024-04-07", "2024-11-03", "2024-06-01", "1971-12-31", "1960-02-29"];
    let day = days.choose(random).unwrap();
    format!("{day}T00:00:00Z").parse().unwrap()
}

fn time(random: &mut ChaCha8Rng) -> DateTime<Utc> {
    let micros = match random.random_range(0..4) {
        // Many at the very edges of quarters.
        0 => random.random_range(-200..200) * 900_000_000,
        _ => random.random_range(-200_000_000_000..200_000_000_000),
    };
    base(random) + TimeDelta::microseconds(micros)
}

fn party(random: &mut ChaCha8Rng) -> PartyKey {
    match random.random_range(0..12) {
        0 => PartyKey::WITHHELD,
        1 => PartyKey::UNKNOWN,
        n => PartyKey(13_000_000_000 + n),
    }
}

fn call(random: &mut ChaCha8Rng) -> NewCall {
    let call_type = *CallType::ALL.choose(random).unwrap();
    let is_completed = call_type.outcome() == Outcome::Completed;
    let fitting: Vec<Option<Disposition>> = Disposition::ALL
        .into_iter()
        .filter(|disposition| disposition.fits(call_type.outcome()))
        .map(Some)
        .chain([None; 4])
        .collect();
    NewCall {
        number: OWNER,
        counterparty: party(random),
        created_at: time(random),
        call_type: TypeColumn(call_type),
        duration_ms: (is_completed && random.random_bool(0.9)).then(|| random.random_range(0..600_000)),
        disposition: DispositionColumn(*fitting.choose(random).unwrap()),
        ring_ms: None,
        via: None,
    }
}

fn filter(random: &mut ChaCha8Rng, zone: Tz) -> Filter {
    let types: Vec<CallType> = CallType::ALL.into_iter().filter(|_| random.random_bool(0.7)).collect();
    let dispositions = match random.random_range(0..3) {
        0 => vec![Disposition::NoAnswer, Disposition::Answered, Disposition::Blocked],
        _ => Vec::new(),
    };
    let (weekday, hour) = (
        random.random_bool(0.3).then(|| random.random_range(1..=7)),
        random.random_bool(0.3).then(|| random.random_range(0..24)),
    );
    let (first, last) = ("1950-01-01T00:00:00Z".parse().unwrap(), "2030-01-01T00:00:00Z".parse().unwrap());
    let hours = WantedHours { offsets: Offsets::new(zone, first, last), weekday, hour };
    Filter {
        types: if types.is_empty() { CallType::ALL.to_vec() } else { types },
        dispositions,
        from: random.random_bool(0.4).then(|| time(random)),
        until: random.random_bool(0.4).then(|| time(random)),
        hours: (weekday.is_some() || hour.is_some()).then_some(hours),
        ..Filter::default()
    }
}

/// As counts, or as calls that are read one by one.
fn summary(connection: &mut PgConnection, filter: &Filter, zone: Tz, long: u64) -> Summary {
    let patience = Duration::from_secs(60);
    let question = Question { owner: OWNER, filter, zone, patience, long };
    summarize(connection, &Labels::default(), question).unwrap()
}

/// Calls, missed inbound calls and milliseconds, as PostgreSQL counts them by itself.
fn recount(connection: &mut PgConnection, zone: Tz) -> BTreeMap<String, i64> {
    let mut all = BTreeMap::new();
    for (name, what) in [
        ("calls", "count(*)".to_owned()),
        ("talk", "coalesce(sum(duration_ms), 0)".to_owned()),
        ("missed inbound", "count(*) FILTER (WHERE type = 2)".to_owned()),
        (
            "not returned",
            "count(*) FILTER (WHERE type = 2 AND disposition NOT IN (5, 7) AND counterparty > 0 AND NOT EXISTS (
                 SELECT FROM calls AS spoken WHERE spoken.counterparty = calls.counterparty
                 AND spoken.type IN (1, 3) AND spoken.created_at > calls.created_at))"
                .to_owned(),
        ),
        // PostgreSQL's own time zones.
        ("days", format!("count(DISTINCT (created_at AT TIME ZONE '{zone}')::date)")),
        ("mondays", format!("count(*) FILTER (WHERE extract(isodow FROM created_at AT TIME ZONE '{zone}') = 1)")),
    ] {
        all.insert(name.to_owned(), number(connection, &format!("SELECT {what} FROM calls")));
    }
    all
}

fn as_recounted(summary: &Summary) -> BTreeMap<String, i64> {
    let MissedInbound { not_returned, .. } = summary.missed_inbound;
    let mondays =
        summary.hours_of_week.iter().filter(|hour| hour.weekday == 1).map(|hour| hour.calls).sum::<u64>();
    [
        ("calls", summary.calls),
        ("talk", summary.talk_time.ms()),
        ("missed inbound", summary.types.missed_inbound),
        ("not returned", not_returned),
        ("days", summary.days.len() as u64),
        ("mondays", mondays),
    ]
    .into_iter()
    .map(|(name, count)| (name.to_owned(), i64::try_from(count).unwrap()))
    .collect()
}

fn change(connection: &mut PgConnection, random: &mut ChaCha8Rng) -> String {
    match random.random_range(0..10) {
        0 => {
            let before = time(random);
            let mut purge = Purge::new(before, Layout::Plain);
            while purge.next_batch(connection).unwrap().is_some() {}
            format!("purge before {before}")
        }
        1 => {
            let person = PartyKey(13_000_000_000 + random.random_range(2..12));
            connection.transaction(|connection| erasure::erase(connection, person)).unwrap();
            format!("erase {}", person.0)
        }
        2..6 => {
            while !counts::bring_forward(connection, OWNER).unwrap() {}
            "count".to_owned()
        }
        _ => {
            let calls: Vec<NewCall> = (0..random.random_range(1..60)).map(|_| call(random)).collect();
            let add = |connection: &mut PgConnection| {
                Writer::new(Layout::Plain).add(connection, calls.clone(), &calls)
            };
            format!("add {}", connection.transaction(add).unwrap().len())
        }
    }
}

#[test]
fn counts_are_what_counting_again_gives_after_inserts_purges_and_erasures() {
    let database = Database::new();
    let mut connection = database.connect();
    for seed in 0..12 {
        execute(
            &mut connection,
            "TRUNCATE calls, histories, history_counts, day_counts, counterparty_counts",
        );
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut changes = Vec::new();
        for _ in 0..12 {
            changes.push(change(&mut connection, &mut random));
            while !counts::bring_forward(&mut connection, OWNER).unwrap() {}
            let zone = *ZONES.choose(&mut random).unwrap();
            let all = Filter::default();
            let counted = summary(&mut connection, &all, zone, 0);
            assert_eq!(as_recounted(&counted), recount(&mut connection, zone), "{zone} after {changes:?}");
            assert_eq!(counted, summary(&mut connection, &all, zone, u64::MAX), "{zone} after {changes:?}");
            for _ in 0..3 {
                let filter = filter(&mut random, zone);
                let (counted, read) = (
                    summary(&mut connection, &filter, zone, 0),
                    summary(&mut connection, &filter, zone, u64::MAX),
                );
                assert_eq!(counted, read, "seed {seed}, {filter:?} in {zone} after {changes:?}");
            }
        }
        let calls = number(
            &mut connection,
            "SELECT coalesce(sum(calls), 0) FROM histories WHERE number = 12025550123",
        );
        assert_eq!(calls, number(&mut connection, "SELECT count(*) FROM calls"), "after {changes:?}");
    }
}
