//! Reads who was on a line.

use crate::record::RawParty;

impl RawParty {
    /// Reads a party as telephone systems write one.
    ///
    /// - A number, an extension, a feature code, a `sip:`, `sips:` or `tel:` URI or `user@host` is
    ///   [`RawParty::Text`] (`user@host` gets its scheme, `sip:`).
    /// - `anonymous`, `private`, `restricted`, `withheld`, `blocked` in any case, and a SIP URI of such a user
    ///   or of `anonymous.invalid` (RFC 3323), is [`RawParty::Withheld`].
    /// - Everything else is [`RawParty::Unknown`]: nothing at all, `unknown`, `unavailable`, a pseudo-extension
    ///   of a dialplan (`s`, `h`), a name (`client:alice`).
    pub fn from_text(text: &str) -> Self {
        // iPhones put marks around a number that keep its direction.
        let text = text.trim_matches(|c: char| c.is_whitespace() || is_invisible(c));
        if let Some(hidden) = hidden(text) {
            return hidden;
        }
        let lower = text.to_ascii_lowercase();
        let scheme = ["sip:", "sips:"].into_iter().find(|scheme| lower.starts_with(scheme));
        if let Some(scheme) = scheme {
            return sip(&lower[scheme.len()..]).unwrap_or_else(|| Self::Text(text.to_owned()));
        }
        if lower.starts_with("tel:") {
            return tel(&text["tel:".len()..]);
        }
        if text.contains('@') {
            return sip(&lower).unwrap_or_else(|| Self::Text(format!("sip:{text}")));
        }
        if is_dialable(text) { Self::Text(without_prefix(text).to_owned()) } else { Self::Unknown }
    }

    /// Whether it names somebody, and so can own a history.
    pub fn is_identified(&self) -> bool {
        matches!(self, Self::Text(_))
    }
}

/// A number without the code before it that hides or shows the caller's for this one call: #31# and *31# (3GPP
/// TS 22.030), *67 and *82 in North America.
fn without_prefix(text: &str) -> &str {
    const SHORTEST: usize = 7;
    let rest = ["#31#", "*31#", "*67", "*82"].into_iter().find_map(|code| text.strip_prefix(code));
    let is_number = |rest: &&str| {
        rest.bytes().filter(u8::is_ascii_digit).count() >= SHORTEST && !rest.contains(['*', '#'])
    };
    rest.map(str::trim_start).filter(is_number).unwrap_or(text)
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Reads the words that stand in place of a number.
fn hidden(text: &str) -> Option<RawParty> {
    const WITHHELD: [&str; 11] = [
        "anonymous",
        "private",
        "restricted",
        "withheld",
        "blocked",
        "private number",
        "private caller",
        "no caller id",
        "hidden",
        "anonym",
        "unterdrückt",
    ];
    const UNKNOWN: [&str; 3] = ["", "unknown", "unavailable"];
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(&WITHHELD) {
        Some(RawParty::Withheld)
    } else if is(&UNKNOWN) {
        Some(RawParty::Unknown)
    } else {
        None
    }
}

/// What the address of a SIP URI says of a caller who does not show one. `None` for any other address.
fn sip(address: &str) -> Option<RawParty> {
    let (user, host) = address.split_once('@').unwrap_or(("", address));
    let user = user.split(';').next().unwrap_or(user);
    let host = host.split([';', '?']).next().unwrap_or(host);
    if host == "anonymous.invalid" {
        return Some(RawParty::Withheld);
    }
    if host.is_empty() || address.starts_with('@') {
        return Some(RawParty::Unknown);
    }
    if user.is_empty() { None } else { hidden(user) }
}

/// Reads a telephone URI (RFC 3966) from behind its scheme. Of its parameters only a context with a country code is
/// part of the number.
fn tel(address: &str) -> RawParty {
    let (number, parameters) = address.split_once(';').unwrap_or((address, ""));
    let number = number.trim();
    if !is_dialable(number) {
        return hidden(number).unwrap_or(RawParty::Unknown);
    }
    let is_context = |parameter: &&str| {
        let digits = parameter.strip_prefix("phone-context=+");
        digits.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit() || b"-.()".contains(&b)))
    };
    match parameters.split(';').find(is_context).filter(|_| !number.starts_with('+')) {
        Some(context) => RawParty::Text(format!("tel:{number};{context}")),
        None => RawParty::Text(without_prefix(number).to_owned()),
    }
}

/// Whether a telephone can dial it: digits, `*`, `#` and what people write between them, or a number that is
/// spelled with letters (`1-800-FLOWERS`).
fn is_dialable(text: &str) -> bool {
    /// The length of a North American number; other countries hardly spell theirs.
    const SHORTEST_SPELLED: usize = 10;
    let punctuation = |c: char| "+()-./\u{a0}\u{2010}\u{2011}\u{2013} ".contains(c);
    let keys = text.chars().filter(|c| c.is_ascii_digit() || *c == '*' || *c == '#').count();
    let plain = text.chars().all(|c| c.is_numeric() || c == '*' || c == '#' || punctuation(c));
    let spelled = keys >= 4
        && text.chars().filter(char::is_ascii_alphanumeric).count() >= SHORTEST_SPELLED
        && text.starts_with(|c: char| c.is_ascii_digit() || c == '+')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || punctuation(c));
    (plain && text.chars().any(|c| c.is_numeric() || c == '*' || c == '#')) || spelled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> RawParty {
        RawParty::Text(text.to_owned())
    }

    #[test]
    fn what_can_be_dialled_is_kept_as_it_is_written() {
        for party in [
            "1001",
            "*97",
            "#31#",
            "0049301234567",
            "+1 (202) 555-0123",
            "+49 30/1234.567",
            "1-800-FLOWERS",
            "sip:alice@example.com",
            "sips:pbx.example",
            "SIP:1001@192.0.2.20;user=phone",
        ] {
            assert_eq!(RawParty::from_text(party), text(party));
        }
        assert_eq!(RawParty::from_text(" 1001 "), text("1001"));
        for (written, number) in [
            ("#31#+4930555001", "+4930555001"),
            ("*31#030 555001", "030 555001"),
            ("*67 (202) 555-0123", "(202) 555-0123"),
            ("*821001", "*821001"),
            ("*67#2025550123", "*67#2025550123"),
        ] {
            assert_eq!(RawParty::from_text(written), text(number));
        }
        assert_eq!(RawParty::from_text("\u{202a}+49 30\u{a0}555001\u{202c}"), text("+49 30\u{a0}555001"));
        assert_eq!(RawParty::from_text("tel:+12025550123"), text("+12025550123"));
        assert_eq!(RawParty::from_text("tel:*82+493012345678"), text("+493012345678"));
        assert_eq!(RawParty::from_text("TEL:+1-202-555-0123;ext=7"), text("+1-202-555-0123"));
        assert_eq!(
            RawParty::from_text("tel:555-0123;phone-context=+1202;x=1"),
            text("tel:555-0123;phone-context=+1202")
        );
        assert_eq!(RawParty::from_text(&"tel:".repeat(100_000)), RawParty::Unknown);
        assert_eq!(RawParty::from_text("alice@example.com"), text("sip:alice@example.com"));
    }

    #[test]
    fn a_caller_who_hides_is_withheld() {
        for party in [
            "anonymous",
            "Anonymous",
            "PRIVATE",
            "restricted",
            "Withheld",
            "blocked",
            "No Caller ID",
            "sip:anonymous@anonymous.invalid",
            "anonymous@192.0.2.20",
        ] {
            assert_eq!(RawParty::from_text(party), RawParty::Withheld, "{party}");
        }
    }

    #[test]
    fn everything_else_is_unknown() {
        for party in [
            "",
            " ",
            "unknown",
            "UNAVAILABLE",
            "s",
            "h",
            "s-BUSY",
            "vmu101",
            "1001-busy",
            "client:alice",
            "alice",
            "+",
            "-",
            "sip:",
        ] {
            assert_eq!(RawParty::from_text(party), RawParty::Unknown, "{party}");
        }
    }
}
