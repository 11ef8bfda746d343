//! Problem details (RFC 9457), the body of every error of the API.

use serde::{Deserialize, Serialize};

/// A problem details object (RFC 9457), sent as `application/problem+json`.
///
/// `parameter`, `expected` and `found` are extension members: they are there when a value was malformed, and
/// `parameter` when it was one of the query's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Problem {
    /// Type of problem, as a relative URI that never changes: `/problems/not-a-number`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words, the same for each occurrence.
    pub title: String,
    /// The HTTP status code.
    pub status: u16,
    /// Explanation of this occurrence, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The name of the query parameter that is not right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// The expected value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// The value found instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// The request's id, as in the answer's header `X-Request-Id` and the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl Problem {
    /// The media type of a problem (RFC 9457, section 3).
    pub const MEDIA_TYPE: &'static str = "application/problem+json";
    /// The kind of a path that names no party.
    pub const NOT_A_NUMBER: &'static str = "/problems/not-a-number";
}
