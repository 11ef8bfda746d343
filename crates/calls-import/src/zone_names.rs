//! Abbreviations of time zones after a time: `2026-03-02 08:00:00 EST`.

use chrono::{DateTime, FixedOffset, NaiveDateTime, Utc};
use chrono_tz::{OffsetName, Tz};

use crate::time::in_zone;

/// Unambiguous abbreviations, with their UTC offsets in minutes.
const KNOWN: [(&str, i32); 38] = [
    ("UTC", 0),
    ("GMT", 0),
    ("WET", 0),
    ("WEST", 60),
    ("CET", 60),
    ("MEZ", 60),
    ("CEST", 120),
    ("MESZ", 120),
    ("EET", 120),
    ("EEST", 180),
    ("MSK", 180),
    ("SAST", 120),
    ("CAT", 120),
    ("WAT", 60),
    ("EAT", 180),
    ("EST", -300),
    ("EDT", -240),
    ("CDT", -300),
    ("MST", -420),
    ("MDT", -360),
    ("PST", -480),
    ("PDT", -420),
    ("AKST", -540),
    ("AKDT", -480),
    ("HST", -600),
    ("NDT", -150),
    ("BRT", -180),
    ("JST", 540),
    ("KST", 540),
    ("HKT", 480),
    ("SGT", 480),
    ("AWST", 480),
    ("ACST", 570),
    ("ACDT", 630),
    ("AEST", 600),
    ("AEDT", 660),
    ("NZST", 720),
    ("NZDT", 780),
];

/// Abbreviations with different meanings in different countries: the given zone decides.
const AMBIGUOUS: [&str; 6] = ["CST", "BST", "IST", "AST", "ADT", "NST"];

/// Splits the abbreviation of a zone off a text.
pub(crate) fn split(text: &str) -> Option<(String, &'static str)> {
    if !text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    let names = || KNOWN.iter().map(|(name, _)| *name).chain(AMBIGUOUS);
    let bare = |word: &str| word.trim_matches(['(', ')', '[', ']']).to_owned();
    let words: Vec<&str> = text.split([' ', '\u{a0}', '\u{202f}']).collect();
    let name = words.iter().skip(1).find_map(|word| names().find(|name| *name == bare(word)))?;
    let rest: Vec<&str> = words.into_iter().filter(|word| bare(word) != name).collect();
    Some((rest.join(" "), name))
}

/// Difference from UTC of an abbreviation that means the same everywhere.
pub(crate) fn offset(name: &str) -> Option<FixedOffset> {
    let (_, minutes) = KNOWN.iter().find(|(known, _)| *known == name)?;
    FixedOffset::east_opt(minutes * 60)
}

/// Converts a local time with the abbreviation of a zone. `None` if that is ambiguous.
pub(crate) fn moment(local: NaiveDateTime, name: &str, zone: Tz) -> Option<DateTime<Utc>> {
    let here = in_zone(local, zone, None)?;
    if here.with_timezone(&zone).offset().abbreviation() == Some(name) {
        return Some(here);
    }
    Some(local.checked_sub_offset(offset(name)?)?.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, zone: Tz) -> Option<String> {
        let (rest, name) = split(text)?;
        let local = NaiveDateTime::parse_from_str(&rest, "%Y-%m-%d %H:%M:%S").unwrap();
        Some(moment(local, name, zone).map_or_else(|| "-".to_owned(), |time| time.to_rfc3339()))
    }

    #[test]
    fn an_abbreviation_tells_the_difference_from_utc() {
        for (text, zone, expected) in [
            ("2026-03-02 08:00:00 EST", Tz::UTC, "2026-03-02T13:00:00+00:00"),
            ("2026-07-02 08:00:00 (CEST)", Tz::UTC, "2026-07-02T06:00:00+00:00"),
            ("2026-03-02 08:00:00 CST", Tz::America__Chicago, "2026-03-02T14:00:00+00:00"),
            ("2026-03-02 08:00:00 CST", Tz::Asia__Shanghai, "2026-03-02T00:00:00+00:00"),
            ("2026-07-02 08:00:00 BST", Tz::Europe__London, "2026-07-02T07:00:00+00:00"),
            ("2026-03-02 08:00:00 PST", Tz::Asia__Manila, "2026-03-02T00:00:00+00:00"),
            // Ambiguous without a zone.
            ("2026-03-02 08:00:00 CST", Tz::UTC, "-"),
            ("2026-03-02 08:00:00 IST", Tz::Europe__Berlin, "-"),
        ] {
            assert_eq!(at(text, zone).as_deref(), Some(expected), "{text} {zone}");
        }
        assert_eq!(at("2026-03-02 08:00:00 PM", Tz::UTC), None);
        assert_eq!(at("2026-03-02 08:00:00", Tz::UTC), None);
    }
}
