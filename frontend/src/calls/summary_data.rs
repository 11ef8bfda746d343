//! Summary of a filter from the API. One request serves all parts of the page.

use std::sync::Arc;

use calls_model::Summary;
use leptos::prelude::*;
use leptos_swr::SwrPages;

use super::pages::{CallsPage, Wanted};
use super::resource::{Key, Resource, use_resource};
use crate::api::{self, ApiError};
use crate::day::Day;
use crate::reactive::{effect, memo};
use crate::{intl, path};

/// A summary, and of which calls it is one.
#[derive(Debug, Clone, PartialEq)]
pub struct SummaryData {
    /// Its request.
    pub key: SummaryKey,
    /// The answer. Its days are those of the reader's zone.
    pub summary: Arc<Summary>,
}

/// The key of a summary.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SummaryKey {
    /// Calls of the summary.
    pub wanted: Wanted,
    /// The reader's zone, as the IANA names it.
    pub zone: String,
}

impl SummaryKey {
    /// The summary of these calls in the reader's zone.
    pub fn new(wanted: Wanted) -> Self {
        Self { wanted, zone: intl::zone_id() }
    }

    /// Its address.
    pub fn path(&self) -> String {
        let address = path::api_summary(&self.wanted.number) + &self.wanted.query;
        let address =
            if address.contains("from=") { path::with(&address, "compare", "previous") } else { address };
        // A filter by the hour has the zone already. No value has this in it: its equals sign would be
        // encoded.
        if address.contains("tz=") { address } else { path::with(&address, "tz", &self.zone) }
    }

    /// Asks the API for it.
    ///
    /// # Errors
    ///
    /// [`ApiError`], where there is no answer.
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

/// The summary of what is wanted, once the first calls are there: these come first. While another one is
/// asked for, the last one stays; its `key` tells. A new call makes it ask again.
pub fn use_summary(
    wanted: Memo<Wanted>,
    calls: SwrPages<CallsPage, ApiError>,
) -> Signal<Option<SummaryData>> {
    // The newest call, and of which calls it is the newest.
    let head = memo(move || {
        calls.data.with(|pages| {
            let page = pages.as_ref()?.first()?;
            Some((page.wanted.clone(), page.calls.get(0).map(|call| call.call.id)))
        })
    });
    let has_calls = memo(move || head.with(Option::is_some));
    let summary = use_resource(
        move || has_calls.get().then(|| Key::Summary(SummaryKey::new(wanted.get()))),
        |options| {
            options.keep_previous_data(true);
            options.refresh_interval(super::POLL);
            options.should_retry_by(ApiError::may_pass);
        },
    );
    let mut last = None::<(Wanted, Option<String>)>;
    effect(move || {
        let head = head.get();
        if let (Some((before, old)), Some((now, new))) = (&last, &head)
            && before == now
            && old != new
        {
            summary.revalidate();
        }
        last = head;
    });
    Signal::derive(move || match summary.data.get() {
        Some(Resource::Summary(data)) => Some(data),
        _ => None,
    })
}
