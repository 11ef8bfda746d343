//! The entries of an app, or of a part of it, by key.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::{Rc, Weak};

use reactive_graph::owner::{provide_context, use_context};
use send_wrapper::SendWrapper;

use crate::entry::{Entry, Inner, Node, Shared};
use crate::host::{Browser, Host, HostEvent};
use crate::machine::Event;
use crate::options::{Config, millis};
use crate::value::Value;

/// Entries by key. Clones are the same cache.
///
/// A key is a value of any comparable type: a `String`, a tuple, a struct of the app. Two keys are the same
/// if they are equal and of the same type. A key may have data of several types; these are separate entries.
#[derive(Clone)]
pub struct Cache(Rc<Store>);

struct Store {
    shared: Rc<Shared>,
    /// Unordered. A linear search is fast for the hundreds of entries there are, and a hash map would add
    /// more code than it saves.
    entries: RefCell<Vec<Rc<dyn Node>>>,
    listening: Cell<Option<Box<dyn Any>>>,
}

/// Creates a cache for all hooks below, with swr's defaults.
pub fn provide_cache() -> Cache {
    provide_cache_with(Config::default())
}

/// Creates a cache for all hooks below, with these defaults.
pub fn provide_cache_with(config: Config) -> Cache {
    Cache::new(Rc::new(Browser::new()), config).provide()
}

/// The cache of the nearest [`provide_cache`] above, or else one for the thread with swr's defaults.
pub fn use_cache() -> Cache {
    thread_local! {
        static GLOBAL: Cache = Cache::new(Rc::new(Browser::new()), Config::default());
    }
    let provided = use_context::<SendWrapper<Cache>>().map(SendWrapper::take);
    provided.unwrap_or_else(|| GLOBAL.with(Clone::clone))
}

impl Cache {
    /// Creates an empty cache with this host.
    pub fn new(host: Rc<dyn Host>, config: Config) -> Self {
        let cache = Self(Rc::new(Store {
            shared: Rc::new(Shared::new(host.clone(), config)),
            entries: RefCell::default(),
            listening: Cell::new(None),
        }));
        let store = Rc::downgrade(&cache.0);
        let listening = host.listen(Rc::new(move |event| Store::hear(&store, event)));
        cache.0.listening.set(Some(listening));
        cache
    }

    /// Makes this the cache of all hooks below, and returns it.
    pub fn provide(self) -> Self {
        provide_context(SendWrapper::new(self.clone()));
        self
    }

    /// The defaults of this cache's hooks.
    pub fn config(&self) -> Config {
        self.0.shared.config
    }

    /// The entry of a key, created if missing.
    pub fn entry<K, T, E>(&self, key: K) -> Entry<T, E>
    where
        K: Eq + 'static,
        T: Value,
        E: Value,
    {
        let is_it = |node: &&Rc<dyn Node>| {
            node.core().key.downcast_ref() == Some(&key) && node.as_ref().as_any_ref().is::<Inner<T, E>>()
        };
        let known = self.0.entries.borrow().iter().find(is_it).cloned();
        if let Some(entry) = known.and_then(|node| node.as_any().downcast().ok()) {
            return Entry(entry);
        }
        self.0.collect_garbage();
        let entry = Inner::new(self.0.shared.clone(), key);
        self.0.entries.borrow_mut().push(entry.clone());
        Entry(entry)
    }

    /// The entries of these types whose key passes the filter.
    pub fn entries<K, T, E>(&self, filter: impl Fn(&K) -> bool) -> Vec<Entry<T, E>>
    where
        K: 'static,
        T: Value,
        E: Value,
    {
        let nodes = self.0.nodes().into_iter();
        let matching = nodes.filter(|node| node.core().key.downcast_ref().is_some_and(&filter));
        matching.filter_map(|node| node.as_any().downcast().ok().map(Entry)).collect()
    }

    /// Revalidates a key: at once if a hook shows it, or else when one does.
    pub fn revalidate<K: PartialEq + 'static>(&self, key: &K) {
        let nodes = self.0.nodes().into_iter();
        for node in nodes.filter(|node| node.core().key.downcast_ref() == Some(key)) {
            node.core().dispatch(Event::Revalidate);
        }
    }

    /// Starts a fetcher. The first request of a hook takes its answer instead of calling its own.
    ///
    /// A second preload of the key does nothing until then. A failure is passed to the hook, and the next
    /// preload starts again.
    pub fn preload<K, T, E, F>(&self, key: K, fetcher: impl FnOnce(K) -> F)
    where
        K: Clone + Eq + 'static,
        T: Value,
        E: Value,
        F: Future<Output = Result<T, E>> + 'static,
    {
        let entry: Entry<T, E> = self.entry(key.clone());
        entry.0.preload(move || Box::pin(fetcher(key)));
    }

    /// Empties the cache: data, errors, requests and mutations in flight, and the data kept of a previous
    /// key. May be called at any time, including in a callback.
    pub fn unload(&self) {
        self.clear(false);
    }

    /// Like [`Cache::unload`]; mounted hooks then fetch again.
    pub fn unload_and_revalidate(&self) {
        self.clear(true);
    }

    fn clear(&self, revalidate: bool) {
        for node in self.0.nodes() {
            node.clear(revalidate);
        }
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.0.entries.borrow().len()
    }

    /// Whether the cache is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[cfg(feature = "devtools")]
    pub(crate) fn nodes(&self) -> Vec<Rc<dyn Node>> {
        self.0.nodes()
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.0.shared
    }
}

impl Store {
    fn nodes(&self) -> Vec<Rc<dyn Node>> {
        self.entries.borrow().clone()
    }

    /// Passes a host event to the entries, asynchronously as in swr, so that a hook that changes its key in
    /// the same tick has done so.
    fn hear(store: &Weak<Self>, event: HostEvent) {
        let (event, Some(store)) = (
            match event {
                HostEvent::Focus => Event::Focus,
                HostEvent::Online => Event::Reconnect,
                HostEvent::Offline => return,
            },
            store.upgrade(),
        ) else {
            return;
        };
        let is_watched = |node: &Rc<dyn Node>| node.core().idle_since_ms.get().is_none();
        if !store.nodes().iter().any(is_watched) {
            return;
        }
        let later = Rc::downgrade(&store);
        let tell = move || {
            let nodes = later.upgrade().map(|store| store.nodes()).unwrap_or_default();
            nodes.iter().for_each(|node| node.core().dispatch(event));
        };
        store.shared.host.set_timer(0, Box::new(tell));
    }

    /// Drops entries that have not been watched for long. It runs when an entry is created, so it needs no
    /// timer.
    fn collect_garbage(&self) {
        let now_ms = self.shared.host.now_ms();
        let gc_ms = millis(self.shared.config.gc_time);
        let is_garbage = |node: &Rc<dyn Node>| {
            let idle_since_ms = node.core().idle_since_ms.get();
            Rc::strong_count(node) == 1 && idle_since_ms.is_some_and(|since| now_ms - since > gc_ms)
        };
        loop {
            let mut entries = self.entries.borrow_mut();
            let Some(index) = entries.iter().position(is_garbage) else { return };
            let garbage = entries.swap_remove(index);
            // Dropped outside the borrow, because the data's own drop may use the cache.
            drop(entries);
            drop(garbage);
        }
    }
}
