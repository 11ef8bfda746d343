//! Moves the focus when the element that had it is gone. Keys for a whole page are in controls.js.

use leptos::prelude::*;

use crate::page::focus;

/// Moves the focus to the beginning of the page's content.
pub fn focus_main() {
    focus(document().get_element_by_id("main"));
}
