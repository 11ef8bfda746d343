//! `use-swr-config-callbacks.test.tsx`.

use reactive_graph::signal::RwSignal;
use reactive_graph::traits::{Get, Set};

use crate::rig::{Heard, Rig, Shown, some};

#[test]
fn the_latest_on_success_is_called() {
    let rig = Rig::new();
    let api = rig.api(10);
    let version = RwSignal::new(1);
    let heard = Heard::default();
    let into = heard.clone();
    let _hook = rig.text_with("a", &api, move |options| {
        let (into, version) = (into.clone(), version.get());
        options.on_success(move |data| into.note(format!("{data} by {version}")));
    });
    version.set(2);
    rig.host.advance(10);
    assert_eq!(heard.all(), ["a1 by 2"]);
}

#[test]
fn the_latest_on_error_and_on_loading_slow_are_called() {
    let rig = Rig::new();
    let api = rig.api(4_000);
    api.fail();
    let version = RwSignal::new(1);
    let heard = Heard::default();
    let into = heard.clone();
    let _hook = rig.text_with("a", &api, move |options| {
        let (error, slow, version) = (into.clone(), into.clone(), version.get());
        options.on_error(move |_| error.note(format!("error by {version}")));
        options.on_loading_slow(move || slow.note(format!("slow by {version}")));
    });
    version.set(2);
    rig.host.advance(4_000);
    assert_eq!(heard.all(), ["slow by 2", "error by 2"]);
}

#[test]
fn the_latest_choice_of_retries_counts() {
    let rig = Rig::new();
    let api = rig.api(10);
    api.fail();
    let wanted = RwSignal::new(true);
    let _hook = rig.text_with("a", &api, move |options| {
        options.should_retry_on_error(wanted.get());
    });
    rig.host.advance(10);
    wanted.set(false);
    rig.host.advance(100_000);
    assert_eq!(api.count(), 2, "the retry that was set is made, and no other");
}

#[test]
fn on_discarded_hears_of_an_answer_overtaken_by_a_mutation() {
    let rig = Rig::new();
    let api = rig.api(10);
    let heard = Heard::default();
    let listening = heard.clone();
    let hook = rig.text_with("a", &api, move |options| listening.listen(options));
    hook.set(some("written"));
    rig.host.advance(10);
    assert_eq!((heard.all(), hook.shown()), (vec!["discarded".to_owned()], some("written")));
}

#[test]
fn callbacks_may_change_the_cache() {
    let rig = Rig::new();
    let api = rig.api(10);
    let cache = rig.cache.clone();
    let _hook = rig.text_with("a", &api, move |options| {
        let cache = cache.clone();
        options.on_success(move |data| {
            cache.entry::<_, String, String>("copy".to_owned()).set(Some(data.clone()));
        });
    });
    rig.host.advance(10);
    assert_eq!(rig.entry("copy").data(), some("a1"));
}
