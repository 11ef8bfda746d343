//! The summary of a filter from the API. One request serves all parts of the page.

use std::sync::Arc;

use calls_model::Summary;

use super::pages::Wanted;
use crate::api::{self, ApiError};
use crate::day::Day;
use crate::{intl, path};

/// A summary, with its key.
#[derive(Debug, Clone, PartialEq)]
pub struct SummaryData {
    /// Its key.
    pub key: SummaryKey,
    /// The response. Its days are in the browser's zone.
    pub summary: Arc<Summary>,
}

/// The key of a summary.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SummaryKey {
    /// Calls of the summary.
    pub wanted: Wanted,
    /// The browser's IANA time zone.
    pub zone: String,
}

impl SummaryKey {
    /// The key for these calls in the browser's zone.
    pub fn new(wanted: Wanted) -> Self {
        Self { wanted, zone: intl::zone_id() }
    }

    /// Path of the request.
    pub fn path(&self) -> String {
        let address = path::api_summary(&self.wanted.number) + &self.wanted.query;
        let address =
            if address.contains("from=") { path::with(&address, "compare", "previous") } else { address };
        // A filter by hour already has the zone. No value contains this text, because its equals sign would
        // be encoded.
        if address.contains("tz=") { address } else { path::with(&address, "tz", &self.zone) }
    }

    /// Fetches the summary.
    ///
    /// # Errors
    ///
    /// [`ApiError`], if the request fails.
    pub async fn fetch(self) -> Result<SummaryData, ApiError> {
        let summary = Arc::new(api::get(&self.path()).await?);
        Ok(SummaryData { key: self, summary })
    }
}

impl SummaryData {
    /// Number of calls that began on a day. `None` if the summary has another filter.
    pub fn calls_of(&self, day: Day, wanted: &Wanted) -> Option<u64> {
        let days = &self.summary.days;
        let found = days.binary_search_by_key(&day, |count| Day(count.date.to_epoch_days())).ok();
        (self.key.wanted == *wanted).then(|| found.map_or(0, |index| days[index].calls))
    }
}
