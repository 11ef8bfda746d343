//! What is said above calls that may be out of date.

use std::time::Duration;

use leptos::prelude::*;
use leptos_swr::SwrPages;

use super::pages::CallsPage;
use super::state::{State, next_attempt};
use crate::api::ApiError;
use crate::icon::{Icon, Symbol};
use crate::message::Again;

/// Says that the newest attempt failed, while the calls of an earlier one are shown.
#[component]
pub fn Notice(
    /// The last failure.
    error: Signal<Option<ApiError>>,
    /// The page's state.
    state: Memo<State>,
    /// How it is tried again.
    again: Again,
) -> impl IntoView {
    let error = Memo::new(move |_| error.get().filter(|_| state.with(State::has_data)));
    let notice = move |error: ApiError| {
        let (kind, icon) = match error {
            ApiError::Unreachable => ("unreachable", Symbol::Unreachable),
            _ => ("error", Symbol::Warning),
        };
        view! {
            <div class="notice" data-notice=kind>
                <Icon symbol=icon />
                <p>{error.to_string()} " These are the last known calls. " {again.next_attempt}</p>
                <button class="button quiet" type="button" on:click=move |_| again.now.run(())>
                    "Try again"
                </button>
            </div>
        }
    };
    move || error.get().map(notice)
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
