//! Problem details (RFC 9457), the body of every error of the API.

use serde::{Deserialize, Serialize};

/// A problem details object (RFC 9457), sent as `application/problem+json`.
///
/// `parameter`, `expected` and `found` are extension members. `expected` and `found` are present when a value
/// was malformed, and `parameter` when that value came from the query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Problem {
    /// Type of problem: a stable relative URI such as `/problems/not-a-number`.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "schema", schema(schema_with = crate::schema::problem_type))]
    pub kind: String,
    /// Short name of the type, the same for each occurrence.
    pub title: String,
    /// HTTP status code.
    pub status: u16,
    /// Explanation of this occurrence, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Name of the malformed query parameter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// Expected value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// Value found instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// Request ID, as in the response header `X-Request-Id` and in the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl Problem {
    /// Media type of a problem (RFC 9457, section 3).
    pub const MEDIA_TYPE: &'static str = "application/problem+json";

    /// Whether the problem is of this kind.
    pub fn is(&self, kind: ProblemKind) -> bool {
        self.kind.ends_with(kind.uri())
    }
}

/// Declares the kinds of problems, one row each: name, last segment of the URI, status, title.
macro_rules! problem_kinds {
    ($($(#[$doc:meta])* $kind:ident = $slug:literal, $status:literal, $title:literal;)*) => {
        /// Kind of a [`Problem`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum ProblemKind {
            $($(#[$doc])* $kind,)*
        }

        impl ProblemKind {
            /// All kinds.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// URI of the kind, relative to the API's base path.
            pub const fn uri(self) -> &'static str {
                match self { $(Self::$kind => concat!("/problems/", $slug),)* }
            }

            /// Status of the response; `TooLarge` may also be 414 or 431.
            pub const fn status(self) -> u16 {
                match self { $(Self::$kind => $status,)* }
            }

            /// Short name of the kind.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$kind => $title,)* }
            }
        }
    };
}

problem_kinds! {
    /// The path has no phone number or other party.
    NotANumber = "not-a-number", 400, "Invalid phone number";
    /// A query parameter is unknown or malformed.
    BadParameter = "bad-parameter", 400, "Invalid query parameter";
    /// A header is malformed.
    BadHeader = "bad-header", 400, "Invalid header";
    /// The body does not match its media type.
    BadBody = "bad-body", 400, "Invalid body";
    /// The ingest token is missing or wrong.
    Unauthorized = "unauthorized", 401, "Missing or wrong ingest token";
    /// The signature is missing or wrong.
    BadSignature = "bad-signature", 403, "Missing or wrong signature";
    /// A page of another origin requests a write.
    OtherOrigin = "other-origin", 403, "Cross-origin write";
    /// The server accepts no notes and marks.
    ReadOnly = "read-only", 403, "Read-only server";
    /// The path does not exist.
    NotFound = "not-found", 404, "Not found";
    /// The resource does not accept the method.
    MethodNotAllowed = "method-not-allowed", 405, "Method not allowed";
    /// The body did not arrive in time.
    SlowBody = "slow-body", 408, "Body timeout";
    /// The request exceeds a limit on its size in bytes.
    TooLarge = "too-large", 413, "Request too large";
    /// The request has more records than allowed.
    TooManyRecords = "too-many-records", 413, "Too many records";
    /// The server does not handle this media type.
    UnsupportedMediaType = "unsupported-media-type", 415, "Unsupported media type";
    /// The request is addressed to a host that is not this server's.
    Misdirected = "misdirected", 421, "Unknown host";
    /// No call could be read from the uploaded log.
    Unreadable = "unreadable-log", 422, "Unreadable call log";
    /// The idempotency key belongs to another body.
    KeyReused = "idempotency-key-reused", 422, "Idempotency key reused";
    /// The client exceeds its rate limit.
    TooManyRequests = "too-many-requests", 429, "Too many requests";
    /// A defect of the server.
    Internal = "internal", 500, "Internal error";
    /// The server handles as many requests of this kind as allowed, in total or for this client.
    Busy = "busy", 503, "Server busy";
    /// As many clients as allowed follow a history.
    TooManyFollowers = "too-many-followers", 503, "Too many followers";
    /// PostgreSQL does not respond.
    Unavailable = "unavailable", 503, "Database unavailable";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_found_below_any_base_path() {
        let problem = |kind: &str| Problem {
            kind: kind.to_owned(),
            title: ProblemKind::NotFound.title().to_owned(),
            status: 404,
            detail: None,
            parameter: None,
            expected: None,
            found: None,
            request_id: None,
        };
        assert!(problem("/problems/not-found").is(ProblemKind::NotFound));
        assert!(problem("/telephone/problems/not-found").is(ProblemKind::NotFound));
        assert!(!problem("/problems/bad-body").is(ProblemKind::NotFound));
    }

    #[test]
    fn titles_are_short_and_uris_differ() {
        let mut uris: Vec<_> = ProblemKind::ALL.iter().map(|kind| kind.uri()).collect();
        uris.sort_unstable();
        uris.dedup();
        assert_eq!(uris.len(), ProblemKind::ALL.len());
        for kind in ProblemKind::ALL {
            let title = kind.title();
            assert!(title.len() <= 30 && !title.ends_with('.'), "{title}");
            assert!((400..600).contains(&kind.status()), "{title}");
        }
    }
}
