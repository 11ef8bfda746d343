//! Knowledge of phone numbers: any spelling in, an E.164 number or another party out.
//!
//! The rules are libphonenumber's, from the crate `rlibphonenumber`. No other crate uses it, so that it can
//! be replaced.

mod recent;
mod search;

use calls_model::{E164, NumberInfo, NumberKind, Party};
use rlibphonenumber::{
    NumberLengthType, PHONE_NUMBER_UTIL, ParseError, PhoneNumber, PhoneNumberFormat, PhoneNumberType,
    ValidationError,
};

pub use search::{Digits, searched_digits};

/// Region of numbers without a country code: ISO 3166-1 alpha-2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region(rlibphonenumber::Region);

impl std::str::FromStr for Region {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let region = text.trim().to_ascii_uppercase().parse().ok();
        region
            .filter(|region| PHONE_NUMBER_UTIL.get_country_code_for_region(*region).is_some())
            .map(Self)
            .ok_or_else(|| format!("expected a country as two letters, such as US or DE, but found {text:?}"))
    }
}

impl std::fmt::Display for Region {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A text that is not a party. Keeps only as much of the text as the error message shows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, but found {found:?}: {reason}")]
pub struct NotANumber {
    /// The expected value, as a noun phrase.
    pub expected: &'static str,
    /// The text, cut after 64 characters.
    pub found: String,
    /// The reason for the refusal.
    pub reason: &'static str,
}

const EXPECTED: &str = "a phone number with its country code such as +1 202-555-0123, an extension or short code of \
                        up to 6 digits, or a SIP address such as sip:alice@example.com";
/// Maximum length of a text, longer than any number or SIP address.
const MAX_TEXT: usize = 300;

const NOT_DIALLABLE: &str = "it is no number";
const NEEDS_COUNTRY_CODE: &str = "it has neither a + nor 00 before a country code, and no region is set that would tell which country's it is";
const NO_SUCH_COUNTRY_CODE: &str = "it has a country code that no country has";
const MAY_BE_LOCAL: &str = "it may lack its area code";
const TOO_SHORT: &str = "it is too short";
const TOO_LONG: &str = "it is too long";

/// Parses a party in any spelling: `+1 (202) 555-0123`, `0012025550123`, `tel:+1-202-555-0123`, `(202)
/// 555-0123` with the region US, `1001`, `*97`, `sip:alice@example.com`.
///
/// A number must be possible (by its length), but need not be assigned: call records contain spoofed and
/// newer numbers. Digits without `+`, `00` or a region are a number with country code only if that number is
/// assigned, because otherwise a national number could become somebody else's.
pub fn parse(text: &str, region: Option<Region>) -> Result<Party, NotANumber> {
    if let Some(number) = recent::find(text, region) {
        return Ok(Party::E164(number));
    }
    let party = parse_anew(text, region)?;
    if let Party::E164(number) = party {
        recent::keep(text, region, number);
    }
    Ok(party)
}

fn parse_anew(text: &str, region: Option<Region>) -> Result<Party, NotANumber> {
    let refuse = |reason| NotANumber { expected: EXPECTED, found: text.chars().take(64).collect(), reason };
    let trimmed = text.trim();
    if trimmed.len() > MAX_TEXT {
        return Err(refuse(TOO_LONG));
    }
    if let Some(sip) = Party::sip(trimmed) {
        return Ok(sip);
    }
    let number = trimmed.strip_prefix("tel:").unwrap_or(trimmed).trim_start();
    // A scheme inside a number is invalid, and makes rlibphonenumber panic after a context.
    if !number.starts_with(|c: char| c.is_numeric() || "+＋(（[*#".contains(c)) || number.contains("tel:") {
        return Err(refuse(NOT_DIALLABLE));
    }
    if number.contains(['*', '#']) {
        return Party::local(number).ok_or_else(|| refuse(NOT_DIALLABLE));
    }
    if number.starts_with(['+', '＋']) || number.contains(";phone-context=+") {
        return international(number).map(Party::E164).map_err(refuse);
    }
    if let Some(keys) = keys(number) {
        // Numbers with letters are advertised, so only an assigned one is accepted.
        return assigned(&keys, region).map(Party::E164).ok_or_else(|| refuse(NOT_DIALLABLE));
    }
    let digits = PHONE_NUMBER_UTIL.normalize_digits_only(number);
    let others = || number.chars().filter(|c| !c.is_numeric());
    let is_plain = others().all(is_separator);
    if digits.len() <= Party::MAX_LOCAL_LEN {
        let national = region.filter(|_| is_plain).and_then(|region| short_national(&digits, region));
        // Extensions have no separators: 0.5 is something else.
        let local = || Party::local(&digits).filter(|_| others().next().is_none());
        return national.map(Party::E164).or_else(local).ok_or_else(|| refuse(NOT_DIALLABLE));
    }
    without_plus(number, Some(digits).filter(|_| is_plain), region).map(Party::E164).map_err(refuse)
}

/// Removes the prefix for an outside line from a number dialled by a telephone in a PBX: `912025550124` and
/// `92025550124` in North America, where it is 9. With it they would be numbers in India and Pakistan.
pub fn without_outside_line(dialled: &str, region: Option<Region>) -> &str {
    let is_american = region
        .and_then(|region| PHONE_NUMBER_UTIL.get_country_code_for_region(region.0))
        .is_some_and(|code| code == 1);
    let Some(number) = dialled.strip_prefix('9').filter(|_| is_american) else { return dialled };
    let is_national = |text: &str| text.len() == 10 && !text.starts_with(['0', '1']);
    let is_long = number.strip_prefix('1').is_some_and(is_national);
    let is_abroad = number.strip_prefix("011").is_some_and(|rest| rest.len() >= 7);
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    if is_number && (is_national(number) || is_long || is_abroad) { number } else { dialled }
}

/// Spellings and country of a party, derived from its number.
pub fn describe(party: &Party) -> NumberInfo {
    let plain = |kind| NumberInfo {
        e164: None,
        international: party.to_string(),
        national: party.to_string(),
        country: None,
        kind,
        name: None,
        label: None,
        occurs_in: Vec::new(),
    };
    match party {
        Party::E164(number) => match read(&number.to_string(), None) {
            Ok(parsed) => NumberInfo {
                e164: Some(*number),
                international: parsed.format_as(PhoneNumberFormat::International).into_owned(),
                national: parsed.format_as(PhoneNumberFormat::National).into_owned(),
                country: country(&parsed),
                kind: kind(&parsed),
                name: None,
                label: None,
                occurs_in: Vec::new(),
            },
            Err(_) => NumberInfo { e164: Some(*number), ..plain(NumberKind::Unassigned) },
        },
        Party::Sip(_) => plain(NumberKind::Sip),
        Party::Local(_) | Party::Withheld | Party::Unknown | Party::Text(_) => plain(NumberKind::Local),
    }
}

/// Parses a number that begins with `+`.
fn international(number: &str) -> Result<E164, &'static str> {
    let parsed = read(number, None)?;
    if possible(&parsed).is_err()
        && let Some(today) = mexican(&PHONE_NUMBER_UTIL.normalize_digits_only(number))
    {
        return e164(&today);
    }
    possible(&parsed)?;
    e164(&parsed)
}

/// A Mexican number as dialled since 2019, from an older form: 52 and then 1 for mobile phones, or 01, 044 or
/// 045 in the country. `digits` begin with the country code. `None` for other numbers.
fn mexican(digits: &str) -> Option<PhoneNumber> {
    const LENGTH: usize = 10;
    let national = digits.strip_prefix("52")?;
    let today = ["1", "01", "044", "045"].into_iter().find_map(|before| {
        national.strip_prefix(before).filter(|today| today.len() == LENGTH && !today.starts_with('0'))
    })?;
    read(&format!("+52{today}"), None).ok()
}

/// The digits of a number that ends in letters, such as `1-800-FLOWERS`. `None` for other texts.
fn keys(number: &str) -> Option<String> {
    const FEWEST: usize = 3;
    let letters = number.chars().filter(char::is_ascii_alphabetic).count();
    let digits = number.chars().filter(char::is_ascii_digit).count();
    let is_spelled = letters >= FEWEST
        && digits >= FEWEST
        && number.chars().all(|c| c.is_ascii_alphanumeric() || is_separator(c));
    let key = |c: char| match c.to_ascii_uppercase() {
        'A'..='C' => Some('2'),
        'D'..='F' => Some('3'),
        'G'..='I' => Some('4'),
        'J'..='L' => Some('5'),
        'M'..='O' => Some('6'),
        'P'..='S' => Some('7'),
        'T'..='V' => Some('8'),
        'W'..='Z' => Some('9'),
        c => c.is_ascii_digit().then_some(c),
    };
    is_spelled.then(|| number.chars().filter_map(key).collect())
}

/// The assigned number with these digits: national in the region, or with a country code whose `+` is
/// missing.
fn assigned(digits: &str, region: Option<Region>) -> Option<E164> {
    let national = region.and_then(|region| read(digits, Some(region)).ok());
    let lost_plus = || read(&format!("+{digits}"), None).ok();
    let valid =
        national.filter(PhoneNumber::is_valid).or_else(|| lost_plus().filter(PhoneNumber::is_valid))?;
    e164(&valid).ok()
}

/// A national number as short as an extension, in countries that have them. It must be dialled like this in
/// its country, without a prefix.
fn short_national(digits: &str, region: Region) -> Option<E164> {
    let parsed = read(digits, Some(region)).ok().filter(|parsed| is_dialled_as(parsed, digits))?;
    e164(&parsed).ok()
}

/// Whether it is an assigned number that is dialled with these digits in its country.
fn is_dialled_as(parsed: &PhoneNumber, digits: &str) -> bool {
    let national = || parsed.format_as(PhoneNumberFormat::National);
    parsed.is_valid() && PHONE_NUMBER_UTIL.normalize_digits_only(national()) == digits
}

/// Whether a character can separate groups of digits, in the scripts that libphonenumber supports.
fn is_separator(c: char) -> bool {
    c.is_whitespace() || "-‐‑‒–—―−－./．／()（）[]［］~～\u{ad}\u{200b}\u{2060}".contains(c)
}

/// Like [`mexican`], for digits dialled in Mexico, with 00 before the country code, or without.
fn mexican_of(digits: &str, region: Option<Region>) -> Option<PhoneNumber> {
    let in_mexico = || {
        let is_mexico = region.is_some_and(|region| region.to_string() == "MX");
        let has_prefix = is_mexico && ["01", "044", "045"].iter().any(|prefix| digits.starts_with(prefix));
        has_prefix.then(|| mexican(&format!("52{digits}"))).flatten()
    };
    in_mexico().or_else(|| mexican(digits.strip_prefix("00").unwrap_or(digits)).filter(PhoneNumber::is_valid))
}

/// Parses digits as a national number, a number with the international prefix 00 (ITU-T E.123), or one whose
/// `+` is missing. An assigned number takes precedence over a possible one, and a national one over the
/// others. `digits` is present if the number has only separators beside them.
fn without_plus(number: &str, digits: Option<String>, region: Option<Region>) -> Result<E164, &'static str> {
    /// Maximum number of digits after an area code in any country.
    const LONGEST_LOCAL: usize = 8;
    let digits = digits.as_deref();
    if let Some(today) = digits.and_then(|digits| mexican_of(digits, region)) {
        return e164(&today);
    }
    let national = region.map(|region| read(number, Some(region)));
    // In plans with variable lengths, these digits may lack the area code.
    if let (Some(digits), Some(Ok(parsed))) = (digits, &national)
        && digits.len() <= LONGEST_LOCAL
        && !is_dialled_as(parsed, digits)
    {
        return Err(MAY_BE_LOCAL);
    }
    let with_prefix =
        digits.and_then(|digits| digits.strip_prefix("00")).map(|rest| read(&format!("+{rest}"), None));
    let lost_plus =
        digits.filter(|digits| !digits.starts_with('0')).map(|digits| read(&format!("+{digits}"), None));
    let complete = |parsed: &PhoneNumber| {
        PHONE_NUMBER_UTIL.is_possible_number_with_reason(parsed) == Ok(NumberLengthType::IsPossible)
    };

    let readings = || [&national, &with_prefix, &lost_plus].into_iter().flatten().flatten();
    let assigned = without_trunk_prefix(digits, region, &national, &lost_plus)
        .or_else(|| readings().find(|parsed| parsed.is_valid()));
    let possible_reading =
        || [&with_prefix, &national].into_iter().flatten().flatten().find(|parsed| complete(parsed));
    match assigned.or_else(possible_reading) {
        Some(parsed) => e164(parsed),
        None => match with_prefix.or(national) {
            Some(reading) => Err(reading.and_then(|parsed| possible(&parsed)).err().unwrap_or(TOO_SHORT)),
            None => Err(NEEDS_COUNTRY_CODE),
        },
    }
}

/// The reading with a country code of digits that begin with that of their region, where national numbers are
/// dialled with a prefix: 491515550123 in Germany. It is no number of Leer (0491), whose 0 nobody leaves out.
fn without_trunk_prefix<'a>(
    digits: Option<&str>,
    region: Option<Region>,
    national: &'a Option<Result<PhoneNumber, &'static str>>,
    lost_plus: &'a Option<Result<PhoneNumber, &'static str>>,
) -> Option<&'a PhoneNumber> {
    let code = PHONE_NUMBER_UTIL.get_country_code_for_region(region?.0)?;
    let digits = digits.filter(|digits| digits.starts_with(&code.to_string()))?;
    let is_dialled = national.as_ref()?.as_ref().is_ok_and(|parsed| is_dialled_as(parsed, digits));
    lost_plus.as_ref()?.as_ref().ok().filter(|parsed| !is_dialled && possible(parsed).is_ok())
}

fn read(number: &str, region: Option<Region>) -> Result<PhoneNumber, &'static str> {
    PHONE_NUMBER_UTIL.parse(number, region.map(|region| region.0)).map_err(|error| match error {
        ParseError::InvalidCountryCode => NO_SUCH_COUNTRY_CODE,
        ParseError::NotANumber(_) => NOT_DIALLABLE,
        ParseError::TooShortAfterIdd | ParseError::TooShortNsn => TOO_SHORT,
        ParseError::TooLongNsn => TOO_LONG,
    })
}

fn possible(parsed: &PhoneNumber) -> Result<(), &'static str> {
    match PHONE_NUMBER_UTIL.is_possible_number_with_reason(parsed) {
        Ok(_) => Ok(()),
        Err(ValidationError::TooShort) => Err(TOO_SHORT),
        Err(ValidationError::TooLong) => Err(TOO_LONG),
        Err(ValidationError::InvalidCountryCode) => Err(NO_SUCH_COUNTRY_CODE),
        Err(ValidationError::InvalidLength) => Err("it has a length that no number of its country has"),
    }
}

/// The number as its own text is parsed. That differs only if zeros follow the country code: no number has
/// several, and one of them is removed as a trunk prefix each time.
fn e164(parsed: &PhoneNumber) -> Result<E164, &'static str> {
    let mut text = parsed.format_as(PhoneNumberFormat::E164).into_owned();
    let begins_with_zero = |text: &str| text.starts_with(&format!("+{}0", parsed.country_code));
    while begins_with_zero(&text) {
        let again = read(&text, None)?.format_as(PhoneNumberFormat::E164).into_owned();
        if again == text {
            break;
        }
        text = again;
    }
    text.parse().map_err(|_| TOO_LONG)
}

/// The country, if the number determines it: its own if it is assigned, or else the only one with its code.
fn country(parsed: &PhoneNumber) -> Option<String> {
    let region = parsed.get_region_code().or_else(|| {
        let mut regions = PHONE_NUMBER_UTIL.get_regions_for_country_calling_code(parsed.country_code)?;
        regions.next().filter(|_| regions.next().is_none())
    })?;
    Some(region.to_string()).filter(|code| code != "001")
}

fn kind(parsed: &PhoneNumber) -> NumberKind {
    match parsed.get_type() {
        PhoneNumberType::FixedLine => NumberKind::FixedLine,
        PhoneNumberType::Mobile => NumberKind::Mobile,
        PhoneNumberType::FixedLineOrMobile => NumberKind::FixedLineOrMobile,
        PhoneNumberType::TollFree => NumberKind::TollFree,
        PhoneNumberType::PremiumRate => NumberKind::PremiumRate,
        PhoneNumberType::SharedCost => NumberKind::SharedCost,
        PhoneNumberType::VoIP => NumberKind::Voip,
        PhoneNumberType::PersonalNumber => NumberKind::Personal,
        PhoneNumberType::Pager => NumberKind::Pager,
        PhoneNumberType::UAN => NumberKind::Uan,
        PhoneNumberType::VoiceMail => NumberKind::Voicemail,
        PhoneNumberType::Unknown => NumberKind::Unassigned,
    }
}

#[cfg(test)]
mod tests;
