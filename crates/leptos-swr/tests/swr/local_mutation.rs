//! `use-swr-local-mutation.test.tsx`.

use std::future::Future;
use std::rc::Rc;

use leptos_swr::{MutateOptions, use_swr_cached};
use reactive_graph::signal::RwSignal;
use reactive_graph::traits::{GetUntracked, Set};

use crate::rig::{Answer, Heard, Mounted, Rig, Shown, Text, some};

type Options = MutateOptions<String, String, String>;

/// Work that answers after a while.
fn work(
    rig: &Rig,
    ms: u64,
    answer: Result<&'static str, &'static str>,
) -> impl Future<Output = Answer> + use<> {
    let sleep = rig.host.sleep(ms);
    async move {
        sleep.await;
        answer.map(str::to_owned).map_err(str::to_owned)
    }
}

#[test]
fn a_mutation_without_data_revalidates_within_the_dedupe_interval() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text("a", &api);
    rig.host.advance(10);
    rig.cache.revalidate(&"a".to_owned());
    rig.host.advance(10);
    assert_eq!(hook.shown(), some("a2"));
}

#[test]
fn hooks_without_a_fetcher_share_what_is_written() {
    let rig = Rig::new();
    let (first, second): (Mounted<Text>, Mounted<Text>) =
        (rig.mount(|| use_swr_cached(|| some("a"))), rig.mount(|| use_swr_cached(|| some("a"))));
    first.set_and_revalidate(some("written"));
    assert_eq!((second.shown(), second.busy()), (some("written"), (false, false)));
}

#[test]
fn data_is_written_and_revalidated() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text("a", &api);
    rig.host.advance(10);
    rig.entry("a").set_and_revalidate(some("written"));
    assert_eq!((hook.shown(), hook.busy()), (some("written"), (false, true)));
    rig.host.advance(10);
    assert_eq!(hook.shown(), some("a2"));
}

#[test]
fn a_mount_after_a_mutation_shares_its_revalidation() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text("a", &api);
    rig.host.advance(10);
    hook.set_and_revalidate(some("written"));
    let _second = rig.text("a", &api);
    rig.host.advance(10);
    assert_eq!(api.count(), 2);
}

#[test]
fn the_answer_of_work_is_written_and_revalidated() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text("a", &api);
    rig.host.advance(10);
    let _reply = hook.mutate(work(&rig, 20, Ok("worked")), Options::default());
    rig.host.advance(19);
    assert_eq!((hook.shown(), api.count()), (some("a1"), 1));
    rig.host.advance(1);
    assert_eq!((hook.shown(), api.count()), (some("worked"), 2));
    rig.host.advance(10);
    assert_eq!(hook.shown(), some("a2"));
}

#[test]
fn work_goes_on_when_nobody_awaits_the_reply() {
    let rig = Rig::new();
    drop(rig.entry("a").mutate(work(&rig, 20, Ok("worked")), Options::default()));
    rig.host.advance(20);
    assert_eq!(rig.entry("a").data(), some("worked"));
}

#[test]
fn the_reply_is_the_result_of_the_work() {
    let rig = Rig::new();
    let heard = Heard::default();
    for (ms, result) in [(10, Ok("worked")), (20, Err("failed"))] {
        let reply = rig.entry("a").mutate(work(&rig, ms, result), Options::default());
        let into = heard.clone();
        any_spawner::Executor::spawn_local(async move { into.note(format!("{:?}", reply.await)) });
    }
    rig.host.advance(20);
    assert_eq!(heard.all(), [r#"Ok("worked")"#, r#"Err("failed")"#]);
}

#[test]
fn data_can_be_made_from_the_data_there_is() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text("a", &api);
    rig.host.advance(10);
    hook.update(|data| data.map(|data| format!("{data}!")));
    assert_eq!((hook.shown(), api.count()), (some("a1!"), 1));
    rig.entry("a").update(|data| data.map(|data| format!("{data}?")));
    assert_eq!(hook.shown(), some("a1!?"));
}

#[test]
fn a_key_that_is_not_cached_has_no_data_to_make_data_from() {
    let rig = Rig::new();
    rig.entry("a").update(|data| Some(format!("{data:?}")));
    assert_eq!(rig.entry("a").data(), some("None"));
}

#[test]
fn an_answer_under_way_does_not_overwrite_what_was_written() {
    let rig = Rig::new();
    let api = rig.api(100);
    let hook = rig.text("a", &api);
    rig.host.advance(50);
    hook.set(some("written"));
    rig.host.advance(100);
    assert_eq!((hook.shown(), hook.busy()), (some("written"), (false, false)));
}

#[test]
fn a_failure_under_way_is_not_shown_after_a_write() {
    let rig = Rig::new();
    let api = rig.api(100);
    api.fail();
    let hook = rig.text("a", &api);
    hook.set(some("written"));
    rig.host.advance(100);
    assert_eq!((hook.shown(), hook.failure()), (some("written"), None));
}

#[test]
fn an_answer_asked_for_during_work_does_not_count() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text("a", &api);
    rig.host.advance(3_000);
    let _reply = hook.mutate(work(&rig, 100, Ok("worked")), Options::default().revalidate(false));
    rig.host.advance(10);
    rig.host.focus();
    let second = rig.text("a", &api);
    rig.host.advance(50);
    assert_eq!((second.shown(), api.count()), (some("a1"), 2), "it was asked for and not taken");
    rig.host.advance(100);
    assert_eq!(second.shown(), some("worked"));
}

#[test]
fn an_answer_asked_for_after_a_mutation_counts() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text("a", &api);
    rig.host.advance(10);
    hook.set(some("written"));
    hook.revalidate();
    rig.host.advance(10);
    assert_eq!(hook.shown(), some("a2"));
}

#[test]
fn an_older_mutation_does_not_overwrite_a_newer_one() {
    let rig = Rig::new();
    let entry = rig.entry("a");
    let _slow = entry.mutate(work(&rig, 100, Ok("older")), Options::default());
    let _quick = entry.mutate(work(&rig, 10, Ok("newer")), Options::default());
    rig.host.advance(10);
    assert_eq!(entry.data(), some("newer"));
    rig.host.advance(100);
    assert_eq!(entry.data(), some("newer"));
}

#[test]
fn the_failure_of_an_older_mutation_changes_nothing() {
    let rig = Rig::new();
    let entry = rig.entry("a");
    let _slow =
        entry.mutate(work(&rig, 100, Err("failed")), Options::default().optimistic("hoped".to_owned()));
    let _quick = entry.mutate(work(&rig, 10, Ok("newer")), Options::default());
    rig.host.advance(200);
    assert_eq!((entry.data(), entry.error()), (some("newer"), None));
}

#[test]
fn a_failed_mutation_is_no_error_of_the_entry() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text("a", &api);
    rig.host.advance(10);
    let _reply = hook.mutate(work(&rig, 10, Err("failed")), Options::default().revalidate(false));
    rig.host.advance(10);
    assert_eq!((hook.shown(), hook.failure()), (some("a1"), None));
}

#[test]
fn a_mutation_that_succeeds_ends_the_error() {
    let rig = Rig::new();
    let api = rig.api(10);
    api.fail();
    let hook = rig.text("a", &api);
    rig.host.advance(10);
    hook.set(some("written"));
    assert_eq!((hook.shown(), hook.failure()), (some("written"), None));
}

#[test]
fn two_writes_in_one_tick_are_both_made() {
    let rig = Rig::new();
    let entry = rig.entry("a");
    for _ in 0..2 {
        entry.update_and_revalidate(|data| Some(data.cloned().unwrap_or_default() + "x"));
    }
    assert_eq!(entry.data(), some("xx"));
}

#[test]
fn nothing_is_fetched_after_a_mutation_when_revalidate_is_false() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text("a", &api);
    rig.host.advance(10);
    hook.set(some("written"));
    assert_eq!((hook.busy(), api.count()), ((false, false), 1));
}

#[test]
fn a_hook_mutates_the_key_it_has_at_the_time() {
    let rig = Rig::new();
    let api = rig.api(10);
    let key = RwSignal::new(Some("a"));
    let hook = rig.keyed(key, &api);
    rig.host.advance(10);
    key.set(Some("b"));
    hook.set(some("written"));
    assert_eq!((rig.entry("a").data(), rig.entry("b").data()), (some("a1"), some("written")));
}

#[test]
fn a_hook_without_a_key_mutates_nothing() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.keyed(RwSignal::new(None), &api);
    hook.set_and_revalidate(some("written"));
    hook.revalidate();
    assert!(hook.mutate(work(&rig, 1, Ok("worked")), Options::default()).is_none());
    assert_eq!((hook.shown(), api.count()), (None, 0));
}

#[test]
fn validating_ends_after_a_mutations_revalidation() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text("a", &api);
    rig.host.advance(5);
    hook.set_and_revalidate(some("written"));
    rig.host.advance(10);
    assert_eq!(hook.busy(), (false, false));
}

#[test]
fn data_can_be_written_away() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text("a", &api);
    rig.host.advance(10);
    hook.set(None);
    assert_eq!(hook.shown(), None);
}

#[test]
fn data_can_be_written_away_by_an_answer() {
    let rig = Rig::new();
    let entry = rig.entry("a");
    entry.set(some("there"));
    let _reply = entry.mutate(work(&rig, 10, Ok("gone")), Options::new().populate(|_, _| None));
    rig.host.advance(10);
    assert_eq!(entry.data(), None);
}

#[test]
fn several_revalidations_leave_one_request_under_way() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text("a", &api);
    rig.host.advance(10);
    for _ in 0..3 {
        hook.revalidate();
    }
    assert_eq!((api.count(), api.aborted()), (4, 2));
    rig.host.advance(10);
    assert_eq!(hook.shown(), some("a4"));
}

#[test]
fn an_answer_is_not_written_when_populate_cache_is_none() {
    let rig = Rig::new();
    let entry = rig.entry("a");
    entry.set(some("there"));
    let _reply = entry.mutate(work(&rig, 10, Ok("worked")), Options::new());
    rig.host.advance(10);
    assert_eq!(entry.data(), some("there"));
}

#[test]
fn optimistic_data_is_shown_while_the_work_is_under_way() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text("a", &api);
    rig.host.advance(10);
    let _reply = hook.mutate(work(&rig, 20, Ok("worked")), Options::default().optimistic("hoped".to_owned()));
    assert_eq!(hook.shown(), some("hoped"));
    rig.host.advance(20);
    assert_eq!(hook.shown(), some("worked"));
    rig.host.advance(10);
    assert_eq!(hook.shown(), some("a2"));
}

#[test]
fn optimistic_data_can_be_made_from_committed_and_shown_data() {
    let rig = Rig::new();
    let entry = rig.entry("a");
    entry.set(some("committed"));
    let optimistic = || Options {
        optimistic_data: Some(Rc::new(|committed: Option<&String>, shown: Option<&String>| {
            format!("{}|{}", committed.cloned().unwrap_or_default(), shown.cloned().unwrap_or_default())
        })),
        ..Options::default()
    };
    let _first = entry.mutate(work(&rig, 10, Ok("one")), optimistic());
    assert_eq!(entry.data(), some("committed|committed"));
    let _second = entry.mutate(work(&rig, 20, Ok("two")), optimistic());
    assert_eq!(entry.data(), some("committed|committed|committed"));
    rig.host.advance(20);
    assert_eq!(entry.data(), some("two"));
}

#[test]
fn optimistic_data_survives_a_request_under_way() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text("a", &api);
    let _reply =
        hook.mutate(work(&rig, 100, Ok("worked")), Options::default().optimistic("hoped".to_owned()));
    rig.host.advance(50);
    assert_eq!(hook.shown(), some("hoped"));
}

#[test]
fn a_failure_rolls_back_to_the_committed_data() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text("a", &api);
    rig.host.advance(10);
    let options = Options::default().optimistic("hoped".to_owned()).revalidate(false);
    let _reply = hook.mutate(work(&rig, 20, Err("failed")), options);
    rig.host.advance(20);
    assert_eq!((hook.shown(), hook.failure()), (some("a1"), None));
}

#[test]
fn a_failure_does_not_roll_back_to_another_mutations_hope() {
    let rig = Rig::new();
    let entry = rig.entry("a");
    entry.set(some("committed"));
    for (ms, hope) in [(20, "first hope"), (30, "second hope"), (40, "third hope")] {
        let options = Options::default().optimistic(hope.to_owned()).revalidate(false);
        drop(entry.mutate(work(&rig, ms, Err("failed")), options));
    }
    rig.host.advance(39);
    assert_eq!(entry.data(), some("third hope"));
    rig.host.advance(1);
    assert_eq!(entry.data(), some("committed"));
}

#[test]
fn the_committed_data_is_the_newest_answers() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text("a", &api);
    rig.host.advance(10);
    let hope = || Options::default().optimistic("hoped".to_owned());
    let _good = hook.mutate(work(&rig, 10, Ok("worked")), hope());
    rig.host.advance(20);
    assert_eq!(hook.shown(), some("a2"));
    let _bad = hook.mutate(work(&rig, 10, Err("failed")), hope().revalidate(false));
    rig.host.advance(10);
    assert_eq!(hook.shown(), some("a2"));
}

#[test]
fn the_hope_stays_when_rollback_on_error_is_false() {
    let rig = Rig::new();
    let entry = rig.entry("a");
    entry.set(some("committed"));
    let options = Options { rollback_on_error: false, ..Options::default().optimistic("hoped".to_owned()) };
    let _reply = entry.mutate(work(&rig, 10, Err("failed")), options.revalidate(false));
    rig.host.advance(10);
    assert_eq!(entry.data(), some("hoped"));
}

#[test]
fn whether_to_roll_back_can_depend_on_the_error() {
    let rig = Rig::new();
    for (error, left) in [("fatal", "committed"), ("mild", "hoped")] {
        let entry = rig.entry("a");
        entry.set(some("committed"));
        let options = Options {
            rollback_by: Some(Rc::new(|error: &String| error == "fatal")),
            ..Options::default().optimistic("hoped".to_owned())
        };
        let _reply = entry.mutate(work(&rig, 10, Err(error)), options.revalidate(false));
        rig.host.advance(10);
        assert_eq!(entry.data(), some(left));
    }
}

#[test]
fn an_answer_is_transformed_with_the_committed_data() {
    let rig = Rig::new();
    let entry = rig.entry("a");
    entry.set(some("committed"));
    let options = Options::new()
        .populate(|answer, committed| Some(format!("{}+{answer}", committed.cloned().unwrap_or_default())))
        .optimistic("hoped".to_owned());
    let _reply = entry.mutate(work(&rig, 10, Ok("worked")), options);
    rig.host.advance(10);
    assert_eq!(entry.data(), some("committed+worked"));
}

#[test]
fn entries_can_be_chosen_by_a_filter_on_their_keys() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hooks = [rig.text("apple", &api), rig.text("avocado", &api), rig.text("banana", &api)];
    rig.host.advance(10);
    let chosen = rig.cache.entries::<String, String, String>(|key| key.starts_with('a'));
    chosen.iter().for_each(|entry| entry.set(entry.key::<String>().map(|key| key + "!")));
    let shown: Vec<_> = hooks.iter().filter_map(|hook| hook.shown()).collect();
    assert_eq!(shown, ["apple!", "avocado!", "banana1"]);
}

#[test]
fn all_entries_can_be_written_away_by_a_filter() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hooks = [rig.text("a", &api), rig.text("b", &api)];
    rig.host.advance(10);
    rig.cache.entries::<String, String, String>(|_| true).iter().for_each(|entry| entry.set(None));
    assert!(hooks.iter().all(|hook| hook.shown().is_none()));
}

#[test]
fn whether_to_revalidate_can_depend_on_the_data() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text("a", &api);
    rig.host.advance(10);
    let by = |wanted: &'static str| Options {
        revalidate_by: Some(Rc::new(move |data: Option<&String>| data.is_some_and(|data| data == wanted))),
        ..Options::default()
    };
    let _reply = hook.mutate(work(&rig, 1, Ok("worked")), by("something else"));
    rig.host.advance(1);
    assert_eq!(api.count(), 1);
    let _reply = hook.mutate(work(&rig, 1, Ok("worked")), by("worked"));
    rig.host.advance(1);
    assert_eq!(api.count(), 2);
}

#[test]
fn a_mutation_reaches_all_hooks_of_the_key() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hooks = [rig.text("a", &api), rig.text("a", &api)];
    rig.host.advance(10);
    hooks[0].set(some("written"));
    assert!(hooks.iter().all(|hook| hook.data.get_untracked() == some("written")));
}
