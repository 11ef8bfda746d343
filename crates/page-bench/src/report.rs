//! Report of the measurements and their budgets.

use std::fmt::Write as _;

use crate::Loads;
use crate::load::Load;
use crate::scroll::Scrolled;

const KB: f64 = 1000.0;
const MB: f64 = 1000.0 * KB;
/// Duration of a visibly long frame, in milliseconds.
const LONG_FRAME_MS: f64 = 50.0;
/// Maximum growth of memory while scrolling, in bytes.
const FLAT_MB: f64 = 1.0;

/// Maximum time until links work over the slow network, in milliseconds.
const LINKS_MS: f64 = 700.0;
/// Maximum time until the program runs over the slow network, in milliseconds.
const PROGRAM_MS: f64 = 2000.0;
/// Maximum number of bytes before the first row, including the headers of three responses.
const ROWS_KB: f64 = 15.0;

/// Budget of a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Budget {
    /// No budget.
    None,
    /// At most this.
    Most(f64),
    /// At most this multiple of the other page's figure.
    TimesTheirs(f64),
}

/// A figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    name: &'static str,
    unit: &'static str,
    ours: f64,
    theirs: Option<f64>,
    budget: Budget,
}

impl Row {
    /// Whether the budget is met. `None` without a budget or comparison.
    pub fn is_met(&self) -> Option<bool> {
        match self.budget {
            Budget::None => None,
            Budget::Most(most) => Some(self.ours <= most),
            Budget::TimesTheirs(times) => self.theirs.map(|theirs| self.ours <= theirs * times),
        }
    }

    fn ratio(&self) -> Option<f64> {
        self.theirs.filter(|theirs| *theirs > 0.0).map(|theirs| self.ours / theirs)
    }
}

/// All figures. Those of loads are medians.
pub fn rows(ours: &Loads, theirs: Option<&Loads>, scrolled: &Scrolled) -> Vec<Row> {
    let local = |name, unit, part: fn(&Load) -> f64, budget| Row {
        name,
        unit,
        ours: median(&ours.local, part),
        theirs: theirs.map(|theirs| median(&theirs.local, part)),
        budget,
    };
    let slow = |name, unit, part: fn(&Load) -> f64, budget| Row {
        name,
        unit,
        ours: median(&ours.slow, part),
        theirs: theirs.map(|theirs| median(&theirs.slow, part)),
        budget,
    };
    let only_ours = |name, unit, ours, budget| Row { name, unit, ours, theirs: None, budget };
    let first_row = |load: &Load| load.first_row_ms;
    let program = |load: &Load| load.program_ms.unwrap_or_default();
    let to_first_row = |load: &Load| load.bytes_to_first_row / KB;
    let in_all = |load: &Load| load.bytes / KB;
    let long_frames = scrolled.frames_over(LONG_FRAME_MS) as f64;
    let flat = Budget::Most(scrolled.heap_before / MB + FLAT_MB);
    vec![
        local("localhost: first paint", "ms", |load| load.first_paint_ms, Budget::None),
        local("localhost: first row", "ms", |load| load.first_row_ms, Budget::TimesTheirs(0.65)),
        only_ours("localhost: program runs", "ms", median(&ours.local, program), Budget::None),
        local("localhost: bytes until the first row", "kB", to_first_row, Budget::Most(ROWS_KB)),
        local("bytes in all", "kB", in_all, Budget::None),
        slow("1.6 Mbit/s, 150 ms: first paint", "ms", |load| load.first_paint_ms, Budget::None),
        slow("1.6 Mbit/s, 150 ms: first row", "ms", first_row, Budget::TimesTheirs(0.4)),
        only_ours(
            "... with filters that are links",
            "ms",
            median(&ours.slow, first_row),
            Budget::Most(LINKS_MS),
        ),
        only_ours("... filters in place", "ms", median(&ours.slow, program), Budget::Most(PROGRAM_MS)),
        only_ours("... first page usable", "ms", median(&ours.home, first_row), Budget::Most(LINKS_MS)),
        slow("... bytes until the first row", "kB", to_first_row, Budget::Most(ROWS_KB)),
        only_ours("scrolling: longest frame", "ms", scrolled.percentile_ms(100), Budget::Most(LONG_FRAME_MS)),
        only_ours("scrolling: 99 of 100 frames within", "ms", scrolled.percentile_ms(99), Budget::None),
        only_ours("scrolling: frames over 50 ms", "", long_frames, Budget::None),
        only_ours("scrolling: elements at most", "", scrolled.most_nodes, Budget::Most(1500.0)),
        only_ours("scrolling: memory before", "MB", scrolled.heap_before / MB, Budget::None),
        only_ours("scrolling: memory after", "MB", scrolled.heap_after / MB, flat),
        only_ours("scrolling: screens", "", scrolled.screens, Budget::None),
    ]
}

/// The figures as a table.
pub fn table(rows: &[Row]) -> String {
    let mut out = String::new();
    let mut line = |cells: [&str; 6]| {
        let [name, ours, theirs, ratio, budget, met] = cells;
        let line = format!("{name:<46} {ours:>11} {theirs:>11} {ratio:>6} {budget:>12}  {met}");
        // Writing to a string cannot fail.
        writeln!(out, "{}", line.trim_end()).unwrap_or_default();
    };
    line(["", "ours", "the other", "ratio", "budget", ""]);
    for row in rows {
        let unit = row.unit;
        let figure = |value: f64| {
            let digits = usize::from(unit == "kB" || unit == "MB");
            format!("{value:.digits$} {unit}").trim_end().to_owned()
        };
        let budget = match row.budget {
            Budget::None => String::new(),
            Budget::Most(most) => format!("<= {}", figure(most)),
            Budget::TimesTheirs(times) => format!("<= {times} times"),
        };
        let ratio = row.ratio().map(|ratio| format!("{ratio:.2}")).unwrap_or_default();
        let met = match row.is_met() {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "",
        };
        let theirs = row.theirs.map(figure).unwrap_or_default();
        line([row.name, &figure(row.ours), &theirs, &ratio, &budget, met]);
    }
    out
}

fn median(loads: &[Load], part: fn(&Load) -> f64) -> f64 {
    let mut values: Vec<f64> = loads.iter().map(part).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(ours: f64, theirs: Option<f64>, budget: Budget) -> Row {
        Row { name: "a load", unit: "ms", ours, theirs, budget }
    }

    #[test]
    fn a_budget_is_met_up_to_its_edge() {
        assert_eq!(row(50.0, None, Budget::Most(50.0)).is_met(), Some(true));
        assert_eq!(row(50.1, None, Budget::Most(50.0)).is_met(), Some(false));
        assert_eq!(row(70.0, Some(100.0), Budget::TimesTheirs(0.7)).is_met(), Some(true));
        assert_eq!(row(71.0, Some(100.0), Budget::TimesTheirs(0.7)).is_met(), Some(false));
        assert_eq!(row(71.0, None, Budget::TimesTheirs(0.7)).is_met(), None);
        assert_eq!(row(71.0, Some(1.0), Budget::None).is_met(), None);
    }

    #[test]
    fn a_missed_budget_is_seen_in_the_table() {
        let table = table(&[row(90.0, Some(100.0), Budget::TimesTheirs(0.7))]);
        let line = table.lines().nth(1).unwrap();
        let cells: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(cells, ["a", "load", "90", "ms", "100", "ms", "0.90", "<=", "0.7", "times", "MISSED"]);
    }

    #[test]
    fn one_slow_load_does_not_move_the_median() {
        let load = |first_row_ms| Load {
            first_paint_ms: 0.0,
            first_row_ms,
            program_ms: None,
            bytes_to_first_row: 0.0,
            bytes: 0.0,
        };
        let loads = [load(10.0), load(9000.0), load(12.0)];
        assert_eq!(median(&loads, |load| load.first_row_ms), 12.0);
        assert_eq!(median(&[], |load| load.first_row_ms), 0.0);
    }
}
