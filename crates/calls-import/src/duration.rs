//! Parses durations.

use calls_model::CallDuration;
use chrono::Timelike;

use crate::fold::{fold, with_ascii_digits};
use crate::record::expected;
use crate::time;

/// Parses seconds: `215`, `3.123456` (truncated to milliseconds).
pub(crate) fn seconds(text: &str) -> Result<CallDuration, String> {
    let text = text.trim();
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let kept = text.find('.').map_or(text.len(), |dot| text.len().min(dot + 4));
    let read = if plain { text[..kept].parse().ok() } else { None };
    read.ok_or_else(|| expected("a duration in seconds", text))
}

/// Unit of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Unit {
    Milliseconds,
    #[default]
    Seconds,
    Minutes,
    Hours,
    /// Two numbers with a colon between them are hours and minutes.
    HoursAndMinutes,
}

/// Parses a duration in any common form: seconds, `m:ss`, `h:mm:ss`, ISO 8601 (`PT12M51S`), with units (`1 h
/// 2 min 3 s`, `1 minute 5 seconds`), with a decimal comma (`37,4`), or as a spreadsheet's fraction of a day.
pub(crate) fn any(text: &str) -> Result<CallDuration, String> {
    in_unit(text, Unit::Seconds)
}

/// Like [`any`], for a column with this unit.
pub(crate) fn in_unit(text: &str, unit: Unit) -> Result<CallDuration, String> {
    let text = &with_ascii_digits(text.trim());
    // As in Finland: "0.01.05".
    let parts: Vec<&str> = text.split('.').collect();
    let is_clock = parts.len() == 3 && parts[1..].iter().all(|part| part.len() == 2);
    let with_colons = is_clock.then(|| text.replace('.', ":"));
    let text = with_colons.as_deref().unwrap_or(text);
    let (clock, named) = clock_of_unit(text);
    let read = if text.contains(':') {
        colons(clock, named.unwrap_or(unit))
    } else {
        number(text, unit).or_else(|| units(&text.to_lowercase()))
    };
    let read = read.or_else(|| with_days(text));
    read.and_then(CallDuration::from_ms)
        .ok_or_else(|| expected("a duration such as 75, 0:01:15 or PT1M15S", text))
}

/// Like [`in_unit`]. `None` for placeholders: empty, `-`, `N/A`, and -1, which some systems write for
/// unanswered calls.
pub(crate) fn optional(text: &str, unit: Unit) -> Result<Option<CallDuration>, String> {
    match fold(text).as_str() {
        "" | "na" | "null" | "none" | "nil" => Ok(None),
        "1" if text.trim().starts_with('-') => Ok(None),
        _ => in_unit(text, unit).map(Some),
    }
}

/// More than a day, as Python formats it: `1 day, 0:01:05`.
fn with_days(text: &str) -> Option<i64> {
    let (days, clock) = text.split_once(" day, ").or_else(|| text.split_once(" days, "))?;
    digits(days)?.checked_mul(24 * 3_600_000)?.checked_add(colons(clock, Unit::Seconds)?)
}

/// Splits off the unit of the first number in a duration such as `1:05 min` or `1:05 h`.
fn clock_of_unit(text: &str) -> (&str, Option<Unit>) {
    let named = [
        ("min", Unit::Minutes),
        ("min.", Unit::Minutes),
        ("h", Unit::HoursAndMinutes),
        ("hrs", Unit::HoursAndMinutes),
    ];
    let found = named.into_iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?.trim_end(), unit)));
    found.map_or((text, None), |(clock, unit)| (clock, Some(unit)))
}

fn colons(text: &str, unit: Unit) -> Option<i64> {
    if text.ends_with(['m', 'M']) {
        // A spreadsheet has converted it to a time of day.
        return time::clock(text).map(|time| i64::from(time.num_seconds_from_midnight()) * 1000);
    }
    // Decimals of a second are truncated.
    let text = match text.split_once(['.', ',']) {
        Some((text, decimals)) if digits(decimals).is_some() => text,
        _ => text,
    };
    let parts: Vec<i64> = text.split(':').map(|part| digits(part.trim())).collect::<Option<_>>()?;
    let seconds = match parts[..] {
        [hours, minutes] if unit == Unit::HoursAndMinutes && minutes < 60 => {
            hours.checked_mul(3600)?.checked_add(minutes * 60)
        }
        [minutes, seconds] if seconds < 60 => minutes.checked_mul(60)?.checked_add(seconds),
        [hours, minutes, seconds] if minutes < 60 && seconds < 60 => {
            hours.checked_mul(3600)?.checked_add(minutes * 60 + seconds)
        }
        _ => None,
    };
    seconds?.checked_mul(1000)
}

/// Milliseconds of a number in its unit, with a decimal point or comma. A comma before three digits is
/// ambiguous, so it is refused.
fn number(text: &str, unit: Unit) -> Option<i64> {
    let (whole, decimals) = match text.split_once([',', '.']) {
        Some((_, decimals)) if text.contains(',') && decimals.len() == 3 => return None,
        Some(parts) => parts,
        None => (text, ""),
    };
    let (decimals, exponent) = match decimals.split_once(['e', 'E']) {
        Some((decimals, exponent)) => (decimals, exponent.strip_prefix('-')?.parse::<u32>().ok()?),
        None => (decimals, 0),
    };
    if unit == Unit::Seconds
        && let Some(ms) = part_of_a_day(whole, decimals, exponent)
    {
        return Some(ms);
    }
    if exponent > 0 || (text.ends_with(['.', ',']) && unit == Unit::Seconds) {
        return None;
    }
    let ms_of_one = match unit {
        Unit::Milliseconds => 1,
        Unit::Seconds => 1000,
        Unit::Minutes | Unit::HoursAndMinutes => 60_000,
        Unit::Hours => 3_600_000,
    };
    scaled(whole, decimals, ms_of_one)
}

/// A decimal number multiplied by `times`, truncated.
fn scaled(whole: &str, decimals: &str, times: i64) -> Option<i64> {
    const KEPT: usize = 9;
    const BILLION: i64 = 1_000_000_000;
    digits(if decimals.is_empty() { "0" } else { decimals.get(..decimals.len().min(KEPT))? })?;
    let is_decimal = decimals.bytes().all(|b| b.is_ascii_digit());
    let fraction = digits(format!("{decimals:0<KEPT$}").get(..KEPT)?)?;
    let rest = fraction.checked_mul(times)? / BILLION;
    is_decimal.then(|| digits(whole)?.checked_mul(times)?.checked_add(rest)).flatten()
}

/// Milliseconds of a spreadsheet's fraction of a day, if it is a whole number of seconds.
fn part_of_a_day(whole: &str, decimals: &str, exponent: u32) -> Option<i64> {
    const SHORTEST: usize = 8;
    const DAY: f64 = 86_400.0;
    const NEAR: f64 = 0.02;
    let is_fraction = decimals.len() + exponent as usize >= SHORTEST && decimals.len() > 3;
    if !is_fraction || (exponent == 0 && whole != "0") || exponent > 5 {
        return None;
    }
    let seconds = format!("{whole}.{decimals}e-{exponent}").parse::<f64>().ok()? * DAY;
    let is_whole = (seconds - seconds.round()).abs() < NEAR && (1.0..DAY).contains(&seconds);
    // At most a day.
    is_whole.then(|| seconds.round() as i64 * 1000)
}

fn units(text: &str) -> Option<i64> {
    let mut rest = text.strip_prefix('p').unwrap_or(text).to_owned();
    for and in [" and ", " und ", " et ", " y ", " e ", " en ", " i ", " и "] {
        rest = rest.replace(and, " ");
    }
    if text.starts_with('p') {
        rest = rest.replace('t', "");
    }
    rest.retain(|c| !c.is_whitespace());
    let mut rest = Some(rest.as_str()).filter(|rest| !rest.is_empty())?;
    let (mut total, mut last) = (0_i64, 0);
    while !rest.is_empty() {
        rest = rest.trim_start_matches(['.', ',']);
        if matches!(last, 3_600_000 | 60_000) && (1..=2).contains(&rest.len()) && digits(rest).is_some() {
            // The unit after hours and minutes goes without saying: "1h05".
            return total.checked_add(digits(rest)?.checked_mul(last / 60)?);
        }
        let is_of_number = |c: char| c.is_ascii_digit() || c == '.' || c == ',';
        let unit_at = rest.find(|c: char| !is_of_number(c))?;
        let unit_end =
            rest[unit_at..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |end| unit_at + end);
        let ms = match rest[unit_at..unit_end].trim_end_matches(['.', ',']) {
            "d" | "day" | "days" | "tag" | "tage" => 86_400_000,
            "h" | "hr" | "hrs" | "hour" | "hours" | "std" | "stunde" | "stunden" | "heure" | "heures"
            | "hora" | "horas" | "ora" | "ore" | "uur" | "godz" | "ч" | "час" | "часа" | "часов" | "时"
            | "小时" | "時間" | "시간" => 3_600_000,
            "m" | "mn" | "min" | "mins" | "minute" | "minutes" | "minuten" | "minuto" | "minutos"
            | "minuti" | "minuut" | "minuta" | "minuty" | "minut" | "мин" | "минута" | "минуты" | "минут"
            | "分" | "分钟" | "分鐘" | "분" | "'" | "′" => 60_000,
            "s" | "sec" | "secs" | "second" | "seconds" | "sek" | "seg" | "sekunde" | "sekunden"
            | "seconde" | "secondes" | "segundo" | "segundos" | "secondo" | "secondi" | "seconden"
            | "sekund" | "sekundy" | "sekunda" | "с" | "сек" | "секунд" | "секунда" | "секунды" | "秒"
            | "초" | "\"" | "″" | "''" => 1000,
            "ms" | "msec" => 1,
            _ => return None,
        };
        let (whole, decimals) = rest[..unit_at].split_once(['.', ',']).unwrap_or((&rest[..unit_at], ""));
        total = total.checked_add(scaled(whole, decimals, ms)?)?;
        last = ms;
        rest = &rest[unit_end..];
    }
    Some(total)
}

fn digits(text: &str) -> Option<i64> {
    Some(text).filter(|text| text.bytes().all(|b| b.is_ascii_digit())).and_then(|text| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_read_in_many_spellings() {
        for (text, s) in [
            ("75", 75),
            ("1:15", 75),
            ("00:01:15", 75),
            ("00:01:15.250", 75),
            ("1:00:00", 3600),
            ("PT12M51S", 771),
            ("PT0S", 0),
            ("PT1H", 3600),
            ("1 h 2 min 3 s", 3723),
            ("10 min", 600),
            ("15 Sek.", 15),
            ("1 minute 5 seconds", 65),
            ("1 minute and 5 seconds", 65),
            ("1 min, 5 sec", 65),
            ("1.5 min", 90),
            ("1 Stunde 2 Minuten", 3720),
            ("1'05\"", 65),
            ("1h05", 3900),
            ("1 min 05", 65),
            ("00h01mn05s", 65),
            ("0.01.05", 65),
            ("٦٥", 65),
            ("75,0", 75),
            ("12:01:02 AM", 62),
            ("0.000706018518518519", 61),
            ("7.06018518518519E-04", 61),
            ("0,000706018518518519", 61),
        ] {
            assert_eq!(any(text).unwrap().ms(), s * 1000, "{text}");
        }
        assert_eq!(any("37.4").unwrap().ms(), 37_400);
        assert_eq!(any("37,4").unwrap().ms(), 37_400);
        assert_eq!(any("136.298900").unwrap().ms(), 136_298);
        assert_eq!(any("0.534355").unwrap().ms(), 534);
        for (text, unit, s) in [
            ("1.5", Unit::Minutes, 90),
            ("61000", Unit::Milliseconds, 61),
            ("2", Unit::Hours, 7200),
            ("1:02", Unit::HoursAndMinutes, 3720),
            ("1:02", Unit::Minutes, 62),
            ("61 s", Unit::Minutes, 61),
        ] {
            assert_eq!(in_unit(text, unit).unwrap().ms(), s * 1000, "{text}");
        }
        for text in ["", "-", "N/A", "-1", "null", "--"] {
            assert_eq!(optional(text, Unit::Seconds), Ok(None), "{text}");
        }
        for text in [
            "",
            ":",
            "1:60",
            "1:15.",
            "1:15.x",
            "1:2:3:4",
            "P",
            "PT",
            "PT5",
            "5x",
            "-5",
            "9999999999:00",
            "99999999999d",
            "1,234",
            "1.2.3",
            "1e3",
            "136298900000.000000",
        ] {
            assert!(any(text).is_err(), "{text}");
        }
    }

    #[test]
    fn seconds_are_cut_to_milliseconds() {
        assert_eq!(seconds("215").unwrap().ms(), 215_000);
        assert_eq!(seconds(" 3.123956 ").unwrap().ms(), 3_123);
        assert_eq!(seconds("0").unwrap().ms(), 0);
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in ["", "-1", "1e3", "99999999999", "1.é", "1.aéé", "00:01", "1."] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
