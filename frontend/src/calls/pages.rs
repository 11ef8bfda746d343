//! The pages of a history, as returned by the API.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use calls_model::{Call, DetailedCall};
use leptos_swr::Rows;

use super::last_known;
use super::packed_calls::PackedCalls;
use crate::api::{self, ApiError};
use crate::day::Day;
use crate::path;

/// Owner and filter of a list, which identify its requests.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Wanted {
    /// The number of the address.
    pub number: String,
    /// The API's query string, with its question mark; empty for all calls.
    pub query: String,
}

impl Wanted {
    /// Address of the export for spreadsheets.
    pub fn csv(&self) -> String {
        path::with(&(path::api_calls(&self.number) + &self.query), "format", "csv")
    }

    /// Its calls with all details, one a line.
    pub fn lines(&self) -> String {
        let address = path::with(&(path::api_calls(&self.number) + &self.query), "format", "ndjson");
        path::with(&address, "include", "details")
    }
}

/// Calls per page after the first one, which is shorter to arrive soon.
const LATER_LIMIT: &str = "500";

/// A page of a history, newest call first. Clones share its content, since a long history has hundreds of
/// pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallsPage(Arc<PageData>);

/// Content of a page.
#[derive(Debug)]
pub struct PageData {
    /// Key of its list.
    pub wanted: Wanted,
    /// Its calls.
    pub calls: PackedCalls,
    /// The API's path of the next page. `None` on the last one.
    pub next: Option<String>,
    days: OnceLock<Vec<DayRun>>,
}

/// A span of calls on the same day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayRun {
    /// Their day in the browser's zone.
    pub day: Day,
    /// Their number, never 0.
    pub len: usize,
}

impl CallsPage {
    /// A page of what is wanted.
    pub fn new(wanted: Wanted, calls: PackedCalls, next: Option<String>) -> Self {
        Self(Arc::new(PageData { wanted, calls, next, days: OnceLock::new() }))
    }

    /// The days of its calls, in order. Computed once.
    pub fn days(&self, day_of: impl Fn(&Call) -> Day) -> &[DayRun] {
        self.days.get_or_init(|| {
            let mut runs: Vec<DayRun> = Vec::new();
            for call in self.calls.iter() {
                let day = day_of(&call.call);
                match runs.last_mut() {
                    Some(run) if run.day == day => run.len += 1,
                    _ => runs.push(DayRun { day, len: 1 }),
                }
            }
            runs
        })
    }

    /// Whether both are the same page in memory.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Deref for CallsPage {
    type Target = PageData;

    fn deref(&self) -> &PageData {
        &self.0
    }
}

/// Days are derived from calls.
impl PartialEq for PageData {
    fn eq(&self, other: &Self) -> bool {
        self.calls == other.calls && self.next == other.next && self.wanted == other.wanted
    }
}

impl Eq for PageData {}

/// The key of a page.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PageKey {
    wanted: Wanted,
    /// Its address.
    path: String,
}

impl PageKey {
    /// The first page of what is wanted.
    pub fn first(wanted: Wanted) -> Self {
        let path = path::with(&(path::api_calls(&wanted.number) + &wanted.query), "include", "details");
        Self { wanted, path }
    }

    /// The page after another one. `None` after the last.
    pub fn after(page: &CallsPage) -> Option<Self> {
        let mut path = page.next.clone()?;
        if !path.contains("limit=") {
            path = path::with(&path, "limit", LATER_LIMIT);
        }
        Some(Self { path, wanted: page.wanted.clone() })
    }

    /// Asks the API for the page.
    ///
    /// # Errors
    ///
    /// [`ApiError`], if the request fails.
    pub async fn fetch(self) -> Result<CallsPage, ApiError> {
        let answer = api::get_text(&self.path).await?;
        let calls = answer.data()?;
        if self.wanted.query.is_empty() && self == Self::first(self.wanted.clone()) {
            last_known::answered(&self.wanted.number, &answer.text, answer.next.as_deref());
        }
        Ok(CallsPage::new(self.wanted, calls, answer.next))
    }
}

impl Rows for CallsPage {
    type Row = Arc<DetailedCall>;
    type Id = String;

    fn rows(&self) -> Cow<'_, [Arc<DetailedCall>]> {
        self.calls.iter().map(Arc::new).collect()
    }

    fn id(row: &Arc<DetailedCall>) -> String {
        row.call.id.clone()
    }

    fn with_rows(&self, calls: Vec<Arc<DetailedCall>>) -> Self {
        let calls = PackedCalls::new(calls.iter().map(Arc::as_ref));
        Self::new(self.wanted.clone(), calls, self.next.clone())
    }

    fn position(&self, id: &String) -> Option<usize> {
        self.calls.position(id)
    }
}

/// The pages to show for a request. Those of another filter are shown until the response arrives, so that the
/// page does not flash; those of another number never are.
pub fn shown<'a>(pages: &'a [CallsPage], wanted: &Wanted, has_failed: bool) -> Option<&'a [CallsPage]> {
    let first = pages.first()?;
    let stands_in = first.wanted.number == wanted.number && !has_failed && !first.calls.is_empty();
    (first.wanted == *wanted || stands_in).then_some(pages)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use calls_model::{CallDetails, CallType, Party};

    fn wanted(number: &str, query: &str) -> Wanted {
        Wanted { number: number.to_owned(), query: query.to_owned() }
    }

    /// A page of calls, each with its id and its time in seconds.
    pub fn page(wanted: &Wanted, calls: &[(&str, i64)]) -> CallsPage {
        let call = |(id, seconds): &(&str, i64)| {
            let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
            let day = Day(i32::try_from(day).unwrap());
            let time = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
            let call = Call {
                id: (*id).to_owned(),
                created_at: format!("{day}T{time}Z").parse().unwrap(),
                counterparty: Party::Withheld,
                call_type: CallType::MissedInbound,
                duration: None,
            };
            DetailedCall { call, details: CallDetails::default() }
        };
        let calls: Vec<DetailedCall> = calls.iter().map(call).collect();
        CallsPage::new(wanted.clone(), PackedCalls::new(&calls), None)
    }

    /// The day of a call in UTC.
    pub fn utc_day(call: &Call) -> Day {
        Day(i32::try_from(call.created_at.timestamp().div_euclid(86_400)).unwrap())
    }

    #[test]
    fn another_filter_stands_in_and_another_number_does_not() {
        let (all, missed) = (wanted("+1", ""), wanted("+1", "?outcome=missed"));
        let pages = [page(&all, &[("1", 0)])];
        assert_eq!(shown(&pages, &all, true), Some(&pages[..]));
        assert!(shown(&pages, &missed, false).is_some());
        assert_eq!(shown(&pages, &missed, true), None);
        assert_eq!(shown(&pages, &wanted("+2", ""), false), None);
        assert_eq!(shown(&[page(&missed, &[])], &all, false), None);
        assert!(shown(&[page(&all, &[])], &all, false).is_some());
        assert_eq!(shown(&[], &all, false), None);
    }

    #[test]
    fn a_page_leads_to_the_next_which_is_longer() {
        let key = PageKey::first(wanted("+1", "?outcome=missed"));
        assert_eq!(key.path, "/api/calls/%2B1?outcome=missed&include=details");
        let last = page(&key.wanted, &[("1", 0)]);
        assert_eq!(PageKey::after(&last), None);
        for (next, path) in
            [("/a?after=1", "/a?after=1&limit=500"), ("/a?limit=500&after=1", "/a?limit=500&after=1")]
        {
            let page = CallsPage::new(key.wanted.clone(), last.calls.clone(), Some(next.to_owned()));
            assert_eq!(
                PageKey::after(&page),
                Some(PageKey { wanted: key.wanted.clone(), path: path.to_owned() })
            );
        }
    }

    #[test]
    fn a_page_knows_the_days_of_its_calls() {
        let page = page(&wanted("+1", ""), &[("3", 86_400), ("2", 86_399), ("1", 0)]);
        let runs = [DayRun { day: Day(1), len: 1 }, DayRun { day: Day(0), len: 2 }];
        assert_eq!(page.days(utc_day), runs);
        assert_eq!(page.days(|_| panic!("asked again")), runs);
    }

    #[test]
    fn a_page_keeps_none_of_the_calls_that_it_is_made_of() {
        let calls = page(&wanted("+1", ""), &[("2", 1), ("1", 0)]).rows().into_owned();
        let left: Vec<_> = calls.iter().map(Arc::downgrade).collect();
        let page = page(&wanted("+1", ""), &[]).with_rows(calls);
        assert_eq!(page.position(&"1".to_owned()), Some(1));
        assert_eq!(page.rows().len(), 2);
        assert!(left.iter().all(|call| call.upgrade().is_none()));
    }

    #[test]
    fn the_file_has_the_calls_of_the_filter() {
        assert_eq!(wanted("+1", "").csv(), "/api/calls/%2B1?format=csv");
        assert_eq!(wanted("+1", "?outcome=missed").csv(), "/api/calls/%2B1?outcome=missed&format=csv");
    }
}
