//! Keys that move the focus between calls, including calls that are not rendered.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{FocusOptions, HtmlElement};

use super::list_state::List;
use super::timeline::Timeline;
use super::viewport::rows;

/// Moves the focus between the calls of a list.
pub fn move_between_calls(list: List, event: &KeyboardEvent) {
    if event.ctrl_key() || event.alt_key() || event.meta_key() || event.shift_key() {
        return;
    }
    let focused =
        document().active_element().and_then(|element| element.closest("[data-call]").ok().flatten());
    let Some(id) = focused.and_then(|row| row.get_attribute("data-call")) else { return };
    let Some(index) = list.timeline.with_untracked(|timeline| timeline.index_of(&id)) else { return };
    let count = list.timeline.with_untracked(Timeline::len);
    let (top, bottom) = list.viewport.seen.get_untracked();
    let page = ((bottom - top) / list.viewport.sizes.get_untracked().row) as usize;
    let key = event.key();
    let Some(target) = target(&key, index, count, page) else { return };
    event.prevent_default();
    if key == "Home" && list.pending.waiting.get_untracked() > 0 {
        list.pending.show.run(());
    } else if key == "End" {
        list.load_more.run(());
    }
    focus_call(list, target);
}

/// Index of the call that a key leads to. `page` is the number of calls in the window.
fn target(key: &str, index: usize, count: usize, page: usize) -> Option<usize> {
    // One call of the previous page stays visible.
    let page = page.saturating_sub(2).max(1);
    let target = match key {
        "ArrowDown" => index + 1,
        "ArrowUp" => index.saturating_sub(1),
        "PageDown" => index + page,
        "PageUp" => index.saturating_sub(page),
        "Home" => 0,
        "End" => usize::MAX,
        _ => return None,
    };
    Some(target.min(count.checked_sub(1)?))
}

/// Focuses a call, and scrolls to it.
pub fn focus_call(list: List, index: usize) {
    let id = list.timeline.with_untracked(|timeline| timeline.call(index).map(|call| call.call.id));
    let Some(id) = id else { return };
    if focus_rendered(list, &id, false) {
        return;
    }
    // A pinned call is rendered at its final position.
    list.pinned.set(Some(id.clone()));
    request_animation_frame(move || {
        focus_rendered(list, &id, false);
    });
}

/// Restores the focus to a call whose row was replaced, because its details or its neighbours changed.
pub fn keep_focus(list: List) {
    let is_nowhere = document().active_element().is_none_or(|element| element.tag_name() == "BODY");
    if let Some(id) = list.pinned.get_untracked().filter(|_| is_nowhere) {
        focus_rendered(list, &id, true);
    }
}

/// Focuses a call, if it is rendered. `stays` prevents scrolling.
fn focus_rendered(list: List, id: &str, stays: bool) -> bool {
    let Some(element) = list.viewport.element() else { return false };
    let row = rows(&element).find(|row| row.get_attribute("data-call").as_deref() == Some(id));
    let Some(row) = row.and_then(|row| row.dyn_into::<HtmlElement>().ok()) else { return false };
    let options = FocusOptions::new();
    options.set_prevent_scroll(stays);
    row.focus_with_options(&options).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_lead_from_call_to_call_and_not_beyond() {
        for (key, from, to) in [
            ("ArrowDown", 0, Some(1)),
            ("ArrowDown", 99, Some(99)),
            ("ArrowUp", 0, Some(0)),
            ("ArrowUp", 50, Some(49)),
            ("PageDown", 50, Some(58)),
            ("PageUp", 5, Some(0)),
            ("Home", 50, Some(0)),
            ("End", 50, Some(99)),
            ("a", 50, None),
        ] {
            assert_eq!(target(key, from, 100, 10), to, "{key}");
        }
        assert_eq!(target("PageDown", 0, 100, 0), Some(1));
        assert_eq!(target("End", 0, 0, 10), None);
    }
}
