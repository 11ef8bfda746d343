//! Rows of measurements, and the table of them.

/// What came of one measurement. Times are CPU time.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// Answers (or rows) per second.
    pub per_second: f64,
    /// Microseconds of the server's for each.
    pub server_us: f64,
    /// Microseconds of PostgreSQL's for each.
    pub database_us: f64,
}

/// All rounds of one row.
#[derive(Debug, Default)]
pub struct Row {
    /// What was asked.
    pub name: String,
    /// Our API.
    pub api: Vec<Sample>,
    /// pgbench with the same statements.
    pub pgbench: Vec<Sample>,
    /// A static answer of the same bytes.
    pub fixed: Vec<Sample>,
    /// Somebody else's server.
    pub against: Vec<Sample>,
}

impl Row {
    /// The median of the API's rates.
    pub fn rate(&self) -> f64 {
        median(self.api.iter().map(|sample| sample.per_second))
    }

    /// The median of the API's rates as parts of another's, round by round.
    pub fn ratio_to(&self, other: &[Sample]) -> f64 {
        let pairs = self.api.iter().zip(other);
        median(pairs.map(|(api, other)| api.per_second / other.per_second))
    }

    fn cells(&self) -> Vec<String> {
        let api = |part: fn(&Sample) -> f64| median(self.api.iter().map(part));
        let rate = |samples: &[Sample]| {
            let rate = median(samples.iter().map(|sample| sample.per_second));
            (if rate.is_nan() { "-".to_owned() } else { thousands(rate) }, self.ratio_to(samples))
        };
        let with_ratio = |samples| {
            let (rate, ratio) = rate(samples);
            [rate, if ratio.is_nan() { "-".to_owned() } else { format!("{ratio:.2}") }]
        };
        let mut cells = vec![self.name.clone(), thousands(self.rate())];
        cells.push(microseconds(api(|sample| sample.server_us)));
        cells.push(microseconds(api(|sample| sample.database_us)));
        cells.extend(with_ratio(&self.pgbench));
        cells.push(microseconds(median(self.pgbench.iter().map(|sample| sample.database_us))));
        cells.extend(with_ratio(&self.fixed));
        cells.extend(with_ratio(&self.against));
        cells
    }
}

/// Prints the rows, as a table of Markdown's.
pub fn print(rows: &[Row]) {
    let titles = [
        "",
        "per second",
        "API µs",
        "PG µs",
        "pgbench",
        "ratio",
        "its PG µs",
        "static",
        "ratio",
        "against",
        "ratio",
    ];
    let mut lines = vec![titles.map(str::to_owned).to_vec()];
    lines.extend(rows.iter().map(Row::cells));
    // A table without somebody else needs no columns for it.
    if rows.iter().all(|row| row.against.is_empty()) {
        lines.iter_mut().for_each(|line| line.truncate(titles.len() - 2));
    }
    let widths: Vec<usize> = (0..lines[0].len())
        .map(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default())
        .collect();
    for (position, line) in lines.iter().enumerate() {
        let cells = line.iter().zip(&widths).enumerate().map(|(column, (cell, width))| match column {
            0 => format!("{cell:width$}"),
            _ => format!("{cell:>width$}"),
        });
        println!("| {} |", cells.collect::<Vec<_>>().join(" | "));
        if position == 0 {
            let rules = widths.iter().enumerate().map(|(column, width)| match column {
                0 => "-".repeat(width + 2),
                _ => "-".repeat(width + 1) + ":",
            });
            println!("|{}|", rules.collect::<Vec<_>>().join("|"));
        }
    }
}

/// NaN if there is none.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => values[count / 2],
        count => (values[count / 2 - 1] + values[count / 2]) / 2.0,
    }
}

fn microseconds(us: f64) -> String {
    match us {
        _ if us.is_nan() => "-".to_owned(),
        _ if us < 9.95 => format!("{us:.1}"),
        _ => thousands(us),
    }
}

/// `12,345`; small rates with a decimal.
fn thousands(number: f64) -> String {
    if number < 9.95 {
        return format!("{number:.1}");
    }
    let digits = format!("{number:.0}");
    let mut out = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!([0.4, 9.96, 999.6, 1_234_567.0].map(thousands), ["0.4", "10", "1,000", "1,234,567"]);
    }

    #[test]
    fn a_median_is_the_value_in_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0].into_iter()), 2.5);
        assert!(median([].into_iter()).is_nan());
    }
}
