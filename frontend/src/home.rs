//! `/`: asks for a number.

use leptos::prelude::*;

use crate::app::Bar;
use crate::number_form::NumberForm;
use crate::page;
use crate::recent::RecentNumbers;

/// The first page.
#[component]
pub fn HomePage() -> impl IntoView {
    let heading = page::use_page(|| "Call history".to_owned(), || ());
    view! {
        <Bar field=false />
        <main id="main" tabindex="-1" data-state="ready" class="home">
            <div>
                <h1 tabindex="-1" node_ref=heading>
                    "Call history"
                </h1>
                <p class="lead">"Who called, who was called, when, and for how long. Which number is it about?"</p>
            </div>
            <NumberForm id="number" />
            <RecentNumbers />
        </main>
    }
}
