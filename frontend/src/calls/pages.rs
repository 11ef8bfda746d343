//! The pages in which a history comes from the API.

use std::sync::Arc;

use calls_model::Call;
use leptos_swr::Rows;

use crate::api::{self, ApiError};
use crate::path;

/// Which calls are wanted, of whom. What is asked for depends on nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Wanted {
    /// The number of the address.
    pub number: String,
    /// The API's query string, with its question mark; empty for all calls.
    pub query: String,
}

impl Wanted {
    /// Where the API has all of the calls as a file for spreadsheets.
    pub fn csv(&self) -> String {
        path::with(&(path::api_calls(&self.number) + &self.query), "format", "csv")
    }
}

/// One page of a history, newest call first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallsPage {
    /// What it is a page of.
    pub wanted: Wanted,
    /// Its calls.
    pub calls: Vec<Arc<Call>>,
    /// The API's path of the page after it. `None` on the last one.
    pub next: Option<String>,
}

/// The key of a page.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PageKey {
    wanted: Wanted,
    /// Where the API has it.
    path: String,
}

impl PageKey {
    /// The first page of what is wanted.
    pub fn first(wanted: Wanted) -> Self {
        let path = path::api_calls(&wanted.number) + &wanted.query;
        Self { wanted, path }
    }

    /// The page after another one. `None` after the last.
    pub fn after(page: &CallsPage) -> Option<Self> {
        Some(Self { path: page.next.clone()?, wanted: page.wanted.clone() })
    }

    /// Asks the API for the page.
    ///
    /// # Errors
    ///
    /// [`ApiError`], where there is no answer.
    pub async fn fetch(self) -> Result<CallsPage, ApiError> {
        let (calls, next) = api::get_linked::<Vec<Call>>(&self.path).await?;
        Ok(CallsPage { wanted: self.wanted, calls: calls.into_iter().map(Arc::new).collect(), next })
    }
}

impl Rows for CallsPage {
    type Row = Arc<Call>;
    type Id = String;

    fn rows(&self) -> &[Arc<Call>] {
        &self.calls
    }

    fn id(row: &Arc<Call>) -> String {
        row.id.clone()
    }

    fn with_rows(&self, calls: Vec<Arc<Call>>) -> Self {
        Self { calls, ..self.clone() }
    }
}

/// The calls to show while some are wanted, out of the pages that are there. Those of another filter stand
/// in until the answer comes, so that the page does not flash; those of another number never do.
pub fn shown(pages: &[CallsPage], wanted: &Wanted, has_failed: bool) -> Option<Vec<Arc<Call>>> {
    let first = pages.first()?;
    let stands_in = first.wanted.number == wanted.number && !has_failed && !first.calls.is_empty();
    let is_shown = first.wanted == *wanted || stands_in;
    is_shown.then(|| pages.iter().flat_map(|page| page.calls.iter().cloned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use calls_model::{CallType, Party};

    fn wanted(number: &str, query: &str) -> Wanted {
        Wanted { number: number.to_owned(), query: query.to_owned() }
    }

    fn page(wanted: &Wanted, ids: &[&str]) -> CallsPage {
        let call = |id: &&str| {
            Arc::new(Call {
                id: (*id).to_owned(),
                created_at: "2024-01-31T10:00:00Z".parse().unwrap(),
                counterparty: Party::Withheld,
                call_type: CallType::MissedInbound,
                duration: None,
            })
        };
        CallsPage { wanted: wanted.clone(), calls: ids.iter().map(call).collect(), next: None }
    }

    fn ids(pages: &[CallsPage], wanted: &Wanted, has_failed: bool) -> Option<Vec<String>> {
        let calls = shown(pages, wanted, has_failed)?;
        Some(calls.iter().map(|call| call.id.clone()).collect())
    }

    #[test]
    fn all_pages_make_one_list() {
        let all = wanted("+1", "");
        let pages = [page(&all, &["4", "3"]), page(&all, &["2", "1"])];
        assert_eq!(ids(&pages, &all, true).unwrap(), ["4", "3", "2", "1"]);
        assert_eq!(ids(&[page(&all, &[])], &all, false).unwrap(), [""; 0]);
        assert_eq!(ids(&[], &all, false), None);
    }

    #[test]
    fn another_filter_stands_in_and_another_number_does_not() {
        let (all, missed) = (wanted("+1", ""), wanted("+1", "?outcome=missed"));
        let pages = [page(&all, &["1"])];
        assert!(shown(&pages, &missed, false).is_some());
        assert_eq!(shown(&pages, &missed, true), None);
        assert_eq!(shown(&pages, &wanted("+2", ""), false), None);
        assert_eq!(shown(&[page(&missed, &[])], &all, false), None);
    }

    #[test]
    fn a_page_leads_to_the_next() {
        let key = PageKey::first(wanted("+1", "?outcome=missed"));
        assert_eq!(key.path, "/api/calls/%2B1?outcome=missed");
        let mut page = page(&key.wanted, &["1"]);
        assert_eq!(PageKey::after(&page), None);
        page.next = Some("/api/calls/%2B1?outcome=missed&after=1".to_owned());
        let next = PageKey::after(&page).unwrap();
        assert_eq!((next.wanted, Some(next.path)), (key.wanted, page.next));
    }

    #[test]
    fn the_file_has_the_calls_of_the_filter() {
        assert_eq!(wanted("+1", "").csv(), "/api/calls/%2B1?format=csv");
        assert_eq!(wanted("+1", "?outcome=missed").csv(), "/api/calls/%2B1?outcome=missed&format=csv");
    }
}
