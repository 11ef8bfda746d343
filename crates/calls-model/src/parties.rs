//! Parties of a call.
//!
//! Most parties have an E.164 number. The others (extensions, short codes, SIP addresses, callers who
//! withhold their number) have variants of their own, so that none needs a made-up number.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text::Text;

/// A telephone number in ITU-T E.164: country code and national number, digits only.
///
/// Displayed and serialised with a leading `+`. E.164 allows 15 digits; some numbering plans (Germany,
/// Austria) have had longer numbers, so up to [`E164::MAX_DIGITS`] are accepted. Country codes do not begin
/// with 0, so an integer represents a number without loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct E164(u64);

impl E164 {
    /// Maximum number of digits: a country code of three and a national number of fifteen.
    pub const MAX_DIGITS: u32 = 18;

    /// A number from its digits, country code first. `None` for 0 and for more than
    /// [`E164::MAX_DIGITS`] digits.
    pub fn new(digits: u64) -> Option<Self> {
        (digits > 0 && digits < 10_u64.pow(Self::MAX_DIGITS)).then_some(Self(digits))
    }

    /// The digits as an integer, country code first.
    pub fn digits(self) -> u64 {
        self.0
    }

    pub(crate) fn text(self) -> Text {
        let mut text = Text::new();
        text.push(b'+').number(self.0, 1);
        text
    }
}

impl fmt::Display for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().as_str())
    }
}

/// A text that cannot be parsed, with the expected and the found value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// The expected value, as a noun phrase.
    pub expected: &'static str,
    /// The text.
    pub found: String,
}

impl ParseError {
    pub(crate) fn new(expected: &'static str, found: &str) -> Self {
        Self { expected, found: found.to_owned() }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, but found {:?}", self.expected, self.found)
    }
}

impl std::error::Error for ParseError {}

impl FromStr for E164 {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        text.strip_prefix('+')
            .filter(|digits| !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok())
            .and_then(Self::new)
            .ok_or_else(|| ParseError::new("an E.164 number such as +12025550123", text))
    }
}

/// Kind of party.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartyKind {
    /// A telephone number with a country code.
    E164,
    /// A number inside one telephone system or network: an extension (`1001`), a short code (`72000`), a
    /// feature code (`*97`).
    Local,
    /// A SIP or SIPS URI (RFC 3261).
    Sip,
    /// The caller withheld the number.
    Withheld,
    /// The network did not transmit the number.
    Unknown,
    /// A text of a log that is not a number, kept unchanged. It owns no history.
    Text,
}

/// One end of a call.
///
/// As text and in JSON: `+12025550123`, `1001`, `sip:alice@example.com`, `withheld`, `unknown`, or the text
/// of a [`Party::Text`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// A telephone number with a country code.
    E164(E164),
    /// A number inside one telephone system or network: 1 to [`Party::MAX_LOCAL_LEN`] of `0-9 * #`.
    Local(String),
    /// A SIP address with its `sip:` or `sips:` scheme.
    Sip(String),
    /// The caller withheld the number.
    Withheld,
    /// The network did not transmit the number.
    Unknown,
    /// A text of a log that is not a number: 1 to [`Party::MAX_TEXT_CHARS`] characters, without control
    /// characters and surrounding spaces.
    Text(String),
}

impl Party {
    /// Maximum length of an extension, short code or feature code. Anything longer is a telephone number.
    pub const MAX_LOCAL_LEN: usize = 6;
    /// Maximum length of a SIP address in bytes.
    pub const MAX_SIP_LEN: usize = 255;

    /// Maximum length of a text in characters.
    pub const MAX_TEXT_CHARS: usize = 64;
    /// Maximum length of a party's name in characters.
    pub const MAX_NAME_CHARS: usize = 200;

    /// Text of [`Party::Withheld`].
    pub const WITHHELD: &'static str = "withheld";
    /// Text of [`Party::Unknown`].
    pub const UNKNOWN: &'static str = "unknown";

    /// An extension, short code or feature code, if the text is one.
    pub fn local(text: &str) -> Option<Self> {
        let dialable = !text.is_empty()
            && text.len() <= Self::MAX_LOCAL_LEN
            && text.bytes().all(|b| b.is_ascii_digit() || b == b'*' || b == b'#');
        dialable.then(|| Self::Local(text.to_owned()))
    }

    /// A SIP address, if the text is a `sip:` or `sips:` URI with a host. Scheme and host are converted to
    /// lower case (RFC 3261, section 19.1.4: only the user part is case-sensitive), and parameters dropped.
    pub fn sip(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once(':')?;
        let scheme = scheme.to_ascii_lowercase();
        // A user part may contain the characters that begin parameters and headers.
        let (user, host) = match rest.split_once('@') {
            Some((user, host)) => (format!("{user}@"), host),
            None => (String::new(), rest),
        };
        let host = host.split([';', '?']).next().unwrap_or(host);
        let plain = |part: &str| part.bytes().all(|b| b.is_ascii_graphic() && !b"<>\"@".contains(&b));
        let well_formed = matches!(scheme.as_str(), "sip" | "sips")
            && !host.is_empty()
            && user != "@"
            && plain(user.trim_end_matches('@'))
            && plain(host);
        let uri = format!("{scheme}:{user}{}", host.to_ascii_lowercase());
        (well_formed && uri.len() <= Self::MAX_SIP_LEN).then_some(Self::Sip(uri))
    }

    /// A text that is not a number, without control characters, and cut after [`Party::MAX_TEXT_CHARS`].
    /// `None` if it is empty then.
    pub fn text(text: &str) -> Option<Self> {
        let printable: String = text.chars().filter(|c| !c.is_control()).collect();
        let kept: String = printable.trim().chars().take(Self::MAX_TEXT_CHARS).collect();
        let kept = kept.trim_end();
        (!kept.is_empty()).then(|| Self::Text(kept.to_owned()))
    }

    /// Kind of this party.
    pub fn kind(&self) -> PartyKind {
        match self {
            Self::E164(_) => PartyKind::E164,
            Self::Local(_) => PartyKind::Local,
            Self::Sip(_) => PartyKind::Sip,
            Self::Withheld => PartyKind::Withheld,
            Self::Unknown => PartyKind::Unknown,
            Self::Text(_) => PartyKind::Text,
        }
    }

    /// A name of the party, without control characters, and cut after [`Party::MAX_NAME_CHARS`]. `None` if it
    /// is empty or only the party's own number, and for unidentified parties.
    pub fn named(&self, text: &str) -> Option<String> {
        let printable: String = text.chars().filter(|c| !c.is_control()).collect();
        let name: String = printable.trim().chars().take(Self::MAX_NAME_CHARS).collect();
        let name = name.trim_end();
        (!name.is_empty() && self.is_identified() && !self.is_written(name)).then(|| name.to_owned())
    }

    /// Whether a text is the party itself: its canonical text, or the digits of its number with or without
    /// country code, with any separators.
    fn is_written(&self, text: &str) -> bool {
        /// Minimum number of digits without country code.
        const SHORTEST: usize = 7;
        let own = self.to_string();
        let is_plain = text.chars().all(|c| c.is_ascii_digit() || "+()-./ \u{a0}".contains(c));
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let significant = digits.trim_start_matches('0');
        text == own
            || (matches!(self, Self::E164(_))
                && is_plain
                && significant.len() >= SHORTEST
                && own.ends_with(significant))
    }

    /// Appends the party's canonical text.
    pub fn append_to(&self, out: &mut Vec<u8>) {
        match self {
            Self::E164(number) => out.extend_from_slice(number.text().as_bytes()),
            Self::Local(text) | Self::Sip(text) | Self::Text(text) => out.extend_from_slice(text.as_bytes()),
            Self::Withheld => out.extend_from_slice(Self::WITHHELD.as_bytes()),
            Self::Unknown => out.extend_from_slice(Self::UNKNOWN.as_bytes()),
        }
    }

    /// Whether the party can be identified and called back, and so can own a history.
    pub fn is_identified(&self) -> bool {
        matches!(self, Self::E164(_) | Self::Local(_) | Self::Sip(_))
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::E164(number) => number.fmt(f),
            Self::Local(text) | Self::Sip(text) | Self::Text(text) => f.write_str(text),
            Self::Withheld => f.write_str(Self::WITHHELD),
            Self::Unknown => f.write_str(Self::UNKNOWN),
        }
    }
}

impl FromStr for Party {
    type Err = ParseError;

    /// Parses the canonical text only; other spellings are parsed by the API.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text {
            Self::WITHHELD => Ok(Self::Withheld),
            Self::UNKNOWN => Ok(Self::Unknown),
            _ => {
                let number = text.parse().map(Self::E164).ok();
                let address = number.or_else(|| Self::local(text)).or_else(|| Self::sip(text));
                let kept = || Self::text(text).filter(|party| party.to_string() == text);
                address.or_else(kept).ok_or_else(|| {
                    ParseError::new(
                        "1 to 64 characters without control characters or blanks at the ends",
                        text,
                    )
                })
            }
        }
    }
}

impl Serialize for Party {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::E164(number) => number.serialize(serializer),
            Self::Local(text) | Self::Sip(text) | Self::Text(text) => serializer.serialize_str(text),
            Self::Withheld => serializer.serialize_str(Self::WITHHELD),
            Self::Unknown => serializer.serialize_str(Self::UNKNOWN),
        }
    }
}

impl<'de> Deserialize<'de> for Party {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for E164 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text().as_str())
    }
}

impl<'de> Deserialize<'de> for E164 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_party_reads_back_what_it_writes() {
        for text in [
            "+13333333333",
            "1001",
            "*97",
            "sip:alice@example.com",
            "sips:pbx.example",
            "withheld",
            "unknown",
            "174074978",
            "Reception (2nd floor)",
        ] {
            let party = text.parse::<Party>().unwrap();
            assert_eq!(party.to_string(), text);
            let mut appended = Vec::new();
            party.append_to(&mut appended);
            assert_eq!(appended, text.as_bytes());
        }
    }

    #[test]
    fn what_is_no_party_is_refused_with_what_was_expected_and_found() {
        for text in ["", " ", " abc", "abc\n", "a\u{7}b", &"x".repeat(65)] {
            let error = text.parse::<Party>().unwrap_err();
            assert_eq!(error.found, text);
            assert!(error.to_string().starts_with("expected "), "{error}");
        }
    }

    #[test]
    fn a_sip_address_is_compared_without_the_case_of_its_host_and_without_parameters() {
        assert_eq!(
            Party::sip("SIP:Bob@EXAMPLE.com:5060;transport=tcp"),
            Party::sip("sip:Bob@example.com:5060")
        );
        assert_ne!(Party::sip("sip:Bob@example.com"), Party::sip("sip:bob@example.com"));
    }

    #[test]
    fn a_sip_address_is_split_at_its_at_sign_first() {
        let day = |day: &str, host: &str| Party::sip(&format!("sip:alice;day={day}@{host}")).unwrap();
        assert_eq!(day("tue", "A.example;transport=tcp").to_string(), "sip:alice;day=tue@a.example");
        assert_ne!(day("tue", "a.example"), day("wed", "a.example"));
        assert_ne!(day("tue", "a.example"), day("tue", "b.example"));
        assert_eq!(
            Party::sip("sip:a?b@c.example?subject=x"),
            Some(Party::Sip("sip:a?b@c.example".to_owned()))
        );
        assert_eq!(Party::sip("sip:a@b@c.example"), None);
    }

    #[test]
    fn a_text_is_kept_without_control_characters_and_owns_no_history() {
        assert_eq!(Party::text(" Käthe\r\n "), Some(Party::Text("Käthe".to_owned())));
        assert_eq!(Party::text(&"é".repeat(100)), Some(Party::Text("é".repeat(64))));
        assert_eq!(Party::text("\t\0 "), None);
        assert!(!Party::Text("174074978".to_owned()).is_identified());
    }

    #[test]
    fn a_name_is_kept_without_control_characters_unless_it_is_the_partys_own_digits() {
        let number: Party = "+12025550123".parse().unwrap();
        assert_eq!(number.named(" Käthe\r\n "), Some("Käthe".to_owned()));
        assert_eq!(number.named("Example 2"), Some("Example 2".to_owned()));
        assert_eq!(number.named("112"), Some("112".to_owned()));
        assert_eq!(number.named(&"é".repeat(300)), Some("é".repeat(200)));
        for own in ["+12025550123", "12025550123", "001 202 555 0123", "(202) 555-0123", " ", "\u{0}"] {
            assert_eq!(number.named(own), None, "{own:?}");
        }
        assert_eq!("1001".parse::<Party>().unwrap().named("1001"), None);
        assert_eq!("1001".parse::<Party>().unwrap().named("1002"), Some("1002".to_owned()));
        for nobody in [Party::Withheld, Party::Unknown, Party::Text("Käthe".to_owned())] {
            assert_eq!(nobody.named("Käthe"), None);
        }
    }

    #[test]
    fn eighteen_digits_fit_and_nineteen_do_not() {
        assert!(E164::new(999_999_999_999_999_999).is_some());
        assert!(E164::new(1_000_000_000_000_000_000).is_none());
    }
}
