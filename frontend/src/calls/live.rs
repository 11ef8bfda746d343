//! New calls.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use leptos::ev::{offline, online, visibilitychange};
use leptos::prelude::*;
use leptos_swr::SwrPages;

use super::pages::CallsPage;
use crate::api::{self, ApiError};
use crate::path;
use crate::reactive::{effect, memo};

/// Delay before the stream is opened: the first calls have priority, and short visits need no stream.
const START: Duration = Duration::from_millis(1500);
/// Calls that arrive together are fetched together.
const PAUSE: Duration = Duration::from_millis(250);

/// Fetches the first page again when the server reports a new call, and returns whether it does. Only while
/// the page is visible: a browser limits its connections to a server, and background tabs would use them up.
pub fn use_live(
    number: impl Fn() -> Option<String> + Send + Sync + 'static,
    calls: SwrPages<CallsPage, ApiError>,
) -> Signal<bool> {
    let is_visible = use_visible();
    let (is_begun, set_begun) = signal(false);
    set_timeout(move || _ = set_begun.try_set(true), START);
    let followed = memo(move || number().filter(|_| is_begun.get() && is_visible.get()));
    let news = RwSignal::new(None::<u32>);
    let stream = StoredValue::new_local(None::<Box<dyn FnOnce()>>);
    let close = move || {
        if let Some(close) = stream.try_update_value(Option::take).flatten() {
            close();
        }
    };
    effect(move || {
        close();
        news.set(None);
        if let Some(number) = followed.get() {
            let follow = move |count| _ = news.try_set(Some(count));
            stream.set_value(Some(api::follow(&path::api_events(&number), follow)));
        }
    });
    on_cleanup(close);
    let is_waiting = Rc::new(Cell::new(false));
    effect(move || {
        // Also when the stream opens, because calls may have been missed, for example in a hidden tab.
        if news.with(Option::is_none) || is_waiting.replace(true) {
            return;
        }
        let is_waiting = Rc::clone(&is_waiting);
        set_timeout(
            move || {
                is_waiting.set(false);
                calls.revalidate();
            },
            PAUSE,
        );
    });
    Signal::derive(move || news.with(Option::is_some))
}

/// Whether the browser is online. As in leptos-swr, only events are used, because `navigator.onLine` is
/// unreliable.
pub fn use_online() -> ReadSignal<bool> {
    let (is_online, set_online) = signal(true);
    let listeners = [
        window_event_listener(online, move |_| set_online.set(true)),
        window_event_listener(offline, move |_| set_online.set(false)),
    ];
    on_cleanup(move || listeners.into_iter().for_each(WindowListenerHandle::remove));
    is_online
}

fn use_visible() -> ReadSignal<bool> {
    let (is_visible, set_visible) = signal(!document().hidden());
    let listener = window_event_listener(visibilitychange, move |_| set_visible.set(!document().hidden()));
    on_cleanup(move || listener.remove());
    is_visible
}
