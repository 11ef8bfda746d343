//! Names that can be added while offline, and a panel that shows the entries of the cache.
//! `crates/leptos-swr/example offline` builds and serves it.
//!
//! To try out: switch the network off in the browser's developer tools and add names. They are shown at once,
//! survive a reload, and are sent in order when the network is back. Type `broken` at the server, and the
//! next one is rolled back.

use std::time::Duration;

use gloo_net::http::Request;
use leptos::prelude::*;
use leptos_swr::{
    Cache, MutateOptions, MutationQueue, Query, WebStorage, abort_signal, provide_cache, use_query,
};

/// The list of names.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Names;

impl Query for Names {
    type Data = Vec<String>;
    type Error = String;

    async fn fetch(self) -> Result<Vec<String>, String> {
        let request = Request::get("/api/names").abort_signal(abort_signal().as_ref());
        let answer = request.send().await.map_err(|error| error.to_string())?;
        let text = answer.text().await.map_err(|error| error.to_string())?;
        serde_json::from_str(&text).map_err(|error| error.to_string())
    }
}

/// A name to add, and its idempotency key: a request that is sent twice adds the name once.
type Addition = (String, String);

fn addition(name: &str) -> Addition {
    (name.to_owned(), format!("{}-{}", js_sys::Date::now(), js_sys::Math::random()))
}

async fn post_name((name, key): Addition) -> Result<(), String> {
    let request = Request::post("/api/names").header("Idempotency-Key", &key).body(name.clone());
    match request.map_err(|error| error.to_string())?.send().await {
        Ok(answer) if answer.ok() => Ok(()),
        _ => Err(name),
    }
}

/// Shows a name at the end of the list until the server has it.
fn append(name: &str) -> MutateOptions<Vec<String>, (), String> {
    let name = name.to_owned();
    MutateOptions::new()
        .optimistic_by(move |_, shown| shown.into_iter().flatten().chain([&name]).cloned().collect())
}

#[component]
fn App() -> impl IntoView {
    let cache = provide_cache();
    cache.show_keys::<Names>();
    let names = use_query(|| Some(Names));
    let entries = cache.clone();
    let queue = MutationQueue::new(
        &cache,
        post_name,
        move |_| entries.query(Names),
        |(name, _): &Addition| append(name),
    );
    queue.persist(WebStorage::local("names"), 1);
    let queue = StoredValue::new_local(queue);
    let (failed, set_failed) = signal(String::new());
    let add = move |name: &'static str| {
        let reply = queue.with_value(|queue| queue.push(addition(name)));
        leptos::task::spawn_local(async move {
            if let Err(name) = reply.await {
                set_failed.set(name);
            }
        });
    };
    view! {
        <p id="state">{move || if names.is_loading.get() { "loading" } else { "ready" }}</p>
        <ul id="names">
            <For each=move || names.data.get().unwrap_or_default().into_iter().enumerate() key=Clone::clone let:entry>
                <li>{entry.1}</li>
            </For>
        </ul>
        <button id="ada" on:click=move |_| add("Ada")>"Add Ada"</button>
        <button id="grace" on:click=move |_| add("Grace")>"Add Grace"</button>
        <button id="alan" on:click=move |_| add("Alan")>"Add Alan"</button>
        <p>"Waiting: " <span id="waiting">{move || queue.with_value(|queue| queue.len())}</span></p>
        <p>"Failed: " <span id="failed">{failed}</span></p>
        <Network />
        <Panel cache />
    }
}

#[component]
fn Network() -> impl IntoView {
    let (is_online, set_online) = signal(true);
    for (event, online) in [("online", true), ("offline", false)] {
        let listener = window_event_listener_untyped(event, move |_| set_online.set(online));
        on_cleanup(move || listener.remove());
    }
    view! { <p id="network">{move || if is_online.get() { "online" } else { "offline" }}</p> }
}

/// Entries of the cache, read twice a second.
#[component]
fn Panel(cache: Cache) -> impl IntoView {
    let (text, set_text) = signal(String::new());
    let read = move || {
        let entries = cache.snapshot();
        let line = |entry: &leptos_swr::EntrySnapshot| {
            let age = entry.age_ms.map_or_else(String::new, |ms| format!(", {} s old", ms / 1000));
            let in_flight = if entry.in_flight { ", in flight" } else { "" };
            let places = entry.shown_by.join(" ");
            format!(
                "{}: {:?}, shown by {} hooks{age}{in_flight} {places}\n",
                entry.key,
                entry.state,
                entry.shown_by.len()
            )
        };
        set_text.set(entries.iter().map(line).collect());
    };
    let timer = set_interval_with_handle(read, Duration::from_millis(500));
    on_cleanup(move || timer.into_iter().for_each(|timer| timer.clear()));
    view! { <pre id="devtools">{text}</pre> }
}

fn main() {
    leptos::mount::mount_to_body(App);
}
