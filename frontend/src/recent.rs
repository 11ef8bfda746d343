//! Recently visited numbers. They are stored in this browser only, and shown by home.js.

use leptos::prelude::*;

use crate::path;

/// Key in localStorage.
const KEY: &str = "calls.recent";
/// Maximum number of entries.
const MOST: usize = 8;

/// Adds a number at the front. `number` is its canonical spelling, `text` its display.
pub fn remember(number: &str, text: &str) {
    let list = with(read(), number, text);
    if let Some(storage) = storage() {
        // If the storage is full or forbidden, nothing is stored.
        storage.set_item(KEY, &write(&list)).unwrap_or_default();
    }
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

fn read() -> Vec<(String, String)> {
    let text = storage().and_then(|storage| storage.get_item(KEY).ok().flatten()).unwrap_or_default();
    parse(&text)
}

/// A query string, for which the page already has a parser and formatter.
fn write(list: &[(String, String)]) -> String {
    let pairs: Vec<(&str, String)> =
        list.iter().flat_map(|(number, text)| [("n", number.clone()), ("t", text.clone())]).collect();
    path::query(&pairs)
}

fn parse(text: &str) -> Vec<(String, String)> {
    let pairs: Vec<(String, String)> = path::pairs(text.trim_start_matches('?')).collect();
    let numbers = pairs.chunks_exact(2).filter(|pair| pair[0].0 == "n" && pair[1].0 == "t");
    numbers.map(|pair| (pair[0].1.clone(), pair[1].1.clone())).take(MOST).collect()
}

fn with(mut list: Vec<(String, String)>, number: &str, text: &str) -> Vec<(String, String)> {
    list.retain(|(known, _)| known != number);
    list.insert(0, (number.to_owned(), text.to_owned()));
    list.truncate(MOST);
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_that_was_looked_at_last_comes_first_and_once() {
        let mut list = Vec::new();
        for number in ["1", "2", "1", "3"] {
            list = with(list, number, number);
        }
        let numbers: Vec<&str> = list.iter().map(|(number, _)| number.as_str()).collect();
        assert_eq!(numbers, ["3", "1", "2"]);
        for number in 10..30 {
            list = with(list, &number.to_string(), "");
        }
        assert_eq!((list.len(), list[0].0.as_str()), (MOST, "29"));
    }

    #[test]
    fn what_is_kept_reads_back() {
        let list = with(with(Vec::new(), "+12025550123", "+1 202-555-0123"), "sip:a&b@x", "a&b@x");
        assert_eq!(parse(&write(&list)), list);
        for text in ["", "x", "n=1", "t=1&n=1", "[]"] {
            assert_eq!(parse(text), [], "{text}");
        }
    }
}
