//! [`MutationQueue`]: mutations that wait for the network. swr has none; TanStack Query's paused mutations
//! are the model.

use std::cell::RefCell;
use std::rc::Rc;

use leptos_swr::{MutateOptions, MutationQueue, Storage};

use crate::rig::{Api, Heard, Mounted, Rig, Shown, Text, some};

type Queue = MutationQueue<String, String, String, String>;

/// A queue whose mutations append their argument to the text of `a`.
fn queue(rig: &Rig, api: &Api) -> Queue {
    let cache = rig.cache.clone();
    MutationQueue::new(
        &rig.cache,
        api.fetcher(),
        move |_| cache.entry("a".to_owned()),
        |argument: &String| append(argument),
    )
}

fn append(argument: &str) -> MutateOptions<String, String, String> {
    let argument = argument.to_owned();
    MutateOptions::new().revalidate(false).optimistic_by(move |_, shown: Option<&String>| {
        format!("{}{argument}", shown.map_or("", String::as_str))
    })
}

/// A hook that shows `a1`, an API of mutations, and a queue of them. The browser is offline.
fn offline(rig: &Rig) -> (Mounted<Text>, Api, Queue) {
    let hook = rig.text("a", &rig.api(0));
    rig.host.advance(0);
    assert_eq!(hook.shown(), some("a1"));
    rig.host.set_online(false);
    let posts = rig.api(10);
    let queue = queue(rig, &posts);
    (hook, posts, queue)
}

fn push(queue: &Queue, arguments: &[&str]) {
    arguments.iter().for_each(|argument| drop(queue.push((*argument).to_owned())));
}

#[test]
fn a_mutation_is_shown_while_offline_and_done_when_online() {
    let rig = Rig::new();
    let (hook, posts, queue) = offline(&rig);
    push(&queue, &["+x"]);
    rig.host.advance(60_000);
    assert_eq!((hook.shown(), posts.count(), queue.len()), (some("a1+x"), 0, 1));
    rig.host.set_online(true);
    rig.host.advance(9);
    assert_eq!((posts.keys(), queue.len()), (vec!["+x".to_owned()], 1));
    rig.host.advance(1);
    assert_eq!((hook.shown(), queue.is_empty()), (some("a1+x"), true));
}

#[test]
fn mutations_run_in_order_and_one_at_a_time() {
    let rig = Rig::new();
    let (hook, posts, queue) = offline(&rig);
    push(&queue, &["+x", "+y", "+z"]);
    assert_eq!(hook.shown(), some("a1+x+y+z"));
    rig.host.set_online(true);
    rig.host.advance(25);
    assert_eq!(posts.keys(), ["+x", "+y", "+z"]);
    assert_eq!(posts.times(), [0, 10, 20]);
    rig.host.advance(5);
    assert_eq!((hook.shown(), queue.len()), (some("a1+x+y+z"), 0));
}

#[test]
fn a_failure_is_rolled_back_under_those_behind_it() {
    let rig = Rig::new();
    let (hook, posts, queue) = offline(&rig);
    posts.react(|argument, _| match argument {
        "+y" => Err("no".to_owned()),
        argument => Ok(argument.to_owned()),
    });
    let heard = Heard::default();
    push(&queue, &["+x"]);
    let reply = queue.push("+y".to_owned());
    push(&queue, &["+z"]);
    let into = heard.clone();
    any_spawner::Executor::spawn_local(async move { into.note(format!("{:?}", reply.await)) });
    rig.host.set_online(true);
    rig.host.advance(10);
    assert_eq!(hook.shown(), some("a1+x+y+z"));
    rig.host.advance(10);
    assert_eq!(hook.shown(), some("a1+x+z"));
    assert_eq!(heard.all(), ["Err(\"no\")"]);
    rig.host.advance(10);
    assert_eq!((hook.shown(), queue.len()), (some("a1+x+z"), 0));
}

#[test]
fn the_queue_stops_when_the_network_goes_and_goes_on_when_it_is_back() {
    let rig = Rig::new();
    let (_hook, posts, queue) = offline(&rig);
    push(&queue, &["+x", "+y"]);
    rig.host.set_online(true);
    rig.host.advance(5);
    rig.host.set_online(false);
    rig.host.advance(1_000);
    assert_eq!((posts.count(), queue.len()), (1, 1));
    rig.host.set_online(true);
    rig.host.advance(10);
    assert_eq!((posts.count(), queue.len()), (2, 0));
}

#[test]
fn an_answer_under_way_does_not_overwrite_queued_data() {
    let rig = Rig::new();
    let (hook, _posts, queue) = offline(&rig);
    push(&queue, &["+x"]);
    // Fetches although it is offline, as a hook may that asks for it.
    hook.revalidate();
    rig.host.advance(5);
    assert_eq!(hook.shown(), some("a1+x"));
}

#[test]
fn the_entry_is_fetched_again_after_the_last_mutation() {
    let rig = Rig::new();
    let reads = rig.api(0);
    let hook = rig.text("a", &reads);
    rig.host.advance(0);
    let (posts, cache) = (rig.api(10), rig.cache.clone());
    let entry = move |_: &String| cache.entry("a".to_owned());
    let queue = MutationQueue::new(&rig.cache, posts.fetcher(), entry, |argument: &String| {
        append(argument).revalidate(true)
    });
    push(&queue, &["+x", "+y"]);
    rig.host.advance(19);
    assert_eq!((reads.count(), hook.shown()), (1, some("a1+x+y")));
    rig.host.advance(1);
    assert_eq!((reads.count(), hook.shown()), (2, some("a2")));
}

#[test]
fn emptying_the_cache_ends_what_the_queue_shows_and_not_its_work() {
    let rig = Rig::new();
    let (hook, posts, queue) = offline(&rig);
    push(&queue, &["+x", "+y"]);
    rig.cache.unload();
    rig.host.settle();
    assert_eq!(hook.shown(), None);
    rig.host.set_online(true);
    rig.host.advance(20);
    assert_eq!((posts.count(), queue.len()), (2, 0));
    assert_ne!(hook.shown(), some("a1+x+y"));
}

#[test]
fn a_write_of_the_app_takes_precedence_over_the_queue() {
    let rig = Rig::new();
    let (hook, _posts, queue) = offline(&rig);
    push(&queue, &["+x"]);
    rig.entry("a").set(some("mine"));
    rig.host.set_online(true);
    rig.host.advance(10);
    rig.host.settle();
    assert_eq!((hook.shown(), queue.len()), (some("mine"), 0));
}

#[test]
fn a_mutation_after_a_write_of_the_app_does_not_bring_back_those_before_it() {
    let rig = Rig::new();
    let (hook, posts, queue) = offline(&rig);
    push(&queue, &["+x"]);
    rig.entry("a").set(some("mine"));
    push(&queue, &["+y"]);
    assert_eq!(hook.shown(), some("mine+y"));
    rig.host.set_online(true);
    rig.host.advance(20);
    assert_eq!((hook.shown(), posts.count(), queue.len()), (some("mine+y"), 2, 0));
}

/// A storage that outlives a rig.
#[derive(Clone, Default)]
struct Shelf(Rc<RefCell<Option<String>>>);

impl Storage for Shelf {
    fn load(&self) -> Option<String> {
        self.0.borrow().clone()
    }

    fn save(&self, text: &str) {
        self.0.replace(Some(text.to_owned()));
    }

    fn remove(&self) {
        self.0.take();
    }
}

#[test]
fn mutations_outlive_the_page() {
    let shelf = Shelf::default();
    {
        let rig = Rig::new();
        let (_hook, posts, queue) = offline(&rig);
        queue.persist(shelf.clone(), 1);
        push(&queue, &["+x", "+y"]);
        assert_eq!(posts.count(), 0);
    }
    assert_eq!(shelf.load().as_deref(), Some(r#"[1,["+x","+y"]]"#));
    let rig = Rig::new();
    let (hook, posts, queue) = offline(&rig);
    queue.persist(shelf.clone(), 1);
    assert_eq!((hook.shown(), queue.len()), (some("a1+x+y"), 2));
    rig.host.set_online(true);
    rig.host.advance(20);
    assert_eq!((posts.keys(), shelf.load()), (vec!["+x".to_owned(), "+y".to_owned()], None));
}

#[test]
fn a_mutation_under_way_is_sent_again_by_the_next_page() {
    let shelf = Shelf::default();
    {
        let rig = Rig::new();
        let (_hook, posts, queue) = offline(&rig);
        queue.persist(shelf.clone(), 1);
        push(&queue, &["+x", "+y"]);
        rig.host.set_online(true);
        rig.host.advance(5);
        assert_eq!(posts.keys(), ["+x"]);
    }
    let rig = Rig::new();
    let (hook, posts, queue) = offline(&rig);
    queue.persist(shelf.clone(), 1);
    assert_eq!(hook.shown(), some("a1+x+y"));
    rig.host.set_online(true);
    rig.host.advance(20);
    assert_eq!((posts.keys(), shelf.load()), (vec!["+x".to_owned(), "+y".to_owned()], None));
}

#[test]
fn a_mutation_that_fails_because_the_page_is_left_is_sent_again_by_the_next_page() {
    let shelf = Shelf::default();
    {
        let rig = Rig::new();
        let (hook, posts, queue) = offline(&rig);
        queue.persist(shelf.clone(), 1);
        posts.react(|_, _| Err("NetworkError".to_owned()));
        push(&queue, &["+x"]);
        rig.host.set_online(true);
        rig.host.advance(10 + 2_999);
        assert_eq!((hook.shown(), queue.len()), (some("a1"), 0));
    }
    let rig = Rig::new();
    let (hook, posts, queue) = offline(&rig);
    queue.persist(shelf.clone(), 1);
    assert_eq!((hook.shown(), queue.len()), (some("a1+x"), 1));
    rig.host.set_online(true);
    rig.host.advance(10);
    assert_eq!((posts.keys(), shelf.load()), (vec!["+x".to_owned()], None));
}

#[test]
fn a_failed_mutation_leaves_the_storage_when_the_page_has_stayed() {
    let shelf = Shelf::default();
    let rig = Rig::new();
    let (_hook, posts, queue) = offline(&rig);
    queue.persist(shelf.clone(), 1);
    posts.react(|argument, _| match argument {
        "+x" => Err("no".to_owned()),
        argument => Ok(argument.to_owned()),
    });
    push(&queue, &["+x", "+y"]);
    rig.host.set_online(true);
    rig.host.advance(15);
    assert_eq!(shelf.load().as_deref(), Some(r#"[1,["+x","+y"]]"#));
    rig.host.advance(5);
    assert_eq!(shelf.load().as_deref(), Some(r#"[1,["+x"]]"#));
    rig.host.advance(2_990);
    assert_eq!((posts.count(), shelf.load()), (2, None));
}

#[test]
fn mutations_of_another_version_or_unreadable_ones_are_dropped() {
    for kept in [r#"[2,["+x"]]"#, "[1,[7]]", "{"] {
        let shelf = Shelf(Rc::new(RefCell::new(Some(kept.to_owned()))));
        let rig = Rig::new();
        let (_hook, _posts, queue) = offline(&rig);
        queue.persist(shelf.clone(), 1);
        assert_eq!((queue.len(), shelf.load()), (0, None), "{kept}");
    }
}
