//! Keys that work on a whole page.

use leptos::ev::{self, KeyboardEvent};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use crate::page::focus;

/// Makes `/` go to the page's field: the one that says so by `aria-keyshortcuts`.
pub fn use_slash() {
    let listener = window_event_listener(ev::keydown, |event| {
        if event.key() != "/" || has_modifier(&event) || is_typing() {
            return;
        }
        let field = document().query_selector("[aria-keyshortcuts=\"/\"]").ok().flatten();
        if field.is_some() {
            event.prevent_default();
            focus(field);
        }
    });
    on_cleanup(move || listener.remove());
}

/// Makes the skip link lead to the calls, or to the page's content where there are none, and leave the address as it is.
pub fn use_skip_link() {
    let listener = window_event_listener(ev::click, |event| {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        if target.is_some_and(|target| target.matches(".skip").unwrap_or_default()) {
            event.prevent_default();
            focus(document().get_element_by_id("calls").or_else(main));
        }
    });
    on_cleanup(move || listener.remove());
}

/// Moves the focus to the beginning of the page's content.
pub fn focus_main() {
    focus(main());
}

fn main() -> Option<Element> {
    document().get_element_by_id("main")
}

fn has_modifier(event: &KeyboardEvent) -> bool {
    event.ctrl_key() || event.alt_key() || event.meta_key() || event.shift_key()
}

/// Whether the keys go into a field.
fn is_typing() -> bool {
    document().active_element().is_some_and(|element| {
        element.matches("input, textarea, select, [contenteditable]").unwrap_or_default()
    })
}
