//! Age of the data: a small sign, or a notice if it may be outdated.

use std::cell::Cell;
use std::time::Duration;

use leptos::prelude::*;
use leptos_swr::SwrPages;

use super::pages::CallsPage;
use super::state::{State, last_known, next_attempt, updated};
use crate::api::ApiError;
use crate::icon::{Icon, Symbol};
use crate::message::Again;
use crate::reactive::{effect, memo};
use crate::script::t;

/// Interval between updates of the age, in seconds.
const SLOW: u32 = 20;

/// Notice without a network.
pub fn offline() -> String {
    t("This device is offline.")
}

/// Notice that the calls may be outdated, with the reason: no network, or a failed request.
#[component]
pub fn Notice(
    /// The last failure.
    error: Signal<Option<ApiError>>,
    /// Whether there is a network.
    is_online: ReadSignal<bool>,
    /// The page's state.
    state: Memo<State>,
    /// Age of the calls.
    freshness: Freshness,
    /// Retry.
    again: Again,
) -> impl IntoView {
    let notice = memo(move || match (is_online.get(), error.get()) {
        _ if !state.with(State::has_data) => None,
        (false, _) => Some(("offline", offline())),
        (true, Some(ApiError::Unreachable)) => Some(("unreachable", ApiError::Unreachable.to_string())),
        (true, error) => error.map(|error| ("error", error.to_string())),
    });
    let view = move |(kind, text): (&'static str, String)| {
        let symbol = if kind == "error" { Symbol::Warning } else { Symbol::Unreachable };
        let is_offline = kind == "offline";
        let age = move || last_known(freshness.age());
        // Without a network there are no retries until it is back.
        let next_attempt = move || match is_offline {
            true => next_attempt(true, false, None),
            false => again.next_attempt.get(),
        };
        view! {
            <div class="notice" data-notice=kind>
                <Icon symbol />
                <p>{text} " " {age} " " {next_attempt}</p>
                {(!is_offline)
                    .then(|| {
                        view! {
                            <button class="button quiet" type="button" on:click=move |_| again.now.run(())>
                                {t("Try again")}
                            </button>
                        }
                    })}
            </div>
        }
    };
    move || notice.get().map(view)
}

/// Time of the last response in milliseconds since 1970-01-01, and the current time.
#[derive(Clone, Copy)]
pub struct Freshness {
    updated_ms: RwSignal<Option<f64>>,
    /// Changes every second during a countdown, and rarely otherwise.
    now_ms: ReadSignal<f64>,
    is_counting: StoredValue<bool>,
}

impl Freshness {
    /// For calls last known at a time in milliseconds since 1970, if any.
    pub fn new(known_ms: Option<f64>) -> Self {
        let (now_ms, set_now) = signal(js_sys::Date::now());
        let is_counting = StoredValue::new(false);
        let seconds = Cell::new(0);
        let timer = set_interval_with_handle(
            move || {
                seconds.set(seconds.get() + 1);
                if seconds.get() >= SLOW || is_counting.get_value() {
                    seconds.set(0);
                    set_now.set(js_sys::Date::now());
                }
            },
            Duration::from_secs(1),
        );
        on_cleanup(move || {
            if let Ok(timer) = timer {
                timer.clear();
            }
        });
        Self { updated_ms: RwSignal::new(known_ms), now_ms, is_counting }
    }

    /// Handles a response with this many pages. One with older calls does not refresh the newest.
    pub fn answered(&self, pages: usize, before: usize) {
        if before == 0 || pages <= before {
            self.updated_ms.try_set(Some(js_sys::Date::now()));
        }
    }

    /// Countdown to the next attempt.
    pub fn next_attempt(self, calls: SwrPages<CallsPage, ApiError>) -> Signal<Option<String>> {
        effect(move || self.is_counting.set_value(calls.error.with(Option::is_some)));
        Signal::derive(move || {
            self.now_ms.track();
            let seconds = calls.retry().map(|retry| seconds_until(retry.at_ms as f64));
            next_attempt(calls.is_paused.get(), calls.is_validating.get(), seconds)
        })
    }

    /// The small sign.
    pub fn sign(self, calls: SwrPages<CallsPage, ApiError>) -> Memo<String> {
        memo(move || {
            if calls.error.with(Option::is_some) {
                return String::new();
            }
            updated(calls.is_validating.get(), self.age())
        })
    }

    /// Time of the last response, in milliseconds since 1970.
    pub fn updated_ms(self) -> Option<f64> {
        self.updated_ms.get()
    }

    /// Age of the calls in minutes. `None` if unknown.
    pub fn age(self) -> Option<u32> {
        let age_ms = (self.now_ms.get() - self.updated_ms.get()?).max(0.0);
        Some((age_ms / 60_000.0) as u32)
    }
}

/// Seconds until a time of the browser's monotonic clock, rounded up.
fn seconds_until(at_ms: f64) -> i64 {
    let now_ms = window().performance().map_or(0.0, |performance| performance.now());
    ((at_ms - now_ms) / 1000.0).ceil() as i64
}
