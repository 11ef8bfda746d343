//! Request bodies: limits on size and time.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::{Bytes, BytesMut, Payload};
use serde_json::error::Category;
use tokio::time::{Instant, timeout_at};
use tokio_stream::StreamExt as _;

use crate::problem::ApiError;

/// Time limit of a body: 10 MiB over 1.4 Mbit/s.
const DEADLINE: Duration = Duration::from_secs(60);
/// Time limit between two parts of a body.
const PAUSE: Duration = Duration::from_secs(5);

/// Deadline of the next part of a body: after the longest pause, and no later than the minimum rate allows.
pub(super) struct Pace {
    start: Instant,
    /// Number of bytes received.
    received: u64,
}

impl Pace {
    pub(super) fn start() -> Self {
        Self { start: Instant::now(), received: 0 }
    }

    /// Waits for the next part.
    pub(super) async fn next<T, E>(
        &mut self,
        parts: impl Future<Output = Option<Result<T, E>>>,
    ) -> Result<Option<T>, ApiError> {
        /// Minimum rate after the first minute, in bytes per second.
        const RATE: u64 = 175_000;
        let whole = self.start + DEADLINE + Duration::from_secs(self.received / RATE);
        let part = timeout_at(whole.min(Instant::now() + PAUSE), parts).await;
        match part.map_err(|_| ApiError::SlowBody)? {
            None => Ok(None),
            Some(Ok(part)) => Ok(Some(part)),
            Some(Err(_)) => Err(bad_body("a body that is complete", "its beginning")),
        }
    }

    /// Adds received bytes.
    pub(super) fn add(&mut self, bytes: usize) {
        self.received += bytes as u64;
    }

    pub(super) fn received(&self) -> u64 {
        self.received
    }
}

/// The error for a body that is larger than allowed, by its header or in fact.
pub(super) fn too_large(limit: u64, found: u64) -> ApiError {
    ApiError::TooLarge { status: 413, what: "the body", limit, found }
}

/// Size of the body by its header.
pub(super) fn announced(request: &HttpRequest) -> Option<u64> {
    request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok())
}

/// Reads the body, if it has at most `most` bytes and arrives in time.
pub(super) async fn read_body(
    request: &HttpRequest,
    mut payload: Payload,
    most: usize,
) -> Result<Bytes, ApiError> {
    let too_large = |found| too_large(most as u64, found);
    if let Some(length) = announced(request).filter(|length| *length > most as u64) {
        return Err(too_large(length));
    }
    let deadline = Instant::now() + DEADLINE;
    let mut body = BytesMut::new();
    loop {
        let chunk = timeout_at(deadline.min(Instant::now() + PAUSE), payload.next()).await;
        match chunk.map_err(|_| ApiError::SlowBody)? {
            None => return Ok(body.freeze()),
            // The size was not announced. The rest is not read.
            Some(Ok(chunk)) if body.len() + chunk.len() > most => return Err(too_large(most as u64 + 1)),
            Some(Ok(chunk)) => body.extend_from_slice(&chunk),
            Some(Err(_)) => return Err(bad_body("a body that is complete", "its beginning")),
        }
    }
}

/// The error for a body that is not JSON, or whose JSON is not what is expected.
pub(super) fn bad_json(expected: &str, body: &[u8], error: &serde_json::Error) -> ApiError {
    let kind = match body.trim_ascii().first() {
        None => "nothing",
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b'0'..=b'9' | b'-') => "a number",
        Some(_) => "",
    };
    match error.classify() {
        Category::Data if !kind.is_empty() && is_of_other_type(error) => bad_body(expected, kind),
        _ if kind == "nothing" => bad_body(expected, kind),
        _ => bad_body(expected, &error.to_string()),
    }
}

/// Whether the body as a whole has another type, not one of its members.
fn is_of_other_type(error: &serde_json::Error) -> bool {
    error.line() == 1 && error.column() <= 1 && error.to_string().starts_with("invalid type")
}

pub(super) fn bad_body(expected: &str, found: &str) -> ApiError {
    ApiError::BadBody { expected: expected.to_owned(), found: found.chars().take(64).collect() }
}
