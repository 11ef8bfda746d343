//! Lists whose items come and go without end.

use std::collections::HashMap;
use std::hash::Hash;

use leptos::prelude::*;
use leptos::tachys::reactive_graph::OwnedView;
use leptos::tachys::view::keyed::keyed;

/// Shows each item, and keeps its view as long as there is an item of its key. Each view gets a signal of its own item.
///
/// Beside [`For`] nothing of a view stays behind when its item is gone, as long as the view looks at no other signals
/// that stay. An owner notes all owners that were ever made in it, and a signal all who ever looked at it, until they
/// themselves are gone: while a long list is scrolled, that comes to as much as its calls.
pub fn each<T, K, V>(
    items: impl Fn() -> Vec<T> + Send + 'static,
    key: fn(&T) -> K,
    view: impl Fn(ReadSignal<T>) -> V + Clone + Send + 'static,
) -> impl IntoView
where
    T: Clone + PartialEq + Send + Sync + 'static,
    K: Eq + Hash + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let shown = StoredValue::new(HashMap::<K, RwSignal<T>>::new());
    move || {
        let items = items();
        let mut known = shown.try_update_value(std::mem::take).unwrap_or_default();
        let mut kept = HashMap::new();
        for item in &items {
            if let Some((key, signal)) = known.remove_entry(&key(item)) {
                if signal.with_untracked(|old| old != item) {
                    signal.set(item.clone());
                }
                kept.insert(key, signal);
            }
        }
        shown.set_value(kept);
        let view = view.clone();
        keyed(items, key, move |_, item| {
            let owner = alone();
            let view = owner.with(|| {
                let key = key(&item);
                let signal = RwSignal::new(item);
                shown.update_value(|shown| _ = shown.insert(key, signal));
                view(signal.read_only())
            });
            (drop, OwnedView::new_with_owner(view, owner))
        })
    }
}

/// An owner that no other knows of. It ends with who has it.
fn alone() -> Owner {
    let root = || Owner::new_root(None);
    match Owner::current() {
        // A new root would stay the current owner.
        Some(current) => current.with(root),
        None => root(),
    }
}
