//! Rows of rates, and output of tables.

/// Result of one measurement. Times are CPU time.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// Responses (or rows) per second.
    pub per_second: f64,
    /// CPU time of the server per response, in microseconds.
    pub server_us: f64,
    /// CPU time of PostgreSQL per response, in microseconds.
    pub database_us: f64,
}

/// All rounds of a row.
#[derive(Debug, Default)]
pub struct Row {
    /// The request.
    pub name: &'static str,
    /// Number of calls in the database, such as `10 M`. Empty if it does not matter.
    pub size: String,
    /// The API.
    pub api: Vec<Sample>,
    /// pgbench with the same statements.
    pub pgbench: Vec<Sample>,
    /// A static response of the same bytes.
    pub fixed: Vec<Sample>,
    /// The minimal server, with versions and labels.
    pub peer: Vec<Sample>,
    /// The minimal server, with rows only.
    pub bare_peer: Vec<Sample>,
    /// Another server.
    pub against: Vec<Sample>,
}

/// Header or cells of a row.
type Line = Vec<String>;

impl Row {
    /// The request and the number of calls in the database.
    pub fn title(&self) -> String {
        if self.size.is_empty() { self.name.to_owned() } else { format!("{}, {}", self.name, self.size) }
    }

    /// Median of the API's rates.
    pub fn rate(&self) -> f64 {
        median(self.api.iter().map(|sample| sample.per_second))
    }

    /// Median of the API's rates relative to another's, round by round.
    pub fn ratio_to(&self, other: &[Sample]) -> f64 {
        let pairs = self.api.iter().zip(other);
        median(pairs.map(|(api, other)| api.per_second / other.per_second))
    }

    fn cells(&self) -> Line {
        let time = |samples: &[Sample], part: fn(&Sample) -> f64| median(samples.iter().map(part));
        let mut cells = vec![
            self.title(),
            or_dash(self.rate(), thousands),
            or_dash(time(&self.api, |sample| sample.server_us), thousands),
            or_dash(time(&self.api, |sample| sample.database_us), thousands),
            or_dash(time(&self.pgbench, |sample| sample.database_us), thousands),
        ];
        for samples in [&self.pgbench, &self.fixed, &self.peer, &self.bare_peer, &self.against] {
            cells.push(or_dash(time(samples, |sample| sample.per_second), thousands));
            cells.push(or_dash(self.ratio_to(samples), |ratio| format!("{ratio:.2}")));
        }
        cells
    }
}

/// Prints the rates.
pub fn print(rows: &[Row]) {
    let titles = [
        "",
        "per second",
        "API µs",
        "PG µs",
        "pgbench's PG µs",
        "pgbench",
        "ratio",
        "static",
        "ratio",
        "peer",
        "ratio",
        "bare peer",
        "ratio",
        "against",
        "ratio",
    ];
    let mut lines = vec![titles.map(str::to_owned).to_vec()];
    lines.extend(rows.iter().map(Row::cells));
    print_lines(&without_empty_columns(lines));
}

/// Removes empty columns, except the first.
fn without_empty_columns(lines: Vec<Line>) -> Vec<Line> {
    let columns = lines.first().map_or(0, Vec::len);
    let is_used: Vec<bool> = (0..columns)
        .map(|column| column == 0 || lines.iter().skip(1).any(|line| line[column] != NOTHING))
        .collect();
    let used = |line: Line| line.into_iter().zip(&is_used).filter(|(_, used)| **used).map(|(cell, _)| cell);
    lines.into_iter().map(|line| used(line).collect()).collect()
}

/// Prints a Markdown table.
pub fn print_lines(lines: &[Line]) {
    let columns = lines.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..columns)
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
    println!();
}

/// Cell of a missing value.
pub const NOTHING: &str = "-";

/// Formats a value, or returns a dash.
pub fn or_dash(value: f64, write: fn(f64) -> String) -> String {
    if value.is_nan() { NOTHING.to_owned() } else { write(value) }
}

/// The median. NaN without values.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => values[count / 2],
        count => (values[count / 2 - 1] + values[count / 2]) / 2.0,
    }
}

/// Formats a number as `12,345`; small numbers with a decimal.
pub fn thousands(number: f64) -> String {
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
    fn a_column_without_a_value_is_left_out() {
        let line = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let lines = vec![line(["", "a", "b"]), line(["x", "-", "1"]), line(["y", "-", "-"])];
        let left: Vec<Line> = without_empty_columns(lines);
        assert_eq!(left, [["", "b"], ["x", "1"], ["y", "-"]]);
    }

    #[test]
    fn a_median_is_the_value_in_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0].into_iter()), 2.5);
        assert!(median([].into_iter()).is_nan());
    }
}
