//! The number in the address.

use calls_model::NumberInfo;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_params_map};

use crate::path;
use crate::reactive::{effect, memo};

/// The number of the page, in two equivalent spellings.
#[derive(Clone, Copy)]
pub struct Number {
    /// The first spelling, by which data is fetched, so that nothing is fetched twice.
    pub asked: Memo<String>,
    /// The spelling in the address: the canonical one, once known.
    pub address: Memo<String>,
    /// The person of a person's page, as in the address.
    pub party: Memo<Option<String>>,
    /// The page's path, without a filter.
    pub base: Memo<String>,
    canonical: StoredValue<Option<(String, String)>>,
}

/// The number of the address.
pub fn use_number() -> Number {
    let params = use_params_map();
    let address = memo(move || params.with(|params| params.get("number").unwrap_or_default()));
    let canonical = StoredValue::new(None::<(String, String)>);
    let asked = memo(move || {
        let number = address.get();
        match canonical.get_value() {
            Some((asked, canonical)) if canonical == number => asked,
            _ => number,
        }
    });
    let party = memo(move || params.with(|params| params.get("party")));
    let base = memo(move || path::page(&address.get(), party.get().as_deref()));
    Number { asked, address, party, base, canonical }
}

impl Number {
    /// Puts the canonical spelling into the address bar, so that shared addresses are the same. The page does
    /// not change.
    pub fn keep_canonical(self, info: Signal<Option<NumberInfo>>, search: Memo<String>) {
        let navigate = use_navigate();
        effect(move || {
            let Some(canonical) = info.with(|info| info.as_ref().map(NumberInfo::canonical)) else { return };
            let asked = self.asked.get_untracked();
            if canonical == self.address.get_untracked() {
                return;
            }
            let query = Some(search.get_untracked()).filter(|query| !query.is_empty());
            let party = self.party.get_untracked();
            let address = path::page(&canonical, party.as_deref())
                + &query.map(|query| format!("?{query}")).unwrap_or_default();
            self.canonical.set_value(Some((asked, canonical)));
            navigate(
                &address,
                NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() },
            );
        });
    }
}
