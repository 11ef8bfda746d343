//! Addresses of pages and of the API's resources.

use std::sync::OnceLock;

use calls_model::query::encode;
pub use calls_model::query::{pairs, query, with};

static BASE: OnceLock<String> = OnceLock::new();

/// The base path, without a trailing slash; empty at the root.
pub fn base() -> &'static str {
    BASE.get().map_or("", String::as_str)
}

/// Sets [`base`], once, before its first use. The server writes it to `data-base` in the HTML.
pub fn set_base(path: String) {
    BASE.set(path).unwrap_or_default();
}

/// The page of a number's history: `/calls/%2B13333333333`.
pub fn calls_page(number: &str) -> String {
    format!("{}/calls/{}", base(), encode(number))
}

/// The page of a number, or of its calls with one party.
pub fn page(number: &str, party: Option<&str>) -> String {
    let page = calls_page(number);
    match party {
        Some(party) => format!("{page}/with/{}", encode(party)),
        None => page,
    }
}

/// The API's calls of a number, newest first.
pub fn api_calls(number: &str) -> String {
    format!("{}/api/calls/{}", base(), encode(number))
}

/// The API's event stream of a number.
pub fn api_events(number: &str) -> String {
    api_calls(number) + "/events"
}

/// Address of a number's summary.
pub fn api_summary(number: &str) -> String {
    api_calls(number) + "/summary"
}

/// Address of a number's description.
pub fn api_number(number: &str) -> String {
    format!("{}/api/numbers/{}", base(), encode(number))
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
        assert_eq!(api_summary("+1"), "/api/calls/%2B1/summary");
    }
}
