//! Links to years, and to the months of the selected year: any month is two clicks away.

use std::collections::BTreeSet;

use calls_model::Summary;

use crate::day::Day;
use crate::filter::{Filter, Period};
use crate::html::{Html, html};
use crate::intl::{self, Part};
use crate::script::t;

/// Links to the years with calls, or to the months of the year in the filter. `to` is the address with
/// another period. Empty if there is no choice.
pub fn html(summary: &Summary, filter: &Filter, to: impl Fn(Period) -> String) -> Html {
    let days = || summary.days.iter().map(|count| Day(count.date.to_epoch_days()));
    let Some(first) = days().next() else { return Html::default() };
    let chosen = year_of(filter.period);
    let firsts: BTreeSet<Day> = match chosen {
        Some(year) if first.date().0 == year => days().map(Day::month).collect(),
        _ => days().map(|day| Day::from_date(day.date().0, 1, 1)).collect(),
    };
    if firsts.len() < 2 {
        return Html::default();
    }
    let link = |first: &Day| {
        let part = if chosen.is_some() { Part::ShortMonth } else { Part::Year };
        let period = if chosen.is_some() { month(*first) } else { year(*first) };
        let (href, text) = (to(period), intl::in_utc(first.midnight_ms(), part));
        html!(
            "<a class=\"chip\" data-noscroll data-key=\"years ",
            first.to_string(),
            "\" href=\"",
            href,
            "\">",
            text,
            "</a>"
        )
    };
    let links: Vec<Html> = firsts.iter().rev().map(link).collect();
    html!(
        "<div class=\"chips years\" role=\"group\" aria-label=\"",
        t("Years and months"),
        "\">",
        links,
        "</div>"
    )
}

/// The year of a period, if it is exactly one year.
fn year_of(period: Period) -> Option<i32> {
    let Period::Range(Some(from), Some(_)) = period else { return None };
    let is_year = from == Day::from_date(from.date().0, 1, 1) && period == year(from);
    is_year.then(|| from.date().0)
}

/// The year of a day.
fn year(day: Day) -> Period {
    let year = day.date().0;
    Period::range(Some(Day::from_date(year, 1, 1)), Some(Day::from_date(year, 12, 31)))
}

/// The first day of a month.
fn month(first: Day) -> Period {
    Period::range(Some(first), Some(first.plus(31).month().plus(-1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_and_a_month_are_from_their_first_day_to_their_last() {
        let day = |text: &str| Day::parse(text).unwrap();
        let range = |from: &str, to: &str| Period::range(Some(day(from)), Some(day(to)));
        assert_eq!(year(day("2024-03-05")), range("2024-01-01", "2024-12-31"));
        assert_eq!(month(day("2024-02-01")), range("2024-02-01", "2024-02-29"));
        assert_eq!(month(day("2023-12-01")), range("2023-12-01", "2023-12-31"));
        assert_eq!(year_of(range("2024-01-01", "2024-12-31")), Some(2024));
        for period in [Period::Any, Period::Today, range("2024-01-01", "2024-12-30")] {
            assert_eq!(year_of(period), None);
        }
    }
}
