//! Content negotiation by `Accept` (RFC 9110, section 12.5.1).

use actix_web::HttpRequest;
use actix_web::http::header::ACCEPT;

/// Quality of a media type, 0 to 1. Only types that the client names count: with a wildcard it gets the
/// default.
pub(super) fn quality(request: &HttpRequest, media_type: &str) -> f32 {
    let values = request.headers().get_all(ACCEPT).filter_map(|value| value.to_str().ok());
    let named = values.flat_map(|value| value.split(',')).find_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        parts.next().filter(|name| name.eq_ignore_ascii_case(media_type))?;
        let quality = parts.find_map(|parameter| parameter.strip_prefix("q=")).unwrap_or("1");
        Some(quality.parse().unwrap_or(1.0))
    });
    named.unwrap_or(0.0)
}
