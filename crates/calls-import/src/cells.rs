//! Tables in HTML and in the XML of spreadsheets, which many programs save as `.xls`.

use std::io::{self, BufRead};

use crate::listed::{Next, SEARCHED, csv};
use crate::markup::{Markup, Tag, Token};

/// The rows of all tables in a file.
pub(crate) fn rows<'a>(reader: impl BufRead + 'a) -> Box<dyn FnMut() -> io::Result<Next> + 'a> {
    let mut rows = Rows { markup: Markup::new(reader), row: None, is_in_cell: false };
    Box::new(move || rows.read())
}

/// The first rows of a text as CSV.
pub(crate) fn table(text: &str) -> Vec<u8> {
    let mut next = rows(text.as_bytes());
    let rows = std::iter::from_fn(|| {
        loop {
            match next() {
                Ok(Next::Row(row)) => return Some(row),
                Ok(Next::Bad(_)) => {}
                _ => return None,
            }
        }
    });
    csv(rows.take(SEARCHED))
}

struct Rows<R> {
    markup: Markup<R>,
    row: Option<Vec<String>>,
    is_in_cell: bool,
}

/// A name without its namespace.
fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

impl<R: BufRead> Rows<R> {
    fn read(&mut self) -> io::Result<Next> {
        loop {
            match self.markup.read()? {
                Token::End => return Ok(self.row.take().map_or(Next::End, Next::Row)),
                Token::Broken(reason) => {
                    self.row = None;
                    return Ok(Next::Bad(reason));
                }
                Token::Open(tag) => match local(&tag.name) {
                    "tr" | "row" | "table-row" => {
                        self.is_in_cell = false;
                        if let Some(row) = self.row.replace(Vec::new()) {
                            return Ok(Next::Row(row));
                        }
                    }
                    "td" | "th" | "cell" | "table-cell" => self.begin(&tag),
                    "br" | "p" | "div" => self.add(" "),
                    _ => {}
                },
                Token::Close(name) => match local(&name) {
                    "tr" | "row" | "table-row" | "table" => {
                        self.is_in_cell = false;
                        if let Some(row) = self.row.take() {
                            return Ok(Next::Row(row));
                        }
                    }
                    "td" | "th" | "cell" | "table-cell" => self.is_in_cell = false,
                    _ => {}
                },
                Token::Text(text) => self.add(&text),
            }
        }
    }

    /// Begins a cell, behind the empty ones that a spreadsheet leaves out.
    fn begin(&mut self, cell: &Tag) {
        const MOST: usize = 1000;
        let Some(row) = &mut self.row else { return };
        let index = ["ss:index", "index"].iter().find_map(|name| cell.attribute(name)?.parse().ok());
        let index: usize = index.unwrap_or(row.len() + 1);
        while row.len() + 1 < index.min(MOST) {
            row.push(String::new());
        }
        if row.len() < MOST {
            row.push(String::new());
            self.is_in_cell = !cell.is_empty;
        }
    }

    fn add(&mut self, text: &str) {
        /// Longer than any number, date or name.
        const LONGEST: usize = 4000;
        let cell = self.row.as_mut().and_then(|row| row.last_mut()).filter(|_| self.is_in_cell);
        if let Some(cell) = cell.filter(|cell| cell.len() < LONGEST) {
            cell.extend(text.chars().take(LONGEST));
        }
    }
}
