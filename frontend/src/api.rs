//! The Calls API over HTTP. No other module accesses the network.

use std::fmt;

use calls_model::{Problem, ProblemKind};
use gloo_net::http::Request;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::EventSource;

use crate::script::{self, fill, t};

/// Reason why a request failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiError {
    /// The text cannot be a number. The problem has the expected and the found value.
    NotANumber(Box<Problem>),
    /// No response: no network, no server, or a gateway without a server.
    Unreachable,
    /// The server responded with an error.
    Server {
        /// The HTTP status code.
        status: u16,
        /// Message of the server, for people.
        message: Option<String>,
    },
}

impl ApiError {
    /// Whether a retry can help.
    pub fn may_pass(&self) -> bool {
        // Of the client errors (RFC 9110, section 15.5), only these two depend on time.
        match self {
            Self::NotANumber(_) => false,
            Self::Server { status, .. } => !(400..500).contains(status) || matches!(status, 408 | 429),
            Self::Unreachable => true,
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotANumber(problem) => f.write_str(problem.detail.as_deref().unwrap_or(&problem.title)),
            Self::Unreachable => f.write_str(&t("The server cannot be reached.")),
            Self::Server { message: Some(message), .. } => f.write_str(message),
            Self::Server { status, .. } => f.write_str(&fill(
                "The server answered with an error ({status}).",
                &[("status", &status.to_string())],
            )),
        }
    }
}

impl std::error::Error for ApiError {}

/// Fetches a resource of the API by its path on this origin. Inside a fetcher of [`leptos_swr`], the request
/// is aborted when its result is no longer needed.
///
/// # Errors
///
/// [`ApiError`], also if the response is not JSON of the expected type.
pub async fn get<T: DeserializeOwned>(path: &str) -> Result<T, ApiError> {
    get_text(path).await?.data()
}

/// A response.
pub struct Answer {
    status: u16,
    /// The body, as JSON.
    pub text: String,
    /// The path of the next page, if there is one.
    pub next: Option<String>,
}

impl Answer {
    /// The data.
    ///
    /// # Errors
    ///
    /// [`ApiError::Server`] if the response is not JSON of the expected type.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        serde_json::from_str(&self.text).map_err(|error| ApiError::Server {
            status: self.status,
            message: Some(fill(
                "The server's answer cannot be read: {error}.",
                &[("error", &error.to_string())],
            )),
        })
    }
}

/// Fetches a resource like [`get`], without parsing its body.
///
/// # Errors
///
/// [`ApiError`], if the request fails.
pub async fn get_text(path: &str) -> Result<Answer, ApiError> {
    let response = Request::get(path)
        .header("Accept", "application/json")
        .abort_signal(leptos_swr::abort_signal().as_ref())
        .send()
        .await
        .map_err(|_| ApiError::Unreachable)?;
    let header = |name| response.headers().get(name).unwrap_or_default();
    let (media_type, link) = (header("Content-Type"), header("Link"));
    let (status, is_ok) = (response.status(), response.ok());
    let text = response.text().await.map_err(|_| ApiError::Unreachable)?;
    if !is_ok {
        return Err(refusal(status, &media_type, &text));
    }
    Ok(Answer { status, text, next: next_page(&link) })
}

/// The path of the next page in a `Link` header (RFC 8288). Links to other origins are ignored.
fn next_page(link: &str) -> Option<String> {
    let links = link.split('<').skip(1).filter_map(|link| link.split_once('>'));
    let is_next = |parameters: &str| {
        parameters.split([';', ',']).any(|parameter| matches!(parameter.trim(), "rel=\"next\"" | "rel=next"))
    };
    let mut next = links.filter(|(_, parameters)| is_next(parameters)).map(|(path, _)| path);
    next.find(|path| path.starts_with('/') && !path.starts_with("//")).map(str::to_owned)
}

/// Follows the server-sent events (WHATWG HTML, section 9.2) at a path until the returned function is called.
/// `on_news` gets a count: 0 when the stream opens, one more for every `call`, and one more when the stream
/// is reopened, because calls may have been missed. If the server refuses, there is no retry: the page still
/// polls.
pub fn follow(path: &str, on_news: impl Fn(u32) + 'static) -> Box<dyn FnOnce()> {
    let Ok(source) = EventSource::new(path) else { return Box::new(|| {}) };
    let mut count = 0_u32;
    let on_event = Closure::<dyn FnMut()>::new(move || {
        on_news(count);
        count = count.wrapping_add(1);
    });
    for kind in ["open", "call"] {
        let listener = on_event.as_ref().unchecked_ref();
        // Fails only for an unknown kind of listener.
        source.add_event_listener_with_callback(kind, listener).unwrap_or_default();
    }
    Box::new(move || {
        source.close();
        drop(on_event);
    })
}

/// The error for a response with an error status.
fn refusal(status: u16, media_type: &str, body: &str) -> ApiError {
    let problem = media_type
        .starts_with(Problem::MEDIA_TYPE)
        .then(|| serde_json::from_str::<Problem>(body).ok())
        .flatten();
    match (problem, status) {
        (Some(problem), _) if problem.is(ProblemKind::NotANumber) => ApiError::NotANumber(Box::new(problem)),
        (Some(problem), _) => ApiError::Server { status, message: Some(script::problem(&problem)) },
        // From a gateway without a server.
        (None, 502..=504) => ApiError::Unreachable,
        (None, _) => ApiError::Server { status, message: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROBLEM: &str = r#"{"type":"/problems/not-a-number","title":"Not a number","status":400,
        "detail":"expected a phone number, but found \"abc\"","expected":"a phone number","found":"abc"}"#;

    #[test]
    fn a_text_that_is_no_number_is_told_by_its_problem_type() {
        let ApiError::NotANumber(problem) = refusal(400, "application/problem+json", PROBLEM) else {
            panic!("not told");
        };
        assert_eq!(problem.expected.as_deref(), Some("a phone number"));
        assert_eq!(problem.found.as_deref(), Some("abc"));
    }

    #[test]
    fn other_problems_speak_for_themselves() {
        let body = r#"{"type":"/problems/database","title":"No database","status":503,"detail":"The database is down."}"#;
        let error = refusal(503, "application/problem+json; charset=utf-8", body);
        assert_eq!(
            error,
            ApiError::Server { status: 503, message: Some("The database is down.".to_owned()) }
        );
        assert_eq!(error.to_string(), "The database is down.");
    }

    #[test]
    fn a_gateway_without_a_server_is_an_unreachable_server() {
        for status in [502, 503, 504] {
            assert_eq!(refusal(status, "text/html", "<h1>Bad gateway</h1>"), ApiError::Unreachable);
        }
        assert_eq!(refusal(500, "text/plain", ""), ApiError::Server { status: 500, message: None });
    }

    #[test]
    fn a_problem_that_cannot_be_read_is_still_an_error() {
        let error = refusal(400, "application/problem+json", "{");
        assert_eq!(error, ApiError::Server { status: 400, message: None });
        assert_eq!(error.to_string(), "The server answered with an error (400).");
    }

    #[test]
    fn the_next_page_is_the_link_that_says_so() {
        for (link, next) in [
            ("</api/calls/%2B1?after=2>; rel=\"next\"", Some("/api/calls/%2B1?after=2")),
            ("</a>; rel=\"prev\", </b>; title=x; rel=next", Some("/b")),
            ("</a>; rel=\"prev\"", None),
            ("<https://elsewhere.example/>; rel=\"next\"", None),
            ("<//elsewhere.example/>; rel=\"next\"", None),
            ("", None),
        ] {
            assert_eq!(next_page(link).as_deref(), next);
        }
    }

    #[test]
    fn only_what_may_pass_is_asked_again() {
        let answer = |status| ApiError::Server { status, message: None };
        for (status, may_pass) in
            [(400, false), (404, false), (408, true), (429, true), (500, true), (503, true)]
        {
            assert_eq!(answer(status).may_pass(), may_pass, "{status}");
        }
        assert!(ApiError::Unreachable.may_pass());
    }
}
