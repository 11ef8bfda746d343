//! The filter of a history, in the addresses of the page and of the API.

use crate::day::Day;
use crate::parties::Party;
use crate::query;
use crate::summary::Summary;

/// Filter of a history. The default shows all calls.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Types of calls.
    pub show: Show,
    /// The beginning of the counterparty's number or address, as typed; empty for all.
    pub counterparty: String,
    /// The name or digits to search people by, as typed; empty for all.
    pub search: String,
    /// Period.
    pub period: Period,
    /// Duration.
    pub length: Length,
    /// Only this day of the week, 1 for Monday to 7 for Sunday.
    pub weekday: Option<u8>,
    /// Only this hour of the day, 0 to 23.
    pub hour: Option<u8>,
}

/// Types of calls to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Show {
    /// All calls.
    #[default]
    All,
    /// Missed inbound calls.
    Missed,
    /// Missed inbound calls that have not been returned.
    NotReturned,
    /// Inbound calls.
    Inbound,
    /// Outbound calls.
    Outbound,
}

/// Range of durations. All but the first exclude calls without a duration, such as missed ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Length {
    /// Any duration, or none.
    #[default]
    Any,
    /// Less than a minute.
    Short,
    /// One to ten minutes, inclusive.
    Medium,
    /// More than ten minutes.
    Long,
}

/// Period of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Period {
    /// All days.
    #[default]
    Any,
    /// Today.
    Today,
    /// Yesterday.
    Yesterday,
    /// The current week, from Monday (ISO 8601).
    ThisWeek,
    /// The previous week.
    LastWeek,
    /// Today and the six days before.
    Days7,
    /// Today and the 29 days before.
    Days30,
    /// The current month.
    ThisMonth,
    /// The previous month.
    LastMonth,
    /// From one day to another, inclusive and in order. At least one of them is present.
    Range(Option<Day>, Option<Day>),
}

impl Filter {
    /// Parses the query string of a page, without its question mark. Unknown values are ignored, so a
    /// truncated or mistyped address still shows calls.
    pub fn from_query(text: &str) -> Self {
        let mut filter = Self::default();
        let (mut from, mut to) = (None, None);
        for (name, value) in query::pairs(text) {
            match (name.as_str(), value.as_str()) {
                ("outcome", "missed") => filter.show = Show::Missed,
                ("returned", "false") => filter.show = Show::NotReturned,
                ("direction", "inbound") => filter.show = Show::Inbound,
                ("direction", "outbound") => filter.show = Show::Outbound,
                ("counterparty", text) => filter.counterparty = text.trim().to_owned(),
                ("q", text) => filter.search = text.trim().to_owned(),
                ("period", name) => filter.period = Period::named(name),
                ("duration", name) => filter.length = Length::named(name),
                ("weekday", day) => filter.weekday = day.parse().ok().filter(|day| (1..=7).contains(day)),
                ("hour", hour) => filter.hour = hour.parse().ok().filter(|hour| *hour < 24),
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

    /// The page's query string with its question mark; empty if everything is shown.
    pub fn to_query(&self) -> String {
        let mut pairs = Vec::from_iter(self.show.parameter());
        if !self.counterparty.is_empty() {
            pairs.push(("counterparty", self.counterparty.clone()));
        }
        if !self.search.is_empty() {
            pairs.push(("q", self.search.clone()));
        }
        match self.period {
            Period::Range(from, to) => {
                let days = [("from", from), ("to", to)];
                pairs.extend(days.into_iter().filter_map(|(name, day)| Some((name, day?.to_string()))));
            }
            period => pairs.extend(period.name().map(|name| ("period", name.to_owned()))),
        }
        pairs.extend(self.length.name().map(|name| ("duration", name.to_owned())));
        pairs.extend(self.hours());
        query::query(&pairs)
    }

    /// The API's parameters. `beginning` returns the start of a day in RFC 3339; `zone` is the browser's IANA
    /// time zone.
    pub fn parameters(
        &self,
        today: Day,
        beginning: impl Fn(Day) -> String,
        zone: &str,
    ) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::from_iter(self.show.parameter());
        if self.show == Show::Missed {
            // The API also counts unanswered outbound calls as missed.
            pairs.push(("direction", "inbound".to_owned()));
        }
        pairs.extend(counterparty(&self.counterparty).map(|text| ("counterparty", text)));
        if !self.search.is_empty() {
            pairs.push(("q", self.search.clone()));
        }
        let (from, until) = self.period.days(today);
        pairs.extend(from.map(|day| ("from", beginning(day))));
        pairs.extend(until.map(|day| ("until", beginning(day))));
        let (min, max) = self.length.seconds();
        pairs.extend(min.map(|seconds| ("min_duration", seconds.to_owned())));
        pairs.extend(max.map(|seconds| ("max_duration", seconds.to_owned())));
        if self.weekday.is_some() || self.hour.is_some() {
            pairs.push(("tz", zone.to_owned()));
            pairs.extend(self.hours());
        }
        pairs
    }

    fn hours(&self) -> impl Iterator<Item = (&'static str, String)> + use<> {
        let hours = [("weekday", self.weekday), ("hour", self.hour)];
        hours.into_iter().filter_map(|(name, value)| Some((name, value?.to_string())))
    }

    /// Whether it depends on the time zone, because it contains days.
    pub fn has_days(&self) -> bool {
        self.period != Period::Any || self.weekday.is_some() || self.hour.is_some()
    }

    /// Whether everything is shown.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }
}

impl Show {
    /// Parses a parameter such as `outcome=missed`; all calls for others.
    pub fn named(parameter: &str) -> Self {
        Filter::from_query(parameter).show
    }

    /// The parameter in addresses, as parsed by [`Show::named`].
    pub fn name(self) -> String {
        query::query(Vec::from_iter(self.parameter()).as_slice()).trim_start_matches('?').to_owned()
    }

    /// Number of these calls in a summary.
    pub fn count(self, summary: &Summary) -> u64 {
        let types = &summary.types;
        match self {
            Self::All => summary.calls,
            Self::Missed => types.missed_inbound,
            Self::NotReturned => summary.missed_inbound.not_returned,
            Self::Inbound => types.completed_inbound + types.missed_inbound,
            Self::Outbound => types.completed_outbound + types.missed_outbound,
        }
    }

    fn parameter(self) -> Option<(&'static str, String)> {
        let (name, value) = match self {
            Self::All => return None,
            Self::Missed => ("outcome", "missed"),
            Self::NotReturned => ("returned", "false"),
            Self::Inbound => ("direction", "inbound"),
            Self::Outbound => ("direction", "outbound"),
        };
        Some((name, value.to_owned()))
    }
}

impl Length {
    const NAMES: [(Self, &str); 3] =
        [(Self::Short, "under-1-min"), (Self::Medium, "1-to-10-min"), (Self::Long, "over-10-min")];

    /// Parses a name; any duration for others.
    pub fn named(name: &str) -> Self {
        let found = Self::NAMES.into_iter().find(|(_, known)| *known == name);
        found.map(|(length, _)| length).unwrap_or_default()
    }

    /// The name in addresses. `None` for any duration.
    pub fn name(self) -> Option<&'static str> {
        Self::NAMES.into_iter().find(|(length, _)| *length == self).map(|(_, name)| name)
    }

    /// Minimum and maximum in seconds, inclusive, as the API's parameters.
    fn seconds(self) -> (Option<&'static str>, Option<&'static str>) {
        match self {
            Self::Any => (None, None),
            Self::Short => (None, Some("59.999")),
            Self::Medium => (Some("60"), Some("600")),
            Self::Long => (Some("600.001"), None),
        }
    }
}

impl Period {
    const NAMES: [(Self, &str); 8] = [
        (Self::Today, "today"),
        (Self::Yesterday, "yesterday"),
        (Self::ThisWeek, "this-week"),
        (Self::LastWeek, "last-week"),
        (Self::Days7, "7-days"),
        (Self::Days30, "30-days"),
        (Self::ThisMonth, "this-month"),
        (Self::LastMonth, "last-month"),
    ];

    /// From one day to another, inclusive, in either order.
    pub fn range(from: Option<Day>, to: Option<Day>) -> Self {
        match (from, to) {
            (None, None) => Self::Any,
            (Some(from), Some(to)) if from > to => Self::Range(Some(to), Some(from)),
            _ => Self::Range(from, to),
        }
    }

    /// The first day, and the day after the last one. `None` is no limit; a period up to now has no end, so
    /// that the newest call is in it regardless of clock differences.
    pub fn days(self, today: Day) -> (Option<Day>, Option<Day>) {
        match self {
            Self::Any => (None, None),
            Self::Today => (Some(today), None),
            Self::Yesterday => (Some(today.plus(-1)), Some(today)),
            Self::ThisWeek => (Some(today.week()), None),
            Self::LastWeek => (Some(today.week().plus(-7)), Some(today.week())),
            Self::Days7 => (Some(today.plus(-6)), None),
            Self::Days30 => (Some(today.plus(-29)), None),
            Self::ThisMonth => (Some(today.month()), None),
            Self::LastMonth => (Some(today.month().plus(-1).month()), Some(today.month())),
            Self::Range(from, to) => (from, to.map(|day| day.plus(1))),
        }
    }

    /// The same period as dates, which do not depend on the day on which the address is opened.
    pub fn dated(self, today: Day) -> Self {
        let (from, end) = self.days(today);
        let to = end.map(|end| end.plus(-1));
        match self {
            Self::Any | Self::Range(..) => self,
            _ => Self::Range(from, Some(to.unwrap_or(today))),
        }
    }

    /// Parses a name in addresses; all days for others.
    pub fn named(name: &str) -> Self {
        let found = Self::NAMES.into_iter().find(|(_, known)| *known == name);
        found.map(|(period, _)| period).unwrap_or_default()
    }

    fn name(self) -> Option<&'static str> {
        Self::NAMES.into_iter().find(|(period, _)| *period == self).map(|(_, name)| name)
    }
}

/// Search text for the calls with exactly one party.
pub fn exactly(party: &Party) -> String {
    match party {
        Party::Withheld | Party::Unknown => party.to_string(),
        _ => format!("\"{party}\""),
    }
}

/// The same, for a party in an address.
pub fn only(party: &str) -> String {
    party.parse().map_or_else(|_| format!("\"{party}\""), |party| exactly(&party))
}

/// Converts a search text to the API's parameter: exactly one party in quotation marks, the beginning of a
/// number with or without plus and spaces, a code followed by a star, a SIP address or its beginning,
/// `withheld` or `unknown`. `None` for all.
pub fn counterparty(text: &str) -> Option<String> {
    let text = text.trim();
    let quoted = text.strip_prefix('"').map(|text| text.strip_suffix('"').unwrap_or(text).trim());
    let is_spelled = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b" +-./()".contains(&b));
    match quoted.and_then(|text| text.parse().ok()) {
        // A number in another spelling.
        Some(Party::Text(text)) if is_spelled(&text) => {}
        Some(party) => return Some(party.to_string()),
        None => {}
    }
    let text = quoted.unwrap_or(text);
    let word = text.to_ascii_lowercase();
    if text.is_empty() || word == "withheld" || word == "unknown" {
        return (!text.is_empty()).then_some(word);
    }
    if is_spelled(text) {
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
mod tests;
