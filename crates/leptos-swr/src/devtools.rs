//! The state of all entries, for a developer's panel. Only with the feature `devtools`.

use std::any::{Any, type_name};
use std::cell::{Cell, RefCell};
use std::fmt::Debug;
use std::rc::Rc;

use crate::cache::Cache;
use crate::entry::Node;
use crate::machine::Retry;

/// Snapshot of an entry: see [`Cache::snapshot`].
#[derive(Debug, Clone, PartialEq)]
pub struct EntrySnapshot {
    /// The key as text, for strings, numbers and types given to [`Cache::show_keys`]; for others, the name of
    /// their type.
    pub key: String,
    /// Type of the data.
    pub data: &'static str,
    /// State of the data.
    pub state: EntryState,
    /// Milliseconds since the data was written; `None` without data.
    pub age_ms: Option<u64>,
    /// Whether a request is under way.
    pub in_flight: bool,
    /// Whether a retry or poll is due, and waits for the network or for the tab to be visible.
    pub is_paused: bool,
    /// The scheduled retry.
    pub retry: Option<Retry>,
    /// Locations of the hooks that show the entry: file, line and column.
    pub shown_by: Vec<String>,
}

/// State of an entry's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryState {
    /// No data and no error.
    Empty,
    /// Data, and no error since.
    Data,
    /// An error beside the data.
    DataAndError,
    /// An error, and no data.
    Error,
}

/// Types and times of an entry, for its snapshot.
pub(crate) struct Traced {
    key: &'static str,
    data: &'static str,
    pub written_ms: Cell<Option<u64>>,
}

impl Traced {
    pub(crate) fn new<K, T>() -> Self {
        Self { key: type_name::<K>(), data: type_name::<T>(), written_ms: Cell::new(None) }
    }
}

/// Formats keys of one type.
type Describe = Box<dyn Fn(&dyn Any) -> Option<String>>;

/// The types of keys that can be formatted.
#[derive(Default)]
pub(crate) struct KeyTexts(RefCell<Vec<Describe>>);

impl KeyTexts {
    fn add<K: Debug + 'static>(&self) {
        self.0.borrow_mut().push(Box::new(|key| key.downcast_ref::<K>().map(|key| format!("{key:?}"))));
    }

    fn text(&self, node: &dyn Node) -> String {
        let core = node.core();
        let text = self.0.borrow().iter().find_map(|describe| describe(&*core.key));
        text.or_else(|| plain_text(&*core.key)).unwrap_or_else(|| core.traced.key.to_owned())
    }
}

fn plain_text(key: &dyn Any) -> Option<String> {
    let text = key.downcast_ref::<String>().cloned();
    let text = text.or_else(|| key.downcast_ref::<&'static str>().map(|key| (*key).to_owned()));
    let text = text.or_else(|| key.downcast_ref::<u32>().map(u32::to_string));
    text.or_else(|| key.downcast_ref::<u64>().map(u64::to_string))
}

impl Cache {
    /// Shows keys of this type in snapshots.
    pub fn show_keys<K: Debug + 'static>(&self) {
        self.shared().key_texts.add::<K>();
    }

    /// Snapshots of all entries, unordered. Not tracked.
    pub fn snapshot(&self) -> Vec<EntrySnapshot> {
        let shared = self.shared();
        let now_ms = shared.host.now_ms();
        let entry = |node: &Rc<dyn Node>| {
            let core = node.core();
            let (has_data, has_error) = node.has_data_and_error();
            let status = core.machine.borrow().status();
            let written_ms = core.traced.written_ms.get().filter(|_| has_data);
            EntrySnapshot {
                key: shared.key_texts.text(&**node),
                data: core.traced.data,
                state: match (has_data, has_error) {
                    (false, false) => EntryState::Empty,
                    (true, false) => EntryState::Data,
                    (true, true) => EntryState::DataAndError,
                    (false, true) => EntryState::Error,
                },
                age_ms: written_ms.map(|written_ms| now_ms.saturating_sub(written_ms)),
                in_flight: status.is_validating,
                is_paused: status.is_paused,
                retry: status.retry,
                shown_by: node.shown_by().iter().map(|at| at.to_string()).collect(),
            }
        };
        self.nodes().iter().map(entry).collect()
    }
}
