//! The routes, and their frame.

use leptos::prelude::*;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::path;

use crate::base_path::BasePath;
use crate::calls::{self, HistoryPage};
use crate::home::HomePage;
use crate::icon::Symbol;
use crate::message::{Message, MessageCard};
use crate::number_form::NumberForms;
use crate::page;
use crate::script::t;

/// The page without its bar, which is HTML.
#[component]
pub fn App() -> impl IntoView {
    calls::use_initial_data(&leptos_swr::provide_cache());
    calls::watch_navigation();
    page::provide_visits();
    view! {
        <Router>
            <NumberForms />
            <FlatRoutes fallback=NotFoundPage>
                <Route path=(BasePath, path!("/")) view=HomePage />
                <Route path=(BasePath, path!("/calls/:number")) view=HistoryPage />
                <Route path=(BasePath, path!("/calls/:number/with/:party")) view=HistoryPage />
            </FlatRoutes>
        </Router>
    }
}

#[component]
fn NotFoundPage() -> impl IntoView {
    page::use_page(|| t("Page not found"), String::new);
    let message = Message {
        icon: Symbol::Search,
        heading: t("Look up a number instead"),
        text: t("The address may be mistyped. A history stands at /calls/ and its number."),
        expected_and_found: None,
        field: Some(String::new()),
    };
    view! {
        <main id="main" tabindex="-1" data-state="not-found">
            <div class="title">
                <h1 tabindex="-1">{t("There is no page here")}</h1>
            </div>
            <MessageCard message />
        </main>
    }
}
