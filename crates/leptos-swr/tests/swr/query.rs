//! Queries. swr has no like.

use std::cell::Cell;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use leptos_swr::{Options, Query, use_query};
use reactive_graph::signal::RwSignal;
use reactive_graph::traits::{Get, GetUntracked, Set};

use crate::rig::{Answer, Rig};

thread_local! {
    static FETCHED: Rc<Cell<u32>> = Rc::default();
}

/// The square of a number, and how often it was asked for.
#[derive(Clone, PartialEq, Eq)]
struct Square(u32);

impl Query for Square {
    type Data = u32;
    type Error = String;

    async fn fetch(self) -> Result<u32, String> {
        FETCHED.with(|fetched| fetched.set(fetched.get() + 1));
        self.0.checked_mul(self.0).ok_or_else(|| "too large".to_owned())
    }

    fn configure(options: &mut Options<u32, String>) {
        options.keep_previous_data(true).should_retry_on_error(false);
    }
}

#[test]
fn a_query_is_fetched_once_for_all_its_hooks_and_follows_its_key() {
    let rig = Rig::new();
    let number = RwSignal::new(Some(3));
    let hooks = rig.mount(|| [(); 2].map(|()| use_query(move || number.get().map(Square))));
    rig.host.advance(1);
    assert_eq!(hooks.each_ref().map(|hook| hook.data.get_untracked()), [Some(9), Some(9)]);
    assert_eq!(FETCHED.with(|fetched| fetched.get()), 1);
    number.set(Some(4));
    rig.host.settle();
    // `configure` keeps the previous data until the next is there.
    assert!(hooks[0].data.get_untracked().is_some());
    rig.host.advance(1);
    assert_eq!(hooks[0].data.get_untracked(), Some(16));
    number.set(None);
    rig.host.settle();
    assert_eq!(hooks[0].error.get_untracked(), None);
}

#[test]
fn the_entry_of_a_query_is_found_without_naming_a_type() {
    let rig = Rig::new();
    rig.cache.query(Square(5)).set(Some(26));
    assert_eq!(rig.cache.query(Square(5)).data(), Some(26));
    let hook = rig.mount(|| use_query(|| Some(Square(5))));
    rig.host.advance(1);
    assert_eq!(hook.data.get_untracked(), Some(25));
}

#[test]
fn a_query_can_be_preloaded_and_its_failure_stands_beside_no_data() {
    let rig = Rig::new();
    rig.cache.preload_query(Square(u32::MAX));
    rig.host.advance(1);
    let hook = rig.mount(|| use_query(|| Some(Square(u32::MAX))));
    rig.host.advance(1);
    assert_eq!((hook.data.get_untracked(), hook.error.get_untracked()), (None, Some("too large".to_owned())));
    assert_eq!(FETCHED.with(|fetched| fetched.get()), 1);
}

#[test]
fn a_hook_can_be_awaited_until_its_first_answer() {
    let rig = Rig::new();
    let api = rig.api(50);
    let hook = rig.text("a", &api);
    let poll = |waiting: &mut Pin<Box<dyn Future<Output = Answer> + Send>>| {
        waiting.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    };
    let mut waiting = (*hook).into_future();
    assert_eq!(poll(&mut waiting), Poll::Pending);
    rig.host.advance(49);
    assert_eq!(poll(&mut waiting), Poll::Pending);
    rig.host.advance(1);
    assert_eq!(poll(&mut waiting), Poll::Ready(Ok("a1".to_owned())));
    // Data that is known is there at once, also while it is fetched anew.
    hook.revalidate();
    assert_eq!(poll(&mut (*hook).into_future()), Poll::Ready(Ok("a1".to_owned())));
}

#[test]
fn awaiting_a_hook_that_fails_gives_the_failure() {
    let rig = Rig::new();
    let hook = rig.mount(|| use_query(|| Some(Square(u32::MAX))));
    rig.host.advance(1);
    let answer = (*hook).into_future().as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(answer, Poll::Ready(Err("too large".to_owned())));
}
