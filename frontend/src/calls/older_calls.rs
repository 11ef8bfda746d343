//! The end of the list: older calls, or a note that there are none.

use leptos::html::Div;
use leptos::prelude::*;
use leptos_swr::SwrPages;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;

use super::pages::CallsPage;
use crate::api::ApiError;
use crate::reactive::{effect, memo};
use crate::script::{self, fill, t};

/// Distance below the window at which older calls are requested, so that they arrive in time.
const AHEAD: &str = "0px 0px 2000px 0px";

/// Loads older calls when the end of the list comes near, or by a button.
#[component]
pub fn OlderCalls(
    /// The list.
    calls: SwrPages<CallsPage, ApiError>,
    /// Number of its calls shown.
    count: Signal<usize>,
    /// Whether the list is filtered.
    is_filtered: Signal<bool>,
) -> impl IntoView {
    let end = NodeRef::<Div>::new();
    let is_near = use_is_near(end);
    let has_more = memo(move || {
        calls.data.with(|pages| {
            pages.as_ref().and_then(|pages| pages.last()).is_some_and(|page| page.next.is_some())
        })
    });
    let is_growing = memo(move || {
        let loaded = calls.data.with(|pages| pages.as_ref().map_or(0, Vec::len));
        has_more.get() && calls.is_validating.get() && calls.size.get() > loaded
    });
    let has_failed = move || calls.error.with(Option::is_some);
    effect(move || {
        if is_near.get() && has_more.get() && !calls.is_validating.get() && !has_failed() {
            calls.load_more();
        }
    });
    let label = move || match (is_growing.get(), has_failed()) {
        (true, _) => t("Loading older calls…"),
        (false, true) => t("Try again to show older calls"),
        (false, false) => t("Show older calls"),
    };
    // Disabling the button would lose the focus.
    let load = move |_| {
        if !is_growing.get_untracked() {
            calls.load_more();
        }
    };
    let nothing_older = move || {
        let count = script::count("{n} calls", count.get() as u64);
        match is_filtered.get() {
            true => fill("No older calls match. {count} in all.", &[("count", &count)]),
            false => fill("No older calls. {count} in all.", &[("count", &count)]),
        }
    };
    view! {
        <div class="older" node_ref=end>
            <Show when=move || has_more.get() fallback=move || view! { <p data-end="">{nothing_older}</p> }>
                <button
                    class="button quiet"
                    type="button"
                    aria-disabled=move || is_growing.get().then_some("true")
                    on:click=load
                >
                    {label}
                </button>
            </Show>
        </div>
    }
}

/// Whether an element is in the window, or will soon be.
fn use_is_near(element: NodeRef<Div>) -> ReadSignal<bool> {
    let (is_near, set_near) = signal(false);
    let seen = Closure::<dyn Fn(js_sys::Array)>::new(move |entries: js_sys::Array| {
        // The last entry is the newest.
        let entry = entries.pop().unchecked_into::<web_sys::IntersectionObserverEntry>();
        set_near.try_set(entry.is_intersecting());
    });
    let options = web_sys::IntersectionObserverInit::new();
    options.set_root_margin(AHEAD);
    let observer =
        web_sys::IntersectionObserver::new_with_options(seen.as_ref().unchecked_ref(), &options).ok();
    let kept = StoredValue::new_local((observer, seen));
    effect(move || {
        let Some(element) = element.get() else { return };
        kept.with_value(|(observer, _)| {
            if let Some(observer) = observer {
                observer.observe(&element);
            }
        });
    });
    on_cleanup(move || {
        kept.try_with_value(|(observer, _)| observer.as_ref().map(|observer| observer.disconnect()));
    });
    is_near
}
