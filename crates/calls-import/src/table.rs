//! CSV with a header: columns are found by their names.

use std::collections::HashMap;
use std::io::BufRead;

use crate::error::ReadError;
use crate::format::Format;
use crate::lines::{Line, Lines};
use crate::record::{Items, Out, items};
use crate::rows::{Dialect, Next, Quotes, Row, Rows};

/// The names of a file's columns.
#[derive(Debug)]
pub(crate) struct Header {
    format: Format,
    columns: HashMap<String, usize>,
}

/// What the first row of a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum First {
    Header,
    /// A call already.
    Call,
}

impl Header {
    pub fn new(format: Format, row: &Row) -> Self {
        // Where a name occurs twice the first column has it.
        let columns = (0..row.len()).rev().map(|column| (plain(&row.get(column)), column)).collect();
        Self { format, columns }
    }

    /// The first of these names that a column has, ignoring case, spaces and punctuation.
    pub fn find(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.columns.get(&plain(name)).copied())
    }

    /// Whether each of these names has a column.
    pub fn has_all(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.find(&[name]).is_some())
    }

    /// As [`Header::find`], or which column is missing.
    pub fn require(&self, names: &[&str]) -> Result<usize, ReadError> {
        self.find(names).ok_or_else(|| self.missing(format!("a column {:?}", names[0])))
    }

    /// The error that something is missing.
    pub fn missing(&self, expected: String) -> ReadError {
        let found = "a first line without it".to_owned();
        ReadError::NotTheFormat { format: self.format, expected, found }
    }
}

/// A name without case, spaces and punctuation: `Call Sid`, `call_sid` and `CallSid` are one.
pub(crate) fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether two ASCII names are one, as [`plain`] sees it.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    fn letters(name: &str) -> impl Iterator<Item = u8> {
        name.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase())
    }
    letters(one).eq(letters(other))
}

/// Reads a file whose first row names the columns. `prepare` makes the function that reads a row.
pub(crate) fn read<'a, Put>(
    reader: impl BufRead + 'a,
    prepare: impl FnOnce(&Row) -> Result<(First, Put), ReadError> + 'a,
) -> Items<'a>
where
    Put: FnMut(&Row, &mut Out) -> Result<(), String> + 'a,
{
    let mut unopened = Some((reader, prepare));
    let mut opened = None;
    items(move |out| {
        if let Some((reader, prepare)) = unopened.take() {
            opened = begin(reader, prepare, out)?;
            return Ok(opened.is_some());
        }
        match &mut opened {
            Some((rows, put)) => read_row(rows, put, out),
            None => Ok(false),
        }
    })
}

/// Reads one row. False at the end.
pub(crate) fn read_row<R: BufRead>(
    rows: &mut Rows<R>,
    mut put: impl FnMut(&Row, &mut Out) -> Result<(), String>,
    out: &mut Out,
) -> Result<bool, ReadError> {
    match rows.read()? {
        Next::End => return Ok(false),
        Next::Bad(line, reason) => {
            out.at(line);
            out.skip(reason);
        }
        Next::Row(row) => {
            out.at(row.line());
            if let Err(reason) = put(row, out) {
                out.skip(reason);
            }
        }
    }
    Ok(true)
}

/// Reads the first row. `None` if the file is empty.
fn begin<R, Put>(
    reader: R,
    prepare: impl FnOnce(&Row) -> Result<(First, Put), ReadError>,
    out: &mut Out,
) -> Result<Option<(Rows<R>, Put)>, ReadError>
where
    R: BufRead,
    Put: FnMut(&Row, &mut Out) -> Result<(), String>,
{
    let mut lines = Lines::new(reader);
    let mut first = Vec::new();
    loop {
        match lines.read(&mut first)? {
            Line::End => return Ok(None),
            // Excel is told the delimiter by a line of its own.
            Line::Whole if first.iter().all(u8::is_ascii_whitespace) || first.starts_with(b"sep=") => {}
            Line::Whole | Line::TooLong => break,
        }
    }
    let dialect = Dialect {
        delimiter: delimiter(&first),
        quotes: Quotes::Doubled,
        min_columns: 2,
        max_columns: usize::MAX,
    };
    let number = lines.number();
    let mut rows = Rows::new(lines, dialect);
    rows.put_back(number, first);
    let no_row = Row::default();
    let row = match rows.read()? {
        Next::Row(row) => row,
        Next::Bad(_, _) | Next::End => &no_row,
    };
    let columns = row.len();
    let (kind, mut put) = prepare(row)?;
    if kind == First::Call {
        out.at(row.line());
        if let Err(reason) = put(row, out) {
            out.skip(reason);
        }
    }
    rows.expect_columns(columns);
    Ok(Some((rows, put)))
}

/// The sign that separates most fields of a line.
pub(crate) fn delimiter(line: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    for byte in line {
        quoted ^= *byte == b'"';
        if !quoted && let Some((_, count)) = counts.iter_mut().find(|(sign, _)| sign == byte) {
            *count += 1;
        }
    }
    // `max_by_key` takes the last of equals, and a comma is the likeliest.
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(sign, _)| sign)
}
