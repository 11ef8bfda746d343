//! The number fields. Their HTML is in index.html; without the program, the server redirects to the history.

use std::time::Duration;

use leptos::ev::{self, Event};
use leptos::html::Div;
use leptos::prelude::*;
use leptos_router::hooks::use_navigate;
use leptos_swr::Swr;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement};

use crate::api::ApiError;
use crate::calls::resource::{Key, Resource, use_resource};
use crate::page::{self, find};
use crate::path;
use crate::reactive::effect;
use crate::script::{fill, t};

/// Pause in typing before an error is shown.
const PAUSE: Duration = Duration::from_millis(500);

/// Makes the number forms of the page lead to the history without loading a new page, or show an error.
#[component]
pub fn NumberForms() -> impl IntoView {
    let navigate = use_navigate();
    let submit = window_event_listener(ev::submit, move |event| {
        let Some(form) = form_of(&event) else { return };
        event.prevent_default();
        let Some(field) = field_of(&form) else { return };
        let number = field.value();
        if number.trim().is_empty() {
            say(&form, Some(&t("Enter a number first.")));
            page::focus(Some(field.into()));
        } else {
            match is_number(number.trim()) {
                true => navigate(&path::calls_page(number.trim()), Default::default()),
                // The server decides whether it is a number or a search text.
                false => go_home(&number),
            }
            if form.class_list().contains("compact") {
                field.set_value("");
            }
        }
    });
    let input = window_event_listener(ev::input, |event| {
        if let Some(form) = form_of(&event) {
            say(&form, None);
        }
    });
    on_cleanup(move || {
        submit.remove();
        input.remove();
    });
}

/// A field for a number in any spelling. The API decides whether the text is a number, and the form shows the
/// result while typing.
#[component]
pub fn NumberForm(
    /// HTML with a form.
    html: String,
    /// Initial value of the field.
    #[prop(optional)]
    value: String,
) -> impl IntoView {
    let node = NodeRef::<Div>::new();
    let (typed, type_in) = use_typed();
    let checked = use_check(typed);
    effect(move || {
        if let Some(field) = node.get().and_then(|node| field_of(&node))
            && !value.is_empty()
        {
            field.set_value(&value);
        }
    });
    effect(move || {
        let complaint = checked.error.with(|error| error.as_ref().and_then(complaint));
        if let Some(node) = node.get() {
            say_below(&node, complaint.as_deref());
        }
    });
    view! { <div node_ref=node inner_html=html on:input=move |event| type_in(event_target_value(&event))></div> }
}

/// Whether a text has an unambiguous form: an international number, or an address.
fn is_number(text: &str) -> bool {
    text.starts_with(['+', '\u{ff0b}']) || text.starts_with("00") || text.contains([':', '@'])
}

fn go_home(text: &str) {
    let address = format!("{}/{}", path::base(), path::query(&[("number", text.trim().to_owned())]));
    // If navigation fails, the browser shows the error.
    window().location().set_href(&address).unwrap_or_default();
}

fn form_of(event: &Event) -> Option<Element> {
    let target = event.target()?.dyn_into::<Element>().ok()?;
    target.closest(".number-form").ok().flatten()
}

fn field_of(form: &Element) -> Option<HtmlInputElement> {
    find(form, "input")?.dyn_into().ok()
}

/// Marks a field as invalid or valid.
fn say(form: &Element, mistake: Option<&str>) {
    if let Some(field) = field_of(form) {
        match mistake {
            Some(_) => field.set_attribute("aria-invalid", "true").unwrap_or_default(),
            None => field.remove_attribute("aria-invalid").unwrap_or_default(),
        }
    }
    say_below(form, mistake);
}

/// Shows an error, in a form with space for it.
fn say_below(form: &Element, mistake: Option<&str>) {
    if let Some(place) = find(form, ".field-error") {
        place.set_text_content(mistake);
    }
}

/// The typed text after a pause, and its setter.
fn use_typed() -> (ReadSignal<String>, impl Fn(String) + Clone) {
    let (typed, set_typed) = signal(String::new());
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let stop = move || {
        if let Some(timer) = timer.try_update_value(Option::take).flatten() {
            timer.clear();
        }
    };
    on_cleanup(stop);
    let type_in = move |text: String| {
        stop();
        // A message about another text is outdated.
        set_typed.set(String::new());
        let later = move || _ = set_typed.try_set(text.trim().to_owned());
        timer.set_value(set_timeout_with_handle(later, PAUSE).ok());
    };
    (typed, type_in)
}

/// The API's check of the typed text.
fn use_check(typed: ReadSignal<String>) -> Swr<Resource, ApiError> {
    use_resource(
        move || Some(typed.get()).filter(|text| !text.is_empty()).map(Key::Number),
        |options| {
            options.revalidate_on_focus(false);
            // The next key retries.
            options.should_retry_by(|_: &ApiError| false);
        },
    )
}

/// Message for an invalid number. `None` if the reason is not known.
fn complaint(error: &ApiError) -> Option<String> {
    let ApiError::NotANumber(problem) = error else { return None };
    // The problem has the expected and the found value, and then the reason.
    let (_, reason) = problem.detail.as_deref()?.rsplit_once(": ")?;
    Some(fill("Not a phone number so far: {reason}.", &[("reason", reason)]))
}
