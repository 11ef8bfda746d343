//! `use-swr-preload.test.tsx`.

use crate::rig::{Rig, Shown, some};

#[test]
fn a_preloaded_answer_is_taken_by_the_first_hook() {
    let rig = Rig::new();
    let api = rig.api(100);
    rig.cache.preload("a".to_owned(), api.fetcher());
    rig.host.advance(60);
    let hook = rig.text("a", &api);
    assert_eq!(hook.busy(), (true, true));
    rig.host.advance(40);
    assert_eq!((hook.shown(), api.count()), (some("a1"), 1));
}

#[test]
fn a_preload_that_has_answered_is_there_in_a_moment() {
    let rig = Rig::new();
    let api = rig.api(10);
    rig.cache.preload("a".to_owned(), api.fetcher());
    rig.host.advance(10);
    let hook = rig.text("a", &api);
    assert_eq!((hook.shown(), api.count()), (some("a1"), 1));
}

#[test]
fn a_key_is_preloaded_once() {
    let rig = Rig::new();
    let api = rig.api(10);
    for _ in 0..3 {
        rig.cache.preload("a".to_owned(), api.fetcher());
        rig.host.advance(5);
    }
    assert_eq!(api.count(), 1);
}

#[test]
fn a_preloaded_answer_is_used_once() {
    let rig = Rig::new();
    let api = rig.api(10);
    rig.cache.preload("a".to_owned(), api.fetcher());
    let hook = rig.text("a", &api);
    rig.host.advance(10);
    hook.revalidate();
    rig.host.advance(10);
    assert_eq!((hook.shown(), api.count()), (some("a2"), 2));
}

#[test]
fn a_failed_preload_is_the_hooks_error_and_the_next_request_is_new() {
    let rig = Rig::new();
    let api = rig.api(10);
    api.fail();
    rig.cache.preload("a".to_owned(), api.fetcher());
    rig.host.advance(10);
    let hook = rig.text("a", &api);
    assert_eq!((hook.failure(), api.count()), (some("a failed 1"), 1));
    api.recover();
    hook.revalidate();
    rig.host.advance(10);
    assert_eq!((hook.shown(), api.count()), (some("a2"), 2));
}

#[test]
fn hooks_that_mount_while_preloading_make_no_request() {
    let rig = Rig::new();
    let api = rig.api(10);
    rig.cache.preload("a".to_owned(), api.fetcher());
    let hooks = [rig.text("a", &api), rig.text("a", &api)];
    rig.host.advance(10);
    assert!(api.count() == 1 && hooks.iter().all(|hook| hook.shown() == some("a1")));
}

#[test]
fn emptying_the_cache_forgets_a_preload() {
    let rig = Rig::new();
    let api = rig.api(10);
    rig.cache.preload("a".to_owned(), api.fetcher());
    rig.cache.unload_and_revalidate();
    let hook = rig.text("a", &api);
    rig.host.advance(10);
    assert_eq!((hook.shown(), api.count()), (some("a2"), 2));
}

#[test]
fn a_mutation_forgets_a_preload() {
    let rig = Rig::new();
    let api = rig.api(10);
    rig.cache.preload("a".to_owned(), api.fetcher());
    rig.entry("a").set_and_revalidate(None);
    let hook = rig.text("a", &api);
    rig.host.advance(10);
    assert_eq!(hook.shown(), some("a2"));
}
