//! Which calls of a history are shown, and how that is said in addresses: the page's own and the API's.

use crate::day::Day;
use crate::path;

/// Which calls are shown. The default is all of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Which types of calls.
    pub show: Show,
    /// The beginning of the counterparty's number or address, as it was typed; empty is everybody.
    pub counterparty: String,
    /// In which days.
    pub period: Period,
}

/// Which types of calls are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Show {
    /// All of them.
    #[default]
    All,
    /// Those that were not answered.
    Missed,
    /// Those of others.
    Inbound,
    /// Those to others.
    Outbound,
}

/// Days in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Period {
    /// All days.
    #[default]
    Any,
    /// This day.
    Today,
    /// The day before.
    Yesterday,
    /// Today and the six days before.
    Days7,
    /// Today and the 29 days before.
    Days30,
    /// The month of today.
    ThisMonth,
    /// The month before.
    LastMonth,
    /// From one day to another, both included. At least one of them is there, and they are in order.
    Range(Option<Day>, Option<Day>),
}

impl Filter {
    /// The filter of a page's query string, without its question mark. What it does not know it ignores: an
    /// address that was cut or mistyped still shows calls.
    pub fn from_query(query: &str) -> Self {
        let mut filter = Self::default();
        let (mut from, mut to) = (None, None);
        for (name, value) in path::pairs(query) {
            match (name.as_str(), value.as_str()) {
                ("outcome", "missed") => filter.show = Show::Missed,
                ("direction", "inbound") => filter.show = Show::Inbound,
                ("direction", "outbound") => filter.show = Show::Outbound,
                ("counterparty", text) => filter.counterparty = text.trim().to_owned(),
                ("period", name) => filter.period = Period::named(name).unwrap_or_default(),
                ("from", day) => from = Day::parse(day),
                ("to", day) => to = Day::parse(day),
                _ => {}
            }
        }
        if filter.period == Period::Any {
            filter.period = Period::range(from, to);
        }
        filter
    }

    /// The page's query string with its question mark; empty where everything is shown.
    pub fn to_query(&self) -> String {
        let mut pairs = Vec::from_iter(self.show.parameter());
        if !self.counterparty.is_empty() {
            pairs.push(("counterparty", self.counterparty.clone()));
        }
        match self.period {
            Period::Range(from, to) => {
                let days = [("from", from), ("to", to)];
                pairs.extend(days.into_iter().filter_map(|(name, day)| Some((name, day?.to_string()))));
            }
            period => pairs.extend(period.name().map(|name| ("period", name.to_owned()))),
        }
        path::query(&pairs)
    }

    /// The API's parameters. `beginning` tells the instant at which a day begins, as RFC 3339 writes it.
    pub fn parameters(&self, today: Day, beginning: impl Fn(Day) -> String) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::from_iter(self.show.parameter());
        pairs.extend(counterparty(&self.counterparty).map(|text| ("counterparty", text)));
        let (from, until) = self.period.days(today);
        pairs.extend(from.map(|day| ("from", beginning(day))));
        pairs.extend(until.map(|day| ("until", beginning(day))));
        pairs
    }

    /// Whether everything is shown.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }
}

impl Show {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::All, Self::Missed, Self::Inbound, Self::Outbound];

    /// For a person.
    pub fn label(self) -> &'static str {
        match self {
            Self::All => "All",
            Self::Missed => "Missed",
            Self::Inbound => "Inbound",
            Self::Outbound => "Outbound",
        }
    }

    fn parameter(self) -> Option<(&'static str, String)> {
        let (name, value) = match self {
            Self::All => return None,
            Self::Missed => ("outcome", "missed"),
            Self::Inbound => ("direction", "inbound"),
            Self::Outbound => ("direction", "outbound"),
        };
        Some((name, value.to_owned()))
    }
}

impl Period {
    /// Those with a name, in the order in which they are offered: the name in addresses, and for a person.
    const NAMED: [(Self, &str, &str); 6] = [
        (Self::Today, "today", "Today"),
        (Self::Yesterday, "yesterday", "Yesterday"),
        (Self::Days7, "7-days", "7 days"),
        (Self::Days30, "30-days", "30 days"),
        (Self::ThisMonth, "this-month", "This month"),
        (Self::LastMonth, "last-month", "Last month"),
    ];

    /// The periods of one click, with what they are called.
    pub fn offered() -> impl Iterator<Item = (Self, &'static str)> {
        let named = Self::NAMED.into_iter().map(|(period, _, label)| (period, label));
        std::iter::once((Self::Any, "Any day")).chain(named)
    }

    /// From one day to another, both included, in whichever order they come.
    pub fn range(from: Option<Day>, to: Option<Day>) -> Self {
        match (from, to) {
            (None, None) => Self::Any,
            (Some(from), Some(to)) if from > to => Self::Range(Some(to), Some(from)),
            _ => Self::Range(from, to),
        }
    }

    /// The first day, and the day after the last one. `None` is no limit; a period that goes on has no end,
    /// so that a call of this minute is in it whatever the clock says.
    pub fn days(self, today: Day) -> (Option<Day>, Option<Day>) {
        match self {
            Self::Any => (None, None),
            Self::Today => (Some(today), None),
            Self::Yesterday => (Some(today.plus(-1)), Some(today)),
            Self::Days7 => (Some(today.plus(-6)), None),
            Self::Days30 => (Some(today.plus(-29)), None),
            Self::ThisMonth => (Some(today.month()), None),
            Self::LastMonth => (Some(today.month().plus(-1).month()), Some(today.month())),
            Self::Range(from, to) => (from, to.map(|day| day.plus(1))),
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::NAMED.into_iter().find(|(_, known, _)| *known == name).map(|(period, ..)| period)
    }

    fn name(self) -> Option<&'static str> {
        Self::NAMED.into_iter().find(|(period, ..)| *period == self).map(|(_, name, _)| name)
    }
}

/// What the API is asked for, from what was typed: a number's beginning with or without plus and however it
/// is spaced, a code with a star at its end, a SIP address or its beginning, `withheld` or `unknown`. `None`
/// is everybody.
fn counterparty(text: &str) -> Option<String> {
    let text = text.trim();
    let word = text.to_ascii_lowercase();
    if text.is_empty() || word == "withheld" || word == "unknown" {
        return (!text.is_empty()).then_some(word);
    }
    let is_number = text.bytes().all(|b| b.is_ascii_digit() || b" +-./()".contains(&b));
    if is_number {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let digits = digits.strip_prefix("00").unwrap_or(&digits);
        return (!digits.is_empty()).then(|| format!("+{digits}*"));
    }
    let is_code = text.bytes().all(|b| b.is_ascii_digit() || b"+*#".contains(&b));
    Some(match text.strip_suffix('*').unwrap_or(text) {
        _ if is_code => text.to_owned(),
        start if word.starts_with("sip:") || word.starts_with("sips:") => format!("{start}*"),
        start => format!("sip:{start}*"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn a_filter_reads_back_what_it_writes() {
        let range = Period::range(Some(day("2024-01-31")), None);
        for (filter, query) in [
            (Filter::default(), ""),
            (Filter { show: Show::Missed, ..Filter::default() }, "?outcome=missed"),
            (
                Filter { show: Show::Outbound, counterparty: "+1 202".to_owned(), period: Period::LastMonth },
                "?direction=outbound&counterparty=%2B1%20202&period=last-month",
            ),
            (Filter { period: range, ..Filter::default() }, "?from=2024-01-31"),
        ] {
            assert_eq!(filter.to_query(), query);
            assert_eq!(Filter::from_query(query.trim_start_matches('?')), filter);
        }
        for show in Show::ALL {
            for (period, _) in Period::offered() {
                let filter = Filter { show, period, ..Filter::default() };
                assert_eq!(Filter::from_query(filter.to_query().trim_start_matches('?')), filter);
            }
        }
    }

    #[test]
    fn an_address_that_was_mistyped_still_shows_calls() {
        let all =
            ["outcome=lost", "period=tomorrow", "from=2024-02-30", "x=1", "&&=", "%zz=%", "counterparty=+"];
        for query in all {
            assert!(Filter::from_query(query).is_all(), "{query}");
        }
        let swapped = Filter::from_query("from=2024-02-01&to=2024-01-01").period;
        assert_eq!(swapped, Period::Range(Some(day("2024-01-01")), Some(day("2024-02-01"))));
    }

    #[test]
    fn a_period_is_days_and_ends_before_its_end() {
        let today = day("2024-03-01");
        let text = |day: Option<Day>| day.map_or_else(|| "-".to_owned(), |day| day.to_string());
        let range = |from, to| Period::range(Some(day(from)), Some(day(to)));
        for (period, from, until) in [
            (Period::Any, "-", "-"),
            (Period::Today, "2024-03-01", "-"),
            (Period::Yesterday, "2024-02-29", "2024-03-01"),
            (Period::Days7, "2024-02-24", "-"),
            (Period::Days30, "2024-02-01", "-"),
            (Period::ThisMonth, "2024-03-01", "-"),
            (Period::LastMonth, "2024-02-01", "2024-03-01"),
            (range("2023-12-31", "2023-12-31"), "2023-12-31", "2024-01-01"),
            (Period::range(None, Some(day("2024-02-28"))), "-", "2024-02-29"),
        ] {
            let (first, end) = period.days(today);
            assert_eq!((text(first).as_str(), text(end).as_str()), (from, until), "{period:?}");
        }
    }

    #[test]
    fn the_api_is_asked_for_instants_and_a_beginning() {
        let filter =
            Filter { show: Show::Missed, counterparty: "1202".to_owned(), period: Period::Yesterday };
        let pairs = filter.parameters(day("2024-03-01"), |day| format!("{day}T05:00:00.000Z"));
        let expected = "?outcome=missed&counterparty=%2B1202%2A&from=2024-02-29T05%3A00%3A00.000Z\
                        &until=2024-03-01T05%3A00%3A00.000Z";
        assert_eq!(path::query(&pairs), expected);
        assert_eq!(Filter::default().parameters(day("2024-03-01"), |_| String::new()), []);
    }

    #[test]
    fn a_counterparty_is_searched_by_its_beginning_however_it_is_typed() {
        for (text, asked) in [
            ("1202", "+1202*"),
            ("+1202", "+1202*"),
            ("+1 (202) 555-0123", "+12025550123*"),
            ("0044 20", "+4420*"),
            ("1202*", "1202*"),
            ("+1202*", "+1202*"),
            ("*97", "*97"),
            ("sip:alice", "sip:alice*"),
            ("alice@example.com", "sip:alice@example.com*"),
            ("Withheld", "withheld"),
            ("unknown", "unknown"),
        ] {
            assert_eq!(counterparty(text).as_deref(), Some(asked), "{text}");
        }
        for text in ["", " ", "+", "(", "00"] {
            assert_eq!(counterparty(text), None, "{text:?}");
        }
    }
}
