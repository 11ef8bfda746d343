//! The field that asks for a number.

use leptos::ev::SubmitEvent;
use leptos::html::Input;
use leptos::prelude::*;
use leptos_router::hooks::use_navigate;

use crate::icon::{Icon, Symbol};
use crate::path;

/// How much room the form takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FormSize {
    /// With label, example and a button with words.
    #[default]
    Full,
    /// One line, for the bar.
    Compact,
}

const HINT: &str = "Any spelling: <bdi>+1 (202) 555-0123</bdi>, <bdi>001 202 555 0123</bdi>, \
                    an extension such as <bdi>1001</bdi>, or a SIP address.";

/// Asks for a number, in any spelling, and leads to its history. Whether it is a number only the API can
/// tell; the form refuses nothing but an empty field.
#[component]
pub fn NumberForm(
    /// The field's id, unique on the page.
    id: &'static str,
    /// What stands in the field at first.
    #[prop(optional)]
    value: String,
    /// How much room it takes.
    #[prop(optional)]
    size: FormSize,
) -> impl IntoView {
    let input = NodeRef::<Input>::new();
    let is_missing = RwSignal::new(false);
    let navigate = use_navigate();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(field) = input.get_untracked() else { return };
        let number = field.value();
        is_missing.set(number.trim().is_empty());
        if is_missing.get_untracked() {
            // A field that cannot take the focus is no reason to stop.
            field.focus().unwrap_or_default();
        } else {
            navigate(&path::calls_page(number.trim()), Default::default());
            if size == FormSize::Compact {
                field.set_value("");
            }
        }
    };
    let hint_id = format!("{id}-hint");
    let error_id = format!("{id}-error");
    let described_by = format!("{error_id} {hint_id}");
    let full = size == FormSize::Full;
    view! {
        <form class="number-form" class:compact=!full role=(!full).then_some("search") novalidate on:submit=submit>
            <label for=id class:visually-hidden=!full>
                {if full { "Phone number" } else { "Another phone number" }}
            </label>
            <div class="field">
                <input
                    id=id
                    node_ref=input
                    type="text"
                    inputmode="tel"
                    enterkeyhint="search"
                    autocapitalize="none"
                    autocomplete="off"
                    spellcheck="false"
                    dir="auto"
                    placeholder=(!full).then_some("Another number")
                    value=value
                    aria-keyshortcuts=full.then_some("/")
                    aria-describedby=full.then_some(described_by)
                    aria-invalid=move || is_missing.get().then_some("true")
                />
                <button class="button" type="submit">
                    {(!full).then(|| view! { <Icon symbol=Symbol::Search /> })}
                    <span class:visually-hidden=!full>"Show calls"</span>
                </button>
            </div>
            {full
                .then(|| {
                    view! {
                        <p id=error_id class="field-error" role="alert">
                            {move || is_missing.get().then_some("Enter a number first.")}
                        </p>
                        <p id=hint_id class="hint" inner_html=HINT></p>
                    }
                })}
        </form>
    }
}
