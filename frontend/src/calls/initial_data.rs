//! The API's first responses, embedded in the HTML.

use calls_model::InitialData;
use leptos::prelude::*;
use leptos_swr::{Cache, PagesKey};

use super::last_known;
use super::packed_calls::PackedCalls;
use super::pages::{CallsPage, PageKey, Wanted};
use super::resource::{Key, Resource};
use crate::api::ApiError;
use crate::filter::{self, Filter};
use crate::{intl, path};

/// Puts the embedded responses, or else the last known ones, into the cache. They are fetched again later:
/// the browser may have the HTML from its cache.
pub fn use_initial_data(cache: &Cache) {
    let Some(fallback) = inside().or_else(kept) else { return };
    let InitialData { number, info, person, calls, next } = fallback;
    if let Some(person) = person {
        let key = Key::Number(person.canonical());
        cache.entry::<Key, Resource, ApiError>(key).set(Some(Resource::Number(person)));
    }
    // The HTML does not contain the occurrences of a number without calls of its own.
    if calls.as_ref().is_none_or(|calls| !calls.is_empty()) {
        let key = Key::Number(number.clone());
        cache.entry::<Key, Resource, ApiError>(key).set(Some(Resource::Number(info)));
    }
    let Some(calls) = calls else { return };
    let wanted = Wanted { number, query: api_query() };
    let page = CallsPage::new(wanted.clone(), PackedCalls::new(&calls), next);
    let first = PagesKey(PageKey::first(wanted));
    cache.entry::<PagesKey<PageKey>, Vec<CallsPage>, ApiError>(first).set(Some(vec![page]));
}

/// The person of the address `/calls/+12025550123/with/+13333333333`.
fn party() -> Option<String> {
    let pathname = window().location().pathname().ok()?;
    let (_, party) = pathname.strip_prefix(path::base())?.strip_prefix("/calls/")?.split_once("/with/")?;
    js_sys::decode_uri_component(party).ok().map(String::from)
}

/// The API's query for the filter in the address.
fn api_query() -> String {
    let search = window().location().search().unwrap_or_default();
    let mut filter = Filter::from_query(search.trim_start_matches('?'));
    if let Some(party) = party() {
        filter.counterparty = filter::only(&party);
    }
    path::query(&filter.parameters(intl::today(), intl::beginning, &intl::zone_id()))
}

/// Data in the HTML, with the last known calls if it has none. Unreadable data counts as absent.
fn inside() -> Option<InitialData> {
    let text = document().get_element_by_id(InitialData::ELEMENT)?.text_content()?;
    let fallback = serde_json::from_str::<InitialData>(&text).ok()?;
    if fallback.calls.is_none() {
        return kept().or(Some(fallback));
    }
    if !api_query().is_empty() {
        return Some(fallback);
    }
    last_known::keep_text(&fallback.info.canonical(), &text);
    Some(fallback)
}

/// Last known calls of the number in the address, unless it has a filter.
fn kept() -> Option<InitialData> {
    let location = window().location();
    let pathname = location.pathname().ok()?;
    let number =
        js_sys::decode_uri_component(pathname.strip_prefix(path::base())?.strip_prefix("/calls/")?).ok()?;
    let is_all = location.search().is_ok_and(|search| search.is_empty());
    if is_all { last_known::read(&String::from(number)) } else { None }
}
