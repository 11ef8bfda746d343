//! Behaviour that swr does not have: abort, garbage collection, the paused state, identity of rows,
//! revalidation of a list's head only, and what outlives the page.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use leptos_swr::{Cache, Config, PersistOptions, Rows, Storage, SwrPages, use_swr_pages, use_swr_with};
use reactive_graph::traits::GetUntracked;

use crate::rig::{Mounted, Rig, Shown, some};

#[test]
fn a_request_that_nobody_watches_any_more_is_aborted() {
    let rig = Rig::new();
    let api = rig.api(10);
    let (first, second) = (rig.text("a", &api), rig.text("a", &api));
    drop(first);
    assert_eq!(api.aborted(), 0, "one still watches");
    drop(second);
    assert_eq!(api.aborted(), 1);
    rig.host.advance(100);
    assert_eq!(rig.entry("a").data(), None);
}

#[test]
fn a_mount_after_an_abort_fetches_anew() {
    let rig = Rig::new();
    let api = rig.api(10);
    drop(rig.text("a", &api));
    let hook = rig.text("a", &api);
    rig.host.advance(10);
    assert_eq!((hook.shown(), api.count()), (some("a2"), 2));
}

#[test]
fn data_that_nobody_watches_is_dropped_after_five_minutes() {
    let rig = Rig::new();
    let api = rig.api(0);
    drop(rig.text("a", &api));
    let watched = rig.text("b", &api);
    rig.host.advance(300_000);
    rig.entry("c");
    assert_eq!(rig.cache.len(), 3);
    rig.host.advance(1);
    rig.entry("d");
    assert_eq!((rig.cache.len(), watched.shown()), (3, some("b1")));
    assert_eq!(rig.entry("a").data(), None);
}

#[test]
fn an_entry_that_is_held_is_not_dropped() {
    let rig = Rig::new();
    let held = rig.entry("a");
    held.set(some("kept"));
    rig.host.advance(1_000_000);
    rig.entry("b");
    assert_eq!(rig.entry("a").data(), some("kept"));
    assert!(held == rig.entry("a"));
}

#[test]
fn no_timer_runs_without_a_hook() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text_with("a", &api, |options| {
        options.refresh_interval(Duration::from_secs(1));
    });
    rig.host.advance(500);
    assert_eq!(rig.host.timer_count(), 1);
    drop(hook);
    assert_eq!(rig.host.timer_count(), 0);
    rig.host.focus();
    rig.host.set_online(true);
    assert_eq!(rig.host.timer_count(), 0);
}

/// A page of numbered rows, newest first.
#[derive(Debug, Clone, PartialEq)]
struct Page {
    rows: Vec<Arc<(u32, String)>>,
    next: Option<u32>,
}

impl Rows for Page {
    type Row = Arc<(u32, String)>;
    type Id = u32;

    fn rows(&self) -> Cow<'_, [Self::Row]> {
        Cow::Borrowed(&self.rows)
    }

    fn id(row: &Self::Row) -> u32 {
        row.0
    }

    fn with_rows(&self, rows: Vec<Self::Row>) -> Self {
        Self { rows, ..self.clone() }
    }
}

/// A server with rows in pages of three, by keyset.
#[derive(Clone)]
struct Server {
    rows: Rc<RefCell<Vec<(u32, String)>>>,
    asked: Rc<RefCell<Vec<Option<u32>>>>,
}

impl Server {
    fn new(newest: u32) -> Self {
        let rows = (1..=newest).rev().map(|id| (id, String::new())).collect();
        Self { rows: Rc::new(RefCell::new(rows)), asked: Rc::default() }
    }

    fn add(&self, id: u32) {
        self.rows.borrow_mut().insert(0, (id, String::new()));
    }

    fn page(&self, before: Option<u32>) -> Page {
        self.asked.borrow_mut().push(before);
        let rows = self.rows.borrow();
        let older: Vec<_> = rows.iter().filter(|(id, _)| before.is_none_or(|before| *id < before)).collect();
        let page: Vec<_> = older.iter().take(3).map(|row| Arc::new((*row).clone())).collect();
        let next = page.last().map(|row| row.0).filter(|_| older.len() > 3);
        Page { rows: page, next }
    }

    fn mount(&self, rig: &Rig, size: usize) -> Mounted<SwrPages<Page, String>> {
        let server = self.clone();
        rig.mount(|| {
            use_swr_pages(
                |index, previous: Option<&Page>| match (index, previous) {
                    (0, _) => Some(None),
                    (_, Some(page)) => page.next.map(Some),
                    _ => None,
                },
                move |before| std::future::ready(Ok(server.page(before))),
                move |options| {
                    options.head_only();
                    options.pages.initial_size = size;
                },
            )
        })
    }
}

fn ids(pages: &SwrPages<Page, String>) -> Vec<u32> {
    pages.rows().get_untracked().iter().map(|row| row.0).collect()
}

#[test]
fn a_lists_head_is_spliced_in_front_of_the_known_rows() {
    let rig = Rig::new();
    let server = Server::new(9);
    let pages = server.mount(&rig, 2);
    rig.host.settle();
    assert_eq!(ids(&pages), [9, 8, 7, 6, 5, 4]);
    server.add(10);
    server.asked.take();
    pages.revalidate();
    rig.host.settle();
    assert_eq!((ids(&pages), server.asked.take()), (vec![10, 9, 8, 7, 6, 5, 4], vec![None]));
}

#[test]
fn a_head_that_does_not_meet_the_known_rows_is_followed_until_it_does() {
    let rig = Rig::new();
    let server = Server::new(9);
    let pages = server.mount(&rig, 3);
    rig.host.settle();
    (10..=14).for_each(|id| server.add(id));
    pages.revalidate();
    rig.host.settle();
    assert_eq!(ids(&pages), (1..=14).rev().collect::<Vec<_>>());
}

#[test]
fn a_head_that_meets_nothing_takes_the_place_of_the_list() {
    let rig = Rig::new();
    let server = Server::new(9);
    let pages = server.mount(&rig, 1);
    rig.host.settle();
    (10..=20).for_each(|id| server.add(id));
    pages.revalidate();
    rig.host.settle();
    assert_eq!(ids(&pages), [20, 19, 18]);
    pages.load_more();
    rig.host.settle();
    assert_eq!(ids(&pages), [20, 19, 18, 17, 16, 15], "and goes on without a gap");
}

#[test]
fn loading_more_does_not_fetch_the_head() {
    let rig = Rig::new();
    let server = Server::new(9);
    let pages = server.mount(&rig, 1);
    rig.host.settle();
    server.asked.take();
    pages.load_more();
    rig.host.settle();
    assert_eq!((ids(&pages), server.asked.take()), (vec![9, 8, 7, 6, 5, 4], vec![Some(7)]));
}

#[test]
fn a_list_that_is_left_while_loading_more_begins_with_its_head_again() {
    let rig = Rig::new();
    let server = Server::new(9);
    let pages = server.mount(&rig, 1);
    rig.host.settle();
    pages.load_more();
    drop(pages);
    server.add(10);
    rig.host.advance(5_000);
    let pages = server.mount(&rig, 1);
    rig.host.settle();
    assert_eq!(ids(&pages), [10, 9, 8, 7, 6, 5, 4]);
}

#[test]
fn rows_that_are_gone_from_the_head_are_gone_from_the_list() {
    let rig = Rig::new();
    let server = Server::new(9);
    let pages = server.mount(&rig, 2);
    rig.host.settle();
    server.rows.borrow_mut().retain(|(id, _)| *id != 8);
    pages.revalidate();
    rig.host.settle();
    assert_eq!(ids(&pages), [9, 7, 6, 5, 4, 3, 2, 1], "and the list goes on to its size of two pages");
}

#[test]
fn unchanged_rows_keep_their_identity_and_changed_ones_do_not() {
    let rig = Rig::new();
    let server = Server::new(3);
    let pages = server.mount(&rig, 1);
    rig.host.settle();
    let before = pages.rows().get_untracked();
    server.rows.borrow_mut()[1].1 = "changed".to_owned();
    pages.revalidate();
    rig.host.settle();
    let after = pages.rows().get_untracked();
    let same: Vec<_> = before.iter().zip(&after).map(|(before, after)| Arc::ptr_eq(before, after)).collect();
    assert_eq!((same, after[1].1.as_str()), (vec![true, false, true], "changed"));
}

#[test]
fn a_querys_unchanged_rows_keep_their_identity_where_asked_for() {
    let rig = Rig::new();
    let server = Server::new(3);
    let asked = server.clone();
    let hook = rig.mount(|| {
        use_swr_with(
            || Some(()),
            move |()| std::future::ready(Ok::<_, String>(asked.page(None))),
            |options| options.keep_rows(),
        )
    });
    rig.host.settle();
    let before = hook.data.get_untracked().unwrap();
    server.add(4);
    hook.revalidate();
    rig.host.settle();
    let after = hook.data.get_untracked().unwrap();
    assert!(after.rows[0].0 == 4 && Arc::ptr_eq(&before.rows[0], &after.rows[1]));
}

/// A place in memory.
#[derive(Clone, Default)]
struct Memory(Rc<RefCell<Option<String>>>);

impl Storage for Memory {
    fn load(&self) -> Option<String> {
        self.0.borrow().clone()
    }

    fn save(&self, text: &str) {
        self.0.replace(Some(text.to_owned()));
    }

    fn remove(&self) {
        self.0.replace(None);
    }
}

fn persist(cache: &Cache, memory: &Memory, options: PersistOptions<String>) {
    cache.persist::<String, String, String>(memory.clone(), options);
}

#[test]
fn data_outlives_the_page() {
    let memory = Memory::default();
    {
        let rig = Rig::new();
        persist(&rig.cache, &memory, PersistOptions::default());
        let api = rig.api(10);
        let _hook = rig.text("a", &api);
        rig.host.advance(10);
    }
    let rig = Rig::new();
    persist(&rig.cache, &memory, PersistOptions::default());
    let api = rig.api(10);
    api.fail();
    let hook = rig.text("a", &api);
    assert_eq!((hook.shown(), hook.busy()), (some("a1"), (false, true)), "shown at once, and revalidated");
    rig.host.advance(10);
    assert_eq!((hook.shown(), hook.failure()), (some("a1"), some("a failed 1")));
}

#[test]
fn data_of_another_version_or_too_old_or_unreadable_is_forgotten() {
    let memory = Memory::default();
    let rig = Rig::new();
    persist(&rig.cache, &memory, PersistOptions::default());
    rig.entry("a").set(some("kept"));
    rig.host.advance(60_000);
    let restored = |options: PersistOptions<String>| {
        let cache = Cache::new(Rc::new(rig.host.clone()), Config::default());
        let copy = Memory(Rc::new(RefCell::new(memory.load())));
        persist(&cache, &copy, options);
        (cache.entry::<_, String, String>("a".to_owned()).data(), copy.load().is_some())
    };
    assert_eq!(restored(PersistOptions::default()), (some("kept"), true));
    assert_eq!(restored(PersistOptions { version: 1, ..PersistOptions::default() }), (None, false));
    assert_eq!(
        restored(PersistOptions { max_age: Duration::from_secs(59), ..PersistOptions::default() }).0,
        None
    );
    memory.save("{]");
    assert_eq!(restored(PersistOptions::default()), (None, false));
}

#[test]
fn emptying_the_cache_empties_the_storage() {
    let memory = Memory::default();
    let rig = Rig::new();
    persist(&rig.cache, &memory, PersistOptions::default());
    rig.entry("a").set(some("secret"));
    assert!(memory.load().is_some_and(|text| text.contains("secret")));
    rig.cache.unload();
    assert_eq!(memory.load(), None);
}

#[test]
fn the_oldest_entries_make_room() {
    let memory = Memory::default();
    let rig = Rig::new();
    persist(&rig.cache, &memory, PersistOptions { max_entries: 2, ..PersistOptions::default() });
    for key in ["a", "b", "c"] {
        rig.entry(key).set(some(key));
    }
    let kept = memory.load().unwrap();
    assert!(!kept.contains(r#""a""#) && kept.contains(r#""b""#) && kept.contains(r#""c""#));
}

#[test]
fn of_a_list_only_the_first_page_is_kept() {
    let options: PersistOptions<Vec<u8>> = PersistOptions::first_page();
    assert_eq!((options.keep)(&vec![1, 2, 3]), Some(vec![1]));
    assert_eq!((options.keep)(&Vec::new()), None);
}

#[test]
fn signals_of_a_hook_whose_owner_is_gone_do_not_panic() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = *rig.text("a", &api);
    assert!(hook.entry().is_none());
    hook.revalidate();
    hook.set_and_revalidate(some("written"));
    hook.update_and_revalidate(|_| None);
    assert_eq!(rig.entry("a").data(), None);
}
