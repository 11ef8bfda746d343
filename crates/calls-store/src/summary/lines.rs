//! The summary of several histories.

use std::collections::{BTreeMap, HashMap};

use calls_model::{
    CallType, CounterpartyCount, Coverage, DayCount, Disposition, DispositionCount, HourOfWeekCount,
    InboundAnswers, MissedInbound, OutboundAnswers, Party, Summary, TalkTime,
};
use diesel::pg::PgConnection;
use diesel::prelude::*;

use super::medians::Times;
use super::{Question, with_times};
use crate::labels::Labels;

/// The sum of the summaries of several histories, with the medians of all their calls. Its counterparties are
/// those among the first ten of any history, with their calls in those histories.
pub fn summarize_lines(
    connection: &mut PgConnection,
    labels: &Labels,
    zone: &str,
    questions: &[Question<'_>],
) -> QueryResult<Summary> {
    let (mut sum, mut times) = (Summary::empty(zone), Times::default());
    for question in questions {
        let (summary, more) = with_times(connection, labels, *question)?;
        add(&mut sum, summary);
        times.add(more);
    }
    sum.top_counterparties.truncate(Summary::TOP_COUNTERPARTIES);
    times.write(&mut sum);
    Ok(sum)
}

/// Adds the summary of another history.
fn add(sum: &mut Summary, other: Summary) {
    sum.covers = covered(sum.covers, sum.calls, other.covers, other.calls);
    sum.top_counterparties_cover =
        covered(sum.top_counterparties_cover, sum.calls, other.top_counterparties_cover, other.calls);
    sum.calls += other.calls;
    for call_type in CallType::ALL {
        *sum.types.of_mut(call_type) += other.types.of(call_type);
    }
    sum.inbound = InboundAnswers::of(&sum.types);
    sum.outbound = OutboundAnswers::of(&sum.types);
    sum.talk_time = TalkTime::from_ms(sum.talk_time.ms() + other.talk_time.ms());
    let missed = sum.types.missed_inbound + sum.types.missed_outbound;
    sum.missed_rate = (sum.calls > 0).then(|| missed as f64 / sum.calls as f64);
    sum.first_call = sum.first_call.into_iter().chain(other.first_call).min();
    sum.last_call = sum.last_call.max(other.last_call);
    add_days(&mut sum.days, other.days);
    add_hours(&mut sum.hours_of_week, other.hours_of_week);
    add_counterparties(&mut sum.top_counterparties, other.top_counterparties);
    add_missed(&mut sum.missed_inbound, other.missed_inbound);
    add_dispositions(&mut sum.dispositions, &other.dispositions);
}

/// Coverage of the sum of two figures that may not cover all calls.
fn covered(one: Option<Coverage>, calls: u64, other: Option<Coverage>, more: u64) -> Option<Coverage> {
    let all = |calls| Coverage { calls, of: calls };
    let (first, second) = (one.unwrap_or_else(|| all(calls)), other.unwrap_or_else(|| all(more)));
    let sum = Coverage { calls: first.calls + second.calls, of: first.of + second.of };
    (one.is_some() || other.is_some()).then_some(sum)
}

fn add_days(days: &mut Vec<DayCount>, other: Vec<DayCount>) {
    let mut sums: BTreeMap<_, DayCount> = days.drain(..).map(|day| (day.date, day)).collect();
    for day in other {
        let sum = sums.entry(day.date).or_insert(DayCount { calls: 0, missed: 0, ..day });
        sum.calls += day.calls;
        sum.missed += day.missed;
    }
    days.extend(sums.into_values());
}

fn add_hours(hours: &mut Vec<HourOfWeekCount>, other: Vec<HourOfWeekCount>) {
    let mut sums: BTreeMap<_, HourOfWeekCount> =
        hours.drain(..).map(|hour| ((hour.weekday, hour.hour), hour)).collect();
    for hour in other {
        let none = HourOfWeekCount { calls: 0, missed: 0, ..hour };
        let sum = sums.entry((hour.weekday, hour.hour)).or_insert(none);
        sum.calls += hour.calls;
        sum.missed += hour.missed;
    }
    hours.extend(sums.into_values());
}

fn add_counterparties(counterparties: &mut Vec<CounterpartyCount>, other: Vec<CounterpartyCount>) {
    let mut places: HashMap<Party, usize> =
        counterparties.iter().enumerate().map(|(place, count)| (count.counterparty.clone(), place)).collect();
    for count in other {
        match places.get(&count.counterparty).and_then(|place| counterparties.get_mut(*place)) {
            Some(sum) => {
                sum.calls += count.calls;
                sum.missed += count.missed;
                sum.talk_time = TalkTime::from_ms(sum.talk_time.ms() + count.talk_time.ms());
            }
            None => {
                places.insert(count.counterparty.clone(), counterparties.len());
                counterparties.push(count);
            }
        }
    }
    counterparties.sort_by_key(|count| std::cmp::Reverse(count.calls));
}

fn add_missed(missed: &mut MissedInbound, other: MissedInbound) {
    missed.returned += other.returned;
    missed.not_returned += other.not_returned;
    missed.unidentified += other.unidentified;
    missed.not_returned_ids.extend(other.not_returned_ids);
    missed.not_returned_ids.truncate(MissedInbound::MAX_IDS);
}

fn add_dispositions(counts: &mut Vec<DispositionCount>, other: &[DispositionCount]) {
    let of = |counts: &[DispositionCount], disposition| {
        counts.iter().filter(|count| count.disposition == disposition).map(|count| count.calls).sum::<u64>()
    };
    let sum = |disposition| of(counts, disposition) + of(other, disposition);
    let sums: Vec<DispositionCount> = Disposition::ALL
        .into_iter()
        .map(|disposition| DispositionCount { disposition, calls: sum(disposition) })
        .filter(|count| count.calls > 0)
        .collect();
    *counts = sums;
}
