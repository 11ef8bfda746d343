//! The routes, and what all of them stand in.

use leptos::prelude::*;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::path;

use crate::calls::{self, HistoryPage};
use crate::home::HomePage;
use crate::icon::{Icon, Symbol};
use crate::message::{Message, MessageCard};
use crate::number_form::{FormSize, NumberForm};
use crate::{keyboard, page};

/// The whole page.
#[component]
pub fn App() -> impl IntoView {
    calls::use_fallback(&leptos_swr::provide_cache());
    calls::follow_steps();
    page::provide_visits();
    keyboard::use_slash();
    view! {
        <Router>
            <FlatRoutes fallback=NotFoundPage>
                <Route path=path!("/") view=HomePage />
                <Route path=path!("/calls/:number") view=HistoryPage />
            </FlatRoutes>
        </Router>
    }
}

/// The bar above each page.
#[component]
pub fn Bar(
    /// Whether it has a field that leads to another number.
    field: bool,
) -> impl IntoView {
    view! {
        <header class="bar">
            <div class="bar-inner">
                <a class="brand" href="/">
                    <Icon symbol=Symbol::Brand />
                    "Calls"
                </a>
                {field.then(|| view! { <NumberForm id="other-number" size=FormSize::Compact /> })}
            </div>
        </header>
    }
}

#[component]
fn NotFoundPage() -> impl IntoView {
    let heading = page::use_page(|| "Page not found".to_owned(), || ());
    let message = Message {
        icon: Symbol::Search,
        heading: "Look up a number instead",
        text: "The address may be mistyped. A history stands at /calls/ and its number.".to_owned(),
        expected_and_found: None,
        field: Some(String::new()),
    };
    view! {
        <Bar field=false />
        <main id="main" tabindex="-1" data-state="not-found">
            <div class="title">
                <h1 tabindex="-1" node_ref=heading>
                    "There is no page here"
                </h1>
            </div>
            <MessageCard message />
        </main>
    }
}
