//! Moves the focus when the focused element is removed. Keyboard shortcuts are in controls.js.

use leptos::prelude::*;

use crate::page::focus;

/// Moves the focus to the beginning of the main content.
pub fn focus_main() {
    focus(document().get_element_by_id("main"));
}
