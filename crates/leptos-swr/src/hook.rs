//! The hook: a key, a fetcher, signals.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;

use reactive_graph::computed::Memo;
use reactive_graph::effect::RenderEffect;
use reactive_graph::graph::untrack;
use reactive_graph::owner::{LocalStorage, StoredValue, on_cleanup};
use reactive_graph::signal::ArcTrigger;
use reactive_graph::traits::{GetValue, Notify, Track, With, WithUntracked};
use reactive_graph::wrappers::read::Signal;
use send_wrapper::SendWrapper;

use crate::cache::{Cache, use_cache};
use crate::entry::{Answer, Entry, StatusSignals, Watcher};
use crate::machine::{Retry, WatcherId};
use crate::options::{MutateOptions, Options};
use crate::request::Reply;

/// What a hook returns: signals, and a hold on the entry behind them. `Copy`, as signals are.
pub struct Swr<T: Send + Sync + 'static, E: Send + Sync + 'static> {
    /// The newest data. Stays beside an error; `None` only while there never was any.
    pub data: Signal<Option<T>>,
    /// The last failure, until the next success.
    pub error: Signal<Option<E>>,
    /// A request is under way and there is no data yet.
    pub is_loading: Signal<bool>,
    /// A request is under way.
    pub is_validating: Signal<bool>,
    /// A retry or a poll is due, and waits for the network or for the tab to be visible.
    pub is_paused: Signal<bool>,
    /// The retry that comes next.
    pub retry: Signal<Option<Retry>>,
    entry: StoredValue<Current<T, E>, LocalStorage>,
}

type Current<T, E> = Rc<dyn Fn() -> Option<Entry<T, E>>>;

impl<T: Send + Sync + 'static, E: Send + Sync + 'static> Clone for Swr<T, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static, E: Send + Sync + 'static> Copy for Swr<T, E> {}

impl<T, E> Swr<T, E>
where
    T: Clone + PartialEq + Send + Sync + 'static,
    E: Clone + PartialEq + Send + Sync + 'static,
{
    /// The entry of the key as it is now. `None` without a key, and after the hook's owner is gone.
    pub fn entry(&self) -> Option<Entry<T, E>> {
        self.entry.try_get_value().and_then(|entry| entry())
    }

    /// Asks for the data again, whatever was asked a moment ago: [`Entry::revalidate`].
    pub fn revalidate(&self) {
        if let Some(entry) = self.entry() {
            entry.revalidate();
        }
    }

    /// Writes data, then fetches again if `revalidate` says so: [`Entry::set`]. Does nothing without a key.
    pub fn set(&self, data: Option<T>, revalidate: bool) {
        if let Some(entry) = self.entry() {
            entry.set(data, revalidate);
        }
    }

    /// Makes data from the committed data: [`Entry::update`]. Does nothing without a key.
    pub fn update(&self, change: impl FnOnce(Option<&T>) -> Option<T>, revalidate: bool) {
        if let Some(entry) = self.entry() {
            entry.update(change, revalidate);
        }
    }

    /// Does some work and takes its answer into the cache: [`Entry::mutate`]. `None` without a key; then the
    /// work is not done.
    pub fn mutate<R: 'static>(
        &self,
        work: impl Future<Output = Result<R, E>> + 'static,
        options: MutateOptions<T, R, E>,
    ) -> Option<Reply<Result<R, E>>> {
        self.entry().map(|entry| entry.mutate(work, options))
    }
}

/// The data of a key, with the cache's defaults.
///
/// `key` is reactive: where it changes, so does the data. `None` is no key: nothing is fetched, and all
/// signals are empty. `fetcher` is called untracked, with the key, whenever data is wanted; see
/// [`crate::abort_signal`] for what it can hand to `fetch`.
///
/// The cached data of a key is there at once, and also where the key changes: no signal ever shows one
/// key's data under another key, unless `keep_previous_data` asks for it.
pub fn use_swr<K, T, E, F>(
    key: impl Fn() -> Option<K> + 'static,
    fetcher: impl Fn(K) -> F + 'static,
) -> Swr<T, E>
where
    K: Clone + Eq + 'static,
    T: Clone + PartialEq + Send + Sync + 'static,
    E: Clone + PartialEq + Send + Sync + 'static,
    F: Future<Output = Result<T, E>> + 'static,
{
    use_swr_with(key, fetcher, |_| {})
}

/// The data of a key that never changes: fetched once, and then only when asked for.
pub fn use_swr_immutable<K, T, E, F>(
    key: impl Fn() -> Option<K> + 'static,
    fetcher: impl Fn(K) -> F + 'static,
) -> Swr<T, E>
where
    K: Clone + Eq + 'static,
    T: Clone + PartialEq + Send + Sync + 'static,
    E: Clone + PartialEq + Send + Sync + 'static,
    F: Future<Output = Result<T, E>> + 'static,
{
    use_swr_with(key, fetcher, |options| options.config = options.config.immutable())
}

/// The data of a key, with options.
///
/// `options` changes the cache's defaults in place. It is reactive: where it reads a signal, the options
/// change with it.
pub fn use_swr_with<K, T, E, F>(
    key: impl Fn() -> Option<K> + 'static,
    fetcher: impl Fn(K) -> F + 'static,
    options: impl Fn(&mut Options<T, E>) + 'static,
) -> Swr<T, E>
where
    K: Clone + Eq + 'static,
    T: Clone + PartialEq + Send + Sync + 'static,
    E: Clone + PartialEq + Send + Sync + 'static,
    F: Future<Output = Result<T, E>> + 'static,
{
    let cache = use_cache();
    let fetcher = Rc::new(fetcher);
    let fetch = move |key: K| {
        let fetcher = fetcher.clone();
        Rc::new(move || Box::pin(fetcher(key.clone())) as Answer<T, E>) as Fetch<T, E>
    };
    let finder = cache.clone();
    let find = move || key().map(|key| (finder.entry::<K, T, E>(key.clone()), Some(fetch(key))));
    use_found(&cache, find_memo(Box::new(find)), options)
}

/// What others have put under a key, by a fetch or by hand. Fetches nothing itself.
pub fn use_swr_cached<K, T, E>(key: impl Fn() -> Option<K> + 'static) -> Swr<T, E>
where
    K: Clone + Eq + 'static,
    T: Clone + PartialEq + Send + Sync + 'static,
    E: Clone + PartialEq + Send + Sync + 'static,
{
    let cache = use_cache();
    let finder = cache.clone();
    let find = move || key().map(|key| (finder.entry::<K, T, E>(key), None));
    use_found(&cache, find_memo(Box::new(find)), |_| {})
}

/// How an entry is fetched.
pub(crate) type Fetch<T, E> = Rc<dyn Fn() -> Answer<T, E>>;

/// Finds the entry to show, and how it is fetched, if it is. Reactive.
pub(crate) type Find<T, E> = Box<dyn Fn() -> Option<EntryAndFetch<T, E>>>;

/// The entry that `find` finds, as a signal, and the data of the entry before.
pub(crate) fn find_memo<T, E>(find: Find<T, E>) -> (Memo<Found<T, E>>, Kept<T>)
where
    T: Clone + PartialEq + Send + Sync + 'static,
    E: Clone + PartialEq + Send + Sync + 'static,
{
    let kept = Kept::default();
    let local = SendWrapper::new((find, kept.clone()));
    let found = Memo::new(move |before: Option<&Found<T, E>>| {
        let (find, kept) = &*local;
        let found = Found(SendWrapper::new(find()));
        if let Some(data) =
            before.filter(|before| **before != found).and_then(|before| before.entry()?.data())
        {
            kept.replace(Some(data));
        }
        found
    });
    (found, kept)
}

/// The last data that a hook had, of whichever key.
pub(crate) type Kept<T> = Rc<RefCell<Option<T>>>;

/// The signals of the entry that is found.
pub(crate) fn use_found<T, E>(
    cache: &Cache,
    (found, kept): (Memo<Found<T, E>>, Kept<T>),
    options: impl Fn(&mut Options<T, E>) + 'static,
) -> Swr<T, E>
where
    T: Clone + PartialEq + Send + Sync + 'static,
    E: Clone + PartialEq + Send + Sync + 'static,
{
    let options = live_options(cache, found, options);
    keep_mounted(found, options.clone(), kept.clone());
    Swr {
        data: shown_data(found, options, kept),
        error: Signal::derive(move || current(found).and_then(|entry| entry.0.error.get())),
        is_loading: select(found, |status| status.is_loading.get()),
        is_validating: select(found, |status| status.is_validating.get()),
        is_paused: select(found, |status| status.is_paused.get()),
        retry: select(found, |status| status.retry.get()),
        entry: StoredValue::new_local(Rc::new(move || current_untracked(found))),
    }
}

/// A part of the found entry's status; its default without an entry.
fn select<T, E, V>(found: Memo<Found<T, E>>, part: fn(&StatusSignals) -> V) -> Signal<V>
where
    T: Clone + PartialEq + Send + Sync + 'static,
    E: Clone + PartialEq + Send + Sync + 'static,
    V: Default + Send + Sync + 'static,
{
    Signal::derive(move || current(found).map(|entry| part(&entry.0.core.status)).unwrap_or_default())
}

/// The entry that is found, tracked.
#[inline(never)]
pub(crate) fn current<T, E>(found: Memo<Found<T, E>>) -> Option<Entry<T, E>>
where
    T: Clone + PartialEq + Send + Sync + 'static,
    E: Clone + PartialEq + Send + Sync + 'static,
{
    found.with(Found::entry)
}

/// The entry that is found, untracked. `None` also after the hook's owner is gone.
fn current_untracked<T, E>(found: Memo<Found<T, E>>) -> Option<Entry<T, E>>
where
    T: Clone + PartialEq + Send + Sync + 'static,
    E: Clone + PartialEq + Send + Sync + 'static,
{
    found.try_with_untracked(Found::entry).flatten()
}

/// An entry with its fetcher; the same as long as the entry is.
pub(crate) struct Found<T, E>(SendWrapper<Option<EntryAndFetch<T, E>>>);

type EntryAndFetch<T, E> = (Entry<T, E>, Option<Fetch<T, E>>);

impl<T, E> Found<T, E> {
    fn entry(&self) -> Option<Entry<T, E>> {
        self.0.as_ref().map(|(entry, _)| entry.clone())
    }
}

impl<T, E> PartialEq for Found<T, E> {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_ref().map(|(entry, _)| entry) == other.0.as_ref().map(|(entry, _)| entry)
    }
}

/// A hook's options, and a signal of their changes.
pub(crate) struct LiveOptions<T, E> {
    options: RefCell<Rc<Options<T, E>>>,
    changed: ArcTrigger,
}

impl<T, E> LiveOptions<T, E> {
    /// The options as they are now.
    pub fn get(&self) -> Rc<Options<T, E>> {
        self.options.borrow().clone()
    }
}

/// The options, now and whenever a signal they read changes.
fn live_options<T, E>(
    cache: &Cache,
    found: Memo<Found<T, E>>,
    change: impl Fn(&mut Options<T, E>) + 'static,
) -> Rc<LiveOptions<T, E>>
where
    T: Clone + PartialEq + Send + Sync + 'static,
    E: Clone + PartialEq + Send + Sync + 'static,
{
    let config = cache.config();
    let options = RefCell::new(Rc::new(Options::new(config)));
    let live = Rc::new(LiveOptions { options, changed: ArcTrigger::new() });
    let written = live.clone();
    hold(RenderEffect::new(move |again: Option<()>| {
        let mut options = Options::new(config);
        change(&mut options);
        drop(written.options.replace(Rc::new(options)));
        let is_change = again.is_some();
        if is_change {
            written.changed.notify();
        }
        if let Some(entry) = current_untracked(found).filter(|_| is_change) {
            entry.0.configure(&written);
        }
    }));
    live
}

/// Keeps the hook mounted on the entry that is found.
fn keep_mounted<T, E>(found: Memo<Found<T, E>>, options: Rc<LiveOptions<T, E>>, kept: Kept<T>)
where
    T: Clone + PartialEq + Send + Sync + 'static,
    E: Clone + PartialEq + Send + Sync + 'static,
{
    let is_initial = Cell::new(true);
    hold_each(move |leave: &mut dyn FnMut()| {
        let found = found.with(|found| found.0.as_ref().cloned());
        leave();
        let is_initial = is_initial.replace(false);
        let (entry, fetch) = found?;
        let kept = kept.clone();
        let forget = Rc::new(move || drop(kept.take()));
        let watcher = Watcher { fetch, options: options.clone(), forget };
        let watcher = untrack(|| entry.0.mount(watcher, is_initial));
        Some(Mounted { entry, watcher })
    });
}

struct Mounted<T, E>
where
    T: Clone + PartialEq + Send + Sync + 'static,
    E: Clone + PartialEq + Send + Sync + 'static,
{
    entry: Entry<T, E>,
    watcher: WatcherId,
}

impl<T, E> Drop for Mounted<T, E>
where
    T: Clone + PartialEq + Send + Sync + 'static,
    E: Clone + PartialEq + Send + Sync + 'static,
{
    fn drop(&mut self) {
        self.entry.0.unmount(self.watcher);
    }
}

/// The data to show: the entry's, else what is kept of the key before, else the fallback.
fn shown_data<T, E>(
    found: Memo<Found<T, E>>,
    options: Rc<LiveOptions<T, E>>,
    kept: Kept<T>,
) -> Signal<Option<T>>
where
    T: Clone + PartialEq + Send + Sync + 'static,
    E: Clone + PartialEq + Send + Sync + 'static,
{
    let local = SendWrapper::new((options, kept));
    Signal::derive(move || {
        let (options, kept) = &*local;
        options.changed.track();
        let options = options.get();
        let data = current(found).and_then(|entry| entry.0.data.get());
        if options.keep_previous_data && data.is_some() {
            kept.replace(data.clone());
        }
        let kept = || kept.borrow().clone().filter(|_| options.keep_previous_data);
        data.or_else(kept).or_else(|| options.fallback_data.clone())
    })
}

/// Keeps an effect as long as the owner.
fn hold<S: 'static>(effect: RenderEffect<S>) {
    let effect = SendWrapper::new(effect);
    on_cleanup(move || drop(effect));
}

/// Keeps what `enter` returns until it is called again (where a signal it reads changes) or the owner is gone,
/// and not a moment longer: an effect would keep its value until its task ends. `enter` gets a way to drop
/// what it returned before.
pub(crate) fn hold_each<G: 'static>(enter: impl Fn(&mut dyn FnMut()) -> Option<G> + 'static) {
    let held = Rc::new(RefCell::new(None));
    let last = SendWrapper::new(held.clone());
    let effect = RenderEffect::new(move |_| {
        let next = enter(&mut || drop(held.take()));
        drop(held.replace(next));
    });
    let effect = SendWrapper::new(effect);
    on_cleanup(move || {
        drop(effect);
        drop(RefCell::take(&last));
    });
}
