//! Requests to a CardDAV server.

use std::io::Read as _;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ureq::http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use ureq::http::{Request, Response};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Body};
use url::{Host, Url};

/// Address of an address book, and credentials.
pub(in super::super) struct Access {
    /// URL of the address book, the account or the server.
    pub url: Url,
    /// User name.
    pub user: String,
    /// Password. It is not stored.
    pub password: String,
    /// Trusted certificates as PEM, instead of the system's.
    pub authorities: Option<Vec<u8>>,
    /// Whether the password may be sent over a network unencrypted.
    pub allow_http: bool,
}

/// HTTP client with the user's password, which is sent to one server only.
pub(super) struct Http {
    agent: Agent,
    /// The server that receives the password.
    server: Url,
    authorization: String,
    allow_http: bool,
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http").finish_non_exhaustive()
    }
}

/// A response.
pub(super) struct Answer {
    pub status: u16,
    /// URL of the response, after redirects.
    pub url: Url,
    pub body: String,
}

/// Larger than any address book; photos take most of it.
const MAX_BODY: u64 = 512 << 20;

impl Http {
    pub fn new(access: Access) -> anyhow::Result<Self> {
        let Access { url: server, user, password, authorities, allow_http } = access;
        let roots = match authorities {
            Some(pem) => RootCerts::new_with_certs(&certificates(&pem)?),
            None => RootCerts::PlatformVerifier,
        };
        let tls = TlsConfig::builder().provider(TlsProvider::NativeTls).root_certs(roots).build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            // Redirects are followed below, because ureq would change the method, and the password is for one
            // server only.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_recv_response(Some(Duration::from_secs(60)))
            .timeout_recv_body(Some(Duration::from_secs(300)))
            .user_agent("calls")
            .build()
            .into();
        let authorization = format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")));
        Ok(Self { agent, server, authorization, allow_http })
    }

    /// Sends a request, and follows redirects on the same server.
    pub fn ask(&self, method: &str, url: &Url, depth: u8, body: &str) -> anyhow::Result<Answer> {
        const MOST: usize = 5;
        let mut url = url.clone();
        for _ in 0..MOST {
            self.require_server(&url)?;
            self.require_secrecy(&url)?;
            let response = self.send(method, &url, depth, body)?;
            let status = response.status().as_u16();
            if !(300..400).contains(&status) {
                return Ok(Answer { status, body: text(response, &url)?, url });
            }
            let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
            let location =
                location.with_context(|| format!("expected a Location header from {url}, but found none"))?;
            url =
                url.join(location).with_context(|| format!("expected an address, but found {location:?}"))?;
        }
        bail!("expected a response from {url}, but found a redirect loop")
    }

    fn send(&self, method: &str, url: &Url, depth: u8, body: &str) -> anyhow::Result<Response<Body>> {
        let request = Request::builder()
            .method(method)
            .uri(url.as_str())
            .header(AUTHORIZATION, &self.authorization)
            .header(CONTENT_TYPE, "application/xml; charset=utf-8")
            .header("Depth", depth.to_string())
            .body(format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>{body}"))
            .with_context(|| format!("expected an address, but found {url}"))?;
        self.agent.run(request).map_err(|error| explain(url, &error.to_string()))
    }

    fn require_server(&self, url: &Url) -> anyhow::Result<()> {
        ensure!(
            is_same_server(&self.server, url),
            "expected the address of the server itself, but {} leads to {url}: give that address to go there",
            self.server
        );
        Ok(())
    }

    fn require_secrecy(&self, url: &Url) -> anyhow::Result<()> {
        let is_here = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        match url.scheme() {
            "https" => Ok(()),
            "http" if is_here || self.allow_http => Ok(()),
            "http" => bail!(
                "expected https, but found {url}: the password would be sent unencrypted (--allow-http allows it)"
            ),
            _ => bail!("expected an address that begins with https://, but found {url}"),
        }
    }
}

/// Whether the password may also be sent to `to`: the same host and port, or the same host with TLS added.
fn is_same_server(from: &Url, to: &Url) -> bool {
    let is_upgrade = from.scheme() == "http" && to.scheme() == "https";
    from.host() == to.host() && (from.origin() == to.origin() || is_upgrade)
}

fn certificates(pem: &[u8]) -> anyhow::Result<Vec<Certificate<'static>>> {
    let mut found = Vec::new();
    for item in ureq::tls::parse_pem(pem) {
        if let PemItem::Certificate(certificate) = item.context("expected certificates in PEM (--ca-file)")? {
            found.push(certificate);
        }
    }
    ensure!(!found.is_empty(), "expected certificates in PEM (--ca-file), but found none");
    Ok(found)
}

/// The whole body, as text.
fn text(response: Response<Body>, url: &Url) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    let reader = response.into_body().into_reader();
    reader
        .take(MAX_BODY + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("expected all of the answer of {url}, but it broke off"))?;
    ensure!(
        bytes.len() as u64 <= MAX_BODY,
        "expected at most {} MiB from {url}, but found more",
        MAX_BODY >> 20
    );
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Describes a failed request.
fn explain(url: &Url, error: &str) -> anyhow::Error {
    let host = url.host_str().unwrap_or_default();
    match error.to_ascii_lowercase().contains("certificate") {
        true => anyhow::anyhow!(
            "the certificate of {host} is not trusted: name the authority that signed it by --ca-file ({error})"
        ),
        false => anyhow::anyhow!("no response from {host}: {error}"),
    }
}
