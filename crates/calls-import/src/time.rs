//! Parses times.

use std::borrow::Cow;

use chrono::{
    DateTime, Datelike, Days, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone,
    Timelike, Utc, Weekday,
};
use chrono_tz::Tz;

use crate::calendar_words::{is_filler, month, weekday};
use crate::dates::DateOrder;
use crate::fold::with_ascii_digits;
use crate::record::expected;
use crate::zone_names;

/// Parses a local time as systems log it: `2026-03-02 08:00:00`, with a space or `T`, without seconds or with
/// decimals.
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

/// Parses a time of day: `08:00`, `8:00:00`, `08:00:00.534355`, `8:00 pm`, `8:00p`, `오후 8:00`.
pub(crate) fn clock(text: &str) -> Option<NaiveTime> {
    let text = &half_day_behind(text.trim());
    let lower = text.to_ascii_lowercase();
    let half = [("am", 0), ("a.m.", 0), ("a. m.", 0), ("pm", 12), ("p.m.", 12), ("p. m.", 12)]
        .into_iter()
        .chain([("a", 0), ("p", 12)])
        .find(|(name, _)| lower.ends_with(name));
    let Some((name, noon)) = half else {
        return clock_24(
            lower.strip_suffix("uhr").or_else(|| lower.strip_suffix('h')).unwrap_or(&lower).trim_end(),
        );
    };
    let time = clock_24(text[..text.len() - name.len()].trim_end_matches([' ', '\u{a0}', '\u{202f}']))?;
    let hour = time.hour();
    if (1..=12).contains(&hour) { time.with_hour(hour % 12 + noon) } else { None }
}

/// Moves the half of the day of an East Asian time to the end: `오후 3:04` is `3:04 PM`.
fn half_day_behind(text: &str) -> Cow<'_, str> {
    const HALVES: [(&str, &str); 8] = [
        ("오전", "AM"),
        ("오후", "PM"),
        ("上午", "AM"),
        ("下午", "PM"),
        ("午前", "AM"),
        ("午後", "PM"),
        ("AM ", "AM"),
        ("PM ", "PM"),
    ];
    let found = HALVES.iter().find_map(|(word, half)| Some((text.strip_prefix(word)?.trim(), half)));
    found.map_or(Cow::Borrowed(text), |(clock, half)| Cow::Owned(format!("{clock} {half}")))
}

fn clock_24(text: &str) -> Option<NaiveTime> {
    // The format of Denmark, Finland and Italy.
    if !text.contains(':') && text.matches('.').count() == 2 {
        return clock_24(&text.replace('.', ":"));
    }
    if let Some(text) = french(text) {
        return clock_24(&text);
    }
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

/// A time of day as in France with colons: `08h05`, `8 h 05 min 07 s`, `08h05mn`.
fn french(text: &str) -> Option<String> {
    let (hour, rest) = text.split_once('h')?;
    let parts = rest.trim().split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    let is_clock = rest.chars().all(|c| c.is_ascii_digit() || " mins".contains(c));
    let clock = std::iter::once(hour.trim()).chain(parts).collect::<Vec<_>>().join(":");
    (is_clock && clock.contains(':')).then_some(clock)
}

/// Converts a local time to UTC.
///
/// A time that occurs twice, when clocks are set back, is the first one, unless the channel of the call was
/// created after that (`channel_epoch`, in seconds): a call does not begin before its channel. A time that
/// does not occur, when clocks are set forward, is interpreted with the offset before the change (RFC 5545,
/// section 3.3.5): 02:30 becomes 03:30.
pub(crate) fn in_zone(local: NaiveDateTime, zone: Tz, channel_epoch: Option<i64>) -> Option<DateTime<Utc>> {
    /// Tolerance between the times of a call and of its channel, in seconds.
    const SLACK_S: i64 = 5;
    match zone.from_local_datetime(&local) {
        LocalResult::Single(time) => Some(time.to_utc()),
        LocalResult::Ambiguous(first, second) => {
            let after_first =
                |epoch: i64| epoch > first.timestamp() + SLACK_S && epoch <= second.timestamp() + SLACK_S;
            Some(if channel_epoch.is_some_and(after_first) { second } else { first }.to_utc())
        }
        LocalResult::None => {
            // No zone changes twice within a day, and no gap is longer than a day.
            let before = local.checked_sub_days(Days::new(1))?.checked_sub_signed(TimeDelta::hours(1))?;
            let offset = zone.offset_from_local_datetime(&before).latest()?.fix();
            Some(local.checked_sub_offset(offset)?.and_utc())
        }
    }
}

/// Parses a local time and converts it to UTC.
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

/// Formats of times with an offset: PostgreSQL, ISO 8601 (also without seconds) and JavaScript
/// (`Date.prototype.toString`). A space matches any number of spaces.
const WITH_OFFSET: [&str; 4] = [
    "%Y-%m-%d %H:%M:%S%.f %#z",
    "%Y-%m-%dT%H:%M:%S%.f %#z",
    "%Y-%m-%dT%H:%M %#z",
    "%a %b %d %Y %H:%M:%S GMT%z",
];

/// Parses a time in any common form: with an offset (RFC 3339, RFC 2822, `... UTC`), or else in the zone: ISO
/// 8601, with the day or month first (`12.03.2026 16:00`, `12/03/2026, 4:00 pm`), with the month as a word
/// (`Mar 12, 2026 at 4:00 PM`, `12 mars 2026 16:00`); as seconds, milliseconds or microseconds since 1970; or
/// as a spreadsheet's days since 1900.
///
/// An ambiguous date is read in the order `dates`. Without it such a date is refused, unless its weekday
/// decides.
pub(crate) fn any(text: &str, zone: Tz, dates: Option<DateOrder>) -> Result<DateTime<Utc>, String> {
    at(text, zone, dates, None)
}

/// Like [`any`], for a call whose channel was created at this second ([`in_zone`]).
pub(crate) fn at(
    text: &str,
    zone: Tz,
    dates: Option<DateOrder>,
    channel_epoch: Option<i64>,
) -> Result<DateTime<Utc>, String> {
    if let Some((moment, zone)) = without_zone_name(text.trim()) {
        return at(moment, zone, dates, channel_epoch);
    }
    let text = &with_ascii_digits(text.trim());
    let text = &with_signs(text);
    let with_offset = || {
        DateTime::parse_from_rfc3339(text)
            .or_else(|_| DateTime::parse_from_rfc2822(text))
            .ok()
            .or_else(|| WITH_OFFSET.iter().find_map(|format| DateTime::parse_from_str(text, format).ok()))
            .map(|time| time.to_utc())
    };
    // The format of Twilio's console.
    let clock_first =
        || NaiveDateTime::parse_from_str(text, "%H:%M:%S UTC %Y-%m-%d").ok().map(|time| time.and_utc());
    let in_utc = || {
        let without_zone = text.strip_suffix("UTC").or_else(|| text.strip_suffix("GMT")).and_then(local);
        let basic = || without_signs(text.strip_suffix('Z')?);
        without_zone.or_else(basic).map(|time| time.and_utc())
    };
    let in_local = |local: NaiveDateTime| in_zone(local, zone, channel_epoch);
    let found = match local(text) {
        Some(local) => in_local(local),
        None => {
            with_offset().or_else(in_utc).or_else(clock_first).or_else(|| match zone_names::split(text) {
                Some((text, name)) => {
                    zone_names::moment(local(&text).or_else(|| written(&text, dates))?, name, zone)
                }
                None => written(text, dates).and_then(in_local).or_else(|| counted(text, zone)),
            })
        }
    };
    found.and_then(plausible).ok_or_else(|| match Parts::find(text) {
        _ if found.is_none() && zone_names::split(text).is_some() => {
            expected("a time of a zone that --zone or its abbreviation tells", text)
        }
        Some(parts) if dates.is_none() && parts.is_ambiguous() => {
            expected("a date whose day and month can be told apart (name their order with --dates)", text)
        }
        _ => expected("a time such as 2026-03-02 08:00:00", text),
    })
}

/// Replaces the words in an East Asian date: `2026年3月2日 08:00`, `2026년 3월 2일`, `2026. 3. 2.`.
fn with_signs(text: &str) -> Cow<'_, str> {
    const WORDS: [[char; 3]; 2] = [['年', '月', '日'], ['년', '월', '일']];
    if let Some([year, month, day]) = WORDS.into_iter().find(|[year, ..]| text.contains(*year)) {
        let words: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let signs = words.replace([year, month], "/").replace("/ ", "/").replace(day, " ");
        return Cow::Owned(signs.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    let words: Vec<&str> = text.splitn(4, ' ').collect();
    let is_part = |word: &str| word.strip_suffix('.').is_some_and(|part| digits(part).is_some());
    match words[..] {
        [year, month, day, clock] if year.len() == 5 && [year, month, day].into_iter().all(is_part) => {
            Cow::Owned(format!("{year}{month}{} {clock}", day.trim_end_matches('.')))
        }
        _ => Cow::Borrowed(text),
    }
}

/// Splits the name of the zone off a time (RFC 9557): `2026-03-02T08:00:00Z[Europe/Berlin]`.
fn without_zone_name(text: &str) -> Option<(&str, Tz)> {
    let (moment, name) = text.strip_suffix(']')?.split_once('[')?;
    Some((moment, name.parse().ok()?))
}

/// Parses a local time whose date is three numbers, contains the month as a word, or has no separators.
fn written(text: &str, dates: Option<DateOrder>) -> Option<NaiveDateTime> {
    match Parts::find(text) {
        Some(parts) => parts.read(dates),
        None => named_month(text).or_else(|| without_signs(text)),
    }
}

/// A time whose date is three numbers: `12.03.2026 16:00`, `12/03/26, 16:00:00`, `2026/03/12 16:00`. A
/// weekday may precede it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts {
    numbers: [u32; 3],
    order: Order,
    clock: NaiveTime,
    weekday: Option<Weekday>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    YearFirst,
    /// The order of dates with dots.
    DayFirst,
    /// The day or the month.
    Either,
}

impl Parts {
    pub fn find(text: &str) -> Option<Self> {
        let start = text.find(|c: char| c.is_ascii_digit())?;
        let (word, text) = text.split_at(start);
        if word.contains(|c: char| !c.is_alphabetic() && !" ,.".contains(c)) {
            return None;
        }
        let end = text.find([' ', ',', 'T', '\u{a0}', '\u{202f}'])?;
        let (date, clock_text) = text.split_at(end);
        let sign = date.find(['.', '/', '-'])?;
        let mut parts = date.split(['.', '/', '-']);
        let mut part =
            |longest: usize| parts.next().filter(|part| (1..=longest).contains(&part.len())).and_then(digits);
        let numbers = if sign == 4 { [part(4)?, part(2)?, part(2)?] } else { [part(2)?, part(2)?, part(4)?] };
        let is_one_date = parts.next().is_none_or(str::is_empty);
        let order = match date.as_bytes()[sign] {
            _ if sign == 4 => Order::YearFirst,
            b'.' => Order::DayFirst,
            _ => Order::Either,
        };
        let clock_text = clock_text.trim_start_matches([',', ' ', 'T', '\u{a0}', '\u{202f}']);
        let clock = clock(
            zone_names::split(clock_text)
                .map_or(clock_text, |(rest, _)| &clock_text[..rest.trim_end().len()]),
        )?;
        is_one_date.then_some(Self { numbers, order, clock, weekday: weekday(word) })
    }

    /// Whether day and month could be exchanged, judging by this date alone.
    pub fn is_ambiguous(self) -> bool {
        self.order == Order::Either
            && self.local(DateOrder::DayFirst).is_some()
            && self.local(DateOrder::MonthFirst).is_some()
            && self.numbers[0] != self.numbers[1]
    }

    /// Whether the order of the file's dates matters: not for `2026/03/12` and `12.03.2026`.
    pub fn has_order(self) -> bool {
        self.order == Order::Either
    }

    /// The local time in an order. `None` if there is no such date, or its weekday differs.
    pub fn local(self, dates: DateOrder) -> Option<NaiveDateTime> {
        let [one, two, three] = self.numbers;
        let (day, month, year) = match (self.order, dates) {
            (Order::YearFirst, _) => (three, two, one),
            (Order::Either, DateOrder::MonthFirst) => (two, one, three),
            _ => (one, two, three),
        };
        let year = if year < 100 { 2000 + year } else { year };
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
        let fits =
            self.order != Order::Either || self.weekday.is_none_or(|weekday| weekday == date.weekday());
        fits.then(|| date.and_time(self.clock))
    }

    fn read(self, dates: Option<DateOrder>) -> Option<NaiveDateTime> {
        if let Some(dates) = dates {
            return self.local(dates);
        }
        let orders = [DateOrder::DayFirst, DateOrder::MonthFirst];
        (!self.is_ambiguous()).then(|| orders.into_iter().find_map(|order| self.local(order))).flatten()
    }
}

/// Reads a time whose month is a word: `12 Mar 2026 16:00`, `12-Mar-26 16:00`, `Thursday, March 12, 2026 at
/// 4:00:00 PM`, `12 de marzo de 2026 16:00`.
fn named_month(text: &str) -> Option<NaiveDateTime> {
    let words: Vec<&str> =
        text.split([' ', ',', '-', '/', '\u{202f}', '\u{a0}']).filter(|word| !is_filler(word)).collect();
    let is_weekday =
        |word: &&str| word.chars().all(|c| c.is_alphabetic() || c == '.') && month(word).is_none();
    let is_weekday_like_a_month = words.len() > 3 && words.get(1).is_some_and(|word| month(word).is_some());
    let skips = words
        .first()
        .is_some_and(|word| is_weekday(word) || (month(word).is_some() && is_weekday_like_a_month));
    let words = if skips { &words[1..] } else { &words[..] };
    let (one, two, year, clock_words) = match words {
        // The format of Unix: Mar 12 16:00:00 2026.
        [one, two, clock, year] if clock.contains(':') && year.len() == 4 => {
            (one, two, year, std::slice::from_ref(clock))
        }
        [one, two, year, clock_words @ ..] => (one, two, year, clock_words),
        _ => return None,
    };
    let day = |word: &str| digits(word.trim_end_matches(['.', 's', 't', 'n', 'd', 'r', 'h', 'e', 'º']));
    let (day, month) = match month(one) {
        Some(month) => (day(two)?, month),
        None => (day(one)?, month(two)?),
    };
    let year = match year.len() {
        2 => 2000 + digits(year)?,
        4 => digits(year)?,
        _ => return None,
    };
    Some(
        NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?
            .and_time(clock(&clock_words.join(" "))?),
    )
}

/// Parses `20260312160000`, optionally with a space, dash or `T` before the time of day, or colons in it.
fn without_signs(text: &str) -> Option<NaiveDateTime> {
    let is_date_whole = text.get(..8).is_some_and(|date| digits(date).is_some());
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | 'T' | '-' | ':')).collect();
    let is_whole = is_date_whole && digits.len() == 14 && digits.bytes().all(|b| b.is_ascii_digit());
    is_whole.then(|| NaiveDateTime::parse_from_str(&digits, "%Y%m%d%H%M%S").ok()).flatten()
}

/// A number since 1970, whose unit follows from its length, or a spreadsheet's days since 1900.
fn counted(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    if let Some((days, clock_text)) = text.split_once(' ') {
        // The date and the time of day in two cells.
        let decimals = clock_text.strip_prefix(['0', '1']).and_then(|rest| rest.strip_prefix(['.', ',']));
        return match decimals {
            Some(decimals) => counted(&format!("{days}.{decimals:0<3}"), zone),
            None => {
                let day = counted(days, Tz::UTC).filter(|_| days.len() == 5)?.date_naive();
                in_zone(day.and_time(clock(clock_text)?), zone, None)
            }
        };
    }
    let (whole, decimals) = text.split_once(['.', ',']).unwrap_or((text, ""));
    if !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    if whole.len() == 5 && (decimals.len() >= 3 || !text.contains(['.', ','])) {
        return of_spreadsheet(&format!("{whole}.{decimals}0"), zone);
    }
    // Ten digits of seconds cover the years 2001 to 2286.
    let (_, per_second) = [(10, 1), (13, 1000), (16, 1_000_000), (19, 1_000_000)]
        .into_iter()
        .find(|(length, _)| *length == whole.len())?;
    // Nanoseconds, truncated to microseconds.
    let time = since_1970(whole.get(..16).unwrap_or(whole), per_second).ok()?;
    let micros: i64 = format!("{decimals:0<6}").get(..6)?.parse().ok()?;
    time.checked_add_signed(TimeDelta::microseconds(micros / per_second))
}

/// A spreadsheet's local time, rounded to seconds: finer digits are rounding errors.
fn of_spreadsheet(days: &str, zone: Tz) -> Option<DateTime<Utc>> {
    const SECONDS_OF_A_DAY: f64 = 86_400.0;
    /// The years 1982 to 2064.
    const DAYS: std::ops::Range<f64> = 30_000.0..60_000.0;
    let days = days.parse::<f64>().ok().filter(|days| DAYS.contains(days))?;
    let seconds = (days * SECONDS_OF_A_DAY).round();
    let begin = NaiveDate::from_ymd_opt(1899, 12, 30)?.and_hms_opt(0, 0, 0)?;
    // Five digits of days fit into an i64.
    in_zone(begin.checked_add_signed(TimeDelta::try_seconds(seconds as i64)?)?, zone, None)
}

/// Converts seconds, milliseconds or microseconds since 1970.
pub(crate) fn since_1970(text: &str, per_second: i64) -> Result<DateTime<Utc>, String> {
    text.trim()
        .parse::<i64>()
        .ok()
        .and_then(|count| count.checked_mul(1_000_000 / per_second))
        .and_then(DateTime::from_timestamp_micros)
        .and_then(plausible)
        .ok_or_else(|| expected("a time as a count since 1970", text))
}

/// The time with microseconds, if it is in the years 1970 to 9999. Zero means no time in most systems. A leap
/// second becomes the next one, as in PostgreSQL.
pub(crate) fn plausible(time: DateTime<Utc>) -> Option<DateTime<Utc>> {
    const YEAR_10000: i64 = 253_402_300_800;
    DateTime::from_timestamp_micros(time.timestamp_micros())
        .filter(|time| (1..YEAR_10000).contains(&time.timestamp()))
}

fn digits(text: &str) -> Option<u32> {
    Some(text).filter(|text| text.bytes().all(|b| b.is_ascii_digit())).and_then(|text| text.parse().ok())
}

#[cfg(test)]
mod tests;
