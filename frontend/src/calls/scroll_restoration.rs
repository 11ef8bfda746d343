//! Restores the scroll position and the focus when a list is opened again by going back or forward.
//!
//! The position is recorded before the page changes: when the router handles a click it first removes the
//! list, which scrolls to the top, and then changes the address.

use std::cell::{Cell, RefCell};

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{Element, FocusOptions, HtmlElement};

use super::list_state::List;
use super::pages::Wanted;
use super::viewport::rows;
use crate::reactive::effect;

/// Scroll position in a list.
#[derive(Clone)]
struct Place {
    /// The topmost visible call.
    call: String,
    /// Top of its row in the window, in CSS pixels.
    top: f64,
    /// The focused call, and whether the focus is on a link or button in its row.
    focus: Option<(String, bool)>,
}

thread_local! {
    /// The last position in each list.
    static PLACES: RefCell<Vec<(Wanted, Place)>> = const { RefCell::new(Vec::new()) };
    /// The current list.
    static SHOWN: Cell<Option<List>> = const { Cell::new(None) };
    /// Set when going back or forward: the list that was left, if any.
    static LEFT: RefCell<Option<Option<Wanted>>> = const { RefCell::new(None) };
}

/// Maximum number of remembered positions.
const MOST: usize = 50;
/// Number of frames in which a restored list may still move, because rows are measured after rendering.
const FRAMES: u32 = 40;
/// Number of frames without movement after which it is stable.
const STILL: u32 = 3;

/// Records the position in the list, and restores it after going back or forward.
pub fn restore_scroll(list: List) {
    SHOWN.set(Some(list));
    effect(move || {
        let wanted = list.wanted.get();
        let is_there = list.timeline.with(|timeline| timeline.len() > 0 && timeline.is_of(&wanted));
        if !is_there || list.viewport.list.get().is_none() {
            return;
        }
        let has_come_back =
            LEFT.with_borrow(|left| left.as_ref().is_some_and(|left| left.as_ref() != Some(&wanted)));
        if !has_come_back {
            return;
        }
        LEFT.set(None);
        let place = PLACES.with_borrow(|places| {
            places.iter().find(|(other, _)| *other == wanted).map(|(_, place)| place.clone())
        });
        if let Some(place) = place {
            return_to(list, place, FRAMES, 0);
        }
    });
}

/// Records the position before each event that may change the address. Must be called before the router is
/// created, because listeners are called in order of registration.
pub fn watch_navigation() {
    let listener = Closure::<dyn Fn(web_sys::Event)>::new(|event: web_sys::Event| {
        let wanted = SHOWN.get().and_then(note);
        LEFT.set((event.type_() == "popstate").then_some(wanted));
    });
    for name in ["click", "submit", "change", "input", "popstate"] {
        let callback = listener.as_ref().unchecked_ref();
        // Fails only for an unknown kind of listener.
        window().add_event_listener_with_callback_and_bool(name, callback, true).unwrap_or_default();
    }
    // Lives as long as the page.
    listener.forget();
}

/// Records the current position. Returns the list, if it is still there.
fn note(list: List) -> Option<Wanted> {
    let wanted = list.wanted.try_get_untracked()?;
    let element = list.viewport.element()?;
    let focus = document().active_element().and_then(|active| {
        let row = active.closest("[data-call]").ok().flatten()?;
        Some((row.get_attribute("data-call")?, !active.has_attribute("data-call")))
    });
    let is_at_top = window().scroll_y().unwrap_or_default() < 1.0;
    let seen = rows(&element).find_map(|row| {
        let place = row.get_bounding_client_rect();
        (place.bottom() > 0.0).then_some((row, place.top()))
    });
    let place = seen.and_then(|(row, top)| Some(Place { call: row.get_attribute("data-call")?, top, focus }));
    PLACES.with_borrow_mut(|places| {
        places.retain(|(other, _)| *other != wanted);
        if let Some(place) = place.filter(|place| !is_at_top || place.focus.is_some()) {
            places.push((wanted.clone(), place));
        }
        if places.len() > MOST {
            places.remove(0);
        }
    });
    Some(wanted)
}

/// Scrolls frame by frame until the position is restored, then restores the focus.
fn return_to(list: List, place: Place, frames: u32, still: u32) {
    request_animation_frame(move || {
        let row = row_of(list, &place.call);
        let missed = row.as_ref().map(|row| row.get_bounding_client_rect().top() - place.top);
        let still = match missed {
            Some(missed) if missed.abs() < 0.5 => still + 1,
            Some(missed) => {
                window().scroll_by_with_x_and_y(0.0, missed);
                0
            }
            None => {
                let index = list.timeline.try_with_untracked(|timeline| timeline.index_of(&place.call));
                let top = index.flatten().and_then(|index| {
                    list.geometry.try_with_untracked(|geometry| geometry.top_of(index)).flatten()
                });
                let Some(top) = top else { return };
                list.viewport.scroll_to(top - place.top);
                0
            }
        };
        match place.focus.clone() {
            _ if frames > 0 && still < STILL => return_to(list, place, frames - 1, still),
            Some((call, is_inside)) => focus(list, &call, is_inside),
            None => {}
        }
    });
}

fn row_of(list: List, call: &str) -> Option<Element> {
    let element = list.viewport.element()?;
    rows(&element).find(|row| row.get_attribute("data-call").as_deref() == Some(call))
}

/// Focuses a call or the link in it, without scrolling.
fn focus(list: List, call: &str, is_inside: bool) {
    let Some(row) = row_of(list, call) else { return };
    let link = row.query_selector("a").ok().flatten().filter(|_| is_inside);
    if let Ok(target) = link.unwrap_or(row).dyn_into::<HtmlElement>() {
        let options = FocusOptions::new();
        options.set_prevent_scroll(true);
        target.focus_with_options(&options).unwrap_or_default();
    }
}
