//! Calls that are sent in one by one, by the API and as pgbench sends its statement.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;

use crate::clients::Requests;
use crate::pgbench::Varied;
use crate::processes::INGEST_TOKEN;

/// The first of the numbers whose calls are sent in, which have no other calls.
const FIRST_OWNER: u64 = 12_015_530_000;
const OWNERS: u64 = 1_000;
/// The callers of those that the API is sent.
const FIRST_CALLER: u64 = 14_090_000_000;
/// The callers of those that pgbench sends.
const FIRST_OTHER_CALLER: u64 = 16_000_000_000;

/// Calls of which each has a caller of its own, so that each is new.
#[derive(Debug, Clone, Copy)]
pub struct Posts {
    /// Another one in each run, which may find the calls of an earlier one.
    first_caller: u64,
}

impl Posts {
    /// Those of this run.
    pub fn new() -> anyhow::Result<Self> {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        Ok(Self { first_caller: FIRST_CALLER + seconds % 100_000 * 10_000 })
    }

    /// Requests of one call each.
    pub fn requests(self, address: &str) -> Requests {
        // The first is the one whose statement is taken.
        let next = AtomicU64::new(1);
        let body = move || self.body(next.fetch_add(1, Ordering::Relaxed));
        let fields = format!("Authorization: Bearer {INGEST_TOKEN}\r\n");
        Requests::post(address, "/api/calls", &fields, body, r#""added":1"#)
    }

    /// Sends the first call.
    pub fn send_first(self, address: &str) -> anyhow::Result<()> {
        let request = ureq::post(format!("http://{address}/api/calls"))
            .header("Content-Type", "application/json")
            .header("Authorization", format!("Bearer {INGEST_TOKEN}"));
        request.send(self.body(0)).context("cannot send a call").map(|_| ())
    }

    /// The literals to vary in the recorded statement, so that each call is new.
    pub fn varied(self) -> [Varied; 2] {
        [
            Varied {
                value: FIRST_OWNER.to_string(),
                expression: format!("{FIRST_OWNER} + random(0, {OWNERS} - 1)"),
            },
            Varied {
                value: self.first_caller.to_string(),
                expression: format!("{FIRST_OTHER_CALLER} + random(0, 999999999)"),
            },
        ]
    }

    fn body(self, n: u64) -> String {
        let (owner, caller) = (FIRST_OWNER + n % OWNERS, self.first_caller + n);
        format!(
            r#"[{{"owner":"+{owner}","created_at":"2025-06-01T12:00:00Z","counterparty":"+{caller}","type":"Completed Inbound","duration":"37.4"}}]"#
        )
    }
}
