//! How often one client may ask.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

/// A number of requests per second or minute, written `10/s` or `600/m`. As many can come at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    requests: NonZeroU32,
    seconds: u32,
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("expected requests per second or minute such as 10/s or 600/m, but found {text:?}");
        let (requests, unit) = text.split_once('/').ok_or_else(wrong)?;
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            _ => return Err(wrong()),
        };
        Ok(Self { requests: requests.parse().map_err(|_| wrong())?, seconds })
    }
}

/// A network: an address and how many of its first bits count, written `10.0.0.0/8`; without bits, one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let differing = network.to_bits() ^ address.to_bits();
                differing.checked_shr(32 - self.bits).unwrap_or_default() == 0
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let differing = network.to_bits() ^ address.to_bits();
                differing.checked_shr(128 - self.bits).unwrap_or_default() == 0
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("expected an address or network such as 10.0.0.1 or 10.0.0.0/8, but found {text:?}");
        let (address, bits) =
            text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), |bits| bits.parse().map_err(|_| wrong()))?;
        if bits > most { Err(wrong()) } else { Ok(Self { address, bits }) }
    }
}

/// Counts the requests of each client. Clones count together.
#[derive(Debug, Clone)]
pub struct RateLimit {
    rate: Rate,
    proxies: Arc<[Network]>,
    limiter: Arc<Limiter>,
    since_cleaning: Arc<AtomicU32>,
}

type Limiter = RateLimiter<IpAddr, HashMapStateStore<IpAddr>, DefaultClock, StateInformationMiddleware>;
type Headers = Vec<(HeaderName, HeaderValue)>;

/// A client asked too often.
#[derive(Debug)]
pub struct Exceeded {
    /// After how many seconds it may ask again, at least 1.
    pub seconds: u64,
    /// What its answer says of that.
    pub headers: Headers,
}

impl RateLimit {
    /// Clients are known by their address. That of a request that comes from one of the `proxies` is the last in
    /// `X-Forwarded-For` that is not itself a proxy's; anybody else's `X-Forwarded-For` says nothing.
    pub fn new(rate: Rate, proxies: &[Network]) -> Self {
        let quota = if rate.seconds == 1 {
            Quota::per_second(rate.requests)
        } else {
            Quota::per_minute(rate.requests)
        };
        let limiter = RateLimiter::hashmap(quota).with_middleware();
        Self { rate, proxies: proxies.into(), limiter: Arc::new(limiter), since_cleaning: Arc::default() }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// The client has asked too often; the request is not to be answered.
    pub fn check(&self, request: &ServiceRequest) -> Result<Headers, Exceeded> {
        /// Clients that have been silent are forgotten now and then, so that they take no memory.
        const CLEAN_EVERY: u32 = 10_000;
        let Some(peer) = request.peer_addr() else { return Ok(Vec::new()) };
        let client = block_of(self.client(peer.ip(), request.headers()));
        if self.since_cleaning.fetch_add(1, Ordering::Relaxed) >= CLEAN_EVERY {
            self.since_cleaning.store(0, Ordering::Relaxed);
            self.limiter.retain_recent();
        }
        match self.limiter.check_key(&client) {
            Ok(state) => Ok(self.headers(state.remaining_burst_capacity(), self.rate.seconds.into())),
            Err(until) => {
                let wait = until.wait_time_from(DefaultClock::default().now());
                let seconds = wait.as_secs() + 1;
                Err(Exceeded { seconds, headers: self.headers(0, seconds) })
            }
        }
    }

    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let is_proxy = |address: IpAddr| self.proxies.iter().any(|network| network.contains(address));
        let mut client = peer.to_canonical();
        let forwarded: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect();
        for address in forwarded.into_iter().rev() {
            if !is_proxy(client) {
                break;
            }
            let Ok(address) = address.trim().parse::<IpAddr>() else { break };
            client = address.to_canonical();
        }
        client
    }

    /// `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10).
    fn headers(&self, remaining: u32, seconds: u64) -> Headers {
        let Rate { requests, seconds: window } = self.rate;
        let policy = HeaderValue::try_from(format!("\"client\";q={requests};w={window}"));
        let state = HeaderValue::try_from(format!("\"client\";r={remaining};t={seconds}"));
        let names = ["ratelimit-policy", "ratelimit"].map(HeaderName::from_static);
        names.into_iter().zip([policy, state]).filter_map(|(name, value)| Some((name, value.ok()?))).collect()
    }
}

/// One client can have any of the 2^64 addresses of its IPv6 network.
fn block_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(proxies: &[&str], peer: &str, forwarded: &str) -> String {
        let proxies: Vec<Network> = proxies.iter().map(|network| network.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static("x-forwarded-for"), HeaderValue::from_str(forwarded).unwrap());
        let limit = RateLimit::new("1/s".parse().unwrap(), &proxies);
        limit.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn a_forwarded_address_counts_only_from_a_proxy() {
        assert_eq!(client(&[], "192.0.2.1", "198.51.100.7"), "192.0.2.1");
        assert_eq!(client(&["192.0.2.1"], "192.0.2.1", "198.51.100.7"), "198.51.100.7");
        assert_eq!(client(&["192.0.2.0/24"], "::ffff:192.0.2.9", "198.51.100.7"), "198.51.100.7");
        // Whoever writes the beginning of the header can write anything.
        assert_eq!(client(&["192.0.2.1"], "192.0.2.1", "203.0.113.1, 198.51.100.7"), "198.51.100.7");
        assert_eq!(client(&["192.0.2.0/24"], "192.0.2.1", "198.51.100.7, 192.0.2.2"), "198.51.100.7");
        assert_eq!(client(&["192.0.2.1"], "192.0.2.1", "somebody"), "192.0.2.1");
    }

    #[test]
    fn a_network_is_an_address_and_its_bits() {
        let contains = |network: &str, address: &str| {
            network.parse::<Network>().unwrap().contains(address.parse().unwrap())
        };
        assert!(contains("10.0.0.0/8", "10.200.3.4") && !contains("10.0.0.0/8", "11.0.0.0"));
        assert!(contains("10.0.0.1", "10.0.0.1") && !contains("10.0.0.1", "10.0.0.2"));
        assert!(contains("0.0.0.0/0", "192.0.2.1") && !contains("0.0.0.0/0", "::1"));
        assert!(contains("2001:db8::/32", "2001:db8:1::1") && contains("::/0", "2001:db8::1"));
        for text in ["", "10.0.0", "10.0.0.0/33", "10.0.0.0/x", "::/129"] {
            assert!(text.parse::<Network>().unwrap_err().contains("10.0.0.0/8"), "{text}");
        }
    }

    #[test]
    fn a_rate_is_a_number_per_second_or_minute() {
        assert!("10/s".parse::<Rate>().is_ok() && "600/m".parse::<Rate>().is_ok());
        for text in ["", "10", "0/s", "-1/s", "10/h", "10/s/s"] {
            assert!(text.parse::<Rate>().unwrap_err().contains("10/s"), "{text}");
        }
    }

    #[test]
    fn an_ipv6_client_is_its_network() {
        let block = |address: &str| block_of(address.parse().unwrap()).to_string();
        assert_eq!(block("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(block("192.0.2.1"), "192.0.2.1");
    }
}
