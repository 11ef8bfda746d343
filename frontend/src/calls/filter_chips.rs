//! The filter as removable chips above the list, and as words in the title and in print.

use calls_model::Party;
use leptos::html::Div;
use leptos::prelude::*;

use super::summary;
use crate::day::Day;
use crate::filter::{self, Filter, Period, Show as Types};
use crate::html::{Html, html};
use crate::icon::Symbol;
use crate::intl::{self, Part};
use crate::reactive::effect;
use crate::script::{fill, t};
use crate::{focus, page};

/// A part of a filter: its text, and the filter without it.
pub type Chosen = (String, Filter);

/// The parts of a filter. `spell` formats a party.
pub fn parts(now: &Filter, today: Day, spell: impl Fn(&Party) -> String) -> Vec<Chosen> {
    let mut parts = Vec::new();
    let mut add = |text: String, change: &dyn Fn(&mut Filter)| {
        let mut without = now.clone();
        change(&mut without);
        parts.push((text, without));
    };
    if now.show != Types::All {
        let name = now.show.name();
        let text = page::template_text("filters", &format!("[data-show=\"{name}\"]"));
        add(text, &|filter| filter.show = Types::All);
    }
    if let Some(asked) = filter::counterparty(&now.counterparty) {
        let party = asked.parse().ok().filter(|party| !matches!(party, Party::Text(_)));
        let party = party.map(|party| spell(&party));
        let text = fill("With {name}", &[("name", party.as_ref().unwrap_or(&now.counterparty))]);
        add(text, &|filter| filter.counterparty.clear());
    }
    if !now.search.is_empty() {
        add(fill("With {name}", &[("name", &now.search)]), &|filter| filter.search.clear());
    }
    if let Period::Range(from, to) = now.period.dated(today) {
        add(days(from, to), &|filter| filter.period = Period::Any);
    }
    if let Some(name) = now.length.name() {
        let text = page::template_text("filters", &format!("[value=\"{name}\"]"));
        add(text, &|filter| filter.length = Default::default());
    }
    let weekday = now.weekday.map(|weekday| summary::weekday(weekday, Part::Weekday));
    let hours: Vec<String> = weekday.into_iter().chain(now.hour.map(summary::hour)).collect();
    if !hours.is_empty() {
        add(hours.join(", "), &|filter| (filter.weekday, filter.hour) = (None, None));
    }
    parts
}

/// A period in words: `March 2024` for a calendar month, always with the year.
fn days(from: Option<Day>, to: Option<Day>) -> String {
    let date = |day: Day| intl::in_utc(day.midnight_ms(), Part::Date);
    match (from, to) {
        (Some(from), Some(to)) if from == to => date(from),
        (Some(from), Some(to)) if from.month() == from && to.plus(1) == from.plus(31).month() => {
            intl::in_utc(from.midnight_ms(), Part::Month)
        }
        (Some(from), Some(to)) => intl::days(from, to),
        (Some(from), None) => fill("Since {date}", &[("date", &date(from))]),
        (None, Some(to)) => fill("Until {date}", &[("date", &date(to))]),
        (None, None) => String::new(),
    }
}

/// The parts as words: `Missed, March 2024`.
pub fn in_words(parts: &[Chosen]) -> String {
    let texts: Vec<&str> = parts.iter().map(|(text, _)| text.as_str()).collect();
    texts.join(", ")
}

/// A link per part that removes it, and one that removes all.
#[component]
pub fn ChosenFilters(
    /// The page's path, without a filter.
    base: Memo<String>,
    /// The filter.
    parts: Memo<Vec<Chosen>>,
) -> impl IntoView {
    let node = NodeRef::<Div>::new();
    effect(move || {
        let Some(node) = node.get() else { return };
        let html = parts.with(|parts| html(parts, &base.get()));
        if node.inner_html() != html.as_str() && page::replace(&node, html.as_str()) {
            // No part is left to remove.
            focus::focus_main();
        }
    });
    view! { <div class="chosen" role="group" aria-label=t("Chosen filters") node_ref=node></div> }
}

fn html(parts: &[Chosen], address: &str) -> Html {
    let part = |(index, (text, without)): (usize, &Chosen)| {
        html!(
            "<a class=\"chip chosen\" data-noscroll data-key=\"chosen ",
            index,
            "\" href=\"",
            address,
            without.to_query(),
            "\" aria-label=\"",
            fill("Remove the filter {text}", &[("text", text)]),
            "\"><bdi>",
            text,
            "</bdi>",
            Symbol::Close.html(),
            "</a>"
        )
    };
    let chips: Vec<Html> = parts.iter().enumerate().map(part).collect();
    let all = (!parts.is_empty()).then(|| {
        html!(
            "<a class=\"clear\" data-noscroll data-key=\"chosen all\" href=\"",
            address,
            "\">",
            t("Clear filters"),
            "</a>"
        )
    });
    html!(chips, all)
}
