//! The visible part of the list, and the measured heights of its parts.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{Element, HtmlElement};

use super::geometry::{DaySlice, Sizes};
use crate::day::Day;
use crate::reactive::effect;

thread_local! {
    /// Last measured heights, as initial values for the next list.
    static SIZES: Cell<Sizes> = const { Cell::new(Sizes { row: 60.0, head: 61.0, frame: 62.0 }) };
}

/// Position of the list in the window. All lengths are CSS pixels from the beginning of the list.
#[derive(Clone, Copy)]
pub struct Viewport {
    /// The list.
    pub list: NodeRef<Div>,
    /// Top and bottom of the visible part.
    pub seen: ReadSignal<(f64, f64)>,
    /// Common heights.
    pub sizes: ReadSignal<Sizes>,
    /// Height of a day without its rows.
    pub extras: ReadSignal<BTreeMap<Day, f64>>,
    /// Whether the page is being printed.
    pub is_printing: ReadSignal<bool>,
    set_seen: WriteSignal<(f64, f64)>,
    set_sizes: WriteSignal<Sizes>,
    set_extras: WriteSignal<BTreeMap<Day, f64>>,
    width: StoredValue<f64>,
}

impl Viewport {
    /// Observes the window until the owner is disposed.
    pub fn new() -> Self {
        let (seen, set_seen) = signal((0.0, window_height()));
        let (sizes, set_sizes) = signal(SIZES.get());
        let (extras, set_extras) = signal(BTreeMap::new());
        let (is_printing, set_printing) = signal(false);
        let width = StoredValue::new(0.0);
        let list = NodeRef::new();
        let viewport =
            Self { list, seen, sizes, extras, is_printing, set_seen, set_sizes, set_extras, width };
        // The code that handles an event is compiled for each type of event.
        for (name, printing) in
            [("scroll", None), ("resize", None), ("beforeprint", Some(true)), ("afterprint", Some(false))]
        {
            let listener = window_event_listener_untyped(name, move |_| match printing {
                Some(is_printing) => set_printing.set(is_printing),
                None => viewport.look(),
            });
            on_cleanup(move || listener.remove());
        }
        effect(move || {
            if list.get().is_some() {
                viewport.look();
            }
        });
        viewport
    }

    /// The list. `None` after the page was left: a frame or an event may still follow.
    pub fn element(&self) -> Option<web_sys::HtmlDivElement> {
        self.list.try_get_untracked().flatten()
    }

    /// Whether the first call is above the window.
    pub fn is_scrolled(&self) -> bool {
        let sizes = self.sizes.get();
        self.seen.get().0 > sizes.head + sizes.row / 2.0
    }

    /// Scrolls so that this height of the list is at the top of the window.
    pub fn scroll_to(&self, y: f64) {
        if let Some(list) = self.element() {
            window().scroll_to_with_x_and_y(0.0, window_y() + list.get_bounding_client_rect().top() + y);
        }
    }

    /// Forgets heights of days, for another list.
    pub fn forget_days(&self) {
        self.set_extras.set(BTreeMap::new());
    }

    /// Updates the position of the list.
    pub fn look(&self) {
        if let Some(list) = self.element() {
            let top = -list.get_bounding_client_rect().top();
            let seen = (top, top + window_height());
            if self.seen.get_untracked() != seen {
                self.set_seen.set(seen);
            }
        }
    }

    /// Measures the rendered days.
    pub fn measure(&self, slices: &[DaySlice]) {
        let Some(list) = self.element() else { return };
        let days = measured(&list, slices);
        if days.is_empty() {
            return;
        }
        let sizes = self.sizes.get_untracked();
        let width = list.get_bounding_client_rect().width();
        // Rows are not measured again on the same screen, because a change would move all omitted calls.
        let has_usual = days.iter().any(|day| day.rows.iter().any(|row| same(*row, sizes.row)));
        if self.width.get_value() != width || !has_usual {
            self.width.set_value(width);
            let sizes = usual(&days).unwrap_or(sizes);
            SIZES.set(sizes);
            if self.sizes.get_untracked() != sizes {
                self.set_extras.set(BTreeMap::new());
                self.set_sizes.set(sizes);
                return;
            }
        }
        let news: Vec<(Day, f64)> = slices
            .iter()
            .zip(&days)
            .map(|(slice, measured)| (slice.calls.day, measured.height - slice.height(sizes)))
            .filter(|(day, extra)| {
                let known = self.extras.with_untracked(|extras| extras.get(day).copied());
                (extra - known.unwrap_or_default()).abs() > 0.3
            })
            .collect();
        if !news.is_empty() {
            self.set_extras.update(|extras| extras.extend(news));
        }
    }
}

/// Measured heights of a day.
struct Measured {
    height: f64,
    head: f64,
    /// Height without rows.
    frame: f64,
    rows: Vec<f64>,
}

/// The rendered days. Empty if they are not the expected ones.
fn measured(list: &HtmlElement, slices: &[DaySlice]) -> Vec<Measured> {
    let sections = list.get_elements_by_class_name("day");
    if sections.length() as usize != slices.len() {
        return Vec::new();
    }
    let day = |(index, slice): (usize, &DaySlice)| {
        let section = sections.item(index as u32)?;
        let whole = section.get_bounding_client_rect();
        let body = section.get_elements_by_class_name("day-calls").item(0)?.get_bounding_client_rect();
        let rows: Vec<f64> = rows(&section).map(|row| row.get_bounding_client_rect().height()).collect();
        let gaps = (0..=slice.parts.len()).map(|part| slice.gap(part)).sum::<f64>();
        let frame = whole.height() - gaps - rows.iter().sum::<f64>();
        Some(Measured { height: whole.height(), head: body.top() - whole.top(), frame, rows })
    };
    slices.iter().enumerate().map_while(day).collect()
}

/// The most frequent height of a row, and the height of a heading on one line.
fn usual(days: &[Measured]) -> Option<Sizes> {
    let rows: Vec<f64> = days.iter().flat_map(|day| day.rows.iter().copied()).collect();
    let frequency = |row: &f64| rows.iter().filter(|other| same(**other, *row)).count();
    let row = rows.iter().copied().max_by_key(frequency).filter(|row| *row > 0.0)?;
    let flat = days.iter().min_by(|day, other| day.frame.total_cmp(&other.frame))?;
    Some(Sizes { row, head: flat.head, frame: flat.frame })
}

fn same(height: f64, other: f64) -> bool {
    (height - other).abs() < 0.1
}

/// The rendered calls of a day.
pub fn rows(section: &Element) -> impl Iterator<Item = Element> + use<> {
    let rows = section.get_elements_by_class_name("call");
    (0..).map_while(move |index| rows.item(index))
}

/// Returns a function that calls `change` once before the next frame.
pub fn before_frame(change: impl Fn() + 'static) -> impl Fn() + Clone + 'static {
    let is_due = Rc::new(Cell::new(false));
    let change = Rc::new(change);
    move || {
        if !is_due.replace(true) {
            let (is_due, change) = (is_due.clone(), change.clone());
            request_animation_frame(move || {
                is_due.set(false);
                change();
            });
        }
    }
}

/// Calls `change` when the size of an element changes, until the owner is disposed.
pub fn on_resize(element: NodeRef<Div>, change: impl Fn() + 'static) {
    let changed = Closure::<dyn Fn()>::new(change);
    let observer = web_sys::ResizeObserver::new(changed.as_ref().unchecked_ref()).ok();
    let kept = StoredValue::new_local((observer, changed));
    effect(move || {
        if let Some(element) = element.get() {
            kept.with_value(|(observer, _)| observer.as_ref().map(|observer| observer.observe(&element)));
        }
    });
    on_cleanup(move || {
        kept.try_with_value(|(observer, _)| observer.as_ref().map(|observer| observer.disconnect()));
    });
}

/// Vertical scroll position of the window.
pub fn window_y() -> f64 {
    window().scroll_y().unwrap_or_default()
}

fn window_height() -> f64 {
    window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or(900.0)
}
