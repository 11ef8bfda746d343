//! Keys that work on a whole page.

use leptos::ev::{self, KeyboardEvent};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// Makes `/` go to the page's field: the one that says so by `aria-keyshortcuts`.
pub fn use_slash() {
    let listener = window_event_listener(ev::keydown, |event| {
        if event.key() != "/" || has_modifier(&event) || is_typing() {
            return;
        }
        let field = document().query_selector("[aria-keyshortcuts=\"/\"]").ok().flatten();
        if let Some(field) = field {
            event.prevent_default();
            focus(field);
        }
    });
    on_cleanup(move || listener.remove());
}

/// Moves the focus to the beginning of the page's content.
pub fn focus_main() {
    if let Some(main) = document().get_element_by_id("main") {
        focus(main);
    }
}

fn focus(element: Element) {
    if let Ok(element) = element.dyn_into::<HtmlElement>() {
        // What cannot take the focus leaves it where it is.
        element.focus().unwrap_or_default();
    }
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
