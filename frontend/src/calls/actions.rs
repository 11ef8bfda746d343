//! What one can do with the other party of a call.

use std::time::Duration;

use calls_model::Party;
use leptos::ev::MouseEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use crate::format::escape;
use crate::icon::Symbol;

/// How long a copied number is said to be copied.
const CONFIRMED: Duration = Duration::from_secs(2);

/// Links and buttons that call or copy a party, as HTML. Nothing for those who hide. `label` is what the party is called.
pub fn html(party: &Party, label: &str) -> String {
    let (text, label) = (escape(&party.to_string()), escape(label));
    let call = matches!(party, Party::E164(_)).then(|| {
        format!(
            "<a class=\"row-action\" href=\"tel:{text}\" rel=\"external\" aria-label=\"Call {label}\" \
             title=\"Call\">{}</a>",
            Symbol::Phone.html()
        )
    });
    // The clipboard is there for pages that came over HTTPS or from this machine.
    let can_copy = party.is_identified() && window().is_secure_context();
    let copy = can_copy.then(|| {
        format!(
            "<button class=\"row-action\" type=\"button\" aria-label=\"Copy {label}\" title=\"Copy\" \
             data-copy=\"{text}\">{}</button>",
            Symbol::Copy.html()
        )
    });
    call.unwrap_or_default() + &copy.unwrap_or_default()
}

/// Copies a party, where a click in the list was on its button.
pub fn copy(event: &MouseEvent) {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let button = target.and_then(|target| target.closest("[data-copy]").ok().flatten());
    let Some(button) = button else { return };
    let Some(text) = button.get_attribute("data-copy") else { return };
    let written = wasm_bindgen_futures::JsFuture::from(window().navigator().clipboard().write_text(&text));
    leptos::task::spawn_local(async move {
        // Where the browser forbids it, nothing is said to be copied.
        if written.await.is_ok() {
            say(&button, true);
            set_timeout(move || say(&button, false), CONFIRMED);
        }
    });
}

/// Says that a button's text is copied, or no longer.
fn say(button: &Element, is_done: bool) {
    let label = button.get_attribute("aria-label").unwrap_or_default();
    let label = match is_done {
        true => label.replacen("Copy ", "Copied ", 1),
        false => label.replacen("Copied ", "Copy ", 1),
    };
    let symbol = if is_done { Symbol::Done } else { Symbol::Copy };
    // All of these names are well-formed.
    button.set_attribute("aria-label", &label).unwrap_or_default();
    button.class_list().toggle_with_force("done", is_done).unwrap_or_default();
    button.set_inner_html(&symbol.html());
}
