//! Errors of the API: one type, one JSON shape (RFC 9457).

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError, web};
use calls_model::{Problem, ProblemKind};

use crate::base_path::BasePath;
use crate::request_id::RequestId;
use calls_phone::NotANumber;
use calls_store::failure::Failure;
use calls_store::pool::DatabaseError;

/// Error of a request. Internal causes are logged and never sent.
#[derive(Debug)]
pub enum ApiError {
    /// The path has no phone number or other party.
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
    /// The path does not exist.
    NotFound,
    /// The path or parameter is known, but this server has nothing for it.
    Missing {
        /// The reason and, if there is one, the remedy.
        detail: &'static str,
    },
    /// The resource does not accept the method.
    MethodNotAllowed {
        /// Accepted methods, as in `Allow`.
        allow: &'static str,
    },
    /// A page of another origin requests a write.
    OtherOrigin {
        /// The header that shows it.
        header: &'static str,
        /// The expected value.
        expected: &'static str,
        /// The value found.
        found: String,
    },
    /// The server accepts no notes and marks.
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
    /// The body does not match its media type.
    BadBody {
        /// The expected value.
        expected: String,
        /// The value found.
        found: String,
    },
    /// No call could be read from the uploaded log.
    Unreadable {
        /// Expected and found value.
        reason: String,
    },
    /// The ingest token is missing or wrong.
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
    /// The server does not handle this media type.
    UnsupportedMediaType {
        /// Supported types.
        expected: &'static str,
        /// The type found.
        found: String,
    },
    /// The idempotency key belongs to another body.
    KeyReused,
    /// The request exceeds a limit on its size.
    TooLarge {
        /// 413, 414 or 431.
        status: u16,
        /// The oversized part.
        what: &'static str,
        /// Limit in bytes.
        limit: u64,
        /// Size in bytes.
        found: u64,
    },
    /// The request has more records than allowed.
    TooManyRecords {
        /// Its limit.
        limit: usize,
        /// Its size.
        found: usize,
    },
    /// The body did not arrive in time.
    SlowBody,
    /// The server handles as many requests of this kind as allowed, in total or for this client.
    Busy {
        /// Seconds until the next attempt.
        seconds: u64,
    },
    /// The client exceeds its rate limit.
    TooManyRequests {
        /// Seconds until the next attempt.
        seconds: u64,
    },
    /// As many clients as allowed follow a history.
    TooManyFollowers,
    /// PostgreSQL does not respond.
    Unavailable,
    /// PostgreSQL is started, or the database is migrated.
    Starting,
    /// PostgreSQL rejected a query: a defect of the server.
    QueryFailed(Box<Failure>),
    /// A defect of the server.
    Internal,
}

impl ApiError {
    /// The problem as it is sent.
    pub fn problem(&self) -> Problem {
        self.parts().problem()
    }

    /// Logs a failed query with the route of its request.
    pub fn log_failure(&self, route: &str) {
        if let Self::QueryFailed(failure) = self {
            let Failure { sqlstate, table, constraint, message } = &**failure;
            tracing::error!(route, sqlstate, table, constraint, reason = message, "a query failed");
        }
    }

    fn parts(&self) -> Parts {
        use ProblemKind as Kind;
        match self {
            Self::NotANumber(error) => {
                Parts::of(Kind::NotANumber).detail(error).values(error.expected, &error.found)
            }
            Self::BadParameter { name, expected, found } => Parts {
                parameter: Some(name.clone()),
                ..Parts::of(Kind::BadParameter).mismatch(name, expected, found)
            },
            Self::NotFound => Parts::of(Kind::NotFound),
            Self::Missing { detail } => Parts::of(Kind::NotFound).detail(detail),
            Self::MethodNotAllowed { allow } => {
                Parts::of(Kind::MethodNotAllowed).detail(format!("use {allow}")).header(ALLOW, allow)
            }
            Self::OtherOrigin { header, expected, found } => {
                Parts::of(Kind::OtherOrigin).mismatch(header, expected, found)
            }
            Self::ReadOnly => Parts::of(Kind::ReadOnly).detail("the server was started with --read-only"),
            Self::BadHeader { name, expected, found } => {
                Parts::of(Kind::BadHeader).mismatch(name, expected, found)
            }
            Self::BadBody { expected, found } => Parts::of(Kind::BadBody).mismatch("body", expected, found),
            Self::Unreadable { reason } => Parts::of(Kind::Unreadable).detail(reason),
            Self::Unauthorized { challenge } => {
                Parts::of(Kind::Unauthorized).header(WWW_AUTHENTICATE, challenge)
            }
            Self::BadSignature => Parts::of(Kind::BadSignature)
                .detail("the auth token or the public URL differs from Twilio's configuration"),
            Self::Misdirected { found } => {
                let expected = "localhost or a host of --public-url or --allowed-hosts";
                Parts::of(Kind::Misdirected).mismatch("Host", expected, found)
            }
            Self::UnsupportedMediaType { expected, found } => {
                Parts::of(Kind::UnsupportedMediaType).mismatch("Content-Type", expected, found)
            }
            Self::KeyReused => Parts::of(Kind::KeyReused),
            Self::TooLarge { status, what, limit, found } => Parts {
                status: *status,
                ..Parts::of(Kind::TooLarge)
                    .detail(format!("{what} has {found} bytes"))
                    .values(&format!("at most {limit} bytes"), &format!("{found} bytes"))
            },
            Self::TooManyRecords { limit, found } => Parts::of(Kind::TooManyRecords)
                .detail("send the records in several requests")
                .values(&format!("at most {limit} records"), &format!("{found} records")),
            Self::SlowBody => Parts::of(Kind::SlowBody),
            Self::Busy { seconds } => Parts::of(Kind::Busy).retry_after(*seconds),
            Self::TooManyRequests { seconds } => Parts::of(Kind::TooManyRequests).retry_after(*seconds),
            Self::TooManyFollowers => {
                Parts::of(Kind::TooManyFollowers).retry_after(30).detail("request the calls instead")
            }
            Self::Unavailable => Parts::of(Kind::Unavailable).retry_after(2),
            Self::Starting => {
                Parts::of(Kind::Unavailable).retry_after(2).detail("the server is starting; try again in 2 s")
            }
            Self::Internal | Self::QueryFailed(_) => Parts::of(Kind::Internal),
        }
    }
}

/// Everything that a problem's response is made of.
struct Parts {
    kind: ProblemKind,
    status: u16,
    detail: Option<String>,
    parameter: Option<String>,
    /// Expected and found value.
    values: Option<(String, String)>,
    header: Option<(HeaderName, String)>,
}

impl Parts {
    fn of(kind: ProblemKind) -> Self {
        let status = kind.status();
        Self { kind, status, detail: None, parameter: None, values: None, header: None }
    }

    fn detail(self, detail: impl ToString) -> Self {
        Self { detail: Some(detail.to_string()), ..self }
    }

    fn values(self, expected: &str, found: &str) -> Self {
        Self { values: Some((expected.to_owned(), found.to_owned())), ..self }
    }

    /// Expected and found value of a named part of the request.
    fn mismatch(self, name: &str, expected: &str, found: &str) -> Self {
        let detail = format!("{name}: expected {expected}, but found {found:?}");
        self.detail(detail).values(expected, found)
    }

    fn header(self, name: HeaderName, value: impl ToString) -> Self {
        Self { header: Some((name, value.to_string())), ..self }
    }

    fn retry_after(self, seconds: u64) -> Self {
        self.detail(format!("try again in {seconds} s")).header(RETRY_AFTER, seconds)
    }

    fn problem(self) -> Problem {
        let (expected, found) = self.values.unzip();
        Problem {
            kind: format!("{}{}", BasePath::current().as_str(), self.kind.uri()),
            title: self.kind.title().to_owned(),
            status: self.status,
            detail: self.detail,
            parameter: self.parameter,
            expected,
            found,
            request_id: RequestId::current().map(|id| id.to_string()),
        }
    }
}

impl fmt::Display for ApiError {
    /// For logs: never contains input of the client.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.parts().kind.title())
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.parts().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut parts = self.parts();
        let mut response = HttpResponse::build(self.status_code());
        if let Some(header) = parts.header.take() {
            response.insert_header(header);
        }
        // Refused for lack of room, or by a server that another one takes over from: free the connection as
        // well.
        if matches!(self, Self::TooManyFollowers | Self::Busy { .. } | Self::Starting) {
            response.force_close();
        }
        response
            .content_type(Problem::MEDIA_TYPE)
            .body(serde_json::to_string(&parts.problem()).unwrap_or_default())
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
