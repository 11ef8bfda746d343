//! How calls, numbers and durations are written for people. Pure functions: what depends on the browser's
//! language and time zone comes from [`crate::intl`].

use calls_model::{CallDuration, CallType, CounterpartyDetails, Direction, NumberKind, Party};

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

/// A number of the address as it can be shown before the API has said how it is written.
pub fn provisional_title(number: &str) -> String {
    match number.parse::<Party>() {
        Ok(Party::Sip(uri)) => sip_address(&uri).to_owned(),
        _ => number.to_owned(),
    }
}

/// How a party is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartyLabel {
    /// The party itself.
    pub text: String,
    /// What it is, where the text does not say that already.
    pub note: Option<&'static str>,
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
        let is_home = details.country.is_some() && details.country.as_deref() == home;
        let text = if is_home { &details.national } else { &details.international };
        return PartyLabel { text: text.clone(), note: None };
    }
    let (text, note) = match party {
        Party::E164(number) => (number.to_string(), None),
        Party::Local(code) => (code.clone(), code.starts_with(['*', '#']).then_some(FEATURE_CODE)),
        Party::Sip(uri) => (sip_address(uri).to_owned(), Some("SIP address")),
        Party::Text(text) => (text.clone(), None),
        Party::Withheld => ("Withheld number".to_owned(), None),
        Party::Unknown if direction == Direction::Outbound => ("Unknown number".to_owned(), None),
        Party::Unknown => ("Unknown caller".to_owned(), None),
    };
    PartyLabel { text, note }
}

/// What became of a call, in words. A call of the owner that nobody answered is not a missed one.
pub fn call_type(call_type: CallType) -> &'static str {
    match call_type {
        CallType::CompletedInbound => "Inbound",
        CallType::MissedInbound => "Missed",
        CallType::CompletedOutbound => "Outbound",
        CallType::MissedOutbound => "No answer",
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
        NumberKind::Unassigned => "Unassigned number",
        NumberKind::Local => local_kind(text),
        NumberKind::Sip => "SIP address",
    }
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

const FEATURE_CODE: &str = "Feature code";

fn local_kind(code: &str) -> &'static str {
    match code.starts_with(['*', '#']) {
        true => FEATURE_CODE,
        false => "Extension or short code",
    }
}

fn sip_address(uri: &str) -> &str {
    uri.split_once(':').map_or(uri, |(_, address)| address)
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
    fn every_party_has_an_honest_label() {
        for (text, direction, label, note) in [
            ("+13333333333", Direction::Inbound, "+13333333333", None),
            ("1001", Direction::Inbound, "1001", None),
            ("*97", Direction::Outbound, "*97", Some("Feature code")),
            ("sip:alice@example.com", Direction::Inbound, "alice@example.com", Some("SIP address")),
            ("withheld", Direction::Inbound, "Withheld number", None),
            ("unknown", Direction::Inbound, "Unknown caller", None),
            ("unknown", Direction::Outbound, "Unknown number", None),
        ] {
            let expected = PartyLabel { text: label.to_owned(), note };
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
            party(&"+493012345678".parse().unwrap(), Some(details), Direction::Inbound, home).text
        };
        assert_eq!(label(&details, Some("DE")), "030 12345678");
        for home in [Some("US"), None] {
            assert_eq!(label(&details, home), "+49 30 12345678");
        }
        let nowhere = CounterpartyDetails { country: None, ..details };
        assert_eq!(label(&nowhere, None), "+49 30 12345678");
    }

    #[test]
    fn a_number_has_a_title_before_the_api_answered() {
        for (number, title) in [
            ("+13333333333", "+13333333333"),
            ("1001", "1001"),
            ("sips:bob@pbx.example", "bob@pbx.example"),
            ("(202) 555-0123", "(202) 555-0123"),
        ] {
            assert_eq!(provisional_title(number), title);
        }
    }
}
