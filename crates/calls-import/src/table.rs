//! CSV with a header: columns are found by their names.

use std::collections::HashMap;
use std::io::BufRead;

use crate::duration::Unit;
use crate::error::ReadError;
use crate::fold::{self, fold};
use crate::format::Format;
use crate::legs::{self, Entry};
use crate::lines::{Line, Lines};
use crate::record::{Items, Out, Reason, items};
use crate::rows::{Dialect, Next, Quotes, Row, Rows};
use crate::zone_column::Zone;

/// The names of a file's columns.
#[derive(Debug)]
pub(crate) struct Header {
    format: Format,
    columns: HashMap<String, usize>,
    /// Names that end in a unit, without it: `duration` for `Duration (min)`.
    measured: HashMap<String, (usize, Unit)>,
    /// Those whose names end in brackets, without these: `starttime` of `Start time (PT)`, and `PT`.
    bracketed: HashMap<String, (usize, String)>,
    /// The names as written.
    names: Vec<String>,
}

/// Kind of the first row of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum First {
    Header,
    /// A call.
    Call,
}

impl Header {
    pub fn new(format: Format, row: &Row) -> Self {
        // If two columns have the same name, the first one counts.
        let columns = (0..row.len()).rev().map(|column| (plain(&row.get(column)), column)).collect();
        let with_unit = |column| without_unit(&row.get(column)).map(|(name, unit)| (name, (column, unit)));
        let measured = (0..row.len()).rev().filter_map(with_unit).collect();
        let names = (0..row.len()).map(|column| row.get(column).into_owned()).collect();
        let with_brackets =
            |column| without_brackets(&row.get(column)).map(|(name, end)| (name, (column, end)));
        let bracketed = (0..row.len()).rev().filter_map(with_brackets).collect();
        Self { format, columns, measured, bracketed, names }
    }

    /// As [`Header::find`], of a column whose name ends in the zone of its times or in words that mean none:
    /// `Start time (PT)`, `Date (local)`.
    pub fn find_in_zone(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| {
            let (column, end) = self.bracketed.get(&plain(name))?;
            let is_local = end.to_lowercase().starts_with("local");
            (is_local || Zone::read(end).is_some()).then_some(*column)
        })
    }

    /// The zone that the name of a column ends in.
    pub fn zone(&self, column: usize) -> Option<Zone> {
        let found = self.bracketed.values().find(|(known, _)| *known == column);
        found.and_then(|(_, end)| Zone::read(end))
    }

    /// Like [`Header::find`], for a column whose name ends in UTC or GMT: `Start time (UTC)`.
    pub fn find_in_utc(&self, names: &[&str]) -> Option<usize> {
        let with_end = |name: &&str| {
            ["utc", "gmt"].iter().find_map(|end| self.columns.get(&(plain(name) + end)).copied())
        };
        names.iter().find_map(with_end)
    }

    /// Whether the name of a column ends in UTC or GMT.
    pub fn is_in_utc(&self, column: usize) -> bool {
        let is_of_utc = |name: &str| name.ends_with("utc") || name.ends_with("gmt");
        self.columns.iter().any(|(name, known)| *known == column && is_of_utc(name))
    }

    /// Number of columns.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Like [`Header::find`], for columns whose names may contain a unit. The name "" matches a column that
    /// is named by its unit alone.
    pub fn find_measured(&self, names: &[&str]) -> Option<(usize, Unit)> {
        names.iter().map(|name| plain(name)).find_map(|name| {
            let plain = || self.columns.get(&name).map(|column| (*column, Unit::default()));
            self.measured.get(&name).copied().or_else(plain)
        })
    }

    /// The unit that the name of a column ends in.
    pub fn unit(&self, column: usize) -> Unit {
        let found = self.measured.values().find(|(measured, _)| *measured == column);
        found.map(|(_, unit)| *unit).unwrap_or_default()
    }

    /// The column with the first of these names that exists, ignoring case, spaces and punctuation.
    pub fn find(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.columns.get(&plain(name)).copied())
    }

    /// Whether all these columns exist.
    pub fn has_all(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.find(&[name]).is_some())
    }

    /// Like [`Header::find`]; the error names the missing column.
    pub fn require(&self, names: &[&str]) -> Result<usize, ReadError> {
        self.find(names).ok_or_else(|| self.missing(format!("a column {:?}", names[0])))
    }

    /// The column that the user named; the error lists the existing ones.
    pub fn named(&self, name: &str) -> Result<usize, ReadError> {
        const LONGEST: usize = 200;
        self.find(&[name]).ok_or_else(|| {
            let names = self.names.join(", ");
            let names: String = names.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
            let (expected, found) = (format!("a column {name:?}"), format!("the columns {names}"));
            ReadError::NotTheFormat { format: self.format, expected, found }
        })
    }

    /// The error for missing columns.
    pub fn missing(&self, expected: String) -> ReadError {
        let found = "a first line without it".to_owned();
        ReadError::NotTheFormat { format: self.format, expected, found }
    }
}

/// Normalizes a name: without case, accents, spaces and punctuation, so that `Call Sid`, `call_sid` and
/// `CallSid` are equal.
pub(crate) fn plain(name: &str) -> String {
    fold(name)
}

/// A column's name without the words in brackets at its end, and these.
fn without_brackets(name: &str) -> Option<(String, String)> {
    let (name, end) = name.trim().strip_suffix([')', ']'])?.rsplit_once(['(', '['])?;
    Some((plain(name), end.trim().to_owned()))
}

/// Splits the unit off the end of a column's name: `Duration (min)`, `duration_ms`, `Talk time (hh:mm:ss)`.
fn without_unit(name: &str) -> Option<(String, Unit)> {
    let words = fold::words(name);
    let is_clock = |word: &String| matches!(word.as_str(), "h" | "hh" | "mm" | "ss" | "m" | "s");
    let clock = words.iter().rev().take_while(|word| is_clock(word)).count();
    let (rest, ends) = words.split_at(words.len() - clock);
    match ends {
        [.., one, two] if two == "mm" && one.starts_with('h') => {
            return Some((rest.concat(), Unit::HoursAndMinutes));
        }
        [_, _, ..] => return Some((rest.concat(), Unit::Seconds)),
        _ => {}
    }
    let (last, rest) = words.split_last()?;
    let unit = match last.as_str() {
        "ms" | "msec" | "msecs" | "millis" | "millisecond" | "milliseconds" => Unit::Milliseconds,
        "s" | "sec" | "secs" | "second" | "seconds" | "sek" | "sekunden" | "seg" | "segundos"
        | "secondes" | "secondi" | "seconden" => Unit::Seconds,
        "m" | "min" | "mins" | "minute" | "minutes" | "minuten" | "minutos" | "minuti" => Unit::Minutes,
        "h" | "hr" | "hrs" | "hour" | "hours" | "stunden" | "heures" | "horas" | "ore" | "uren" => {
            Unit::Hours
        }
        _ => return None,
    };
    let rest = rest.strip_suffix(&["in".to_owned()]).unwrap_or(rest);
    Some((rest.concat(), unit))
}

/// Whether two ASCII names are equal after normalization by [`plain`].
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    fn letters(name: &str) -> impl Iterator<Item = u8> {
        name.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase())
    }
    letters(one).eq(letters(other))
}

/// Reads a file with a header. `prepare` returns the function that reads a row.
pub(crate) fn read<'a, Put, R>(
    reader: impl BufRead + 'a,
    prepare: impl FnOnce(&Row) -> Result<(First, Put), ReadError> + 'a,
) -> Items<'a>
where
    Put: FnMut(&Row, &mut Out) -> Result<(), R> + 'a,
    R: Into<Reason> + 'a,
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
pub(crate) fn read_row<B: BufRead, R: Into<Reason>>(
    rows: &mut Rows<B>,
    mut put: impl FnMut(&Row, &mut Out) -> Result<(), R>,
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

/// Reads a file with a header whose calls have several rows ([`legs::join`]). `prepare` returns the function
/// that reads a row, and `put` adds the records of a call.
pub(crate) fn read_joined<'a, T: 'a, Parse>(
    reader: impl BufRead + 'a,
    window: usize,
    prepare: impl FnOnce(&Row) -> Result<Parse, ReadError> + 'a,
    put: impl FnMut(Vec<T>, &mut Out) -> Result<(), Reason> + 'a,
) -> Items<'a>
where
    Parse: FnMut(&Row) -> Result<(T, Vec<String>), Reason> + 'a,
{
    let mut unopened = Some((reader, prepare));
    let mut opened = None;
    let next = move || {
        if let Some((reader, prepare)) = unopened.take() {
            let Some(mut rows) = open(reader)? else { return Ok(Entry::End) };
            let (columns, parse) = with_first(&mut rows, |row| Ok((row.len(), prepare(row)?)))?;
            rows.expect_columns(columns);
            opened = Some((rows, parse));
            return Ok(Entry::Nothing);
        }
        let Some((rows, parse)) = &mut opened else { return Ok(Entry::End) };
        Ok(match rows.read()? {
            Next::End => Entry::End,
            Next::Bad(line, reason) => Entry::Skipped(line, reason.into()),
            Next::Row(row) => match parse(row) {
                Ok((leg, keys)) => Entry::Leg(row.line(), leg, keys),
                Err(reason) => Entry::Skipped(row.line(), reason),
            },
        })
    };
    legs::join(window, next, put)
}

/// Reads the first row. `None` if the file is empty.
fn begin<B, Put, R>(
    reader: B,
    prepare: impl FnOnce(&Row) -> Result<(First, Put), ReadError>,
    out: &mut Out,
) -> Result<Option<(Rows<B>, Put)>, ReadError>
where
    B: BufRead,
    Put: FnMut(&Row, &mut Out) -> Result<(), R>,
    R: Into<Reason>,
{
    let Some(mut rows) = open(reader)? else { return Ok(None) };
    let (columns, put) = with_first(&mut rows, |row| {
        let (kind, mut put) = prepare(row)?;
        if kind == First::Call {
            out.at(row.line());
            if let Err(reason) = put(row, out) {
                out.skip(reason);
            }
        }
        Ok((row.len(), put))
    })?;
    rows.expect_columns(columns);
    Ok(Some((rows, put)))
}

/// The rows of a file, before the first one is read. `None` if the file is empty.
fn open<B: BufRead>(reader: B) -> Result<Option<Rows<B>>, ReadError> {
    open_with(reader, |first| Dialect {
        delimiter: delimiter(first),
        quotes: Quotes::Doubled,
        min_columns: 2,
        max_columns: usize::MAX,
    })
}

/// The rows of a file without a header. The delimiter is detected from the first line, if that gives enough
/// fields.
pub(crate) fn open_headless<B: BufRead>(reader: B, dialect: Dialect) -> Result<Option<Rows<B>>, ReadError> {
    open_with(reader, |first| {
        let found = delimiter(first);
        let signs = first.iter().filter(|byte| **byte == found).count();
        Dialect {
            delimiter: if signs + 1 >= dialect.min_columns { found } else { dialect.delimiter },
            ..dialect
        }
    })
}

fn open_with<B: BufRead>(
    reader: B,
    dialect: impl FnOnce(&[u8]) -> Dialect,
) -> Result<Option<Rows<B>>, ReadError> {
    let mut lines = Lines::new(reader);
    let mut first = Vec::new();
    loop {
        match lines.read(&mut first)? {
            Line::End => return Ok(None),
            // A line `sep=` tells Excel the delimiter.
            Line::Whole if first.iter().all(u8::is_ascii_whitespace) || first.starts_with(b"sep=") => {}
            Line::Whole | Line::TooLong => break,
        }
    }
    let number = lines.number();
    let mut rows = Rows::new(lines, dialect(&first));
    rows.put_back(number, first);
    Ok(Some(rows))
}

/// Calls a function with the first row, which is empty if the line is invalid.
fn with_first<B: BufRead, T>(
    rows: &mut Rows<B>,
    read: impl FnOnce(&Row) -> Result<T, ReadError>,
) -> Result<T, ReadError> {
    match rows.read()? {
        Next::Row(row) => read(row),
        Next::Bad(_, _) | Next::End => read(&Row::default()),
    }
}

/// The delimiter of a line: the one that separates the most fields.
pub(crate) fn delimiter(line: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    for byte in line {
        quoted ^= *byte == b'"';
        if !quoted && let Some((_, count)) = counts.iter_mut().find(|(sign, _)| sign == byte) {
            *count += 1;
        }
    }
    // `max_by_key` returns the last of equal ones, and a comma is the most likely.
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(sign, _)| sign)
}
