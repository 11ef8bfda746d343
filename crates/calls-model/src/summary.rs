//! Summary of a history: sums, counts and missed calls that are not returned.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::calls::{CallType, CounterpartyDetails, Disposition, optional_rfc3339, read_seconds};
use crate::parties::{ParseError, Party};
use crate::text;

/// Summary of the matching calls of a history. Days and hours are in `time_zone`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Summary {
    /// IANA time zone of days and hours, such as `Europe/Berlin`.
    pub time_zone: String,
    /// Number of calls.
    pub calls: u64,
    /// Number of calls of each type.
    pub types: CallCounts,
    /// Total talk time.
    pub talk_time: TalkTime,
    /// Share of missed calls, 0 to 1; null without calls.
    #[cfg_attr(feature = "schema", schema(required, minimum = 0, maximum = 1))]
    pub missed_rate: Option<f64>,
    /// Time of the first call, UTC; null without calls.
    #[cfg_attr(feature = "schema", schema(required))]
    #[serde(with = "optional_rfc3339")]
    pub first_call: Option<DateTime<Utc>>,
    /// Time of the last call, UTC; null without calls.
    #[cfg_attr(feature = "schema", schema(required))]
    #[serde(with = "optional_rfc3339")]
    pub last_call: Option<DateTime<Utc>>,
    /// The days with calls, in order.
    pub days: Vec<DayCount>,
    /// The hours of the week with calls, Monday 0:00 to Sunday 23:00.
    pub hours_of_week: Vec<HourOfWeekCount>,
    /// Up to [`Summary::TOP_COUNTERPARTIES`] counterparties with the most calls, most first.
    #[cfg_attr(feature = "schema", schema(max_items = 10))]
    pub top_counterparties: Vec<CounterpartyCount>,
    /// Missed inbound calls, returned and not.
    pub missed_inbound: MissedInbound,
    /// Inbound calls: answer rate and times.
    #[serde(default)]
    pub inbound: InboundAnswers,
    /// Outbound calls: answer rate.
    #[serde(default)]
    pub outbound: OutboundAnswers,
    /// The previous period, with `compare=previous`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<PreviousPeriod>,
    /// Calls by disposition, if known; only dispositions that occur.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dispositions: Vec<DispositionCount>,
    /// Present while calls are being counted, or if there are too many to search in time: the figures are
    /// those of the newest calls. A later request covers more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covers: Option<Coverage>,
    /// Present if there are too many calls to rank: `top_counterparties` are those of the newest matching
    /// calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_counterparties_cover: Option<Coverage>,
    /// Present if there are too many calls for exact medians: those of `inbound` are of its newest calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub medians_cover: Option<Coverage>,
}

/// Inbound calls. A call counts as missed by its type, whatever its disposition.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct InboundAnswers {
    /// Number of calls answered.
    pub answered: u64,
    /// Number of calls missed.
    pub missed: u64,
    /// Share of answered calls, 0 to 1; null without calls.
    #[cfg_attr(feature = "schema", schema(required, minimum = 0, maximum = 1))]
    pub answer_rate: Option<f64>,
    /// Median ring time in seconds, of the calls that have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub median_ring: Option<TalkTime>,
    /// Median time in seconds from a missed call until it was returned, of those that were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub median_return: Option<TalkTime>,
}

/// Outbound calls.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct OutboundAnswers {
    /// Number of calls answered.
    pub answered: u64,
    /// Number of calls not answered.
    pub missed: u64,
    /// Share of answered calls, 0 to 1; null without calls.
    #[cfg_attr(feature = "schema", schema(required, minimum = 0, maximum = 1))]
    pub answer_rate: Option<f64>,
}

/// The preceding period of the same length, with the same other filters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PreviousPeriod {
    /// Start of the period, UTC.
    #[serde(with = "crate::calls::rfc3339")]
    pub from: DateTime<Utc>,
    /// End of the period, UTC, at or before the start of the filter's period.
    #[serde(with = "crate::calls::rfc3339")]
    pub until: DateTime<Utc>,
    /// Number of calls.
    pub calls: u64,
    /// Inbound calls.
    pub inbound: InboundAnswers,
    /// Outbound calls.
    pub outbound: OutboundAnswers,
}

impl InboundAnswers {
    /// Inbound calls from counts by type, without medians.
    pub fn of(types: &CallCounts) -> Self {
        let (answered, missed) = (types.completed_inbound, types.missed_inbound);
        Self { answered, missed, answer_rate: answer_rate(answered, missed), ..Self::default() }
    }
}

impl OutboundAnswers {
    /// Outbound calls from counts by type.
    pub fn of(types: &CallCounts) -> Self {
        let (answered, missed) = (types.completed_outbound, types.missed_outbound);
        Self { answered, missed, answer_rate: answer_rate(answered, missed) }
    }
}

/// Share of answered calls; `None` without calls.
pub(crate) fn answer_rate(answered: u64, missed: u64) -> Option<f64> {
    (answered + missed > 0).then(|| answered as f64 / (answered + missed) as f64)
}

/// Number of calls with a disposition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DispositionCount {
    /// The disposition.
    pub disposition: Disposition,
    /// Their number.
    pub calls: u64,
}

/// The calls that a figure covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Coverage {
    /// Number of calls covered.
    pub calls: u64,
    /// Total number of calls.
    pub of: u64,
}

impl Summary {
    /// Maximum number of entries in `top_counterparties`.
    pub const TOP_COUNTERPARTIES: usize = 10;

    /// The summary of no calls.
    pub fn empty(time_zone: &str) -> Self {
        Self {
            time_zone: time_zone.to_owned(),
            calls: 0,
            types: CallCounts::default(),
            talk_time: TalkTime::default(),
            missed_rate: None,
            first_call: None,
            last_call: None,
            days: Vec::new(),
            hours_of_week: Vec::new(),
            top_counterparties: Vec::new(),
            missed_inbound: MissedInbound::default(),
            inbound: InboundAnswers::default(),
            outbound: OutboundAnswers::default(),
            previous: None,
            dispositions: Vec::new(),
            covers: None,
            top_counterparties_cover: None,
            medians_cover: None,
        }
    }
}

/// Number of calls of each type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CallCounts {
    /// Inbound calls that were answered.
    #[serde(rename = "Completed Inbound")]
    pub completed_inbound: u64,
    /// Inbound calls that were missed.
    #[serde(rename = "Missed Inbound")]
    pub missed_inbound: u64,
    /// Outbound calls that were answered.
    #[serde(rename = "Completed Outbound")]
    pub completed_outbound: u64,
    /// Outbound calls that were missed.
    #[serde(rename = "Missed Outbound")]
    pub missed_outbound: u64,
}

impl CallCounts {
    /// The count of one type.
    pub fn of(&self, call_type: CallType) -> u64 {
        match call_type {
            CallType::CompletedInbound => self.completed_inbound,
            CallType::MissedInbound => self.missed_inbound,
            CallType::CompletedOutbound => self.completed_outbound,
            CallType::MissedOutbound => self.missed_outbound,
        }
    }

    /// The mutable count of one type.
    pub fn of_mut(&mut self, call_type: CallType) -> &mut u64 {
        match call_type {
            CallType::CompletedInbound => &mut self.completed_inbound,
            CallType::MissedInbound => &mut self.missed_inbound,
            CallType::CompletedOutbound => &mut self.completed_outbound,
            CallType::MissedOutbound => &mut self.missed_outbound,
        }
    }
}

/// Calls of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DayCount {
    /// The day, `2024-01-31`.
    #[serde(with = "iso_date")]
    pub date: NaiveDate,
    /// Number of calls that began on this day.
    pub calls: u64,
    /// Number of those that were missed, in either direction.
    pub missed: u64,
}

pub(crate) mod iso_date {
    //! ISO 8601 dates. chrono's own parser accepts more formats, and adds more code to the page.

    use super::*;

    pub(crate) fn serialize<S: Serializer>(date: &NaiveDate, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(date)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
        let text = String::deserialize(deserializer)?;
        read(&text)
            .ok_or_else(|| serde::de::Error::custom(ParseError::new("a date such as 2024-01-31", &text)))
    }

    fn read(text: &str) -> Option<NaiveDate> {
        let mut parts = text.splitn(3, '-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
    }
}

/// Calls of an hour of the week, over all weeks. An hour that is repeated when clocks are set back counts
/// both times; an hour that is skipped has no calls that week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct HourOfWeekCount {
    /// The day of the week, 1 for Monday to 7 for Sunday (ISO 8601).
    #[cfg_attr(feature = "schema", schema(minimum = 1, maximum = 7))]
    pub weekday: u8,
    /// The hour of the day, 0 to 23.
    #[cfg_attr(feature = "schema", schema(maximum = 23))]
    pub hour: u8,
    /// Number of calls that began in this hour.
    pub calls: u64,
    /// Number of those that were missed, in either direction.
    pub missed: u64,
}

/// Calls with a counterparty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CounterpartyCount {
    /// The counterparty. All withheld callers count as one, as do all unknown ones.
    pub counterparty: Party,
    /// Number of calls.
    pub calls: u64,
    /// Number of those that were missed, in either direction.
    pub missed: u64,
    /// Total talk time of these calls.
    pub talk_time: TalkTime,
    /// Spellings of the counterparty, if it has an E.164 number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<CounterpartyDetails>,
    /// Its name, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Missed inbound calls that match the filter, except those that need no return: blocked calls and calls
/// answered elsewhere.
///
/// A call is returned if owner and caller spoke later, in either direction. The later call counts even if it
/// does not match the filter.
/// caller tried again and was. That later call counts whether or not it fits the filter itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct MissedInbound {
    /// Number of returned calls.
    pub returned: u64,
    /// Number of calls that are not returned.
    pub not_returned: u64,
    /// Number of calls that cannot be returned: their callers were withheld or unknown.
    pub unidentified: u64,
    /// Ids of the calls that are not returned, newest first, at most [`MissedInbound::MAX_IDS`].
    #[cfg_attr(feature = "schema", schema(max_items = 100))]
    pub not_returned_ids: Vec<String>,
}

impl MissedInbound {
    /// Maximum number of entries in `not_returned_ids`.
    pub const MAX_IDS: usize = 100;
}

/// A total duration. As text and in JSON, seconds with one to three decimals like the duration of a call:
/// `252.4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TalkTime(u64);

impl TalkTime {
    /// A total in milliseconds.
    pub fn from_ms(ms: u64) -> Self {
        Self(ms)
    }

    /// The total in milliseconds.
    pub fn ms(self) -> u64 {
        self.0
    }
}

impl fmt::Display for TalkTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(text::seconds(self.0).as_str())
    }
}

impl FromStr for TalkTime {
    type Err = ParseError;

    /// Parses seconds with up to three decimals, without sign or exponent.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        read_seconds(text).map(Self).ok_or_else(|| ParseError::new("seconds such as 252.4", text))
    }
}

impl Serialize for TalkTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TalkTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_reads_back_what_it_writes() {
        let json = r#"{"time_zone":"Europe/Berlin","calls":3,"types":{"Completed Inbound":1,"Missed Inbound":2,"Completed Outbound":0,"Missed Outbound":0},"talk_time":"37.4","missed_rate":0.5,"first_call":"2024-01-31T10:00:00Z","last_call":"2024-01-31T10:00:00.250Z","days":[{"date":"2024-01-31","calls":3,"missed":2}],"hours_of_week":[{"weekday":3,"hour":11,"calls":3,"missed":2}],"top_counterparties":[{"counterparty":"+13333333333","calls":3,"missed":2,"talk_time":"37.4"},{"counterparty":"+12025550123","calls":1,"missed":0,"talk_time":"1.0","details":{"international":"+1 202-555-0123","national":"(202) 555-0123","country":"US"},"name":"Example One"}],"missed_inbound":{"returned":1,"not_returned":1,"unidentified":0,"not_returned_ids":["7"]},"inbound":{"answered":1,"missed":2,"answer_rate":0.25,"median_ring":"7.0"},"outbound":{"answered":0,"missed":0,"answer_rate":null}}"#;
        let summary: Summary = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&summary).unwrap(), json);
        let empty = Summary::empty("UTC");
        assert_eq!(serde_json::from_str::<Summary>(&serde_json::to_string(&empty).unwrap()).unwrap(), empty);
    }

    #[test]
    fn a_day_is_a_date_that_a_calendar_has() {
        for date in ["2024-02-30", "2024-02", "31.01.2024", ""] {
            let json = format!(r#"{{"date":"{date}","calls":1,"missed":0}}"#);
            let error = serde_json::from_str::<DayCount>(&json).unwrap_err().to_string();
            assert!(error.starts_with("expected a date such as 2024-01-31"), "{error}");
        }
    }

    #[test]
    fn a_talk_time_may_be_longer_than_any_call() {
        let sum = TalkTime::from_ms(98_765_432_123_450);
        assert_eq!(sum.to_string(), "98765432123.45");
        assert_eq!("98765432123.45".parse(), Ok(sum));
        for text in ["", "1.", "-1", "1.2345", "99999999999999999999"] {
            assert!(text.parse::<TalkTime>().is_err(), "{text}");
        }
    }

    #[test]
    fn counts_are_found_by_their_type() {
        let mut counts = CallCounts::default();
        for (count, call_type) in (1..).zip(CallType::ALL) {
            *counts.of_mut(call_type) = count;
            assert_eq!(counts.of(call_type), count);
        }
        let json = serde_json::to_value(counts).unwrap();
        for call_type in CallType::ALL {
            assert_eq!(json[call_type.as_str()], counts.of(call_type));
        }
    }
}
