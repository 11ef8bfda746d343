//! Addresses: of the page's own routes and of the API's resources.

/// The page of a number's history: `/calls/%2B13333333333`.
pub fn calls_page(number: &str) -> String {
    format!("/calls/{}", encode(number))
}

/// The API's calls of a number, newest first.
pub fn api_calls(number: &str) -> String {
    format!("/api/calls/{}", encode(number))
}

/// What the API knows of a number.
pub fn api_number(number: &str) -> String {
    format!("/api/numbers/{}", encode(number))
}

/// Percent-encodes a path segment: all but the unreserved characters of RFC 3986, section 2.3.
fn encode(segment: &str) -> String {
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
    fn a_number_is_one_path_segment_whatever_it_is_made_of() {
        for (number, path) in [
            ("+13333333333", "/calls/%2B13333333333"),
            ("1001", "/calls/1001"),
            ("*97#", "/calls/%2A97%23"),
            ("sip:alice@example.com", "/calls/sip%3Aalice%40example.com"),
            ("(202) 555/0123", "/calls/%28202%29%20555%2F0123"),
            ("\u{ff0b}1", "/calls/%EF%BC%8B1"),
        ] {
            assert_eq!(calls_page(number), path);
        }
        assert_eq!(api_calls("+1"), "/api/calls/%2B1");
        assert_eq!(api_number("a?b"), "/api/numbers/a%3Fb");
    }
}
