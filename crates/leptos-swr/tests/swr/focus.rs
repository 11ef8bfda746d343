//! `use-swr-focus.test.tsx`.

use std::time::Duration;

use reactive_graph::signal::RwSignal;
use reactive_graph::traits::{Get, Set};

use crate::rig::{Rig, Shown, some};

#[test]
fn the_focus_revalidates() {
    let rig = Rig::new();
    let api = rig.api(0);
    let hook = rig.text("a", &api);
    rig.host.advance(5_001);
    rig.host.focus();
    rig.host.advance(0);
    assert_eq!((api.count(), hook.shown()), (2, some("a2")));
}

#[test]
fn the_focus_does_nothing_when_revalidate_on_focus_is_false() {
    let rig = Rig::new();
    let api = rig.api(0);
    let _hook = rig.text_with("a", &api, |options| {
        options.revalidate_on_focus(false);
    });
    rig.host.advance(10_000);
    rig.host.focus();
    rig.host.advance(0);
    assert_eq!(api.count(), 1);
}

#[test]
fn revalidate_on_focus_can_change_while_live() {
    let rig = Rig::new();
    let api = rig.api(0);
    let wanted = RwSignal::new(false);
    let _hook = rig.text_with("a", &api, move |options| {
        options.revalidate_on_focus(wanted.get());
    });
    let focus_later = || {
        rig.host.advance(10_000);
        rig.host.focus();
        rig.host.advance(0);
        api.count()
    };
    assert_eq!(focus_later(), 1);
    wanted.set(true);
    assert_eq!(focus_later(), 2);
    wanted.set(false);
    assert_eq!(focus_later(), 2);
}

#[test]
fn the_focus_revalidates_once_in_five_seconds() {
    let rig = Rig::new();
    let api = rig.api(0);
    let _hook = rig.text("a", &api);
    for _ in 0..20 {
        rig.host.advance(1_000);
        rig.host.focus();
    }
    rig.host.advance(0);
    assert_eq!(api.times(), [0, 6_000, 12_000, 18_000]);
}

#[test]
fn the_throttle_can_be_set_and_changed() {
    let rig = Rig::new();
    let api = rig.api(0);
    let throttle = RwSignal::new(50);
    let _hook = rig.text_with("a", &api, move |options| {
        options.dedupe_interval(Duration::ZERO);
        options.focus_throttle_interval(Duration::from_millis(throttle.get()));
    });
    let focus_after = |ms| {
        rig.host.advance(ms);
        rig.host.focus();
        rig.host.advance(0);
        api.count()
    };
    assert_eq!(focus_after(50), 1);
    assert_eq!(focus_after(1), 2);
    throttle.set(100);
    rig.host.settle();
    assert_eq!(focus_after(51), 3, "the old throttle was in force when it began");
    assert_eq!(focus_after(51), 3);
    assert_eq!(focus_after(50), 4);
}

#[test]
fn the_focus_of_a_hidden_tab_does_nothing() {
    let rig = Rig::new();
    let api = rig.api(0);
    let _hook = rig.text("a", &api);
    rig.host.advance(10_000);
    rig.host.set_visible(false);
    rig.host.advance(0);
    assert_eq!(api.count(), 1);
    rig.host.set_visible(true);
    rig.host.advance(0);
    assert_eq!(api.count(), 2);
}

#[test]
fn the_focus_in_the_tick_of_a_key_change_fetches_only_the_new_key() {
    let rig = Rig::new();
    let api = rig.api(0);
    let key = RwSignal::new(Some("a"));
    let _hook = rig.keyed(key, &api);
    rig.host.advance(10_000);
    rig.host.focus();
    key.set(Some("b"));
    rig.host.advance(0);
    assert_eq!(api.keys(), ["a", "b"]);
}

#[test]
fn the_focus_revalidates_every_key_once() {
    let rig = Rig::new();
    let api = rig.api(0);
    let _hooks = [rig.text("a", &api), rig.text("a", &api), rig.text("b", &api)];
    rig.host.advance(10_000);
    rig.host.focus();
    rig.host.advance(0);
    assert_eq!(api.count(), 4);
}
