//! Initial data in the page's HTML.

use serde::{Deserialize, Serialize};

use crate::calls::DetailedCall;
use crate::numbers::NumberInfo;

/// The API's first responses, embedded in the HTML of a number's page (swr's fallback data). This saves a
/// round trip before the first call is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InitialData {
    /// The number in the address, without percent-encoding. The responses are for this spelling.
    pub number: String,
    /// Description of the number.
    pub info: NumberInfo,
    /// Person of the address `/calls/{number}/with/{party}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<NumberInfo>,
    /// The first page of the requested calls with details, newest first. `None` if the database did not
    /// respond in time, or if the filter needs the browser's time zone and that is not known.
    pub calls: Option<Vec<DetailedCall>>,
    /// The API's path of the next page. `None` if there is none.
    pub next: Option<String>,
}

impl InitialData {
    /// The `id` of the element with the data as JSON: `<script type="application/json" id="fallback">`.
    pub const ELEMENT: &str = "fallback";
}
