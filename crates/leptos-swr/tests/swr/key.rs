//! `use-swr-key.test.tsx`.

use leptos_swr::use_swr;
use reactive_graph::signal::RwSignal;
use reactive_graph::traits::{Get, GetUntracked, Set};

use crate::rig::{Rig, Shown, some};

#[test]
fn an_old_keys_answer_is_ignored() {
    let rig = Rig::new();
    let api = rig.api(100);
    let key = RwSignal::new(Some("a"));
    let hook = rig.keyed(key, &api);
    rig.host.advance(50);
    api.take_ms(10);
    key.set(Some("b"));
    rig.host.advance(10);
    assert_eq!(hook.shown(), some("b1"));
    rig.host.advance(1_000);
    assert_eq!((hook.shown(), api.aborted()), (some("b1"), 1));
}

#[test]
fn data_is_none_on_a_new_key() {
    let rig = Rig::new();
    let api = rig.api(10);
    let key = RwSignal::new(Some("a"));
    let hook = rig.keyed(key, &api);
    rig.host.advance(10);
    key.set(Some("b"));
    assert_eq!(hook.shown(), None, "in the same tick already");
    rig.host.advance(10);
    assert_eq!(hook.shown(), some("b1"));
}

#[test]
fn no_draw_shows_an_old_keys_data_under_a_new_key() {
    let rig = Rig::new();
    let api = rig.api(10);
    let key = RwSignal::new(Some("a"));
    let hook = rig.keyed(key, &api);
    let data = hook.data;
    let draws = rig.draws(move || {
        let (key, data) = (key.get(), data.get());
        assert!(data.is_none_or(|data| data.starts_with(key.unwrap_or("none"))));
    });
    for next in ["b", "a", "c", "b"] {
        rig.host.advance(10);
        key.set(Some(next));
    }
    rig.host.advance(10);
    assert!(draws.get() > 5);
}

#[test]
fn the_cached_data_of_a_new_key_is_there_at_once() {
    let rig = Rig::new();
    let api = rig.api(10);
    let key = RwSignal::new(Some("a"));
    let hook = rig.keyed(key, &api);
    rig.host.advance(10);
    key.set(Some("b"));
    rig.host.advance(10);
    key.set(Some("a"));
    assert_eq!(hook.shown(), some("a1"));
}

#[test]
fn a_key_that_is_made_anew_but_equal_changes_nothing() {
    let rig = Rig::new();
    let api = rig.api(10);
    let signal = RwSignal::new(1);
    let fetcher = api.fetcher();
    let hook = rig.mount(|| {
        use_swr(
            move || {
                signal.get();
                some("a")
            },
            fetcher,
        )
    });
    signal.set(2);
    rig.host.advance(5_000);
    signal.set(3);
    rig.host.advance(10);
    assert_eq!((api.count(), api.aborted(), hook.shown()), (1, 0, some("a1")));
}

#[test]
fn an_empty_key_does_not_fetch() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.keyed(RwSignal::new(None), &api);
    rig.host.advance(100);
    assert_eq!((api.count(), hook.shown(), hook.busy()), (0, None, (false, false)));
}

#[test]
fn a_key_that_turns_empty_leaves_nothing() {
    let rig = Rig::new();
    let api = rig.api(10);
    api.fail();
    let key = RwSignal::new(Some("a"));
    let hook = rig.keyed(key, &api);
    rig.host.advance(10);
    key.set(None);
    rig.host.settle();
    assert_eq!((hook.shown(), hook.failure(), hook.busy()), (None, None, (false, false)));
    assert_eq!(rig.host.timer_count(), 0);
}

#[test]
fn a_key_that_turns_empty_while_loading_aborts() {
    let rig = Rig::new();
    let api = rig.api(10);
    let key = RwSignal::new(Some("a"));
    let hook = rig.keyed(key, &api);
    key.set(None);
    rig.host.settle();
    assert_eq!((api.aborted(), hook.busy()), (1, (false, false)));
}

#[test]
fn two_hooks_whose_keys_change_together_stay_in_step() {
    let rig = Rig::new();
    let api = rig.api(10);
    let key = RwSignal::new(Some("a"));
    let (first, second) = (rig.keyed(key, &api), rig.keyed(key, &api));
    rig.host.advance(10);
    key.set(Some("b"));
    rig.host.settle();
    assert_eq!((first.busy(), second.busy()), ((true, true), (true, true)));
    rig.host.advance(10);
    assert_eq!((first.shown(), second.shown(), api.count()), (some("b1"), some("b1"), 2));
}

#[test]
fn keys_are_compared_deeply() {
    let rig = Rig::new();
    let api = rig.api(10);
    let key = || Some((vec!["a".to_owned()], Some(7)));
    let (one, two) = (api.clone(), api.clone());
    let first = rig.mount(|| use_swr(key, move |(path, _)| one.ask(path.concat())));
    let second = rig.mount(|| use_swr(key, move |(path, _)| two.ask(path.concat())));
    rig.host.advance(10);
    assert_eq!(
        (first.data.get_untracked(), second.data.get_untracked(), api.count()),
        (some("a1"), some("a1"), 1)
    );
}

#[test]
fn equal_keys_of_two_types_of_data_are_two_entries() {
    let rig = Rig::new();
    let api = rig.api(0);
    let text = rig.text("a", &api);
    let number = rig.mount(|| use_swr(|| some("a"), |_| async { Ok::<_, String>(7) }));
    rig.host.settle();
    assert_eq!((text.shown(), number.data.get_untracked()), (some("a1"), Some(7)));
}
