//! Request ids, in responses, problems and log lines.

use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::http::header::{HeaderMap, HeaderName};

/// The header with the id, in requests and responses.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static CURRENT: RequestId;
}

/// The id of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// Maximum length of a client's id in characters.
    const LONGEST: usize = 128;

    /// The id that the client or its proxy sent, if it is well-formed, or else a new one.
    pub fn of(headers: &HeaderMap) -> Self {
        let mut sent = headers.get_all(HEADER);
        match (sent.next().and_then(|id| id.to_str().ok()), sent.next()) {
            (Some(id), None) if Self::is_well_formed(id) => Self(id.into()),
            _ => Self::new(),
        }
    }

    /// Letters, digits, `-`, `_` and `.`, with at least one letter. Ids are logged, so they must not forge a
    /// line or be a phone number.
    fn is_well_formed(id: &str) -> bool {
        id.len() <= Self::LONGEST
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
            && id.bytes().any(|b| b.is_ascii_alphabetic())
    }

    /// Sixteen random hexadecimal digits per process, then the number of the request.
    fn new() -> Self {
        static PROCESS: LazyLock<u64> = LazyLock::new(|| RandomState::new().build_hasher().finish());
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self(format!("r{:016x}-{number}", *PROCESS).into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Runs the handling of a request, in which [`RequestId::current`] returns this id.
    pub async fn during<T>(self, work: impl Future<Output = T>) -> T {
        CURRENT.scope(self, work).await
    }

    /// The id of the request that this task handles.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    fn of(ids: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for id in ids {
            headers.append(HEADER, HeaderValue::from_str(id).unwrap());
        }
        RequestId::of(&headers).to_string()
    }

    #[test]
    fn a_well_formed_id_is_kept_and_any_other_replaced() {
        let longest = "a".repeat(128);
        for id in ["a", "7f000001-cafe.1_x", "0123456789abcdef0123456789abcdef", &longest] {
            assert_eq!(of(&[id]), id);
        }
        let too_long = "a".repeat(129);
        for id in ["", "12025550123", "+12025550123", "1-202-555-0123", "a b", "a\"b", "a/b", &too_long] {
            assert_ne!(of(&[id]), id);
        }
        assert!(of(&["one", "two"]).starts_with('r'), "two ids are none");
    }

    #[test]
    fn ids_are_made_well_formed_and_unlike() {
        let (one, other) = (of(&[]), of(&[]));
        assert!(RequestId::is_well_formed(&one) && RequestId::is_well_formed(&other));
        assert_ne!(one, other);
    }
}
