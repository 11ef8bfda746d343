//! What chooses which calls are shown. All of it is in the address.

use std::time::Duration;

use leptos::ev::SubmitEvent;
use leptos::html::Input;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::summary;
use super::summary_data::SummaryData;
use crate::day::Day;
use crate::filter::{Filter, Length, Period, Show as Types};
use crate::icon::{Icon, Symbol};
use crate::{intl, path};

/// How long after the last letter the search begins.
const PAUSE: Duration = Duration::from_millis(300);

/// Chips, a search field and periods.
#[component]
pub fn Filters(
    /// The number of the address.
    number: Memo<String>,
    /// What is shown now.
    filter: Memo<Filter>,
    /// What the calls of the filter come to if calls of all types are shown.
    all_types: Signal<Option<SummaryData>>,
) -> impl IntoView {
    let address = move |filter: Filter| path::calls_page(&number.get()) + &filter.to_query();
    let is_range = move || matches!(filter.with(|filter| filter.period), Period::Range(..));
    let is_open = RwSignal::new(filter.with_untracked(|filter| matches!(filter.period, Period::Range(..))));
    let types = Types::ALL.map(|show| {
        let href = move || address(Filter { show, ..filter.get() });
        let is_chosen = move || filter.with(|filter| filter.show == show);
        let count = move || {
            let text = |data: &SummaryData| intl::number(show.count(&data.summary));
            all_types.with(|data| data.as_ref().map(text).unwrap_or_default())
        };
        view! {
            <Chip
                href=Signal::derive(href)
                is_chosen=Signal::derive(is_chosen)
                label=show.label()
                count=Signal::derive(count)
            />
        }
    });
    let periods = Period::offered().map(|(period, label)| {
        let href = move || address(Filter { period, ..filter.get() });
        let is_chosen = move || filter.with(|filter| filter.period == period);
        view! { <Chip href=Signal::derive(href) is_chosen=Signal::derive(is_chosen) label /> }
    });
    view! {
        <section class="filters" aria-label="Filters">
            <div class="chips" role="group" aria-label="Type of call">
                {types}
                <Hours number filter />
            </div>
            <Search number filter />
            <LengthSelect number filter />
            <div class="chips periods" role="group" aria-label="Period">
                {periods.collect_view()}
                <button
                    class="chip"
                    type="button"
                    class:chosen=is_range
                    aria-expanded=move || is_open.get().to_string()
                    aria-controls="range"
                    on:click=move |_| is_open.update(|is_open| *is_open = !*is_open)
                >
                    "Dates…"
                </button>
            </div>
            <div id="range" class="range" hidden=move || !is_open.get()>
                <Range number filter />
            </div>
        </section>
    }
}

/// One of several choices, as a link to it.
#[component]
fn Chip(
    href: Signal<String>,
    is_chosen: Signal<bool>,
    label: &'static str,
    /// How many calls it leads to, for the choices that are counted.
    #[prop(optional)]
    count: Signal<String>,
) -> impl IntoView {
    view! {
        <a class="chip" href=href data-noscroll="" aria-current=move || is_chosen.get().then_some("true")>
            {label}
            " "
            <span class="chip-count">{count}</span>
        </a>
    }
}

/// The chosen hours of the week, as a link to calls of all hours. They are chosen in the summary.
#[component]
fn Hours(number: Memo<String>, filter: Memo<Filter>) -> impl IntoView {
    move || {
        let now = filter.get();
        let label = hours_label(now.weekday, now.hour)?;
        let without = Filter { weekday: None, hour: None, ..now };
        let href = path::calls_page(&number.get()) + &without.to_query();
        Some(view! {
            <a class="chip" href=href data-noscroll="" aria-current="true" aria-label=format!("{label}: show all hours")>
                {label.clone()}
                <span aria-hidden="true">"\u{d7}"</span>
            </a>
        })
    }
}

/// Hours of the week as a person says it: `Tuesday, 2 PM`.
fn hours_label(weekday: Option<u8>, hour: Option<u8>) -> Option<String> {
    let weekday = weekday.map(|weekday| summary::weekday(weekday, intl::Part::Weekday));
    let label: Vec<String> = weekday.into_iter().chain(hour.map(summary::hour)).collect();
    (!label.is_empty()).then(|| label.join(", "))
}

/// How long the calls are.
#[component]
fn LengthSelect(number: Memo<String>, filter: Memo<Filter>) -> impl IntoView {
    let navigate = use_navigate();
    let choose = move |event| {
        let length = Length::named(&event_target_value(&event));
        let address = path::calls_page(&number.get_untracked())
            + &Filter { length, ..filter.get_untracked() }.to_query();
        navigate(&address, NavigateOptions { scroll: false, ..NavigateOptions::default() });
    };
    let is_chosen = move |length| filter.with(|filter| filter.length == length);
    let offered = Length::ALL.map(|(length, name, label)| {
        view! {
            <option value=name prop:selected=move || is_chosen(length)>
                {label}
            </option>
        }
    });
    view! {
        <select
            class="length"
            class:chosen=move || !is_chosen(Length::Any)
            aria-label="Duration"
            on:change=choose
        >
            {offered}
        </select>
    }
}

/// The counterparty's beginning. Searches while one types, and makes one step of the browser's history.
#[component]
fn Search(number: Memo<String>, filter: Memo<Filter>) -> impl IntoView {
    let input = NodeRef::<Input>::new();
    let navigate = use_navigate();
    let sent = StoredValue::new(filter.with_untracked(|filter| filter.counterparty.clone()));
    let search = move || {
        let Some(counterparty) =
            input.try_get_untracked().flatten().map(|input| input.value().trim().to_owned())
        else {
            return;
        };
        let now = filter.get_untracked();
        if counterparty != now.counterparty {
            let replace = !now.counterparty.is_empty() && !counterparty.is_empty();
            sent.set_value(counterparty.clone());
            let address =
                path::calls_page(&number.get_untracked()) + &Filter { counterparty, ..now }.to_query();
            navigate(&address, NavigateOptions { replace, scroll: false, ..NavigateOptions::default() });
        }
    };
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let stop = move || {
        if let Some(timer) = timer.try_update_value(Option::take).flatten() {
            timer.clear();
        }
    };
    on_cleanup(stop);
    let typed = {
        let search = search.clone();
        move |_| {
            stop();
            timer.set_value(set_timeout_with_handle(search.clone(), PAUSE).ok());
        }
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        stop();
        search();
    };
    keep_typed(input, filter, sent);
    view! {
        <form class="search" role="search" aria-label="Calls of this history" on:submit=submit>
            <label class="visually-hidden" for="search">
                "Calls with: number, or its beginning with the country code"
            </label>
            <Icon symbol=Symbol::Search />
            <input
                id="search"
                node_ref=input
                type="search"
                enterkeyhint="search"
                autocapitalize="none"
                autocomplete="off"
                spellcheck="false"
                dir="auto"
                placeholder="Calls with +1 202"
                aria-keyshortcuts="/"
                value=sent.get_value()
                on:input=typed
            />
        </form>
    }
}

/// What was typed stays as it was typed; what comes from elsewhere, as by the back button, is put in.
fn keep_typed(input: NodeRef<Input>, filter: Memo<Filter>, sent: StoredValue<String>) {
    Effect::new(move |_| {
        let counterparty = filter.with(|filter| filter.counterparty.clone());
        if let Some(input) = input.get()
            && counterparty != sent.get_value()
        {
            input.set_value(&counterparty);
            sent.set_value(counterparty);
        }
    });
}

/// Two dates, both included.
#[component]
fn Range(number: Memo<String>, filter: Memo<Filter>) -> impl IntoView {
    let (from, to) = (NodeRef::<Input>::new(), NodeRef::<Input>::new());
    let navigate = use_navigate();
    let choose = move |_| {
        let (Some(from), Some(to)) = (from.get_untracked(), to.get_untracked()) else { return };
        let texts = [from.value(), to.value()];
        // A year that is being typed is not one yet.
        if texts.iter().any(|text| !text.is_empty() && Day::parse(text).is_none()) {
            return;
        }
        let period = Period::range(Day::parse(&texts[0]), Day::parse(&texts[1]));
        let now = filter.get_untracked();
        if period != now.period {
            let address = path::calls_page(&number.get_untracked()) + &Filter { period, ..now }.to_query();
            navigate(&address, NavigateOptions { scroll: false, ..NavigateOptions::default() });
        }
    };
    let chosen = move || match filter.with(|filter| filter.period) {
        Period::Range(from, to) => (from, to),
        _ => (None, None),
    };
    let text = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
    view! {
        <label>
            "From"
            <input type="date" node_ref=from prop:value=move || text(chosen().0) on:change=choose.clone() />
        </label>
        <label>
            "To"
            <input type="date" node_ref=to prop:value=move || text(chosen().1) on:change=choose />
        </label>
    }
}
