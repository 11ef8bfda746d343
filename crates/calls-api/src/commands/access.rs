//! Options of `calls serve` for access control and rate limits.

use actix_cors::Cors;
use actix_web::http::Method;
use actix_web::http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH, LINK, RETRY_AFTER,
};

use crate::clients::{Clients, Network};
use crate::hosts::{AllowedHost, Host, Hosts};
use crate::rate_limit::{Rate, RateLimit};

/// Limits on clients. By default, any client on this machine may send any number of requests, and no page of
/// another origin may read responses.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Access {
    /// Requests that one client may send per second or minute, such as 20/s or 600/m. More are answered
    /// 429 [default: any number]
    #[arg(long, env = "CALLS_RATE_LIMIT", value_name = "RATE")]
    rate_limit: Option<Rate>,
    /// Address of a reverse proxy, or its network such as 10.0.0.0/8, whose X-Forwarded-For is trusted.
    /// Repeatable, or with commas
    #[arg(long, env = "CALLS_TRUSTED_PROXY", value_name = "ADDR[/BITS]", value_delimiter = ',')]
    trusted_proxy: Vec<Network>,
    /// Origin whose pages may read the API in a browser (CORS), such as https://example.com. Repeatable, or
    /// with commas [default: none]
    #[arg(long, env = "CALLS_CORS_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    cors_origin: Vec<Origin>,
    /// Host name of this server, such as calls.example.com, or * for all. localhost, loopback addresses and
    /// the host of --public-url are always allowed, and every IP address unless --bind is a loopback address;
    /// requests for other hosts are answered 421. Repeatable, or with commas
    #[arg(long, env = "CALLS_ALLOWED_HOSTS", value_name = "HOST", value_delimiter = ',')]
    allowed_hosts: Vec<AllowedHost>,
}

impl Access {
    pub(crate) fn rate_limit(&self) -> Option<RateLimit> {
        self.rate_limit.map(|rate| RateLimit::new(rate, self.clients()))
    }

    /// Identification of clients.
    pub(crate) fn clients(&self) -> Clients {
        Clients::new(&self.trusted_proxy)
    }

    /// Allowed hosts of an address that the server listens on. `public` is the host of the public URL.
    pub(crate) fn hosts(&self, is_loopback: bool, public: Option<Host>) -> Hosts {
        let allowed = self.allowed_hosts.iter().cloned().chain(public.map(AllowedHost::One));
        Hosts::new(is_loopback, allowed.collect())
    }

    /// CORS middleware. `None` without a configured origin: then no CORS header is sent.
    pub(crate) fn cors(&self) -> Option<Cors> {
        let exposed = [ETAG, LINK, RETRY_AFTER].map(|name| name.as_str().to_owned());
        let others = ["ratelimit", "ratelimit-policy", "x-request-id"].map(str::to_owned);
        let cors = Cors::default()
            .allowed_methods([Method::GET, Method::HEAD, Method::POST])
            .allowed_headers([ACCEPT, AUTHORIZATION, CONTENT_TYPE, IF_NONE_MATCH])
            .allowed_header(HeaderName::from_static("idempotency-key"))
            .expose_headers(exposed.into_iter().chain(others))
            .max_age(3600);
        let cors = self.cors_origin.iter().fold(cors, |cors, origin| cors.allowed_origin(&origin.0));
        (!self.cors_origin.is_empty()).then_some(cors)
    }
}

/// Scheme, host and port, as a browser sends them (RFC 6454).
#[derive(Debug, Clone)]
struct Origin(String);

impl std::str::FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let is_host = |host: &str| {
            !host.is_empty()
                && host.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.:[]".contains(&b))
        };
        host.filter(|host| is_host(host)).map(|_| Self(text.to_owned())).ok_or_else(|| {
            format!("expected an origin such as https://example.com, in small letters and without a path, but found {text:?}")
        })
    }
}
