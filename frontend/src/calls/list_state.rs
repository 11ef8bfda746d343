//! State of the list of calls, shared by the list, its keyboard and the summary.

use std::sync::Arc;

use calls_model::Party;
use leptos::prelude::*;

use super::geometry::Geometry;
use super::pages::Wanted;
use super::pending_calls::PendingCalls;
use super::summary_data::SummaryData;
use super::timeline::Timeline;
use super::viewport::Viewport;
use crate::day::Day;
use crate::reactive::memo;
use crate::script;

/// State of the list. `Copy`, as signals are.
#[derive(Clone, Copy)]
pub struct List {
    /// Requested calls.
    pub wanted: Memo<Wanted>,
    /// The calls.
    pub timeline: Memo<Timeline>,
    /// Number of calls that have just arrived.
    pub fresh: StoredValue<usize>,
    /// Summary of the calls.
    pub summary: Signal<Option<SummaryData>>,
    /// Whether these are the calls with one person.
    pub is_of_person: Signal<bool>,
    /// Title of the page.
    pub owner: Memo<Arc<Owner>>,
    /// The current day.
    pub today: ReadSignal<Day>,
    /// Scroll position.
    pub viewport: Viewport,
    /// Calls that are not shown yet.
    pub pending: PendingCalls,
    /// Loads older calls.
    pub load_more: Callback<()>,
    /// Geometry of the list.
    pub geometry: Memo<Geometry>,
    /// The call that has the focus, or had it last.
    pub pinned: RwSignal<Option<String>>,
}

impl List {
    /// Geometry of the list.
    pub fn geometry(timeline: Memo<Timeline>, viewport: Viewport) -> Memo<Geometry> {
        memo(move || {
            let sizes = viewport.sizes.get();
            viewport.extras.with(|extras| {
                let extra = |day| extras.get(&day).copied().unwrap_or_default();
                timeline.with(|timeline| Geometry::new(timeline.days(), sizes, extra))
            })
        })
    }

    /// Total number of calls, if the summary has it.
    pub fn all(&self) -> Option<usize> {
        let is_of_list = |data: &&SummaryData| self.wanted.with(|wanted| data.key.wanted == *wanted);
        self.summary.with(|data| data.as_ref().filter(is_of_list).map(|data| data.summary.calls as usize))
    }

    /// A party as in the rows: its name, or else its number.
    pub fn spell(&self, party: &Party) -> String {
        let ranked = self.summary.with(|data| {
            let mut ranked = data.iter().flat_map(|data| &data.summary.top_counterparties);
            ranked.find(|one| one.counterparty == *party).map(|one| (one.name.clone(), one.details.clone()))
        });
        let newest = || {
            self.timeline.with(|timeline| timeline.call(0)).filter(|call| call.call.counterparty == *party)
        };
        let known = ranked.or_else(|| newest().map(|call| (call.details.name, call.details.counterparty)));
        let (name, details) = known.unwrap_or_default();
        let home = self.owner.with(|owner| owner.country.clone());
        let spelling = || {
            script::spelling(
                &party.to_string(),
                details.map(|details| script::json(&details)),
                home.as_deref(),
            )
        };
        name.unwrap_or_else(spelling)
    }

    /// Whether these are the calls with one person.
    pub fn is_of_person(&self) -> bool {
        self.is_of_person.get()
    }

    /// Number of calls of a day, if the summary has it.
    pub fn count_of(&self, day: Day) -> Option<u64> {
        self.summary.with(|summary| self.wanted.with(|wanted| summary.as_ref()?.calls_of(day, wanted)))
    }
}

/// The owner of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Its number or address; the canonical one, once known.
    pub number: String,
    /// Its country, once known, if it has one.
    pub country: Option<String>,
}
