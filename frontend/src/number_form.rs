//! The field that asks for a number.

use std::rc::Rc;
use std::time::Duration;

use calls_model::NumberInfo;
use leptos::ev::SubmitEvent;
use leptos::html::Input;
use leptos::prelude::*;
use leptos_router::hooks::use_navigate;

use leptos_swr::{Swr, use_swr_with};

use crate::api::{self, ApiError};
use crate::icon::{Icon, Symbol};
use crate::path;

/// How long after the last letter it is said what is wrong.
const PAUSE: Duration = Duration::from_millis(500);

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

/// Asks for a number, in any spelling, and leads to its history. Whether it is a number only the API can tell: a
/// form with room for it says so while one types. The form refuses nothing but an empty field.
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
    let (typed, type_in) = use_typed(size);
    let checked = use_check(typed);
    let error = move || match is_missing.get() {
        true => Some("Enter a number first.".to_owned()),
        false => checked.error.with(|error| error.as_ref().and_then(complaint)),
    };
    let submit = use_submit(input, is_missing, size);
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
                    on:input=move |event| {
                        is_missing.set(false);
                        type_in(event_target_value(&event));
                    }
                />
                <button class="button" type="submit">
                    {(!full).then(|| view! { <Icon symbol=Symbol::Search /> })}
                    <span class:visually-hidden=!full>"Show calls"</span>
                </button>
            </div>
            {full
                .then(|| {
                    view! {
                        <p id=error_id class="field-error" aria-live="polite">
                            {error}
                        </p>
                        <p id=hint_id class="hint" inner_html=HINT></p>
                    }
                })}
        </form>
    }
}

/// Leads to the history of the number in the field, or says that there is none.
fn use_submit(
    input: NodeRef<Input>,
    is_missing: RwSignal<bool>,
    size: FormSize,
) -> impl Fn(SubmitEvent) + Clone {
    let navigate = use_navigate();
    move |event| {
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
    }
}

/// What was typed, once one stops typing, and how to say that something was. Nothing in a form without room to say
/// what is wrong with it.
fn use_typed(size: FormSize) -> (ReadSignal<String>, impl Fn(String) + Clone) {
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
        // What was said of another text is not true of this one.
        set_typed.set(String::new());
        if size == FormSize::Full {
            let later = move || _ = set_typed.try_set(text.trim().to_owned());
            timer.set_value(set_timeout_with_handle(later, PAUSE).ok());
        }
    };
    (typed, type_in)
}

/// What the API says of what was typed.
fn use_check(typed: ReadSignal<String>) -> Swr<NumberInfo, ApiError> {
    use_swr_with(
        move || Some(typed.get()).filter(|text| !text.is_empty()).map(|text| path::api_number(&text)),
        |path| async move { api::get(&path).await },
        |options| {
            options.revalidate_on_focus = false;
            // Who goes on typing asks again.
            options.should_retry_by = Some(Rc::new(|_: &ApiError| false));
        },
    )
}

/// What is wrong with a number, for who types it. Nothing where that is not known.
fn complaint(error: &ApiError) -> Option<String> {
    let ApiError::NotANumber(problem) = error else { return None };
    // The problem says what was expected and found, and then why that is not it.
    let (_, reason) = problem.detail.as_deref()?.rsplit_once(": ")?;
    Some(format!("Not a phone number so far: {reason}."))
}
