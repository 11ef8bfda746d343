//! The filters: links and a form, whose HTML is in index.html. The filter is in the address, so that they
//! work without the program; with it they change the address without loading a new page.

use std::time::Duration;

use leptos::html::Section;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement};

use super::summary_data::SummaryData;
use crate::day::Day;
use crate::filter::{Filter, Length, Period, Show as Types};
use crate::intl;
use crate::page::{self, find};
use crate::reactive::effect;
use crate::script::t;

/// Delay between the last key and the search.
const PAUSE: Duration = Duration::from_millis(300);
/// Minimum width at which all filters are open, as in style.css.
const WIDE: &str = "(min-width: 44rem)";

/// Chips, a search field, periods and dates.
#[component]
pub fn Filters(
    /// The page's path, without a filter.
    base: Memo<String>,
    /// The current filter.
    filter: Memo<Filter>,
    /// Summary of the filter without its types.
    all_types: Signal<Option<SummaryData>>,
    /// The current day.
    today: ReadSignal<Day>,
) -> impl IntoView {
    let node = NodeRef::<Section>::new();
    // Last value that was set in the search field. Text that is being typed is not changed.
    let sent = StoredValue::new(String::new());
    let mut was_there = false;
    effect(move || {
        let Some(section) = node.get() else { return };
        filter.with(|filter| show(&section, filter, today.get(), &base.get(), sent));
        if !std::mem::replace(&mut was_there, true) {
            open(&section, filter.with_untracked(|filter| filter.period));
        }
    });
    effect(move || {
        if let Some(section) = node.get() {
            all_types.with(|data| count(&section, data.as_ref()));
        }
    });
    let navigate = use_navigate();
    let apply = move || {
        let Some(section) = node.try_get_untracked().flatten() else { return };
        let now = filter.get_untracked();
        let Some(new) = read(&section, &now) else { return };
        if new == now {
            return;
        }
        // Typing adds a single entry to the browser's history.
        let is_typing = !now.search.is_empty() && !new.search.is_empty();
        let replace = is_typing && Filter { search: now.search.clone(), ..new.clone() } == now;
        sent.set_value(new.search.clone());
        let address = base.get_untracked() + &new.to_query();
        navigate(&address, NavigateOptions { replace, scroll: false, ..NavigateOptions::default() });
    };
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let stop = move || {
        if let Some(timer) = timer.try_update_value(Option::take).flatten() {
            timer.clear();
        }
    };
    on_cleanup(stop);
    let (later, now) = (apply.clone(), apply.clone());
    view! {
        <section
            class="filters"
            aria-label=t("Filters")
            node_ref=node
            inner_html=page::template("filters")
            on:submit=move |event| {
                event.prevent_default();
                stop();
                now();
            }
            on:change=move |_| {
                stop();
                apply();
            }
            on:input=move |_| {
                stop();
                timer.set_value(set_timeout_with_handle(later.clone(), PAUSE).ok());
            }
        ></section>
    }
}

/// Updates links and fields to the current filter.
fn show(section: &Element, now: &Filter, today: Day, base: &str, sent: StoredValue<String>) {
    let mut is_named = false;
    for link in chips(section) {
        let mut other = now.clone();
        if let Some(parameter) = link.get_attribute("data-show") {
            other.show = Types::named(&parameter);
        } else if let Some(name) = link.get_attribute("data-period") {
            other.period = Period::named(&name).dated(today);
            is_named |= other.period == now.period.dated(today);
        } else {
            link.class_list().toggle_with_force("chosen", !is_named).unwrap_or_default();
            continue;
        }
        let is_chosen = other.show == now.show && other.period.dated(today) == now.period.dated(today);
        // All of these names are well-formed.
        match is_chosen {
            true => link.set_attribute("aria-current", "true").unwrap_or_default(),
            false => link.remove_attribute("aria-current").unwrap_or_default(),
        }
        link.set_attribute("data-noscroll", "").unwrap_or_default();
        link.set_attribute("href", &(base.to_owned() + &other.to_query())).unwrap_or_default();
    }
    if now.search != sent.get_value() {
        set(section, "q", &now.search);
        sent.set_value(now.search.clone());
    }
    let length = now.length.name().unwrap_or_default();
    set(section, "duration", length);
    if let Some(select) = find(section, "select") {
        select.class_list().toggle_with_force("chosen", !length.is_empty()).unwrap_or_default();
    }
    for (name, day) in ["from", "to"].into_iter().zip(dates(now.period)) {
        set(section, name, &day);
    }
}

/// Opens the filters if there is space, and the dates if they are in use.
fn open(section: &Element, period: Period) {
    let is_wide = window().match_media(WIDE).ok().flatten().is_some_and(|query| query.matches());
    let has_dates = find(section, ".dates > .chosen").is_some() && matches!(period, Period::Range(..));
    for (details, is_open) in [(".more", is_wide), (".dates", has_dates)] {
        if let Some(details) = find(section, details).filter(|_| is_open) {
            details.set_attribute("open", "").unwrap_or_default();
        }
    }
}

/// Updates the number of calls per type.
fn count(section: &Element, data: Option<&SummaryData>) {
    for link in chips(section) {
        if let Some(parameter) = link.get_attribute("data-show")
            && let Some(place) = link.last_element_child()
        {
            let count = data.map(|data| intl::number(Types::named(&parameter).count(&data.summary)));
            place.set_text_content(count.as_deref());
        }
    }
}

/// The filter in the fields. `None` while a date is being typed.
fn read(section: &Element, now: &Filter) -> Option<Filter> {
    let value = |name: &str| field(section, name).map(|field| field.value()).unwrap_or_default();
    let texts = ["from", "to"].map(value);
    // The year is incomplete.
    if texts.iter().any(|text| !text.is_empty() && Day::parse(text).is_none()) {
        return None;
    }
    let period = match texts == dates(now.period) {
        true => now.period,
        false => Period::range(Day::parse(&texts[0]), Day::parse(&texts[1])),
    };
    Some(Filter {
        search: value("q").trim().to_owned(),
        length: Length::named(&value("duration")),
        period,
        ..now.clone()
    })
}

/// Values of the date fields for a period.
fn dates(period: Period) -> [String; 2] {
    let text = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
    match period {
        Period::Range(from, to) => [text(from), text(to)],
        _ => Default::default(),
    }
}

fn chips(section: &Element) -> impl Iterator<Item = Element> + use<> {
    let chips = section.get_elements_by_class_name("chip");
    (0..).map_while(move |index| chips.item(index))
}

/// A field. To the program a `select` is an `input`, because both have a value.
fn field(section: &Element, name: &str) -> Option<HtmlInputElement> {
    Some(find(section, &format!("[name={name}]"))?.unchecked_into())
}

fn set(section: &Element, name: &str, value: &str) {
    if let Some(field) = field(section, name).filter(|field| field.value() != value) {
        field.set_value(value);
    }
}
