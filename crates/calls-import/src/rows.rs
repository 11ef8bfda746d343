//! Rows of CSV.
//!
//! A reader of its own instead of a CSV crate, for four reasons: the length of a row is bounded, so that a
//! quote that is never closed cannot swallow the rest of a large file; such a quote costs one line and not
//! the following ones; FreeSWITCH does not escape quotes inside quoted fields; and other programs write
//! fields that continue after the closing quote (`"Example" <101>`), or do not quote at all (`mysql
//! --batch`).
//! --batch`).

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io::{self, BufRead};

use memchr::memchr;

use crate::lines::{Line, Lines, MAX_ENTRY_LEN, too_long};

/// Escape of a quote inside a quoted field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quotes {
    /// Doubled (RFC 4180). A single quote that does not end the field is literal.
    Doubled,
    /// Not escaped. Only a quote before a delimiter or the end of the line ends the field.
    Bare,
}

/// Delimiter and quoting of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialect {
    pub delimiter: u8,
    pub quotes: Quotes,
    /// Minimum number of fields of a row. A line inside an open quote with this many fields shows that the
    /// quote was not closed.
    pub min_columns: usize,
    /// Maximum number of fields of a row. More are a sign of the same.
    pub max_columns: usize,
}

/// The fields of one row.
#[derive(Debug, Default)]
pub(crate) struct Row {
    line: u64,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

/// Result of [`Rows::read`].
pub(crate) enum Next<'a> {
    /// A row.
    Row(&'a Row),
    /// An invalid line, and the reason.
    Bad(u64, String),
    /// The end of the file.
    End,
}

/// Reads rows. Blank lines are skipped.
pub(crate) struct Rows<R> {
    lines: Lines<R>,
    dialect: Dialect,
    row: Row,
    line: Vec<u8>,
    /// Lines read ahead in search of a closing quote.
    ahead: VecDeque<(u64, Option<Vec<u8>>)>,
}

impl Row {
    /// Number of its first line.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Number of fields.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// A field, trimmed; empty if the row is too short.
    pub fn get(&self, column: usize) -> Cow<'_, str> {
        let end = self.ends.get(column).copied().unwrap_or_default();
        let start =
            column.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        String::from_utf8_lossy(self.bytes[start.min(end)..end].trim_ascii())
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    fn end_field(&mut self) {
        self.ends.push(self.bytes.len());
    }
}

impl<R: BufRead> Rows<R> {
    pub fn new(lines: Lines<R>, dialect: Dialect) -> Self {
        Self { lines, dialect, row: Row::default(), line: Vec::new(), ahead: VecDeque::new() }
    }

    /// Puts back a line that was read to detect the dialect.
    pub fn put_back(&mut self, number: u64, line: Vec<u8>) {
        self.ahead.push_front((number, Some(line)));
    }

    /// Sets the number of fields of a row, from the header.
    pub fn expect_columns(&mut self, columns: usize) {
        self.dialect.min_columns = columns;
    }

    /// Reads the next row.
    pub fn read(&mut self) -> io::Result<Next<'_>> {
        loop {
            let Some((number, whole)) = self.next_line()? else { return Ok(Next::End) };
            if !whole {
                return Ok(Next::Bad(number, too_long("a line")));
            }
            if self.line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            self.row.line = number;
            let line = std::mem::take(&mut self.line);
            let closed = self.split_line(&line) || self.close_quote(&line)?;
            self.line = line;
            return Ok(if closed {
                Next::Row(&self.row)
            } else {
                Next::Bad(number, "expected a closing quote, but found none".to_owned())
            });
        }
    }

    /// Splits a line by the dialect or, if that leaves quotes over, by the variant that gives the usual
    /// number of fields. False if a quote is still open.
    fn split_line(&mut self, line: &[u8]) -> bool {
        let read = split(line, self.dialect, &mut self.row);
        if self.dialect.quotes == Quotes::Bare || read == Split::Clean {
            return read != Split::Open;
        }
        if read == Split::Stray && self.is_ordinary(self.row.len()) {
            return true;
        }
        let mut other = Row { line: self.row.line, ..Row::default() };
        // Quotes may be literal only in tab-separated files.
        let ways = [split_going_on, split_bare, split_unquoted];
        let ways = &ways[..if self.dialect.delimiter == b'\t' { 3 } else { 2 }];
        let is_found =
            ways.iter().any(|split| split(line, self.dialect, &mut other) && self.is_ordinary(other.len()));
        // Unquoted commas in a value add columns.
        let is_found = is_found
            || (read == Split::Open
                && split_going_on(line, self.dialect, &mut other)
                && other.len() > self.dialect.min_columns);
        if is_found {
            self.row = other;
        }
        is_found || read != Split::Open
    }

    /// Whether a row of the file may have this many fields: as many as the header, or as the format allows.
    fn is_ordinary(&self, columns: usize) -> bool {
        let Dialect { min_columns, max_columns, .. } = self.dialect;
        if max_columns == usize::MAX {
            columns == min_columns
        } else {
            (min_columns..=max_columns).contains(&columns)
        }
    }

    /// Reads the next line into `self.line`. Returns its number and whether it is complete.
    fn next_line(&mut self) -> io::Result<Option<(u64, bool)>> {
        if let Some((number, line)) = self.ahead.pop_front() {
            let whole = line.is_some();
            self.line = line.unwrap_or_default();
            return Ok(Some((number, whole)));
        }
        let kind = self.lines.read(&mut self.line)?;
        Ok((kind != Line::End).then(|| (self.lines.number(), kind == Line::Whole)))
    }

    /// Searches the lines after `line` for the end of a quoted field. If it is not found, or would make an
    /// unusual row, these lines are kept to be read separately.
    fn close_quote(&mut self, line: &[u8]) -> io::Result<bool> {
        const MOST_LINES: usize = 20;
        let mut text = line.to_vec();
        let mut used = 0;
        while used < MOST_LINES && text.len() < MAX_ENTRY_LEN {
            if used == self.ahead.len() {
                let mut next = Vec::new();
                match self.lines.read(&mut next)? {
                    Line::End => break,
                    Line::TooLong => self.ahead.push_back((self.lines.number(), None)),
                    Line::Whole => self.ahead.push_back((self.lines.number(), Some(next))),
                }
            }
            let Some(next) = self.ahead[used].1.as_deref() else { break };
            if split(next, self.dialect, &mut self.row) != Split::Open
                && self.row.len() >= self.dialect.min_columns
            {
                break;
            }
            text.push(b'\n');
            text.extend_from_slice(next);
            used += 1;
            let closed = split(&text, self.dialect, &mut self.row) != Split::Open;
            if self.row.len() > self.dialect.max_columns {
                break;
            }
            if closed {
                self.ahead.drain(..used);
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Result of splitting a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Split {
    /// All quotes were in valid positions.
    Clean,
    /// Quotes inside quoted fields were not escaped.
    Stray,
    /// A quote is still open at the end.
    Open,
}

/// Splits a text into fields.
fn split(text: &[u8], dialect: Dialect, row: &mut Row) -> Split {
    row.clear();
    let mut at = 0;
    let mut stray = false;
    let end = |stray: bool| if stray { Split::Stray } else { Split::Clean };
    loop {
        let spaces = text[at..].iter().take_while(|b| **b == b' ').count();
        if text.get(at + spaces) == Some(&b'"') {
            match quoted(text, at + spaces + 1, dialect, row, &mut stray) {
                After::Field(next) => at = next,
                After::LastField => return end(stray),
                After::OpenQuote => return Split::Open,
            }
        } else {
            let length = memchr(dialect.delimiter, &text[at..]);
            let field_end = length.map_or(text.len(), |length| at + length);
            push_plain(&text[at..field_end], dialect, row);
            if length.is_none() {
                return end(stray);
            }
            at = field_end + 1;
        }
    }
}

/// Adds an unquoted field. The null value of `mysql --batch` becomes empty.
fn push_plain(field: &[u8], dialect: Dialect, row: &mut Row) {
    let is_null = dialect.delimiter == b'\t' && matches!(field, b"NULL" | b"\\N");
    if !is_null {
        row.bytes.extend_from_slice(field);
    }
    row.end_field();
}

/// Splits a line with fields that continue after a closing quote: `"Example, Ltd" <101>` is one field, with
/// its quotes. False if a quote is still open at the end.
fn split_going_on(text: &[u8], dialect: Dialect, row: &mut Row) -> bool {
    row.clear();
    let (mut start, mut at, mut is_quoted) = (0, 0, false);
    while let Some(byte) = text.get(at) {
        is_quoted ^= *byte == b'"' && (is_quoted || text[start..at].iter().all(|b| b" \"".contains(b)));
        if *byte == dialect.delimiter && !is_quoted {
            push_going_on(&text[start..at], row);
            start = at + 1;
        }
        at += 1;
    }
    push_going_on(&text[start..], row);
    !is_quoted
}

fn push_going_on(field: &[u8], row: &mut Row) {
    let trimmed = field.trim_ascii();
    let inside = trimmed.strip_prefix(b"\"").and_then(|field| field.strip_suffix(b"\""));
    row.bytes.extend_from_slice(inside.filter(|inside| !inside.contains(&b'"')).unwrap_or(trimmed));
    row.end_field();
}

/// Splits a line whose quoted fields contain unescaped quotes: only a quote before a delimiter ends a field.
fn split_bare(text: &[u8], dialect: Dialect, row: &mut Row) -> bool {
    split(text, Dialect { quotes: Quotes::Bare, ..dialect }, row) != Split::Open
}

/// Splits a line in which quotes are literal.
fn split_unquoted(text: &[u8], dialect: Dialect, row: &mut Row) -> bool {
    row.clear();
    text.split(|byte| *byte == dialect.delimiter).for_each(|field| push_plain(field, dialect, row));
    true
}

enum After {
    /// The next field begins here.
    Field(usize),
    LastField,
    OpenQuote,
}

/// Parses a quoted field after its opening quote.
fn quoted(text: &[u8], mut at: usize, dialect: Dialect, row: &mut Row, stray: &mut bool) -> After {
    while let Some(length) = memchr(b'"', &text[at..]) {
        row.bytes.extend_from_slice(&text[at..at + length]);
        at += length + 1;
        let rest = &text[at..];
        let spaces = rest.iter().take_while(|b| **b == b' ').count();
        match rest.get(spaces) {
            None => {
                row.end_field();
                return After::LastField;
            }
            Some(byte) if *byte == dialect.delimiter => {
                row.end_field();
                return After::Field(at + spaces + 1);
            }
            // FreeSWITCH's SQL template ends lines with `);`.
            Some(_) if dialect.quotes == Quotes::Bare && rest.iter().all(|b| b" ;)".contains(b)) => {
                row.end_field();
                return After::LastField;
            }
            Some(b'"') if spaces == 0 && dialect.quotes == Quotes::Doubled => {
                row.bytes.push(b'"');
                at += 1;
            }
            Some(_) => {
                *stray = true;
                row.bytes.push(b'"');
            }
        }
    }
    row.bytes.extend_from_slice(&text[at..]);
    row.end_field();
    After::OpenQuote
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, quotes: Quotes) -> Vec<Result<Vec<String>, u64>> {
        let dialect = Dialect { delimiter: b',', quotes, min_columns: 3, max_columns: 3 };
        let mut rows = Rows::new(Lines::new(text.as_bytes()), dialect);
        let mut found = Vec::new();
        loop {
            match rows.read().unwrap() {
                Next::End => return found,
                Next::Bad(line, _) => found.push(Err(line)),
                Next::Row(row) => {
                    found.push(Ok((0..row.len()).map(|column| row.get(column).into_owned()).collect()));
                }
            }
        }
    }

    fn row(fields: &[&str]) -> Result<Vec<String>, u64> {
        Ok(fields.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn fields_may_be_quoted_or_bare_or_empty() {
        assert_eq!(read("a,\"b \"\"c\"\" d\",\n", Quotes::Doubled), [row(&["a", "b \"c\" d", ""])]);
        assert_eq!(
            read("\"\",,\"x,y\"\r\n\r\n1, \"2\" ,3", Quotes::Doubled),
            [row(&["", "", "x,y"]), row(&["1", "2", "3"])]
        );
    }

    #[test]
    fn freeswitch_does_not_mark_the_quotes_inside_of_quotes() {
        assert_eq!(read("\"a \"X\"\",\"1001\", \"b\");", Quotes::Bare), [row(&["a \"X\"", "1001", "b"])]);
    }

    #[test]
    fn a_field_may_go_on_for_several_lines() {
        assert_eq!(
            read("a,\"b\nc\",d\ne,f,g", Quotes::Doubled),
            [row(&["a", "b\nc", "d"]), row(&["e", "f", "g"])]
        );
    }

    #[test]
    fn a_quote_that_is_never_closed_costs_one_line() {
        let text = "1,2,3\n\"a,b,c\n\"4\",\"5\",\"6\"\n7,8,9";
        assert_eq!(
            read(text, Quotes::Doubled),
            [row(&["1", "2", "3"]), Err(2), row(&["4", "5", "6"]), row(&["7", "8", "9"])]
        );
    }

    #[test]
    fn a_field_may_begin_with_a_quote_and_go_on() {
        assert_eq!(read("\"a\" <1>,b,c", Quotes::Doubled), [row(&["\"a\" <1>", "b", "c"])]);
        assert_eq!(read("\"a, x\" <1>,b,\"c,d\"", Quotes::Doubled), [row(&["\"a, x\" <1>", "b", "c,d"])]);
        assert_eq!(read("\"\"a, x\" <1>\",b,\"c\"", Quotes::Doubled), [row(&["\"a, x\" <1>", "b", "c"])]);
        assert_eq!(read("1,\"a \"b\" c\",2", Quotes::Doubled), [row(&["1", "a \"b\" c", "2"])]);
    }

    #[test]
    fn a_table_of_mysql_has_tabs_and_no_quotes() {
        let dialect =
            Dialect { delimiter: b'\t', quotes: Quotes::Doubled, min_columns: 3, max_columns: usize::MAX };
        let mut rows = Rows::new(Lines::new(&b"\"Example\" <101>\tNULL\t\"x\n"[..]), dialect);
        let Ok(Next::Row(row)) = rows.read() else { panic!("a row") };
        let fields: Vec<_> = (0..3).map(|column| row.get(column).into_owned()).collect();
        assert_eq!(fields, ["\"Example\" <101>", "", "\"x"]);
    }

    #[test]
    fn a_short_row_has_empty_fields_behind_its_end() {
        let mut fields = Row::default();
        split(
            b"a",
            Dialect { delimiter: b',', quotes: Quotes::Doubled, min_columns: 3, max_columns: 3 },
            &mut fields,
        );
        assert_eq!((fields.get(0), fields.get(1), fields.get(9)), ("a".into(), "".into(), "".into()));
    }
}
