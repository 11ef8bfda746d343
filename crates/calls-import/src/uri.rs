//! Parties written as URIs: `sip:`, `tel:`, `whatsapp:` and the like, and `user@host`.

use crate::hidden::hidden;
use crate::party::{count_digits, is_dialable};
use crate::record::RawParty;

/// Parses the URI of a party. `None` if the text is not one.
pub(crate) fn read(text: &str) -> Option<RawParty> {
    let (scheme, rest) = split_scheme(text);
    match scheme.as_deref() {
        Some("sip" | "sips") => Some(sip(rest).unwrap_or_else(|| RawParty::Text(text.to_owned()))),
        Some("tel") => Some(tel(rest)),
        Some("whatsapp") => number(rest.split('@').next().unwrap_or(rest)),
        Some(_) if !rest.contains('@') && !rest.starts_with(' ') => number(rest),
        _ if text.contains('@') && !text.contains(char::is_whitespace) => {
            Some(sip(text).unwrap_or_else(|| RawParty::Text(format!("sip:{text}"))))
        }
        _ => None,
    }
}

/// Splits the scheme, in lower case, from the rest.
fn split_scheme(text: &str) -> (Option<String>, &str) {
    const LONGEST: usize = 16;
    match text.split_once(':') {
        Some((scheme, rest))
            if (2..=LONGEST).contains(&scheme.len()) && scheme.bytes().all(|b| b.is_ascii_alphanumeric()) =>
        {
            (Some(scheme.to_ascii_lowercase()), rest.trim_start_matches('/'))
        }
        _ => (None, text),
    }
}

/// A number after the scheme of an app: `whatsapp:+12025550123`, `callto:+12025550123`.
fn number(address: &str) -> Option<RawParty> {
    const SHORTEST: usize = 7;
    let number = decoded(address.split([';', '?']).next()?);
    let number = number.trim();
    (is_dialable(number) && count_digits(number) >= SHORTEST).then(|| RawParty::Text(number.to_owned()))
}

/// Meaning of the address in a SIP URI: a withheld number, or a user part that is a
/// telephone number (RFC 3261, section 19.1.6). `None` for any other address.
fn sip(address: &str) -> Option<RawParty> {
    const SHORTEST: usize = 7;
    let (user, host) = address.split_once('@').unwrap_or(("", address));
    let (host, parameters) = host.split_at(host.find([';', '?']).unwrap_or(host.len()));
    if host.eq_ignore_ascii_case("anonymous.invalid") {
        return Some(RawParty::Withheld);
    }
    if host.is_empty() || address.starts_with('@') {
        return Some(RawParty::Unknown);
    }
    let user = decoded(user.split([';', ':']).next().unwrap_or_default());
    let is_of_whatsapp = ["s.whatsapp.net", "c.us"].iter().any(|known| host.eq_ignore_ascii_case(known));
    if is_of_whatsapp && user.len() >= SHORTEST && user.bytes().all(|b| b.is_ascii_digit()) {
        return Some(RawParty::Text(format!("+{user}")));
    }
    let is_phone =
        parameters.to_ascii_lowercase().split([';', '&']).any(|parameter| parameter == "user=phone");
    let is_number = (user.starts_with('+') || is_phone)
        && count_digits(&user) >= SHORTEST
        && user.bytes().all(|b| b.is_ascii_digit() || b"+-.()".contains(&b));
    if is_number {
        return Some(RawParty::Text(user));
    }
    if user.is_empty() { None } else { hidden(&user) }
}

/// Parses a telephone URI (RFC 3966) after its scheme. Of its parameters, only a context with a country code
/// is used.
fn tel(address: &str) -> RawParty {
    let (number, parameters) = address.split_once(';').unwrap_or((address, ""));
    let number = decoded(number);
    let number = number.trim();
    if !is_dialable(number) {
        return hidden(number).unwrap_or_else(|| RawParty::Text(address.to_owned()));
    }
    let is_context = |parameter: &&str| {
        let digits = parameter.strip_prefix("phone-context=+");
        digits.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit() || b"-.()".contains(&b)))
    };
    match parameters.split(';').find(is_context).filter(|_| !number.starts_with('+')) {
        Some(context) => RawParty::Text(format!("tel:{number};{context}")),
        None => RawParty::from_text(number),
    }
}

/// Decodes an address, in which a plus sign and spaces may be encoded.
fn decoded(text: &str) -> String {
    text.replace("%2B", "+").replace("%2b", "+").replace("%20", " ")
}
