//! The built page, inside the binary: what `build.rs` found in `frontend/dist`, compressed once.

use actix_web::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, ETAG, HeaderValue, IF_NONE_MATCH, VARY,
};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};

use crate::problem::ApiError;

/// One file of the page.
struct Asset {
    /// Below the root, without a leading slash.
    path: &'static str,
    media_type: &'static str,
    /// Strong, with its quotes.
    etag: &'static str,
    /// Its name has a hash of its content, so it never changes.
    immutable: bool,
    plain: &'static [u8],
    gzip: &'static [u8],
    brotli: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

const INDEX: &str = "index.html";

/// The page's HTML, if this binary was built with the page.
pub fn index(request: &HttpRequest) -> Option<HttpResponse> {
    find(INDEX).map(|asset| send(asset, request, StatusCode::OK))
}

/// `/`.
pub async fn get_index(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    index(&request).ok_or(ApiError::NotFound)
}

/// `/api/docs`: Swagger UI on the API's description.
pub async fn get_docs(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    find("api/docs/index.html").map(|asset| send(asset, &request, StatusCode::OK)).ok_or(ApiError::NotFound)
}

/// Any other path: a file of the page, or the page itself, which says that there is nothing.
pub async fn get_asset(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(ApiError::MethodNotAllowed);
    }
    let path = request.path().trim_start_matches('/');
    if let Some(asset) = find(path) {
        return Ok(send(asset, &request, StatusCode::OK));
    }
    let wants_html = request.headers().get("accept").and_then(|value| value.to_str().ok());
    match find(INDEX).filter(|_| wants_html.is_some_and(|accept| accept.contains("text/html"))) {
        Some(index) => Ok(send(index, &request, StatusCode::NOT_FOUND)),
        None => Err(ApiError::NotFound),
    }
}

fn find(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path == path)
}

fn send(asset: &'static Asset, request: &HttpRequest, status: StatusCode) -> HttpResponse {
    let mut response = HttpResponseBuilder::new(status);
    let lifetime = if asset.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    response.insert_header((CACHE_CONTROL, lifetime)).insert_header((VARY, ACCEPT_ENCODING.as_str()));
    response.insert_header((ETAG, HeaderValue::from_static(asset.etag)));
    let known = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if status == StatusCode::OK
        && known.is_some_and(|tags| tags.split(',').any(|tag| tag.trim() == asset.etag))
    {
        return response.status(StatusCode::NOT_MODIFIED).finish();
    }
    response.content_type(asset.media_type);
    match encoding(request, asset) {
        Some((name, body)) => response.insert_header((CONTENT_ENCODING, name)).body(body),
        None => response.body(asset.plain),
    }
}

/// The smallest form that the client takes (RFC 9110, section 12.5.3).
fn encoding(request: &HttpRequest, asset: &'static Asset) -> Option<(&'static str, &'static [u8])> {
    let accept = request.headers().get(ACCEPT_ENCODING)?.to_str().ok()?;
    let takes = |name: &str| {
        accept.split(',').any(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            let refused =
                |parameter: &str| parameter.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0_f32));
            parts.next() == Some(name) && !parts.any(refused)
        })
    };
    [("br", asset.brotli), ("gzip", asset.gzip)]
        .into_iter()
        .find(|(name, body)| body.len() < asset.plain.len() && takes(name))
}
