//! The list of calls, day by day.
//!
//! Headings and lists, not a table: a screen reader jumps from day to day by heading and reads each call as
//! one sentence, and a narrow screen can break a row in two lines without losing its meaning.
//!
//! Only what is near the window is rendered. What is left out is empty room of the same height, so the scroll bar,
//! the headings that stay in view and the way back are the browser's own.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use calls_model::DetailedCall;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::geometry::{DaySlice, Geometry};
use super::keys;
use super::news::News;
use super::pages::Wanted;
use super::row::CallRow;
use super::summary_data::SummaryData;
use super::timeline::Timeline;
use super::viewport::{Viewport, before_frame, on_resize, rows};
use crate::day::Day;
use crate::{format, intl};

/// How many calls are printed at most.
const PRINTED: usize = 2000;

/// What the list shows, and what moves it. `Copy`, as signals are.
#[derive(Clone, Copy)]
pub struct List {
    /// Which calls are asked for.
    pub wanted: Memo<Wanted>,
    /// The calls.
    pub timeline: Memo<Timeline>,
    /// How many of the newest have come in just now.
    pub fresh: StoredValue<usize>,
    /// What the calls come to.
    pub summary: Signal<Option<SummaryData>>,
    /// The country of the history's owner, once that is known.
    pub home: Memo<Option<String>>,
    /// The day that is today.
    pub today: ReadSignal<Day>,
    /// Where the reader is.
    pub viewport: Viewport,
    /// Calls that wait.
    pub news: News,
    /// Asks for older calls.
    pub load_more: Callback<()>,
    /// Where each call stands.
    pub geometry: Memo<Geometry>,
    /// The call that has the focus, or had it last.
    pub pinned: RwSignal<Option<String>>,
}

impl List {
    /// Where each of the calls stands.
    pub fn geometry(timeline: Memo<Timeline>, viewport: Viewport) -> Memo<Geometry> {
        Memo::new(move |_| {
            let sizes = viewport.sizes.get();
            timeline.with(|timeline| Geometry::new(timeline.days(), sizes, |day| viewport.extra_of(day)))
        })
    }

    /// How many calls there are with those that are not loaded, where the summary knows.
    pub fn all(&self) -> Option<usize> {
        let is_of_list = |data: &&SummaryData| self.wanted.with(|wanted| data.key.wanted == *wanted);
        self.summary.with(|data| data.as_ref().filter(is_of_list).map(|data| data.summary.calls as usize))
    }

    /// How many calls a day has, where the summary knows.
    fn count_of(&self, day: Day) -> Option<u64> {
        self.summary.with(|summary| self.wanted.with(|wanted| summary.as_ref()?.calls_of(day, wanted)))
    }
}

/// What is rendered: days, and the height left out after them.
type Rendered = (Vec<DaySlice>, f64);

/// All calls, newest first.
#[component]
pub fn CallList(
    /// What it shows.
    list: List,
    /// Whether the calls stand in for others that are being asked for.
    is_stale: Signal<bool>,
) -> impl IntoView {
    let List { timeline, viewport, pinned, geometry, .. } = list;
    let pinned_index = Memo::new(move |_| {
        pinned.with(|pinned| timeline.with(|timeline| timeline.index_of(pinned.as_deref()?)))
    });
    let rendered = Memo::new(move |_| {
        if viewport.is_printing.get() {
            return (geometry.with(|geometry| geometry.beginning(PRINTED)), 0.0);
        }
        let (top, bottom) = viewport.seen.get();
        geometry.with(|geometry| geometry.window(top, bottom, pinned_index.get()))
    });
    let settle = before_frame(move || settle(list, rendered));
    on_resize(viewport.list, settle.clone());
    Effect::new(move |_| {
        rendered.track();
        list.summary.track();
        settle();
    });
    keep_pinned(viewport, pinned);
    let each_day =
        move || rendered.with(|(slices, _)| slices.iter().map(|slice| slice.calls.day).collect::<Vec<_>>());
    view! {
        <div
            class="days"
            node_ref=viewport.list
            class:stale=is_stale
            on:keydown=move |event| keys::move_between_calls(list, &event)
        >
            <For each=each_day key=|day| *day let:day>
                {day_view(list, rendered, day)}
            </For>
            <div class="gap" style:block-size=move || px(rendered.with(|(_, after)| *after))></div>
        </div>
        <p class="print-note">{move || left_out(list)}</p>
    }
}

/// Keeps the call that has the focus, wherever in it that is, until something else gets it or is clicked.
fn keep_pinned(viewport: Viewport, pinned: RwSignal<Option<String>>) {
    for event in ["focusin", "pointerdown"] {
        let listener = window_event_listener_untyped(event, move |event| {
            let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            let row = target.and_then(|target| target.closest("[data-call]").ok().flatten());
            let list = viewport.list.get_untracked();
            let row = row.filter(|row| list.is_some_and(|list| list.contains(Some(row))));
            let id = row.and_then(|row| row.get_attribute("data-call"));
            if pinned.with_untracked(|pinned| *pinned != id) {
                pinned.set(id);
            }
        });
        on_cleanup(move || listener.remove());
    }
}

/// Once something else is rendered: measures it, and says which of how many each call is, as only some are there.
fn settle(list: List, rendered: Memo<Rendered>) {
    let Some(element) = list.viewport.list.get_untracked() else { return };
    let Some((slices, _)) = rendered.try_get_untracked() else { return };
    if list.viewport.is_printing.get_untracked() {
        return;
    }
    let sections = element.get_elements_by_class_name("day");
    for (index, slice) in slices.iter().enumerate() {
        let Some(section) = sections.item(index as u32) else { break };
        let count = untrack(|| list.count_of(slice.calls.day)).unwrap_or_default() as usize;
        let size = count.max(slice.calls.len).to_string();
        for (call, row) in slice.parts.iter().cloned().flatten().zip(rows(&section)) {
            let position = (call - slice.calls.first + 1).to_string();
            for (name, value) in [("aria-posinset", &position), ("aria-setsize", &size)] {
                if row.get_attribute(name).as_ref() != Some(value) {
                    // The names are well-formed.
                    row.set_attribute(name, value).unwrap_or_default();
                }
            }
        }
    }
    list.viewport.measure(&slices);
    list.viewport.look();
    keys::keep_focus(list);
}

/// A row of a day's list: a call, or the room of some that are left out.
#[derive(Clone)]
enum Item {
    /// Before which of the day's parts.
    Gap(usize),
    /// Where it stood when it was rendered first.
    Call(Arc<DetailedCall>, usize),
}

/// A call stays on the page as long as it is the same one in memory.
impl Item {
    fn identity(&self) -> usize {
        match self {
            Self::Gap(part) => *part,
            Self::Call(call, _) => Arc::as_ptr(call).addr(),
        }
    }
}

impl PartialEq for Item {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for Item {}

impl Hash for Item {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

fn items(timeline: &Timeline, slice: &DaySlice) -> Vec<Item> {
    let mut items = Vec::new();
    for part in 0..=slice.parts.len() {
        if slice.gap(part) > 0.0 {
            items.push(Item::Gap(part));
        }
        let calls = slice.parts.get(part).cloned().unwrap_or_default();
        items.extend(calls.filter_map(|index| Some(Item::Call(timeline.call(index)?.clone(), index))));
    }
    items
}

/// The calls of one day, and the room of the days left out before it.
fn day_view(list: List, rendered: Memo<Rendered>, day: Day) -> impl IntoView {
    let slice = Memo::new(move |last: Option<&Option<DaySlice>>| {
        let slice = rendered.with(|(slices, _)| slices.iter().find(|slice| slice.calls.day == day).cloned());
        // A day that leaves the page is not emptied before.
        slice.or_else(|| last.cloned().flatten())
    });
    let with_slice = move |read: fn(&DaySlice) -> f64| slice.with(|slice| slice.as_ref().map_or(0.0, read));
    let gap = move |part: usize| {
        let gap = slice.with(|slice| {
            slice.as_ref().filter(|slice| part <= slice.parts.len()).map(|slice| slice.gap(part))
        });
        px(gap.unwrap_or_default())
    };
    let items = move || {
        slice
            .with(|slice| list.timeline.with(|timeline| slice.as_ref().map(|slice| items(timeline, slice))))
            .unwrap_or_default()
    };
    let row = move |item: Item| match item {
        Item::Gap(part) => {
            view! { <li class="gap" aria-hidden="true" style:block-size=move || gap(part)></li> }.into_any()
        }
        Item::Call(call, index) => {
            let is_fresh = index < list.fresh.get_value();
            view! { <CallRow call home=list.home is_fresh /> }.into_any()
        }
    };
    let id = format!("day-{}", day.0);
    let labelled_by = id.clone();
    let name = move || day.name(list.today.get());
    let count = move || list.count_of(day).map(|calls| format::count(calls as usize));
    view! {
        <div class="gap" style:block-size=move || px(with_slice(|slice| slice.before))></div>
        <section class="day" aria-labelledby=labelled_by>
            <h2 class="day-heading" id=id>
                {move || name().map(|name| view! { <span>{name}</span> " " })}
                <time class:day-date=move || name().is_some() datetime=day.to_string() lang=intl::locale()>
                    {intl::date(day)}
                </time>
                <span class="day-count">{count}</span>
            </h2>
            <ol class="day-calls" role="list">
                <For each=items key=Item::clone let:item>
                    {row(item)}
                </For>
            </ol>
        </section>
    }
}

/// What a print on paper has to say of the calls that are not on it.
fn left_out(list: List) -> Option<String> {
    let shown = list.timeline.with(Timeline::len).min(PRINTED);
    let more = list.all()?.checked_sub(shown).filter(|more| *more > 0)?;
    Some(format!(
        "These are the newest {}. {} that are older are left out.",
        format::count(shown),
        format::count(more)
    ))
}

fn px(height: f64) -> String {
    format!("{height}px")
}
