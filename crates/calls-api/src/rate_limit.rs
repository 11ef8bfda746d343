//! Rate limit per client.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{HeaderName, HeaderValue};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::clients::Clients;

/// A rate such as `10/s` or `600/m`: requests per second or minute, all of which may come at once.
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

/// Counts the requests of each client. Clones share the counts.
#[derive(Debug, Clone)]
pub struct RateLimit {
    rate: Rate,
    clients: Clients,
    limiter: Arc<Limiter>,
    since_cleaning: Arc<AtomicU32>,
}

type Limiter = RateLimiter<IpAddr, HashMapStateStore<IpAddr>, DefaultClock, StateInformationMiddleware>;
type Headers = Vec<(HeaderName, HeaderValue)>;

/// The client exceeds its rate.
#[derive(Debug)]
pub struct Exceeded {
    /// Seconds until the next request is allowed, at least 1.
    pub seconds: u64,
    /// Headers of the response.
    pub headers: Headers,
}

impl RateLimit {
    /// A limit without requests so far.
    pub fn new(rate: Rate, clients: Clients) -> Self {
        let quota = if rate.seconds == 1 {
            Quota::per_second(rate.requests)
        } else {
            Quota::per_minute(rate.requests)
        };
        let limiter = RateLimiter::hashmap(quota).with_middleware();
        Self { rate, clients, limiter: Arc::new(limiter), since_cleaning: Arc::default() }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// The client exceeds its rate, and the request must be refused.
    pub fn check(&self, request: &ServiceRequest) -> Result<Headers, Exceeded> {
        /// Idle clients are removed from memory after this many requests.
        const CLEAN_EVERY: u32 = 10_000;
        let Some(client) = self.clients.of(request.request()) else { return Ok(Vec::new()) };
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

    /// `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10).
    fn headers(&self, remaining: u32, seconds: u64) -> Headers {
        let Rate { requests, seconds: window } = self.rate;
        let policy = HeaderValue::try_from(format!("\"client\";q={requests};w={window}"));
        let state = HeaderValue::try_from(format!("\"client\";r={remaining};t={seconds}"));
        let names = ["ratelimit-policy", "ratelimit"].map(HeaderName::from_static);
        names.into_iter().zip([policy, state]).filter_map(|(name, value)| Some((name, value.ok()?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_per_second_or_minute() {
        assert!("10/s".parse::<Rate>().is_ok() && "600/m".parse::<Rate>().is_ok());
        for text in ["", "10", "0/s", "-1/s", "10/h", "10/s/s"] {
            assert!(text.parse::<Rate>().unwrap_err().contains("10/s"), "{text}");
        }
    }
}
