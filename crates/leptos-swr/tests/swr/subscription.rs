//! `use-swr-subscription.test.tsx`.

use std::cell::RefCell;
use std::rc::Rc;

use leptos_swr::{Push, SwrSubscription, use_swr_subscription};
use reactive_graph::signal::RwSignal;
use reactive_graph::traits::{Get, GetUntracked, Set};

use crate::rig::{Heard, Mounted, Rig, Shown, some};

type Pushed = Rc<RefCell<Vec<(String, Push<String, String>)>>>;

/// A source that notes what is opened and closed.
#[derive(Clone, Default)]
struct Source {
    heard: Heard,
    open: Pushed,
}

impl Source {
    fn subscribe(&self) -> impl Fn(String, Push<String, String>) -> Box<dyn FnOnce()> + use<> {
        let source = self.clone();
        move |key, push| {
            source.heard.note(format!("open {key}"));
            source.open.borrow_mut().push((key.clone(), push));
            let heard = source.heard.clone();
            Box::new(move || heard.note(format!("close {key}")))
        }
    }

    fn push(&self, key: &str, value: Result<&str, &str>) {
        let open = self.open.borrow().clone();
        for (_, push) in open.iter().filter(|(known, _)| known == key) {
            push.next(value.map(str::to_owned).map_err(str::to_owned));
        }
    }

    fn mount(&self, rig: &Rig, key: RwSignal<&'static str>) -> Mounted<SwrSubscription<String, String>> {
        let subscribe = self.subscribe();
        rig.mount(|| use_swr_subscription(move || some(key.get()), subscribe))
    }
}

#[test]
fn pushed_data_and_failures_are_shown() {
    let rig = Rig::new();
    let source = Source::default();
    let hook = source.mount(&rig, RwSignal::new("a"));
    let state = || (hook.data.get_untracked(), hook.error.get_untracked());
    assert_eq!(state(), (None, None));
    source.push("a", Ok("one"));
    assert_eq!(state(), (some("one"), None));
    source.push("a", Err("broken"));
    assert_eq!(state(), (some("one"), some("broken")));
    source.push("a", Ok("two"));
    assert_eq!(state(), (some("two"), None));
}

#[test]
fn a_changed_key_closes_the_old_source_and_opens_the_new() {
    let rig = Rig::new();
    let source = Source::default();
    let key = RwSignal::new("a");
    let hook = source.mount(&rig, key);
    source.push("a", Ok("one"));
    key.set("b");
    rig.host.settle();
    assert_eq!(
        (hook.data.get_untracked(), source.heard.all()),
        (None, vec!["open a".to_owned(), "close a".to_owned(), "open b".to_owned()])
    );
}

#[test]
fn hooks_of_one_key_share_one_source_and_the_last_closes_it() {
    let rig = Rig::new();
    let source = Source::default();
    let key = RwSignal::new("a");
    let (first, second) = (source.mount(&rig, key), source.mount(&rig, key));
    source.push("a", Ok("one"));
    assert_eq!((first.data.get_untracked(), second.data.get_untracked()), (some("one"), some("one")));
    drop(first);
    assert_eq!(source.heard.all(), ["open a"]);
    drop(second);
    assert_eq!(source.heard.all(), ["open a", "close a"]);
    let _again = source.mount(&rig, key);
    assert_eq!(source.heard.all(), ["open a", "close a", "open a"]);
}

#[test]
fn pushed_data_is_apart_from_fetched_data_of_the_same_key() {
    let rig = Rig::new();
    let api = rig.api(0);
    let source = Source::default();
    let (pushed, fetched) = (source.mount(&rig, RwSignal::new("a")), rig.text("a", &api));
    source.push("a", Ok("one"));
    rig.host.settle();
    assert_eq!((pushed.data.get_untracked(), fetched.shown()), (some("one"), some("a1")));
}

#[test]
fn the_cache_can_be_emptied_while_a_source_is_open() {
    let rig = Rig::new();
    let source = Source::default();
    let hook = source.mount(&rig, RwSignal::new("a"));
    source.push("a", Ok("one"));
    rig.cache.unload_and_revalidate();
    assert_eq!(hook.data.get_untracked(), None);
    source.push("a", Ok("two"));
    assert_eq!(hook.data.get_untracked(), some("two"));
}
