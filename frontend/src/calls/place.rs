//! The way back: who returns to a list by the browser's buttons sees the calls that were there before.

use std::cell::{Cell, RefCell};

use leptos::ev;
use leptos::prelude::*;

use super::list::List;
use super::timeline::Timeline;

/// What stands at the top of the window.
#[derive(Clone)]
struct Place {
    call: String,
    /// How far below the call's beginning the window begins, in CSS pixels.
    below: f64,
}

thread_local! {
    /// The last place of each address.
    static PLACES: RefCell<Vec<(String, Place)>> = const { RefCell::new(Vec::new()) };
    /// The place to go to once its call is there.
    static RETURN: RefCell<Option<Place>> = const { RefCell::new(None) };
    static IS_FOLLOWING: Cell<bool> = const { Cell::new(false) };
}

/// How many addresses are remembered.
const MOST: usize = 50;

/// Remembers where the reader is in the list, and returns there after a step back or forward.
pub fn keep_place(list: List) {
    follow_history();
    Effect::new(move |_| {
        let top = list.viewport.seen.get().0;
        if RETURN.with_borrow(Option::is_some) {
            return;
        }
        let at = list.geometry.with_untracked(|geometry| geometry.call_at(top));
        let place = at.and_then(|(index, below)| {
            let call = list.timeline.with_untracked(|timeline| Some(timeline.call(index)?.call.id))?;
            Some(Place { call, below })
        });
        PLACES.with_borrow_mut(|places| {
            let address = address();
            places.retain(|(other, _)| *other != address);
            // The list's beginning needs no return.
            if let Some(place) = place.filter(|_| list.viewport.is_scrolled()) {
                places.push((address, place));
            }
            if places.len() > MOST {
                places.remove(0);
            }
        });
    });
    Effect::new(move |_| {
        if list.timeline.with(Timeline::len) == 0 || list.viewport.list.get().is_none() {
            return;
        }
        let Some(place) = RETURN.take() else { return };
        // The rows come first, and give the page its height.
        request_animation_frame(move || {
            let index = list.timeline.try_with_untracked(|timeline| timeline.index_of(&place.call)).flatten();
            let top = index.and_then(|index| list.geometry.with_untracked(|geometry| geometry.top_of(index)));
            if let Some(top) = top {
                list.viewport.scroll_to(top + place.below);
            }
        });
    });
}

/// Notes where a step of the browser's history leads.
fn follow_history() {
    if IS_FOLLOWING.replace(true) {
        return;
    }
    // Never removed: one may come back from a page without a list.
    let _ = window_event_listener(ev::popstate, |_| {
        let address = address();
        let place = PLACES.with_borrow(|places| {
            places.iter().find(|(other, _)| *other == address).map(|(_, place)| place.clone())
        });
        RETURN.set(place);
    });
}

fn address() -> String {
    let location = window().location();
    location.pathname().unwrap_or_default() + &location.search().unwrap_or_default()
}
