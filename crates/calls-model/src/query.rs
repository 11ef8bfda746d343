//! Query strings of addresses.

/// A query string with its question mark, from names that need no encoding, and values; empty without any.
pub fn query(pairs: &[(&str, String)]) -> String {
    let pair = |(index, (name, value)): (usize, &(&str, String))| {
        format!("{}{name}={}", if index == 0 { '?' } else { '&' }, encode(value))
    };
    pairs.iter().enumerate().map(pair).collect()
}

/// Adds a parameter to an address. The name must need no encoding.
pub fn with(address: &str, name: &str, value: &str) -> String {
    let joint = if address.contains('?') { '&' } else { '?' };
    format!("{address}{joint}{name}={}", encode(value))
}

/// The pairs of a query string without its question mark, decoded as a form: a plus sign is a space.
pub fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(value))
    })
}

/// Decodes percent-encoding. Malformed escapes are kept.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let hex = |index: usize| bytes.get(index).and_then(|byte| char::from(*byte).to_digit(16));
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while let Some(byte) = bytes.get(index) {
        let pair = if *byte == b'%' { hex(index + 1).zip(hex(index + 2)) } else { None };
        decoded.push(match pair {
            // Two hexadecimal digits are one byte.
            Some((high, low)) => (high * 16 + low) as u8,
            None if *byte == b'+' => b' ',
            None => *byte,
        });
        index += if pair.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// Percent-encodes a path segment or a query value: all but the unreserved characters of RFC 3986, section
/// 2.3.
pub fn encode(segment: &str) -> String {
    let mut encoded = String::with_capacity(segment.len() + 8);
    for byte in segment.bytes() {
        match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => {
                encoded.push('%');
                encoded.push(hex_digit(byte >> 4));
                encoded.push(hex_digit(byte & 15));
            }
        }
    }
    encoded
}

fn hex_digit(nibble: u8) -> char {
    char::from(b"0123456789ABCDEF"[usize::from(nibble)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_comes_after_those_that_are_there() {
        assert_eq!(with("/a", "tz", "Europe/Berlin"), "/a?tz=Europe%2FBerlin");
        assert_eq!(with("/a?b=c", "tz", "UTC"), "/a?b=c&tz=UTC");
    }

    #[test]
    fn a_query_reads_back_what_it_writes() {
        let values = ["+1 202*", "a&b=c", "100%", "\u{e9}", ""];
        let written: Vec<(&str, String)> = values.iter().map(|value| ("name", (*value).to_owned())).collect();
        let text = query(&written);
        assert_eq!(text, "?name=%2B1%20202%2A&name=a%26b%3Dc&name=100%25&name=%C3%A9&name=");
        let read: Vec<String> = pairs(&text[1..]).map(|(_, value)| value).collect();
        assert_eq!(read, values);
        assert_eq!(query(&[]), "");
        assert_eq!(pairs("").count(), 0);
    }

    #[test]
    fn what_is_encoded_badly_stays_as_it_is() {
        for (text, value) in [("%", "%"), ("%2", "%2"), ("%zz", "%zz"), ("a+b", "a b"), ("%ff", "\u{fffd}")] {
            assert_eq!(pairs(&format!("x={text}")).next(), Some(("x".to_owned(), value.to_owned())));
        }
    }
}
