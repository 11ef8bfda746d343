//! `/calls/<number>`: the history of a number.
//!
//! In reading order:
//!
//! - `number`: the number in the address. `state`: the state of the page.
//! - `pages`: the pages in which calls arrive, with `packed_calls`; `initial_data` and `last_known` are where
//!   the first of them come from; `live` follows new calls, and `pending_calls` holds them back.
//! - `resource`: requests for everything but calls. `summary_data`: the summary of a filter.
//! - `timeline`: the pages as one list, by day. `list` renders it, with the state in `list_state`; `geometry`
//!   and `viewport` compute which part; `keyed_list` updates its elements; `keyboard` moves the focus in it,
//!   `scroll_restoration` returns to it, `older_calls` is its end, and `list_note` the line above it.
//! - `title`, `filters` (with `years`) and `filter_chips`: above the list. `freshness`: the age of the data.
//! - `summary`, with `charts` (data) and `chart` (view): beside the list. `panel`: one call, over the list.

mod chart;
mod charts;
mod filter_chips;
mod filters;
mod freshness;
mod geometry;
mod initial_data;
mod keyboard;
mod keyed_list;
mod last_known;
mod list;
mod list_note;
mod list_state;
mod live;
mod number;
mod older_calls;
mod packed_calls;
mod pages;
mod panel;
mod pending_calls;
pub mod resource;
mod scroll_restoration;
mod state;
mod summary;
mod summary_data;
mod timeline;
mod title;
mod viewport;
mod years;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use calls_model::{NumberInfo, Party};
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use leptos_swr::{SwrPages, use_swr_pages};

use crate::api::ApiError;
use crate::day::Day;
use crate::filter::{self, Filter, Show as Types};
use crate::message::{Again, MessageCard};
use crate::reactive::{effect, memo, text};
use crate::script::{self, count, fill, t};
use crate::{intl, page, path, recent};
use filter_chips::{Chosen, ChosenFilters};
use filters::Filters;
use freshness::{Freshness, Notice, offline};
pub use initial_data::use_initial_data;
use list::CallList;
use list_note::ListNote;
use list_state::{List, Owner};
use number::{Number, use_number};
use older_calls::OlderCalls;
use pages::{CallsPage, PageKey, Wanted};
use pending_calls::{NewCalls, PendingCalls};
use resource::{Info, use_info, use_summary};
use scroll_restoration::restore_scroll;
pub use scroll_restoration::watch_navigation;
use state::State;
use summary::SummaryPanel;
use summary_data::SummaryData;
use timeline::Timeline;
use title::Title;
use viewport::Viewport;

/// Polling interval for new calls while the page is visible.
const POLL: Duration = Duration::from_secs(30);
/// Interval of checks for midnight, which changes "Today" to "Yesterday".
const CLOCK: Duration = Duration::from_secs(30);

/// Time for which a new call is highlighted.
const FRESH: Duration = Duration::from_secs(1);
/// Distance of the list from the top of the window after scrolling to its beginning, in CSS pixels.
const TOP: f64 = 64.0;

/// Skeleton of the list, as in index.html.
const SKELETON: &str = r#"<div class="bone bone-day"></div><div class="day-calls">
<div class="bone-call"><i class="bone"></i><i class="bone"></i><i class="bone"></i></div>
<div class="bone-call"><i class="bone"></i><i class="bone"></i><i class="bone"></i></div>
<div class="bone-call"><i class="bone"></i><i class="bone"></i><i class="bone"></i></div>
<div class="bone-call"><i class="bone"></i><i class="bone"></i><i class="bone"></i></div></div>"#;

/// The page.
#[component]
pub fn HistoryPage() -> impl IntoView {
    let page = use_history();
    let History { number, filter, wanted, calls, info, state, list, freshness, is_online, again, .. } = page;
    let person = page.person;
    let sign = freshness.sign(calls);
    let parts = use_parts(page);
    let title = move || {
        let heading = match number.party.get() {
            Some(party) => script::heading(&party, person.get().as_ref(), info.data.get().as_ref()),
            None => script::heading(&number.asked.get(), info.data.get().as_ref(), None),
        };
        parts.with(|parts| match parts.is_empty() {
            true => heading,
            false => format!("{}: {heading}", filter_chips::in_words(parts)),
        })
    };
    page::use_page(title, move || path::page(&number.asked.get(), number.party.get().as_deref()));
    panel::use_panel(number);
    let has_filters = move || !state.with(|state| matches!(state, State::Empty | State::Invalid(_)));
    let announced = use_announcement(page);
    let below_filters = move || match state.get() {
        State::Ready => view! {
            <NewCalls pending=list.pending />
            <CallList list is_stale=calls.is_loading />
            <OlderCalls
                calls
                count=Signal::derive(move || page.count.get().unwrap_or_default())
                is_filtered=page.is_filtered.into()
            />
        }
        .into_any(),
        state => without_calls(&state, number, info.data, again),
    };
    view! {
        <main
            id="main"
            tabindex="-1"
            data-state=text(move || state.with(State::name).to_owned())
            data-live=move || page.is_live.get().then_some("")
            aria-busy=text(move || calls.is_loading.get().to_string())
        >
            <div class="columns">
                <Title number=number.asked info=info.data party=number.party person />
                <Notice error=calls.error is_online state freshness again />
                <Show when=has_filters>
                    <Filters base=number.base filter all_types=page.counts today=list.today />
                    <ChosenFilters base=number.base parts />
                    <SummaryPanel base=number.base filter list />
                    <ListNote wanted sign />
                </Show>
                <div class="list-area" id="calls" tabindex="-1">
                    {below_filters}
                </div>
            </div>
        </main>
        <p class="visually-hidden" role="status">
            {announced}
        </p>
        <p class="visually-hidden" role="status">
            {text(move || list.pending.announcement().unwrap_or_default())}
        </p>
    }
}

/// State of the page.
#[derive(Clone, Copy)]
struct History {
    number: Number,
    filter: Memo<Filter>,
    wanted: Memo<Wanted>,
    calls: SwrPages<CallsPage, ApiError>,
    info: Info,
    /// The person of a person's page.
    person: Signal<Option<NumberInfo>>,
    /// Summary of the calls of all types.
    counts: Signal<Option<SummaryData>>,
    list: List,
    /// Number of calls shown, without pending ones.
    count: Memo<Option<usize>>,
    is_filtered: Memo<bool>,
    state: Memo<State>,
    freshness: Freshness,
    is_online: ReadSignal<bool>,
    is_live: Signal<bool>,
    again: Again,
}

/// The filter as chips.
fn use_parts(page: History) -> Memo<Vec<Chosen>> {
    let History { filter, list, .. } = page;
    memo(move || {
        let spell = |party: &Party| list.spell(party);
        filter.with(|filter| filter_chips::parts(filter, list.today.get(), spell))
    })
}

/// Fetches all data of the page, and keeps it current.
fn use_history() -> History {
    let number = use_number();
    let today = use_today();
    let search = use_location().search;
    let filter = memo(move || search.with(|search| Filter::from_query(search)));
    let wanted_by = move |filter: &Filter| {
        let mut filter = filter.clone();
        if let Some(party) = number.party.get() {
            filter.counterparty = filter::only(&party);
        }
        let parameters = filter.parameters(today.get(), intl::beginning, &intl::zone_id());
        Wanted { number: number.asked.get(), query: path::query(&parameters) }
    };
    let wanted = memo(move || filter.with(wanted_by));
    let all_types = memo(move || wanted_by(&Filter { show: Types::All, ..filter.get() }));
    let freshness = Freshness::new(last_known::at_ms(&number.asked.get_untracked()));
    let calls = use_calls(wanted, freshness);
    let summary = use_summary(wanted, calls);
    // The same request, unless a type is chosen.
    let counts = use_summary(all_types, calls);
    let info = use_info(move || Some(number.asked.get()));
    let person = use_info(move || number.party.get()).data;
    number.keep_canonical(info.data, search);
    remember(number, info.data, person, freshness);
    let is_online = live::use_online();
    let is_live = live::use_live(move || info.data.with(Option::is_some).then(|| number.asked.get()), calls);
    let again = use_again(calls, info, freshness);
    let (list, count) = use_list(number, wanted, calls, summary, info.data, today);
    let is_filtered = memo(move || filter.with(|filter| !filter.is_all()));
    let state =
        memo(move || calls.error.with(|error| State::new(count.get(), is_filtered.get(), error.as_ref())));
    History {
        number,
        filter,
        wanted,
        calls,
        info,
        person,
        counts,
        list,
        count,
        is_filtered,
        state,
        freshness,
        is_online,
        is_live,
        again,
    }
}

/// Adds the number to the recent ones, and keeps its first page for a reload while the server is away.
fn remember(
    number: Number,
    info: Signal<Option<NumberInfo>>,
    person: Signal<Option<NumberInfo>>,
    freshness: Freshness,
) {
    effect(move || {
        let shown = if number.party.get().is_some() { person.get() } else { info.get() };
        if let Some(info) = shown {
            recent::remember(&info.canonical(), &script::heading("", Some(&info), None));
        }
    });
    effect(move || {
        // Tracked, to run after each response.
        freshness.updated_ms();
        if let Some(info) = info.get().filter(|_| number.party.get_untracked().is_none()) {
            last_known::keep(&number.asked.get_untracked(), &info);
        }
    });
}

/// The list, and the number of its calls, once known.
fn use_list(
    number: Number,
    wanted: Memo<Wanted>,
    calls: SwrPages<CallsPage, ApiError>,
    summary: Signal<Option<SummaryData>>,
    info: Signal<Option<NumberInfo>>,
    today: ReadSignal<Day>,
) -> (List, Memo<Option<usize>>) {
    let viewport = Viewport::new();
    let is_scrolled = memo(move || viewport.is_scrolled());
    let pending = PendingCalls::new(calls, is_scrolled, move || viewport.scroll_to(-TOP));
    let fresh = StoredValue::new(0);
    let shown = use_timeline(calls, wanted, pending, fresh);
    let count = memo(move || shown.with(|shown| shown.as_ref().map(Timeline::len)));
    let timeline = memo(move || shown.get().unwrap_or_default());
    let owner = memo(move || {
        info.with(|info| {
            let known = info.as_ref().map(|info| (info.canonical(), info.country.clone()));
            let (number, country) = known.unwrap_or_else(|| (number.asked.get(), None));
            Arc::new(Owner { number, country })
        })
    });
    let list = List {
        wanted,
        timeline,
        fresh,
        summary,
        owner,
        is_of_person: Signal::derive(move || number.party.with(Option::is_some)),
        today,
        viewport,
        pending,
        load_more: Callback::new(move |()| load_more(calls)),
        geometry: List::geometry(timeline, viewport),
        pinned: RwSignal::new(None),
    };
    restore_scroll(list);
    effect(move || {
        wanted.track();
        viewport.forget_days();
    });
    (list, count)
}

/// Placeholder for an empty list.
fn without_calls(state: &State, number: Number, info: Signal<Option<NumberInfo>>, again: Again) -> AnyView {
    if *state == State::Loading {
        return view! { <div class="skeleton" aria-hidden="true" inner_html=SKELETON></div> }.into_any();
    }
    let again = matches!(state, State::Failed(_)).then_some(again);
    let all_calls = (*state == State::NoMatch).then(|| number.base.get_untracked());
    let message = state.message(&number.asked.get_untracked());
    let is_empty = *state == State::Empty;
    // A number without calls of its own links to the numbers that it occurs with.
    let others = memo(move || match is_empty {
        true => info.with(|info| info.as_ref().map(script::occurrences).unwrap_or_default()),
        false => String::new(),
    });
    let card = move || {
        message.clone().map(|message| view! { <MessageCard message again all_calls=all_calls.clone() /> })
    };
    view! {
        <div inner_html=others></div>
        {move || others.with(String::is_empty).then(&card)}
    }
    .into_any()
}

/// Retries all failed requests.
fn use_again(calls: SwrPages<CallsPage, ApiError>, info: Info, freshness: Freshness) -> Again {
    let now = move |()| {
        calls.revalidate();
        if info.data.with(Option::is_none) {
            info.revalidate();
        }
    };
    Again { next_attempt: freshness.next_attempt(calls), now: Callback::new(now) }
}

/// The calls, page by page, kept current.
fn use_calls(wanted: Memo<Wanted>, freshness: Freshness) -> SwrPages<CallsPage, ApiError> {
    let pages = Rc::new(Cell::new(0));
    use_swr_pages(
        move |_, previous: Option<&CallsPage>| match previous {
            None => Some(PageKey::first(wanted.try_get()?)),
            Some(page) => PageKey::after(page),
        },
        PageKey::fetch,
        move |options| {
            let pages = pages.clone();
            options.on_success(move |new: &Vec<CallsPage>| {
                freshness.answered(new.len(), pages.replace(new.len()))
            });
            options.head_only();
            options.refresh_interval(POLL);
            options.keep_previous_data(true);
            options.should_retry_by(ApiError::may_pass);
        },
    )
}

/// The calls to show, without pending ones. `fresh` is set to the number of calls that have just arrived.
fn use_timeline(
    calls: SwrPages<CallsPage, ApiError>,
    wanted: Memo<Wanted>,
    pending: PendingCalls,
    fresh: StoredValue<usize>,
) -> Memo<Option<Timeline>> {
    Memo::new(move |last: Option<&Option<Timeline>>| {
        let has_failed = calls.error.with(Option::is_some);
        let waiting = pending.waiting.get();
        let shown = calls.data.with(|pages| {
            let pages = wanted.with(|wanted| pages::shown(pages.as_deref()?, wanted, has_failed))?;
            Some(Timeline::new(pages, waiting, |call| intl::day(call.created_at.timestamp_millis() as f64)))
        });
        let before = last.and_then(Option::as_ref).zip(shown.as_ref());
        let news = before.map_or(0, |(before, shown)| shown.news_since(before));
        if news > 0 {
            fresh.set_value(news);
            set_timeout(move || _ = fresh.try_set_value(0), FRESH);
        }
        shown
    })
}

/// Loads older calls, unless there are none or a request is under way.
fn load_more(calls: SwrPages<CallsPage, ApiError>) {
    let has_more = calls.data.with_untracked(|pages| has_more(pages.as_deref()));
    if has_more && !calls.is_validating.get_untracked() {
        calls.load_more();
    }
}

fn has_more(pages: Option<&[CallsPage]>) -> bool {
    pages.and_then(<[CallsPage]>::last).is_some_and(|page| page.next.is_some())
}

/// Announcement for screen readers, repeated when it changes, but not for each page of older calls or each
/// new call.
fn use_announcement(page: History) -> Memo<String> {
    let History { calls, is_online, state, list, wanted, is_filtered, .. } = page;
    let told = StoredValue::new(None::<(Wanted, String)>);
    memo(move || {
        if !is_online.get() && state.with(State::has_data) {
            return last_known_of(&offline());
        }
        let error = calls.error.get();
        if !state.with(|state| *state == State::Ready) || error.is_some() {
            return announcement(&state.get(), error.as_ref());
        }
        // Once per filter, because the count changes with each new call.
        let (wanted, all) = (wanted.get(), list.all().filter(|_| is_filtered.get()));
        let known = told.with_value(|told| told.clone().filter(|(of, _)| *of == wanted));
        match (known, all) {
            (Some((_, text)), _) => text,
            (None, None) => String::new(),
            (None, Some(all)) => {
                let text = count("{n} calls match.", all as u64);
                told.set_value(Some((wanted, text.clone())));
                text
            }
        }
    })
}

/// Announcement for a page without calls, or with outdated ones.
fn announcement(state: &State, error: Option<&ApiError>) -> String {
    match (state, error) {
        (State::Ready | State::Empty | State::NoMatch, Some(error)) => last_known_of(&error.to_string()),
        (State::Ready, None) => String::new(),
        (State::Loading, _) => t("Loading calls."),
        (State::Empty, None) => t("No calls with this number yet."),
        (State::NoMatch, None) => t("No calls match."),
        (State::Invalid(_), _) => t("This is not a phone number."),
        (State::Failed(error), _) => error.to_string(),
    }
}

/// Adds to an error that the calls shown are outdated.
fn last_known_of(failure: &str) -> String {
    fill("{failure} These are the last known calls.", &[("failure", failure)])
}

/// The current day in the browser's zone, updated while the page is open.
fn use_today() -> ReadSignal<Day> {
    let (today, set_today) = signal(intl::today());
    let clock = set_interval_with_handle(
        move || {
            if today.get_untracked() != intl::today() {
                set_today.set(intl::today());
            }
        },
        CLOCK,
    );
    on_cleanup(move || {
        if let Ok(clock) = clock {
            clock.clear();
        }
    });
    today
}
