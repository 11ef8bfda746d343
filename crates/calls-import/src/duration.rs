//! Reads how long the parties spoke.

use calls_model::CallDuration;

use crate::record::expected;

/// Reads seconds: `215`, `3.123456` (cut to milliseconds).
pub(crate) fn seconds(text: &str) -> Result<CallDuration, String> {
    let text = text.trim();
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let kept = text.find('.').map_or(text.len(), |dot| text.len().min(dot + 4));
    let read = if plain { text[..kept].parse().ok() } else { None };
    read.ok_or_else(|| expected("a duration in seconds", text))
}

/// Reads a duration as people and programs write it: seconds, `m:ss`, `h:mm:ss`, ISO 8601 (`PT12M51S`), or
/// with units (`1 h 2 min 3 s`).
pub(crate) fn any(text: &str) -> Result<CallDuration, String> {
    let text = text.trim();
    let read = if text.contains(':') { colons(text) } else { units(text) };
    match read {
        Some(seconds) => seconds.checked_mul(1000).and_then(CallDuration::from_ms),
        None => seconds(text).ok(),
    }
    .ok_or_else(|| expected("a duration such as 75, 0:01:15 or PT1M15S", text))
}

fn colons(text: &str) -> Option<i64> {
    // Decimals of a second, which are cut.
    let text = match text.split_once('.') {
        Some((text, decimals)) if digits(decimals).is_some() => text,
        _ => text,
    };
    let parts: Vec<i64> = text.split(':').map(digits).collect::<Option<_>>()?;
    match parts[..] {
        [minutes, seconds] if seconds < 60 => minutes.checked_mul(60)?.checked_add(seconds),
        [hours, minutes, seconds] if minutes < 60 && seconds < 60 => {
            hours.checked_mul(3600)?.checked_add(minutes * 60 + seconds)
        }
        _ => None,
    }
}

fn units(text: &str) -> Option<i64> {
    let text = text.to_ascii_lowercase();
    let mut rest = text.strip_prefix('p').unwrap_or(&text).replace('t', "");
    rest.retain(|c| c != ' ' && c != '\u{a0}' && c != '.');
    let mut rest = Some(rest.as_str()).filter(|rest| !rest.is_empty())?;
    let mut total = 0_i64;
    while !rest.is_empty() {
        let unit_at = rest.find(|c: char| !c.is_ascii_digit())?;
        let unit_end =
            rest[unit_at..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |end| unit_at + end);
        let seconds = match &rest[unit_at..unit_end] {
            "d" => 86_400,
            "h" | "hr" | "hrs" | "hour" | "hours" | "std" => 3600,
            "m" | "min" | "mins" | "minute" | "minutes" => 60,
            "s" | "sec" | "secs" | "second" | "seconds" | "sek" => 1,
            _ => return None,
        };
        total = total.checked_add(digits(&rest[..unit_at])?.checked_mul(seconds)?)?;
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
        ] {
            assert_eq!(any(text).unwrap().ms(), s * 1000, "{text}");
        }
        assert_eq!(any("37.4").unwrap().ms(), 37_400);
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
