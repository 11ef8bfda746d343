//! The title: the owner of the history, or the person of a person's page. Formatted by rows.js.

use calls_model::NumberInfo;
use leptos::html::Div;
use leptos::prelude::*;

use crate::reactive::{effect, memo};
use crate::{page, script};

/// Name or number as heading, with facts in small print.
#[component]
pub fn Title(
    /// The number of the address.
    number: Memo<String>,
    /// Its description from the API.
    info: Signal<Option<NumberInfo>>,
    /// The person of the address, on a person's page.
    party: Memo<Option<String>>,
    /// The person, as known to the API.
    person: Signal<Option<NumberInfo>>,
) -> impl IntoView {
    let node = NodeRef::<Div>::new();
    let html = memo(move || {
        let (info, person) = (info.get(), person.get());
        script::title(&number.get(), info.as_ref(), party.get().as_deref(), person.as_ref())
    });
    // The heading is rendered at once, and keeps the focus.
    let first = html.get_untracked();
    let mut shown = first.clone();
    effect(move || {
        let html = html.get();
        if let Some(node) = node.get()
            && shown != html
        {
            page::replace(&node, &html);
            shown = html;
        }
    });
    view! { <div class="title" node_ref=node inner_html=first></div> }
}
