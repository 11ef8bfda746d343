//! The hook: a key, a fetcher, signals.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;

use reactive_graph::computed::Memo;
use reactive_graph::effect::RenderEffect;
use reactive_graph::graph::untrack;
use reactive_graph::owner::{ArenaItem, LocalStorage, on_cleanup};
use reactive_graph::signal::ArcTrigger;
use reactive_graph::traits::{Get, Notify, Track};
use reactive_graph::wrappers::read::Signal;
use send_wrapper::SendWrapper;

use crate::cache::{Cache, use_cache};
use crate::entry::{Answer, Entry, Fetch, Shows, StatusSignals, Watcher};
use crate::machine::{Retry, WatcherId};
use crate::options::{Config, MutateOptions, Options};
use crate::request::Reply;
use crate::value::Value;

/// Signals of a hook, with a handle to the entry behind them. `Copy`, as signals are.
pub struct Swr<T: Send + Sync + 'static, E: Send + Sync + 'static> {
    /// The newest data. It stays beside an error, and is `None` only until the first answer.
    pub data: Signal<Option<T>>,
    /// The last failure, until the next success.
    pub error: Signal<Option<E>>,
    /// Whether a request is under way and there is no data yet.
    pub is_loading: Signal<bool>,
    /// Whether a request is under way.
    pub is_validating: Signal<bool>,
    /// Whether a retry or poll is due, and waits for the network or for the tab to be visible.
    pub is_paused: Signal<bool>,
    pub(crate) current: Current<T, E>,
}

impl<T: Send + Sync + 'static, E: Send + Sync + 'static> Clone for Swr<T, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static, E: Send + Sync + 'static> Copy for Swr<T, E> {}

impl<T, E> Swr<T, E>
where
    T: Value,
    E: Value,
{
    /// The entry of the current key. `None` without a key, and after the hook's owner is disposed.
    pub fn entry(&self) -> Option<Entry<T, E>> {
        self.current.get_untracked()
    }

    /// The scheduled retry, if there is one. Tracked, as a signal's `get` is.
    pub fn retry(&self) -> Option<Retry> {
        self.current.get()?.0.core.status.retry.get()
    }

    /// Fetches again, regardless of recent requests: [`Entry::revalidate`].
    pub fn revalidate(&self) {
        if let Some(entry) = self.entry() {
            entry.revalidate();
        }
    }

    /// Writes data: [`Entry::set`]. Does nothing without a key.
    pub fn set(&self, data: Option<T>) {
        if let Some(entry) = self.entry() {
            entry.set(data);
        }
    }

    /// Writes data and fetches again: [`Entry::set_and_revalidate`]. Does nothing without a key.
    pub fn set_and_revalidate(&self, data: Option<T>) {
        if let Some(entry) = self.entry() {
            entry.set_and_revalidate(data);
        }
    }

    /// Updates data: [`Entry::update`]. Does nothing without a key.
    pub fn update(&self, change: impl FnOnce(Option<&T>) -> Option<T>) {
        if let Some(entry) = self.entry() {
            entry.update(change);
        }
    }

    /// Like [`Swr::update`], and fetches again.
    pub fn update_and_revalidate(&self, change: impl FnOnce(Option<&T>) -> Option<T>) {
        if let Some(entry) = self.entry() {
            entry.update_and_revalidate(change);
        }
    }

    /// Does work and takes its answer into the cache: [`Entry::mutate`]. Without a key it does nothing and
    /// returns `None`.
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
/// `key` is reactive. With `None`, nothing is fetched and all signals are empty. `fetcher` is called
/// untracked with the key when data is needed; see [`crate::abort_signal`] for cancelling requests.
///
/// Cached data is shown at once, also when the key changes: no signal shows one key's data under another key,
/// unless `keep_previous_data` is set.
#[cfg_attr(feature = "devtools", track_caller)]
pub fn use_swr<K, T, E, F>(
    key: impl Fn() -> Option<K> + 'static,
    fetcher: impl Fn(K) -> F + 'static,
) -> Swr<T, E>
where
    K: Clone + Eq + 'static,
    T: Value,
    E: Value,
    F: Future<Output = Result<T, E>> + 'static,
{
    use_swr_with(key, fetcher, |_| {})
}

/// The data of a key that never changes: fetched once, and again only on request.
#[cfg_attr(feature = "devtools", track_caller)]
pub fn use_swr_immutable<K, T, E, F>(
    key: impl Fn() -> Option<K> + 'static,
    fetcher: impl Fn(K) -> F + 'static,
) -> Swr<T, E>
where
    K: Clone + Eq + 'static,
    T: Value,
    E: Value,
    F: Future<Output = Result<T, E>> + 'static,
{
    use_swr_with(key, fetcher, |options| {
        options.immutable();
    })
}

/// The data of a key, with options.
/// `options` modifies the cache's defaults. It is reactive: if it reads a signal, the options change with it.
/// change with it.
#[cfg_attr(feature = "devtools", track_caller)]
pub fn use_swr_with<K, T, E, F>(
    key: impl Fn() -> Option<K> + 'static,
    fetcher: impl Fn(K) -> F + 'static,
    options: impl Fn(&mut Options<T, E>) + 'static,
) -> Swr<T, E>
where
    K: Clone + Eq + 'static,
    T: Value,
    E: Value,
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
    use_found(&cache, Box::new(find), options)
}

/// Reads data that other hooks or mutations have stored under a key. Never fetches.
#[cfg_attr(feature = "devtools", track_caller)]
pub fn use_swr_cached<K, T, E>(key: impl Fn() -> Option<K> + 'static) -> Swr<T, E>
where
    K: Clone + Eq + 'static,
    T: Value,
    E: Value,
{
    let cache = use_cache();
    let finder = cache.clone();
    let find = move || key().map(|key| (finder.entry::<K, T, E>(key), None));
    use_found(&cache, Box::new(find), |_| {})
}

/// Finds the entry to show, and its fetcher if it has one. Reactive.
pub(crate) type Find<T, E> = Box<dyn Fn() -> Option<EntryAndFetch<T, E>>>;

/// The signals of an entry.
#[cfg_attr(feature = "devtools", track_caller)]
pub(crate) fn use_found<T, E>(
    cache: &Cache,
    find: Find<T, E>,
    options: impl Fn(&mut Options<T, E>) + 'static,
) -> Swr<T, E>
where
    T: Value,
    E: Value,
{
    let config = cache.config();
    let hook = Rc::new(Hook {
        found: RefCell::new(None),
        kept: RefCell::new(None),
        options: RefCell::new(Rc::new(Options::new(config))),
        changed: ArcTrigger::new(),
        #[cfg(feature = "devtools")]
        location: std::panic::Location::caller(),
    });
    let current = Current { address: find_memo(hook.clone(), find), hook: ArenaItem::new_local(hook) };
    keep_options(config, current, options);
    keep_mounted(current);
    Swr {
        data: Signal::derive(move || shown_data(current)),
        error: Signal::derive(move || current.get()?.0.error.get()),
        is_loading: select(current, |status| status.is_loading.get()),
        is_validating: select(current, |status| status.is_validating.get()),
        is_paused: select(current, |status| status.is_paused.get()),
        current,
    }
}

/// A part of the entry's status; the default without an entry.
fn select<T, E, V>(current: Current<T, E>, part: fn(&StatusSignals) -> V) -> Signal<V>
where
    T: Value,
    E: Value,
    V: Default + Send + Sync + 'static,
{
    Signal::derive(move || current.get().map(|entry| part(&entry.0.core.status)).unwrap_or_default())
}

/// State of a hook: the entry that it shows, and its current options.
pub(crate) struct Hook<T, E> {
    found: RefCell<Option<EntryAndFetch<T, E>>>,
    /// The last data, of any key.
    kept: RefCell<Option<T>>,
    options: RefCell<Rc<Options<T, E>>>,
    /// The options have changed.
    changed: ArcTrigger,
    #[cfg(feature = "devtools")]
    location: &'static std::panic::Location<'static>,
}

type EntryAndFetch<T, E> = (Entry<T, E>, Option<Fetch<T, E>>);

impl<T, E> Shows<T, E> for Hook<T, E> {
    fn options(&self) -> Rc<Options<T, E>> {
        self.options.borrow().clone()
    }

    fn forget(&self) {
        drop(self.kept.take());
    }

    #[cfg(feature = "devtools")]
    fn location(&self) -> &'static std::panic::Location<'static> {
        self.location
    }
}

impl<T, E> Hook<T, E> {
    fn entry(&self) -> Option<Entry<T, E>> {
        self.found.borrow().as_ref().map(|(entry, _)| entry.clone())
    }
}

/// A handle from signals to their hook, valid until the hook's owner is disposed. `Copy`.
pub(crate) struct Current<T: 'static, E: 'static> {
    /// Address of the entry in memory, 0 without one. It changes with the entry; a memo of the entry itself
    /// would be compiled for each type of data.
    address: Memo<usize>,
    hook: ArenaItem<Rc<Hook<T, E>>, LocalStorage>,
}

impl<T, E> Clone for Current<T, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, E> Copy for Current<T, E> {}

impl<T, E> Current<T, E> {
    /// The entry, tracked.
    #[inline(never)]
    pub fn get(&self) -> Option<Entry<T, E>> {
        self.address.try_get()?;
        self.hook.try_get_value()?.entry()
    }

    /// The entry, untracked. `None` also after the hook's owner is disposed.
    fn get_untracked(&self) -> Option<Entry<T, E>> {
        untrack(|| self.get())
    }
}

/// Finds the entry, stores it in the hook and returns its address.
fn find_memo<T, E>(hook: Rc<Hook<T, E>>, find: Find<T, E>) -> Memo<usize>
where
    T: Value,
    E: Value,
{
    let local = SendWrapper::new((hook, find));
    Memo::new(move |_| {
        let (hook, find) = &*local;
        let found = find();
        let address = found.as_ref().map_or(0, |(entry, _)| Rc::as_ptr(&entry.0).addr());
        // The previous entry is dropped only now, so that a new one cannot have the same address.
        let before = hook.found.replace(found);
        let left = before.filter(|(entry, _)| Rc::as_ptr(&entry.0).addr() != address);
        if let Some(data) = left.and_then(|(entry, _)| entry.data()) {
            hook.kept.replace(Some(data));
        }
        address
    })
}

/// Keeps the options current, when a signal that `change` reads changes.
fn keep_options<T, E>(config: Config, current: Current<T, E>, change: impl Fn(&mut Options<T, E>) + 'static)
where
    T: Value,
    E: Value,
{
    hold(RenderEffect::new(move |again: Option<()>| {
        let mut options = Options::new(config);
        change(&mut options);
        let Some(hook) = current.hook.try_get_value() else { return };
        drop(hook.options.replace(Rc::new(options)));
        if again.is_some() {
            hook.changed.notify();
            if let Some(entry) = current.get_untracked() {
                entry.0.configure(&(hook as Rc<dyn Shows<T, E>>));
            }
        }
    }));
}

/// Keeps the hook mounted on the entry.
fn keep_mounted<T, E>(current: Current<T, E>)
where
    T: Value,
    E: Value,
{
    let is_initial = Cell::new(true);
    hold_each(move |leave: &mut dyn FnMut()| {
        current.address.try_get();
        let hook = current.hook.try_get_value();
        let found = hook.as_ref().and_then(|hook| hook.found.borrow().clone());
        leave();
        let is_initial = is_initial.replace(false);
        let ((entry, fetch), hook) = found.zip(hook)?;
        let watcher = Watcher { fetch, hook };
        let watcher = untrack(|| entry.0.mount(watcher, is_initial));
        Some(Mounted { entry, watcher })
    });
}

struct Mounted<T, E>
where
    T: Value,
    E: Value,
{
    entry: Entry<T, E>,
    watcher: WatcherId,
}

impl<T, E> Drop for Mounted<T, E>
where
    T: Value,
    E: Value,
{
    fn drop(&mut self) {
        self.entry.0.unmount(self.watcher);
    }
}

/// The data to show: of the entry, or else kept of the previous key, or else the fallback. Tracked.
fn shown_data<T, E>(current: Current<T, E>) -> Option<T>
where
    T: Value,
    E: Value,
{
    let hook = current.hook.try_get_value()?;
    hook.changed.track();
    let options = hook.options();
    let data = current.get().and_then(|entry| entry.0.data.get());
    if options.config.keep_previous_data && data.is_some() {
        hook.kept.replace(data.clone());
    }
    let kept = || hook.kept.borrow().clone().filter(|_| options.config.keep_previous_data);
    data.or_else(kept).or_else(|| options.fallback_data.clone())
}

/// Keeps an effect until the owner is disposed.
fn hold<S: 'static>(effect: RenderEffect<S>) {
    let effect = SendWrapper::new(effect);
    on_cleanup(move || drop(effect));
}

/// Keeps the value that `enter` returns until it is called again (when a signal it reads changes) or the
/// owner is disposed. An effect alone would keep it until its task ends. `enter` gets a function that drops
/// the previous value.
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
