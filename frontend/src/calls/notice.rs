//! What is said above calls that may be out of date.

use std::time::Duration;

use leptos::prelude::*;
use leptos_swr::SwrPages;

use super::pages::CallsPage;
use super::state::{State, next_attempt};
use crate::api::ApiError;
use crate::icon::{Icon, Symbol};
use crate::message::Again;

/// What is said where the browser has no network.
pub const OFFLINE: &str = "This device is offline.";

/// Says why the calls that are shown may be out of date: there is no network, or the newest attempt failed.
#[component]
pub fn Notice(
    /// The last failure.
    error: Signal<Option<ApiError>>,
    /// Whether there is a network.
    is_online: ReadSignal<bool>,
    /// The page's state.
    state: Memo<State>,
    /// How it is tried again.
    again: Again,
) -> impl IntoView {
    let notice = Memo::new(move |_| match (is_online.get(), error.get()) {
        _ if !state.with(State::has_data) => None,
        (false, _) => Some(("offline", OFFLINE.to_owned())),
        (true, Some(ApiError::Unreachable)) => Some(("unreachable", ApiError::Unreachable.to_string())),
        (true, error) => error.map(|error| ("error", error.to_string())),
    });
    let view = move |(kind, text): (&'static str, String)| {
        let symbol = if kind == "error" { Symbol::Warning } else { Symbol::Unreachable };
        let is_offline = kind == "offline";
        // Without a network nothing is tried until it is back.
        let next_attempt = move || match is_offline {
            true => next_attempt(true, false, None),
            false => again.next_attempt.get(),
        };
        view! {
            <div class="notice" data-notice=kind>
                <Icon symbol />
                <p>{text} " These are the last known calls. " {next_attempt}</p>
                {(!is_offline)
                    .then(|| {
                        view! {
                            <button class="button quiet" type="button" on:click=move |_| again.now.run(())>
                                "Try again"
                            </button>
                        }
                    })}
            </div>
        }
    };
    move || notice.get().map(view)
}

/// When the next attempt starts, counted down.
pub fn use_next_attempt(calls: SwrPages<CallsPage, ApiError>) -> Signal<Option<String>> {
    let tick = RwSignal::new(());
    let timer = set_interval_with_handle(
        move || {
            if calls.error.with_untracked(Option::is_some) {
                tick.set(());
            }
        },
        Duration::from_secs(1),
    );
    on_cleanup(move || {
        if let Ok(timer) = timer {
            timer.clear();
        }
    });
    Signal::derive(move || {
        tick.track();
        let seconds = calls.retry.get().map(|retry| seconds_until(retry.at_ms as f64));
        next_attempt(calls.is_paused.get(), calls.is_validating.get(), seconds)
    })
}

/// Seconds from now until a moment of the browser's monotonic clock, rounded up.
fn seconds_until(at_ms: f64) -> i64 {
    let now_ms = window().performance().map_or(0.0, |performance| performance.now());
    ((at_ms - now_ms) / 1000.0).ceil() as i64
}
