//! One person's calls, people to call back, and several lines at once.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::calls::{Call, CallDetails, CounterpartyDetails, optional_rfc3339, rfc3339};
use crate::parties::Party;
use crate::summary::{
    CallCounts, Coverage, DispositionCount, InboundAnswers, MissedInbound, OutboundAnswers, Summary,
    TalkTime, answer_rate,
};

/// The people to call back, as `GET /api/calls/{number}/callbacks` answers them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CallbackQueue {
    /// One entry per person, at most as many as `limit` says.
    pub callbacks: Vec<Callback>,
    /// Total number of people.
    pub people: u64,
    /// Missed calls that nobody can return: their callers were withheld or unknown.
    pub withheld: UnidentifiedCallers,
    /// There where missed calls were too many to be looked through: so many of them were, the newest ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covers: Option<Coverage>,
}

/// Missed calls of callers whom nobody can call back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct UnidentifiedCallers {
    /// Number of calls.
    pub calls: u64,
    /// When the latest of them began, UTC; null without calls.
    #[cfg_attr(feature = "schema", schema(required))]
    #[serde(with = "optional_rfc3339")]
    pub last: Option<DateTime<Utc>>,
}

/// Somebody who called, was missed, and has neither been spoken with since nor been marked done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Callback {
    /// The line that was called, in a list of several lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<Party>,
    /// The caller.
    pub counterparty: Party,
    /// Spellings of the counterparty; null where it has no E.164 number.
    #[cfg_attr(feature = "schema", schema(required))]
    pub details: Option<CounterpartyDetails>,
    /// The counterparty's name, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Number of calls missed since the two last spoke or the person was marked done.
    pub attempts: u64,
    /// When the first of them began, UTC.
    #[serde(with = "rfc3339")]
    pub first_attempt: DateTime<Utc>,
    /// When the last of them began, UTC.
    #[serde(with = "rfc3339")]
    pub last_attempt: DateTime<Utc>,
    /// Since when the person waits, UTC: the first attempt.
    #[serde(with = "rfc3339")]
    pub waiting_since: DateTime<Utc>,
    /// Dispositions of these calls, where known.
    pub dispositions: Vec<DispositionCount>,
    /// When the person was marked done, UTC; in a list of those alone.
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
    /// Whether the missed calls so far are done. The next missed call brings the person back.
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
    /// When the person was marked done, UTC; null where that is not so, or was taken back.
    #[cfg_attr(feature = "schema", schema(required))]
    #[serde(with = "optional_rfc3339")]
    pub done_at: Option<DateTime<Utc>>,
    /// The note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The calls with one person, added up. Months and hours are those of `time_zone`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PersonSummary {
    /// The person.
    pub counterparty: Party,
    /// Spellings of the counterparty; null where it has no E.164 number.
    #[cfg_attr(feature = "schema", schema(required))]
    pub details: Option<CounterpartyDetails>,
    /// The counterparty's name, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The IANA time zone that months and hours are counted in, `Europe/Berlin`.
    pub time_zone: String,
    /// Number of calls.
    pub calls: u64,
    /// Number of calls of each type.
    pub types: CallCounts,
    /// Total talk time.
    pub talk_time: TalkTime,
    /// When the first call began, UTC; null without calls.
    #[cfg_attr(feature = "schema", schema(required))]
    #[serde(with = "optional_rfc3339")]
    pub first_call: Option<DateTime<Utc>>,
    /// When the last call began, UTC; null without calls.
    #[cfg_attr(feature = "schema", schema(required))]
    #[serde(with = "optional_rfc3339")]
    pub last_call: Option<DateTime<Utc>>,
    /// Calls by the person.
    pub inbound: InboundAnswers,
    /// Calls to the person.
    pub outbound: OutboundAnswers,
    /// Missed calls by the person, and whether they were returned.
    pub missed_inbound: MissedInbound,
    /// The months that have calls, first to last.
    pub months: Vec<MonthCount>,
    /// When the person answered calls.
    pub best_times: BestTimes,
    /// There where the calls are too many to be added up: the figures are those of the newest calls.
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
    /// Number of calls that began in this hour.
    pub calls: u64,
    /// Number of those that were missed, in either direction.
    pub missed: u64,
}

/// When calls to a person are answered, best first: by the share that was answered, where one call more of
/// each kind is added, so that nine of ten come before one of one.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct BestTimes {
    /// The hours of the day in which the person was called.
    pub hours: Vec<HourAnswers>,
    /// The days of the week on which the person was called.
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
    /// The share that was answered, 0 to 1.
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
    /// The share that was answered, 0 to 1.
    #[cfg_attr(feature = "schema", schema(minimum = 0, maximum = 1))]
    pub answer_rate: f64,
}

impl BestTimes {
    /// Of the summary of outbound calls.
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

/// Those of some times that have calls, by the share of answered ones among one call more of each kind.
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
    /// The months of a summary's days.
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

/// A call in a list of several lines. In JSON the members of the call, and whose it is; `details` are there
/// if they were asked for.
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

/// A set of lines with a name, which `number=@Family` stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LineSet {
    /// The name, `Family`.
    pub name: String,
    /// The lines, in the order in which they were given.
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
