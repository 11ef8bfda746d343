//! Loopback ports for servers.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};

/// Below the ports that systems give to outgoing connections (Linux: from 32768), which could take the port
/// of a server that is stopped for a while.
const FIRST: u32 = 20_000;
const COUNT: u32 = 12_000;

/// Number of ports that a process tries before it reaches those of the next process.
const PER_PROCESS: u32 = 8;

/// A port that nothing listens on. Processes with neighbouring numbers, as tests that run at once have, look
/// in different places.
pub(super) fn free() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let start = std::process::id() % COUNT * PER_PROCESS;
    (0..COUNT)
        .map(|_| FIRST + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT)
        .filter_map(|port| u16::try_from(port).ok())
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .unwrap_or_else(|| panic!("no free port from {FIRST} to {}", FIRST + COUNT - 1))
}
