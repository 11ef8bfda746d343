//! `use-swr-loading.test.tsx`.

use std::cell::Cell;
use std::rc::Rc;

use leptos_swr::{use_swr, use_swr_cached};
use reactive_graph::signal::RwSignal;
use reactive_graph::traits::{Get, Set};

use crate::rig::{Rig, Shown, Text, some};

#[test]
fn a_first_load_is_loading_and_validating() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text("a", &api);
    assert_eq!(hook.busy(), (true, true));
    rig.host.advance(10);
    assert_eq!(hook.busy(), (false, false));
}

#[test]
fn a_revalidation_is_validating_but_not_loading() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text("a", &api);
    rig.host.advance(10);
    hook.revalidate();
    assert_eq!(hook.busy(), (false, true));
}

#[test]
fn a_hook_that_reads_only_data_is_not_drawn_for_a_revalidation_with_equal_data() {
    let rig = Rig::new();
    let api = rig.api(10);
    api.always("same");
    let hook = rig.text("a", &api);
    rig.host.advance(10);
    let data = hook.data;
    let draws = rig.draws(move || drop(data.get()));
    for _ in 0..5 {
        hook.revalidate();
        rig.host.advance(10);
    }
    assert_eq!((draws.get(), api.count()), (1, 6));
}

#[test]
fn a_hook_is_not_drawn_while_a_request_is_under_way() {
    let rig = Rig::new();
    let api = rig.api(1_000);
    let mounted = rig.text("a", &api);
    let hook = *mounted;
    let draws = rig.draws(move || drop((hook.data.get(), hook.error.get(), hook.is_validating.get())));
    rig.host.advance(999);
    assert_eq!(draws.get(), 1);
}

#[test]
fn a_hook_is_not_drawn_when_the_answer_is_its_fallback() {
    let rig = Rig::new();
    let api = rig.api(10);
    api.always("same");
    let hook = rig.text_with("a", &api, |options| {
        options.fallback_data(some("same"));
    });
    let data = hook.data;
    let draws = rig.draws(move || drop(data.get()));
    rig.host.advance(100);
    assert_eq!((draws.get(), api.count()), (1, 1));
}

#[test]
fn validating_ends_for_all_hooks_when_the_request_fails() {
    let rig = Rig::new();
    let api = rig.api(10);
    api.fail();
    let (first, second) = (rig.text("a", &api), rig.text("a", &api));
    rig.host.advance(10);
    assert_eq!((first.busy(), second.busy()), ((false, false), (false, false)));
}

#[test]
fn a_failure_while_paused_ends_validating_and_is_not_shown() {
    let rig = Rig::new();
    let api = rig.api(10);
    api.fail();
    let paused = Rc::new(Cell::new(false));
    let asked = paused.clone();
    let hook = rig.text_with("a", &api, move |options| {
        let asked = asked.clone();
        options.is_paused(move || asked.get());
    });
    paused.set(true);
    rig.host.advance(10);
    assert_eq!((hook.failure(), hook.busy()), (None, (false, false)));
}

#[test]
fn a_new_key_is_loading_again() {
    let rig = Rig::new();
    let api = rig.api(10);
    let key = RwSignal::new(Some("a"));
    let hook = rig.keyed(key, &api);
    rig.host.advance(10);
    key.set(Some("b"));
    rig.host.settle();
    assert_eq!(hook.busy(), (true, true));
}

#[test]
fn a_second_hook_shows_loading_and_validating_of_the_request_under_way() {
    let rig = Rig::new();
    let api = rig.api(10);
    let _first = rig.text("a", &api);
    rig.host.advance(5);
    let second = rig.text("a", &api);
    assert_eq!(second.busy(), (true, true));
}

#[test]
fn without_a_key_nothing_is_loading() {
    let rig = Rig::new();
    let api = rig.api(10);
    let fetcher = api.fetcher();
    let hook = rig.mount(|| use_swr(|| None, fetcher));
    rig.host.advance(10);
    assert_eq!((hook.busy(), api.count()), ((false, false), 0));
}

#[test]
fn without_a_fetcher_nothing_is_loading() {
    let rig = Rig::new();
    let hook: crate::rig::Mounted<Text> = rig.mount(|| use_swr_cached(|| some("a")));
    assert_eq!(hook.busy(), (false, false));
}
