//! How the parties outside of the rows are written: as in the rows. The summary and the filters know a party's digits alone.

use std::sync::Arc;

use calls_model::{CounterpartyDetails, NumberInfo, Party};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::list::Owner;
use super::summary_data::SummaryData;
use super::timeline::Timeline;
use crate::filter::{self, Filter};
use crate::{api, path, script};

/// How many of the newest calls are looked through before the API is asked.
const LOOKED_AT: usize = 200;

/// What is known of parties, and whose country is home.
#[derive(Clone, Copy)]
pub struct Spellings {
    known: RwSignal<Vec<(Party, CounterpartyDetails)>>,
    owner: Memo<Arc<Owner>>,
}

impl Spellings {
    /// Knows those of the summary and the one of the filter, as soon as they are asked for.
    pub fn new(
        timeline: Memo<Timeline>,
        summary: Signal<Option<SummaryData>>,
        filter: Memo<Filter>,
        owner: Memo<Arc<Owner>>,
    ) -> Self {
        let known = RwSignal::new(Vec::new());
        let asked = StoredValue::new(Vec::<Party>::new());
        Effect::new(move |_| {
            let chosen =
                filter.with(|filter| filter::counterparty(&filter.counterparty)?.parse::<Party>().ok());
            let mut wanted = Vec::from_iter(chosen);
            summary.with(|data| {
                let top = data.iter().flat_map(|data| &data.summary.top_counterparties);
                wanted.extend(top.map(|one| one.counterparty.clone()));
            });
            wanted.retain(|party| {
                matches!(party, Party::E164(_)) && asked.with_value(|asked| !asked.contains(party))
            });
            if wanted.is_empty() {
                return;
            }
            asked.update_value(|asked| asked.extend(wanted.iter().cloned()));
            let found = timeline.with_untracked(|timeline| found_in(timeline, &mut wanted));
            known.update(|known| known.extend(found));
            for party in wanted {
                let path = path::api_number(&party.to_string());
                spawn_local(async move {
                    // What cannot be asked for stays a number without blanks.
                    if let Ok(NumberInfo { international, national, country, .. }) = api::get(&path).await {
                        let details = CounterpartyDetails { international, national, country };
                        known.try_update(|known| known.push((party, details)));
                    }
                });
            }
        });
        Self { known, owner }
    }

    /// How a party is written.
    pub fn of(&self, party: &Party) -> String {
        self.known.with(|known| {
            let details = known.iter().find(|(other, _)| other == party).map(|(_, details)| details);
            let home = self.owner.with(|owner| owner.country.clone());
            script::spelling(&party.to_string(), details.map(script::json), home.as_deref())
        })
    }
}

/// What the newest calls say of the wanted parties. Leaves those of which they say nothing.
fn found_in(timeline: &Timeline, wanted: &mut Vec<Party>) -> Vec<(Party, CounterpartyDetails)> {
    let mut found = Vec::new();
    for call in timeline.calls(0..LOOKED_AT) {
        let party = call.call.counterparty;
        if let Some(place) = wanted.iter().position(|other| *other == party)
            && let Some(details) = call.details.counterparty
        {
            found.push((wanted.swap_remove(place), details));
        }
    }
    found
}
