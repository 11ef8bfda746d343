//! Interprets a typed part of a number.

use calls_model::{E164, Party};
use rlibphonenumber::PHONE_NUMBER_UTIL;

use super::{Region, parse, read};

/// Digits to find in the E.164 digits of a number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Digits {
    /// At the beginning.
    Beginning(String),
    /// Anywhere.
    Anywhere(String),
}

/// The digits to search for when `text` is a part of a number, in any spelling; a number matches one of them.
/// Empty if the text is not part of a number.
///
/// A country code follows `+` or `00`. The trunk prefix of national numbers (0 in most countries) is removed:
/// `0170` is `+49170...` in the country of `region`, and in that of `owner`, whose calls are searched.
pub fn searched_digits(text: &str, region: Option<Region>, owner: Option<E164>) -> Vec<Digits> {
    let text = text.trim();
    let is_number = text.chars().all(|c| c.is_ascii_digit() || "+()-./ \u{a0}".contains(c));
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if !is_number || digits.is_empty() {
        return Vec::new();
    }
    if text.starts_with('+') {
        return vec![Digits::Beginning(digits)];
    }
    let mut found = vec![Digits::Anywhere(digits.clone())];
    let whole = [region, owner.and_then(region_of)].map(|region| parse(text, region));
    found.extend(whole.into_iter().filter_map(|party| match party {
        Ok(Party::E164(number)) => Some(Digits::Beginning(number.digits().to_string())),
        _ => None,
    }));
    let national = [region, owner.and_then(region_of)].map(|region| from_national(&digits, region?));
    found.extend(national.into_iter().flatten().map(Digits::Beginning));
    let significant = digits.trim_start_matches('0');
    if digits.starts_with("00") && !significant.is_empty() {
        found.push(Digits::Beginning(significant.to_owned()));
    } else if digits.starts_with('0') && region.is_none() && owner.is_none() && !significant.is_empty() {
        // The country is unknown.
        found.push(Digits::Anywhere(significant.to_owned()));
    }
    found.sort();
    found.dedup();
    found
}

fn region_of(number: E164) -> Option<Region> {
    let parsed = read(&number.to_string(), None).ok()?;
    super::country(&parsed)?.parse().ok()
}

/// Converts the beginning of a number as dialled in its country to the beginning of its E.164 digits.
fn from_national(digits: &str, region: Region) -> Option<String> {
    let code = PHONE_NUMBER_UTIL.get_country_code_for_region(region.0)?;
    let national = digits.strip_prefix(trunk_prefix(&region.to_string(), code)?)?;
    (!national.is_empty()).then(|| format!("{code}{national}"))
}

/// Trunk prefix before national numbers (ITU-T E.164, list of dialling procedures). In countries without one,
/// no number begins with 0, except in Italy.
fn trunk_prefix(region: &str, code: i32) -> Option<&'static str> {
    match region {
        _ if code == 1 => Some("1"),
        "RU" | "KZ" | "TM" => Some("8"),
        "BY" => Some("80"),
        "HU" => Some("06"),
        "IT" | "SM" | "VA" => None,
        _ => Some("0"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a search matches a number.
    fn finds(text: &str, region: Option<&str>, owner: Option<&str>, number: &str) -> bool {
        let owner = owner.map(|owner| owner.parse().unwrap());
        let region = region.map(|region| region.parse().unwrap());
        searched_digits(text, region, owner).iter().any(|digits| match digits {
            Digits::Beginning(digits) => number.starts_with(digits.as_str()),
            Digits::Anywhere(digits) => number.contains(digits.as_str()),
        })
    }

    #[test]
    fn any_part_of_a_number_in_any_spelling_finds_it() {
        for text in [
            "0170 1234509",
            "0170",
            "0170 12",
            "1234509",
            "09",
            "+49 170",
            "0049 170",
            "49170",
            "(0170) 123",
            "+491701234509",
        ] {
            assert!(finds(text, Some("DE"), None, "491701234509"), "{text}");
            assert!(finds(text, None, Some("+4930123456"), "491701234509"), "{text}");
            assert!(finds(text, None, None, "491701234509"), "{text}");
        }
        assert!(finds("(202) 555-01", Some("US"), None, "12025550123"));
        assert!(finds("1-202", Some("US"), None, "12025550123"));
        assert!(finds("8 900", Some("RU"), None, "79000000001"));
        assert!(finds("06 1", Some("HU"), None, "3610000001"));
        assert!(finds("06 0000", Some("IT"), None, "390600000001"));
    }

    #[test]
    fn what_a_number_does_not_have_does_not_find_it() {
        for text in ["0171", "+170", "00170", "4917012345090", "1234508"] {
            assert!(!finds(text, Some("DE"), None, "491701234509"), "{text}");
        }
        // 0170 is the beginning of a national number if its country is known.
        assert!(!finds("0170", Some("DE"), None, "493081701234"));
        for text in ["", "  ", "+", "Oma", "sip:1001", "1001a", "٤٩"] {
            assert_eq!(searched_digits(text, None, None), [], "{text}");
        }
    }
}
