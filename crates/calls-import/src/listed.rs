//! Call lists of unknown systems, in JSON, XML, HTML or a spreadsheet's XML. Each is converted to a table and
//! read by its column names, like CSV, so that dates, names and numbers mean the same in all of them.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::rc::Rc;

use crate::error::ReadError;
use crate::format::Format;
use crate::options::Options;
use crate::record::{Item, Items, Reason, Record, Skipped};
use crate::sample::{Sample, Shape};
use crate::{cells, detect, generic_csv, json_list, preamble, xml_list};

/// Entries at the beginning of a list that are searched for the names of its columns.
pub(crate) const SEARCHED: usize = 200;
/// The most columns of a table.
pub(crate) const MOST_COLUMNS: usize = 200;

/// Names and values of one entry.
pub(crate) type Fields = Vec<(String, String)>;

/// Result of reading one entry of a list.
pub(crate) enum Next {
    Entry(Fields),
    /// Cells of a table's row, without names.
    Row(Vec<String>),
    Bad(String),
    End,
}

/// A list and the columns of its table. No columns: its first row names them.
pub(crate) struct List<'a> {
    pub columns: Vec<String>,
    pub next: Box<dyn FnMut() -> io::Result<Next> + 'a>,
}

/// Whether a file begins as a list of calls.
pub(crate) fn fits(format: Format, sample: &Sample) -> bool {
    fits_mapped(format, sample, &Options::default())
}

/// As [`fits`], where columns are named.
pub(crate) fn fits_mapped(format: Format, sample: &Sample, options: &Options) -> bool {
    let head = sample.text().as_bytes().to_vec();
    list(format, head.clone(), Cursor::new(head), options).is_some()
}

/// Reads the calls of a file.
pub(crate) fn read<'a>(format: Format, options: &Options, mut reader: impl BufRead + 'a) -> Items<'a> {
    let mut head = Vec::new();
    if let Err(error) = reader.by_ref().take(detect::HEAD as u64).read_to_end(&mut head) {
        return Box::new(std::iter::once(Err(error.into())));
    }
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&head).trim_ascii();
    if text.is_empty() {
        return Box::new(std::iter::empty());
    }
    let whole = Cursor::new(head.clone()).chain(reader);
    let Some((List { columns, next }, inner)) = list(format, head, whole, options) else {
        let (expected, found) = ("a list of calls".to_owned(), "none".to_owned());
        return Box::new(std::iter::once(Err(ReadError::NotTheFormat { format, expected, found })));
    };
    let skipped = Rc::new(RefCell::new(VecDeque::new()));
    // The line of the columns' names is no entry.
    let header = u64::from(!columns.is_empty());
    let table = BufReader::new(Table::new(columns, next, Rc::clone(&skipped)));
    let items = crate::read_again(inner, options, table, None);
    in_order(items, skipped, format, header)
}

/// The list in a file that begins like this, and the format that its table has.
fn list<'a>(
    format: Format,
    head: Vec<u8>,
    whole: impl BufRead + 'a,
    options: &Options,
) -> Option<(List<'a>, Format)> {
    let text = String::from_utf8_lossy(&head).into_owned();
    let fits = |columns: &[String]| table_format(&line(columns), options);
    match format {
        Format::GenericJson => json_list::find(&head, whole, fits),
        Format::GenericXml => xml_list::find(&text, whole, fits),
        _ => {
            let inner = table_format(&cells::table(&text), options)?;
            Some((List { columns: Vec::new(), next: cells::rows(whole) }, inner))
        }
    }
}

/// The format of a table with a header, if its columns are those of calls.
fn table_format(table: &[u8], options: &Options) -> Option<Format> {
    if !options.columns.is_empty() {
        let sample = Sample::new(table)?;
        return sample
            .first_row_fits(|row| generic_csv::fits_mapped(row, options))
            .then_some(Format::GenericCsv);
    }
    let is_headless = |format: &Format| {
        matches!(format, Format::AsteriskCsv | Format::AsteriskCustomCsv | Format::FreeswitchCsv)
    };
    let behind_a_preamble = || preamble::without(table).map(|_| Format::GenericCsv);
    detect::by_beginning(table)
        .or_else(behind_a_preamble)
        .filter(|format| format.shape() == Shape::Table && !is_headless(format))
}

/// A line of CSV.
fn line(fields: &[String]) -> Vec<u8> {
    let mut line = String::new();
    for (index, field) in fields.iter().enumerate() {
        let field = field.replace('"', "\"\"").replace(char::is_control, " ");
        line.push_str(if index == 0 { "\"" } else { ",\"" });
        line.push_str(&field);
        line.push('"');
    }
    line.push('\n');
    line.into_bytes()
}

/// Lines of a table as CSV.
pub(crate) fn csv(rows: impl Iterator<Item = Vec<String>>) -> Vec<u8> {
    rows.flat_map(|row| row_line(&row)).collect()
}

/// A row of which every cell is empty is a blank line, which is passed over.
fn row_line(row: &[String]) -> Vec<u8> {
    if row.iter().all(|cell| cell.trim().is_empty()) { b"\n".to_vec() } else { line(row) }
}

type SkippedLines = Rc<RefCell<VecDeque<(u64, String)>>>;

/// A list as CSV. Entries that cannot be read are blank lines, whose numbers and reasons are kept aside.
struct Table<'a> {
    list: List<'a>,
    skipped: SkippedLines,
    number: u64,
    line: Vec<u8>,
    read: usize,
}

impl<'a> Table<'a> {
    fn new(
        columns: Vec<String>,
        next: Box<dyn FnMut() -> io::Result<Next> + 'a>,
        skipped: SkippedLines,
    ) -> Self {
        let (line, number) = if columns.is_empty() { (Vec::new(), 0) } else { (line(&columns), 1) };
        Self { list: List { columns, next }, skipped, number, line, read: 0 }
    }

    fn fill(&mut self) -> io::Result<bool> {
        self.line.clear();
        self.read = 0;
        let next = (self.list.next)()?;
        self.number += 1;
        self.line = match next {
            Next::End => return Ok(false),
            Next::Bad(reason) => {
                self.skipped.borrow_mut().push_back((self.number, reason));
                b"\n".to_vec()
            }
            Next::Row(row) => row_line(&row),
            Next::Entry(fields) => {
                let value = |name: &String| fields.iter().find(|(found, _)| found == name);
                let values = self.list.columns.iter().map(|name| value(name).map(|(_, value)| value.clone()));
                line(&values.map(Option::unwrap_or_default).collect::<Vec<_>>())
            }
        };
        Ok(true)
    }
}

impl Read for Table<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read == self.line.len() && !self.fill()? {
            return Ok(0);
        }
        let length = (&self.line[self.read..]).read(buffer)?;
        self.read += length;
        Ok(length)
    }
}

/// The items of a table as those of the list, with the entries that could not be read between them.
fn in_order<'a>(mut items: Items<'a>, skipped: SkippedLines, format: Format, header: u64) -> Items<'a> {
    let mut waiting = None;
    Box::new(std::iter::from_fn(move || {
        let item = waiting.take().or_else(|| items.next());
        let position = item.as_ref().map_or(u64::MAX, |item| item.as_ref().map_or(u64::MAX, Item::position));
        let before = skipped.borrow().front().is_some_and(|(line, _)| *line < position);
        if before {
            waiting = item;
            let (line, reason) = skipped.borrow_mut().pop_front()?;
            let skipped = Skipped { position: line - header, reason: Reason::from(reason) };
            return Some(Ok(Item::Skipped(skipped)));
        }
        item.map(|item| of_list(item, format, header))
    }))
}

fn of_list(item: Result<Item, ReadError>, format: Format, header: u64) -> Result<Item, ReadError> {
    let entry = |position: u64| position.saturating_sub(header);
    match item {
        Ok(Item::Record(record)) => Ok(Item::Record(Record { position: entry(record.position), ..record })),
        Ok(Item::Joined { position }) => Ok(Item::Joined { position: entry(position) }),
        Ok(Item::Skipped(Skipped { position, reason })) => {
            Ok(Item::Skipped(Skipped { position: entry(position), reason }))
        }
        Err(ReadError::OwnMissing(_)) => Err(ReadError::OwnMissing(format)),
        Err(ReadError::NotTheFormat { expected, found, .. }) => {
            Err(ReadError::NotTheFormat { format, expected, found })
        }
        Err(error) => Err(error),
    }
}

/// Adds the names of an entry's fields to those that are known.
pub(crate) fn add_columns(columns: &mut Vec<String>, fields: &Fields) {
    for (name, _) in fields {
        if columns.len() < MOST_COLUMNS && !columns.contains(name) {
            columns.push(name.clone());
        }
    }
}

/// Names of an entry's fields.
pub(crate) fn names(fields: &Fields) -> Vec<String> {
    let mut columns = Vec::new();
    add_columns(&mut columns, fields);
    columns
}

/// Name of a nested value: `from number` for `from` and `number`. Names of mere wrappers are left out.
pub(crate) fn nested(outer: &str, inner: &str) -> String {
    const WRAPPERS: [&str; 10] =
        ["attributes", "node", "_source", "source", "fields", "call", "cdr", "record", "properties", "item"];
    if outer.is_empty() || WRAPPERS.contains(&outer.to_ascii_lowercase().as_str()) {
        inner.to_owned()
    } else {
        format!("{outer} {inner}")
    }
}
