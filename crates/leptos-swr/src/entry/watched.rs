//! Signals of an entry.

use std::cell::RefCell;

use reactive_graph::signal::ArcTrigger;
use reactive_graph::traits::{Notify as _, Track};

use crate::machine::Retry;

/// The machine's [`crate::machine::Status`], split so that a change notifies only readers of that part.
#[derive(Default)]
pub(crate) struct StatusSignals {
    pub is_validating: Watched<bool>,
    pub is_loading: Watched<bool>,
    pub is_paused: Watched<bool>,
    pub retry: Watched<Option<Retry>>,
}

/// A value with a trigger for changes: a signal that stays on its thread, with much less WebAssembly than one
/// that can be sent.
pub(crate) struct Watched<V> {
    value: RefCell<V>,
    changed: ArcTrigger,
}

impl<V: Default> Default for Watched<V> {
    fn default() -> Self {
        Self { value: RefCell::default(), changed: ArcTrigger::new() }
    }
}

impl<V: Clone> Watched<V> {
    /// The value, tracked.
    pub fn get(&self) -> V {
        self.changed.track();
        self.get_untracked()
    }

    pub fn get_untracked(&self) -> V {
        self.value.borrow().clone()
    }

    pub fn set(&self, value: V) {
        self.set_silently(value);
        self.changed.notify();
    }

    /// Sets the value without notifying.
    pub fn set_silently(&self, value: V) {
        // The old value is dropped outside the borrow, because its drop may use this.
        drop(self.value.replace(value));
    }
}

impl<V: Clone + PartialEq> Watched<V> {
    /// Sets the value if it differs.
    pub fn set_if_changed(&self, value: V) {
        let is_same = *self.value.borrow() == value;
        if !is_same {
            self.set(value);
        }
    }
}

impl<V> Watched<Option<V>> {
    pub fn is_some(&self) -> bool {
        self.value.borrow().is_some()
    }
}
