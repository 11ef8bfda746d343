//! The example: one list of people, kept fresh. `crates/leptos-swr/example` builds and serves it.
//!
//! Things to try: stop the server, and the list stays, with a notice and a growing retry. Hide the
//! tab, and polling stops. Reload, and the last list is there at once. Choose a group, and the old request is
//! aborted.

use std::time::Duration;

use gloo_net::http::Request;
use leptos::prelude::*;
use leptos_swr::{PersistOptions, WebStorage, abort_signal, provide_cache, use_swr_with};
use serde::{Deserialize, Serialize};

/// Somebody, as the API answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Person {
    name: String,
}

type People = Vec<Person>;

async fn fetch_people(group: String) -> Result<People, String> {
    let request = Request::get(&format!("/api/people/{group}")).abort_signal(abort_signal().as_ref());
    let answer = request.send().await.map_err(|error| error.to_string())?;
    let text = answer.text().await.map_err(|error| error.to_string())?;
    serde_json::from_str(&text).map_err(|error| error.to_string())
}

#[component]
fn People() -> impl IntoView {
    let group = expect_context::<ReadSignal<String>>();
    let people = use_swr_with(
        move || Some(group.get()),
        fetch_people,
        |options| {
            options.refresh_interval(Duration::from_secs(2));
            options.dedupe_interval(Duration::from_millis(100));
            options.focus_throttle_interval(Duration::from_secs(1));
            options.error_retry_interval(Duration::from_millis(500));
        },
    );
    let count = Memo::new(move |_| people.data.get().map_or(0, |people| people.len()));
    view! {
        <h1>{count} " people"</h1>
        <p id="state">
            {move || if people.is_loading.get() { "loading" } else if people.is_paused.get() { "paused" } else { "ready" }}
        </p>
        <p id="error">{move || people.error.get()}</p>
        <ul id="people">
            <For each=move || people.data.get().unwrap_or_default() key=|person| person.name.clone() let:person>
                <li>{person.name}</li>
            </For>
        </ul>
        <button id="again" on:click=move |_| people.revalidate()>"Again"</button>
    }
}

#[component]
fn App() -> impl IntoView {
    let cache = provide_cache();
    // The size script also builds the example without this.
    if option_env!("WITHOUT_PERSISTER").is_none() {
        cache.persist::<String, People, String>(WebStorage::local("people"), PersistOptions::default());
    }
    let (group, set_group) = signal("all".to_owned());
    provide_context(group);
    let (is_shown, set_shown) = signal(true);
    view! {
        <button id="toggle" on:click=move |_| set_shown.update(|shown| *shown = !*shown)>"Show or hide"</button>
        <button id="friends" on:click=move |_| set_group.set("friends".to_owned())>"Friends"</button>
        <Show when=move || is_shown.get()>
            <People />
        </Show>
    }
}

fn main() {
    leptos::mount::mount_to_body(App);
}
