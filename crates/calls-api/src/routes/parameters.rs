//! Query parameters: filters and formats of lists. An unknown or malformed parameter results in a 400 that
//! names it, with the expected and the found value.

use std::str::FromStr;

use calls_model::requests::{self, Kind, Parameter};
use calls_model::{CallDuration, CallType, Direction, E164, Outcome, Party, PartyKind};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use diesel::QueryResult;
use diesel::pg::PgConnection;

use super::cursor::Cursor;
use crate::problem::ApiError;
use calls_phone::{self as phone, Region};
use calls_store::filter::{self, Counterparties, Filter, WantedHours};
use calls_store::keys::PartyKey;
use calls_store::parties;
use calls_store::search::{self, Search};
use calls_store::zones::Offsets;

/// Parsed parameters of a list of calls.
#[derive(Debug)]
pub(super) struct ListParameters<C = Cursor> {
    pub filter: FilterParameters,
    pub limit: Option<u16>,
    pub after: Option<C>,
    pub format: Option<Format>,
    /// Whether details are requested.
    pub details: bool,
}

/// Filter of calls. `counterparty` is a text until it is resolved to a key.
#[derive(Debug, Clone)]
pub(super) struct FilterParameters {
    /// Time zone of dates, weekdays and hours. UTC unless the client names another.
    pub zone: Tz,
    filter: Filter,
    weekday: Option<u8>,
    hour: Option<u8>,
    counterparty: Option<WantedCounterparty>,
    /// A part of the counterparty's name or number, and the region for its spelling.
    search: Option<(String, Option<Region>)>,
}

#[derive(Debug, Clone)]
enum WantedCounterparty {
    Party(Party),
    /// All phone numbers that begin with these digits.
    Digits(String),
    /// All other parties whose label begins with this.
    Label(String),
}

/// Format of the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// A page as a JSON array.
    Json,
    /// All calls as NDJSON.
    Ndjson,
    /// All calls as CSV (RFC 4180).
    Csv,
}

impl Format {
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8; header=present",
        }
    }
}

impl ListParameters {
    pub(super) const DEFAULT_LIMIT: u16 = 50;

    pub(super) fn read(query: &Query, region: Option<Region>) -> Result<Self, ApiError> {
        query.refuse_unknown(&[&requests::FILTER, &requests::LIST])?;
        Self::read_known(query, region)
    }
}

impl<C: FromStr> ListParameters<C> {
    /// Like [`ListParameters::read`], for a query without unknown parameters.
    pub(super) fn read_known(query: &Query, region: Option<Region>) -> Result<Self, ApiError> {
        let format = |text: &str| match text {
            "json" => Some(Format::Json),
            "ndjson" => Some(Format::Ndjson),
            "csv" => Some(Format::Csv),
            _ => None,
        };
        Ok(Self {
            filter: FilterParameters::read(query, region)?,
            limit: query.once(&requests::LIMIT, number)?,
            after: query.once(&requests::AFTER, |text| text.parse().ok())?,
            format: query.once(&requests::FORMAT, format)?,
            details: query.once(&requests::INCLUDE, |_| Some(()))?.is_some(),
        })
    }
}

fn number<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

impl FilterParameters {
    /// Like [`FilterParameters::read`], for a query with filters only.
    pub(super) fn read_alone(query: &Query, region: Option<Region>) -> Result<Self, ApiError> {
        query.refuse_unknown(&[&requests::FILTER])?;
        Self::read(query, region)
    }

    pub(super) fn read(query: &Query, region: Option<Region>) -> Result<Self, ApiError> {
        let types = query.each(&requests::TYPE, |text| CallType::from_str(text).ok())?;
        let direction = query.once(&requests::DIRECTION, |text| match text {
            "inbound" => Some(Direction::Inbound),
            _ => Some(Direction::Outbound),
        })?;
        let outcome = query.once(&requests::OUTCOME, |text| match text {
            "completed" => Some(Outcome::Completed),
            _ => Some(Outcome::Missed),
        })?;
        let zone = query.once(&requests::TZ, |text| text.parse().ok())?.unwrap_or(Tz::UTC);
        let duration_ms = |text: &str| text.parse::<CallDuration>().ok().map(CallDuration::ms);
        let wanted = |call_type: &CallType| {
            (types.is_empty() || types.contains(call_type))
                && direction.is_none_or(|direction| call_type.direction() == direction)
                && outcome.is_none_or(|outcome| call_type.outcome() == outcome)
        };
        Ok(Self {
            zone,
            filter: Filter {
                types: CallType::ALL.into_iter().filter(wanted).collect(),
                dispositions: query.each(&requests::DISPOSITION, |text| text.parse().ok())?,
                counterparty: None,
                from: query.once(&requests::FROM, |text| instant(text, zone))?,
                until: query.once(&requests::UNTIL, |text| instant(text, zone))?,
                min_duration_ms: query.once(&requests::MIN_DURATION, duration_ms)?,
                max_duration_ms: query.once(&requests::MAX_DURATION, duration_ms)?,
                returned: query.once(&requests::RETURNED, |text| text.parse().ok())?,
                hours: None,
            },
            weekday: query.once(&requests::WEEKDAY, number)?,
            hour: query.once(&requests::HOUR, number)?,
            counterparty: query.once(&requests::COUNTERPARTY, |text| wanted_counterparty(text, region))?,
            search: query.once(&requests::SEARCH, searched)?.map(|text| (text, region)),
        })
    }

    /// The same filter with this counterparty.
    pub(super) fn with(self, counterparty: Party) -> Self {
        Self { counterparty: Some(WantedCounterparty::Party(counterparty)), ..self }
    }

    /// The same filter limited to these types.
    pub(super) fn of_types(&self, types: &[CallType]) -> Self {
        let mut filter = self.filter.clone();
        filter.types.retain(|call_type| types.contains(call_type));
        Self { filter, ..self.clone() }
    }

    /// The same filter with this period.
    pub(super) fn within(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> Self {
        let filter = Filter { from: Some(from), until: Some(until), ..self.filter.clone() };
        Self { filter, ..self.clone() }
    }

    /// The period of the filter.
    pub(super) fn period(&self) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        (self.filter.from, self.filter.until)
    }

    /// Whether the filter matches every call.
    pub(super) fn is_empty(&self) -> bool {
        let Self { zone: _, filter, weekday, hour, counterparty, search } = self;
        *filter == Filter::default()
            && weekday.is_none()
            && hour.is_none()
            && counterparty.is_none()
            && search.is_none()
    }

    /// Whether the filter depends on names.
    pub(super) fn is_search(&self) -> bool {
        self.search.is_some()
    }

    /// The filter for a history. Looks up the counterparty and the offsets of the zone in the database.
    pub(super) fn resolve(&self, connection: &mut PgConnection, owner: PartyKey) -> QueryResult<Filter> {
        let counterparty = match &self.counterparty {
            None => None,
            Some(WantedCounterparty::Digits(digits)) => Some(Counterparties::with_digits(digits)),
            Some(WantedCounterparty::Label(start)) => Some(Counterparties::with_label(connection, start)?),
            Some(WantedCounterparty::Party(party)) => {
                Some(Counterparties::exactly(parties::find_party(connection, party)?))
            }
        };
        let counterparty = match &self.search {
            Some((text, region)) if !text.trim().is_empty() => {
                let number = u64::try_from(owner.0).ok().and_then(E164::new);
                let search = Search::new(text, phone::searched_digits(text, *region, number));
                let found = search::counterparties(connection, owner, &search)?;
                Some(counterparty.map_or(found.clone(), |wanted| wanted.among(&found)))
            }
            _ => counterparty,
        };
        let span = match (self.weekday, self.hour) {
            (None, None) => None,
            _ => filter::span(connection, owner)?,
        };
        let hours = span.map(|(first, last)| WantedHours {
            offsets: Offsets::new(self.zone, first, last),
            weekday: self.weekday,
            hour: self.hour,
        });
        Ok(Filter { counterparty, hours, ..self.filter.clone() })
    }
}

/// A search text, trimmed and checked.
pub(super) fn searched(text: &str) -> Option<String> {
    /// Maximum length of a search in characters.
    const LONGEST: usize = 64;
    let is_right = text.chars().count() <= LONGEST && !text.chars().any(char::is_control);
    is_right.then(|| text.to_owned())
}

/// Parses a party: its canonical text, including `withheld` and `unknown`, or a number in any spelling.
pub(super) fn party(text: &str, region: Option<Region>) -> Result<Party, phone::NotANumber> {
    let canonical = text.parse::<Party>().ok().filter(|party| party.kind() != PartyKind::Text);
    canonical.map_or_else(|| phone::parse(text, region), Ok)
}

fn wanted_counterparty(text: &str, region: Option<Region>) -> Option<WantedCounterparty> {
    // A plus sign in a query is decoded as a space; no number begins with a space.
    let text = match text.strip_prefix(' ') {
        Some(rest) => format!("+{rest}"),
        None => text.to_owned(),
    };
    let Some(start) = text.strip_suffix('*') else {
        return party(&text, region).ok().map(WantedCounterparty::Party);
    };
    // PostgreSQL has no texts with a zero byte, and no party contains another control character.
    if start.chars().any(char::is_control) {
        return None;
    }
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    match start.strip_prefix('+') {
        Some(digits) => is_number(digits).then(|| WantedCounterparty::Digits(digits.to_owned())),
        None => (!start.is_empty()).then(|| WantedCounterparty::Label(start.to_owned())),
    }
}

/// Parses a time, or a date as the beginning of its day in the zone. If clocks skip midnight, the day begins
/// at the first existing minute; if midnight occurs twice, at the first one.
fn instant(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    // A plus that was not percent-encoded arrives as a blank.
    let offset_restored = text.rsplit_once(' ').map(|(time, offset)| format!("{time}+{offset}"));
    let text = offset_restored.as_deref().filter(|text| text.contains('T')).unwrap_or(text);
    let instant = match DateTime::parse_from_rfc3339(text) {
        Ok(time) => time.with_timezone(&Utc),
        Err(_) => {
            let midnight =
                text.parse::<NaiveDate>().ok().filter(|_| text.len() == 10)?.and_time(NaiveTime::MIN);
            let first = (0..=24 * 4)
                .filter_map(|quarters| midnight.checked_add_signed(TimeDelta::minutes(15 * quarters)))
                .find_map(|local| zone.from_local_datetime(&local).earliest())?;
            first.with_timezone(&Utc)
        }
    };
    // The range of PostgreSQL and of four-digit years.
    (0..=9999).contains(&chrono::Datelike::year(&instant)).then_some(instant)
}

/// The pairs of a query string, in order.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn new(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// The same query with another value of one parameter, encoded for a URL.
    pub(super) fn with(&self, name: &str, value: &str) -> String {
        let kept = self
            .0
            .iter()
            .filter(|(other, _)| other != name)
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let mut out = form_urlencoded::Serializer::new(String::new());
        out.extend_pairs(kept).append_pair(name, value).finish()
    }

    /// The error for a parameter of the tables.
    pub(super) fn refuse(&self, parameter: &Parameter, expected: &str) -> Result<(), ApiError> {
        match self.0.iter().find(|(name, _)| name == parameter.name) {
            Some((name, value)) => Err(bad(name, expected, value)),
            None => Ok(()),
        }
    }

    /// Refuses parameters that are in none of the tables.
    pub(super) fn refuse_unknown(&self, known: &[&[Parameter]]) -> Result<(), ApiError> {
        let names = || known.iter().copied().flatten().map(|parameter| parameter.name);
        match self.0.iter().find(|(name, _)| names().all(|known| known != name)) {
            Some((name, _)) => {
                let names = names().collect::<Vec<_>>().join(", ");
                Err(bad(name, &format!("one of the parameters {names}"), name))
            }
            None => Ok(()),
        }
    }

    /// The value of a parameter that may occur once. `None` if it is absent.
    pub(super) fn once<T>(
        &self,
        parameter: &Parameter,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, ApiError> {
        let mut values = self.each(parameter, read)?;
        match self.0.iter().filter(|(name, _)| name == parameter.name).nth(1) {
            Some((_, second)) => Err(bad(parameter.name, "this parameter once", second)),
            None => Ok(values.pop()),
        }
    }

    /// All values of a parameter.
    pub(super) fn each<T>(
        &self,
        parameter: &Parameter,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, ApiError> {
        let fits = |text: &str| match parameter.kind {
            Kind::OneOf(texts) => texts.contains(&text),
            Kind::Integer(first, last) => text.parse().is_ok_and(|number| (first..=last).contains(&number)),
            _ => true,
        };
        let values = self.0.iter().filter(|(name, _)| name == parameter.name).map(|(_, value)| value);
        let read = |value: &String| Some(value.as_str()).filter(|value| fits(value)).and_then(&read);
        values
            .map(|value| read(value).ok_or_else(|| bad(parameter.name, parameter.expected, value)))
            .collect()
    }
}

fn bad(name: &str, expected: &str, found: &str) -> ApiError {
    let short = |text: &str| text.chars().take(64).collect();
    ApiError::BadParameter { name: short(name), expected: expected.to_owned(), found: short(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, zone: &str) -> String {
        let instant = instant(text, zone.parse().unwrap());
        instant.map_or_else(
            || "-".to_owned(),
            |instant| instant.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
        )
    }

    #[test]
    fn a_day_begins_with_its_first_minute_in_the_zone() {
        assert_eq!(at("2024-01-31", "UTC"), "2024-01-31T00:00:00Z");
        assert_eq!(at("2024-03-31", "Europe/Berlin"), "2024-03-30T23:00:00Z");
        assert_eq!(at("2024-04-01", "Europe/Berlin"), "2024-03-31T22:00:00Z");
        // In the southern hemisphere, summer time ends in April.
        assert_eq!(at("2024-04-07", "Australia/Sydney"), "2024-04-06T13:00:00Z");
        assert_eq!(at("2024-04-08", "Australia/Sydney"), "2024-04-07T14:00:00Z");
        // Clocks skip midnight on the first date, and repeat it on the second.
        assert_eq!(at("2024-09-08", "America/Santiago"), "2024-09-08T04:00:00Z");
        assert_eq!(at("2024-11-03", "America/Havana"), "2024-11-03T04:00:00Z");
    }

    #[test]
    fn an_instant_has_an_offset_even_if_its_plus_became_a_blank() {
        assert_eq!(at("2024-01-31T10:00:00+01:00", "UTC"), "2024-01-31T09:00:00Z");
        assert_eq!(at("2024-01-31T10:00:00 01:00", "UTC"), "2024-01-31T09:00:00Z");
        for text in
            ["", "yesterday", "2024-1-31", "2024-02-30", "2024-01-31T10:00:00", "+12024-01-31", "2024-01-31 "]
        {
            assert_eq!(at(text, "UTC"), "-", "{text}");
        }
    }

    #[test]
    fn a_counterparty_is_a_party_or_a_beginning() {
        let read = |text| wanted_counterparty(text, None);
        assert!(matches!(read(" 12025550123"), Some(WantedCounterparty::Party(Party::E164(_)))));
        assert!(matches!(read("*97"), Some(WantedCounterparty::Party(Party::Local(_)))));
        assert!(matches!(read("withheld"), Some(WantedCounterparty::Party(Party::Withheld))));
        assert!(matches!(read("+1202*"), Some(WantedCounterparty::Digits(_))));
        assert!(matches!(read("sip:al*"), Some(WantedCounterparty::Label(_))));
        for text in ["", "*", "+*", "+12a*", "hello"] {
            assert!(read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_query_is_written_again_with_one_value_changed() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let query =
            Query::new(vec![pair("type", "Missed Inbound"), pair("after", "1"), pair("counterparty", "+1*")]);
        assert_eq!(query.with("after", "2"), "type=Missed+Inbound&counterparty=%2B1*&after=2");
    }
}
