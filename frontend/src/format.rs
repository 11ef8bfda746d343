//! How calls, numbers and durations are written for people. Pure functions: what depends on the browser's
//! language and time zone comes from [`crate::intl`].

use calls_model::{CallDuration, CallType, CounterpartyDetails, Direction, E164, NumberKind, Party};

/// A text as HTML has it, also between quotation marks.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A duration as people say it: `37 seconds`, `3 min 35 s`, `1 h 12 min`. Rounded to the smallest unit that
/// is shown.
pub fn duration(duration: CallDuration) -> String {
    let ms = i64::from(duration.ms());
    let seconds = (ms + 500) / 1000;
    let minutes = (ms + 30_000) / 60_000;
    match seconds {
        0..60 => below_a_minute(ms),
        60..3600 => two_units(seconds / 60, "min", seconds % 60, "s"),
        _ => two_units(minutes / 60, "h", minutes % 60, "min"),
    }
}

/// A duration in full words, to the second, for a screen reader: `1 hour 12 minutes 40 seconds`.
pub fn duration_in_words(duration: CallDuration) -> String {
    let ms = i64::from(duration.ms());
    let seconds = (ms + 500) / 1000;
    if seconds < 60 {
        return below_a_minute(ms);
    }
    let parts = [(seconds / 3600, "hour"), (seconds / 60 % 60, "minute"), (seconds % 60, "second")];
    let words: Vec<String> =
        parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, unit)| plural(count, unit)).collect();
    words.join(" ")
}

/// A duration as the `datetime` attribute wants it: `PT37.4S`.
pub fn duration_iso(duration: CallDuration) -> String {
    format!("PT{duration}S")
}

/// `1 call`, `2 calls`.
pub fn plural(count: i64, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}

/// A number of calls: `1,204 calls`.
pub fn count(calls: usize) -> String {
    let digits = calls.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped} call{}", if calls == 1 { "" } else { "s" })
}

/// A number in groups that can be read: `+1 333 333 3333`. Where its country puts its spaces only the API
/// knows; these are even groups after the country code.
pub fn e164(number: E164) -> String {
    let digits = number.digits().to_string();
    let (code, national) = split_country_code(&digits);
    let mut text = format!("+{code}");
    for group in groups_of(national) {
        text.push(' ');
        text.push_str(group);
    }
    text
}

/// The country code of a number that belongs to no one country: `Country code +1`.
pub fn country_code(number: E164) -> String {
    let digits = number.digits().to_string();
    format!("Country code +{}", split_country_code(&digits).0)
}

/// A number of the address as it can be shown before the API has said how it is written.
pub fn provisional_title(number: &str) -> String {
    match number.parse::<Party>() {
        Ok(Party::E164(number)) => e164(number),
        Ok(Party::Sip(uri)) => sip_address(&uri).to_owned(),
        _ => number.to_owned(),
    }
}

/// How a party is called in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartyLabel {
    /// The party itself.
    pub text: String,
    /// What it is, where the text does not say that already.
    pub note: Option<&'static str>,
    /// The flag of its country, where that is a foreign one.
    pub flag: Option<String>,
}

/// The label of the other party of a call. `details` are what is known of it, `home` is the country of the history's
/// owner: the numbers of that are written as people do there, all others as from abroad.
pub fn party(
    party: &Party,
    details: Option<&CounterpartyDetails>,
    direction: Direction,
    home: Option<&str>,
) -> PartyLabel {
    if let Some(details) = details {
        let country = details.country.as_deref();
        return match country.is_some() && country == home {
            true => PartyLabel { text: details.national.clone(), note: None, flag: None },
            false => {
                PartyLabel { text: details.international.clone(), note: None, flag: country.and_then(flag) }
            }
        };
    }
    let (text, note) = match party {
        Party::E164(number) => (e164(*number), None),
        Party::Local(code) => (code.clone(), Some(local_kind(code))),
        Party::Sip(uri) => (sip_address(uri).to_owned(), Some("SIP address")),
        Party::Text(text) => (text.clone(), None),
        Party::Withheld => ("Withheld number".to_owned(), None),
        Party::Unknown if direction == Direction::Outbound => ("Unknown number".to_owned(), None),
        Party::Unknown => ("Unknown caller".to_owned(), None),
    };
    PartyLabel { text, note, flag: None }
}

/// The type of a call in words: `Missed inbound`.
pub fn call_type(call_type: CallType) -> &'static str {
    match call_type {
        CallType::CompletedInbound => "Completed inbound",
        CallType::MissedInbound => "Missed inbound",
        CallType::CompletedOutbound => "Completed outbound",
        CallType::MissedOutbound => "Missed outbound",
    }
}

/// What kind of number it is, in words. `text` is the party itself, for the kinds that it tells apart.
pub fn number_kind(kind: NumberKind, text: &str) -> &'static str {
    match kind {
        NumberKind::FixedLine => "Landline",
        NumberKind::Mobile => "Mobile",
        NumberKind::FixedLineOrMobile => "Landline or mobile",
        NumberKind::TollFree => "Toll-free",
        NumberKind::PremiumRate => "Premium rate",
        NumberKind::SharedCost => "Shared cost",
        NumberKind::Voip => "Internet telephone (VoIP)",
        NumberKind::Personal => "Personal number",
        NumberKind::Pager => "Pager",
        NumberKind::Uan => "Company number",
        NumberKind::Voicemail => "Voicemail",
        NumberKind::Unassigned => "Not assigned by its numbering plan",
        NumberKind::Local => local_kind(text),
        NumberKind::Sip => "SIP address",
    }
}

/// The flag of a country, from its ISO 3166-1 alpha-2 code: two regional indicator letters (Unicode, UTS 51).
/// `None` for what is not two letters.
pub fn flag(country: &str) -> Option<String> {
    let letters = country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase());
    letters.then(|| country.bytes().filter_map(|b| char::from_u32(0x1F1E6 + u32::from(b - b'A'))).collect())
}

fn below_a_minute(ms: i64) -> String {
    match (ms + 500) / 1000 {
        0 if ms > 0 => "less than a second".to_owned(),
        seconds => plural(seconds, "second"),
    }
}

fn two_units(big: i64, big_unit: &str, small: i64, small_unit: &str) -> String {
    match small {
        0 => format!("{big} {big_unit}"),
        _ => format!("{big} {big_unit} {small} {small_unit}"),
    }
}

fn local_kind(code: &str) -> &'static str {
    match code.starts_with(['*', '#']) {
        true => "Feature code",
        false => "Extension or short code",
    }
}

fn sip_address(uri: &str) -> &str {
    uri.split_once(':').map_or(uri, |(_, address)| address)
}

/// Country code and national number (ITU-T E.164, list of assigned country codes): the code is one digit for
/// zones 1 and 7, two for these, three for all others.
fn split_country_code(digits: &str) -> (&str, &str) {
    const TWO_DIGITS: [&str; 44] = [
        "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48",
        "49", "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81",
        "82", "84", "86", "90", "91", "92", "93", "94", "95", "98",
    ];
    let len = match digits.get(..2) {
        Some(code) if code.starts_with(['1', '7']) => 1,
        Some(code) if TWO_DIGITS.contains(&code) => 2,
        _ => 3,
    };
    digits.split_at(len.min(digits.len()))
}

/// Threes, with a four at the end rather than a lone digit; eight digits are two fours.
fn groups_of(digits: &str) -> Vec<&str> {
    let mut groups = Vec::new();
    let mut rest = digits;
    while !rest.is_empty() {
        let take = match rest.len() {
            8 if groups.is_empty() => 4,
            4 => 4,
            len => len.min(3),
        };
        let (group, after) = rest.split_at(take);
        groups.push(group);
        rest = after;
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: i64) -> CallDuration {
        CallDuration::from_ms(ms).unwrap()
    }

    #[test]
    fn a_duration_is_written_as_people_say_it() {
        for (duration_ms, text, words) in [
            (0, "0 seconds", "0 seconds"),
            (125, "less than a second", "less than a second"),
            (1_000, "1 second", "1 second"),
            (37_400, "37 seconds", "37 seconds"),
            (59_499, "59 seconds", "59 seconds"),
            (59_500, "1 min", "1 minute"),
            (215_000, "3 min 35 s", "3 minutes 35 seconds"),
            (3_599_499, "59 min 59 s", "59 minutes 59 seconds"),
            (3_599_500, "1 h", "1 hour"),
            (4_320_000, "1 h 12 min", "1 hour 12 minutes"),
            (4_361_000, "1 h 13 min", "1 hour 12 minutes 41 seconds"),
            (7_199_000, "2 h", "1 hour 59 minutes 59 seconds"),
            (i64::from(i32::MAX), "596 h 31 min", "596 hours 31 minutes 24 seconds"),
        ] {
            assert_eq!(duration(ms(duration_ms)), text);
            assert_eq!(duration_in_words(ms(duration_ms)), words);
        }
        assert_eq!(duration_iso(ms(37_400)), "PT37.4S");
    }

    #[test]
    fn calls_are_counted_in_groups_of_three_digits() {
        for (calls, text) in [
            (0, "0 calls"),
            (1, "1 call"),
            (999, "999 calls"),
            (1_000, "1,000 calls"),
            (1_234_567, "1,234,567 calls"),
        ] {
            assert_eq!(count(calls), text);
        }
    }

    #[test]
    fn a_number_is_grouped_after_its_country_code() {
        for (number, text) in [
            ("+13333333333", "+1 333 333 3333"),
            ("+12025550123", "+1 202 555 0123"),
            ("+442079460958", "+44 207 946 0958"),
            ("+33612345678", "+33 612 345 678"),
            ("+4915123456789", "+49 151 234 567 89"),
            ("+6561234567", "+65 6123 4567"),
            ("+390612345", "+39 061 2345"),
            ("+3726123456", "+372 612 3456"),
            ("+80012345678", "+800 1234 5678"),
            ("+1", "+1"),
            ("+99", "+99"),
        ] {
            assert_eq!(e164(number.parse().unwrap()), text);
        }
    }

    #[test]
    fn a_number_without_a_country_has_a_country_code() {
        for (number, text) in [
            ("+13333333333", "Country code +1"),
            ("+442079460958", "Country code +44"),
            ("+80012345678", "Country code +800"),
        ] {
            assert_eq!(country_code(number.parse().unwrap()), text);
        }
    }

    #[test]
    fn every_party_has_an_honest_label() {
        for (text, direction, label, note) in [
            ("+13333333333", Direction::Inbound, "+1 333 333 3333", None),
            ("1001", Direction::Inbound, "1001", Some("Extension or short code")),
            ("*97", Direction::Outbound, "*97", Some("Feature code")),
            ("sip:alice@example.com", Direction::Inbound, "alice@example.com", Some("SIP address")),
            ("withheld", Direction::Inbound, "Withheld number", None),
            ("unknown", Direction::Inbound, "Unknown caller", None),
            ("unknown", Direction::Outbound, "Unknown number", None),
        ] {
            let expected = PartyLabel { text: label.to_owned(), note, flag: None };
            assert_eq!(party(&text.parse().unwrap(), None, direction, Some("US")), expected);
        }
    }

    #[test]
    fn a_number_is_written_as_the_owner_would_dial_it() {
        let details = CounterpartyDetails {
            international: "+49 30 12345678".to_owned(),
            national: "030 12345678".to_owned(),
            country: Some("DE".to_owned()),
        };
        let label = |details: &CounterpartyDetails, home| {
            let label = party(&"+493012345678".parse().unwrap(), Some(details), Direction::Inbound, home);
            (label.text, label.flag)
        };
        assert_eq!(label(&details, Some("DE")), ("030 12345678".to_owned(), None));
        for home in [Some("US"), None] {
            assert_eq!(label(&details, home), ("+49 30 12345678".to_owned(), flag("DE")));
        }
        let nowhere = CounterpartyDetails { country: None, ..details };
        assert_eq!(label(&nowhere, None), ("+49 30 12345678".to_owned(), None));
    }

    #[test]
    fn a_number_has_a_title_before_the_api_answered() {
        for (number, title) in [
            ("+13333333333", "+1 333 333 3333"),
            ("1001", "1001"),
            ("sips:bob@pbx.example", "bob@pbx.example"),
            ("(202) 555-0123", "(202) 555-0123"),
        ] {
            assert_eq!(provisional_title(number), title);
        }
    }

    #[test]
    fn a_flag_is_made_of_the_letters_of_its_country() {
        assert_eq!(flag("US").as_deref(), Some("\u{1F1FA}\u{1F1F8}"));
        assert_eq!(flag("DE").as_deref(), Some("\u{1F1E9}\u{1F1EA}"));
        for no_country in ["", "U", "us", "001", "USA", "Ü"] {
            assert_eq!(flag(no_country), None);
        }
    }
}
