//! Identifies clients and limits the share of one client.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;

/// A network: an address and how many of its first bits count, written `10.0.0.0/8`; without bits, one
/// address.
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

/// Identifies clients by their addresses, also behind trusted reverse proxies.
#[derive(Debug, Clone, Default)]
pub struct Clients {
    proxies: Arc<[Network]>,
    /// Whether the warning about an untrusted proxy was logged.
    is_told: Arc<AtomicBool>,
}

impl Clients {
    /// `proxies` are trusted: the client of a request from one of them is the last address in
    /// `X-Forwarded-For` that is not itself a proxy's. `X-Forwarded-For` from other addresses is ignored.
    pub fn new(proxies: &[Network]) -> Self {
        Self { proxies: proxies.into(), is_told: Arc::default() }
    }

    /// The client of a request: its IPv4 address, or its IPv6 network of 64 bits, since one client can use
    /// any address in it. A request over a Unix socket comes from a proxy: its client is the forwarded
    /// address, or `None`.
    pub fn of(&self, request: &HttpRequest) -> Option<IpAddr> {
        let peer = request.peer_addr().map(|peer| peer.ip());
        self.address(peer, request.headers()).map(block_of)
    }

    /// Logs a warning, once, about an untrusted proxy on this machine or in its network. `X-Forwarded-For`
    /// from other addresses is likely forged and causes no warning.
    pub fn tell_of_proxy(&self, request: &HttpRequest) {
        if self.is_told.load(Ordering::Relaxed) || !request.headers().contains_key("x-forwarded-for") {
            return;
        }
        let Some(peer) = request.peer_addr().map(|peer| peer.ip().to_canonical()) else { return };
        let is_trusted = self.proxies.iter().any(|network| network.contains(peer));
        if !is_trusted && is_near(peer) && !self.is_told.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "a proxy at {peer} is not trusted, so all clients behind it count as one: \
                 calls serve --trusted-proxy {peer}"
            );
        }
    }

    fn address(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<IpAddr> {
        let is_proxy = |address: IpAddr| self.proxies.iter().any(|network| network.contains(address));
        let mut client = peer.map(|peer| peer.to_canonical());
        let forwarded: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect();
        for address in forwarded.into_iter().rev() {
            if client.is_some_and(|client| !is_proxy(client)) {
                break;
            }
            let Some(address) = forwarded_address(address.trim()) else { break };
            client = Some(address.to_canonical());
        }
        client
    }
}

/// Whether an address is of this machine or a private network.
fn is_near(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    }
}

/// Parses an address as proxies write it: bare, in brackets, or with a port.
fn forwarded_address(text: &str) -> Option<IpAddr> {
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok().map(IpAddr::V6);
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    text.parse().ok().or_else(bracketed).or_else(with_port)
}

/// The network of 64 bits that contains an IPv6 address.
fn block_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
    }
}

/// Limit of concurrent uses, in total and per client. Clones share the count.
#[derive(Debug, Clone)]
pub struct Slots {
    most: usize,
    most_per_client: usize,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    total: usize,
    /// Clients without a slot are absent.
    by_client: HashMap<Option<IpAddr>, usize>,
}

/// A slot of [`Slots`], released on drop.
#[derive(Debug)]
pub struct Slot {
    client: Option<IpAddr>,
    taken: Arc<Mutex<Taken>>,
}

impl Slots {
    /// Number of slots in use.
    pub fn taken(&self) -> usize {
        lock(&self.taken).total
    }

    /// Slots that are all free.
    pub fn new(most: usize, most_per_client: usize) -> Self {
        Self { most, most_per_client, taken: Arc::default() }
    }

    /// Total number of slots.
    pub fn most(&self) -> usize {
        self.most
    }

    /// Takes a slot for a client. `None` if none is free for it.
    pub fn take(&self, client: Option<IpAddr>) -> Option<Slot> {
        let mut taken = lock(&self.taken);
        let of_client = taken.by_client.get(&client).copied().unwrap_or_default();
        if taken.total >= self.most || of_client >= self.most_per_client {
            return None;
        }
        taken.total += 1;
        taken.by_client.insert(client, of_client + 1);
        Some(Slot { client, taken: self.taken.clone() })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        taken.total -= 1;
        let left = taken.by_client.remove(&self.client).unwrap_or_default() - 1;
        if left > 0 {
            taken.by_client.insert(self.client, left);
        }
    }
}

fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    // No code panics while it holds the lock.
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn client(proxies: &[&str], peer: &str, forwarded: &str) -> String {
        let proxies: Vec<Network> = proxies.iter().map(|network| network.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static("x-forwarded-for"), HeaderValue::from_str(forwarded).unwrap());
        let peer = (!peer.is_empty()).then(|| peer.parse().unwrap());
        let client = Clients::new(&proxies).address(peer, &headers);
        client.map_or_else(|| "none".to_owned(), |client| client.to_string())
    }

    #[test]
    fn a_forwarded_address_counts_only_from_a_proxy() {
        assert_eq!(client(&[], "192.0.2.1", "198.51.100.7"), "192.0.2.1");
        assert_eq!(client(&["192.0.2.1"], "192.0.2.1", "198.51.100.7"), "198.51.100.7");
        assert_eq!(client(&["192.0.2.0/24"], "::ffff:192.0.2.9", "198.51.100.7"), "198.51.100.7");
        // The client itself sends the beginning of the header, so it proves nothing.
        assert_eq!(client(&["192.0.2.1"], "192.0.2.1", "203.0.113.1, 198.51.100.7"), "198.51.100.7");
        assert_eq!(client(&["192.0.2.0/24"], "192.0.2.1", "198.51.100.7, 192.0.2.2"), "198.51.100.7");
        assert_eq!(client(&["192.0.2.1"], "192.0.2.1", "somebody"), "192.0.2.1");
    }

    #[test]
    fn behind_a_unix_socket_the_proxy_tells_the_client() {
        assert_eq!(client(&[], "", "203.0.113.1, 198.51.100.7"), "198.51.100.7");
        assert_eq!(client(&["198.51.100.7"], "", "203.0.113.1, 198.51.100.7"), "203.0.113.1");
        assert_eq!(client(&[], "", "somebody"), "none");
    }

    #[test]
    fn a_forwarded_address_may_have_brackets_and_a_port() {
        for (written, address) in [
            ("198.51.100.7:41234", "198.51.100.7"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:41234", "2001:db8::1"),
            ("[::ffff:198.51.100.7]:41234", "198.51.100.7"),
            ("198.51.100.8, 198.51.100.7:41234", "198.51.100.7"),
            ("[198.51.100.7]", "192.0.2.1"),
            ("198.51.100.7:port", "192.0.2.1"),
            ("2001:db8::1]", "192.0.2.1"),
        ] {
            assert_eq!(client(&["192.0.2.1"], "192.0.2.1", written), address, "{written}");
        }
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
    fn an_ipv6_client_is_its_network() {
        let block = |address: &str| block_of(address.parse().unwrap()).to_string();
        assert_eq!(block("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(block("192.0.2.1"), "192.0.2.1");
    }

    #[test]
    fn slots_are_limited_in_all_and_for_one_client_and_free_again_after_use() {
        let slots = Slots::new(3, 2);
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|address| address.parse().ok());
        let held = [slots.take(one).unwrap(), slots.take(one).unwrap()];
        assert!(slots.take(one).is_none());
        let last = slots.take(other).unwrap();
        assert!(slots.take(other).is_none() && slots.take(None).is_none());
        drop(held);
        assert!(slots.take(one).is_some());
        drop(last);
        assert!(slots.taken.lock().unwrap().by_client.is_empty());
    }
}
