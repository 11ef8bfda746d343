//! `use-swr-unload.test.tsx`.

use leptos_swr::{MutateOptions, use_swr_pages};
use reactive_graph::signal::RwSignal;
use reactive_graph::traits::{GetUntracked, Set};

use crate::rig::{Rig, Shown, some};

#[test]
fn the_cache_is_emptied_and_mounted_hooks_fetch_anew() {
    let rig = Rig::new();
    let api = rig.api(10);
    let (first, second) = (rig.text("a", &api), rig.text("a", &api));
    rig.host.advance(10);
    rig.cache.unload_and_revalidate();
    assert_eq!((first.shown(), second.shown(), first.busy()), (None, None, (true, true)));
    rig.host.advance(10);
    assert_eq!((first.shown(), second.shown(), api.count()), (some("a2"), some("a2"), 2));
}

#[test]
fn the_cache_can_be_emptied_without_a_fetch() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text("a", &api);
    rig.host.advance(10);
    rig.cache.unload();
    rig.host.advance(100);
    assert_eq!((hook.shown(), hook.busy(), api.count()), (None, (false, false), 1));
}

#[test]
fn lists_are_emptied_too() {
    let rig = Rig::new();
    let api = rig.api(10);
    let fetcher = api.fetcher();
    let pages = rig.mount(|| {
        use_swr_pages(
            |index, _: Option<&String>| Some(format!("p{index}:")),
            fetcher,
            |options| {
                options.pages.initial_size = 2;
            },
        )
    });
    rig.host.advance(20);
    assert_eq!(pages.data.get_untracked().map(|pages| pages.len()), Some(2));
    rig.cache.unload();
    assert_eq!(pages.data.get_untracked(), None);
    assert_eq!(rig.entry("p0:").data(), None);
}

#[test]
fn data_kept_of_a_previous_key_is_dropped() {
    let rig = Rig::new();
    let api = rig.api(10);
    let key = RwSignal::new(Some("a"));
    let hooks: Vec<_> = (0..2)
        .map(|_| {
            rig.keyed_with(key, &api, |options| {
                options.keep_previous_data(true);
            })
        })
        .collect();
    rig.host.advance(10);
    key.set(Some("b"));
    rig.host.settle();
    assert!(hooks.iter().all(|hook| hook.shown() == some("a1")));
    rig.cache.unload();
    assert!(hooks.iter().all(|hook| hook.shown().is_none()));
}

#[test]
fn a_request_under_way_is_aborted() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text("a", &api);
    rig.cache.unload();
    rig.host.advance(100);
    assert_eq!((hook.shown(), hook.busy(), api.aborted()), (None, (false, false), 1));
}

#[test]
fn pages_under_way_are_discarded() {
    let rig = Rig::new();
    let api = rig.api(10);
    let fetcher = api.fetcher();
    let pages =
        rig.mount(|| use_swr_pages(|index, _: Option<&String>| Some(format!("p{index}:")), fetcher, |_| {}));
    rig.host.advance(5);
    rig.cache.unload();
    rig.host.advance(100);
    assert_eq!((pages.data.get_untracked(), rig.entry("p0:").data()), (None, None));
}

#[test]
fn a_mutation_under_way_writes_nothing() {
    let rig = Rig::new();
    let api = rig.api(10);
    let hook = rig.text("a", &api);
    rig.host.advance(10);
    let sleep = rig.host.sleep(10);
    let work = async move {
        sleep.await;
        Ok("mutated".to_owned())
    };
    let _reply = hook.mutate(work, MutateOptions::default().optimistic("hoped".to_owned()));
    assert_eq!(hook.shown(), some("hoped"));
    rig.cache.unload();
    rig.host.advance(100);
    assert_eq!((hook.shown(), api.count()), (None, 1));
}

#[test]
fn the_cache_can_be_emptied_in_every_callback() {
    let rig = Rig::new();
    let api = rig.api(3_500);
    api.react(|key, count| if count % 2 == 0 { Err(key.to_owned()) } else { Ok(format!("{key}{count}")) });
    let cache = rig.cache.clone();
    let hook = rig.text_with("a", &api, move |options| {
        let (on_success, on_error, on_slow, on_discarded) =
            (cache.clone(), cache.clone(), cache.clone(), cache.clone());
        options.on_success(move |_| on_success.unload_and_revalidate());
        options.on_error(move |_| on_error.unload());
        options.on_loading_slow(move || on_slow.unload());
        options.on_discarded(move || on_discarded.unload());
        options.refresh_interval(std::time::Duration::from_secs(7));
    });
    for _ in 0..20 {
        rig.host.advance(2_000);
        hook.revalidate();
        rig.host.advance(9_000);
    }
    assert!(api.count() > 20);
}

#[test]
fn the_cache_can_be_emptied_in_a_fetcher() {
    let rig = Rig::new();
    let (api, cache) = (rig.api(10), rig.cache.clone());
    let asked = api.clone();
    let hook = rig.mount(|| {
        leptos_swr::use_swr(
            || some("a"),
            move |key| {
                cache.unload();
                asked.ask(key)
            },
        )
    });
    rig.host.advance(100);
    assert_eq!((hook.shown(), hook.busy()), (None, (false, false)));
}

#[test]
fn the_cache_can_be_emptied_while_a_fetchers_future_runs() {
    let rig = Rig::new();
    let (host, cache) = (rig.host.clone(), rig.cache.clone());
    let hook = rig.mount(|| {
        leptos_swr::use_swr(
            || some("a"),
            move |key: String| {
                let (sleep, cache) = (host.sleep(10), cache.clone());
                async move {
                    sleep.await;
                    cache.unload();
                    Ok::<_, String>(key)
                }
            },
        )
    });
    rig.host.advance(100);
    assert_eq!((hook.shown(), hook.busy()), (None, (false, false)));
}
