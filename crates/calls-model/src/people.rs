//! One person's calls, people to call back, and several lines at once.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::calls::{Call, CallDetails, CounterpartyDetails, optional_rfc3339, rfc3339};
use crate::parties::Party;
use crate::summary::{
    CallCounts, Coverage, DispositionCount, InboundAnswers, MissedInbound, OutboundAnswers, Summary,
    TalkTime, answer_rate,
};

/// The response of `GET /api/calls/{number}/callbacks`: people to call back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CallbackQueue {
    /// One entry per person, at most `limit`.
    pub callbacks: Vec<Callback>,
    /// Total number of people.
    pub people: u64,
    /// Missed calls of withheld or unknown callers, who cannot be called back.
    pub withheld: UnidentifiedCallers,
    /// Present if there were too many missed calls to consider all: the newest ones are covered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covers: Option<Coverage>,
}

/// Missed calls of unidentified callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct UnidentifiedCallers {
    /// Number of calls.
    pub calls: u64,
    /// Time of the latest of them, UTC; null without calls.
    #[cfg_attr(feature = "schema", schema(required))]
    #[serde(with = "optional_rfc3339")]
    pub last: Option<DateTime<Utc>>,
}

/// A person whose calls were missed, who has not been spoken with since, and who is not marked done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Callback {
    /// The line that was called, in lists of several lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<Party>,
    /// The caller.
    pub counterparty: Party,
    /// Spellings of the counterparty; null if it has no E.164 number.
    #[cfg_attr(feature = "schema", schema(required))]
    pub details: Option<CounterpartyDetails>,
    /// The counterparty's name, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Number of calls missed since owner and person last spoke, or since the person was marked done.
    pub attempts: u64,
    /// Time of the first of them, UTC.
    #[serde(with = "rfc3339")]
    pub first_attempt: DateTime<Utc>,
    /// Time of the last of them, UTC.
    #[serde(with = "rfc3339")]
    pub last_attempt: DateTime<Utc>,
    /// Time since which the person waits, UTC: the first attempt.
    #[serde(with = "rfc3339")]
    pub waiting_since: DateTime<Utc>,
    /// Dispositions of these calls, if known.
    pub dispositions: Vec<DispositionCount>,
    /// Time of the mark, UTC; only in lists of people who are marked done.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional_rfc3339")]
    pub done_at: Option<DateTime<Utc>>,
    /// Note about calling back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Body of `PUT /api/calls/{number}/callbacks/{party}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CallbackChange {
    /// Whether the missed calls so far are done. The next missed call adds the person again.
    pub done: bool,
    /// The note; empty for none.
    #[serde(default)]
    #[cfg_attr(
        feature = "schema",
        schema(max_length = 2000, pattern = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")
    )]
    pub note: String,
}

/// Mark and note: the response of `PUT`, and the data of an event `callback`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CallbackState {
    /// The caller.
    pub counterparty: Party,
    /// Time of the mark, UTC; null if the person is not marked, or no longer.
    #[cfg_attr(feature = "schema", schema(required))]
    #[serde(with = "optional_rfc3339")]
    pub done_at: Option<DateTime<Utc>>,
    /// The note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Summary of the calls with one person. Months and hours are in `time_zone`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PersonSummary {
    /// The person.
    pub counterparty: Party,
    /// Spellings of the counterparty; null if it has no E.164 number.
    #[cfg_attr(feature = "schema", schema(required))]
    pub details: Option<CounterpartyDetails>,
    /// The counterparty's name, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// IANA time zone of months and hours, such as `Europe/Berlin`.
    pub time_zone: String,
    /// Number of calls.
    pub calls: u64,
    /// Number of calls of each type.
    pub types: CallCounts,
    /// Total talk time.
    pub talk_time: TalkTime,
    /// Time of the first call, UTC; null without calls.
    #[cfg_attr(feature = "schema", schema(required))]
    #[serde(with = "optional_rfc3339")]
    pub first_call: Option<DateTime<Utc>>,
    /// Time of the last call, UTC; null without calls.
    #[cfg_attr(feature = "schema", schema(required))]
    #[serde(with = "optional_rfc3339")]
    pub last_call: Option<DateTime<Utc>>,
    /// Calls by the person.
    pub inbound: InboundAnswers,
    /// Calls to the person.
    pub outbound: OutboundAnswers,
    /// Missed calls by the person, and whether they were returned.
    pub missed_inbound: MissedInbound,
    /// The months with calls, in order.
    pub months: Vec<MonthCount>,
    /// Times at which the person answered calls.
    pub best_times: BestTimes,
    /// Present if there are too many calls to add up: the figures are those of the newest calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covers: Option<Coverage>,
}

/// The calls of one month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct MonthCount {
    /// The month, `2024-01`.
    #[cfg_attr(feature = "schema", schema(pattern = "^[0-9]{4}-[0-9]{2}$"))]
    pub month: String,
    /// Number of calls that began in this month.
    pub calls: u64,
    /// Number of those that were missed, in either direction.
    pub missed: u64,
}

/// Times at which calls to a person were answered, best first: by the share of answered calls after adding
/// one call of each kind, so that nine of ten come before one of one.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct BestTimes {
    /// Hours of the day at which the person was called.
    pub hours: Vec<HourAnswers>,
    /// Days of the week on which the person was called.
    pub weekdays: Vec<WeekdayAnswers>,
}

/// Calls to a person in an hour of the day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct HourAnswers {
    /// The hour of the day, 0 to 23.
    #[cfg_attr(feature = "schema", schema(maximum = 23))]
    pub hour: u8,
    /// Number of calls.
    pub calls: u64,
    /// Number of those answered.
    pub answered: u64,
    /// Share of answered calls, 0 to 1.
    #[cfg_attr(feature = "schema", schema(minimum = 0, maximum = 1))]
    pub answer_rate: f64,
}

/// Calls to a person on a day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WeekdayAnswers {
    /// The day of the week, 1 for Monday to 7 for Sunday (ISO 8601).
    #[cfg_attr(feature = "schema", schema(minimum = 1, maximum = 7))]
    pub weekday: u8,
    /// Number of calls.
    pub calls: u64,
    /// Number of those answered.
    pub answered: u64,
    /// Share of answered calls, 0 to 1.
    #[cfg_attr(feature = "schema", schema(minimum = 0, maximum = 1))]
    pub answer_rate: f64,
}

impl BestTimes {
    /// From the summary of outbound calls.
    pub fn of(outbound: &Summary) -> Self {
        let (mut hours, mut weekdays) = ([(0, 0); 24], [(0, 0); 8]);
        for count in &outbound.hours_of_week {
            let answered = count.calls - count.missed;
            for sum in
                [&mut hours[usize::from(count.hour) % 24], &mut weekdays[usize::from(count.weekday) % 8]]
            {
                sum.0 += count.calls;
                sum.1 += answered;
            }
        }
        Self {
            hours: best_first(&hours, |hour, calls, answered, answer_rate| HourAnswers {
                hour,
                calls,
                answered,
                answer_rate,
            }),
            weekdays: best_first(&weekdays, |weekday, calls, answered, answer_rate| WeekdayAnswers {
                weekday,
                calls,
                answered,
                answer_rate,
            }),
        }
    }
}

/// Times with calls, sorted by the share of answered calls after adding one call of each kind.
fn best_first<T>(sums: &[(u64, u64)], entry: impl Fn(u8, u64, u64, f64) -> T) -> Vec<T> {
    let mut times: Vec<(u8, u64, u64)> = (0..)
        .zip(sums)
        .filter(|(_, (calls, _))| *calls > 0)
        .map(|(time, (calls, answered))| (time, *calls, *answered))
        .collect();
    let share = |(_, calls, answered): &(u8, u64, u64)| (answered + 1) as f64 / (calls + 2) as f64;
    times.sort_by(|one, other| share(other).total_cmp(&share(one)).then(one.0.cmp(&other.0)));
    let rate = |calls: u64, answered: u64| answer_rate(answered, calls - answered).unwrap_or_default();
    times
        .into_iter()
        .map(|(time, calls, answered)| entry(time, calls, answered, rate(calls, answered)))
        .collect()
}

impl MonthCount {
    /// Calls per month, from those per day.
    pub fn of(summary: &Summary) -> Vec<Self> {
        let mut months: Vec<Self> = Vec::new();
        for day in &summary.days {
            let month = day.date.format("%Y-%m").to_string();
            match months.last_mut().filter(|last| last.month == month) {
                Some(last) => {
                    last.calls += day.calls;
                    last.missed += day.missed;
                }
                None => months.push(Self { month, calls: day.calls, missed: day.missed }),
            }
        }
        months
    }
}

/// A call in a list of several lines: in JSON the members of the call and its owner, with `details` if
/// requested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LineCall {
    /// Owner of the history.
    pub number: Party,
    /// The call itself.
    #[serde(flatten)]
    pub call: Call,
    /// Further details.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<CallDetails>,
}

/// A named set of lines, for `number=@Family`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LineSet {
    /// Name, such as `Family`.
    pub name: String,
    /// The lines, in the given order.
    pub numbers: Vec<Party>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::HourOfWeekCount;

    #[test]
    fn nine_answers_of_ten_are_better_than_one_of_one() {
        let hour = |weekday, hour, calls, missed| HourOfWeekCount { weekday, hour, calls, missed };
        let summary = Summary {
            hours_of_week: vec![hour(1, 9, 10, 1), hour(2, 9, 10, 9), hour(3, 20, 1, 0), hour(7, 3, 2, 2)],
            ..Summary::empty("UTC")
        };
        let best = BestTimes::of(&summary);
        let weekdays: Vec<_> = best.weekdays.iter().map(|day| (day.weekday, day.answer_rate)).collect();
        assert_eq!(weekdays, [(1, 0.9), (3, 1.0), (7, 0.0), (2, 0.1)]);
        let hours: Vec<_> = best.hours.iter().map(|hour| (hour.hour, hour.calls, hour.answered)).collect();
        assert_eq!(hours, [(20, 1, 1), (9, 20, 10), (3, 2, 0)]);
    }
}
