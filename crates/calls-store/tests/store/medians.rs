//! Median times, which are looked up call by call.

use std::time::Duration;

use calls_model::Coverage;
use calls_store::counts;
use calls_store::filter::Filter;
use calls_store::keys::PartyKey;
use calls_store::labels::Labels;
use calls_store::summary::{Question, summarize};
use chrono_tz::Tz;

use crate::database::{Database, execute};

#[test]
fn medians_of_a_long_history_are_those_of_its_newest_inbound_calls() {
    let database = Database::new();
    let mut connection = database.connect();
    // Each missed call is returned after two minutes; the older ones of 6,000 inbound calls rang longer.
    execute(
        &mut connection,
        "INSERT INTO calls (number, id, counterparty, created_at, type, ring_ms)
         SELECT 12025550123, n, 13000000000 + n / 2, timestamptz '2020-01-01Z' + n * interval '2 minutes',
                CASE n % 2 WHEN 0 THEN 2 ELSE 3 END, CASE WHEN n % 2 = 0 AND n > 2000 THEN 4000 ELSE 60000 END
         FROM generate_series(0, 11999) AS n",
    );
    execute(
        &mut connection,
        "INSERT INTO histories (number, version, calls, epoch, last_call)
         SELECT 12025550123, 12000, 12000, 1, max(created_at) FROM calls",
    );
    let owner = PartyKey(12_025_550_123);
    while !counts::bring_forward(&mut connection, owner).unwrap() {}
    let filter = Filter::default();
    for long in [0, u64::MAX] {
        let patience = Duration::from_secs(60);
        let question = Question { owner, filter: &filter, zone: Tz::UTC, patience, long };
        let summary = summarize(&mut connection, &Labels::default(), question).unwrap();
        let inbound = summary.inbound;
        assert_eq!((inbound.answered, inbound.missed, inbound.answer_rate), (0, 6_000, Some(0.0)), "{long}");
        assert_eq!(inbound.median_ring.unwrap().to_string(), "4.0", "{long}");
        assert_eq!(inbound.median_return.unwrap().to_string(), "120.0", "{long}");
        assert_eq!(summary.medians_cover, Some(Coverage { calls: 5_000, of: 6_000 }), "{long}");
    }
}
