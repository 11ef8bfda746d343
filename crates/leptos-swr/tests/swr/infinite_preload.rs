//! `use-swr-infinite-preload.test.tsx`.

use leptos_swr::{SwrPages, use_swr_pages};
use reactive_graph::traits::GetUntracked;

use crate::rig::{Api, Mounted, Rig, some};

fn list(rig: &Rig, api: &Api, parallel: bool) -> Mounted<SwrPages<String, String>> {
    let fetcher = api.fetcher();
    rig.mount(|| {
        use_swr_pages(
            |index, _: Option<&String>| Some(format!("p{index}:")),
            fetcher,
            move |options| {
                options.pages.initial_size = 2;
                options.pages.parallel = parallel;
            },
        )
    })
}

fn shown(pages: &SwrPages<String, String>) -> Option<String> {
    pages.data.get_untracked().map(|pages| pages.join(" "))
}

#[test]
fn preloaded_pages_are_taken_by_the_list() {
    for parallel in [false, true] {
        let rig = Rig::new();
        let api = rig.api(10);
        for page in ["p0:", "p1:"] {
            rig.cache.preload(page.to_owned(), api.fetcher());
        }
        let pages = list(&rig, &api, parallel);
        rig.host.advance(10);
        assert_eq!((shown(&pages), api.count()), (some("p0:1 p1:1"), 2));
    }
}

#[test]
fn a_page_is_preloaded_once() {
    let rig = Rig::new();
    let api = rig.api(10);
    for _ in 0..3 {
        rig.cache.preload("p0:".to_owned(), api.fetcher());
    }
    let _pages = list(&rig, &api, false);
    assert_eq!(api.count(), 1);
}

#[test]
fn a_preloaded_page_that_failed_is_fetched_by_the_next_walk() {
    let rig = Rig::new();
    let api = rig.api(10);
    api.fail();
    rig.cache.preload("p0:".to_owned(), api.fetcher());
    let pages = list(&rig, &api, false);
    rig.host.advance(10);
    assert_eq!((shown(&pages), pages.error.get_untracked()), (None, some("p0: failed 1")));
    api.recover();
    pages.revalidate();
    rig.host.advance(20);
    assert_eq!(shown(&pages), some("p0:2 p1:1"));
}
