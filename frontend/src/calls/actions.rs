//! What one can do with the other party of a call.

use std::time::Duration;

use calls_model::Party;
use leptos::prelude::*;

use crate::icon::{Icon, Symbol};

/// How long a copied number is said to be copied.
const CONFIRMED: Duration = Duration::from_secs(2);

/// Calls or copies a party. Nothing for those who hide.
#[component]
pub fn RowActions(
    /// The other party of a call.
    party: Party,
    /// What the party is called in the row.
    label: String,
) -> impl IntoView {
    let text = party.to_string();
    let telephone = match &party {
        Party::E164(number) => Some(format!("tel:{number}")),
        _ => None,
    };
    let call = telephone.map(|href| {
        view! {
            <a class="row-action" href=href rel="external" aria-label=format!("Call {label}") title="Call">
                <Icon symbol=Symbol::Phone />
            </a>
        }
    });
    // The clipboard is there for pages that came over HTTPS or from this machine.
    let can_copy = party.is_identified() && window().is_secure_context();
    let copy = can_copy.then(|| view! { <CopyButton text label /> });
    view! {
        <span class="row-actions">
            {call}
            {copy}
        </span>
    }
}

#[component]
fn CopyButton(text: String, label: String) -> impl IntoView {
    let is_done = RwSignal::new(false);
    let copy = move |_| {
        // Where the browser forbids it, nothing is said to be copied.
        let written =
            wasm_bindgen_futures::JsFuture::from(window().navigator().clipboard().write_text(&text));
        leptos::task::spawn_local(async move {
            if written.await.is_ok() && is_done.try_set(true).is_none() {
                set_timeout(
                    move || {
                        is_done.try_set(false);
                    },
                    CONFIRMED,
                );
            }
        });
    };
    let name = move || match is_done.get() {
        true => format!("Copied {label}"),
        false => format!("Copy {label}"),
    };
    view! {
        <button class="row-action" type="button" class:done=is_done aria-label=name title="Copy" on:click=copy>
            {move || {
                let symbol = if is_done.get() { Symbol::Done } else { Symbol::Copy };
                view! { <Icon symbol /> }
            }}
        </button>
    }
}
