//! Protection of writes against cross-site request forgery. There are no accounts: anyone who can open the
//! page may write. So a write must come from the page itself, and not from a page of another origin in the
//! same browser.
//!
//! Browsers state the origin of a request in `Sec-Fetch-Site` and `Origin`, which no script can change. A
//! request without either is not from a browser, or has a JSON body, which a page of another origin cannot
//! send without a preflight request.

use actix_web::http::header::{HOST, HeaderMap, ORIGIN};
use actix_web::web::Payload;
use actix_web::{HttpMessage as _, HttpRequest};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::bodies::{bad_body, bad_json, read_body};
use super::ingest::unsupported;
use crate::app::App;
use crate::problem::ApiError;
use calls_store::pool::DatabaseError;

/// Maximum size of a body in bytes: a note of the longest text, with every character escaped.
const MOST_BYTES: usize = 64 * 1024;

/// Allows writes of this server's own page, and of clients that are not browsers.
pub(super) fn check(request: &HttpRequest, app: &App) -> Result<(), ApiError> {
    if app.read_only {
        return Err(ApiError::ReadOnly);
    }
    let refuse = |header, expected, found: &str| {
        Err(ApiError::OtherOrigin { header, expected, found: found.chars().take(64).collect() })
    };
    let headers = request.headers();
    for site in texts(headers, "sec-fetch-site") {
        if site != "same-origin" {
            return refuse("Sec-Fetch-Site", "same-origin", &site);
        }
    }
    for origin in texts(headers, ORIGIN.as_str()) {
        if !is_own(headers, app.public_url.as_deref(), &origin) {
            return refuse("Origin", "the origin of this server's own pages", &origin);
        }
    }
    Ok(())
}

/// The JSON body of a write.
pub(super) async fn read_json<T: DeserializeOwned>(
    request: &HttpRequest,
    payload: Payload,
    expected: &str,
) -> Result<T, ApiError> {
    if request.content_type() != "application/json" {
        return Err(unsupported(request, "application/json"));
    }
    let body = read_body(request, payload, MOST_BYTES).await?;
    // serde also accepts an array of the members in order.
    let object: Result<Map<String, Value>, _> = serde_json::from_slice(&body);
    let read = object.and_then(|object| serde_json::from_value(Value::Object(object)));
    read.map_err(|error| bad_json(expected, &body, &error))
}

/// Checks a multi-line text: at most `most` characters, without control characters except line breaks and
/// tabs.
pub(super) fn text(member: &str, text: &str, most: usize) -> Result<String, ApiError> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let found = text.chars().count();
    if found > most {
        return Err(bad_body(
            &format!("{member} of at most {most} characters"),
            &format!("{found} characters"),
        ));
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        return Err(bad_body(&format!("{member} without control characters"), "one"));
    }
    Ok(text.trim_end().to_owned())
}

/// The result of a transaction that rolls itself back if there is nothing to change.
pub(super) fn changed<T: Default>(result: Result<T, DatabaseError>) -> Result<T, DatabaseError> {
    match result {
        Err(DatabaseError::Query(diesel::result::Error::RollbackTransaction)) => Ok(T::default()),
        result => result,
    }
}

fn texts(headers: &HeaderMap, name: &str) -> Vec<String> {
    headers.get_all(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
}

/// Whether an origin is this server's: its host and port are those that the request is addressed to, or those
/// of the public URL. The scheme is ignored, because a proxy may terminate TLS. The host of the request was
/// checked before.
fn is_own(headers: &HeaderMap, public_url: Option<&str>, origin: &str) -> bool {
    let Some((scheme, origin)) = origin.split_once("://") else { return false };
    let default_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let authority = |text: &str| {
        let text = text.trim();
        text.strip_suffix(default_port).unwrap_or(text).to_ascii_lowercase()
    };
    let public = public_url.and_then(|url| url.strip_prefix(scheme)?.strip_prefix("://")?.split('/').next());
    let forwarded = texts(headers, "x-forwarded-host");
    let forwarded = forwarded.iter().flat_map(|hosts| hosts.split(',')).map(str::to_owned);
    let own = texts(headers, HOST.as_str()).into_iter().chain(forwarded).chain(public.map(str::to_owned));
    let origin = authority(origin);
    !origin.is_empty() && own.map(|host| authority(&host)).any(|host| host == origin)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn an_origin_is_this_servers_by_host_and_port() {
        let is_own = |headers: &[(&'static str, &'static str)], public: Option<&str>, origin: &str| {
            let request =
                headers.iter().fold(TestRequest::default(), |request, header| request.append_header(*header));
            is_own(request.to_http_request().headers(), public, origin)
        };
        let host = [("host", "calls.lan:8000")];
        assert!(is_own(&host, None, "http://calls.lan:8000") && is_own(&host, None, "http://Calls.LAN:8000"));
        for origin in
            ["null", "", "http://", "http://calls.lan", "http://calls.lan:80001", "http://evil.example:8000"]
        {
            assert!(!is_own(&host, None, origin), "{origin}");
        }
        assert!(is_own(&[("host", "calls.lan")], None, "https://calls.lan:443"));
        assert!(!is_own(&[("host", "calls.lan")], None, "https://calls.lan:80"));
        let proxied = [("host", "127.0.0.1:8000"), ("x-forwarded-host", "localhost:3000")];
        assert!(is_own(&proxied, None, "http://localhost:3000"));
        let public = Some("https://calls.example.com/phone");
        assert!(is_own(&host, public, "https://calls.example.com"));
        for origin in
            ["http://calls.example.com", "https://calls.example.com.evil.example", "ftp://calls.lan:8000"]
        {
            assert!(!is_own(&host, public, origin), "{origin}");
        }
    }
}
