//! `use-swr-refresh.test.tsx`.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use leptos_swr::use_swr_with;
use reactive_graph::signal::RwSignal;
use reactive_graph::traits::{Get, GetUntracked, Set};

use crate::rig::{Heard, Rig, Shown, some};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn data_is_fetched_again_after_each_interval() {
    let rig = Rig::new();
    let api = rig.api(0);
    let hook = rig.text_with("a", &api, |options| {
        options.refresh_interval(ms(200));
        options.dedupe_interval(ms(100));
    });
    rig.host.advance(650);
    assert_eq!((api.times(), hook.shown()), (vec![0, 200, 400, 600], some("a4")));
}

#[test]
fn an_interval_within_the_dedupe_interval_shares_the_answer() {
    let rig = Rig::new();
    let api = rig.api(0);
    let _hook = rig.text_with("a", &api, |options| {
        options.refresh_interval(ms(100));
        options.dedupe_interval(ms(500));
    });
    rig.host.advance(1_100);
    assert_eq!(api.times(), [0, 500, 1_000]);
}

#[test]
fn the_next_interval_begins_with_the_answer() {
    let rig = Rig::new();
    let api = rig.api(50);
    let _hook = rig.text_with("a", &api, |options| {
        options.refresh_interval(ms(200));
        options.dedupe_interval(ms(0));
    });
    rig.host.advance(700);
    assert_eq!(api.times(), [0, 200, 450, 700]);
}

#[test]
fn a_changed_interval_counts_from_its_change() {
    let rig = Rig::new();
    let api = rig.api(0);
    let interval = RwSignal::new(200);
    let _hook = rig.text_with("a", &api, move |options| {
        options.refresh_interval(ms(interval.get()));
        options.dedupe_interval(ms(0));
    });
    rig.host.advance(250);
    interval.set(300);
    rig.host.advance(299);
    assert_eq!(api.times(), [0, 200]);
    rig.host.advance(1);
    assert_eq!(api.times(), [0, 200, 550]);
    interval.set(0);
    rig.host.advance(10_000);
    assert_eq!(api.count(), 3);
    interval.set(100);
    rig.host.advance(100);
    assert_eq!(api.count(), 4);
}

#[test]
fn an_interval_changed_while_a_request_is_under_way_counts_from_its_answer() {
    let rig = Rig::new();
    let api = rig.api(100);
    let interval = RwSignal::new(200);
    let _hook = rig.text_with("a", &api, move |options| {
        options.refresh_interval(ms(interval.get()));
        options.dedupe_interval(ms(0));
    });
    rig.host.advance(250);
    interval.set(500);
    rig.host.advance(549);
    assert_eq!(api.times(), [0, 200]);
    rig.host.advance(1);
    assert_eq!(api.times(), [0, 200, 800]);
}

#[test]
fn data_that_the_compare_option_calls_equal_is_not_taken() {
    let rig = Rig::new();
    let api = rig.api(0);
    api.react(|_, count| Ok(format!("{count} at {count}")));
    let hook = rig.text_with("a", &api, |options| {
        options.compare(|old: &String, new: &String| old.len() == new.len());
    });
    rig.host.settle();
    hook.revalidate();
    rig.host.settle();
    assert_eq!((hook.shown(), api.count()), (some("1 at 1"), 2));
}

#[test]
fn the_compare_option_is_not_asked_about_errors() {
    let rig = Rig::new();
    let api = rig.api(0);
    api.fail();
    let hook = rig.text_with("a", &api, |options| {
        options.compare(|_, _| true);
    });
    hook.revalidate();
    rig.host.settle();
    assert_eq!(hook.failure(), some("a failed 2"));
}

#[test]
fn an_old_keys_timer_dies_with_the_key() {
    let rig = Rig::new();
    let api = rig.api(10);
    let key = RwSignal::new(Some("a"));
    let _hook = rig.keyed_with(key, &api, |options| {
        options.refresh_interval(ms(3_000));
    });
    rig.host.advance(100);
    for next in ["b", "c"] {
        key.set(Some(next));
        rig.host.settle();
    }
    rig.host.advance(3_000);
    assert_eq!(api.keys(), ["a", "b", "c", "c"]);
    assert_eq!(rig.host.timer_count(), 1, "the answer's; the next poll's comes after it");
}

#[test]
fn an_old_keys_answer_is_no_success() {
    let rig = Rig::new();
    let api = rig.api(10);
    let key = RwSignal::new(Some("a"));
    let heard = Heard::default();
    let listening = heard.clone();
    let _hook = rig.keyed_with(key, &api, move |options| listening.listen(options));
    key.set(Some("b"));
    rig.host.advance(100);
    assert_eq!(heard.all(), ["success b1"]);
}

#[test]
fn the_interval_can_be_made_from_the_data() {
    let rig = Rig::new();
    let api = rig.api(0);
    api.react(|_, count| Ok(count.to_string()));
    let hook = rig.text_with("a", &api, |options| {
        options.dedupe_interval(ms(0));
        options.refresh_interval_by(|data: Option<&String>| match data.map(String::as_str) {
            Some("3") => ms(0),
            Some("2") => ms(400),
            _ => ms(200),
        });
    });
    rig.host.advance(10_000);
    assert_eq!((api.times(), hook.shown()), (vec![0, 200, 600], some("3")));
}

#[test]
fn polling_that_the_data_ended_goes_on_when_the_data_says_so() {
    let rig = Rig::new();
    let api = rig.api(0);
    let hook = rig.text_with("a", &api, |options| {
        options.refresh_interval_by(|data: Option<&String>| {
            ms(if data.is_some_and(|data| data == "go") { 5_000 } else { 0 })
        });
    });
    rig.host.advance(20_000);
    assert_eq!(api.count(), 1);
    hook.set(some("go"));
    rig.host.advance(5_000);
    assert_eq!(api.count(), 2);
}

#[test]
fn nothing_is_polled_while_hidden_and_at_once_when_shown() {
    let rig = Rig::new();
    let api = rig.api(0);
    let hook = rig.text_with("a", &api, |options| {
        options.refresh_interval(ms(3_000));
        options.revalidate_on_focus(false);
    });
    rig.host.set_visible(false);
    rig.host.advance(50_000);
    assert_eq!((api.count(), hook.is_paused.get_untracked()), (1, true));
    rig.host.set_visible(true);
    rig.host.advance(0);
    assert_eq!((api.times(), hook.is_paused.get_untracked()), (vec![0, 50_000], false));
}

#[test]
fn nothing_is_polled_while_offline_and_at_once_when_online() {
    let rig = Rig::new();
    let api = rig.api(0);
    let _hook = rig.text_with("a", &api, |options| {
        options.refresh_interval(ms(3_000));
        options.revalidate_on_reconnect(false);
    });
    rig.host.set_online(false);
    rig.host.advance(50_000);
    rig.host.set_online(true);
    rig.host.advance(0);
    assert_eq!(api.times(), [0, 50_000]);
}

#[test]
fn polling_goes_on_hidden_and_offline_where_asked_for() {
    let rig = Rig::new();
    let api = rig.api(0);
    let _hook = rig.text_with("a", &api, |options| {
        options.refresh_interval(ms(3_000));
        options.refresh_when_hidden(true);
        options.refresh_when_offline(true);
    });
    rig.host.set_visible(false);
    rig.host.set_online(false);
    rig.host.advance(3_000);
    assert_eq!(api.count(), 2);
}

#[test]
fn nothing_is_polled_in_error() {
    let rig = Rig::new();
    let api = rig.api(0);
    api.fail();
    let _hook = rig.text_with("a", &api, |options| {
        options.refresh_interval(ms(1_000));
        options.error_retry_count(Some(0));
    });
    rig.host.advance(10_000);
    assert_eq!(api.count(), 1);
}

#[test]
fn two_hooks_poll_at_the_shorter_interval() {
    let rig = Rig::new();
    let api = rig.api(0);
    let _slow = rig.text_with("a", &api, |options| {
        options.refresh_interval(ms(60_000));
    });
    let quick = rig.text_with("a", &api, |options| {
        options.refresh_interval(ms(10_000));
    });
    rig.host.advance(30_000);
    assert_eq!(api.times(), [0, 10_000, 20_000, 30_000]);
    drop(quick);
    rig.host.advance(70_000);
    assert_eq!(api.times().len(), 6, "one more quick one was set; after it the slow one's");
}

#[test]
fn options_are_read_again_where_they_read_a_signal() {
    let rig = Rig::new();
    let api = rig.api(0);
    let reads = Rc::new(Cell::new(0));
    let counted = reads.clone();
    let signal = RwSignal::new(1);
    let fetcher = api.fetcher();
    let _hook = rig.mount(|| {
        use_swr_with(
            || some("a"),
            fetcher,
            move |options| {
                counted.set(counted.get() + 1);
                options.refresh_interval(ms(signal.get()));
            },
        )
    });
    signal.set(2);
    rig.host.settle();
    assert_eq!(reads.get(), 2);
}
