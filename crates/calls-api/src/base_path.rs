//! The path below which everything is served, for a server that shares its host name with others.
//!
//! Routes do not know of it: it is removed from requests before routing and added to paths in responses.
//! Requests without it are answered too, because a proxy may pass it on or strip it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Uri;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, LINK, LOCATION};
use actix_web::http::uri::PathAndQuery;
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse};

tokio::task_local! {
    static CURRENT: BasePath;
}

/// A base path such as `/calls-app`, without a trailing slash; empty at the root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BasePath(Arc<str>);

impl BasePath {
    /// The prefix of absolute paths.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the server is at the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The base path of the request that this task answers.
    pub fn current() -> Self {
        CURRENT.try_with(Clone::clone).unwrap_or_default()
    }

    /// The rest of a path and query below the base path, with its leading slash; `None` if it is not below.
    fn strip<'a>(&self, address: &'a str) -> Option<&'a str> {
        address.strip_prefix(&*self.0).filter(|rest| rest.starts_with('/'))
    }

    /// Whether a path and query is the base path without a trailing slash.
    fn is_bare(&self, address: &str) -> bool {
        let rest = address.strip_prefix(&*self.0);
        !self.is_root() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('?'))
    }
}

impl fmt::Display for BasePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_root() { "/" } else { &self.0 })
    }
}

impl FromStr for BasePath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let path = text.trim_end_matches('/');
        let is_segment = |segment: &str| {
            !matches!(segment, "" | "." | "..")
                && segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
        };
        let is_path = path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(is_segment));
        if path.is_empty() || is_path {
            Ok(Self(path.into()))
        } else {
            Err(format!(
                "expected a path of letters, digits, - . _ and ~, such as /calls-app, but found {text:?}"
            ))
        }
    }
}

/// Middleware: removes the base path from requests and adds it to paths in response headers.
pub async fn mount<B: MessageBody>(
    base: BasePath,
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    if base.is_root() {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    let address = request.uri().path_and_query().map_or("/", PathAndQuery::as_str);
    if base.is_bare(address) {
        let query = address.strip_prefix(base.as_str()).unwrap_or_default();
        let location = (LOCATION, format!("{}/{query}", base.as_str()));
        let response = HttpResponse::PermanentRedirect().insert_header(location).finish();
        return Ok(request.into_response(response).map_into_right_body());
    }
    if let Some(uri) = base.strip(address).and_then(|rest| with_address(request.uri(), rest)) {
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
    }
    let mut response = CURRENT.scope(base.clone(), next.call(request)).await?.map_into_left_body();
    for (name, start) in [(LINK, "</"), (LOCATION, "/")] {
        prefix(response.headers_mut(), &name, start, &base);
    }
    Ok(response)
}

/// The same URI with another path and query.
fn with_address(uri: &Uri, address: &str) -> Option<Uri> {
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(address.parse().ok()?);
    Uri::from_parts(parts).ok()
}

/// Adds the base path to the values of a header that begin with `start`.
fn prefix(headers: &mut HeaderMap, name: &HeaderName, start: &str, base: &BasePath) {
    let values: Vec<HeaderValue> = headers.get_all(name).cloned().collect();
    if values.is_empty() {
        return;
    }
    headers.remove(name);
    for value in values {
        let (before, slash) = start.split_at(start.len() - 1);
        let rest = value
            .to_str()
            .ok()
            .and_then(|text| text.strip_prefix(start))
            .filter(|rest| !rest.starts_with('/'));
        let value = rest
            .and_then(|rest| HeaderValue::from_str(&format!("{before}{}{slash}{rest}", base.as_str())).ok())
            .unwrap_or(value);
        headers.append(name.clone(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(text: &str) -> BasePath {
        text.parse().unwrap()
    }

    #[test]
    fn a_base_path_is_a_path_without_a_slash_at_its_end() {
        for (text, path) in [("", ""), ("/", ""), ("/calls-app", "/calls-app"), ("/a/b.c/", "/a/b.c")] {
            assert_eq!(base(text).as_str(), path);
        }
        for text in ["calls-app", "/a//b", "/a/../b", "/.", "/a b", "/a?b", "/%61", "https://a.example/b"] {
            assert!(text.parse::<BasePath>().unwrap_err().contains("/calls-app"), "{text}");
        }
    }

    #[test]
    fn only_whole_segments_are_taken_off() {
        let base = base("/calls");
        assert_eq!(base.strip("/calls/calls/1001?limit=1"), Some("/calls/1001?limit=1"));
        assert_eq!(base.strip("/calls-app/x"), None);
        assert_eq!(base.strip("/other"), None);
        assert!(base.is_bare("/calls") && base.is_bare("/calls?number=1") && !base.is_bare("/callsx"));
    }

    #[test]
    fn paths_of_this_server_get_the_base_path_and_other_addresses_do_not() {
        let mut headers = HeaderMap::new();
        for link in ["</api/calls/1001?after=x>; rel=\"next\"", "<https://a.example/>; rel=\"help\"", "<//a>"]
        {
            headers.append(LINK, HeaderValue::from_static(link));
        }
        prefix(&mut headers, &LINK, "</", &base("/calls-app"));
        let links: Vec<_> = headers.get_all(LINK).map(|link| link.to_str().unwrap()).collect();
        let next = "</calls-app/api/calls/1001?after=x>; rel=\"next\"";
        assert_eq!(links, [next, "<https://a.example/>; rel=\"help\"", "<//a>"]);
    }
}
