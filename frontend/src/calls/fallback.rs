//! The first answers, which came inside the HTML.

use std::sync::Arc;

use calls_model::{Fallback, NumberInfo};
use leptos::prelude::*;
use leptos_swr::{Cache, PagesKey};

use super::pages::{CallsPage, PageKey, Wanted};
use crate::api::ApiError;
use crate::path;

/// Puts the answers that came with the page into the cache, where a hook finds them at once. They are asked for
/// again then: the browser may have the page itself from its cache.
pub fn use_fallback(cache: &Cache) {
    let Some(element) = document().get_element_by_id(Fallback::ELEMENT) else { return };
    // What cannot be read is asked for, as if it were not there.
    let read = element.text_content().and_then(|text| serde_json::from_str::<Fallback>(&text).ok());
    let Some(Fallback { number, info, calls, next }) = read else { return };
    cache.entry::<String, NumberInfo, ApiError>(path::api_number(&number)).set(Some(info), false);
    let Some(calls) = calls else { return };
    let wanted = Wanted { number, query: String::new() };
    let calls = calls.into_iter().map(Arc::new).collect();
    let page = CallsPage::new(wanted.clone(), calls, next);
    let first = PagesKey(PageKey::first(wanted));
    cache.entry::<PagesKey<PageKey>, Vec<CallsPage>, ApiError>(first).set(Some(vec![page]), false);
}
