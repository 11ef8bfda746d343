//! Reads when a call began.

use chrono::{
    DateTime, Days, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone, Timelike,
    Utc,
};
use chrono_tz::Tz;

use crate::record::expected;

/// Reads a local time as systems log it, `2026-03-02 08:00:00`, also with a `T` between, without seconds or
/// with decimals of them.
pub(crate) fn local(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim();
    let (date, time) = text.split_once(['T', ' '])?;
    let time = time.trim_start();
    let mut date = date.split('-');
    let mut part = |length: usize| date.next().filter(|part| part.len() == length).and_then(digits);
    let (year, month, day) = (part(4)?, part(2)?, part(2)?);
    if date.next().is_some() {
        return None;
    }
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?.and_time(clock(time)?).into()
}

/// Reads a time of day: `08:00`, `8:00:00`, `08:00:00.534355`, `8:00 pm`.
pub(crate) fn clock(text: &str) -> Option<NaiveTime> {
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    let half = [("am", 0), ("a.m.", 0), ("pm", 12), ("p.m.", 12)]
        .into_iter()
        .find(|(name, _)| lower.ends_with(name));
    let Some((name, noon)) = half else { return clock_24(text) };
    let time = clock_24(text[..text.len() - name.len()].trim_end_matches([' ', '\u{a0}', '\u{202f}']))?;
    let hour = time.hour();
    if (1..=12).contains(&hour) { time.with_hour(hour % 12 + noon) } else { None }
}

fn clock_24(text: &str) -> Option<NaiveTime> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let mut parts = whole.split(':');
    let mut part = || parts.next().filter(|part| part.len() <= 2).and_then(digits);
    let (hour, minute) = (part()?, part()?);
    let second = if whole.matches(':').count() == 2 { part()? } else { 0 };
    if parts.next().is_some() || decimals.len() > 9 {
        return None;
    }
    let nanos = digits(&format!("{decimals:0<9}"))?;
    NaiveTime::from_hms_nano_opt(hour, minute, second, nanos)
}

/// The moment of a local time.
///
/// A time that occurs twice, when clocks go back, is the second one only where the channel of the call was
/// made after the first one (`channel_epoch`, in seconds): a call does not begin before its channel. Without
/// that it is the first one. A time that does not occur, when clocks go forward, is counted with the offset
/// before the change (RFC 5545, section 3.3.5): 02:30 becomes 03:30.
pub(crate) fn in_zone(local: NaiveDateTime, zone: Tz, channel_epoch: Option<i64>) -> Option<DateTime<Utc>> {
    /// How much later than the call's own time its channel may seem to begin.
    const SLACK_S: i64 = 5;
    match zone.from_local_datetime(&local) {
        LocalResult::Single(time) => Some(time.to_utc()),
        LocalResult::Ambiguous(first, second) => {
            let after_first =
                |epoch: i64| epoch > first.timestamp() + SLACK_S && epoch <= second.timestamp() + SLACK_S;
            Some(if channel_epoch.is_some_and(after_first) { second } else { first }.to_utc())
        }
        LocalResult::None => {
            // No zone changes twice within a day, and no gap is longer than one.
            let before = local.checked_sub_days(Days::new(1))?.checked_sub_signed(TimeDelta::hours(1))?;
            let offset = zone.offset_from_local_datetime(&before).latest()?.fix();
            Some(local.checked_sub_offset(offset)?.and_utc())
        }
    }
}

/// The moment of a local time in a text, or why there is none.
pub(crate) fn local_in_zone(
    text: &str,
    zone: Tz,
    channel_epoch: Option<i64>,
) -> Result<DateTime<Utc>, String> {
    local(text)
        .and_then(|local| in_zone(local, zone, channel_epoch))
        .and_then(plausible)
        .ok_or_else(|| expected("a start time such as 2026-03-02 08:00:00", text))
}

/// Reads a moment as people and programs write it: with its offset (RFC 3339, RFC 2822, `... UTC`), else in
/// the zone: ISO 8601 or with the day first (`12.03.2026 16:00`, `12/03/2026, 4:00 pm`), or with the month as an English
/// word (`Mar 12, 2026 at 4:00 PM`); or as a count of seconds, milliseconds or microseconds since 1970.
pub(crate) fn any(text: &str, zone: Tz) -> Result<DateTime<Utc>, String> {
    any_of(text, zone, false)
}

/// How moments with their offset are also written: by PostgreSQL and ISO 8601, there without seconds too, and by
/// JavaScript (`Date.prototype.toString`). A blank stands for any number of them.
const WITH_OFFSET: [&str; 4] = [
    "%Y-%m-%d %H:%M:%S%.f %#z",
    "%Y-%m-%dT%H:%M:%S%.f %#z",
    "%Y-%m-%dT%H:%M %#z",
    "%a %b %d %Y %H:%M:%S GMT%z",
];

/// As [`any`]. Where `month_first`, dates with slashes are as in the United States: `03/12/2026 4:00 PM`.
pub(crate) fn any_of(text: &str, zone: Tz, month_first: bool) -> Result<DateTime<Utc>, String> {
    let text = text.trim();
    let with_offset = || {
        DateTime::parse_from_rfc3339(text)
            .or_else(|_| DateTime::parse_from_rfc2822(text))
            .ok()
            .or_else(|| WITH_OFFSET.iter().find_map(|format| DateTime::parse_from_str(text, format).ok()))
            .map(|time| time.to_utc())
    };
    // As Twilio's console writes it.
    let clock_first =
        || NaiveDateTime::parse_from_str(text, "%H:%M:%S UTC %Y-%m-%d").ok().map(|time| time.and_utc());
    let in_utc =
        || local(text.strip_suffix("UTC").or_else(|| text.strip_suffix("GMT"))?).map(|time| time.and_utc());
    let in_local = || {
        in_zone(
            local(text).or_else(|| in_parts(text, month_first)).or_else(|| named_month(text))?,
            zone,
            None,
        )
    };
    let since_1970 = || {
        // Ten digits of seconds are the years 2001 to 2286.
        let per_second =
            [(10, 1), (13, 1000), (16, 1_000_000)].into_iter().find(|(length, _)| *length == text.len());
        since_1970(text, per_second?.1).ok()
    };
    with_offset()
        .or_else(in_utc)
        .or_else(clock_first)
        .or_else(in_local)
        .or_else(since_1970)
        .and_then(plausible)
        .ok_or_else(|| expected("a time such as 2026-03-02 08:00:00", text))
}

/// Reads a time whose date is written with the day first, `12.03.2026 16:00`, `12/03/26, 16:00:00`, or with a year of
/// four digits first, `2026/03/12 16:00`; a day of the week may be before it.
fn in_parts(text: &str, month_first: bool) -> Option<NaiveDateTime> {
    let text = text.trim_start_matches(|c: char| c.is_alphabetic() || " ,.".contains(c));
    let (date, time) = text.split_once([' ', ','])?;
    let mut parts = date.split(['.', '/', '-']);
    let mut part = |longest: usize| parts.next().filter(|part| part.len() <= longest).and_then(digits);
    let (day, month, year) = match date.find(['.', '/', '-']) {
        Some(4) => {
            let year = part(4)?;
            let month = part(2)?;
            (part(2)?, month, year)
        }
        _ if month_first && date.contains('/') => {
            let month = part(2)?;
            (part(2)?, month, part(4)?)
        }
        _ => (part(2)?, part(2)?, part(4)?),
    };
    if parts.next().is_some() {
        return None;
    }
    let year = if year < 100 { 2000 + year } else { year };
    Some(
        NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?
            .and_time(clock(time.trim_start_matches([',', ' ']))?),
    )
}

/// Whether a text has dates with slashes that begin with a month and none that begins with a day, as far as that can be
/// seen: where one of the two is above 12.
pub(crate) fn has_months_first(text: &str) -> bool {
    let (mut months, mut days) = (false, false);
    for word in text.split(|c: char| !c.is_ascii_digit() && c != '/') {
        let mut parts = word.split('/');
        if let (Some(one), Some(two), Some(year), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
            && one.len() <= 2
            && two.len() <= 2
            && matches!(year.len(), 2 | 4)
            && let (Some(one), Some(two)) = (digits(one), digits(two))
        {
            months |= (1..=12).contains(&one) && (13..=31).contains(&two);
            days |= (13..=31).contains(&one) && (1..=12).contains(&two);
        }
    }
    months && !days
}

/// Reads a time whose month is a word: `12 Mar 2026 16:00`, `12-Mar-26 16:00`, `Thursday, March 12, 2026 at 4:00:00 PM`.
fn named_month(text: &str) -> Option<NaiveDateTime> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let month = |word: &str| {
        let start = word.get(..3)?.to_ascii_lowercase();
        MONTHS.iter().position(|month| *month == start).and_then(|index| u32::try_from(index + 1).ok())
    };
    let words: Vec<&str> =
        text.split([' ', ',', '-', '\u{202f}', '\u{a0}']).filter(|word| !word.is_empty()).collect();
    let is_weekday = |word: &&str| word.bytes().all(|b| b.is_ascii_alphabetic()) && month(word).is_none();
    let words = if words.first().is_some_and(is_weekday) { &words[1..] } else { &words[..] };
    let [one, two, year, clock_words @ ..] = words else { return None };
    let (day, month) = match month(one) {
        Some(month) => (digits(two)?, month),
        None => (digits(one.trim_end_matches('.'))?, month(two)?),
    };
    let year = match year.len() {
        2 => 2000 + digits(year)?,
        4 => digits(year)?,
        _ => return None,
    };
    let clock_words = clock_words.strip_prefix(&["at"]).unwrap_or(clock_words);
    Some(
        NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?
            .and_time(clock(&clock_words.join(" "))?),
    )
}

/// The moment of a count of seconds, milliseconds or microseconds since 1970, or why there is none.
pub(crate) fn since_1970(text: &str, per_second: i64) -> Result<DateTime<Utc>, String> {
    text.trim()
        .parse::<i64>()
        .ok()
        .and_then(|count| count.checked_mul(1_000_000 / per_second))
        .and_then(DateTime::from_timestamp_micros)
        .and_then(plausible)
        .ok_or_else(|| expected("a time as a count since 1970", text))
}

/// The time to the microsecond, if telephone calls are recorded at it: 1970 to 9999. Zero stands for no time
/// in most systems. A leap second is the one after it, as PostgreSQL has it.
pub(crate) fn plausible(time: DateTime<Utc>) -> Option<DateTime<Utc>> {
    const YEAR_10000: i64 = 253_402_300_800;
    DateTime::from_timestamp_micros(time.timestamp_micros())
        .filter(|time| (1..YEAR_10000).contains(&time.timestamp()))
}

fn digits(text: &str) -> Option<u32> {
    Some(text).filter(|text| text.bytes().all(|b| b.is_ascii_digit())).and_then(|text| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin(text: &str, channel_epoch: Option<i64>) -> String {
        local_in_zone(text, chrono_tz::Europe::Berlin, channel_epoch).unwrap().to_rfc3339()
    }

    #[test]
    fn a_local_time_is_read_in_its_zone() {
        assert_eq!(berlin("2026-03-02 08:00:00", None), "2026-03-02T07:00:00+00:00");
        assert_eq!(berlin("2026-07-02T08:00:00", None), "2026-07-02T06:00:00+00:00");
        assert_eq!(berlin("2026-07-02 08:00:00.534355", None), "2026-07-02T06:00:00.534355+00:00");
    }

    #[test]
    fn a_time_that_occurs_twice_is_the_first_unless_the_channel_is_younger() {
        // Clocks went back from 03:00 to 02:00 on 25 October 2026, 01:00 UTC.
        let (first, second) = (1_792_888_200, 1_792_891_800);
        assert_eq!(berlin("2026-10-25 02:30:00", None), "2026-10-25T00:30:00+00:00");
        assert_eq!(berlin("2026-10-25 02:30:00", Some(first)), "2026-10-25T00:30:00+00:00");
        assert_eq!(berlin("2026-10-25 02:30:00", Some(second)), "2026-10-25T01:30:00+00:00");
        assert_eq!(berlin("2026-10-25 02:30:00", Some(first - 600)), "2026-10-25T00:30:00+00:00");
        assert_eq!(berlin("2026-10-25 02:30:00", Some(second + 86_400)), "2026-10-25T00:30:00+00:00");
    }

    #[test]
    fn a_time_that_does_not_occur_is_counted_from_before_the_change() {
        assert_eq!(berlin("2026-03-29 02:30:00", None), "2026-03-29T01:30:00+00:00");
        let apia = local_in_zone("2011-12-30 12:00:00", chrono_tz::Pacific::Apia, None).unwrap();
        assert_eq!(apia.to_rfc3339(), "2011-12-30T22:00:00+00:00");
    }

    #[test]
    fn a_moment_is_read_in_many_spellings() {
        for (text, time) in [
            ("2026-03-12T15:00:00Z", "2026-03-12T15:00:00+00:00"),
            ("2026-03-12T15:00:00.250-08:00", "2026-03-12T23:00:00.250+00:00"),
            ("2026-03-12 15:00:00+01:00", "2026-03-12T14:00:00+00:00"),
            ("2026-03-12 15:00:00 +0100", "2026-03-12T14:00:00+00:00"),
            ("2026-03-12T15:00:00+0000", "2026-03-12T15:00:00+00:00"),
            ("2026-03-12 15:00:00 UTC", "2026-03-12T15:00:00+00:00"),
            ("15:00:00 UTC 2026-03-12", "2026-03-12T15:00:00+00:00"),
            ("Thu, 12 Mar 2026 15:00:00 +0000", "2026-03-12T15:00:00+00:00"),
            ("2026-03-12 16:00", "2026-03-12T15:00:00+00:00"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00+00:00"),
            ("12.03.2026 16:00:00", "2026-03-12T15:00:00+00:00"),
            ("12/03/2026, 4:00 pm", "2026-03-12T15:00:00+00:00"),
            ("12/03/26 12:30:00 AM", "2026-03-11T23:30:00+00:00"),
            ("2026/03/12 16:00:00", "2026-03-12T15:00:00+00:00"),
            ("2026-03-12T15:00Z", "2026-03-12T15:00:00+00:00"),
            ("2026-03-12 16:00:00.25+01", "2026-03-12T15:00:00.250+00:00"),
            ("Thu Mar 12 2026 16:00:00 GMT+0100", "2026-03-12T15:00:00+00:00"),
            ("Thu 12/03/2026 16:00", "2026-03-12T15:00:00+00:00"),
            ("Do., 12.03.2026, 16:00", "2026-03-12T15:00:00+00:00"),
            ("12-Mar-26 4:00:00 PM", "2026-03-12T15:00:00+00:00"),
            ("12 Mar 2026 16:00", "2026-03-12T15:00:00+00:00"),
            ("Mar 12, 2026, 4:00:00\u{202f}PM", "2026-03-12T15:00:00+00:00"),
            ("Thursday, March 12, 2026 at 4:00 PM", "2026-03-12T15:00:00+00:00"),
            ("1773327600", "2026-03-12T15:00:00+00:00"),
            ("1773327600250", "2026-03-12T15:00:00.250+00:00"),
        ] {
            let read = any(text, chrono_tz::Europe::Berlin).unwrap();
            assert_eq!(read.to_rfc3339(), time, "{text}");
        }
        for text in [
            "",
            "12/13/2026 08:00",
            "12.03.2026",
            "0:30 pm",
            "12.03.2026 0:30 pm",
            "2026-03-12 16",
            "177332760",
            "12 Foo 2026 16:00",
            "Mar 2026 16:00",
            "éé",
        ] {
            assert!(any(text, chrono_tz::UTC).is_err(), "{text}");
        }
    }

    #[test]
    fn a_date_with_slashes_may_have_its_month_first() {
        let read = |text| any_of(text, chrono_tz::UTC, true).map(|time| time.to_rfc3339());
        assert_eq!(read("3/12/2026 4:00 PM").unwrap(), "2026-03-12T16:00:00+00:00");
        assert_eq!(read("12/31/26, 16:00:05").unwrap(), "2026-12-31T16:00:05+00:00");
        assert_eq!(read("12.03.2026 16:00").unwrap(), "2026-03-12T16:00:00+00:00");
        assert_eq!(read("2026/03/12 16:00").unwrap(), "2026-03-12T16:00:00+00:00");
        assert!(read("31/12/2026 16:00").is_err());
        for (text, expected) in [
            ("a,3/12/2026 1:00\nb,3/13/2026 1:00", true),
            ("3/12/2026 1:00", false),
            ("3/13/2026\n13/3/2026", false),
            ("13/3/26", false),
            ("1/13/2026/5 1/32/2026 0/13/26 /13/26 1/13/026", false),
        ] {
            assert_eq!(has_months_first(text), expected, "{text}");
        }
    }

    #[test]
    fn a_count_since_1970_has_its_unit() {
        assert_eq!(since_1970("1773129600", 1).unwrap().to_rfc3339(), "2026-03-10T08:00:00+00:00");
        assert_eq!(since_1970("1773216000123", 1000).unwrap().to_rfc3339(), "2026-03-11T08:00:00.123+00:00");
        for text in ["", "0", "-5", "now", "9223372036854775807", "99999999999999999999"] {
            assert!(since_1970(text, 1).is_err() && since_1970(text, 1000).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2026-03-02",
            "2026-02-30 08:00:00",
            "2026-03-02 24:00:00",
            "2026-3-2 08:00:00",
            "0000-00-00 00:00:00",
            "1969-12-31 23:00:00",
            "2026-03-02 08:00:00:00",
            "+026-03-02 08:00:00",
        ] {
            assert!(local_in_zone(text, chrono_tz::UTC, None).is_err(), "{text}");
        }
    }
}
