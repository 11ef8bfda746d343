//! Bodies that are read: how long they may be, and how long they may take.

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

/// When the next part of a body has to be there: after a pause at most, and not later than at this rate.
pub(super) struct Pace {
    start: Instant,
    /// Bytes that came so far.
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
        /// Bytes a second, of what came behind the first minute.
        const RATE: u64 = 175_000;
        let whole = self.start + DEADLINE + Duration::from_secs(self.received / RATE);
        let part = timeout_at(whole.min(Instant::now() + PAUSE), parts).await;
        match part.map_err(|_| ApiError::SlowBody)? {
            None => Ok(None),
            Some(Ok(part)) => Ok(Some(part)),
            Some(Err(_)) => Err(bad_body("a body that is complete", "its beginning")),
        }
    }

    /// Notes that so many bytes came.
    pub(super) fn add(&mut self, bytes: usize) {
        self.received += bytes as u64;
    }

    pub(super) fn received(&self) -> u64 {
        self.received
    }
}

/// The error of a body that has more bytes than it may, or says so.
pub(super) fn too_large(limit: u64, found: u64) -> ApiError {
    ApiError::TooLarge { status: 413, what: "the body", limit, found }
}

/// The bytes of a body, as far as its header says.
pub(super) fn announced(request: &HttpRequest) -> Option<u64> {
    request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok())
}

/// The body, if it has at most so many bytes and comes in time.
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
            // It was not announced, and is not read to its end.
            Some(Ok(chunk)) if body.len() + chunk.len() > most => return Err(too_large(most as u64 + 1)),
            Some(Ok(chunk)) => body.extend_from_slice(&chunk),
            Some(Err(_)) => return Err(bad_body("a body that is complete", "its beginning")),
        }
    }
}

/// The error of a body that is no JSON, or JSON of something else than is expected.
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

/// Whether a body as a whole is of another type: not one of its members.
fn is_of_other_type(error: &serde_json::Error) -> bool {
    error.line() == 1 && error.column() <= 1 && error.to_string().starts_with("invalid type")
}

pub(super) fn bad_body(expected: &str, found: &str) -> ApiError {
    ApiError::BadBody { expected: expected.to_owned(), found: found.chars().take(64).collect() }
}
