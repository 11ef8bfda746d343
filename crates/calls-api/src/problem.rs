//! How the API says no: one error type, one JSON shape (RFC 9457).

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderValue, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError, web};
use calls_model::Problem;

use crate::database::DatabaseError;
use crate::phone::NotANumber;

/// Why a request has no other answer. What went wrong inside is logged, never sent.
#[derive(Debug)]
pub enum ApiError {
    /// The path names no party.
    NotANumber(NotANumber),
    /// A query parameter is unknown or malformed.
    BadParameter {
        /// The parameter's name.
        name: String,
        /// What would have been right.
        expected: String,
        /// What came.
        found: String,
    },
    /// Nothing is at this path.
    NotFound,
    /// The path takes other methods.
    MethodNotAllowed,
    /// PostgreSQL cannot be asked at the moment.
    Unavailable,
    /// A defect of ours.
    Internal,
}

impl ApiError {
    /// The problem as it is sent.
    pub fn problem(&self) -> Problem {
        let (kind, title) = match self {
            Self::NotANumber(_) => ("not-a-number", "This is not a phone number"),
            Self::BadParameter { .. } => ("bad-parameter", "A query parameter is not right"),
            Self::NotFound => ("not-found", "There is nothing here"),
            Self::MethodNotAllowed => ("method-not-allowed", "This can only be read"),
            Self::Unavailable => ("unavailable", "The database does not answer"),
            Self::Internal => ("internal", "Something went wrong here"),
        };
        let (detail, expected, found) = match self {
            Self::NotANumber(error) => {
                (Some(error.to_string()), Some(error.expected.to_owned()), Some(error.found.clone()))
            }
            Self::BadParameter { name, expected, found } => (
                Some(format!("{name}: expected {expected}, but found {found:?}")),
                Some(expected.clone()),
                Some(found.clone()),
            ),
            Self::MethodNotAllowed => (Some("use GET or HEAD".to_owned()), None, None),
            Self::Unavailable => (Some("try again in a moment".to_owned()), None, None),
            Self::NotFound | Self::Internal => (None, None, None),
        };
        Problem {
            kind: format!("/problems/{kind}"),
            title: title.to_owned(),
            status: self.status_code().as_u16(),
            detail,
            expected,
            found,
        }
    }
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
            Self::NotANumber(_) | Self::BadParameter { .. } => StatusCode::BAD_REQUEST,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        match self {
            Self::Unavailable => response.insert_header((RETRY_AFTER, HeaderValue::from_static("2"))),
            Self::MethodNotAllowed => response.insert_header((ALLOW, HeaderValue::from_static("GET, HEAD"))),
            _ => &mut response,
        };
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
        // The error's own text can hold a row's values, so only its kind is logged.
        match error {
            DatabaseError::NoConnection(_) | DatabaseError::Disconnected => {
                tracing::warn!("no connection to PostgreSQL");
                Self::Unavailable
            }
            DatabaseError::Query(diesel::result::Error::DatabaseError(kind, _)) => {
                tracing::error!(?kind, "a query failed");
                Self::Internal
            }
            DatabaseError::Query(_) => {
                tracing::error!("a query failed outside PostgreSQL");
                Self::Internal
            }
        }
    }
}

impl From<actix_web::error::BlockingError> for ApiError {
    fn from(_: actix_web::error::BlockingError) -> Self {
        tracing::error!("a worker thread is gone");
        Self::Internal
    }
}

/// What a query string that cannot be taken apart is answered.
pub fn query_errors() -> web::QueryConfig {
    web::QueryConfig::default().error_handler(|_, request| {
        let found = request.query_string().chars().take(64).collect();
        let expected = "name=value pairs, percent-encoded".to_owned();
        ApiError::BadParameter { name: "query".to_owned(), expected, found }.into()
    })
}

/// What a path that cannot be decoded is answered.
pub fn path_errors() -> web::PathConfig {
    web::PathConfig::default().error_handler(|_, _| ApiError::NotFound.into())
}
