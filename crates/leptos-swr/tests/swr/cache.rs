//! `use-swr-cache.test.tsx`.

use std::rc::Rc;
use std::time::Duration;

use leptos_swr::{Cache, Config, use_cache, use_swr};

use crate::rig::{Rig, Shown, some};

#[test]
fn a_hook_shows_what_is_in_the_cache_already() {
    let rig = Rig::new();
    let api = rig.api(10);
    rig.entry("a").set(some("initial"));
    let hook = rig.text("a", &api);
    assert_eq!((hook.shown(), hook.busy()), (some("initial"), (false, true)));
    rig.host.advance(10);
    assert_eq!((hook.shown(), rig.entry("a").data()), (some("a1"), some("a1")));
}

#[test]
fn caches_are_isolated() {
    let rig = Rig::new();
    let api = rig.api(10);
    let outer = rig.text("a", &api);
    let (host, fetcher) = (rig.host.clone(), api.fetcher());
    let inner = rig.mount(|| {
        let own = Cache::new(Rc::new(host), Config::default()).provide();
        own.entry::<_, String, String>("a".to_owned()).set(some("own"));
        use_swr(|| some("a"), fetcher)
    });
    assert_eq!((outer.shown(), inner.shown()), (None, some("own")));
    rig.host.advance(10);
    assert_eq!(api.count(), 2);
    outer.set(some("written"));
    assert_eq!(inner.shown(), some("a2"));
}

#[test]
fn a_cache_works_with_focus_and_its_own_config() {
    let rig = Rig::with(Config { focus_throttle_interval: Duration::ZERO, ..Config::default() });
    let api = rig.api(0);
    let _hook = rig.text("a", &api);
    rig.host.advance(2_001);
    rig.host.focus();
    rig.host.advance(0);
    assert_eq!(api.count(), 2);
}

#[test]
fn the_cached_data_comes_before_the_fallback() {
    let rig = Rig::new();
    let api = rig.api(10);
    rig.entry("a").set(some("cached"));
    let hook = rig.text_with("a", &api, |options| {
        options.fallback_data(some("fallback"));
    });
    assert_eq!(hook.shown(), some("cached"));
}

#[test]
fn use_cache_finds_the_cache_above() {
    let rig = Rig::new();
    let found = rig.mount(use_cache);
    found.entry::<_, String, String>("a".to_owned()).set(some("written"));
    assert_eq!(rig.entry("a").data(), some("written"));
}

#[test]
fn data_outlives_its_hooks() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text("a", &api);
    rig.host.advance(10);
    drop(hook);
    let hook = rig.text("a", &api);
    assert_eq!(hook.shown(), some("a1"));
}
