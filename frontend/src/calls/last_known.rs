//! The calls of a number as last shown in this tab, for a reload while the server is away.
//!
//! They are in `sessionStorage`, which ends with the tab, because call histories should not be left in a
//! browser. Each number has an item, `calls.last.+12025550123`: the time in milliseconds since 1970, a space,
//! and [`InitialData`] as JSON. first-rows.js reads it too, to paint the calls before the program is loaded.

use std::cell::RefCell;

use calls_model::{InitialData, NumberInfo};
use leptos::prelude::*;
use web_sys::Storage;

const PREFIX: &str = "calls.last.";
/// Maximum number of numbers kept.
const MOST: usize = 8;
/// Older data is not shown, because browsers restore tabs after days.
const LIFETIME_MS: u64 = 24 * 60 * 60 * 1000;

/// A first page of calls, as returned by the API.
struct Page {
    /// The number in the request.
    number: String,
    /// The calls' JSON.
    calls: String,
    next: Option<String>,
}

thread_local! {
    /// The newest response, until its owner is known.
    static ANSWER: RefCell<Option<Page>> = const { RefCell::new(None) };
}

/// Takes the API's response with the first page of all calls.
pub fn answered(number: &str, calls: &str, next: Option<&str>) {
    let page = Page { number: number.to_owned(), calls: calls.to_owned(), next: next.map(str::to_owned) };
    ANSWER.set(Some(page));
}

/// Stores the newest response under the number's canonical spelling, if it is for the number `asked`.
pub fn keep(asked: &str, info: &NumberInfo) {
    let page = ANSWER.with_borrow_mut(|answer| answer.take_if(|page| page.number == asked));
    let Some(page) = page else { return };
    let text = |text: &str| serde_json::to_string(text).unwrap_or_default();
    let next = page.next.as_deref().map_or_else(|| "null".to_owned(), text);
    let Ok(info_json) = serde_json::to_string(info) else { return };
    let number = info.canonical();
    let answers =
        format!(r#"{{"number":{},"info":{info_json},"calls":{},"next":{next}}}"#, text(&number), page.calls);
    keep_text(&number, &answers);
}

/// Stores the responses embedded in the HTML.
pub fn keep_text(number: &str, answers: &str) {
    let Some(storage) = storage() else { return };
    // If the storage is full, nothing is stored.
    storage.set_item(&format!("{PREFIX}{number}"), &format!("{} {answers}", now())).unwrap_or_default();
    let kept = names(&storage);
    if kept.len() > MOST
        && let Some(oldest) =
            kept.iter().min_by_key(|name| storage.get_item(name).ok().flatten().as_deref().and_then(time))
    {
        storage.remove_item(oldest).unwrap_or_default();
    }
}

/// Last known calls of a number in this spelling, unless they are too old.
pub fn read(number: &str) -> Option<InitialData> {
    let text = item(number)?;
    let (at, answers) = text.split_once(' ')?;
    if now().saturating_sub(at.parse().ok()?) > LIFETIME_MS {
        return None;
    }
    let answers = serde_json::from_str::<InitialData>(answers).ok()?;
    Some(InitialData { number: number.to_owned(), ..answers })
}

/// Time of a number's last known calls, in milliseconds since 1970.
pub fn at_ms(number: &str) -> Option<f64> {
    time(&item(number)?).map(|at| at as f64)
}

fn storage() -> Option<Storage> {
    window().session_storage().ok().flatten()
}

fn item(number: &str) -> Option<String> {
    storage()?.get_item(&format!("{PREFIX}{number}")).ok()?
}

/// The items' names.
fn names(storage: &Storage) -> Vec<String> {
    let names = (0..storage.length().unwrap_or_default()).filter_map(|index| storage.key(index).ok()?);
    names.filter(|name| name.starts_with(PREFIX)).collect()
}

fn time(item: &str) -> Option<u64> {
    item.split_once(' ')?.0.parse().ok()
}

fn now() -> u64 {
    js_sys::Date::now() as u64
}
