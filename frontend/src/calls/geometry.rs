//! Positions of calls on the page, and the range of calls to render: pure arithmetic, in CSS pixels from the
//! beginning of the list.
//!
//! All rows are assumed to have the same measured height. The deviation of a day (a heading or row that
//! breaks in two lines) is measured while the day is rendered, and remembered.

use std::ops::Range;
use std::sync::Arc;

use super::timeline::DayCalls;
use crate::day::Day;

/// Maximum number of rendered rows outside the window.
const MAX_ROWS: f64 = 36.0;
/// Rows are rendered and removed in groups of this size.
const STEP: usize = 4;

/// Heights of the parts of a list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sizes {
    /// Height of a row.
    pub row: f64,
    /// Height of a day's heading.
    pub head: f64,
    /// Height of a day without its rows.
    pub frame: f64,
}

/// The part of a day that is rendered.
#[derive(Debug, Clone, PartialEq)]
pub struct DaySlice {
    /// The day with all its calls.
    pub calls: DayCalls,
    /// Height of the omitted days before it.
    pub before: f64,
    /// Ranges of rendered calls, in order. Rows may be omitted before, between and after them.
    pub parts: Vec<Range<usize>>,
    row: f64,
}

impl DaySlice {
    /// Height of the rows omitted before a range, or after the last one.
    pub fn gap(&self, part: usize) -> f64 {
        let end = self.calls.first + self.calls.len;
        let from = part.checked_sub(1).map_or(self.calls.first, |last| self.parts[last].end);
        let until = self.parts.get(part).map_or(end, |part| part.start);
        until.saturating_sub(from) as f64 * self.row
    }

    /// Height of the day according to the sizes.
    pub fn height(&self, sizes: Sizes) -> f64 {
        height(&self.calls, sizes)
    }
}

/// Positions of the days.
#[derive(Debug, Clone, PartialEq)]
pub struct Geometry {
    days: Arc<[DayCalls]>,
    /// Top of each day, and bottom of the last.
    tops: Vec<f64>,
    sizes: Sizes,
}

impl Geometry {
    /// Places days below each other. `extra` is the known deviation of a day's height.
    pub fn new(days: &Arc<[DayCalls]>, sizes: Sizes, extra: impl Fn(Day) -> f64) -> Self {
        let mut top = 0.0;
        let mut tops = Vec::with_capacity(days.len() + 1);
        tops.push(top);
        tops.extend(days.iter().map(|day| {
            top += height(day, sizes) + extra(day.day);
            top
        }));
        Self { days: days.clone(), tops, sizes }
    }

    /// Height of the whole list.
    pub fn height(&self) -> f64 {
        self.tops.last().copied().unwrap_or_default()
    }

    /// Position of a call.
    pub fn top_of(&self, call: usize) -> Option<f64> {
        let index = self.days.partition_point(|day| day.first <= call).checked_sub(1)?;
        let day = &self.days[index];
        let row = (call - day.first < day.len).then_some(call - day.first)?;
        Some(self.tops[index] + self.sizes.head + row as f64 * self.sizes.row)
    }

    /// Calls to render for a window between two heights, and the height omitted after them. `pinned` is a
    /// call that is always rendered.
    pub fn window(&self, top: f64, bottom: f64, pinned: Option<usize>) -> (Vec<DaySlice>, f64) {
        let seen = (bottom - top).max(0.0);
        let spare = (MAX_ROWS * self.sizes.row - seen) / 2.0;
        let margin =
            spare.clamp(STEP as f64 * self.sizes.row, (seen / 2.0).max(STEP as f64 * self.sizes.row));
        let (top, bottom) = (top - margin, bottom + margin);
        let mut slices = Vec::new();
        let mut end = 0.0;
        let pinned_day = pinned.and_then(|call| {
            let index = self.days.partition_point(|day| day.first <= call).checked_sub(1)?;
            (call < self.days[index].first + self.days[index].len).then_some(index)
        });
        let first = self.day_at(top).unwrap_or_default();
        let last = self.day_at(bottom).unwrap_or_default();
        let shown = (first..(last + 1).min(self.days.len()))
            .map(|index| (index, Some(self.rows(index, top, bottom))));
        let mut shown: Vec<(usize, Option<Range<usize>>)> = shown.collect();
        match pinned_day {
            Some(index) if index < first => shown.insert(0, (index, None)),
            Some(index) if index > last => shown.push((index, None)),
            _ => {}
        }
        for (index, rows) in shown {
            let calls = self.days[index];
            let pinned = pinned.filter(|_| pinned_day == Some(index));
            slices.push(DaySlice {
                calls,
                before: self.tops[index] - end,
                parts: parts(rows, pinned),
                row: self.sizes.row,
            });
            end = self.tops[index + 1];
        }
        (slices, self.height() - end)
    }

    /// The newest calls, all rendered.
    pub fn beginning(&self, calls: usize) -> Vec<DaySlice> {
        let shown = self.days.iter().take_while(|day| day.first < calls);
        let slice = |day: &DayCalls| {
            let calls = DayCalls { len: day.len.min(calls - day.first), ..*day };
            let parts = parts(Some(calls.first..calls.first + calls.len), None);
            DaySlice { calls, before: 0.0, parts, row: self.sizes.row }
        };
        shown.map(slice).collect()
    }

    /// The day at a height; the first one above all, the last one below.
    fn day_at(&self, y: f64) -> Option<usize> {
        let last = self.days.len().checked_sub(1)?;
        Some(self.tops[1..].partition_point(|end| *end <= y).min(last))
    }

    /// The row of a day at a height, from 0; its number of rows below all.
    fn row_at(&self, index: usize, y: f64) -> usize {
        let row = (y - self.tops[index] - self.sizes.head) / self.sizes.row;
        // Saturates, also below 0.
        (row as usize).min(self.days[index].len)
    }

    /// The calls of a day between two heights, with some more on both sides.
    fn rows(&self, index: usize, top: f64, bottom: f64) -> Range<usize> {
        let day = &self.days[index];
        let start = self.row_at(index, top) / STEP * STEP;
        let end = (self.row_at(index, bottom) + 1).next_multiple_of(STEP).min(day.len);
        day.first + start.min(end)..day.first + end
    }
}

fn height(day: &DayCalls, sizes: Sizes) -> f64 {
    sizes.frame + day.len as f64 * sizes.row
}

/// The rows of a window and the pinned one, in order.
fn parts(rows: Option<Range<usize>>, pinned: Option<usize>) -> Vec<Range<usize>> {
    let rows = rows.filter(|rows| !rows.is_empty());
    let pinned = pinned.filter(|call| !rows.as_ref().is_some_and(|rows| rows.contains(call)));
    let mut parts: Vec<Range<usize>> = rows.into_iter().chain(pinned.map(|call| call..call + 1)).collect();
    parts.sort_by_key(|part| part.start);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: Sizes = Sizes { row: 60.5, head: 50.0, frame: 70.25 };

    /// Pseudo-random numbers (Lehmer's generator), the same each time.
    struct Random(u64);

    impl Random {
        fn below(&mut self, end: usize) -> usize {
            self.0 = self.0 * 48_271 % 2_147_483_647;
            self.0 as usize % end
        }
    }

    fn days(lens: &[usize]) -> Arc<[DayCalls]> {
        let mut first = 0;
        let day = |(index, len): (usize, &usize)| {
            let day = DayCalls { day: Day(1000 - index as i32), first, len: *len };
            first += len;
            day
        };
        lens.iter().enumerate().map(day).collect()
    }

    fn some_days(random: &mut Random) -> Arc<[DayCalls]> {
        let count = 1 + random.below(60);
        let lens: Vec<usize> = (0..count)
            .map(|_| {
                let most = if random.below(4) == 0 { 500 } else { 6 };
                1 + random.below(most)
            })
            .collect();
        days(&lens)
    }

    fn extra(day: Day) -> f64 {
        f64::from(day.0 % 3) * 24.0
    }

    fn rendered(slices: &[DaySlice]) -> Vec<usize> {
        slices.iter().flat_map(|slice| slice.parts.iter().cloned().flatten()).collect()
    }

    fn is_ascending(calls: &[usize]) -> bool {
        calls.windows(2).all(|pair| pair[0] < pair[1])
    }

    #[test]
    fn whatever_is_seen_is_rendered_once_and_in_order() {
        let mut random = Random(1);
        for _ in 0..300 {
            let days = some_days(&mut random);
            let geometry = Geometry::new(&days, SIZES, extra);
            let calls = days.iter().map(|day| day.len).sum::<usize>();
            let seen = 100.0 + random.below(2000) as f64;
            let top = random.below(geometry.height() as usize + 1000) as f64 - 500.0;
            let pinned = (random.below(2) == 0).then(|| random.below(calls + 5));
            let (slices, _) = geometry.window(top, top + seen, pinned);
            let rendered = rendered(&slices);
            assert!(is_ascending(&rendered), "{slices:?}");
            assert!(slices.windows(2).all(|pair| pair[0].calls.first < pair[1].calls.first));
            for call in 0..calls {
                let at = geometry.top_of(call).unwrap();
                let is_seen = at + SIZES.row > top && at < top + seen;
                assert!(!is_seen || rendered.contains(&call), "{call} at {at} of {top} {seen}");
            }
            assert!(pinned.is_none_or(|call| call >= calls || rendered.contains(&call)), "{pinned:?}");
            let most = MAX_ROWS.max(seen / SIZES.row + 4.0 * STEP as f64) as usize + 3 * STEP;
            assert!(rendered.len() <= most, "{} rows for {seen}", rendered.len());
        }
    }

    #[test]
    fn what_is_left_out_is_as_high_as_if_it_were_there() {
        let mut random = Random(2);
        for _ in 0..300 {
            let days = some_days(&mut random);
            let geometry = Geometry::new(&days, SIZES, extra);
            let top = random.below(geometry.height() as usize + 1) as f64;
            let pinned = (random.below(2) == 0).then(|| random.below(300));
            let (slices, after) = geometry.window(top, top + 900.0, pinned);
            let slice = |slice: &DaySlice| {
                let rows = slice.parts.iter().map(|part| part.len()).sum::<usize>() as f64 * SIZES.row;
                let gaps = (0..=slice.parts.len()).map(|part| slice.gap(part)).sum::<f64>();
                let height = SIZES.frame + rows + gaps;
                assert!((height - slice.height(SIZES)).abs() < 0.01, "{slice:?}");
                slice.before + height + extra(slice.calls.day)
            };
            let height = slices.iter().map(slice).sum::<f64>() + after;
            assert!((height - geometry.height()).abs() < 0.01, "{height} of {}", geometry.height());
        }
    }

    #[test]
    fn the_windows_of_a_list_make_all_of_it() {
        let mut random = Random(3);
        for _ in 0..20 {
            let days = some_days(&mut random);
            let geometry = Geometry::new(&days, SIZES, |_| 0.0);
            let (mut next, mut top) = (0, 0.0);
            while top < geometry.height() {
                let (slices, _) = geometry.window(top, top + 700.0, None);
                let rendered = rendered(&slices);
                // Each window begins where the previous one ended, or before.
                assert!(rendered[0] <= next, "{} after {next}", rendered[0]);
                next = next.max(rendered[rendered.len() - 1] + 1);
                top += 700.0;
            }
            assert_eq!(next, days.iter().map(|day| day.len).sum::<usize>());
        }
    }

    #[test]
    fn later_calls_stand_lower() {
        let mut random = Random(4);
        let days = some_days(&mut random);
        let geometry = Geometry::new(&days, SIZES, extra);
        let calls = days.iter().map(|day| day.len).sum::<usize>();
        let tops: Vec<f64> = (0..calls).map(|call| geometry.top_of(call).unwrap()).collect();
        assert!(tops.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(geometry.top_of(calls), None);
    }

    #[test]
    fn the_beginning_is_all_there() {
        let geometry = Geometry::new(&days(&[3, 4, 5]), SIZES, |_| 0.0);
        let slices = geometry.beginning(8);
        assert_eq!(rendered(&slices), Vec::from_iter(0..8));
        assert!(slices.iter().all(|slice| slice.gap(0) == 0.0 && slice.gap(1) == 0.0));
        assert_eq!(geometry.beginning(100).len(), 3);
    }

    #[test]
    fn no_day_is_nothing() {
        let geometry = Geometry::new(&Arc::default(), SIZES, |_| 0.0);
        assert_eq!(geometry.window(0.0, 900.0, Some(0)), (Vec::new(), 0.0));
        assert_eq!((geometry.top_of(0), geometry.height()), (None, 0.0));
    }
}
