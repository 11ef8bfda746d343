//! The promise that each request is answered within 2 s, judged on a machine that may have other work.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Measures the delay of the machine itself, by a byte that goes to another thread and back, again and again.
/// Nothing of the server takes part, so a server that is slow does not raise its own limit.
pub struct Pace {
    slowest_us: Arc<AtomicU64>,
    /// Ends both threads when it is closed.
    open: UnixStream,
}

impl Pace {
    /// Response time promised on a machine without other work.
    const PROMISE: Duration = Duration::from_secs(2);
    /// Round trips between threads that a request waits for: client, worker, pool and PostgreSQL, and those
    /// that its deadline takes to be noticed.
    const ROUND_TRIPS: u32 = 10;

    /// Begins to measure.
    pub fn watch() -> Self {
        let (mut near, mut far) = UnixStream::pair().unwrap();
        let open = near.try_clone().unwrap();
        let slowest_us = Arc::new(AtomicU64::new(0));
        let slowest = slowest_us.clone();
        thread::spawn(move || {
            let mut byte = [0];
            while far.read_exact(&mut byte).and_then(|()| far.write_all(&byte)).is_ok() {}
        });
        thread::spawn(move || {
            let mut byte = [0];
            loop {
                let start = Instant::now();
                if near.write_all(&byte).and_then(|()| near.read_exact(&mut byte)).is_err() {
                    return;
                }
                let took = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
                slowest.fetch_max(took, Ordering::Relaxed);
                thread::sleep(Duration::from_millis(2));
            }
        });
        Self { slowest_us, open }
    }

    /// Fails if a request took longer than promised, on this machine in this time.
    #[track_caller]
    pub fn check(&self, took: Duration) {
        let delay = Duration::from_micros(self.slowest_us.load(Ordering::Relaxed));
        let limit = Self::PROMISE + delay * Self::ROUND_TRIPS;
        assert!(
            took <= limit,
            "expected at most {limit:?} where a round trip takes {delay:?}, but found {took:?}"
        );
    }
}

impl Drop for Pace {
    fn drop(&mut self) {
        // Fails only where it is closed already.
        self.open.shutdown(std::net::Shutdown::Both).ok();
    }
}

#[test]
#[should_panic(expected = "expected at most")]
fn a_request_that_hangs_is_noticed() {
    let pace = Pace::watch();
    thread::sleep(Duration::from_millis(50));
    pace.check(Duration::from_secs(3600));
}
