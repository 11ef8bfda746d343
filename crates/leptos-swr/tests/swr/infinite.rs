//! `use-swr-infinite.test.tsx`.

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use leptos_swr::{MutateOptions, PagesKey, PagesOptions, SwrPages, use_swr_pages};
use reactive_graph::signal::RwSignal;
use reactive_graph::traits::{Get, GetUntracked, Set};

use crate::rig::{Answer, Api, Mounted, Rig, Shown, some};

type Pages = SwrPages<String, String>;

/// A list whose pages have the keys `p0:`, `p1:` and so on.
fn list(
    rig: &Rig,
    api: &Api,
    options: impl Fn(&mut PagesOptions<String, String>) + 'static,
) -> Mounted<Pages> {
    let fetcher = api.fetcher();
    rig.mount(|| use_swr_pages(|index, _: Option<&String>| Some(format!("p{index}:")), fetcher, options))
}

fn two_pages(options: &mut PagesOptions<String, String>) {
    options.pages.initial_size = 2;
}

fn shown(pages: &Pages) -> Option<String> {
    pages.data.get_untracked().map(|pages| pages.join(" "))
}

fn work(
    rig: &Rig,
    ms: u64,
    answer: Result<&'static str, &'static str>,
) -> impl Future<Output = Result<Vec<String>, String>> + use<> {
    let sleep = rig.host.sleep(ms);
    async move {
        sleep.await;
        answer.map(|pages| pages.split(' ').map(str::to_owned).collect()).map_err(str::to_owned)
    }
}

#[test]
fn the_first_page_is_shown() {
    let rig = Rig::new();
    let api = rig.api(10);
    let pages = list(&rig, &api, |_| {});
    assert_eq!(
        (shown(&pages), pages.is_loading.get_untracked(), pages.size.get_untracked()),
        (None, true, 1)
    );
    rig.host.advance(10);
    assert_eq!((shown(&pages), pages.is_loading.get_untracked()), (some("p0:1"), false));
}

#[test]
fn several_pages_are_fetched_one_after_the_other() {
    let rig = Rig::new();
    let api = rig.api(10);
    let pages = list(&rig, &api, |options| options.pages.initial_size = 3);
    rig.host.advance(29);
    assert_eq!((shown(&pages), api.times()), (None, vec![0, 10, 20]));
    rig.host.advance(1);
    assert_eq!(shown(&pages), some("p0:1 p1:1 p2:1"));
}

#[test]
fn a_page_more_is_loaded_with_the_first_page_again() {
    let rig = Rig::new();
    let api = rig.api(10);
    let pages = list(&rig, &api, |_| {});
    rig.host.advance(10);
    pages.set_size(2);
    assert_eq!((pages.size.get_untracked(), shown(&pages)), (2, some("p0:1")));
    rig.host.advance(20);
    assert_eq!(
        (shown(&pages), api.keys()),
        (some("p0:2 p1:1"), ["p0:", "p0:", "p1:"].map(str::to_owned).to_vec())
    );
}

#[test]
fn load_more_asks_for_the_next_page() {
    let rig = Rig::new();
    let api = rig.api(10);
    let pages = list(&rig, &api, |_| {});
    rig.host.advance(10);
    pages.load_more();
    rig.host.advance(20);
    assert_eq!(shown(&pages), some("p0:2 p1:1"));
}

#[test]
fn known_pages_are_not_fetched_again_when_loading_more() {
    let rig = Rig::new();
    let api = rig.api(10);
    let pages = list(&rig, &api, |options| options.pages.revalidate_first_page = false);
    rig.host.advance(10);
    pages.set_size(2);
    rig.host.advance(10);
    pages.set_size(3);
    rig.host.advance(10);
    assert_eq!((shown(&pages), api.count()), (some("p0:1 p1:1 p2:1"), 3));
}

#[test]
fn cursors_come_from_the_page_before() {
    let rig = Rig::new();
    let api = rig.api(10);
    api.react(|key, _| Ok(format!("{key}>")));
    let fetcher = api.fetcher();
    let pages = rig.mount(|| {
        use_swr_pages(
            |index, previous: Option<&String>| match (index, previous) {
                (0, _) => some("start"),
                (_, Some(page)) if page.len() < 8 => Some(page.clone()),
                _ => None,
            },
            fetcher,
            |options| options.pages.initial_size = 9,
        )
    });
    rig.host.advance(100);
    assert_eq!(shown(&pages), some("start> start>> start>>>"), "the end is where there is no key");
}

#[test]
fn a_list_without_a_key_shows_nothing() {
    let rig = Rig::new();
    let api = rig.api(10);
    let fetcher = api.fetcher();
    let pages = rig.mount(|| use_swr_pages(|_, _: Option<&String>| None, fetcher, |_| {}));
    pages.set_size(3);
    pages.revalidate();
    pages.load_more();
    rig.host.advance(100);
    assert_eq!((shown(&pages), api.count(), pages.is_loading.get_untracked()), (None, 0, false));
}

#[test]
fn all_pages_are_fetched_again_when_asked_for() {
    let rig = Rig::new();
    let api = rig.api(10);
    let pages = list(&rig, &api, two_pages);
    rig.host.advance(20);
    pages.revalidate();
    rig.host.advance(20);
    assert_eq!(shown(&pages), some("p0:2 p1:2"));
}

#[test]
fn only_the_first_page_is_fetched_again_by_itself() {
    let rig = Rig::new();
    let api = rig.api(10);
    let pages = list(&rig, &api, two_pages);
    rig.host.advance(10_000);
    rig.host.focus();
    rig.host.advance(20);
    assert_eq!(shown(&pages), some("p0:2 p1:1"));
}

#[test]
fn nothing_is_fetched_again_when_revalidate_first_page_is_false() {
    let rig = Rig::new();
    let api = rig.api(10);
    let pages = list(&rig, &api, |options| {
        two_pages(options);
        options.pages.revalidate_first_page = false;
    });
    rig.host.advance(10_000);
    rig.host.focus();
    rig.host.advance(20);
    assert_eq!((shown(&pages), api.count()), (some("p0:1 p1:1"), 2));
}

#[test]
fn every_page_is_fetched_again_when_revalidate_all_is_true() {
    let rig = Rig::new();
    let api = rig.api(10);
    let pages = list(&rig, &api, |options| {
        two_pages(options);
        options.pages.revalidate_all = true;
    });
    rig.host.advance(10_000);
    rig.host.focus();
    rig.host.advance(20);
    assert_eq!(shown(&pages), some("p0:2 p1:2"));
}

#[test]
fn the_size_is_kept_for_the_next_mount() {
    let rig = Rig::new();
    let api = rig.api(10);
    let pages = list(&rig, &api, |_| {});
    rig.host.advance(10);
    pages.set_size(3);
    rig.host.advance(50);
    drop(pages);
    let pages = list(&rig, &api, |_| {});
    assert_eq!((pages.size.get_untracked(), shown(&pages)), (3, some("p0:2 p1:1 p2:1")));
}

fn keyed_list(rig: &Rig, api: &Api, key: RwSignal<&'static str>, persist: bool) -> Mounted<Pages> {
    let fetcher = api.fetcher();
    let get_key = move |index, _: Option<&String>| Some(format!("{}{index}:", key.get()));
    rig.mount(|| use_swr_pages(get_key, fetcher, move |options| options.pages.persist_size = persist))
}

#[test]
fn the_size_begins_anew_with_a_new_key() {
    let rig = Rig::new();
    let api = rig.api(10);
    let key = RwSignal::new("a");
    let pages = keyed_list(&rig, &api, key, false);
    rig.host.advance(10);
    pages.set_size(2);
    rig.host.advance(20);
    key.set("b");
    rig.host.advance(20);
    assert_eq!((shown(&pages), pages.size.get_untracked()), (some("b0:1"), 1));
    key.set("a");
    assert_eq!((shown(&pages), pages.size.get_untracked()), (some("a0:2 a1:1"), 2));
}

#[test]
fn the_size_is_kept_with_a_new_key_when_persist_size_is_true() {
    let rig = Rig::new();
    let api = rig.api(10);
    let key = RwSignal::new("a");
    let pages = keyed_list(&rig, &api, key, true);
    rig.host.advance(10);
    pages.set_size(2);
    rig.host.advance(20);
    key.set("b");
    rig.host.advance(20);
    assert_eq!((shown(&pages), pages.size.get_untracked()), (some("b0:1 b1:1"), 2));
}

#[test]
fn a_page_that_a_query_has_fetched_is_not_fetched_by_the_list() {
    let rig = Rig::new();
    let api = rig.api(10);
    let query = rig.text("p0:", &api);
    rig.host.advance(10);
    let pages = list(&rig, &api, two_pages);
    rig.host.advance(10);
    assert_eq!((shown(&pages), query.shown()), (some("p0:1 p1:1"), some("p0:1")));
}

#[test]
fn a_query_shows_the_page_that_a_list_has_fetched() {
    let rig = Rig::new();
    let api = rig.api(10);
    let pages = list(&rig, &api, two_pages);
    rig.host.advance(20);
    let query = rig.text("p1:", &api);
    assert_eq!(query.shown(), some("p1:1"));
    query.set(some("written"));
    drop(query);
    rig.host.advance(10_000);
    rig.host.focus();
    rig.host.advance(20);
    assert_eq!(shown(&pages), some("p0:2 p1:3"), "a page whose cache has changed is fetched");
}

#[test]
fn a_list_is_polled() {
    let rig = Rig::new();
    let api = rig.api(0);
    let pages = list(&rig, &api, |options| {
        options.refresh_interval(Duration::from_secs(10));
    });
    rig.host.advance(20_000);
    assert_eq!((shown(&pages), api.times()), (some("p0:3"), vec![0, 10_000, 20_000]));
}

#[test]
fn fallback_data_is_shown_and_not_put_into_the_pages() {
    let rig = Rig::new();
    let api = rig.api(10);
    let pages = list(&rig, &api, |options| {
        options.fallback_data(Some(vec!["fallback".to_owned()]));
    });
    assert_eq!((shown(&pages), rig.entry("p0:").data()), (some("fallback"), None));
    rig.host.advance(10);
    assert_eq!(shown(&pages), some("p0:1"));
}

#[test]
fn hooks_of_one_list_share_data_and_size() {
    let rig = Rig::new();
    let api = rig.api(10);
    let (first, second) = (list(&rig, &api, |_| {}), list(&rig, &api, |_| {}));
    rig.host.advance(10);
    first.set_size(2);
    assert_eq!(second.size.get_untracked(), 2);
    rig.host.advance(20);
    assert_eq!((shown(&first), shown(&second), api.count()), (some("p0:2 p1:1"), some("p0:2 p1:1"), 3));
}

#[test]
fn a_list_can_be_mutated_by_its_key() {
    let rig = Rig::new();
    let api = rig.api(10);
    let pages = list(&rig, &api, two_pages);
    rig.host.advance(20);
    let entry = rig.cache.entry::<_, Vec<String>, String>(PagesKey("p0:".to_owned()));
    entry.update(|pages| pages.map(|pages| pages.iter().map(|page| format!("{page}!")).collect()));
    assert_eq!(shown(&pages), some("p0:1! p1:1!"));
}

#[test]
fn a_shrunk_list_shows_fewer_pages_at_once_and_a_grown_one_its_cached_pages() {
    let rig = Rig::new();
    let api = rig.api(10);
    let pages = list(&rig, &api, |options| options.pages.initial_size = 3);
    rig.host.advance(30);
    pages.set_size(1);
    assert_eq!(shown(&pages), some("p0:1"));
    pages.set_size(3);
    assert_eq!((shown(&pages), pages.is_validating.get_untracked()), (some("p0:1 p1:1 p2:1"), true));
    rig.host.advance(10);
    assert_eq!(shown(&pages), some("p0:2 p1:1 p2:1"));
}

#[test]
fn a_size_with_unknown_pages_shows_the_old_pages_until_they_come() {
    let rig = Rig::new();
    let api = rig.api(10);
    let pages = list(&rig, &api, two_pages);
    rig.host.advance(20);
    pages.set_size(4);
    assert_eq!(shown(&pages), some("p0:1 p1:1"));
    rig.host.advance(30);
    assert_eq!(shown(&pages), some("p0:2 p1:1 p2:1 p3:1"));
}

#[test]
fn written_pages_are_followed_by_the_first_page() {
    let rig = Rig::new();
    let api = rig.api(10);
    let pages = list(&rig, &api, |_| {});
    rig.host.advance(10);
    pages.update_and_revalidate(|_| Some(vec!["written".to_owned()]));
    assert_eq!(shown(&pages), some("written"));
    rig.host.advance(10);
    assert_eq!(shown(&pages), some("p0:2"));
}

#[test]
fn written_pages_stay_when_not_revalidated() {
    let rig = Rig::new();
    let api = rig.api(10);
    let pages = list(&rig, &api, |_| {});
    rig.host.advance(10);
    pages.update(|_| Some(vec!["written".to_owned()]));
    rig.host.advance(100);
    assert_eq!((shown(&pages), api.count()), (some("written"), 1));
}

#[test]
fn optimistic_pages_are_shown_and_rolled_back() {
    let rig = Rig::new();
    let api = rig.api(10);
    let pages = list(&rig, &api, two_pages);
    rig.host.advance(20);
    let options = MutateOptions {
        optimistic_data: Some(Rc::new(|pages: Option<&Vec<String>>, _: Option<&Vec<String>>| {
            [pages.cloned().unwrap_or_default(), vec!["hoped".to_owned()]].concat()
        })),
        ..MutateOptions::default()
    };
    let _reply = pages.mutate(work(&rig, 10, Err("failed")), options.revalidate(false));
    assert_eq!(shown(&pages), some("p0:1 p1:1 hoped"));
    rig.host.advance(10);
    assert_eq!(shown(&pages), some("p0:1 p1:1"));
}

#[test]
fn the_hope_for_pages_stays_when_rollback_on_error_is_false() {
    let rig = Rig::new();
    let api = rig.api(10);
    let pages = list(&rig, &api, |_| {});
    rig.host.advance(10);
    let options = MutateOptions { rollback_on_error: false, ..MutateOptions::default() };
    let options = options.optimistic(vec!["hoped".to_owned()]).revalidate(false);
    let _reply = pages.mutate(work(&rig, 10, Err("failed")), options);
    rig.host.advance(10);
    assert_eq!(shown(&pages), some("hoped"));
}

#[test]
fn the_answer_of_work_becomes_pages_or_not() {
    let rig = Rig::new();
    let api = rig.api(10);
    let pages = list(&rig, &api, |_| {});
    rig.host.advance(10);
    let _reply = pages.mutate(work(&rig, 10, Ok("one two")), MutateOptions::new().revalidate(false));
    rig.host.advance(10);
    assert_eq!(shown(&pages), some("p0:1"));
    let add = MutateOptions::new().populate(|new: &Vec<String>, old: Option<&Vec<String>>| {
        Some([old.cloned().unwrap_or_default(), new.clone()].concat())
    });
    let _reply = pages.mutate(work(&rig, 10, Ok("one two")), add.revalidate(false));
    rig.host.advance(10);
    assert_eq!(shown(&pages), some("p0:1 one two"));
}

#[test]
fn pages_are_fetched_side_by_side_when_parallel() {
    let rig = Rig::new();
    let api = rig.api(10);
    let seen = Rc::new(RefCell::new(Vec::new()));
    let (fetcher, noted) = (api.fetcher(), seen.clone());
    let get_key = move |index, previous: Option<&String>| {
        noted.borrow_mut().push(previous.cloned());
        Some(format!("p{index}:"))
    };
    let pages = rig.mount(|| {
        use_swr_pages(get_key, fetcher, |options| {
            options.pages.initial_size = 3;
            options.pages.parallel = true;
        })
    });
    rig.host.advance(10);
    assert_eq!((shown(&pages), api.times()), (some("p0:1 p1:1 p2:1"), vec![0, 0, 0]));
    assert!(seen.borrow().iter().all(Option::is_none), "there is no page before");
}

#[test]
fn the_first_failure_of_parallel_pages_is_the_error() {
    let rig = Rig::new();
    let api = rig.api(10);
    api.react(|key, _| if key == "p0:" { Ok(key.to_owned()) } else { Err(format!("{key} failed")) });
    let pages = list(&rig, &api, |options| {
        options.pages.initial_size = 3;
        options.pages.parallel = true;
    });
    rig.host.advance(10);
    assert_eq!((shown(&pages), pages.error.get_untracked()), (None, some("p1: failed")));
}

#[test]
fn a_page_that_fails_leaves_the_list_as_it_was() {
    let rig = Rig::new();
    let api = rig.api(10);
    let pages = list(&rig, &api, two_pages);
    rig.host.advance(20);
    api.react(|key, count| if key == "p1:" { Err("failed".to_owned()) } else { Ok(format!("{key}{count}")) });
    pages.revalidate();
    rig.host.advance(20);
    assert_eq!((shown(&pages), pages.error.get_untracked()), (some("p0:1 p1:1"), some("failed")));
}

#[test]
fn named_pages_are_fetched_again() {
    let rig = Rig::new();
    let api = rig.api(10);
    let pages = list(&rig, &api, |options| options.pages.initial_size = 3);
    rig.host.advance(30);
    pages.revalidate_pages(|index, page| index == 1 || page == "p2:1");
    rig.host.advance(20);
    assert_eq!((shown(&pages), api.count()), (some("p0:1 p1:2 p2:2"), 5));
}

#[test]
fn a_list_has_at_most_max_size_pages() {
    let rig = Rig::new();
    let api = rig.api(0);
    let pages = list(&rig, &api, |options| options.pages.max_size = Some(2));
    pages.set_size(9);
    rig.host.settle();
    assert_eq!(
        (pages.size.get_untracked(), shown(&pages).map(|pages| pages.split(' ').count())),
        (2, Some(2))
    );
}

#[test]
fn a_list_whose_answer_is_made_by_hand_is_typed() {
    let rig = Rig::new();
    let answer: Answer = Ok("page".to_owned());
    let pages = rig.mount(|| {
        use_swr_pages(
            |index, _: Option<&String>| (index == 0).then_some(()),
            move |()| std::future::ready(answer.clone()),
            |_| {},
        )
    });
    rig.host.settle();
    assert_eq!(shown(&pages), some("page"));
}
