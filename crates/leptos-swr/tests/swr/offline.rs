//! `use-swr-offline.test.tsx`.

use std::time::Duration;

use crate::rig::{Rig, Shown, some};

#[test]
fn the_focus_is_ignored_while_offline() {
    let rig = Rig::new();
    let api = rig.api(0);
    let _hook = rig.text("a", &api);
    rig.host.advance(10_000);
    rig.host.set_online(false);
    rig.host.focus();
    rig.host.advance(0);
    assert_eq!(api.count(), 1);
}

#[test]
fn data_is_fetched_at_once_when_online_again() {
    let rig = Rig::new();
    let api = rig.api(0);
    let hook = rig.text_with("a", &api, |options| {
        options.dedupe_interval(Duration::ZERO);
    });
    rig.host.set_online(false);
    rig.host.advance(1);
    rig.host.set_online(true);
    rig.host.advance(0);
    assert_eq!((api.times(), hook.shown()), (vec![0, 1], some("a2")));
}
