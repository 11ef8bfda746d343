//! `/`, for when the program must show it: while the server is away, and under `just dev`.

use leptos::prelude::*;

use crate::page;
use crate::reactive::effect;
use crate::script::{self, t};

/// The first page, rendered by home.js.
#[component]
pub fn HomePage() -> impl IntoView {
    page::use_page(|| t("Call history"), String::new);
    effect(script::home);
    view! { <main id="main" tabindex="-1" class="home"></main> }
}
