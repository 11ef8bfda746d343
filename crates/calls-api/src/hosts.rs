//! Host names that requests may be addressed to.
//!
//! DNS rebinding: a page of another site can make its own host name resolve to this server's address. The
//! browser then takes the server for the page's own and lets it read the responses. Such requests still carry
//! the other site's name.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use actix_web::http::header::{HOST, HeaderValue};
use actix_web::{HttpRequest, http::Uri};

/// A host without a port: a DNS name in lower case without a trailing dot, or an IP address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A DNS name.
    Name(String),
    /// An IP address. In a `Host` header, IPv6 is in brackets.
    Address(IpAddr),
}

impl Host {
    /// Reads `host` or `host:port`, as in a `Host` header (RFC 9110, section 7.2).
    pub fn parse(text: &str) -> Option<Self> {
        if let Some((address, port)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            let address: Ipv6Addr = address.parse().ok()?;
            let is_port = port.is_empty() || port.strip_prefix(':').is_some_and(is_digits);
            return is_port.then(|| Self::Address(IpAddr::from(address).to_canonical()));
        }
        let (host, port) = text.split_once(':').unwrap_or((text, ""));
        if let Ok(address) = host.parse::<IpAddr>() {
            return is_digits(port).then_some(Self::Address(address));
        }
        let name = host.strip_suffix('.').unwrap_or(host);
        let is_name = !name.is_empty()
            && name.len() <= 253
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
        (is_name && is_digits(port)).then(|| Self::Name(name.to_ascii_lowercase()))
    }

    fn is_loopback(&self) -> bool {
        match self {
            Self::Name(name) => name == "localhost" || name.ends_with(".localhost"),
            Self::Address(address) => address.is_loopback(),
        }
    }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// A host of `--allowed-hosts`: a name, an address, or `*` for every host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedHost {
    /// This host, with any port.
    One(Host),
    /// All hosts: for a server behind a proxy that checks them.
    Any,
}

impl FromStr for AllowedHost {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // Here an IPv6 address may be written without brackets.
        let bare = || text.parse().ok().map(|address: IpAddr| Host::Address(address.to_canonical()));
        match text {
            "*" => Ok(Self::Any),
            _ => Host::parse(text).or_else(bare).map(Self::One).ok_or_else(|| {
                format!("expected a host such as calls.example.com, or * for all, but found {text:?}")
            }),
        }
    }
}

/// The allowed hosts of a listening address.
#[derive(Debug, Clone)]
pub struct Hosts {
    allowed: Vec<AllowedHost>,
    /// Whether only this machine can connect.
    is_loopback: bool,
}

impl Hosts {
    /// Allows `localhost`, the names below it, loopback addresses and the `allowed` hosts, and unless only
    /// this machine can connect, every IP address: no page can have an IP address as its name by rebinding.
    pub fn new(is_loopback: bool, allowed: Vec<AllowedHost>) -> Self {
        Self { allowed, is_loopback }
    }

    /// Checks all hosts that a request is addressed to: its `Host` headers, the host of an absolute request
    /// target, and `X-Forwarded-Host`, in which a proxy that replaces `Host` (such as trunk's) passes it on.
    /// A request without a host is not from a browser, and passes.
    ///
    /// # Errors
    /// The first host that is not allowed, truncated to 64 characters.
    pub fn check(&self, request: &HttpRequest) -> Result<(), String> {
        let headers = request.headers();
        let text = |value: &'_ HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let named = headers.get_all(HOST).map(text);
        let forwarded: Vec<String> = headers.get_all("x-forwarded-host").map(text).collect();
        let forwarded =
            forwarded.iter().flat_map(|hosts| hosts.split(',')).map(|host| host.trim().to_owned());
        let absolute = request.uri().authority().map(|authority| authority.as_str().to_owned());
        let other = named.chain(forwarded).chain(absolute).find(|host| !self.contains(host));
        other.map_or(Ok(()), |host| Err(host.chars().take(64).collect()))
    }

    fn contains(&self, text: &str) -> bool {
        let Some(host) = Host::parse(text) else { return self.allowed.contains(&AllowedHost::Any) };
        let is_address = matches!(host, Host::Address(_));
        host.is_loopback()
            || (is_address && !self.is_loopback)
            || self.allowed.iter().any(|allowed| match allowed {
                AllowedHost::Any => true,
                AllowedHost::One(one) => *one == host,
            })
    }
}

/// The host of an `http` or `https` URL.
pub fn host_of(url: &str) -> Option<Host> {
    let uri: Uri = url.parse().ok()?;
    let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
    is_http.then(|| uri.host().and_then(Host::parse))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::Listen;
    use actix_web::test::TestRequest;

    #[test]
    fn each_host_of_a_request_counts() {
        let hosts = hosts("127.0.0.1:8000", &["calls.lan"]);
        let check = |headers: &[(&'static str, &'static str)]| {
            let request =
                headers.iter().fold(TestRequest::default(), |request, header| request.append_header(*header));
            hosts.check(&request.to_http_request())
        };
        assert_eq!(check(&[]), Ok(()));
        assert_eq!(
            check(&[("host", "127.0.0.1"), ("x-forwarded-host", "localhost:3000, calls.lan")]),
            Ok(())
        );
        for headers in [
            [("host", "127.0.0.1"), ("host", "attacker.example")],
            [("host", "127.0.0.1"), ("x-forwarded-host", "attacker.example")],
            [("host", "127.0.0.1"), ("x-forwarded-host", "localhost, attacker.example")],
        ] {
            assert_eq!(check(&headers), Err("attacker.example".to_owned()));
        }
    }

    fn hosts(bind: &str, allowed: &[&str]) -> Hosts {
        let bind: Listen = bind.parse().unwrap();
        Hosts::new(bind.is_loopback(), allowed.iter().map(|host| host.parse().unwrap()).collect())
    }

    #[test]
    fn a_loopback_server_has_loopback_hosts_alone() {
        for bind in ["127.0.0.1:8000", "[::1]:8000", "[::ffff:127.0.0.1]:8000", "unix:/run/calls.sock"] {
            let hosts = hosts(bind, &[]);
            for host in
                ["localhost", "LOCALHOST.:3000", "127.0.0.1:8000", "127.8.0.1", "[::1]:1", "calls.localhost"]
            {
                assert!(hosts.contains(host), "{bind}: {host}");
            }
            for host in [
                "attacker.example",
                "localhost.attacker.example",
                "notlocalhost",
                "192.0.2.1",
                "0.0.0.0",
                "[::]",
                "127.0.0.1.attacker.example",
                "127.0.0.1@attacker.example",
                "",
                "::1",
                "[::1",
                "localhost:x",
            ] {
                assert!(!hosts.contains(host), "{bind}: {host}");
            }
        }
    }

    #[test]
    fn a_public_server_also_has_addresses_and_no_other_names() {
        let hosts = hosts("0.0.0.0:8000", &["calls.example.com", "2001:db8::1"]);
        for host in ["192.0.2.1:8000", "[2001:db8::2]", "localhost", "Calls.Example.COM:443"] {
            assert!(hosts.contains(host), "{host}");
        }
        for host in ["attacker.example", "other.calls.example.com", "calls"] {
            assert!(!hosts.contains(host), "{host}");
        }
    }

    #[test]
    fn allowed_hosts_are_names_addresses_or_all() {
        let loopback = hosts("127.0.0.1:8000", &["2001:db8::1", "[2001:db8::2]:80", "192.0.2.1", "calls."]);
        for host in ["[2001:db8::1]:8000", "[2001:db8::2]", "192.0.2.1", "calls:8000"] {
            assert!(loopback.contains(host), "{host}");
        }
        assert!(hosts("127.0.0.1:8000", &["*"]).contains("attacker.example"));
        for text in ["", "https://calls.example.com", "a b", "*.example.com"] {
            assert!(text.parse::<AllowedHost>().unwrap_err().contains("calls.example.com"), "{text}");
        }
    }

    #[test]
    fn the_host_of_a_url_needs_http() {
        let name = |name: &str| Some(Host::Name(name.to_owned()));
        assert_eq!(host_of("https://calls.example.com:8443/calls"), name("calls.example.com"));
        assert_eq!(host_of("http://[::1]:8000"), Host::parse("[::1]"));
        for url in ["calls.example.com", "ftp://calls.example.com", "https://", ""] {
            assert_eq!(host_of(url), None, "{url}");
        }
    }
}
