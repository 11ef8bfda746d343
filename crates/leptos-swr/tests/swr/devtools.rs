//! `Cache::snapshot`. With the feature `devtools` only.

use std::time::Duration;

use leptos_swr::{EntryState, Retry, use_swr_with};

use crate::rig::Rig;

#[test]
fn a_snapshot_shows_each_entry_with_its_state_age_and_hooks() {
    let rig = Rig::new();
    let api = rig.api(10);
    let (hook, _other) = (rig.text("a", &api), rig.text("a", &api));
    let [loading] = rig.cache.snapshot().try_into().unwrap();
    assert_eq!((loading.key.as_str(), loading.state, loading.in_flight), ("a", EntryState::Empty, true));
    assert_eq!((loading.data, loading.age_ms), ("alloc::string::String", None));
    rig.host.advance(10);
    rig.host.advance(1_500);
    let [shown] = rig.cache.snapshot().try_into().unwrap();
    assert_eq!((shown.state, shown.in_flight, shown.age_ms), (EntryState::Data, false, Some(1_500)));
    assert_eq!(shown.shown_by.len(), 2);
    api.fail();
    hook.revalidate();
    rig.host.advance(10);
    let [failed] = rig.cache.snapshot().try_into().unwrap();
    assert_eq!(failed.state, EntryState::DataAndError);
    assert_eq!(failed.retry.map(|Retry { count, .. }| count), Some(1));
}

#[test]
fn a_snapshot_names_the_place_of_each_hook() {
    let rig = Rig::new();
    let fetcher = rig.api(0).fetcher();
    let here = line!() + 1;
    let hook = rig.mount(|| use_swr_with(|| Some("a".to_owned()), fetcher, |_| {}));
    let [entry] = rig.cache.snapshot().try_into().unwrap();
    assert!(entry.shown_by[0].contains(&format!("devtools.rs:{here}:")), "{:?}", entry.shown_by);
    drop(hook);
    let [entry] = rig.cache.snapshot().try_into().unwrap();
    assert!(entry.shown_by.is_empty());
}

#[test]
fn keys_without_a_text_are_shown_by_their_type_until_they_are_registered() {
    #[derive(Debug, PartialEq, Eq)]
    struct User(u32);
    let rig = Rig::new();
    rig.cache.entry::<_, String, String>(User(7)).set(Some("Ada".to_owned()));
    let key = || rig.cache.snapshot().into_iter().map(|entry| entry.key).collect::<String>();
    assert!(key().ends_with("::User"), "{}", key());
    rig.cache.show_keys::<User>();
    assert_eq!(key(), "User(7)");
}

#[test]
fn a_poll_that_waits_for_the_network_is_paused() {
    let rig = Rig::new();
    let _hook = rig.text_with("a", &rig.api(0), |options| {
        options.refresh_interval(Duration::from_secs(1));
    });
    rig.host.advance(0);
    rig.host.set_online(false);
    rig.host.advance(2_000);
    let [entry] = rig.cache.snapshot().try_into().unwrap();
    assert!(entry.is_paused && !entry.in_flight);
}
