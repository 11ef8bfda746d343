//! The example without a cache: the same page, fetched once for each group. Only the size script builds it,
//! to see what the cache costs.

use gloo_net::http::Request;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::Deserialize;

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Person {
    name: String,
}

type People = Vec<Person>;

async fn fetch_people(group: String) -> Result<People, String> {
    let request = Request::get(&format!("/api/people/{group}"));
    let answer = request.send().await.map_err(|error| error.to_string())?;
    let text = answer.text().await.map_err(|error| error.to_string())?;
    serde_json::from_str(&text).map_err(|error| error.to_string())
}

#[component]
fn People() -> impl IntoView {
    let group = expect_context::<ReadSignal<String>>();
    let (people, set_people) = signal(None::<People>);
    let (error, set_error) = signal(None::<String>);
    let (is_loading, set_loading) = signal(false);
    let fetch = move || {
        let group = group.get();
        set_loading.set(true);
        spawn_local(async move {
            match fetch_people(group).await {
                Ok(people) => set_people.set(Some(people)),
                Err(error) => set_error.set(Some(error)),
            }
            set_loading.set(false);
        });
    };
    Effect::new(move |_| fetch());
    let count = Memo::new(move |_| people.get().map_or(0, |people| people.len()));
    view! {
        <h1>{count} " people"</h1>
        <p id="state">{move || if is_loading.get() { "loading" } else { "ready" }}</p>
        <p id="error">{move || error.get()}</p>
        <ul id="people">
            <For each=move || people.get().unwrap_or_default() key=|person| person.name.clone() let:person>
                <li>{person.name}</li>
            </For>
        </ul>
        <button id="again" on:click=move |_| fetch()>"Again"</button>
    }
}

#[component]
fn App() -> impl IntoView {
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
