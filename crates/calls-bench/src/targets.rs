//! Figures with a target, computed from the rows.

use crate::import::Imported;
use crate::rows::{DEEP, FIRST, KNOWN, LIST, POST};
use crate::table::{self, Row, median, or_dash, print_lines, thousands};
use crate::times::{self, Time};

/// Target of a figure.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    /// At least this.
    AtLeast(f64),
    /// At most this.
    AtMost(f64),
    /// No target.
    None,
}

/// A figure and its target.
#[derive(Debug)]
pub struct Figure {
    name: String,
    value: f64,
    target: Target,
}

impl Figure {
    /// A figure.
    pub fn new(name: impl Into<String>, value: f64, target: Target) -> Self {
        Self { name: name.into(), value, target }
    }

    fn cells(&self) -> Vec<String> {
        let (sign, target, is_met) = match self.target {
            Target::AtLeast(target) => (">=", target, self.value >= target),
            Target::AtMost(target) => ("<=", target, self.value <= target),
            Target::None => return vec![self.name.clone(), exact(self.value), String::new(), String::new()],
        };
        let judged = if is_met { "met" } else { "missed" };
        vec![self.name.clone(), exact(self.value), format!("{sign} {}", exact(target)), judged.to_owned()]
    }
}

fn exact(value: f64) -> String {
    if value < 99.5 { format!("{value:.2}") } else { thousands(value) }
}

/// Prints the figures that were measured.
pub fn print(figures: &[Figure]) {
    let mut lines = vec![["figure", "value", "target", ""].map(str::to_owned).to_vec()];
    lines.extend(figures.iter().filter(|figure| !figure.value.is_nan()).map(Figure::cells));
    print_lines(&lines);
}

/// Figures from rates.
pub fn of_rates(rows: &[Row]) -> Vec<Figure> {
    let mut figures = Vec::new();
    for row in rows {
        let size = &row.size;
        match row.name {
            LIST => {
                let [peer, bare] = [&row.peer, &row.bare_peer].map(|samples| row.ratio_to(samples));
                figures.push(Figure::new(format!("list / peer, {size}"), peer, Target::AtLeast(1.0)));
                figures.push(Figure::new(format!("list / bare peer, {size}"), bare, Target::AtLeast(0.85)));
            }
            KNOWN => {
                let ratio = find(rows, LIST, size).map_or(f64::NAN, |list| row.ratio_to(&list.api));
                figures.push(Figure::new(format!("304 / list, {size}"), ratio, Target::AtLeast(2.0)));
            }
            DEEP => {
                let ratio = find(rows, FIRST, size).map_or(f64::NAN, |first| first.ratio_to(&row.api));
                let name = format!("time of a deep page / of the first, {size}");
                figures.push(Figure::new(name, ratio, Target::None));
            }
            POST => {
                let ratio = row.ratio_to(&row.pgbench);
                figures.push(Figure::new(format!("POST / pgbench, {size}"), ratio, Target::AtLeast(0.6)));
            }
            _ => {}
        }
    }
    figures
}

fn find<'a>(rows: &'a [Row], name: &str, size: &str) -> Option<&'a Row> {
    rows.iter().find(|row| row.name == name && row.size == size)
}

/// Growth of a row: its time in the largest database, relative to the smallest.
pub fn of_growth(rows: &[Row], times: &[Time], smallest: &str, largest: &str) -> Vec<Figure> {
    let title = |name: &str| format!("time with {largest} / with {smallest}, {name}");
    let target = Target::AtMost(1.15);
    if smallest == largest {
        return Vec::new();
    }
    let small = rows.iter().filter(|row| row.size == smallest);
    let of_rates = small.filter_map(|small| {
        let large = find(rows, small.name, largest)?;
        Some(Figure::new(title(small.name), small.ratio_to(&large.api), target))
    });
    let small = times.iter().filter(|time| time.size == smallest && time.is_of_biggest && time.is_to_stay);
    let of_times = small.filter_map(|small| {
        let same = |time: &&Time| time.name == small.name && time.size == largest && time.is_of_biggest;
        let large = times.iter().find(same)?;
        Some(Figure::new(title(small.name), large.median_ms() / small.median_ms(), target))
    });
    of_rates.chain(of_times).collect()
}

/// Figures from latencies.
pub fn of_times(times: &[Time]) -> Vec<Figure> {
    let mut figures = Vec::new();
    for time in times {
        let ms = time.median_ms();
        if let Some(most) = time.most_ms {
            figures.push(Figure::new(format!("{}, ms", time.title()), ms, Target::AtMost(most)));
        }
        let middle = times
            .iter()
            .find(|middle| !middle.is_of_biggest && middle.name == time.name && middle.size == time.size);
        if let Some(middle) = middle.filter(|_| time.is_of_biggest && time.name.starts_with(times::SUMMARY)) {
            let name = format!("{} / of {}", time.title(), crate::data::short(middle.calls));
            figures.push(Figure::new(name, ms / middle.median_ms(), Target::AtMost(3.0)));
        }
    }
    figures
}

/// Figures from imports.
pub fn of_imports(imported: &[Imported]) -> Vec<Figure> {
    let mut figures = Vec::new();
    for log in imported {
        let (name, records) = (log.row.name, log.records as f64);
        let rate = |us: f64| 1e6 / us;
        let samples = &log.row.api;
        let database = median(samples.iter().map(|sample| sample.database_us));
        let wanted = Target::AtLeast(100_000.0);
        figures.push(Figure::new(format!("{name}: rows/s"), log.row.rate(), wanted));
        figures.push(Figure::new(format!("{name}: rows per s of PostgreSQL's CPU"), rate(database), wanted));
        let whole = median(
            samples
                .iter()
                .zip(&log.summaries)
                .map(|(sample, summary)| records / (records / sample.per_second + summary.seconds)),
        );
        figures.push(Figure::new(format!("{name}, and its summary: rows/s"), whole, wanted));
        let cpu = median(samples.iter().zip(&log.summaries).map(|(sample, summary)| {
            records / (records * sample.database_us / 1e6 + summary.database_seconds)
        }));
        let title = format!("{name}, and its summary: rows per s of PostgreSQL's CPU");
        figures.push(Figure::new(title, cpu, wanted));
        let summary = median(log.summaries.iter().map(|summary| summary.seconds * 1e3));
        figures.push(Figure::new(format!("first summary after {name}, ms"), summary, Target::None));
        let bytes = median(log.bytes_per_call.iter().copied());
        figures.push(Figure::new(format!("bytes per call after {name}"), bytes, Target::AtMost(215.0)));
    }
    figures
}

/// Prints the latencies, with a column per history.
pub fn print_times(times: &[Time]) {
    let mut columns: Vec<String> = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for time in times {
        if !columns.contains(&time.column()) {
            columns.push(time.column());
        }
        if !names.contains(&time.name) {
            names.push(time.name);
        }
    }
    if names.is_empty() {
        return;
    }
    let mut lines = vec![std::iter::once("ms".to_owned()).chain(columns.clone()).collect::<Vec<_>>()];
    for name in names {
        let cell = |column: &String| {
            let time = times.iter().find(|time| time.name == name && time.column() == *column);
            time.map_or(table::NOTHING.to_owned(), |time| or_dash(time.median_ms(), thousands))
        };
        lines.push(std::iter::once(name.to_owned()).chain(columns.iter().map(cell)).collect());
    }
    print_lines(&lines);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_meets_its_target_or_misses_it() {
        let judged = |value, target| Figure::new("list", value, target).cells()[2..].join(" ");
        assert_eq!(judged(0.99, Target::AtLeast(1.0)), ">= 1.00 missed");
        assert_eq!(judged(1.0, Target::AtLeast(1.0)), ">= 1.00 met");
        assert_eq!(judged(151.0, Target::AtMost(150.0)), "<= 150 missed");
        assert_eq!(judged(150.0, Target::AtMost(150.0)), "<= 150 met");
        assert_eq!(judged(1.0, Target::None), " ");
    }
}
