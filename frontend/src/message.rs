//! Messages in place of a list: no calls, not a number, no response.

use leptos::prelude::*;

use crate::icon::{Icon, Symbol};
use crate::number_form::NumberForm;
use crate::page;
use crate::script::t;

/// A message and its actions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The icon.
    pub icon: Symbol,
    /// Its heading.
    pub heading: String,
    /// Explanation.
    pub text: String,
    /// The expected and the found value.
    pub expected_and_found: Option<(String, String)>,
    /// Initial value of the number field. `None` for no field.
    pub field: Option<String>,
}

/// Retry of a request.
#[derive(Clone, Copy)]
pub struct Again {
    /// Time of the next automatic attempt, as a sentence.
    pub next_attempt: Signal<Option<String>>,
    /// Retries now.
    pub now: Callback<()>,
}

/// The form for a number.
fn form() -> String {
    page::template("number-form")
}

/// A card with a message.
#[component]
pub fn MessageCard(
    /// Its text.
    message: Message,
    /// Retry, if it can help.
    #[prop(optional_no_strip)]
    again: Option<Again>,
    /// Address of all calls, if a filter is set.
    #[prop(optional_no_strip)]
    all_calls: Option<String>,
) -> impl IntoView {
    let found = message.expected_and_found.map(|(expected, found)| {
        view! {
            <dl class="found">
                <dt>{t("Expected")}</dt>
                <dd>{expected}</dd>
                <dt>{t("Found")}</dt>
                <dd>
                    <bdi>{found}</bdi>
                </dd>
            </dl>
        }
    });
    let retry = again.map(|Again { next_attempt, now }| {
        view! {
            <p class="next-attempt">{next_attempt}</p>
            <button class="button" type="button" on:click=move |_| now.run(())>
                <Icon symbol=Symbol::Retry />
                {t("Try again")}
            </button>
        }
    });
    view! {
        <div class="message">
            <Icon symbol=message.icon />
            <h2>{message.heading}</h2>
            <p>{message.text}</p>
            {found}
            {retry}
            {all_calls.map(|href| view! { <a class="button" href=href>{t("Show all calls")}</a> })}
            {message.field.map(|value| view! { <NumberForm html=form() value /> })}
        </div>
    }
}
