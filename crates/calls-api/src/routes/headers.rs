//! Headers of every response, in particular the security policies.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, CROSS_ORIGIN_OPENER_POLICY,
    CROSS_ORIGIN_RESOURCE_POLICY, HeaderMap, HeaderName, HeaderValue, PERMISSIONS_POLICY, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::middleware::Next;

use crate::assets::page_policy;

/// Content security policy of data: nothing is allowed.
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
/// Browser features that the page does not use.
const NO_DEVICES: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), \
                          gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), payment=(), \
                          publickey-credentials-get=(), serial=(), usb=()";

/// Middleware: adds the headers that a response does not set itself.
pub async fn add_headers(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut response = next.call(request).await?;
    let status = response.status();
    add(status, response.headers_mut());
    Ok(response)
}

fn add(status: StatusCode, headers: &mut HeaderMap) {
    let is_html =
        headers.get(CONTENT_TYPE).is_some_and(|media_type| media_type.as_bytes().starts_with(b"text/html"));
    if is_html
        && !headers.contains_key(CONTENT_SECURITY_POLICY)
        && let Ok(policy) = HeaderValue::try_from(page_policy("", ""))
    {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    let mut add = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    add(CACHE_CONTROL, "private, no-cache");
    add(X_CONTENT_TYPE_OPTIONS, "nosniff");
    add(REFERRER_POLICY, "no-referrer");
    add(CROSS_ORIGIN_RESOURCE_POLICY, "same-origin");
    if is_html {
        add(CROSS_ORIGIN_OPENER_POLICY, "same-origin");
        add(PERMISSIONS_POLICY, NO_DEVICES);
    } else if status != StatusCode::NOT_MODIFIED {
        // A 304 has no content type, and its headers replace those of the cached page.
        add(CONTENT_SECURITY_POLICY, DATA_POLICY);
    }
}
