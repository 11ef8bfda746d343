//! The list of calls, day by day.
//!
//! Headings and lists, not a table: a screen reader jumps from day to day by heading and reads each call as
//! one sentence, and a narrow screen can break a row in two lines without losing its meaning.

use std::sync::Arc;

use calls_model::{Call, Party};
use leptos::prelude::*;

use super::actions::RowActions;
use super::pages::Wanted;
use super::summary_data::SummaryData;
use crate::day::Day;
use crate::format::{self, DayGroup};
use crate::icon::{Icon, Symbol};
use crate::{intl, keyboard, path};

/// All calls, newest first.
#[component]
pub fn CallList(
    /// Which calls are asked for.
    wanted: Memo<Wanted>,
    /// The calls, newest first.
    calls: Signal<Option<Vec<Arc<Call>>>>,
    /// What the calls come to.
    summary: Signal<Option<SummaryData>>,
    /// The day that is today.
    today: ReadSignal<Day>,
    /// Whether newer ones are being asked for.
    is_validating: Signal<bool>,
    /// Whether the calls stand in for others that are being asked for.
    is_stale: Signal<bool>,
) -> impl IntoView {
    let days = Memo::new(move |_| {
        calls.with(|calls| {
            format::group_by_day(calls.as_deref().unwrap_or_default(), |call| intl::day(ms(call)))
        })
    });
    let count_of =
        move |day: Day| summary.with(|summary| wanted.with(|wanted| summary.as_ref()?.calls_of(day, wanted)));
    let each_day = move || days.with(|days| days.iter().map(|group| group.day).collect::<Vec<_>>());
    view! {
        <p class="list-note">
            <span>"Newest first. Times in " <span lang=intl::locale()>{intl::zone()}</span> "."</span>
            {move || is_validating.get().then(|| view! { <span class="updating">"Updating…"</span> })}
            <a class="export" href=move || wanted.with(Wanted::csv) download="" rel="external">
                <Icon symbol=Symbol::Download />
                "Save as CSV"
            </a>
        </p>
        <div class="days" class:stale=is_stale on:keydown=keyboard::move_between_calls>
            <For each=each_day key=|day| *day let:day>
                <DayCalls day count=Signal::derive(move || count_of(day)) days today />
            </For>
        </div>
    }
}

/// The calls of one day.
#[component]
fn DayCalls(
    day: Day,
    count: Signal<Option<u64>>,
    days: Memo<Vec<DayGroup>>,
    today: ReadSignal<Day>,
) -> impl IntoView {
    let calls = Memo::new(move |_| {
        days.with(|days| days.iter().find(|group| group.day == day).map(|group| group.calls.clone()))
            .unwrap_or_default()
    });
    let id = format!("day-{}", day.0);
    let labelled_by = id.clone();
    let name = move || day.name(today.get());
    view! {
        <section class="day" aria-labelledby=labelled_by>
            <h2 class="day-heading" id=id>
                {move || name().map(|name| format!("{name} "))}
                <time class:day-date=move || name().is_some() datetime=day.to_string() lang=intl::locale()>
                    {intl::date(day)}
                </time>
                <span class="day-count">{move || count.get().map(|calls| format::count(calls as usize))}</span>
            </h2>
            <ol class="day-calls" role="list">
                <For each=move || calls.get() key=|call| call.id.clone() let:call>
                    <CallRow call />
                </For>
            </ol>
        </section>
    }
}

/// One call.
#[component]
fn CallRow(call: Arc<Call>) -> impl IntoView {
    let at = ms(&call);
    let (id, call_type, party) = (call.id.clone(), call.call_type, call.counterparty.clone());
    let label = format::party(&party, call_type.direction()).text;
    let duration = call.duration.map(|duration| {
        view! {
            <time class="call-duration" datetime=format::duration_iso(duration)>
                <span aria-hidden="true">{format::duration(duration)}</span>
                <span class="visually-hidden">{format::duration_in_words(duration)}</span>
            </time>
        }
    });
    view! {
        <li class="call" tabindex="-1" data-call=id data-type=call_type.as_str()>
            <time
                class="call-time"
                datetime=String::from(js_sys::Date::new(&at.into()).to_iso_string())
                title=intl::time_in_full(at)
                lang=intl::locale()
            >
                {intl::time(at)}
            </time>
            <span class="call-type">
                <span class="call-icon">
                    <Icon symbol=Symbol::Call(call_type) />
                </span>
                <span class="call-type-text">{format::call_type(call_type)}</span>
            </span>
            <Counterparty call />
            <RowActions party label />
            {duration}
        </li>
    }
}

/// The other party, as a link to its own history where it can have one.
#[component]
fn Counterparty(call: Arc<Call>) -> impl IntoView {
    let party: &Party = &call.counterparty;
    let label = format::party(party, call.call_type.direction());
    let note = label.note.map(|note| view! { <span class="call-note">{note}</span> });
    let text = match party.is_identified() {
        true => view! {
            <a href=path::calls_page(&party.to_string())>
                <bdi>{label.text}</bdi>
            </a>
        }
        .into_any(),
        false => label.text.into_any(),
    };
    view! {
        <span class="call-party" class:hidden-party=!party.is_identified()>
            {text}
            {note}
        </span>
    }
}

fn ms(call: &Call) -> f64 {
    call.created_at.timestamp_millis() as f64
}
