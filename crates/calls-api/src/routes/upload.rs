//! Uploaded files: streamed to disk, from the body or from a part of a form.

use std::io::{self, Write as _};

use actix_multipart::Multipart;
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpMessage as _, HttpRequest};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_stream::{Stream, StreamExt as _};

use super::bodies::{Pace, announced, bad_body, too_large};
use crate::problem::ApiError;

/// Maximum size of a text field in bytes.
const MOST_FIELD: usize = 4096;
/// Maximum number of parts of a form.
const MOST_PARTS: usize = 20;

/// An uploaded file on disk, deleted on drop.
pub(super) struct Upload {
    pub file: NamedTempFile,
    /// SHA-256 of the file.
    pub digest: Vec<u8>,
    /// The other fields of the form.
    pub fields: Vec<(String, String)>,
}

/// Receives the file of a request, of at most `most` bytes.
///
/// # Errors
/// The upload is too large, too slow or truncated, or the form has no file.
pub(super) async fn receive(request: &HttpRequest, payload: Payload, most: u64) -> Result<Upload, ApiError> {
    if let Some(length) = announced(request).filter(|length| *length > most) {
        return Err(too_large(most, length));
    }
    let mut pace = Pace::start();
    if request.content_type() == "multipart/form-data" {
        return form(Multipart::new(request.headers(), payload), most, &mut pace).await;
    }
    let (file, digest) = save(payload, most, &mut pace).await?;
    Ok(Upload { file, digest, fields: Vec::new() })
}

async fn form(mut parts: Multipart, most: u64, pace: &mut Pace) -> Result<Upload, ApiError> {
    let mut saved = None;
    let mut fields = Vec::new();
    for _ in 0..MOST_PARTS {
        let Some(mut part) = pace.next(parts.next()).await? else { break };
        let disposition = part.content_disposition();
        let name = disposition.and_then(|disposition| disposition.get_name()).unwrap_or_default().to_owned();
        let is_file = disposition.is_some_and(|disposition| disposition.get_filename().is_some());
        if is_file || matches!(name.as_str(), "file" | "log") {
            if saved.is_some() {
                return Err(bad_body("a form with one file", "several"));
            }
            saved = Some(save(part, most, pace).await?);
            continue;
        }
        let mut value = Vec::new();
        while let Some(chunk) = pace.next(part.next()).await? {
            pace.add(chunk.len());
            value.extend_from_slice(&chunk);
            if value.len() > MOST_FIELD {
                return Err(bad_body("a form whose fields are short", "a long one"));
            }
        }
        fields.push((name, String::from_utf8_lossy(&value).into_owned()));
    }
    let (file, digest) = saved.ok_or_else(|| bad_body("a form with a file", "none"))?;
    Ok(Upload { file, digest, fields })
}

/// Streams bytes into a temporary file, and hashes them.
async fn save<E>(
    mut parts: impl Stream<Item = Result<Bytes, E>> + Unpin,
    most: u64,
    pace: &mut Pace,
) -> Result<(NamedTempFile, Vec<u8>), ApiError> {
    let (chunks, writer) = writer();
    while let Some(chunk) = pace.next(parts.next()).await? {
        pace.add(chunk.len());
        if pace.received() > most {
            return Err(too_large(most, pace.received()));
        }
        // If the receiver is gone, the writer reports the reason.
        if chunks.send(chunk).await.is_err() {
            break;
        }
    }
    drop(chunks);
    let written = writer.await.map_err(|_| ApiError::Internal)?;
    written.map_err(|error| {
        tracing::error!(kind = ?error.kind(), "a call log that was sent in cannot be written to the disk");
        ApiError::Internal
    })
}

type Writer = JoinHandle<io::Result<(NamedTempFile, Vec<u8>)>>;

/// Starts a thread that writes the chunks sent to it.
fn writer() -> (mpsc::Sender<Bytes>, Writer) {
    /// Number of buffered chunks, of at most some 64 KiB.
    const WAITING: usize = 16;
    let (chunks, mut received) = mpsc::channel::<Bytes>(WAITING);
    let writer = tokio::task::spawn_blocking(move || {
        let mut file = NamedTempFile::new()?;
        let mut digest = Sha256::new();
        while let Some(chunk) = received.blocking_recv() {
            file.write_all(&chunk)?;
            digest.update(&chunk);
        }
        Ok((file, digest.finalize().to_vec()))
    });
    (chunks, writer)
}
