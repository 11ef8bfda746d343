//! The line above the list: how to read it, how old it is, and all of it as a file.

use leptos::prelude::*;

use super::pages::Wanted;
use crate::icon::{Icon, Symbol};
use crate::intl;

/// The line.
#[component]
pub fn ListNote(
    /// Which calls are asked for.
    wanted: Memo<Wanted>,
    /// How old they are.
    sign: Memo<String>,
) -> impl IntoView {
    view! {
        <p class="list-note">
            <span>"Newest first. Times in " <span lang=intl::locale()>{intl::zone()}</span> "."</span>
            <span class="freshness" data-freshness="">
                {sign}
            </span>
            <a class="export" href=move || wanted.with(Wanted::csv) download="" rel="external">
                <Icon symbol=Symbol::Download />
                <span>
                    <span>"Save as "</span>
                    "CSV"
                </span>
            </a>
        </p>
    }
}
