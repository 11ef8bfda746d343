//! The list of calls, day by day.
//!
//! Headings and lists, not a table: a screen reader jumps from day to day by heading and reads each call as
//! one sentence, and a narrow screen can break a row in two lines without losing its meaning.

use std::time::Duration;

use calls_model::{Call, Party};
use leptos::prelude::*;

use crate::format::{self, Day, DayGroup};
use crate::icon::{Icon, Symbol};
use crate::{intl, path};

/// How often the page looks whether "Today" has become "Yesterday".
const CLOCK: Duration = Duration::from_secs(30);

/// All calls, newest first.
#[component]
pub fn CallList(
    /// The calls, newest first.
    calls: Signal<Option<Vec<Call>>>,
    /// Whether newer ones are being asked for.
    is_validating: Signal<bool>,
) -> impl IntoView {
    let days = Memo::new(move |_| {
        calls.with(|calls| {
            format::group_by_day(calls.as_deref().unwrap_or_default(), |call| intl::day(ms(call)))
        })
    });
    let today = use_today();
    let each_day = move || days.with(|days| days.iter().map(|group| group.day).collect::<Vec<_>>());
    view! {
        <p class="list-note">
            <span>"Newest first. Times in " <span lang=intl::locale()>{intl::zone()}</span> "."</span>
            {move || is_validating.get().then(|| view! { <span class="updating">"Updating…"</span> })}
        </p>
        <For each=each_day key=|day| *day let:day>
            <DayCalls day days today />
        </For>
    }
}

/// The calls of one day.
#[component]
fn DayCalls(day: Day, days: Memo<Vec<DayGroup>>, today: ReadSignal<Day>) -> impl IntoView {
    let calls = move || {
        days.with(|days| days.iter().find(|group| group.day == day).map(|group| group.calls.clone()))
            .unwrap_or_default()
    };
    let id = format!("day-{}", day.0);
    let labelled_by = id.clone();
    let name = move || day.name(today.get());
    view! {
        <section class="day" aria-labelledby=labelled_by>
            <h2 class="day-heading" id=id>
                {move || name().map(|name| format!("{name} "))}
                <time class:day-date=move || name().is_some() datetime=intl::iso_date(day) lang=intl::locale()>
                    {intl::date(day)}
                </time>
            </h2>
            <ol class="day-calls" role="list">
                <For each=calls key=|call| call.id.clone() let:call>
                    <CallRow call />
                </For>
            </ol>
        </section>
    }
}

/// One call.
#[component]
fn CallRow(call: Call) -> impl IntoView {
    let at = ms(&call);
    let (id, call_type) = (call.id.clone(), call.call_type);
    let duration = call.duration.map(|duration| {
        view! {
            <time class="call-duration" datetime=format::duration_iso(duration)>
                <span aria-hidden="true">{format::duration(duration)}</span>
                <span class="visually-hidden">{format::duration_in_words(duration)}</span>
            </time>
        }
    });
    view! {
        <li class="call" data-call=id data-type=call_type.as_str()>
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
            {duration}
        </li>
    }
}

/// The other party, as a link to its own history where it can have one.
#[component]
fn Counterparty(call: Call) -> impl IntoView {
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

/// Today in the reader's zone, which a page that stays open must not forget to change.
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
