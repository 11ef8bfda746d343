//! Adds up calls, one by one or from counts.

use std::collections::BTreeMap;

use calls_model::{
    CallType, DayCount, Disposition, DispositionCount, HourOfWeekCount, InboundAnswers, MissedInbound,
    OutboundAnswers, Outcome, Summary, TalkTime,
};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::counts::day::{Code, Count, Quarter};
use crate::filter::Filter;
use crate::rows::CallColumns;
use crate::zones::Offsets;

const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;

/// Calls of a day or an hour.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    calls: u64,
    missed: u64,
}

/// Running totals.
pub(super) struct Accumulator<'a> {
    filter: &'a Filter,
    offsets: &'a Offsets,
    summary: Summary,
    talk_ms: u64,
    days: BTreeMap<i64, Sum>,
    /// The day of the last call added. It is stored in `days` when another day begins, because most calls
    /// come ordered by time.
    day: (i64, Sum),
    hours: [Sum; 168],
    dispositions: [u64; Disposition::ALL.len()],
    /// Number of returnable missed inbound calls.
    asking: u64,
}

impl<'a> Accumulator<'a> {
    pub(super) fn new(filter: &'a Filter, offsets: &'a Offsets, zone: &str) -> Self {
        Self {
            filter,
            offsets,
            summary: Summary::empty(zone),
            talk_ms: 0,
            days: BTreeMap::new(),
            day: (0, Sum::default()),
            hours: [Sum::default(); 168],
            dispositions: [0; Disposition::ALL.len()],
            asking: 0,
        }
    }

    /// Number of calls added so far.
    pub(super) fn calls(&self) -> u64 {
        self.summary.calls
    }

    /// Adds the calls of a quarter of an hour. Returns whether they match; the filter's period is not
    /// checked.
    pub(super) fn add_count(&mut self, quarter: Quarter, code: Code, count: Count) -> bool {
        let Filter { types, dispositions, .. } = self.filter;
        let ended = |disposition| dispositions.contains(&disposition);
        let local = self.local(quarter.start());
        let fits = types.contains(&code.call_type())
            && (dispositions.is_empty() || code.disposition().is_some_and(ended))
            && self.is_wanted_hour(local);
        if fits {
            self.add(local, code, count);
        }
        fits
    }

    /// Adds a matching call.
    pub(super) fn add_call(&mut self, call: &CallColumns, is_open: bool, is_unidentified: bool) {
        let count = Count {
            calls: 1,
            ms: u64::from(call.duration_ms.unwrap_or_default().unsigned_abs()),
            open: is_open.into(),
            unidentified: is_unidentified.into(),
        };
        let local = self.local(call.created_at.timestamp());
        self.add(local, Code::new(call.call_type(), call.disposition()), count);
        self.see(call.created_at);
    }

    /// Extends the time from the first to the last call.
    pub(super) fn see(&mut self, at: DateTime<Utc>) {
        let Summary { first_call, last_call, .. } = &mut self.summary;
        *first_call = Some(first_call.map_or(at, |first| first.min(at)));
        *last_call = (*last_call).max(Some(at));
    }

    /// Adds calls at a local time.
    fn add(&mut self, local: i64, code: Code, count: Count) {
        let missed = if code.call_type().outcome() == Outcome::Missed { count.calls } else { 0 };
        let day = local.div_euclid(DAY);
        if self.day.0 != day {
            self.keep_day();
            self.day = (day, Sum::default());
        }
        for sum in [&mut self.day.1, &mut self.hours[hour_of_week(local)]] {
            sum.calls += count.calls;
            sum.missed += missed;
        }
        *self.summary.types.of_mut(code.call_type()) += count.calls;
        self.summary.calls += count.calls;
        self.talk_ms += count.ms;
        let known = code.disposition();
        if let Some(position) = Disposition::ALL.iter().position(|disposition| Some(*disposition) == known) {
            self.dispositions[position] += count.calls;
        }
        if code.call_type() == CallType::MissedInbound && known.is_none_or(Disposition::is_returnable) {
            self.asking += count.calls;
            self.summary.missed_inbound.not_returned += count.open;
            self.summary.missed_inbound.unidentified += count.unidentified;
        }
    }

    fn keep_day(&mut self) {
        let (day, Sum { calls, missed }) = self.day;
        if calls > 0 {
            let sum = self.days.entry(day).or_default();
            sum.calls += calls;
            sum.missed += missed;
        }
    }

    /// Local time in seconds since 1970-01-01 0:00.
    fn local(&self, second: i64) -> i64 {
        let change = self.offsets.changes.partition_point(|change| change.timestamp() <= second);
        second + i64::from(self.offsets.seconds[change])
    }

    fn is_wanted_hour(&self, local: i64) -> bool {
        let Some(hours) = &self.filter.hours else { return true };
        let hour = hour_of_week(local);
        hours.weekday.is_none_or(|weekday| usize::from(weekday) == hour / 24 + 1)
            && hours.hour.is_none_or(|wanted| usize::from(wanted) == hour % 24)
    }

    /// The summary, without counterparties and without ids of unreturned calls.
    pub(super) fn finish(mut self) -> Summary {
        self.keep_day();
        let Self { mut summary, talk_ms, days, hours, dispositions, asking, .. } = self;
        summary.talk_time = TalkTime::from_ms(talk_ms);
        summary.inbound = InboundAnswers::of(&summary.types);
        summary.outbound = OutboundAnswers::of(&summary.types);
        let missed = summary.types.missed_inbound + summary.types.missed_outbound;
        summary.missed_rate = (summary.calls > 0).then(|| missed as f64 / summary.calls as f64);
        let date = |day| NaiveDate::default().checked_add_signed(TimeDelta::days(day));
        summary.days = days
            .into_iter()
            .filter_map(|(day, Sum { calls, missed })| Some(DayCount { date: date(day)?, calls, missed }))
            .collect();
        summary.hours_of_week = (0..168_u8)
            .zip(hours)
            .filter(|(_, sum)| sum.calls > 0)
            .map(|(hour, Sum { calls, missed })| HourOfWeekCount {
                weekday: hour / 24 + 1,
                hour: hour % 24,
                calls,
                missed,
            })
            .collect();
        summary.dispositions = Disposition::ALL
            .into_iter()
            .zip(dispositions)
            .filter(|(_, calls)| *calls > 0)
            .map(|(disposition, calls)| DispositionCount { disposition, calls })
            .collect();
        let MissedInbound { returned, not_returned, unidentified, .. } = &mut summary.missed_inbound;
        *returned = asking.saturating_sub(*not_returned + *unidentified);
        summary
    }
}

/// Hours since Monday 0:00.
fn hour_of_week(local: i64) -> usize {
    // 1970-01-01 was a Thursday, whose first hour is the 72nd of its week.
    (local.div_euclid(HOUR) + 72).rem_euclid(168).unsigned_abs() as usize
}
