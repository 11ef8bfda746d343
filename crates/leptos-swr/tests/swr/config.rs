//! `use-swr-config.test.tsx`.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use leptos_swr::{Config, use_cache};

use crate::rig::{Rig, Shown, some};

#[test]
fn the_defaults_are_those_of_swr() {
    let config = Config::default();
    assert!(config.revalidate_on_focus && config.revalidate_on_reconnect && config.revalidate_if_stale);
    assert!(config.should_retry_on_error && !config.refresh_when_hidden && !config.refresh_when_offline);
    assert!(
        !config.keep_previous_data
            && config.revalidate_on_mount.is_none()
            && config.error_retry_count.is_none()
    );
    assert_eq!(config.refresh_interval, Duration::ZERO);
    assert_eq!(config.dedupe_interval, Duration::from_secs(2));
    assert_eq!(config.focus_throttle_interval, Duration::from_secs(5));
    assert_eq!(config.error_retry_interval, Duration::from_secs(5));
    assert_eq!(config.loading_timeout, Duration::from_secs(3));
}

#[test]
fn a_caches_config_is_the_default_of_its_hooks() {
    let rig = Rig::with(Config { dedupe_interval: Duration::ZERO, ..Config::default() });
    let api = rig.api(10);
    let _first = rig.text("a", &api);
    rig.host.advance(10);
    let _second = rig.text("a", &api);
    assert_eq!((api.count(), use_cache().config().dedupe_interval), (2, Duration::ZERO));
}

#[test]
fn a_hooks_options_come_before_the_caches() {
    let rig = Rig::with(Config { dedupe_interval: Duration::ZERO, ..Config::default() });
    let api = rig.api(10);
    let _first = rig.text_with("a", &api, |options| {
        options.dedupe_interval(Duration::from_secs(9));
    });
    rig.host.advance(8_000);
    let _second = rig.text("a", &api);
    assert_eq!(api.count(), 1);
}

#[test]
fn nothing_is_revalidated_while_paused() {
    let rig = Rig::new();
    let api = rig.api(0);
    let paused = Rc::new(Cell::new(false));
    let asked = paused.clone();
    let hook = rig.text_with("a", &api, move |options| {
        let asked = asked.clone();
        options.is_paused(move || asked.get());
    });
    paused.set(true);
    rig.host.advance(10_000);
    rig.host.focus();
    rig.host.advance(0);
    hook.revalidate();
    rig.host.settle();
    assert_eq!(api.count(), 1);
    paused.set(false);
    hook.revalidate();
    rig.host.settle();
    assert_eq!(hook.shown(), some("a2"));
}

#[test]
fn a_paused_hook_skips_its_first_fetch_even_if_revalidate_on_mount_is_true() {
    let rig = Rig::new();
    let api = rig.api(0);
    let hook = rig.text_with("a", &api, |options| {
        options.revalidate_on_mount(Some(true));
        options.is_paused(|| true);
    });
    assert_eq!((api.count(), hook.busy()), (0, (false, false)));
}
