//! `use-swr-immutable.test.tsx`.

use std::time::Duration;

use leptos_swr::{Config, use_swr_immutable};
use reactive_graph::signal::RwSignal;
use reactive_graph::traits::{Get, Set};

use crate::rig::{Mounted, Rig, Shown, Text, some};

fn immutable(rig: &Rig, key: RwSignal<&'static str>, api: &crate::rig::Api) -> Mounted<Text> {
    let fetcher = api.fetcher();
    rig.mount(|| use_swr_immutable(move || some(key.get()), fetcher))
}

#[test]
fn stale_data_is_revalidated_on_mount_by_default() {
    let rig = Rig::new();
    let api = rig.api(0);
    drop(rig.text("a", &api));
    rig.host.advance(5_000);
    let _hook = rig.text("a", &api);
    assert_eq!(api.count(), 2);
}

#[test]
fn stale_data_is_kept_on_mount_when_revalidate_if_stale_is_false() {
    let rig = Rig::new();
    let api = rig.api(0);
    drop(rig.text("a", &api));
    rig.host.advance(5_000);
    let hook = rig.text_with("a", &api, |options| {
        options.revalidate_if_stale(false);
    });
    assert_eq!((api.count(), hook.shown()), (1, some("a1")));
}

#[test]
fn immutable_data_is_fetched_once() {
    let rig = Rig::new();
    let api = rig.api(0);
    let key = RwSignal::new("a");
    let hook = immutable(&rig, key, &api);
    rig.host.advance(10_000);
    rig.host.focus();
    rig.host.set_online(true);
    rig.host.advance(10_000);
    let _again = immutable(&rig, key, &api);
    rig.host.advance(10_000);
    assert_eq!((api.count(), hook.shown()), (1, some("a1")));
}

#[test]
fn an_immutable_hook_goes_from_cached_key_to_cached_key_without_a_fetch() {
    let rig = Rig::new();
    let api = rig.api(10);
    let key = RwSignal::new("a");
    let hook = immutable(&rig, key, &api);
    rig.host.advance(10);
    key.set("b");
    rig.host.settle();
    assert_eq!(hook.busy(), (true, true));
    rig.host.advance(5_000);
    key.set("a");
    rig.host.advance(5_000);
    assert_eq!((hook.shown(), api.count()), (some("a1"), 2));
}

#[test]
fn an_immutable_hook_ignores_the_caches_interval() {
    let rig = Rig::with(Config { refresh_interval: Duration::from_secs(1), ..Config::default() });
    let api = rig.api(0);
    let _hook = immutable(&rig, RwSignal::new("a"), &api);
    rig.host.advance(10_000);
    assert_eq!(api.count(), 1);
}

#[test]
fn immutable_data_is_fetched_again_when_asked_for() {
    let rig = Rig::new();
    let api = rig.api(0);
    let hook = immutable(&rig, RwSignal::new("a"), &api);
    hook.revalidate();
    rig.host.settle();
    assert_eq!(hook.shown(), some("a2"));
}
