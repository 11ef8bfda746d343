//! All that Calls knows of phone numbers: any spelling in, an E.164 number or another party out.
//!
//! The rules are libphonenumber's, through the crate `rlibphonenumber`. Nothing outside this crate names
//! that crate, so that it can be exchanged.

mod recent;

use calls_model::{E164, NumberInfo, NumberKind, Party};
use rlibphonenumber::{
    NumberLengthType, PHONE_NUMBER_UTIL, ParseError, PhoneNumber, PhoneNumberFormat, PhoneNumberType,
    ValidationError,
};

/// The country whose national numbers are understood without a country code: ISO 3166-1 alpha-2.
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

/// A text that names no party. Holds no more of the text than [`NotANumber::found`] gives its sender back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, but found {found:?}: {reason}")]
pub struct NotANumber {
    /// What would have been right, as a noun phrase.
    pub expected: &'static str,
    /// The text as it came, cut after 64 characters.
    pub found: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

const EXPECTED: &str = "a phone number with its country code such as +1 202-555-0123, an extension or short code of \
                        up to 6 digits, or a SIP address such as sip:alice@example.com";
/// More than any spelling of a number or SIP address has.
const MAX_TEXT: usize = 300;

const NOT_DIALLABLE: &str = "it is no number";
const NEEDS_COUNTRY_CODE: &str = "it has neither a + nor 00 before a country code, and no region is set that would tell which country's it is";
const NO_SUCH_COUNTRY_CODE: &str = "it has a country code that no country has";
const TOO_SHORT: &str = "it is too short";
const TOO_LONG: &str = "it is too long";

/// The party that a text names, in whatever spelling: `+1 (202) 555-0123`, `0012025550123`,
/// `tel:+1-202-555-0123`, `(202) 555-0123` where the region is US, `1001`, `*97`, `sip:alice@example.com`.
///
/// A number need only be possible (its country's numbers can have this length), not assigned: call records
/// hold spoofed and newer numbers. Digits with neither `+`, `00` nor a region are taken as a number with
/// country code only if that number is assigned, because a national number would otherwise become somebody
/// else's.
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
    // A scheme inside of the number is none, and rlibphonenumber panics where it stands behind a context.
    if !number.starts_with(|c: char| c.is_numeric() || "+＋(（[*#".contains(c)) || number.contains("tel:") {
        return Err(refuse(NOT_DIALLABLE));
    }
    if number.contains(['*', '#']) {
        return Party::local(number).ok_or_else(|| refuse(NOT_DIALLABLE));
    }
    if number.starts_with(['+', '＋']) || number.contains(";phone-context=+") {
        return international(number).map(Party::E164).map_err(refuse);
    }
    let digits = PHONE_NUMBER_UTIL.normalize_digits_only(number);
    let others = || number.chars().filter(|c| !c.is_numeric());
    let is_plain = others().all(is_separator);
    if digits.len() <= Party::MAX_LOCAL_LEN {
        let national = region.filter(|_| is_plain).and_then(|region| short_national(&digits, region));
        // An extension has no groups: 0.5 is something else.
        let local = || Party::local(&digits).filter(|_| others().next().is_none());
        return national.map(Party::E164).or_else(local).ok_or_else(|| refuse(NOT_DIALLABLE));
    }
    without_plus(number, Some(digits).filter(|_| is_plain), region).map(Party::E164).map_err(refuse)
}

/// How to write a party, and what is known of it from its number alone.
pub fn describe(party: &Party) -> NumberInfo {
    let plain = |kind| NumberInfo {
        e164: None,
        international: party.to_string(),
        national: party.to_string(),
        country: None,
        kind,
    };
    match party {
        Party::E164(number) => match read(&number.to_string(), None) {
            Ok(parsed) => NumberInfo {
                e164: Some(*number),
                international: parsed.format_as(PhoneNumberFormat::International).into_owned(),
                national: parsed.format_as(PhoneNumberFormat::National).into_owned(),
                country: country(&parsed),
                kind: kind(&parsed),
            },
            Err(_) => NumberInfo { e164: Some(*number), ..plain(NumberKind::Unassigned) },
        },
        Party::Sip(_) => plain(NumberKind::Sip),
        Party::Local(_) | Party::Withheld | Party::Unknown | Party::Text(_) => plain(NumberKind::Local),
    }
}

/// A number that is written with its `+`.
fn international(number: &str) -> Result<E164, &'static str> {
    let parsed = read(number, None)?;
    possible(&parsed)?;
    e164(&parsed)
}

/// A number of a country whose numbers are as short as extensions. Only if people there dial it like that:
/// with nothing before it.
fn short_national(digits: &str, region: Region) -> Option<E164> {
    let parsed = read(digits, Some(region)).ok().filter(PhoneNumber::is_valid)?;
    let national = parsed.format_as(PhoneNumberFormat::National);
    (PHONE_NUMBER_UTIL.normalize_digits_only(&national) == digits).then(|| e164(&parsed).ok()).flatten()
}

/// What may stand between the groups of a number, in the scripts and fonts that libphonenumber knows.
fn is_separator(c: char) -> bool {
    c.is_whitespace() || "-‐‑‒–—―−－./．／()（）[]［］~～\u{ad}\u{200b}\u{2060}".contains(c)
}

/// Digits may be a national number, one with the international prefix 00 (ITU-T E.123), or one whose `+` was
/// lost. An assigned number wins over one that is only possible; a national one over the others. `digits` are
/// those of a number that has nothing but separators beside them.
fn without_plus(number: &str, digits: Option<String>, region: Option<Region>) -> Result<E164, &'static str> {
    let national = region.map(|region| read(number, Some(region)));
    let digits = digits.as_deref();
    let with_prefix =
        digits.and_then(|digits| digits.strip_prefix("00")).map(|rest| read(&format!("+{rest}"), None));
    let lost_plus =
        digits.filter(|digits| !digits.starts_with('0')).map(|digits| read(&format!("+{digits}"), None));
    let complete = |parsed: &PhoneNumber| {
        PHONE_NUMBER_UTIL.is_possible_number_with_reason(parsed) == Ok(NumberLengthType::IsPossible)
    };

    let readings = || [&national, &with_prefix, &lost_plus].into_iter().flatten().flatten();
    let assigned = readings().find(|parsed| parsed.is_valid());
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

/// The number as its own text is read. To read it again matters only where zeros follow the country code: of several,
/// which no number has, each time one is taken for the prefix of national calls and dropped.
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

/// The country, where the number says one: its own if it is assigned, else the only one with its code.
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
mod tests {
    use super::*;

    fn party(text: &str) -> String {
        parse(text, None).map_or_else(|error| error.reason.to_owned(), |party| party.to_string())
    }

    fn party_in(region: &str, text: &str) -> String {
        parse(text, Some(region.parse().unwrap()))
            .map_or_else(|error| error.reason.to_owned(), |party| party.to_string())
    }

    #[test]
    fn a_spelling_means_the_same_again_and_something_else_in_another_region() {
        for _ in 0..2 {
            assert_eq!(party_in("US", "(202) 555-0123"), "+12025550123");
            assert_eq!(party_in("DE", "(202) 555-0123"), "+492025550123");
            assert_eq!(party_in("DE", "030 123456"), "+4930123456");
            assert_eq!(party("+4930123456"), "+4930123456");
        }
    }

    #[test]
    fn every_official_example_spelling_agrees_with_libphonenumber() {
        let table = include_str!("../tests/fixtures/phone-numbers.tsv");
        let mut rows = 0;
        for row in table.lines().skip(1) {
            let [region, input, e164, valid, international, national] =
                row.split('\t').collect::<Vec<_>>().try_into().unwrap();
            let region = Some(region.parse().unwrap()).filter(|_| region != "001");
            let party = parse(input, region).unwrap_or_else(|error| panic!("{row}: {error}"));
            assert_eq!(party.to_string(), e164, "{row}");
            let info = describe(&party);
            assert_eq!(info.e164.unwrap().to_string(), e164, "{row}");
            assert_eq!(info.international, international, "{row}");
            assert_eq!(info.national, national, "{row}");
            assert_eq!((info.kind != NumberKind::Unassigned).to_string(), valid, "{row}");
            assert_eq!(parse(e164, None).unwrap(), party, "{row}");
            rows += 1;
        }
        assert_eq!(rows, 4364);
    }

    #[test]
    fn any_spelling_finds_a_number() {
        for text in [
            "+12025550123",
            "+1 (202) 555-0123",
            " +1.202.555.0123 ",
            "＋１ 202 555 0123",
            "0012025550123",
            "001 202 555 0123",
            "tel:+1-202-555-0123",
            "tel:555-0123;phone-context=+1202",
            "12025550123",
            "+1 202 555 0123 ext. 7",
        ] {
            assert_eq!(party(text), "+12025550123", "{text}");
        }
        assert_eq!(party_in("US", "(202) 555-0123"), "+12025550123");
        assert_eq!(party_in("US", "011 49 30 12345678"), "+493012345678");
        assert_eq!(party_in("DE", "030 12345678"), "+493012345678");
        assert_eq!(party_in("DE", "00493012345678"), "+493012345678");
    }

    #[test]
    fn a_possible_number_is_accepted_though_nobody_has_it() {
        assert_eq!(party("+13333333333"), "+13333333333");
        assert_eq!(party("0014444444444"), "+14444444444");
        assert_eq!(party_in("DE", "+13333333333"), "+13333333333");
        assert_eq!(party_in("US", "3333333333"), "+13333333333");
        let info = describe(&parse("+13333333333", None).unwrap());
        assert_eq!(info.international, "+1 333-333-3333");
        assert_eq!(info.kind, NumberKind::Unassigned);
        assert_eq!(info.country, None);
    }

    #[test]
    fn the_numbers_that_another_library_spoils_stay_what_they_are() {
        assert_eq!(party("+78001234567"), "+78001234567");
        assert_eq!(party_in("US", "+18002123456"), "+18002123456");
    }

    #[test]
    fn an_extension_is_not_taken_for_a_number() {
        for text in ["1001", "*97", "72000", "112", "#31#"] {
            assert_eq!(party(text), text);
            assert_eq!(party_in("DE", text), text);
            assert_eq!(party_in("US", text), text);
        }
        assert_eq!(party_in("DE", "30123"), "30123");
        assert_eq!(party_in("AD", "712345"), "+376712345");
    }

    #[test]
    fn other_signs_between_digits_are_not_dropped() {
        for text in ["tel:273;phone-context=E520;phone-contel:2+2", "tel:tel:12025550123", "1tel:2025550123"]
        {
            assert_eq!(party(text), NOT_DIALLABLE, "{text}");
        }
        for text in ["0.5", "1 001", "1e3", "1_001", "1001x", "1/2", "30-12", "½"] {
            assert_eq!(party(text), NOT_DIALLABLE, "{text}");
            assert_eq!(party_in("DE", text), NOT_DIALLABLE, "{text}");
        }
        for text in ["1x2025550123", "12,025,550,123"] {
            assert_eq!(party(text), NEEDS_COUNTRY_CODE, "{text}");
        }
        assert_eq!(party("١٠٠١"), "1001");
        for text in ["1 202.555.0123", "1/202/555\u{2011}0123", "1\u{a0}(202) 555 0123"] {
            assert_eq!(party(text), "+12025550123", "{text}");
        }
        assert_eq!(party_in("AD", "712 345"), "+376712345");
    }

    #[test]
    fn a_national_number_without_a_region_is_not_made_somebody_elses() {
        assert_eq!(party("0301234567"), NEEDS_COUNTRY_CODE);
        // With a plus it would be a possible number of Egypt.
        assert_eq!(party("2025550123"), NEEDS_COUNTRY_CODE);
        assert_eq!(party("13333333333"), NEEDS_COUNTRY_CODE);
    }

    #[test]
    fn what_cannot_be_a_number_says_why() {
        assert_eq!(party(""), NOT_DIALLABLE);
        assert_eq!(party("hello"), NOT_DIALLABLE);
        assert_eq!(party("call 2025550123"), NOT_DIALLABLE);
        assert_eq!(party("+"), NOT_DIALLABLE);
        assert_eq!(party("+1"), NOT_DIALLABLE);
        assert_eq!(party("+12"), NOT_DIALLABLE);
        assert_eq!(party("+1202"), TOO_SHORT);
        assert_eq!(party("+999123456789"), NO_SUCH_COUNTRY_CODE);
        assert_eq!(party("+1202555012345678"), TOO_LONG);
        assert_eq!(party(&"1".repeat(400)), TOO_LONG);
        assert_eq!(party("*1234567"), NOT_DIALLABLE);
        let error = parse(&"x".repeat(200), None).unwrap_err();
        assert_eq!(error.found.len(), 64);
    }

    #[test]
    fn a_party_is_understood_again_by_its_own_text() {
        for text in ["00000000\u{7f}7000030000000*8", "0000000007", "+49 00 30 12345678", "+39 06 698 12345"]
        {
            for region in ["DE", "IT", "US"] {
                let region = Some(region.parse().unwrap());
                if let Ok(party) = parse(text, region) {
                    assert_eq!(parse(&party.to_string(), region), Ok(party), "{text}");
                }
            }
        }
        assert_eq!(party("+49 00 30 12345678"), "+493012345678");
        assert_eq!(party("+39 06 698 12345"), "+390669812345");
    }

    #[test]
    fn a_region_is_two_letters() {
        assert!("us".parse::<Region>().is_ok());
        assert!("Germany".parse::<Region>().unwrap_err().contains("\"Germany\""));
    }
}
