//! Time zones for PostgreSQL. It has a time zone database of its own, which may be older than ours or lack
//! names, so it is told the offsets from ours instead of the zone's name.

use chrono::{DateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// What has to be added to UTC in a span of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offsets {
    /// When the clocks change, in order.
    pub changes: Vec<DateTime<Utc>>,
    /// Seconds east of UTC: before the first change, and after each. One more than there are changes.
    pub seconds: Vec<i32>,
}

impl Offsets {
    /// The offsets of a zone from `first` to `last`, exact to the second.
    pub fn new(zone: Tz, first: DateTime<Utc>, last: DateTime<Utc>) -> Self {
        // Clocks have kept zone time since the 19th century, and no zone's rules are known beyond this one.
        let (begin, end) = (year(1800), year(2101));
        let mut before = first.clamp(begin, end);
        let last = last.clamp(begin, end);
        let mut known = seconds(zone, before);
        let mut offsets = Self { changes: Vec::new(), seconds: vec![known] };
        while before < last {
            // No clock changes twice in a day.
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

/// The first second after `before` that no longer has the offset `known`, found by halving.
fn change(zone: Tz, known: i32, before: DateTime<Utc>, after: DateTime<Utc>) -> DateTime<Utc> {
    // `known` is right at `low`, and not at `high`.
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
