//! `use-swr-revalidate.test.tsx`.

use crate::rig::{Heard, Rig, Shown, some};

#[test]
fn revalidate_fetches_again() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text("a", &api);
    rig.host.advance(10);
    hook.revalidate();
    assert_eq!(hook.busy(), (false, true));
    rig.host.advance(10);
    assert_eq!(hook.shown(), some("a2"));
}

#[test]
fn revalidate_reaches_all_hooks_of_the_key() {
    let rig = Rig::new();
    let api = rig.api(10);
    let (first, second) = (rig.text("a", &api), rig.text("a", &api));
    rig.host.advance(10);
    second.revalidate();
    rig.host.advance(10);
    assert_eq!((first.shown(), second.shown(), api.count()), (some("a2"), some("a2"), 2));
}

#[test]
fn the_newest_request_wins_over_an_older_and_slower_one() {
    let rig = Rig::new();
    let api = rig.api(200);
    let hook = rig.text("a", &api);
    rig.host.advance(50);
    api.take_ms(50);
    hook.revalidate();
    rig.host.advance(50);
    assert_eq!(hook.shown(), some("a2"));
    rig.host.advance(1000);
    assert_eq!(hook.shown(), some("a2"));
}

#[test]
fn a_superseded_request_is_aborted() {
    let rig = Rig::new();
    let api = rig.api(200);
    let hook = rig.text("a", &api);
    hook.revalidate();
    assert_eq!((api.count(), api.aborted()), (2, 1));
}

#[test]
fn validating_stays_true_over_two_requests() {
    let rig = Rig::new();
    let api = rig.api(100);
    let hook = rig.text("a", &api);
    rig.host.advance(50);
    hook.revalidate();
    rig.host.advance(60);
    assert_eq!((hook.shown(), hook.busy()), (None, (true, true)), "the first would have answered by now");
    rig.host.advance(40);
    assert_eq!((hook.shown(), hook.busy()), (some("a2"), (false, false)));
}

#[test]
fn revalidate_does_not_share_an_answer_of_a_moment_ago() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text("a", &api);
    rig.host.advance(11);
    hook.revalidate();
    hook.revalidate();
    rig.host.advance(10);
    assert_eq!((api.count(), hook.shown()), (3, some("a3")));
}

#[test]
fn a_paused_hook_is_not_validating() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text_with("a", &api, |options| {
        options.is_paused(|| true);
    });
    assert_eq!(hook.busy(), (false, false));
    rig.host.advance(100);
    assert_eq!(api.count(), 0);
}

#[test]
fn revalidating_a_key_that_nobody_shows_makes_its_next_mount_fetch() {
    let rig = Rig::new();
    let api = rig.api(10);
    drop({
        let hook = rig.text("a", &api);
        rig.host.advance(10);
        hook
    });
    rig.cache.revalidate(&"a".to_owned());
    assert_eq!(api.count(), 1);
    let hook = rig.text("a", &api);
    assert_eq!((api.count(), hook.shown()), (2, some("a1")));
}

#[test]
fn on_discarded_hears_of_a_superseded_request() {
    let rig = Rig::new();
    let api = rig.api(10);
    let heard = Heard::default();
    let listening = heard.clone();
    let hook = rig.text_with("a", &api, move |options| listening.listen(options));
    hook.revalidate();
    rig.host.advance(10);
    assert_eq!(heard.all(), ["discarded", "success a2"]);
}
