//! Details of calls.

use std::collections::HashMap;

use calls_model::{CounterpartyDetails, DetailedCall, E164, Party};
use calls_phone as phone;
use calls_store::rows::CallRow;
use chrono::{DateTime, Utc};

/// Adds details to calls. Caches how numbers are written, because most counterparties occur many times in a
/// history.
#[derive(Debug, Default)]
pub struct Detailer {
    written: HashMap<E164, CounterpartyDetails>,
}

impl Detailer {
    /// Maximum number of cached spellings, some 2 MB.
    const MOST_KEPT: usize = 10_000;

    /// A call with its details.
    pub fn detail(&mut self, row: CallRow, returned_at: Option<DateTime<Utc>>) -> DetailedCall {
        let mut detailed = DetailedCall::from(row);
        detailed.details.counterparty = self.spell(&detailed.call.counterparty);
        detailed.details.returned_at = returned_at;
        detailed
    }

    /// Spelling of a party that has an E.164 number.
    pub fn spell(&mut self, party: &Party) -> Option<CounterpartyDetails> {
        match party {
            Party::E164(number) => Some(self.write(*number)),
            _ => None,
        }
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
