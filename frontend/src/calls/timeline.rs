//! The calls shown: the pages as one list, split into days.

use std::ops::Range;
use std::sync::Arc;

use calls_model::{Call, DetailedCall};

use super::pages::{CallsPage, Wanted};
use crate::day::Day;

/// Many pages as one list. Calls are indexed from 0, newest first. Nothing is copied out of the pages, so the
/// cost depends on the number of pages and days, not of calls.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    pages: Vec<CallsPage>,
    /// Index of the first call of each page, pending calls included.
    starts: Vec<usize>,
    days: Arc<[DayCalls]>,
    waiting: usize,
    len: usize,
}

/// The calls of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayCalls {
    /// The day in the browser's zone.
    pub day: Day,
    /// Its newest call.
    pub first: usize,
    /// Number of its loaded calls, never 0.
    pub len: usize,
}

impl Timeline {
    /// The calls of these pages without the newest `waiting`, which are pending.
    ///
    /// Each day occurs once: if clocks were set back over midnight, a call out of order belongs to the day of
    /// the calls around it.
    pub fn new(pages: &[CallsPage], waiting: usize, day_of: impl Fn(&Call) -> Day) -> Self {
        let mut starts = Vec::with_capacity(pages.len());
        let mut days: Vec<DayCalls> = Vec::new();
        let (mut place, mut start) = (0, 0);
        for page in pages {
            starts.push(start);
            start += page.calls.len();
            for run in page.days(&day_of) {
                let end = place + run.len;
                let (first, len) = (place.saturating_sub(waiting), end.saturating_sub(waiting.max(place)));
                place = end;
                match days.last_mut() {
                    _ if len == 0 => {}
                    Some(last) if last.day <= run.day => last.len += len,
                    _ => days.push(DayCalls { day: run.day, first, len }),
                }
            }
        }
        Self { pages: pages.to_vec(), starts, days: days.into(), waiting, len: start.saturating_sub(waiting) }
    }

    /// Number of calls.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether these are the requested calls, and not those of the previous request.
    pub fn is_of(&self, wanted: &Wanted) -> bool {
        self.pages.first().is_some_and(|page| page.wanted == *wanted)
    }

    /// Its days, the newest first.
    pub fn days(&self) -> &Arc<[DayCalls]> {
        &self.days
    }

    /// A call.
    pub fn call(&self, index: usize) -> Option<DetailedCall> {
        self.calls(index..index + 1).next()
    }

    /// A range of calls, as far as they are loaded.
    pub fn calls(&self, range: Range<usize>) -> impl Iterator<Item = DetailedCall> {
        let (start, end) = (range.start + self.waiting, range.end + self.waiting);
        let first = self.starts.partition_point(|first| *first <= start).saturating_sub(1);
        let pages = self.pages.iter().zip(&self.starts).skip(first);
        pages
            .take_while(move |(_, first)| **first < end)
            .flat_map(move |(page, first)| page.calls.range(start.saturating_sub(*first)..end - first))
    }

    /// Number of calls before the first one of an earlier state. 0 for another list.
    pub fn news_since(&self, before: &Self) -> usize {
        let wanted = |timeline: &Self| timeline.pages.first().map(|page| page.wanted.clone());
        let first = before.call(0).filter(|_| wanted(before) == wanted(self));
        first.and_then(|first| self.index_of(&first.call.id)).unwrap_or_default()
    }

    /// Index of a call, by linear search.
    pub fn index_of(&self, id: &str) -> Option<usize> {
        place_of(&self.pages, id)?.checked_sub(self.waiting)
    }
}

/// Index of a call in a list of pages.
pub fn place_of(pages: &[CallsPage], id: &str) -> Option<usize> {
    let mut start = 0;
    pages.iter().find_map(|page| {
        let place = page.calls.position(id).map(|place| start + place);
        start += page.calls.len();
        place
    })
}

/// Whether the pages are the same in memory, without comparing calls.
impl PartialEq for Timeline {
    fn eq(&self, other: &Self) -> bool {
        self.waiting == other.waiting
            && self.pages.len() == other.pages.len()
            && self.pages.iter().zip(&other.pages).all(|(page, other)| page.is(other))
    }
}

#[cfg(test)]
mod tests {
    use super::super::pages::tests::{page, utc_day};
    use super::*;

    const DAY: i64 = 86_400;

    fn pages() -> Vec<CallsPage> {
        let wanted = Wanted { number: "+1".to_owned(), query: String::new() };
        vec![
            page(&wanted, &[("6", 3 * DAY + 2), ("5", 3 * DAY + 1)]),
            page(&wanted, &[("4", 3 * DAY), ("3", DAY + 1)]),
            page(&wanted, &[]),
            page(&wanted, &[("2", DAY), ("1", 0)]),
        ]
    }

    fn days(timeline: &Timeline) -> Vec<(i32, usize, usize)> {
        timeline.days().iter().map(|day| (day.day.0, day.first, day.len)).collect()
    }

    fn ids(timeline: &Timeline) -> Vec<String> {
        timeline.calls(0..usize::MAX / 2).map(|call| call.call.id).collect()
    }

    #[test]
    fn pages_make_one_list_of_days() {
        let timeline = Timeline::new(&pages(), 0, utc_day);
        assert_eq!(days(&timeline), [(3, 0, 3), (1, 3, 2), (0, 5, 1)]);
        assert_eq!(ids(&timeline), ["6", "5", "4", "3", "2", "1"]);
        assert_eq!(timeline.len(), 6);
        assert_eq!(timeline.index_of("2"), Some(4));
        assert_eq!(timeline.index_of("7"), None);
    }

    #[test]
    fn calls_that_wait_are_not_in_it() {
        let pages = pages();
        let timeline = Timeline::new(&pages, 4, utc_day);
        assert_eq!(days(&timeline), [(1, 0, 1), (0, 1, 1)]);
        assert_eq!(ids(&timeline), ["2", "1"]);
        assert_eq!((timeline.index_of("2"), timeline.index_of("6")), (Some(0), None));
        for waiting in 0..=7 {
            let timeline = Timeline::new(&pages, waiting, utc_day);
            assert_eq!(ids(&timeline).len(), 6_usize.saturating_sub(waiting));
            assert_eq!(timeline.days().iter().map(|day| day.len).sum::<usize>(), timeline.len());
        }
    }

    #[test]
    fn calls_that_have_come_in_are_counted() {
        let pages = pages();
        let (now, before) = (Timeline::new(&pages, 0, utc_day), Timeline::new(&pages[1..], 0, utc_day));
        assert_eq!((now.news_since(&before), now.news_since(&now), before.news_since(&now)), (2, 0, 0));
        let other = [page(&Wanted { number: "+1".to_owned(), query: "?a=b".to_owned() }, &[("4", 0)])];
        assert_eq!(now.news_since(&Timeline::new(&other, 0, utc_day)), 0);
        assert_eq!(now.news_since(&Timeline::default()), 0);
    }

    #[test]
    fn a_day_that_comes_twice_makes_one_group() {
        let wanted = Wanted { number: "+1".to_owned(), query: String::new() };
        let pages = [page(&wanted, &[("4", 0), ("3", 0), ("2", 0), ("1", 0)])];
        // As if clocks were set back over midnight between the second and the third call.
        let day = |call: &Call| Day([7, 6, 7, 6]["4321".find(&call.id).unwrap()]);
        assert_eq!(days(&Timeline::new(&pages, 0, day)), [(7, 0, 1), (6, 1, 3)]);
    }

    #[test]
    fn two_lists_of_the_same_pages_are_equal() {
        let pages = pages();
        assert_eq!(Timeline::new(&pages, 0, utc_day), Timeline::new(&pages, 0, utc_day));
        assert_ne!(Timeline::new(&pages, 0, utc_day), Timeline::new(&pages, 1, utc_day));
        assert_ne!(Timeline::new(&pages, 0, utc_day), Timeline::new(&pages[..3], 0, utc_day));
    }
}
