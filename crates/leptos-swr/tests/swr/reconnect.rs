//! `use-swr-reconnect.test.tsx`.

use crate::rig::{Rig, Shown, some};

#[test]
fn the_network_coming_back_revalidates() {
    let rig = Rig::new();
    let api = rig.api(0);
    let hook = rig.text("a", &api);
    rig.host.advance(3_000);
    rig.host.set_online(false);
    rig.host.set_online(true);
    rig.host.advance(0);
    assert_eq!((api.count(), hook.shown()), (2, some("a2")));
}

#[test]
fn the_network_does_nothing_when_revalidate_on_reconnect_is_false() {
    let rig = Rig::new();
    let api = rig.api(0);
    let _hook = rig.text_with("a", &api, |options| {
        options.revalidate_on_reconnect(false);
    });
    rig.host.advance(3_000);
    rig.host.set_online(true);
    rig.host.advance(0);
    assert_eq!(api.count(), 1);
}

#[test]
fn the_network_does_nothing_when_it_is_gone_again() {
    let rig = Rig::new();
    let api = rig.api(0);
    let _hook = rig.text("a", &api);
    rig.host.advance(3_000);
    rig.host.set_online(true);
    rig.host.set_online(false);
    rig.host.advance(0);
    assert_eq!(api.count(), 1);
}

#[test]
fn the_network_does_nothing_while_hidden() {
    let rig = Rig::new();
    let api = rig.api(0);
    let _hook = rig.text("a", &api);
    rig.host.advance(3_000);
    rig.host.set_visible(false);
    rig.host.set_online(true);
    rig.host.advance(0);
    assert_eq!(api.count(), 1);
}
