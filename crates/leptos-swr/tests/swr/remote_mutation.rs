//! `use-swr-remote-mutation.test.tsx`.

use std::rc::Rc;

use leptos_swr::{Entry, MutateOptions, MutationOptions, SwrMutation, use_swr_mutation};
use reactive_graph::signal::RwSignal;
use reactive_graph::traits::{Get, GetUntracked, Set};

use crate::rig::{Api, Heard, Mounted, Rig, Shown, some};

type Options = MutationOptions<String, String, String>;
type Mutation = SwrMutation<String, String, String>;

fn mutation(rig: &Rig, api: &Api, options: impl Fn() -> Options + 'static) -> Mounted<Mutation> {
    let (entry, work): (Entry<String, String>, _) = (rig.entry("a"), api.fetcher());
    rig.mount(|| use_swr_mutation(move || Some(entry.clone()), work, options))
}

fn state(mutation: &Mutation) -> (Option<String>, Option<String>, bool) {
    (mutation.data.get_untracked(), mutation.error.get_untracked(), mutation.is_mutating.get_untracked())
}

#[test]
fn nothing_is_done_until_triggered() {
    let rig = Rig::new();
    let api = rig.api(10);
    let mutation = mutation(&rig, &api, Options::default);
    rig.host.advance(100);
    assert_eq!((state(&mutation), api.count()), ((None, None, false), 0));
}

#[test]
fn the_answer_is_shown_after_a_trigger() {
    let rig = Rig::new();
    let api = rig.api(10);
    let mutation = mutation(&rig, &api, Options::default);
    mutation.trigger("post".to_owned());
    assert_eq!(state(&mutation), (None, None, true));
    rig.host.advance(10);
    assert_eq!((state(&mutation), api.keys()), ((some("post1"), None, false), vec!["post".to_owned()]));
}

#[test]
fn a_trigger_replies() {
    let rig = Rig::new();
    let api = rig.api(10);
    let heard = Heard::default();
    let mutation = mutation(&rig, &api, Options::default);
    let (reply, into) = (mutation.trigger("post".to_owned()).unwrap(), heard.clone());
    any_spawner::Executor::spawn_local(async move { into.note(format!("{:?}", reply.await)) });
    rig.host.advance(10);
    assert_eq!(heard.all(), [r#"Ok("post1")"#]);
}

#[test]
fn callbacks_hear_of_success_and_failure() {
    let rig = Rig::new();
    let api = rig.api(10);
    api.react(|key, count| if count == 1 { Ok(key.to_owned()) } else { Err(format!("{key} failed")) });
    let heard = Heard::default();
    let into = heard.clone();
    let mutation = mutation(&rig, &api, move || {
        let (success, error) = (into.clone(), into.clone());
        Options {
            on_success: Some(Rc::new(move |answer: &String| success.note(answer.clone()))),
            on_error: Some(Rc::new(move |failure: &String| error.note(failure.clone()))),
            ..Options::default()
        }
    });
    for _ in 0..2 {
        mutation.trigger("post".to_owned());
        rig.host.advance(10);
    }
    assert_eq!(heard.all(), ["post", "post failed"]);
    assert_eq!(state(&mutation), (some("post"), some("post failed"), false));
}

#[test]
fn a_success_ends_the_error() {
    let rig = Rig::new();
    let api = rig.api(10);
    api.fail();
    let mutation = mutation(&rig, &api, Options::default);
    mutation.trigger("post".to_owned());
    rig.host.advance(10);
    api.recover();
    mutation.trigger("post".to_owned());
    rig.host.advance(10);
    assert_eq!(state(&mutation), (some("post2"), None, false));
}

#[test]
fn triggers_are_not_deduped_and_the_last_one_is_shown() {
    let rig = Rig::new();
    let api = rig.api(100);
    let mutation = mutation(&rig, &api, Options::default);
    mutation.trigger("slow".to_owned());
    api.take_ms(10);
    mutation.trigger("quick".to_owned());
    rig.host.advance(10);
    assert_eq!(state(&mutation), (some("quick1"), None, false));
    rig.host.advance(100);
    assert_eq!((state(&mutation), api.count()), ((some("quick1"), None, false), 2));
}

#[test]
fn the_cache_is_not_written_by_default_and_not_read() {
    let rig = Rig::new();
    let (reads, posts) = (rig.api(10), rig.api(10));
    let hook = rig.text("a", &reads);
    let mutation = mutation(&rig, &posts, || Options {
        mutate: MutateOptions::new().revalidate(false),
        ..Options::default()
    });
    rig.host.advance(10);
    assert_eq!(state(&mutation), (None, None, false));
    mutation.trigger("post".to_owned());
    rig.host.advance(10);
    assert_eq!((hook.shown(), reads.count()), (some("a1"), 1));
}

#[test]
fn the_cache_can_be_written_with_the_answer() {
    let rig = Rig::new();
    let (reads, posts) = (rig.api(10), rig.api(10));
    let hook = rig.text("a", &reads);
    let mutation = mutation(&rig, &posts, || Options {
        mutate: MutateOptions::new()
            .populate(|answer: &String, old| Some(format!("{}+{answer}", old.cloned().unwrap_or_default())))
            .revalidate(false),
        ..Options::default()
    });
    rig.host.advance(10);
    mutation.trigger("post".to_owned());
    rig.host.advance(10);
    assert_eq!((hook.shown(), reads.count()), (some("a1+post1"), 1));
}

#[test]
fn a_query_is_fetched_again_after_a_mutation() {
    let rig = Rig::new();
    let (reads, posts) = (rig.api(10), rig.api(10));
    let hook = rig.text("a", &reads);
    let mutation = mutation(&rig, &posts, Options::default);
    rig.host.advance(10);
    mutation.trigger("post".to_owned());
    rig.host.advance(20);
    assert_eq!((hook.shown(), reads.times()), (some("a2"), vec![0, 20]));
}

#[test]
fn an_answer_to_a_query_during_a_mutation_does_not_count() {
    let rig = Rig::new();
    let (reads, posts) = (rig.api(10), rig.api(100));
    let hook = rig.text("a", &reads);
    let mutation = mutation(&rig, &posts, || Options {
        mutate: MutateOptions::new().populate(|answer: &String, _| Some(answer.clone())).revalidate(false),
        ..Options::default()
    });
    mutation.trigger("post".to_owned());
    rig.host.advance(10);
    assert_eq!(hook.shown(), None);
    rig.host.advance(90);
    assert_eq!(hook.shown(), some("post1"));
}

#[test]
fn a_query_that_begins_during_a_mutation_is_made_again_after_it() {
    let rig = Rig::new();
    let (reads, posts) = (rig.api(10), rig.api(50));
    let mutation = mutation(&rig, &posts, Options::default);
    mutation.trigger("post".to_owned());
    rig.host.advance(20);
    let hook = rig.text("a", &reads);
    rig.host.advance(100);
    assert_eq!((hook.shown(), reads.times()), (some("a2"), vec![20, 50]));
}

#[test]
fn a_reset_forgets_answer_and_failure() {
    let rig = Rig::new();
    let api = rig.api(10);
    let mutation = mutation(&rig, &api, Options::default);
    mutation.trigger("post".to_owned());
    rig.host.advance(10);
    mutation.reset();
    assert_eq!(state(&mutation), (None, None, false));
}

#[test]
fn a_reset_forgets_what_is_under_way() {
    let rig = Rig::new();
    let api = rig.api(10);
    let heard = Heard::default();
    let into = heard.clone();
    let mutation = mutation(&rig, &api, move || {
        let success = into.clone();
        Options {
            on_success: Some(Rc::new(move |answer: &String| success.note(answer.clone()))),
            ..Options::default()
        }
    });
    mutation.trigger("post".to_owned());
    mutation.reset();
    assert_eq!(state(&mutation), (None, None, false));
    rig.host.advance(10);
    assert_eq!((state(&mutation), heard.all().len()), ((None, None, false), 0));
}

#[test]
fn optimistic_data_is_shown_by_the_query() {
    let rig = Rig::new();
    let (reads, posts) = (rig.api(10), rig.api(50));
    let hook = rig.text("a", &reads);
    let mutation = mutation(&rig, &posts, || Options {
        mutate: MutateOptions::new().optimistic("hoped".to_owned()),
        ..Options::default()
    });
    rig.host.advance(10);
    mutation.trigger("post".to_owned());
    assert_eq!(hook.shown(), some("hoped"));
    rig.host.advance(60);
    assert_eq!(hook.shown(), some("a2"));
}

#[test]
fn the_work_and_the_options_are_the_latest() {
    let rig = Rig::new();
    let api = rig.api(10);
    let (asked, version, heard) = (api.clone(), RwSignal::new(1), Heard::default());
    let (entry, into) = (rig.entry("a"), heard.clone());
    let mutation = rig.mount(|| {
        use_swr_mutation(
            move || Some(entry.clone()),
            move |(): ()| asked.ask(format!("v{}-", version.get())),
            move || {
                let (success, version) = (into.clone(), version.get());
                Options {
                    on_success: Some(Rc::new(move |_: &String| success.note(version.to_string()))),
                    ..Options::default()
                }
            },
        )
    });
    version.set(2);
    mutation.trigger(());
    rig.host.advance(10);
    assert_eq!((api.keys(), heard.all()), (vec!["v2-".to_owned()], vec!["2".to_owned()]));
}

#[test]
fn without_a_key_nothing_is_done() {
    let rig = Rig::new();
    let api = rig.api(10);
    let work = api.fetcher();
    let mutation: Mounted<Mutation> =
        rig.mount(|| use_swr_mutation(|| None::<Entry<String, String>>, work, Options::default));
    assert!(mutation.trigger("post".to_owned()).is_none());
    assert_eq!((api.count(), state(&mutation)), (0, (None, None, false)));
}
