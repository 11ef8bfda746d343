//! `use-swr-error.test.tsx`.

use std::time::Duration;

use leptos_swr::Retry;
use reactive_graph::traits::GetUntracked;

use crate::rig::{Heard, Rig, Shown, some};

#[test]
fn a_failure_is_shown() {
    let rig = Rig::new();
    let api = rig.api(10);
    api.fail();
    let hook = rig.text("a", &api);
    rig.host.advance(10);
    assert_eq!((hook.shown(), hook.failure(), hook.busy()), (None, some("a failed 1"), (false, false)));
}

#[test]
fn data_is_kept_beside_an_error() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text("a", &api);
    rig.host.advance(10);
    api.fail();
    hook.revalidate();
    rig.host.advance(10);
    assert_eq!((hook.shown(), hook.failure()), (some("a1"), some("a failed 2")));
}

#[test]
fn on_error_gets_the_error() {
    let rig = Rig::new();
    let api = rig.api(10);
    api.fail();
    let heard = Heard::default();
    let listening = heard.clone();
    let _hook = rig.text_with("a", &api, move |options| listening.listen(options));
    rig.host.advance(10);
    assert_eq!(heard.all(), ["error a failed 1"]);
}

#[test]
fn a_failure_is_retried_after_a_growing_time() {
    let rig = Rig::new();
    let api = rig.api(10);
    api.fail();
    let hook = rig.text("a", &api);
    rig.host.advance(10);
    assert_eq!(hook.retry(), Some(Retry { count: 1, at_ms: 10_010 }));
    rig.host.advance(10_010);
    assert_eq!(hook.retry(), Some(Retry { count: 2, at_ms: 30_020 }));
    rig.host.advance(200_000);
    assert_eq!(api.times(), [0, 10_010, 30_020, 70_030, 150_040]);
}

#[test]
fn the_backoff_stops_growing_at_the_eighth_failure() {
    let rig = Rig::new();
    let api = rig.api(0);
    api.fail();
    let _hook = rig.text_with("a", &api, |options| {
        options.error_retry_interval(Duration::from_millis(1));
    });
    rig.host.advance(1200);
    assert_eq!(api.times(), [0, 2, 6, 14, 30, 62, 126, 254, 510, 766, 1022]);
}

#[test]
fn the_jitter_of_a_retry_is_between_half_and_one_and_a_half() {
    for (random, first) in [(0.0, 5_000), (0.49, 5_000), (0.5, 10_000), (0.99, 10_000)] {
        let rig = Rig::new();
        rig.host.set_random(random);
        let api = rig.api(0);
        api.fail();
        let hook = rig.text("a", &api);
        assert_eq!(hook.retry(), Some(Retry { count: 1, at_ms: first }), "at {random}");
    }
}

#[test]
fn a_retry_that_succeeds_ends_the_error() {
    let rig = Rig::new();
    let api = rig.api(10);
    api.fail();
    let hook = rig.text("a", &api);
    rig.host.advance(10);
    api.recover();
    rig.host.advance(10_010);
    assert_eq!((hook.shown(), hook.failure(), hook.retry()), (some("a2"), None, None));
}

#[test]
fn a_success_begins_the_count_anew() {
    let rig = Rig::new();
    let api = rig.api(0);
    api.react(|key, count| if count == 3 { Ok(key.to_owned()) } else { Err(count.to_string()) });
    let hook = rig.text("a", &api);
    rig.host.advance(60_000);
    assert_eq!((hook.shown(), api.count()), (some("a"), 3));
    hook.revalidate();
    rig.host.settle();
    assert_eq!(hook.retry().map(|retry| retry.count), Some(1));
}

#[test]
fn nothing_is_retried_while_hidden_and_at_once_when_shown() {
    let rig = Rig::new();
    let api = rig.api(10);
    api.fail();
    let hook = rig.text("a", &api);
    rig.host.set_visible(false);
    rig.host.advance(100_000);
    assert_eq!((api.count(), hook.is_paused.get_untracked()), (1, true));
    rig.host.set_visible(true);
    rig.host.advance(0);
    assert_eq!((api.count(), hook.is_paused.get_untracked()), (2, false));
}

#[test]
fn nothing_is_retried_while_offline_and_at_once_when_online() {
    let rig = Rig::new();
    let api = rig.api(10);
    api.fail();
    let _hook = rig.text_with("a", &api, |options| {
        options.revalidate_on_reconnect(false);
    });
    rig.host.set_online(false);
    rig.host.advance(100_000);
    assert_eq!(api.count(), 1);
    rig.host.set_online(true);
    rig.host.advance(0);
    assert_eq!(api.times(), [0, 100_000]);
}

#[test]
fn a_retry_that_is_not_due_when_shown_again_waits_for_its_time() {
    let rig = Rig::new();
    let api = rig.api(10);
    api.fail();
    let _hook = rig.text_with("a", &api, |options| {
        options.revalidate_on_focus(false);
    });
    rig.host.advance(10);
    rig.host.set_visible(false);
    rig.host.advance(1_000);
    rig.host.set_visible(true);
    rig.host.advance(8_999);
    assert_eq!(api.count(), 1);
    rig.host.advance(1);
    assert_eq!(api.count(), 2);
}

#[test]
fn nothing_is_retried_when_should_retry_on_error_is_false() {
    let rig = Rig::new();
    let api = rig.api(10);
    api.fail();
    let _hook = rig.text_with("a", &api, |options| {
        options.should_retry_on_error(false);
    });
    rig.host.advance(100_000);
    assert_eq!(api.count(), 1);
}

#[test]
fn whether_to_retry_can_depend_on_the_error() {
    let rig = Rig::new();
    let api = rig.api(10);
    api.react(|_, count| Err(if count < 3 { "again".to_owned() } else { "never".to_owned() }));
    let _hook = rig.text_with("a", &api, |options| {
        options.should_retry_by(|error: &String| error == "again");
    });
    rig.host.advance(1_000_000);
    assert_eq!(api.count(), 3);
}

#[test]
fn a_first_load_that_takes_three_seconds_is_slow() {
    let rig = Rig::new();
    let api = rig.api(3_001);
    let heard = Heard::default();
    let listening = heard.clone();
    let _hook = rig.text_with("a", &api, move |options| listening.listen(options));
    rig.host.advance(2_999);
    assert!(heard.all().is_empty());
    rig.host.advance(1);
    assert_eq!(heard.all(), ["slow"]);
    rig.host.advance(1);
    assert_eq!(heard.all(), ["slow", "success a1"]);
}

#[test]
fn a_slow_revalidation_is_not_a_slow_load() {
    let rig = Rig::new();
    let api = rig.api(10);
    let heard = Heard::default();
    let listening = heard.clone();
    let hook = rig.text_with("a", &api, move |options| listening.listen(options));
    rig.host.advance(10);
    api.take_ms(10_000);
    hook.revalidate();
    rig.host.advance(9_000);
    assert_eq!(heard.all(), ["success a1"]);
}

#[test]
fn retries_are_limited_by_their_count() {
    let rig = Rig::new();
    let api = rig.api(10);
    api.fail();
    let hook = rig.text_with("a", &api, |options| {
        options.error_retry_count(Some(2));
    });
    rig.host.advance(1_000_000);
    assert_eq!((api.count(), hook.retry()), (3, None));
}

#[test]
fn no_retry_is_made_when_the_count_is_zero() {
    let rig = Rig::new();
    let api = rig.api(10);
    api.fail();
    let _hook = rig.text_with("a", &api, |options| {
        options.error_retry_count(Some(0));
    });
    rig.host.advance(1_000_000);
    assert_eq!(api.count(), 1);
}

#[test]
fn nothing_is_called_or_retried_after_the_hook_is_gone() {
    let rig = Rig::new();
    let api = rig.api(5_000);
    api.fail();
    let heard = Heard::default();
    let listening = heard.clone();
    drop(rig.text_with("a", &api, move |options| listening.listen(options)));
    rig.host.advance(100_000);
    assert_eq!((heard.all().len(), api.count(), api.aborted()), (0, 1, 1));
}

#[test]
fn a_pending_retry_dies_with_the_last_hook() {
    let rig = Rig::new();
    let api = rig.api(10);
    api.fail();
    let hook = rig.text("a", &api);
    rig.host.advance(10);
    drop(hook);
    assert_eq!(rig.host.timer_count(), 0);
}

#[test]
fn the_error_stays_during_a_revalidation_until_a_success() {
    let rig = Rig::new();
    let api = rig.api(10);
    api.fail();
    let hook = rig.text("a", &api);
    rig.host.advance(10);
    api.recover();
    hook.revalidate();
    rig.host.advance(9);
    assert_eq!((hook.failure(), hook.busy()), (some("a failed 1"), (true, true)));
    rig.host.advance(1);
    assert_eq!((hook.shown(), hook.failure()), (some("a2"), None));
}

#[test]
fn validating_ends_with_a_failure() {
    let rig = Rig::new();
    let api = rig.api(0);
    api.fail();
    let hook = rig.text("a", &api);
    assert_eq!((hook.failure(), hook.busy()), (some("a failed 1"), (false, false)));
}

#[test]
fn on_error_is_called_once_for_all_hooks_of_a_key() {
    let rig = Rig::new();
    let api = rig.api(10);
    api.fail();
    let heard = Heard::default();
    let (one, two) = (heard.clone(), heard.clone());
    let _first = rig.text_with("a", &api, move |options| one.listen(options));
    let _second = rig.text_with("a", &api, move |options| two.listen(options));
    rig.host.advance(10);
    assert_eq!(heard.all().len(), 1);
}

#[test]
fn a_mount_beside_a_failed_hook_does_not_fetch() {
    let rig = Rig::new();
    let api = rig.api(10);
    api.fail();
    let _first = rig.text("a", &api);
    rig.host.advance(3_000);
    let second = rig.text("a", &api);
    assert_eq!((api.count(), second.failure(), second.busy()), (1, some("a failed 1"), (false, false)));
}

#[test]
fn a_mount_after_the_failed_hook_is_gone_fetches() {
    let rig = Rig::new();
    let api = rig.api(10);
    api.fail();
    let first = rig.text("a", &api);
    rig.host.advance(10);
    drop(first);
    let _second = rig.text("a", &api);
    assert_eq!(api.count(), 2);
}

#[test]
fn a_revalidation_takes_the_place_of_a_pending_retry() {
    let rig = Rig::new();
    let api = rig.api(10);
    api.fail();
    let hook = rig.text("a", &api);
    rig.host.advance(10);
    api.recover();
    hook.revalidate();
    rig.host.advance(100_000);
    assert_eq!(api.count(), 2);
}
