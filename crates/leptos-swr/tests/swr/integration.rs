//! `use-swr-integration.test.tsx`.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use leptos_swr::{use_swr, use_swr_with};
use reactive_graph::signal::RwSignal;
use reactive_graph::traits::{Get, GetUntracked, Set};

use crate::rig::{Rig, Shown, some};

#[test]
fn data_is_none_at_first_and_then_the_answer() {
    let rig = Rig::new();
    let api = rig.api(50);
    let hook = rig.text("a", &api);
    assert_eq!((hook.shown(), hook.busy()), (None, (true, true)));
    rig.host.advance(49);
    assert_eq!(hook.shown(), None);
    rig.host.advance(1);
    assert_eq!((hook.shown(), hook.failure(), hook.busy()), (some("a1"), None, (false, false)));
}

#[test]
fn hooks_of_one_key_share_one_request() {
    let rig = Rig::new();
    let api = rig.api(50);
    let first = rig.text("a", &api);
    let second = rig.text("a", &api);
    rig.host.advance(50);
    assert_eq!((first.shown(), second.shown(), api.count()), (some("a1"), some("a1"), 1));
}

#[test]
fn a_mount_within_two_seconds_of_the_answer_shares_it() {
    let rig = Rig::new();
    let api = rig.api(50);
    let _first = rig.text("a", &api);
    rig.host.advance(2049);
    let _second = rig.text("a", &api);
    assert_eq!(api.count(), 1);
}

#[test]
fn a_mount_after_the_dedupe_interval_revalidates() {
    let rig = Rig::new();
    let api = rig.api(50);
    let first = rig.text("a", &api);
    rig.host.advance(2050);
    let second = rig.text("a", &api);
    assert_eq!(second.shown(), some("a1"), "the cached value is there at once");
    rig.host.advance(50);
    assert_eq!((first.shown(), second.shown(), api.times()), (some("a2"), some("a2"), vec![0, 2050]));
}

#[test]
fn the_dedupe_interval_can_be_set() {
    let rig = Rig::new();
    let api = rig.api(10);
    let _first = rig.text_with("a", &api, |options| {
        options.dedupe_interval(Duration::from_millis(100));
    });
    rig.host.advance(110);
    let _second = rig.text("a", &api);
    assert_eq!(api.count(), 2);
}

#[test]
fn a_key_is_made_anew_where_it_reads_a_signal() {
    let rig = Rig::new();
    let api = rig.api(10);
    let number = RwSignal::new(1);
    let fetcher = api.fetcher();
    let hook = rig.mount(|| use_swr(move || Some(format!("n{}-", number.get())), fetcher));
    rig.host.advance(10);
    number.set(2);
    rig.host.advance(10);
    assert_eq!(hook.shown(), some("n2-1"));
    assert_eq!(api.keys(), ["n1-", "n2-"]);
}

#[test]
fn nothing_is_fetched_on_mount_when_revalidate_on_mount_is_false() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text_with("a", &api, |options| {
        options.revalidate_on_mount(Some(false));
    });
    rig.host.advance(100);
    assert_eq!((api.count(), hook.busy()), (0, (false, false)));
}

#[test]
fn a_changed_key_is_fetched_although_revalidate_on_mount_is_false() {
    let rig = Rig::new();
    let api = rig.api(10);
    let key = RwSignal::new("a");
    let fetcher = api.fetcher();
    let hook = rig.mount(|| {
        use_swr_with(
            move || some(key.get()),
            fetcher,
            |options| {
                options.revalidate_on_mount(Some(false));
            },
        )
    });
    rig.host.advance(10);
    key.set("b");
    rig.host.advance(10);
    assert_eq!((hook.shown(), api.keys()), (some("b1"), vec!["b".to_owned()]));
}

#[test]
fn a_mount_fetches_despite_fallback_data_when_revalidate_on_mount_is_true() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text_with("a", &api, |options| {
        options.fallback_data(some("fallback"));
        options.revalidate_if_stale(false);
        options.revalidate_on_mount(Some(true));
    });
    assert_eq!(hook.shown(), some("fallback"));
    rig.host.advance(10);
    assert_eq!(hook.shown(), some("a1"));
}

#[test]
fn fallback_data_without_revalidation_is_not_loading() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text_with("a", &api, |options| {
        options.fallback_data(some("fallback"));
        options.revalidate_if_stale(false);
    });
    assert_eq!((hook.shown(), hook.busy(), api.count()), (some("fallback"), (false, false), 0));
}

#[test]
fn fallback_data_is_revalidated_by_default() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text_with("a", &api, |options| {
        options.fallback_data(some("fallback"));
    });
    assert_eq!(hook.shown(), some("fallback"));
    rig.host.advance(10);
    assert_eq!(hook.shown(), some("a1"));
}

#[test]
fn fallback_data_is_not_put_into_the_cache() {
    let rig = Rig::new();
    let api = rig.api(10);
    let _with = rig.text_with("a", &api, |options| {
        options.fallback_data(some("fallback"));
    });
    let without = rig.text("a", &api);
    assert_eq!(without.shown(), None);
}

#[test]
fn on_success_gets_the_data() {
    let rig = Rig::new();
    let api = rig.api(10);
    let heard = Rc::new(RefCell::new(Vec::new()));
    let into = heard.clone();
    let _hook = rig.text_with("a", &api, move |options| {
        let into = into.clone();
        options.on_success(move |data| into.borrow_mut().push(data.clone()));
    });
    rig.host.advance(10);
    assert_eq!(*heard.borrow(), ["a1"]);
}

#[test]
fn data_error_and_validating_are_shared_by_all_hooks_of_a_key() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hooks: Vec<_> = (0..3).map(|_| rig.text("a", &api)).collect();
    assert!(hooks.iter().all(|hook| hook.busy() == (true, true)));
    rig.host.advance(10);
    assert!(hooks.iter().all(|hook| hook.shown() == some("a1") && hook.busy() == (false, false)));
    api.fail();
    hooks[1].revalidate();
    assert!(hooks.iter().all(|hook| hook.busy() == (false, true)));
    rig.host.advance(10);
    assert!(hooks.iter().all(|hook| hook.failure() == some("a failed 2") && hook.shown() == some("a1")));
}

#[test]
fn an_object_can_be_a_key() {
    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Query {
        number: u64,
        missed: bool,
    }
    let rig = Rig::new();
    let host = rig.host.clone();
    let query = || Some(Query { number: 7, missed: true });
    let fetch = move |query: Query| {
        let answer = host.sleep(10);
        async move {
            answer.await;
            Ok::<_, String>(format!("{} {}", query.number, query.missed))
        }
    };
    let hook = rig.mount(|| use_swr(query, fetch));
    rig.host.advance(10);
    assert_eq!(hook.data.get_untracked(), some("7 true"));
}

#[test]
fn nested_hooks_load_once() {
    let rig = Rig::new();
    let api = rig.api(10);
    let outer = rig.text("a", &api);
    rig.host.advance(10);
    let inner = rig.text("a", &api);
    assert_eq!((inner.shown(), inner.busy()), (some("a1"), (false, false)));
    rig.host.advance(100);
    assert_eq!((api.count(), outer.shown()), (1, some("a1")));
}

#[test]
fn a_load_draws_data_twice_and_validating_twice() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text("a", &api);
    let (data, busy) = (hook.data, hook.is_validating);
    let data_draws = rig.draws(move || drop(data.get()));
    let busy_draws = rig.draws(move || assert!(busy.try_get().is_some()));
    rig.host.advance(100);
    assert_eq!((data_draws.get(), busy_draws.get()), (2, 2));
}

#[test]
fn a_hook_that_reads_everything_is_drawn_twice_for_a_load() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text("a", &api);
    let all = *hook;
    let draws = rig.draws(move || {
        drop((all.data.get(), all.error.get(), all.is_loading.get(), all.is_validating.get()))
    });
    rig.host.advance(100);
    assert_eq!(draws.get(), 2);
}

#[test]
fn the_answer_is_readable_at_once_without_waiting_for_an_effect() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text("a", &api);
    rig.host.advance(10);
    hook.set(some("written"));
    assert_eq!(hook.shown(), some("written"));
}
