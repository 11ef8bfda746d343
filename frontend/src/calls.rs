//! `/calls/<number>`: the history of a number.

mod list;
mod notice;
mod state;
mod title;

use std::rc::Rc;

use calls_model::{Call, NumberInfo};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use leptos_swr::{Swr, use_swr_with};

use crate::api::{self, ApiError};
use crate::app::Bar;
use crate::message::{Again, MessageCard};
use crate::{format, page, path};
use list::CallList;
use notice::{Notice, use_next_attempt};
use state::State;
use title::{Title, heading_text};

/// Where the calls will stand. The same as in index.html.
const SKELETON: &str = r#"<div class="bone bone-day"></div><div class="day-calls">
<div class="bone-call"><i class="bone"></i><i class="bone"></i><i class="bone"></i></div>
<div class="bone-call"><i class="bone"></i><i class="bone"></i><i class="bone"></i></div>
<div class="bone-call"><i class="bone"></i><i class="bone"></i><i class="bone"></i></div>
<div class="bone-call"><i class="bone"></i><i class="bone"></i><i class="bone"></i></div></div>"#;

/// The page.
#[component]
pub fn CallsPage() -> impl IntoView {
    let params = use_params_map();
    let number = Memo::new(move |_| params.with(|params| params.get("number").unwrap_or_default()));
    let calls: Swr<Vec<Call>, ApiError> = use_swr_with(
        move || Some(path::api_calls(&number.get())),
        |path| async move { api::get(&path).await },
        |options| options.should_retry_by = Some(Rc::new(ApiError::may_pass)),
    );
    let info: Swr<NumberInfo, ApiError> = use_swr_with(
        move || Some(path::api_number(&number.get())),
        |path| async move { api::get(&path).await },
        |options| {
            options.should_retry_by = Some(Rc::new(ApiError::may_pass));
            // How a number is written does not change while one looks at it.
            options.revalidate_on_focus = false;
        },
    );
    let again = Again {
        next_attempt: use_next_attempt(calls),
        now: Callback::new(move |()| {
            calls.revalidate();
            if info.data.with(Option::is_none) {
                info.revalidate();
            }
        }),
    };
    let state = Memo::new(move |_| {
        calls.data.with(|data| calls.error.with(|error| State::new(data.as_deref(), error.as_ref())))
    });
    let heading =
        page::use_page(move || heading_text(&number.get(), info.data.get().as_ref()), move || number.get());
    keep_canonical_address(number, info.data);
    view! {
        <Bar field=true />
        <main
            id="main"
            tabindex="-1"
            data-state=move || state.with(State::name)
            aria-busy=move || calls.is_loading.get().to_string()
        >
            <Title number info=info.data heading />
            <Notice error=calls.error state again />
            {move || match state.get() {
                State::Ready => {
                    view! { <CallList calls=calls.data is_validating=calls.is_validating /> }.into_any()
                }
                State::Loading => {
                    view! { <div class="skeleton" aria-hidden="true" inner_html=SKELETON></div> }.into_any()
                }
                state => {
                    let failed = matches!(state, State::Failed(_));
                    let message = state.message(&number.get_untracked());
                    message.map(|message| view! { <MessageCard message again=failed.then_some(again) /> }).into_any()
                }
            }}
        </main>
        <p class="visually-hidden" role="status">
            {move || announcement(&state.get(), calls.data.get().as_deref(), calls.error.get().as_ref())}
        </p>
    }
}

/// What a screen reader says when the page changes.
fn announcement(state: &State, calls: Option<&[Call]>, error: Option<&ApiError>) -> String {
    let count = calls.map_or(0, |calls| i64::try_from(calls.len()).unwrap_or(i64::MAX));
    match (state, error) {
        (State::Loading, _) => "Loading calls.".to_owned(),
        (State::Ready | State::Empty, Some(error)) => format!("{error} These are the last known calls."),
        (State::Ready, None) => format!("{} shown.", format::plural(count, "call")),
        (State::Empty, None) => "No calls with this number yet.".to_owned(),
        (State::Invalid(_), _) => "This is not a phone number.".to_owned(),
        (State::Failed(error), _) => error.to_string(),
    }
}

/// Puts the number's canonical spelling into the address bar, so that what people share and reload is the
/// same for everybody. The page itself stays as it is.
fn keep_canonical_address(number: Memo<String>, info: Signal<Option<NumberInfo>>) {
    Effect::new(move |_| {
        let Some(canonical) = info.with(|info| info.as_ref().map(NumberInfo::canonical)) else { return };
        if canonical != number.get_untracked()
            && let Ok(history) = window().history()
        {
            let address = path::calls_page(&canonical);
            // A browser may limit how often this is done; the address then stays as it was typed.
            history
                .replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&address))
                .unwrap_or_default();
        }
    });
}
