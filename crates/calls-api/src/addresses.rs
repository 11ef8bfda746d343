//! Paths of a number, for links in responses and reports.

use calls_model::Party;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Address of a number's calls for API clients.
pub(crate) fn api_address(party: &Party) -> String {
    format!("/api{}", page_address(party))
}

/// Address of a number's page, and of its calls for clients that do not ask for HTML.
pub(crate) fn page_address(party: &Party) -> String {
    format!("/calls/{}", utf8_percent_encode(&party.to_string(), NON_ALPHANUMERIC))
}
