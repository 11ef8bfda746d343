//! Errors of the API: one type, one JSON shape (RFC 9457).

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError, web};
use calls_model::Problem;

use crate::base_path::BasePath;
use crate::request_id::RequestId;
use calls_phone::NotANumber;
use calls_store::failure::Failure;
use calls_store::pool::DatabaseError;

/// Why a request has no other answer. What went wrong inside is logged, never sent.
#[derive(Debug)]
pub enum ApiError {
    /// The path names no party.
    NotANumber(NotANumber),
    /// A query parameter is unknown or malformed.
    BadParameter {
        /// The parameter's name.
        name: String,
        /// The expected value.
        expected: String,
        /// The value found.
        found: String,
    },
    /// Nothing is at this path.
    NotFound,
    /// The path takes other methods.
    MethodNotAllowed,
    /// The path takes POST alone.
    OnlyPost,
    /// The path takes these methods alone.
    OtherMethods {
        /// What `Allow` says.
        allow: &'static str,
    },
    /// A page of another origin asks for a write.
    OtherOrigin {
        /// The header that says so.
        header: &'static str,
        /// The expected value.
        expected: &'static str,
        /// The value found.
        found: String,
    },
    /// This server takes no notes and marks.
    ReadOnly,
    /// A header is malformed.
    BadHeader {
        /// The header's name.
        name: &'static str,
        /// The expected value.
        expected: &'static str,
        /// The value found.
        found: String,
    },
    /// The body is not what its type says.
    BadBody {
        /// The expected value.
        expected: String,
        /// The value found.
        found: String,
    },
    /// A call log without a call that can be read.
    Unreadable {
        /// The expected and the found value.
        reason: String,
    },
    /// The sender does not know the secret.
    Unauthorized {
        /// Challenge for `WWW-Authenticate`.
        challenge: &'static str,
    },
    /// The signature does not match.
    BadSignature,
    /// The request is addressed to a host that is not this server's.
    Misdirected {
        /// The host.
        found: String,
    },
    /// The body is of a type that is not read here.
    UnsupportedMediaType {
        /// Types that are.
        expected: &'static str,
        /// The type that came.
        found: String,
    },
    /// The idempotency key came before, with another body.
    KeyReused,
    /// The request is larger than any that is honest.
    TooLarge {
        /// 413, 414 or 431.
        status: u16,
        /// The part that is too large.
        what: &'static str,
        /// Its bytes at most.
        limit: u64,
        /// The bytes that came.
        found: u64,
    },
    /// The request has more records than one may.
    TooManyRecords {
        /// Its limit.
        limit: usize,
        /// Its size.
        found: usize,
    },
    /// The body did not come in time.
    SlowBody,
    /// As many requests of this kind are being answered as may, in all or for this client.
    Busy {
        /// When to try again.
        seconds: u64,
    },
    /// This client has asked too often.
    TooManyRequests {
        /// When it may ask again.
        seconds: u64,
    },
    /// As many clients follow a history as may.
    TooManyFollowers,
    /// PostgreSQL cannot be asked at the moment.
    Unavailable,
    /// PostgreSQL refused a query, which is a defect of ours.
    QueryFailed(Box<Failure>),
    /// A defect of ours.
    Internal,
}

impl ApiError {
    /// The problem as it is sent.
    pub fn problem(&self) -> Problem {
        let (kind, title) = self.kind_and_title();
        let (detail, expected, found) = self.detail();
        let parameter = match self {
            Self::BadParameter { name, .. } => Some(name.clone()),
            _ => None,
        };
        Problem {
            kind: format!("{}/problems/{kind}", BasePath::current().as_str()),
            title: title.to_owned(),
            status: self.status_code().as_u16(),
            detail,
            parameter,
            expected,
            found,
            request_id: RequestId::current().map(|id| id.to_string()),
        }
    }

    /// Logs a query that failed in answering a request of this route.
    pub fn log_failure(&self, route: &str) {
        if let Self::QueryFailed(failure) = self {
            let Failure { sqlstate, table, constraint, message } = &**failure;
            tracing::error!(route, sqlstate, table, constraint, reason = message, "a query failed");
        }
    }

    fn kind_and_title(&self) -> (&'static str, &'static str) {
        match self {
            Self::NotANumber(_) => ("not-a-number", "This is not a phone number"),
            Self::BadParameter { .. } => ("bad-parameter", "A query parameter is not right"),
            Self::NotFound => ("not-found", "There is nothing here"),
            Self::MethodNotAllowed => ("method-not-allowed", "This can only be read"),
            Self::OnlyPost => ("method-not-allowed", "This can only be sent to"),
            Self::OtherMethods { .. } => ("method-not-allowed", "This method is not for this resource"),
            Self::OtherOrigin { .. } => ("other-origin", "Pages of other origins change nothing here"),
            Self::ReadOnly => ("read-only", "This server is read-only"),
            Self::BadHeader { .. } => ("bad-header", "A header is not right"),
            Self::BadBody { .. } => ("bad-body", "The body cannot be read"),
            Self::Unreadable { .. } => ("unreadable-log", "Unreadable call log"),
            Self::Unauthorized { .. } => ("unauthorized", "The ingest token is missing or wrong"),
            Self::BadSignature => ("bad-signature", "The signature is missing or wrong"),
            Self::Misdirected { .. } => ("misdirected", "This server does not have this host name"),
            Self::UnsupportedMediaType { .. } => ("unsupported-media-type", "This type is not read here"),
            Self::KeyReused => ("idempotency-key-reused", "This Idempotency-Key came with another body"),
            Self::TooLarge { .. } => ("too-large", "The request is too large"),
            Self::TooManyRecords { .. } => ("too-many-records", "The request has too many records"),
            Self::SlowBody => ("slow-body", "The body did not arrive in time"),
            Self::Busy { .. } => ("busy", "Too many requests of this kind at once"),
            Self::TooManyRequests { .. } => ("too-many-requests", "Too many requests"),
            Self::TooManyFollowers => ("too-many-followers", "Too many clients follow a history"),
            Self::Unavailable => ("unavailable", "The database does not answer"),
            Self::Internal | Self::QueryFailed(_) => ("internal", "Something went wrong here"),
        }
    }

    /// Detail, expected and found.
    fn detail(&self) -> Detail {
        match self {
            Self::NotANumber(error) => {
                (Some(error.to_string()), Some(error.expected.to_owned()), Some(error.found.clone()))
            }
            Self::BadParameter { name, expected, found } => (
                Some(format!("{name}: expected {expected}, but found {found:?}")),
                Some(expected.clone()),
                Some(found.clone()),
            ),
            Self::MethodNotAllowed => (Some("use GET or HEAD".to_owned()), None, None),
            Self::OnlyPost => (Some("use POST".to_owned()), None, None),
            Self::OtherMethods { allow } => (Some(format!("use one of {allow}")), None, None),
            Self::OtherOrigin { header, expected, found } => told(header, expected, found),
            Self::ReadOnly => (Some("it was started with --read-only".to_owned()), None, None),
            Self::BadHeader { name, expected, found } => told(name, expected, found),
            Self::BadBody { expected, found } => told("body", expected, found),
            Self::Misdirected { found } => {
                told("Host", "localhost or a host of --public-url or --allowed-hosts", found)
            }
            Self::UnsupportedMediaType { expected, found } => told("Content-Type", expected, found),
            Self::Unreadable { reason } => (Some(reason.clone()), None, None),
            Self::BadSignature => {
                (Some("the auth token or the public URL differs from Twilio's".to_owned()), None, None)
            }
            Self::Unauthorized { .. } | Self::KeyReused => (None, None, None),
            Self::TooLarge { what, limit, found, .. } => (
                Some(format!("{what} has {found} bytes")),
                Some(format!("at most {limit} bytes")),
                Some(format!("{found} bytes")),
            ),
            Self::TooManyRecords { limit, found } => (
                Some("send the records in several requests".to_owned()),
                Some(format!("at most {limit} records")),
                Some(format!("{found} records")),
            ),
            Self::TooManyRequests { seconds } | Self::Busy { seconds } => {
                (Some(format!("try again in {seconds} s")), None, None)
            }
            Self::TooManyFollowers => (Some("ask for the calls themselves".to_owned()), None, None),
            Self::Unavailable => (Some("try again in a moment".to_owned()), None, None),
            Self::NotFound | Self::SlowBody | Self::Internal | Self::QueryFailed(_) => (None, None, None),
        }
    }
}

/// Detail, expected and found of a problem.
type Detail = (Option<String>, Option<String>, Option<String>);

/// Detail, expected and found of a value that is not right.
fn told(what: &str, expected: &str, found: &str) -> Detail {
    let detail = format!("{what}: expected {expected}, but found {found:?}");
    (Some(detail), Some(expected.to_owned()), Some(found.to_owned()))
}

impl fmt::Display for ApiError {
    /// For logs: never holds what the client sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem().title)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NotANumber(_)
            | Self::BadParameter { .. }
            | Self::BadHeader { .. }
            | Self::BadBody { .. } => StatusCode::BAD_REQUEST,
            Self::Unauthorized { .. } => StatusCode::UNAUTHORIZED,
            Self::BadSignature | Self::OtherOrigin { .. } | Self::ReadOnly => StatusCode::FORBIDDEN,
            Self::Misdirected { .. } => StatusCode::MISDIRECTED_REQUEST,
            Self::UnsupportedMediaType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unreadable { .. } | Self::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed | Self::OnlyPost | Self::OtherMethods { .. } => {
                StatusCode::METHOD_NOT_ALLOWED
            }
            Self::TooLarge { status, .. } => {
                StatusCode::from_u16(*status).unwrap_or(StatusCode::PAYLOAD_TOO_LARGE)
            }
            Self::TooManyRecords { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::SlowBody => StatusCode::REQUEST_TIMEOUT,
            Self::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable | Self::TooManyFollowers | Self::Busy { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal | Self::QueryFailed(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        match self {
            Self::Unavailable => response.insert_header((RETRY_AFTER, HeaderValue::from_static("2"))),
            Self::TooManyRequests { seconds } | Self::Busy { seconds } => {
                response.insert_header((RETRY_AFTER, *seconds))
            }
            Self::MethodNotAllowed => response.insert_header((ALLOW, HeaderValue::from_static("GET, HEAD"))),
            Self::TooManyFollowers => response.insert_header((RETRY_AFTER, HeaderValue::from_static("30"))),
            Self::OnlyPost => response.insert_header((ALLOW, HeaderValue::from_static("POST"))),
            Self::OtherMethods { allow } => response.insert_header((ALLOW, HeaderValue::from_static(allow))),
            Self::Unauthorized { challenge } => response.insert_header((WWW_AUTHENTICATE, *challenge)),
            _ => &mut response,
        };
        // A client that is refused for want of room makes room.
        if matches!(self, Self::TooManyFollowers | Self::Busy { .. }) {
            response.force_close();
        }
        response
            .content_type(Problem::MEDIA_TYPE)
            .body(serde_json::to_string(&self.problem()).unwrap_or_default())
    }
}

impl From<NotANumber> for ApiError {
    fn from(error: NotANumber) -> Self {
        Self::NotANumber(error)
    }
}

impl From<DatabaseError> for ApiError {
    fn from(error: DatabaseError) -> Self {
        Self::from(&error)
    }
}

impl From<&DatabaseError> for ApiError {
    fn from(error: &DatabaseError) -> Self {
        // The error's own text can hold a row's values, so only its kind is logged.
        match error {
            DatabaseError::TooManyWait => {
                tracing::warn!("too many requests wait for PostgreSQL");
                Self::Unavailable
            }
            DatabaseError::Slow => {
                tracing::warn!("no answer from PostgreSQL in time");
                Self::Unavailable
            }
            DatabaseError::NoConnection | DatabaseError::Disconnected => {
                tracing::warn!("no connection to PostgreSQL");
                Self::Unavailable
            }
            DatabaseError::ReadOnly => {
                tracing::warn!("PostgreSQL takes no writes: it is a standby");
                Self::Unavailable
            }
            DatabaseError::Refused(failure) => Self::QueryFailed(failure.clone()),
            DatabaseError::ThreadGone => {
                tracing::error!("a worker thread is gone");
                Self::Internal
            }
            DatabaseError::Query(error) => match Failure::of(error) {
                Some(failure) => Self::QueryFailed(Box::new(failure)),
                None => {
                    tracing::error!("a query failed outside PostgreSQL");
                    Self::Internal
                }
            },
        }
    }
}

impl From<actix_web::error::BlockingError> for ApiError {
    fn from(_: actix_web::error::BlockingError) -> Self {
        tracing::error!("a worker thread is gone");
        Self::Internal
    }
}

/// Problem for a malformed query string.
pub fn query_errors() -> web::QueryConfig {
    web::QueryConfig::default().error_handler(|_, request| {
        let found = request.query_string().chars().take(64).collect();
        let expected = "name=value pairs, percent-encoded".to_owned();
        ApiError::BadParameter { name: "query".to_owned(), expected, found }.into()
    })
}

/// Problem for a path that cannot be decoded.
pub fn path_errors() -> web::PathConfig {
    web::PathConfig::default().error_handler(|_, _| ApiError::NotFound.into())
}
