//! The built page, compressed and embedded into the binary by `build.rs`.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Write as _};
use std::sync::LazyLock;

use actix_web::http::header::{
    ACCEPT_ENCODING, ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, COOKIE, ETAG,
    HeaderValue, VARY,
};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use calls_model::InitialData;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::app::App;
use crate::base_path::BasePath;
use crate::conditional::{etag_with_names, is_known, known};
use calls_store::keys::Version;

use crate::problem::ApiError;

/// One file of the page.
struct Asset {
    /// Path below the root, without a leading slash.
    path: &'static str,
    media_type: &'static str,
    /// Strong ETag, with its quotes.
    etag: &'static str,
    /// Whether the name contains a hash of the content, so that the file never changes.
    immutable: bool,
    plain: &'static [u8],
    gzip: &'static [u8],
    brotli: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// HTML that loads the program.
const INDEX: &str = "index";
/// The same for a history whose first calls are painted before the program is loaded.
const INDEX_WITH_CALLS: &str = "index-with-calls";
/// The same for the calls with one person.
const INDEX_WITH_PERSON: &str = "index-with-person";
/// HTML of a page that scripts render without the program.
const PLACE: &str = "place";
const SERVICE_WORKER: &str = "service-worker.js";
/// Content security policy of the service worker: requests to this server only.
const WORKER_POLICY: &str = "default-src 'none'; connect-src 'self'; frame-ancestors 'none'";
/// Start tag of the scripts that paint the first rows. The data that they read comes before it.
const FIRST_SCRIPT: &str = "<script id=\"page\">";
/// Headers that the page's HTML depends on.
pub const HTML_VARY: &str = "accept-encoding, accept-language, cookie";

/// Content security policies of the pages, by path.
static POLICIES: LazyLock<BTreeMap<&str, HeaderValue>> = LazyLock::new(|| {
    let pages = ASSETS.iter().filter(|asset| is_page(asset.path));
    pages.filter_map(|page| Some((page.path, policy(std::str::from_utf8(page.plain).ok()?)?))).collect()
});

/// A policy that allows the inline style and script of a page by their hashes, and no others.
fn policy(html: &str) -> Option<HeaderValue> {
    let hashes = |start: &str, end: &str| -> String {
        let inside = html.split(start).skip(1).filter_map(|rest| Some(rest.split_once(end)?.0));
        inside.map(|text| format!(" 'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)))).collect()
    };
    let scripts = hashes(FIRST_SCRIPT, "</script>");
    HeaderValue::try_from(page_policy(&scripts, &hashes("<style>", "</style>"))).ok()
}

/// A page's HTML for a request.
pub struct Html {
    /// Its content security policy.
    pub policy: HeaderValue,
    /// In the requested coding.
    pub bytes: Vec<u8>,
}

/// Compression of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// RFC 7932.
    Brotli,
    /// RFC 1952.
    Gzip,
    /// Uncompressed.
    Identity,
}

impl Coding {
    /// The smallest coding that the client accepts (RFC 9110, section 12.5.3).
    pub fn accepted(request: &HttpRequest) -> Self {
        let accept = request.headers().get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
        let takes = |name: &str| {
            accept.unwrap_or_default().split(',').any(|coding| {
                let mut parts = coding.split(';').map(str::trim);
                let refused =
                    |parameter: &str| parameter.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0_f32));
                parts.next() == Some(name) && !parts.any(refused)
            })
        };
        let codings = [Self::Brotli, Self::Gzip];
        codings.into_iter().find(|coding| takes(coding.name())).unwrap_or(Self::Identity)
    }

    /// Value for `Content-Encoding`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Identity => "identity",
        }
    }
}

/// A language of the page, as a BCP 47 tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Language(&'static str);

impl Language {
    /// All languages.
    #[cfg(test)]
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        LANGUAGES.iter().copied().map(Self)
    }

    /// The tag, such as `pt-BR`.
    pub(crate) const fn tag(self) -> &'static str {
        self.0
    }

    /// The language chosen in the page, or else the first of the browser's that is available (RFC 9110,
    /// section 12.5.4), or English.
    pub fn of(request: &HttpRequest) -> Self {
        let header =
            |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let chosen = header(COOKIE).split(';').find_map(|cookie| cookie.trim().strip_prefix("lang="));
        let found = chosen.and_then(|tag| LANGUAGES.iter().find(|language| **language == tag));
        Self(found.copied().unwrap_or_else(|| Self::accepted(header(ACCEPT_LANGUAGE))))
    }

    fn accepted(header: &str) -> &'static str {
        let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let ranges = header.split(',').enumerate().filter_map(|(place, range)| {
            let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
            let quality =
                parameters.trim().strip_prefix("q=").map_or(Some(1.0), |q| q.parse::<f32>().ok())?;
            let primary_tag = primary(tag.trim());
            let language = LANGUAGES.iter().find(|language| primary(language) == primary_tag)?;
            (quality > 0.0).then_some((quality, place, *language))
        });
        let best = ranges.min_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        best.map_or("en", |(.., language)| language)
    }
}

/// The page's files below a base path.
#[derive(Clone, Copy)]
pub struct Site {
    /// Files that differ from those at the root: HTML, whose addresses are absolute. Scripts use addresses
    /// relative to their own.
    html: &'static [Asset],
}

impl Site {
    /// Puts the base path into the page's HTML. The result is leaked: call it once per process.
    ///
    /// # Errors
    /// None that depends on anything outside this function.
    pub fn below(base: &BasePath) -> io::Result<Self> {
        let pages = ASSETS.iter().filter(|asset| is_page(asset.path));
        let pages = pages.filter(|_| !base.is_root()).map(|asset| asset.below(base));
        Ok(Self { html: pages.collect::<io::Result<Vec<Asset>>>()?.leak() })
    }

    fn find(self, path: &str) -> Option<&'static Asset> {
        self.html.iter().chain(ASSETS).find(|asset| asset.path == path)
    }

    fn find_page(self, name: &str, language: Language) -> Option<&'static Asset> {
        self.find(&format!("{name}.{}.html", language.0))
    }

    /// The page's HTML, if this binary was built with the page.
    pub fn index(self, request: &HttpRequest) -> Option<HttpResponse> {
        self.find_page(INDEX, Language::of(request)).map(|asset| send(asset, request, StatusCode::OK))
    }

    /// HTML of a page that scripts render, with data for them. `None` without a built page.
    pub fn place(
        self,
        request: &HttpRequest,
        name: &str,
        data: &impl Serialize,
    ) -> Option<io::Result<HttpResponse>> {
        let page = self.find_page(PLACE, Language::of(request))?;
        let coding = Coding::accepted(request);
        let html = element(name, data).and_then(|element| insert(page.plain, &element, coding));
        Some(html.map(|html| {
            let mut response = HttpResponse::Ok();
            response.insert_header((VARY, HTML_VARY)).insert_header((CACHE_CONTROL, "no-store"));
            response.insert_header((CONTENT_SECURITY_POLICY, page.policy()));
            if coding != Coding::Identity {
                response.insert_header((CONTENT_ENCODING, coding.name()));
            }
            response.content_type("text/html; charset=utf-8").body(html)
        }))
    }

    /// The page's HTML with the API's first responses, compressed with this coding.
    ///
    /// It is compressed for each request, at a low level: 1 ms instead of 20 ms, for slightly more bytes.
    pub fn index_with(self, data: &InitialData, language: Language, coding: Coding) -> io::Result<Html> {
        let has_calls = data.calls.as_ref().is_some_and(|calls| !calls.is_empty());
        let index = match (has_calls, &data.person) {
            (false, _) => INDEX,
            (true, None) => INDEX_WITH_CALLS,
            (true, Some(_)) => INDEX_WITH_PERSON,
        };
        let index = self.find_page(index, language);
        let index = index.ok_or_else(|| io::Error::other("expected a binary with the page inside"))?;
        let bytes = insert(index.plain, &element(InitialData::ELEMENT, data)?, coding)?;
        Ok(Html { policy: index.policy(), bytes })
    }

    /// ETag of the page's HTML in a language with responses of these versions.
    pub fn index_etag(self, version: Version, names: i64, language: Language) -> String {
        let shell = self.find_page(INDEX, language).map_or("", |asset| asset.etag.trim_matches('"'));
        format!("\"{shell}-{}", etag_with_names(version, names).trim_start_matches('"'))
    }
}

impl Asset {
    /// This HTML with the base path in its addresses, and in `data-base` for the scripts and the program.
    fn below(&self, base: &BasePath) -> io::Result<Self> {
        let html = String::from_utf8(self.plain.to_vec()).map_err(io::Error::other)?;
        // The script must stay unchanged, because of its hash.
        let (html, script) = html.split_at(html.rfind(FIRST_SCRIPT).unwrap_or(html.len()));
        let mut html = html.replacen("<html ", &format!("<html data-base=\"{}\" ", base.as_str()), 1);
        for attribute in ["href", "src", "action"] {
            html = html.replace(&format!(" {attribute}=\"/"), &format!(" {attribute}=\"{}/", base.as_str()));
        }
        html.push_str(script);
        let plain: &'static [u8] = html.into_bytes().leak();
        let mut hasher = DefaultHasher::new();
        plain.hash(&mut hasher);
        Ok(Self {
            etag: format!("\"{:016x}\"", hasher.finish()).leak(),
            plain,
            gzip: compress(plain.to_vec(), Coding::Gzip)?.leak(),
            brotli: compress(plain.to_vec(), Coding::Brotli)?.leak(),
            ..*self
        })
    }

    /// Content security policy of this HTML.
    fn policy(&self) -> HeaderValue {
        let policy = POLICIES.get(self.path).cloned();
        policy.unwrap_or_else(|| HeaderValue::from_static("default-src 'none'"))
    }
}

/// Whether a file is HTML of the page, in any language.
fn is_page(path: &str) -> bool {
    let is_it = |name: &&str| path.strip_prefix(*name).is_some_and(|rest| rest.starts_with('.'));
    [INDEX, INDEX_WITH_CALLS, INDEX_WITH_PERSON, PLACE].iter().any(is_it)
}

/// Inserts an element before the page's inline script.
fn insert(page: &[u8], element: &str, coding: Coding) -> io::Result<Vec<u8>> {
    let start = FIRST_SCRIPT.as_bytes();
    let end = page.windows(start.len()).rposition(|part| part == start).unwrap_or(page.len());
    compress([&page[..end], element.as_bytes(), &page[end..]].concat(), coding)
}

/// Content security policy of HTML: scripts, styles, WebAssembly (`wasm-unsafe-eval` does not allow `eval`)
/// and requests of this server only. `scripts` and `styles` are further sources, each preceded by a space.
pub fn page_policy(scripts: &str, styles: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{scripts}; style-src 'self'{styles}; \
         img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

/// Data as a JSON element that no value can close early. Browsers do not execute it, so the content security
/// policy allows it.
fn element(name: &str, data: &impl Serialize) -> io::Result<String> {
    let data = serde_json::to_string(data).map_err(io::Error::other)?;
    let data = data.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
    Ok(format!("<script type=\"application/json\" id=\"{name}\">{data}</script>"))
}

/// `/shell`: the page without data, which the service worker caches.
pub async fn get_shell(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, ApiError> {
    app.site.index(&request).ok_or(ApiError::NotFound)
}

/// `/api/docs`: Swagger UI for the OpenAPI document.
pub async fn get_docs(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, ApiError> {
    let docs = app.site.find("api/docs/index.html");
    docs.map(|asset| send(asset, &request, StatusCode::OK)).ok_or(ApiError::NotFound)
}

/// Serves any other path: a file of the page, or the page itself, which reports that nothing was found.
pub async fn get_asset(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, ApiError> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(ApiError::MethodNotAllowed { allow: "GET, HEAD" });
    }
    let path = request.path().trim_start_matches('/');
    if let Some(asset) = app.site.find(path) {
        return Ok(send(asset, &request, StatusCode::OK));
    }
    let wants_html = request.headers().get("accept").and_then(|value| value.to_str().ok());
    match app
        .site
        .find_page(INDEX, Language::of(&request))
        .filter(|_| wants_html.is_some_and(|accept| accept.contains("text/html")))
    {
        Some(index) => Ok(send(index, &request, StatusCode::NOT_FOUND)),
        None => Err(ApiError::NotFound),
    }
}

fn send(asset: &'static Asset, request: &HttpRequest, status: StatusCode) -> HttpResponse {
    let mut response = HttpResponseBuilder::new(status);
    let lifetime = if asset.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    let vary = if asset.media_type.starts_with("text/html") { HTML_VARY } else { ACCEPT_ENCODING.as_str() };
    response.insert_header((CACHE_CONTROL, lifetime)).insert_header((VARY, vary));
    response.insert_header((ETAG, HeaderValue::from_static(asset.etag)));
    if status == StatusCode::OK && is_known(&known(request), asset.etag) {
        return response.status(StatusCode::NOT_MODIFIED).finish();
    }
    response.content_type(asset.media_type);
    if asset.path == SERVICE_WORKER {
        response.insert_header((CONTENT_SECURITY_POLICY, WORKER_POLICY));
    } else if is_page(asset.path) {
        response.insert_header((CONTENT_SECURITY_POLICY, asset.policy()));
    }
    let coding = Coding::accepted(request);
    let compressed = match coding {
        Coding::Brotli => asset.brotli,
        Coding::Gzip => asset.gzip,
        Coding::Identity => asset.plain,
    };
    if compressed.len() < asset.plain.len() {
        response.insert_header((CONTENT_ENCODING, coding.name())).body(compressed)
    } else {
        response.body(asset.plain)
    }
}

fn compress(plain: Vec<u8>, coding: Coding) -> io::Result<Vec<u8>> {
    match coding {
        Coding::Identity => Ok(plain),
        Coding::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(&plain)?;
            encoder.finish()
        }
        Coding::Brotli => {
            let parameters = brotli::enc::BrotliEncoderParams {
                quality: 5,
                lgwin: 16,
                size_hint: plain.len(),
                ..Default::default()
            };
            let mut out = Vec::new();
            brotli::BrotliCompress(&mut &*plain, &mut out, &parameters)?;
            Ok(out)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browsers_best_language_that_there_is_is_chosen() {
        for (header, language) in [
            ("", "en"),
            ("de-AT,de;q=0.9,en;q=0.8", "de"),
            ("pt", "pt-BR"),
            ("sv, en;q=0.5, fr;q=0.7", "fr"),
            ("ar-EG;q=0, es", "es"),
            ("*", "en"),
            ("de;q=x, tlh", "en"),
        ] {
            assert_eq!(Language::accepted(header), language, "{header}");
        }
    }

    #[test]
    fn no_text_in_the_answers_ends_their_element() {
        let number = "</script><!--<script>\u{2028}\u{2029}";
        let party = calls_model::Party::Local("1001".to_owned());
        let initial = InitialData {
            number: number.to_owned(),
            info: calls_phone::describe(&party),
            person: None,
            calls: None,
            next: None,
        };
        let element = element(InitialData::ELEMENT, &initial).unwrap();
        let data = element.strip_prefix("<script type=\"application/json\" id=\"fallback\">").unwrap();
        let data = data.strip_suffix("</script>").unwrap();
        assert!(!data.contains(['<', '\u{2028}', '\u{2029}']), "{data}");
        assert_eq!(serde_json::from_str::<InitialData>(data).unwrap(), initial);
    }
}
