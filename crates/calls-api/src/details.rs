//! What the counterparty of a call and its history say of it.

use std::collections::HashMap;

use calls_model::{Call, CallDetails, CounterpartyDetails, DetailedCall, E164, Party};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;

use crate::calls::{self, CallRow};
use crate::parties::PartyKey;
use calls_phone as phone;

/// When each of some calls of a history was returned, in their order; one look into the database for all.
pub fn returned_at(
    connection: &mut PgConnection,
    owner: PartyKey,
    rows: &[CallRow],
) -> QueryResult<Vec<Option<DateTime<Utc>>>> {
    let missed: Vec<_> = rows.iter().filter_map(CallRow::returnable).collect();
    if missed.is_empty() {
        return Ok(vec![None; rows.len()]);
    }
    let mut spoken = calls::next_spoken(connection, owner, missed)?.into_iter();
    Ok(rows.iter().map(|row| row.returnable().and_then(|_| spoken.next().flatten())).collect())
}

/// Adds details to calls. Keeps how numbers are written, for a history has each of its counterparties many times.
#[derive(Debug, Default)]
pub struct Detailer {
    written: HashMap<E164, CounterpartyDetails>,
}

impl Detailer {
    /// Some 2 MB.
    const MOST_KEPT: usize = 10_000;

    /// A call with its details.
    pub fn detail(&mut self, row: CallRow, returned_at: Option<DateTime<Utc>>) -> DetailedCall {
        let call = Call::from(row);
        let counterparty = match call.counterparty {
            Party::E164(number) => Some(self.write(number)),
            _ => None,
        };
        DetailedCall { call, details: CallDetails { counterparty, returned_at } }
    }

    fn write(&mut self, number: E164) -> CounterpartyDetails {
        if self.written.len() >= Self::MOST_KEPT {
            self.written.clear();
        }
        let write = || {
            let info = phone::describe(&Party::E164(number));
            CounterpartyDetails {
                international: info.international,
                national: info.national,
                country: info.country,
            }
        };
        self.written.entry(number).or_insert_with(write).clone()
    }
}
