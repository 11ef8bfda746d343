//! Data that the server puts into the page's HTML.

use serde::{Deserialize, Serialize};

use crate::calls::DetailedCall;
use crate::numbers::NumberInfo;

/// The first answers of the API, inside the HTML of a number's page: swr's fallback. With it no second round
/// trip stands before the first call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fallback {
    /// The number as the address has it, without percent-encoding. The answers are for this spelling.
    pub number: String,
    /// Description of the number.
    pub info: NumberInfo,
    /// Person of the address `/calls/{number}/with/{party}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<NumberInfo>,
    /// The first page of the calls that the address asks for, with their details, newest first. `None`: the
    /// database had no answer in time, or the filter has days and the reader's zone is not known.
    pub calls: Option<Vec<DetailedCall>>,
    /// The API's path of the page after it. `None` where there is none.
    pub next: Option<String>,
}

impl Fallback {
    /// The `id` of the element that has it, as JSON: `<script type="application/json" id="fallback">`.
    pub const ELEMENT: &str = "fallback";
}
