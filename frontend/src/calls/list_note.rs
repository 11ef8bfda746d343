//! The line above the list: its order, its age, and its export as a file.

use leptos::prelude::*;

use super::pages::Wanted;
use crate::icon::{Icon, Symbol};
use crate::intl;
use crate::reactive::text;
use crate::script::{fill, t};

/// The line.
#[component]
pub fn ListNote(
    /// Requested calls.
    wanted: Memo<Wanted>,
    /// Their age.
    sign: Memo<String>,
) -> impl IntoView {
    view! {
        <p class="list-note">
            <span>{fill("Newest first. Times in {zone}.", &[("zone", &intl::zone())])}</span>
            <span class="freshness" data-freshness="">
                {sign}
            </span>
            <a
                class="export"
                href=text(move || wanted.with(Wanted::csv))
                download=""
                rel="external"
                aria-label=t("Save as CSV")
            >
                <Icon symbol=Symbol::Download />
                <span class="export-long">{t("Save as CSV")}</span>
                <span class="export-short">"CSV"</span>
            </a>
            // excel.js creates the file.
            <a
                class="export"
                href=text(move || wanted.with(Wanted::lines))
                data-excel=""
                rel="external"
                aria-label=t("For Excel")
            >
                <span class="export-long">{t("For Excel")}</span>
                <span class="export-short">"Excel"</span>
            </a>
        </p>
    }
}
