//! Signals of an entry.

use std::cell::RefCell;

use reactive_graph::signal::ArcTrigger;
use reactive_graph::traits::{Notify as _, Track};

use crate::machine::Retry;

/// The machine's [`crate::machine::Status`] in parts, so that a change notifies only those who read that
/// part.
#[derive(Default)]
pub(crate) struct StatusSignals {
    pub is_validating: Watched<bool>,
    pub is_loading: Watched<bool>,
    pub is_paused: Watched<bool>,
    pub retry: Watched<Option<Retry>>,
}

/// A value and a trigger of its changes: a signal that stays on its thread, and much smaller in the
/// WebAssembly than one that could leave it.
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

    /// Sets the value and notifies nobody.
    pub fn set_silently(&self, value: V) {
        // The old value is dropped outside the borrow: its drop may reach for this.
        drop(self.value.replace(value));
    }
}

impl<V: Clone + PartialEq> Watched<V> {
    /// Sets it where the value is another.
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
