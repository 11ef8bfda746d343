//! Charts of the summary: numbers to bars, paths and tables, as pure functions. Pictures and tables are SVG
//! and HTML texts: view nodes per cell would cost more than all calls.

use std::fmt::Write as _;

use calls_model::{DayCount, HourOfWeekCount};

use crate::day::Day;
use crate::html::{Html, html};

/// Maximum number of bars before days become weeks, weeks months, and months years.
const MAX_BARS: i32 = 120;
/// Height of a full bar. A bar is [`BAR`] wide, including its gap.
const TOP: u64 = 1000;
const BAR: usize = 10;
/// Minimum height of a part of a bar, and gap between two parts, for visibility.
const LEAST: u64 = 20;
const GAP: u64 = 14;
/// Side of a cell of the heat map.
const CELL: u32 = 100;
/// Number of shades of a cell.
const LEVELS: u64 = 5;

/// Period of a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bucket {
    /// A day.
    Day,
    /// Monday to Sunday.
    Week,
    /// A month of the calendar.
    Month,
    /// A year of the calendar.
    Year,
}

impl Bucket {
    /// The shortest bucket with which this many days fit into a chart.
    fn of(days: i32) -> Self {
        match days {
            ..=MAX_BARS => Self::Day,
            days if days <= MAX_BARS * 7 => Self::Week,
            days if days <= MAX_BARS * 30 => Self::Month,
            _ => Self::Year,
        }
    }

    /// The first day of the bucket that a day is in.
    fn first(self, day: Day) -> Day {
        match self {
            Self::Day => day,
            Self::Week => day.week(),
            Self::Month => day.month(),
            Self::Year => Day::from_date(day.date().0, 1, 1),
        }
    }

    /// The first day of the bucket after the one that begins with `first`.
    fn next(self, first: Day) -> Day {
        match self {
            Self::Day => first.plus(1),
            Self::Week => first.plus(7),
            Self::Month => first.plus(31).month(),
            Self::Year => Day::from_date(first.date().0 + 1, 1, 1),
        }
    }
}

/// The calls of a span of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    /// The first of the days.
    pub first: Day,
    /// The last one.
    pub last: Day,
    /// Number of calls.
    pub calls: u64,
    /// Number of missed calls.
    pub missed: u64,
}

/// Bars from the first day with calls to the last, or from `from` to `to` if given, which no bar exceeds.
/// `days` are sorted.
pub fn bars(days: &[DayCount], from: Option<Day>, to: Option<Day>) -> (Bucket, Vec<Bar>) {
    let of = |count: &DayCount| Day(count.date.to_epoch_days());
    let (Some(first), Some(last)) = (days.first().map(of), days.last().map(of)) else {
        return (Bucket::Day, Vec::new());
    };
    let (begin, end) = (from.unwrap_or(first).min(first), to.unwrap_or(last).max(last));
    let bucket = Bucket::of(end.0 - begin.0 + 1);
    let mut days = days.iter().peekable();
    let mut bars = Vec::new();
    let mut first = bucket.first(begin);
    while first <= end {
        let next = bucket.next(first);
        let mut bar = Bar { first, last: next.plus(-1), calls: 0, missed: 0 };
        while let Some(day) = days.next_if(|day| of(day) < next) {
            bar.calls += day.calls;
            bar.missed += day.missed;
        }
        bar.first = bar.first.max(from.unwrap_or(first));
        bar.last = bar.last.min(to.unwrap_or(bar.last));
        bars.push(bar);
        first = next;
    }
    (bucket, bars)
}

/// A round number of at least this, for the top of the chart.
pub fn top_of_scale(calls: u64) -> u64 {
    let mut unit = 1;
    while unit * 10 < calls {
        unit *= 10;
    }
    [1, 2, 3, 4, 5, 6, 8, 10].into_iter().map(|step| step * unit).find(|top| *top >= calls).unwrap_or(calls)
}

/// View box and paths of bars, with the missed calls of each at the bottom.
pub fn draw_bars(bars: &[Bar]) -> (String, Html) {
    let top = top_of_scale(bars.iter().map(|bar| bar.calls).max().unwrap_or_default());
    let height = |calls: u64| if calls == 0 { 0 } else { (calls * TOP / top).max(LEAST) };
    let (mut answered, mut missed) = (String::new(), String::new());
    for (index, bar) in bars.iter().enumerate() {
        let part = |path: &mut String, foot: u64, height: u64| {
            if height > 0 {
                let (x, y, width) = (index * BAR + BAR / 10, TOP.saturating_sub(foot), BAR - BAR / 5);
                // Writing to a string cannot fail.
                write!(path, "M{x} {y}v-{height}h{width}v{height}z").unwrap_or_default();
            }
        };
        let foot = height(bar.missed);
        part(&mut missed, 0, foot);
        let foot = if foot > 0 { foot + GAP } else { 0 };
        if bar.calls > bar.missed {
            part(&mut answered, foot, height(bar.calls).saturating_sub(foot).max(LEAST));
        }
    }
    let paths = html!(
        "<path class=\"bar-answered\" d=\"",
        answered,
        "\"/><path class=\"bar-missed\" d=\"",
        missed,
        "\"/>"
    );
    (format!("0 0 {} {TOP}", bars.len() * BAR), paths)
}

/// View box and paths of a heat map: a row per weekday from Monday, a column per hour. The area of a cell is
/// proportional to its calls.
pub fn draw_heat(hours: &[HourOfWeekCount]) -> (String, Html) {
    let most = hours.iter().map(|hour| hour.calls).max().unwrap_or_default();
    let square = |path: &mut String, row: u32, column: u32, side: u32| {
        let margin = (CELL - side) / 2;
        let (x, y) = (column * CELL + margin, row * CELL + margin);
        write!(path, "M{x} {y}h{side}v{side}h-{side}z").unwrap_or_default();
    };
    let mut tiles = String::new();
    for row in 0..7 {
        for column in 0..24 {
            square(&mut tiles, row, column, CELL - 12);
        }
    }
    let mut paths = html!("<path class=\"heat-0\" d=\"", tiles, "\"/>");
    for level in 1..=LEVELS {
        let mut path = String::new();
        for hour in hours.iter().filter(|hour| heat_level(hour.calls, most) == level) {
            let side = 12 + 14 * level as u32;
            square(&mut path, u32::from(hour.weekday) - 1, hour.hour.into(), side);
        }
        paths.part(&html!("<path class=\"heat-", level as usize, "\" d=\"", path, "\"/>"));
    }
    (format!("0 0 {} {}", 24 * CELL, 7 * CELL), paths)
}

/// 0 for no calls to [`LEVELS`] for the most, in steps of a square's side.
fn heat_level(calls: u64, most: u64) -> u64 {
    (0..LEVELS).find(|level| calls * LEVELS * LEVELS <= level * level * most).unwrap_or(LEVELS)
}

/// A cell of a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cell {
    /// Its text.
    pub text: String,
    /// Address of its link, and the label of the link if the text is not enough.
    pub link: Option<(String, Option<String>)>,
}

impl Cell {
    /// A cell without a link.
    pub fn plain(text: String) -> Self {
        Self { text, link: None }
    }
}

/// A table as HTML. The first cell of each row is its heading. Keys of links begin with `name`.
pub fn table(name: &str, caption: &str, head: &[String], rows: &[Vec<Cell>]) -> Html {
    let title = |title: &String| html!("<th scope=\"col\">", title, "</th>");
    let content = |row: usize, column: usize, cell: &Cell| match &cell.link {
        None => html!(cell.text),
        Some((href, label)) => {
            let label = label.as_ref().map(|label| html!(" aria-label=\"", label, "\""));
            html!(
                "<a href=\"",
                href,
                "\" data-noscroll data-key=\"",
                name,
                " ",
                row,
                " ",
                column,
                "\"",
                label,
                "><bdi>",
                cell.text,
                "</bdi></a>"
            )
        }
    };
    let cell = |row: usize, column: usize, cell: &Cell| match column {
        0 => html!("<th scope=\"row\">", content(row, column, cell), "</th>"),
        _ => html!("<td>", content(row, column, cell), "</td>"),
    };
    let line = |(row, cells): (usize, &Vec<Cell>)| {
        let cells: Vec<Html> = cells.iter().enumerate().map(|(column, one)| cell(row, column, one)).collect();
        html!("<tr>", cells, "</tr>")
    };
    let (head, body): (Vec<Html>, Vec<Html>) =
        (head.iter().map(title).collect(), rows.iter().enumerate().map(line).collect());
    html!(
        "<div class=\"table\"><table><caption class=\"visually-hidden\">",
        caption,
        "</caption><thead><tr>",
        head,
        "</tr></thead><tbody>",
        body,
        "</tbody></table></div>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn count(date: &str, calls: u64, missed: u64) -> DayCount {
        DayCount { date: date.parse().unwrap(), calls, missed }
    }

    fn texts(bars: &[Bar]) -> Vec<String> {
        bars.iter().map(|bar| format!("{}/{} {} {}", bar.first, bar.last, bar.calls, bar.missed)).collect()
    }

    #[test]
    fn days_without_calls_have_their_place_too() {
        let days = [count("2024-02-28", 3, 1), count("2024-03-01", 2, 2)];
        let (bucket, found) = bars(&days, None, None);
        assert_eq!(bucket, Bucket::Day);
        let expected =
            ["2024-02-28/2024-02-28 3 1", "2024-02-29/2024-02-29 0 0", "2024-03-01/2024-03-01 2 2"];
        assert_eq!(texts(&found), expected);
        let (_, found) = bars(&days, Some(day("2024-02-27")), Some(day("2024-03-02")));
        assert_eq!((found.len(), found[0].calls, found[4].last), (5, 0, day("2024-03-02")));
        assert_eq!(bars(&[], Some(day("2024-02-27")), None).1, []);
    }

    #[test]
    fn a_long_history_is_shown_in_longer_bars_that_hold_all_calls() {
        let first = day("2024-01-31");
        for (last, bucket, most) in [
            ("2024-05-29", Bucket::Day, 120),
            ("2024-05-30", Bucket::Week, 121),
            ("2026-05-19", Bucket::Week, 121),
            ("2026-05-20", Bucket::Month, 121),
            ("2033-12-08", Bucket::Month, 121),
            ("2034-01-01", Bucket::Year, 121),
        ] {
            let every: Vec<DayCount> = (first.0..=day(last).0)
                .map(|at| count(&Day(at).to_string(), 2, u64::from(at % 2 == 0)))
                .collect();
            let (found, bars) = bars(&every, None, None);
            assert_eq!(found, bucket, "{last}");
            assert!(bars.len() <= most, "{last}: {}", bars.len());
            assert_eq!(bars.iter().map(|bar| bar.calls).sum::<u64>(), every.len() as u64 * 2, "{last}");
            assert!(bars.windows(2).all(|pair| pair[0].last.plus(1) == pair[1].first), "{last}");
        }
    }

    #[test]
    fn a_week_begins_on_monday_and_no_bar_reaches_over_the_chosen_days() {
        let days = [count("2024-01-31", 1, 0), count("2024-07-01", 1, 0)];
        let (bucket, found) = bars(&days, Some(day("2024-01-31")), Some(day("2024-07-02")));
        assert_eq!(bucket, Bucket::Week);
        assert_eq!(texts(&found)[0], "2024-01-31/2024-02-04 1 0");
        assert_eq!(texts(&found)[1], "2024-02-05/2024-02-11 0 0");
        assert_eq!(texts(&found).last().unwrap(), "2024-07-01/2024-07-02 1 0");
    }

    #[test]
    fn the_top_of_the_scale_is_a_round_number_not_far_above() {
        for (calls, top) in [
            (0, 1),
            (1, 1),
            (2, 2),
            (7, 8),
            (10, 10),
            (11, 20),
            (37, 40),
            (99, 100),
            (101, 200),
            (75_001, 80_000),
        ] {
            assert_eq!(top_of_scale(calls), top);
        }
    }

    #[test]
    fn a_bar_has_its_missed_calls_at_its_foot() {
        let bar = |calls, missed| Bar { first: Day(0), last: Day(0), calls, missed };
        let (view_box, paths) = draw_bars(&[bar(10, 5), bar(0, 0), bar(2, 2), bar(1000, 1)]);
        assert_eq!(view_box, "0 0 40 1000");
        let paths = paths.as_str();
        let (answered, missed) = paths.split_once("bar-missed").unwrap();
        assert_eq!(answered.matches('M').count(), 2, "{paths}");
        assert_eq!(missed.matches('M').count(), 3, "{paths}");
        // Even few calls are visible, one above the other.
        assert!(missed.contains("M31 1000v-20"), "{paths}");
        assert!(answered.contains("M31 966v-966"), "{paths}");
    }

    #[test]
    fn a_cell_is_the_larger_the_more_calls_it_has() {
        let levels: Vec<u64> = [0, 1, 4, 5, 16, 17, 36, 37, 64, 65, 100].map(|n| heat_level(n, 100)).to_vec();
        assert_eq!(levels, [0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
        assert_eq!(heat_level(0, 0), 0);
        let hour = |weekday, hour, calls| HourOfWeekCount { weekday, hour, calls, missed: 0 };
        let (view_box, paths) = draw_heat(&[hour(1, 0, 100), hour(7, 23, 1)]);
        assert_eq!(view_box, "0 0 2400 700");
        let paths = paths.as_str();
        assert!(paths.contains("<path class=\"heat-5\" d=\"M9 9h82v82h-82z\"/>"), "{paths}");
        assert!(paths.contains("<path class=\"heat-1\" d=\"M2337 637h26v26h-26z\"/>"), "{paths}");
        assert_eq!(paths.matches('M').count(), 168 + 2);
    }

    #[test]
    fn a_table_holds_texts_and_never_markup() {
        let link =
            Cell { text: "<b>&\"".to_owned(), link: Some(("/?a&b".to_owned(), Some("\"".to_owned()))) };
        let html = table(
            "t",
            "<i>",
            &["A&B".to_owned(), "C".to_owned()],
            &[vec![link, Cell::plain("1".to_owned())]],
        );
        let expected = "<div class=\"table\"><table><caption class=\"visually-hidden\">&lt;i&gt;</caption><thead><tr><th scope=\"col\">A&amp;B</th>\
            <th scope=\"col\">C</th></tr></thead><tbody><tr><th scope=\"row\">\
            <a href=\"/?a&amp;b\" data-noscroll data-key=\"t 0 0\" aria-label=\"&quot;\"><bdi>&lt;b&gt;&amp;&quot;</bdi></a>\
            </th><td>1</td></tr></tbody></table></div>";
        assert_eq!(html.as_str(), expected);
    }
}
