//! Time zones for PostgreSQL. Its own time zone database may be older or lack zones, so it gets offsets
//! instead of names.

use chrono::{DateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// UTC offsets of a zone over a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offsets {
    /// Times at which the offset changes, in order.
    pub changes: Vec<DateTime<Utc>>,
    /// Offsets in seconds east of UTC: before the first change, and after each.
    pub seconds: Vec<i32>,
}

/// A division of time into spans of equal length from midnight UTC, such that local time in a span is within
/// one hour. Calls can then be counted by span, whatever the zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spans {
    /// Before this time no length is suitable: offsets were odd.
    pub from: DateTime<Utc>,
    /// Length of a span: 3600, 1800 or 900 seconds.
    pub seconds: i32,
}

impl Offsets {
    /// The longest spans that are suitable as far back as any.
    pub fn spans(&self) -> Spans {
        /// Years 1 to 9999: no call is outside.
        const TIME: [i64; 2] = [-62_135_596_800, 253_402_300_800];
        let fitting = |most: i64, second: i64| {
            [3600, 1800, 900].into_iter().find(|length| *length <= most && second % length == 0)
        };
        let [begin, mut from] = TIME;
        let mut length = 3600;
        for (index, offset) in self.seconds.iter().enumerate().rev() {
            let Some(fits) = fitting(length, i64::from(*offset)) else { break };
            length = fits;
            let Some(change) = index.checked_sub(1).map(|before| self.changes[before].timestamp()) else {
                from = begin;
                break;
            };
            from = change + (-change).rem_euclid(length);
            let Some(fits) = fitting(length, change) else { break };
            length = fits;
        }
        Spans { from: DateTime::from_timestamp(from, 0).unwrap_or_default(), seconds: length as i32 }
    }

    /// The offsets of a zone from `first` to `last`.
    pub fn new(zone: Tz, first: DateTime<Utc>, last: DateTime<Utc>) -> Self {
        // Zone time began in the 19th century, and rules of zones are only known up to about this year.
        let (begin, end) = (year(1800), year(2101));
        let mut before = first.clamp(begin, end);
        let last = last.clamp(begin, end);
        let mut known = seconds(zone, before);
        let mut offsets = Self { changes: Vec::new(), seconds: vec![known] };
        while before < last {
            // No offset changes twice in a day.
            let after = before + TimeDelta::days(1);
            let next = seconds(zone, after);
            if next != known {
                offsets.changes.push(change(zone, known, before, after));
                offsets.seconds.push(next);
            }
            (before, known) = (after, next);
        }
        offsets
    }
}

/// The first second after `before` with another offset than `known`, by bisection.
fn change(zone: Tz, known: i32, before: DateTime<Utc>, after: DateTime<Utc>) -> DateTime<Utc> {
    // Invariant: the offset is `known` at `low`, and not at `high`.
    let (mut low, mut high) = (before.timestamp(), after.timestamp());
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        match DateTime::from_timestamp(middle, 0) {
            Some(time) if seconds(zone, time) == known => low = middle,
            _ => high = middle,
        }
    }
    DateTime::from_timestamp(high, 0).unwrap_or(after)
}

fn seconds(zone: Tz, time: DateTime<Utc>) -> i32 {
    zone.offset_from_utc_datetime(&time.naive_utc()).fix().local_minus_utc()
}

fn year(year: i32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(year, 1, 1, 0, 0, 0).earliest().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn the_offsets_of_a_span_are_those_of_the_zone() {
        let offsets =
            Offsets::new(Tz::Europe__Berlin, time("2024-01-31T12:34:56Z"), time("2024-12-31T00:00:00Z"));
        assert_eq!(offsets.changes, [time("2024-03-31T01:00:00Z"), time("2024-10-27T01:00:00Z")]);
        assert_eq!(offsets.seconds, [3600, 7200, 3600]);
        let offsets = Offsets::new(Tz::UTC, time("0001-01-01T00:00:00Z"), time("9999-12-31T23:59:59Z"));
        assert_eq!((offsets.changes, offsets.seconds), (vec![], vec![0]));
    }

    #[test]
    fn spans_are_as_long_as_the_clocks_allow() {
        let spans = |zone, first: &str| {
            let spans = Offsets::new(zone, time(first), time("2030-01-01T00:00:00Z")).spans();
            (spans.from.to_rfc3339(), spans.seconds)
        };
        let all = "0001-01-01T00:00:00+00:00".to_owned();
        assert_eq!(spans(Tz::UTC, "1700-01-01T00:00:00Z"), (all.clone(), 3600));
        assert_eq!(spans(Tz::Europe__Berlin, "1950-01-01T00:00:00Z"), (all.clone(), 3600));
        assert_eq!(spans(Tz::Asia__Kolkata, "1950-01-01T00:00:00Z"), (all.clone(), 1800));
        assert_eq!(spans(Tz::Asia__Kathmandu, "1990-01-01T00:00:00Z"), (all.clone(), 900));
        assert_eq!(spans(Tz::Australia__Lord_Howe, "1990-01-01T00:00:00Z"), (all, 1800));
        // Until then 44 minutes and 30 seconds behind.
        let change = "1972-01-07T01:00:00+00:00".to_owned();
        assert_eq!(spans(Tz::Africa__Monrovia, "1960-01-01T00:00:00Z"), (change, 3600));
        let offsets =
            Offsets::new(Tz::Africa__Monrovia, time("1960-01-01T00:00:00Z"), time("1961-01-01T00:00:00Z"));
        assert_eq!(offsets.spans().from, time("9999-12-31T23:59:59Z") + TimeDelta::seconds(1));
    }

    #[test]
    fn within_a_span_the_clocks_of_every_zone_show_one_hour() {
        let (first, last) = (time("1879-05-06T07:08:09Z"), time("2040-01-01T00:00:00Z"));
        let odd =
            [Tz::Africa__Monrovia, Tz::Africa__Casablanca, Tz::Australia__Lord_Howe, Tz::Asia__Kathmandu];
        for zone in chrono_tz::TZ_VARIANTS.into_iter().step_by(5).chain(odd) {
            let offsets = Offsets::new(zone, first, last);
            let spans = offsets.spans();
            // In St. John's the clocks changed a minute after midnight until then.
            assert!(spans.from < time("2011-04-01T00:00:00Z"), "{zone}: {spans:?}");
            let hour = |second: i64| {
                let at = DateTime::from_timestamp(second, 0).unwrap();
                let position = offsets.changes.partition_point(|change| *change <= at);
                (second + i64::from(offsets.seconds[position])).div_euclid(3600)
            };
            let around = offsets.changes.iter().flat_map(|change| {
                [-3601, -900, -1, 0, 1, 899, 1800, 3599].map(|second| change.timestamp() + second)
            });
            let between = (0..2000).map(|week| first.timestamp() + week * 793 * 3600 + week * 7);
            let fitting = around.chain(between).filter(|second| *second >= spans.from.timestamp());
            for second in fitting {
                let start = second - second.rem_euclid(spans.seconds.into());
                assert_eq!(hour(start), hour(second), "{zone} at {second}: {spans:?}");
            }
        }
    }

    #[test]
    fn zones_have_the_right_offset_around_their_changes_and_in_between() {
        let (first, last) = (time("1879-05-06T07:08:09Z"), time("2060-01-01T00:00:00Z"));
        let odd = [Tz::Africa__Monrovia, Tz::Africa__Casablanca, Tz::Australia__Lord_Howe, Tz::Pacific__Apia];
        // All of them would take half a minute without optimisation.
        for zone in chrono_tz::TZ_VARIANTS.into_iter().step_by(5).chain(odd) {
            let offsets = Offsets::new(zone, first, last);
            assert_eq!(offsets.seconds.len(), offsets.changes.len() + 1, "{zone}");
            assert!(offsets.changes.is_sorted(), "{zone}");
            let around = offsets.changes.iter().flat_map(|change| {
                [-86_399, -3600, -1, 0, 3599, 86_399].map(|second| *change + TimeDelta::seconds(second))
            });
            let between = (0..2000).map(|week| first + TimeDelta::hours(week * 793));
            for at in around.chain(between).filter(|at| (first..last).contains(at)) {
                let position = offsets.changes.partition_point(|change| *change <= at);
                assert_eq!(offsets.seconds[position], seconds(zone, at), "{zone} at {at}");
            }
        }
    }
}
