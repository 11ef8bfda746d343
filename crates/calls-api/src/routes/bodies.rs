//! Bodies that are read: how long they may be, and how long they may take.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::{Bytes, BytesMut, Payload};
use tokio::time::{Instant, timeout_at};
use tokio_stream::StreamExt as _;

use crate::problem::ApiError;

/// How long a body may take: 10 MiB over 1.4 Mbit/s.
const DEADLINE: Duration = Duration::from_secs(60);
/// How long a client may send nothing of it.
const PAUSE: Duration = Duration::from_secs(5);

/// The body, if it has at most so many bytes and comes in time.
pub(super) async fn read_body(
    request: &HttpRequest,
    mut payload: Payload,
    most: usize,
) -> Result<Bytes, ApiError> {
    let too_large = |found| ApiError::TooLarge { status: 413, what: "the body", limit: most as u64, found };
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if let Some(length) = announced.filter(|length| *length > most as u64) {
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

pub(super) fn bad_body(expected: &str, found: &str) -> ApiError {
    ApiError::BadBody { expected: expected.to_owned(), found: found.chars().take(64).collect() }
}
