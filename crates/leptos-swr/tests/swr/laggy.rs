//! `use-swr-laggy.test.tsx`.

use leptos_swr::use_swr_pages;
use reactive_graph::signal::RwSignal;
use reactive_graph::traits::{Get, GetUntracked, Set};

use crate::rig::{Rig, Shown, some};

#[test]
fn previous_data_is_kept_when_the_key_changes() {
    let rig = Rig::new();
    let api = rig.api(10);
    let key = RwSignal::new(Some("a"));
    let hook = rig.keyed_with(key, &api, |options| {
        options.keep_previous_data(true);
    });
    rig.host.advance(10);
    key.set(Some("b"));
    rig.host.settle();
    assert_eq!((hook.shown(), hook.busy()), (some("a1"), (true, true)));
    rig.host.advance(10);
    assert_eq!(hook.shown(), some("b1"));
}

#[test]
fn previous_data_is_a_hooks_own_and_not_the_keys() {
    let rig = Rig::new();
    let api = rig.api(10);
    let key = RwSignal::new(Some("a"));
    let plain = rig.keyed(key, &api);
    let laggy = rig.keyed_with(key, &api, |options| {
        options.keep_previous_data(true);
    });
    rig.host.advance(10);
    key.set(Some("b"));
    rig.host.settle();
    assert_eq!((plain.shown(), laggy.shown()), (None, some("a1")));
}

#[test]
fn previous_data_comes_before_fallback_data() {
    let rig = Rig::new();
    let api = rig.api(10);
    let key = RwSignal::new(Some("a"));
    let hook = rig.keyed_with(key, &api, |options| {
        options.keep_previous_data(true);
        options.fallback_data(some("fallback"));
    });
    assert_eq!(hook.shown(), some("fallback"));
    rig.host.advance(10);
    key.set(Some("b"));
    rig.host.settle();
    assert_eq!(hook.shown(), some("a1"));
}

#[test]
fn the_newest_data_is_kept_also_when_it_was_written_by_hand() {
    let rig = Rig::new();
    let api = rig.api(10);
    let key = RwSignal::new(Some("a"));
    let hook = rig.keyed_with(key, &api, |options| {
        options.keep_previous_data(true);
    });
    rig.host.advance(10);
    hook.set(some("written"));
    assert_eq!(hook.shown(), some("written"));
    key.set(Some("b"));
    assert_eq!(hook.shown(), some("written"));
}

#[test]
fn previous_pages_are_kept_too() {
    let rig = Rig::new();
    let api = rig.api(10);
    let key = RwSignal::new("a");
    let fetcher = api.fetcher();
    let pages = rig.mount(|| {
        use_swr_pages(
            move |index, _: Option<&String>| Some(format!("{}{index}:", key.get())),
            fetcher,
            |options| {
                options.keep_previous_data(true);
            },
        )
    });
    rig.host.advance(10);
    key.set("b");
    rig.host.settle();
    assert_eq!(pages.data.get_untracked(), Some(vec!["a0:1".to_owned()]));
    rig.host.advance(10);
    assert_eq!(pages.data.get_untracked(), Some(vec!["b0:1".to_owned()]));
}

#[test]
fn keep_previous_data_can_change_while_live() {
    let rig = Rig::new();
    let api = rig.api(10);
    let (key, keep) = (RwSignal::new(Some("a")), RwSignal::new(false));
    let hook = rig.keyed_with(key, &api, move |options| {
        options.keep_previous_data(keep.get());
    });
    rig.host.advance(10);
    key.set(Some("b"));
    assert_eq!(hook.shown(), None);
    rig.host.advance(10);
    keep.set(true);
    rig.host.settle();
    key.set(Some("c"));
    assert_eq!(hook.shown(), some("b1"));
}

#[test]
fn data_that_is_written_away_is_kept_on_show() {
    let rig = Rig::new();
    let api = rig.api(10);
    let plain = rig.text("a", &api);
    let laggy = rig.text_with("a", &api, |options| {
        options.keep_previous_data(true);
    });
    rig.host.advance(10);
    assert_eq!(laggy.shown(), some("a1"));
    plain.set_and_revalidate(None);
    assert_eq!((plain.shown(), laggy.shown()), (None, some("a1")));
    rig.host.advance(10);
    assert_eq!((plain.shown(), laggy.shown()), (some("a2"), some("a2")));
}

#[test]
fn data_equal_to_the_fallback_is_drawn_in_place_of_the_previous_data() {
    let rig = Rig::new();
    let api = rig.api(10);
    api.react(|key, _| Ok(if key == "b" { "fallback".to_owned() } else { key.to_owned() }));
    let key = RwSignal::new(Some("a"));
    let hook = rig.keyed_with(key, &api, |options| {
        options.keep_previous_data(true);
        options.fallback_data(some("fallback"));
    });
    rig.host.advance(10);
    key.set(Some("b"));
    assert_eq!(hook.shown(), some("a"));
    rig.host.advance(10);
    assert_eq!(hook.shown(), some("fallback"));
}
