//! `/`: asks for a number.

use leptos::prelude::*;

use crate::number_form::NumberForm;
use crate::page;
use crate::recent::RecentNumbers;

/// The first page.
#[component]
pub fn HomePage() -> impl IntoView {
    page::use_page(|| "Call history".to_owned(), || ());
    view! {
        <main id="main" tabindex="-1" data-state="ready" class="home">
            <NumberForm html=page::template("home") />
            <RecentNumbers />
        </main>
    }
}
