//! The list of calls, day by day.
//!
//! Headings and lists, not a table: a screen reader jumps from day to day by heading and reads each call as
//! one sentence, and a narrow screen can break a row in two lines without losing its meaning.
//!
//! Only days near the visible part are rendered. The others are replaced by empty space of the same height,
//! so that scroll bar, sticky headings and scroll restoration are the browser's own.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use calls_model::DetailedCall;
use leptos::html::{Div, Ol};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::geometry::DaySlice;
use super::keyboard;
use super::keyed_list::keyed_list;
use super::list_state::{List, Owner};
use super::timeline::Timeline;
use super::viewport::{Viewport, before_frame, on_resize, rows};
use crate::day::Day;
use crate::intl;
use crate::reactive::{effect, memo, text};
use crate::script::{self, count, fill, t};

/// Maximum number of printed calls.
const PRINTED: usize = 2000;

/// Rendered days, and the height omitted after them.
type Rendered = (Vec<DaySlice>, f64);

/// All calls, newest first.
#[component]
pub fn CallList(
    /// Its content.
    list: List,
    /// Whether the calls are those of the previous filter, while others are fetched.
    is_stale: Signal<bool>,
) -> impl IntoView {
    let List { timeline, viewport, pinned, geometry, .. } = list;
    let pinned_index =
        memo(move || pinned.with(|pinned| timeline.with(|timeline| timeline.index_of(pinned.as_deref()?))));
    let rendered = memo(move || {
        if viewport.is_printing.get() {
            return (geometry.with(|geometry| geometry.beginning(PRINTED)), 0.0);
        }
        let (top, bottom) = viewport.seen.get();
        geometry.with(|geometry| geometry.window(top, bottom, pinned_index.get()))
    });
    let settle = before_frame(move || settle(list, rendered));
    on_resize(viewport.list, settle.clone());
    effect(move || {
        rendered.track();
        list.summary.track();
        settle();
    });
    keep_pinned(viewport, pinned);
    let days = memo(move || {
        rendered.with(|(slices, _)| slices.iter().map(|slice| DayView::new(list, slice)).collect::<Vec<_>>())
    });
    let fresh = list.fresh;
    let container = NodeRef::<Div>::new();
    keyed_list(container, move || days.get(), DayView::day, move |day| day_view(day, fresh));
    view! {
        <div
            class="days"
            node_ref=viewport.list
            class:stale=is_stale
            on:keydown=move |event| keyboard::move_between_calls(list, &event)
        >
            <div node_ref=container></div>
            <div class="gap" style:block-size=text(move || px(rendered.with(|(_, after)| *after)))></div>
        </div>
        <p class="print-note">{text(move || left_out(list).unwrap_or_default())}</p>
    }
}

/// Keeps track of the focused call until another one is focused or clicked.
fn keep_pinned(viewport: Viewport, pinned: RwSignal<Option<String>>) {
    for event in ["focusin", "pointerdown"] {
        let listener = window_event_listener_untyped(event, move |event| {
            let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            let row = target.and_then(|target| target.closest("[data-call]").ok().flatten());
            let list = viewport.element();
            let row = row.filter(|row| list.is_some_and(|list| list.contains(Some(row))));
            let id = row.and_then(|row| row.get_attribute("data-call"));
            if pinned.try_with_untracked(|pinned| *pinned != id) == Some(true) {
                pinned.set(id);
            }
        });
        on_cleanup(move || listener.remove());
    }
}

/// After a change of the rendered calls, measures them, and sets their positions for screen readers, since
/// only some are rendered.
fn settle(list: List, rendered: Memo<Rendered>) {
    let Some(element) = list.viewport.element() else { return };
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
    keyboard::keep_focus(list);
}

/// A day as its section shows it.
#[derive(Debug, Clone, PartialEq)]
struct DayView {
    slice: DaySlice,
    rows: Vec<Row>,
    /// Name beside its date: Today, Yesterday.
    name: Option<&'static str>,
    /// Number of calls.
    count: Option<u64>,
}

impl DayView {
    fn new(list: List, slice: &DaySlice) -> Self {
        let day = slice.calls.day;
        let rows = list.timeline.with(|timeline| list.owner.with(|owner| rows_of(timeline, slice, owner)));
        Self { slice: slice.clone(), rows, name: day.name(list.today.get()), count: list.count_of(day) }
    }

    fn day(&self) -> Day {
        self.slice.calls.day
    }
}

/// A row of a day's list.
#[derive(Debug, Clone, PartialEq)]
enum Row {
    /// Space of omitted calls, and its height.
    Gap(usize, f64),
    /// A call, its index, and the owner of the history.
    Call(Arc<DetailedCall>, usize, Arc<Owner>),
}

/// Identity of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
enum RowKey {
    Gap(usize),
    Call(Arc<DetailedCall>, Arc<Owner>),
}

impl Row {
    fn key(&self) -> RowKey {
        match self {
            Self::Gap(part, _) => RowKey::Gap(*part),
            Self::Call(call, _, owner) => RowKey::Call(call.clone(), owner.clone()),
        }
    }
}

impl Hash for RowKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Gap(part) => part.hash(state),
            Self::Call(call, _) => call.call.id.hash(state),
        }
    }
}

fn rows_of(timeline: &Timeline, slice: &DaySlice, owner: &Arc<Owner>) -> Vec<Row> {
    let mut rows = Vec::new();
    for part in 0..=slice.parts.len() {
        let gap = slice.gap(part);
        if gap > 0.0 {
            rows.push(Row::Gap(part, gap));
        }
        let places = slice.parts.get(part).cloned().unwrap_or_default();
        let calls = timeline.calls(places.clone()).zip(places);
        rows.extend(calls.map(|(call, place)| Row::Call(Arc::new(call), place, owner.clone())));
    }
    rows
}

/// The calls of a day, and the space of the omitted days before it. The newest `fresh` calls have just
/// arrived.
fn day_view(view: ReadSignal<DayView>, fresh: StoredValue<usize>) -> AnyView {
    let day = view.with_untracked(DayView::day);
    let name = memo(move || view.with(|view| view.name));
    let calls = memo(move || view.with(|view| view.count));
    let rows = NodeRef::<Ol>::new();
    keyed_list(
        rows,
        move || view.with(|view| view.rows.clone()),
        Row::key,
        move |row| row_view(row, fresh.try_get_value().unwrap_or_default()),
    );
    let id = format!("day-{}", day.0);
    let labelled_by = id.clone();
    view! {
        <div class="gap" style:block-size=text(move || px(view.with(|view| view.slice.before)))></div>
        <section class="day" aria-labelledby=labelled_by>
            <h2 class="day-heading" id=id>
                {move || name.get().map(|name| view! { <span>{t(name)}</span> " " })}
                <time class:day-date=move || name.get().is_some() datetime=day.to_string() lang=intl::locale()>
                    {intl::date(day)}
                </time>
                <span class="day-count">
                    {text(move || calls.get().map(|calls| count("{n} calls", calls)).unwrap_or_default())}
                </span>
            </h2>
            <ol class="day-calls" role="list" node_ref=rows></ol>
        </section>
    }
    .into_any()
}

fn row_view(row: ReadSignal<Row>, fresh: usize) -> AnyView {
    match row.get_untracked() {
        Row::Gap(..) => {
            let height = move || match row.get() {
                Row::Gap(_, height) => height,
                Row::Call(..) => 0.0,
            };
            view! { <li class="gap" aria-hidden="true" style:block-size=text(move || px(height()))></li> }
                .into_any()
        }
        Row::Call(call, place, owner) => {
            let (id, call_type) = (call.call.id.clone(), call.call.call_type.as_str());
            let class = if place < fresh { "call fresh" } else { "call" };
            let html = script::row(&call, &owner.number, owner.country.as_deref());
            view! { <li class=class tabindex="-1" data-call=id data-type=call_type inner_html=html></li> }
                .into_any()
        }
    }
}

/// Note in print about omitted calls.
fn left_out(list: List) -> Option<String> {
    let shown = list.timeline.with(Timeline::len).min(PRINTED);
    let more = list.all()?.checked_sub(shown).filter(|more| *more > 0)?;
    let (shown, more) = (count("{n} calls", shown as u64), count("{n} calls", more as u64));
    Some(fill(
        "These are the newest: {shown}. Left out are {more} that are older.",
        &[("shown", &shown), ("more", &more)],
    ))
}

fn px(height: f64) -> String {
    script::decimal(height) + "px"
}
