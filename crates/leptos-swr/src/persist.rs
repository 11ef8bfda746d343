//! Data that outlives the page.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cache::Cache;
use crate::entry::{Entry, Inner, Node};
use crate::options::millis;
use crate::value::Value;

/// One place to keep a text.
pub trait Storage: 'static {
    /// The text, if there is any.
    fn load(&self) -> Option<String>;
    /// Keeps a text in place of the one before. May fail in silence: what is kept is only a cache.
    fn save(&self, text: &str);
    /// Forgets the text.
    fn remove(&self);
}

/// An item of the browser's `localStorage` or `sessionStorage`.
pub struct WebStorage {
    storage: Option<web_sys::Storage>,
    name: String,
}

impl WebStorage {
    /// The item of this name in `localStorage`, which outlives the browser. Empty where storage is forbidden.
    pub fn local(name: &str) -> Self {
        Self { storage: window().and_then(|window| window.local_storage().ok()?), name: name.to_owned() }
    }

    /// The item of this name in `sessionStorage`, which outlives a reload.
    pub fn session(name: &str) -> Self {
        Self { storage: window().and_then(|window| window.session_storage().ok()?), name: name.to_owned() }
    }
}

fn window() -> Option<web_sys::Window> {
    if cfg!(target_arch = "wasm32") { web_sys::window() } else { None }
}

impl Storage for WebStorage {
    fn load(&self) -> Option<String> {
        self.storage.as_ref()?.get_item(&self.name).ok()?
    }

    fn save(&self, text: &str) {
        if let Some(storage) = &self.storage {
            // Full, or forbidden: then the next load begins with a fetch.
            let _ = storage.set_item(&self.name, text);
        }
    }

    fn remove(&self) {
        if let Some(storage) = &self.storage {
            let _ = storage.remove_item(&self.name);
        }
    }
}

/// Which data is persisted, and for how long.
pub struct PersistOptions<T> {
    /// Raised when the data's shape changes: what another version kept is forgotten. Default 0.
    pub version: u32,
    /// Older data is forgotten. Default 24 hours.
    pub max_age: Duration,
    /// The most entries that are kept; the oldest go first. Default 20.
    pub max_entries: usize,
    /// Makes the data to keep, of a list for instance the first page; `None` keeps nothing. Default: all of
    /// it.
    pub keep: fn(&T) -> Option<T>,
}

impl<T: Clone> Default for PersistOptions<T> {
    fn default() -> Self {
        Self {
            version: 0,
            max_age: Duration::from_secs(24 * 60 * 60),
            max_entries: 20,
            keep: |data| Some(data.clone()),
        }
    }
}

impl<P: Clone> PersistOptions<Vec<P>> {
    /// Keeps only the first page of each list.
    pub fn first_page() -> Self {
        Self { keep: |pages| pages.first().map(|page| vec![page.clone()]), ..Self::default() }
    }
}

/// Persisted form, as JSON: the version, then key, time of writing (ms since 1970) and data of each entry.
/// Tuples, because deserialising structs takes more code.
type Kept<K, T> = (u32, Vec<(K, u64, T)>);

impl Cache {
    /// Restores the entries of these types from the storage, and keeps them there from now on.
    ///
    /// Call it before the first hook. Restored data is shown at once and, like all cached data, revalidated
    /// when a hook shows it. Data written later is kept at once; emptying the cache empties the storage.
    /// A text that cannot be read, or is of another version, is removed.
    pub fn persist<K, T, E>(&self, storage: impl Storage, options: PersistOptions<T>)
    where
        K: Clone + Eq + Serialize + DeserializeOwned + 'static,
        T: Clone + PartialEq + Send + Sync + Serialize + DeserializeOwned + 'static,
        E: Value,
    {
        let host = self.shared().host.clone();
        let kept = restore::<K, T>(&storage, &options, host.wall_clock_ms());
        for (key, _, data) in &kept {
            let entry: Entry<T, E> = self.entry(key.clone());
            if entry.data().is_none() {
                entry.0.write(Some(data.clone()));
            }
        }
        let kept = RefCell::new(kept);
        let before = self.shared().on_commit.take();
        let listener = move |node: &dyn Node| {
            if let Some(before) = &before {
                before(node);
            }
            let typed = node.as_any_ref().downcast_ref::<Inner<T, E>>();
            let (Some(inner), Some(key)) = (typed, node.core().key.downcast_ref::<K>()) else { return };
            let mut entries = kept.borrow_mut();
            entries.retain(|(known, ..)| known != key);
            if let Some(data) = inner.data.get_untracked().as_ref().and_then(options.keep) {
                entries.push((key.clone(), host.wall_clock_ms(), data));
            }
            let excess = entries.len().saturating_sub(options.max_entries);
            entries.drain(..excess);
            save(&storage, options.version, &entries);
        };
        self.shared().on_commit.replace(Some(Rc::new(listener)));
    }
}

fn restore<K: DeserializeOwned, T: DeserializeOwned>(
    storage: &impl Storage,
    options: &PersistOptions<T>,
    now_ms: u64,
) -> Vec<(K, u64, T)> {
    let Some(text) = storage.load() else { return Vec::new() };
    let kept = serde_json::from_str::<Kept<K, T>>(&text).ok();
    let Some((_, mut entries)) = kept.filter(|(version, _)| *version == options.version) else {
        storage.remove();
        return Vec::new();
    };
    let max_age_ms = millis(options.max_age);
    entries.retain(|(_, at_ms, _)| now_ms.saturating_sub(*at_ms) <= max_age_ms);
    entries
}

fn save<K: Serialize, T: Serialize>(storage: &impl Storage, version: u32, entries: &[(K, u64, T)]) {
    if entries.is_empty() {
        storage.remove();
    } else if let Ok(text) = serde_json::to_string(&(version, entries)) {
        storage.save(&text);
    }
}
