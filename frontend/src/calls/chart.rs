//! A chart of the summary: picture, cells and table.

use super::charts::{self, Cell};
use crate::html::{Html, html};
use crate::script::t;

/// Text and link of a cell. `None` without calls.
pub type ChartCell = Option<(String, String)>;

/// A chart, ready for rendering.
pub struct Chart {
    /// Identifier.
    pub name: &'static str,
    /// Heading.
    pub title: String,
    /// Prefix of a cell's name.
    pub cell_name: String,
    /// The main statement, as a sentence.
    pub fact: String,
    /// View box and paths, as SVG. Empty without data to compare.
    pub picture: (String, Html),
    /// Labels of the axes.
    pub labels: Html,
    /// Number of columns.
    pub columns: usize,
    /// The cells, row by row.
    pub cells: Vec<ChartCell>,
    /// The same data as a table: caption, columns, rows.
    pub table: (String, Vec<String>, Vec<Vec<Cell>>),
}

impl Chart {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.cells.len().checked_div(self.columns).unwrap_or_default().max(1)
    }

    /// The next cell with calls in the direction of a key.
    pub fn next(&self, now: usize, key: &str) -> Option<usize> {
        let is_there = |cell: &usize| self.cells.get(*cell).is_some_and(Option::is_some);
        let (before, after) = (0..now, now + 1..self.cells.len());
        match key {
            "ArrowLeft" => before.rev().find(is_there),
            "ArrowRight" => after.into_iter().find(is_there),
            "ArrowUp" => before.rev().skip(self.columns - 1).step_by(self.columns).find(is_there),
            "ArrowDown" => after.skip(self.columns - 1).step_by(self.columns).find(is_there),
            "Home" => before.into_iter().find(is_there),
            "End" => after.rev().find(is_there),
            _ => None,
        }
    }

    /// The chart under its title, with its table if that is open.
    pub fn html(&self, is_open: bool) -> Html {
        let Self { name, title, fact, .. } = self;
        let open = is_open.then(|| html!(" open"));
        let table = is_open.then(|| charts::table(name, &self.table.0, &self.table.1, &self.table.2));
        html!(
            "<section data-chart=\"",
            name,
            "\"><h3>",
            title,
            "</h3><p class=\"chart-fact\">",
            fact,
            "</p>",
            self.picture_html(),
            "<details class=\"as-table\"",
            open,
            "><summary data-key=\"",
            name,
            " table\">",
            t("Show as table"),
            "</summary>",
            table,
            "</details></section>"
        )
    }

    /// The chart itself. Empty without data to compare.
    fn picture_html(&self) -> Option<Html> {
        let Self { name, cell_name, labels, cells, .. } = self;
        let (view_box, paths) = &self.picture;
        let last = cells.iter().rposition(Option::is_some).unwrap_or_default();
        let said = cells.get(last).and_then(Option::as_ref).map(|(text, _)| text);
        let share = |all: usize| 100.0 / all as f64;
        (*paths != Html::default()).then(|| {
            html!(
                "<div class=\"chart ",
                name,
                "\"><p class=\"chart-tip\" aria-hidden=\"true\"></p><svg viewBox=\"",
                view_box,
                "\" preserveAspectRatio=\"none\" data-svg=\"",
                name,
                "\" data-key=\"",
                name,
                " svg\" tabindex=\"0\" role=\"slider\" aria-label=\"",
                cell_name,
                "\" aria-valuemin=\"1\" aria-valuemax=\"",
                cells.len(),
                "\" aria-valuenow=\"",
                last + 1,
                "\" aria-valuetext=\"",
                said,
                "\">",
                paths,
                "<rect class=\"mark\" width=\"",
                share(self.columns),
                "%\" height=\"",
                share(self.rows()),
                "%\"/></svg><div class=\"chart-labels\" aria-hidden=\"true\">",
                labels,
                "</div></div>"
            )
        })
    }
}
