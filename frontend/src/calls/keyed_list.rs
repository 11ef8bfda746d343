//! Lists whose items come and go without limit.

use std::collections::HashSet;
use std::hash::Hash;

use leptos::html::ElementType;
use leptos::prelude::*;
use leptos::tachys::reactive_graph::{OwnedView, OwnedViewState};
use leptos::tachys::view::any_view::AnyViewState;
use wasm_bindgen::JsCast;
use web_sys::Element;

use crate::reactive::effect;

/// Renders each item in a parent without other children, and keeps its view while an item with its key
/// exists. Each view gets a signal of its item. Items that stay must keep their order.
///
/// There are two differences from [`For`]. Elements that stay are not touched: moving an element in the
/// document, even to its own place, triggers layout and loses the focus. And nothing of a view remains after
/// its item is gone, if it reads no signal that outlives it: an owner keeps every owner created in it, and a
/// signal all its subscribers, which adds up while a long list is scrolled.
pub fn keyed_list<E, T, K>(
    parent: NodeRef<E>,
    items: impl Fn() -> Vec<T> + 'static,
    key: fn(&T) -> K,
    view: impl Fn(ReadSignal<T>) -> AnyView + 'static,
) where
    E: ElementType + 'static,
    E::Output: JsCast + Clone + 'static,
    T: PartialEq + Send + Sync + 'static,
    K: Eq + Hash + 'static,
{
    let mut shown: Vec<Shown<T, K>> = Vec::new();
    effect(move || {
        let (parent, items) = (parent.get(), items());
        if let Some(parent) = parent {
            untrack(|| {
                shown = next(std::mem::take(&mut shown), items, key, &view);
                mount(&mut shown, parent.unchecked_ref());
            });
        }
    });
}

/// An item on the page.
struct Shown<T: 'static, K> {
    key: K,
    item: RwSignal<T>,
    view: OwnedViewState<AnyViewState>,
    is_mounted: bool,
}

impl<T: Send + Sync + 'static, K> Shown<T, K> {
    fn new(key: K, item: T, view: &impl Fn(ReadSignal<T>) -> AnyView) -> Self {
        let owner = alone();
        let (item, view) = owner.with(|| {
            let item = RwSignal::new(item);
            (item, view(item.read_only()))
        });
        Self { key, item, view: OwnedView::new_with_owner(view, owner).build(), is_mounted: false }
    }
}

/// Updates the views to these items, and removes those of items that are gone.
fn next<T, K>(
    before: Vec<Shown<T, K>>,
    items: Vec<T>,
    key: fn(&T) -> K,
    view: &impl Fn(ReadSignal<T>) -> AnyView,
) -> Vec<Shown<T, K>>
where
    T: PartialEq + Send + Sync + 'static,
    K: Eq + Hash,
{
    let keys: HashSet<K> = items.iter().map(key).collect();
    let (stays, mut gone): (Vec<_>, Vec<_>) = before.into_iter().partition(|shown| keys.contains(&shown.key));
    let mut stays = stays.into_iter().peekable();
    let mut shown = Vec::with_capacity(items.len());
    for item in items {
        let key = key(&item);
        match stays.next_if(|known| known.key == key) {
            Some(known) => {
                if known.item.with_untracked(|old| *old != item) {
                    known.item.set(item);
                }
                shown.push(known);
            }
            None => shown.push(Shown::new(key, item, view)),
        }
    }
    // Items out of order were replaced.
    gone.extend(stays);
    gone.iter_mut().for_each(|shown| shown.view.unmount());
    shown
}

/// Inserts new views at their places.
fn mount<T, K>(shown: &mut [Shown<T, K>], parent: &Element) {
    let mut after: Option<Element> = None;
    for shown in shown.iter_mut().rev() {
        if !std::mem::replace(&mut shown.is_mounted, true) {
            shown.view.mount(parent, after.as_deref());
        }
        after = shown.view.elements().into_iter().next().or(after);
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
