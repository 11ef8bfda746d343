use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::test_app::TestApp;

const OWNER: &str = "+12025550123";

/// Every page after the other, by `Link`, until the last. `(created_at, id)` of each call.
fn walk(app: &TestApp, limit: u16) -> Vec<(String, u64)> {
    let mut path = format!("/api/calls/{OWNER}?limit={limit}");
    let mut seen = Vec::new();
    loop {
        let answer = app.get(&path);
        for call in answer.json().as_array().unwrap() {
            seen.push((
                call["created_at"].as_str().unwrap().to_owned(),
                call["id"].as_str().unwrap().parse().unwrap(),
            ));
        }
        let Some((next, _)) = answer.header("link").split_once('>') else { return seen };
        path = next.trim_start_matches('<').to_owned();
    }
}

/// Calls at a few equal times, so that pages end in the middle of them.
fn insert(app: &TestApp, seconds: &[u8], counterparty: &mut u64) {
    let rows = seconds.iter().map(|second| {
        *counterparty += 1;
        format!("(12025550123, {counterparty}, timestamptz '2024-01-31Z' + {second} * interval '1 s', 'Missed Inbound')")
    });
    let rows: Vec<String> = rows.collect();
    let insert =
        format!("INSERT INTO calls (number, counterparty, created_at, type) VALUES {}", rows.join(","));
    assert_eq!(app.database().store_calls(&insert).unwrap(), seconds.len());
}

#[test]
fn pages_neither_repeat_nor_skip_a_call_while_others_come_in() {
    let app = TestApp::new();
    let schedule = (
        prop::collection::vec(0_u8..6, 1..60),
        prop::collection::vec(prop::collection::vec(0_u8..6, 1..9), 1..6),
        1_u16..12,
    );
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(24) });
    let counterparty = std::cell::Cell::new(13_000_000_000);
    let result = runner.run(&schedule, |(before, during, limit)| {
        app.database().execute("DELETE FROM calls").unwrap();
        let mut next = counterparty.get();
        insert(&app, &before, &mut next);
        let there_before: HashSet<_> = walk(&app, 1000).into_iter().collect();
        let done = AtomicBool::new(false);
        let walked = std::thread::scope(|scope| {
            scope.spawn(|| {
                for batch in during.iter().cycle() {
                    insert(&app, batch, &mut next);
                    if done.load(Ordering::Relaxed) {
                        break;
                    }
                }
            });
            let walked = walk(&app, limit);
            done.store(true, Ordering::Relaxed);
            walked
        });
        counterparty.set(next);
        // ISO times of one length compare as text.
        prop_assert!(walked.windows(2).all(|pair| pair[0] > pair[1]), "out of order or repeated: {walked:?}");
        let seen: HashSet<_> = walked.into_iter().collect();
        prop_assert!(there_before.is_subset(&seen), "skipped: {:?}", there_before.difference(&seen));
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
}
