//! Time zones that a table names: in a column of their own, or behind the name of the column with the start.

use chrono::{DateTime, FixedOffset, Utc};
use chrono_tz::Tz;

use crate::dates::DateOrder;
use crate::fold::fold;
use crate::record::expected;
use crate::{time, zone_names};

/// A zone, or a difference from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Zone {
    Named(Tz),
    Offset(FixedOffset),
}

impl Zone {
    /// Reads `Europe/Berlin`, `PT`, `Eastern Time (US & Canada)`, `CEST`, `UTC+01:00`, `-0500`, `+5`.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let named = || text.parse::<Tz>().ok().or_else(|| by_word(&fold(text)));
        let of_clock = || zone_names::offset(&text.to_ascii_uppercase()).map(Self::Offset);
        offset(text).map(Self::Offset).or_else(|| named().map(Self::Named)).or_else(of_clock)
    }

    /// As [`time::any`], of a time in this zone where it does not say another one.
    pub fn moment(self, text: &str, dates: Option<DateOrder>) -> Result<DateTime<Utc>, String> {
        let offset = match self {
            Self::Named(zone) => return time::any(text, zone, dates),
            Self::Offset(offset) => offset,
        };
        let in_utc = time::any(text, Tz::UTC, dates)?;
        // A time with a zone of its own is the same everywhere.
        if time::any(text, Tz::Asia__Tokyo, dates) == Ok(in_utc) {
            return Ok(in_utc);
        }
        let local = in_utc.naive_utc();
        let moment =
            local.checked_sub_offset(offset).map(|moment| moment.and_utc()).and_then(time::plausible);
        moment.ok_or_else(|| expected("a time such as 2026-03-02 08:00:00", text))
    }
}

/// Zones as people call them whose clocks change, and as Windows does.
fn by_word(word: &str) -> Option<Tz> {
    Some(match word {
        "et"
        | "eastern"
        | "easterntime"
        | "easterntimeuscanada"
        | "easternstandardtime"
        | "usaeastern"
        | "useastern" => Tz::America__New_York,
        "ct" | "central" | "centraltime" | "centraltimeuscanada" | "centralstandardtime" | "uscentral" => {
            Tz::America__Chicago
        }
        "mt"
        | "mountain"
        | "mountaintime"
        | "mountaintimeuscanada"
        | "mountainstandardtime"
        | "usmountain" => Tz::America__Denver,
        "pt" | "pacific" | "pacifictime" | "pacifictimeuscanada" | "pacificstandardtime" | "uspacific" => {
            Tz::America__Los_Angeles
        }
        "gmtstandardtime" | "london" | "uk" => Tz::Europe__London,
        "weuropestandardtime" | "berlin" => Tz::Europe__Berlin,
        "romancestandardtime" | "paris" => Tz::Europe__Paris,
        "aueasternstandardtime" | "sydney" => Tz::Australia__Sydney,
        "z" | "zulu" | "utc" | "gmt" | "coordinateduniversaltime" => Tz::UTC,
        _ => return None,
    })
}

/// Reads `+01:00`, `UTC-5`, `GMT+0530`, `(UTC+01:00) Berlin`.
fn offset(text: &str) -> Option<FixedOffset> {
    let text = text.trim_start_matches('(');
    let upper = text.to_ascii_uppercase();
    let text = ["UTC", "GMT"].iter().find_map(|name| upper.strip_prefix(name)).unwrap_or(&upper).trim_start();
    let (sign, rest) = match text.chars().next()? {
        '+' => (1, &text[1..]),
        '-' => (-1, &text[1..]),
        '\u{2212}' => (-1, &text['\u{2212}'.len_utf8()..]),
        _ => return None,
    };
    let clock = rest.split([')', ' ']).next()?;
    let (hours, minutes) = match clock.split_once(':') {
        Some(parts) => parts,
        None if clock.len() == 4 => clock.split_at_checked(2)?,
        None => (clock, "0"),
    };
    let number = |text: &str, most: i32| {
        let is_short = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i32>().ok().filter(|number| is_short && *number <= most)
    };
    FixedOffset::east_opt(sign * (number(hours, 14)? * 3600 + number(minutes, 59)? * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_has_many_names() {
        let east = |minutes: i32| FixedOffset::east_opt(minutes * 60).map(Zone::Offset);
        for (text, expected) in [
            ("Europe/Berlin", Some(Zone::Named(Tz::Europe__Berlin))),
            ("PT", Some(Zone::Named(Tz::America__Los_Angeles))),
            ("Eastern Time (US & Canada)", Some(Zone::Named(Tz::America__New_York))),
            ("UTC", Some(Zone::Named(Tz::UTC))),
            ("CEST", east(120)),
            ("+01:00", east(60)),
            ("UTC-5", east(-300)),
            ("(GMT+0530) Example", east(330)),
            ("-0500", east(-300)),
            ("1", None),
            ("National", None),
            ("+99:00", None),
            ("-é", None),
            ("", None),
        ] {
            assert_eq!(Zone::read(text), expected, "{text}");
        }
    }

    #[test]
    fn a_time_with_a_zone_of_its_own_keeps_it() {
        let zone = Zone::read("-05:00").unwrap();
        let at = |text| zone.moment(text, None).unwrap().to_rfc3339();
        assert_eq!(at("2026-03-02 08:00:00"), "2026-03-02T13:00:00+00:00");
        assert_eq!(at("2026-03-02T08:00:00Z"), "2026-03-02T08:00:00+00:00");
        assert_eq!(at("1772438400"), "2026-03-02T08:00:00+00:00");
    }
}
