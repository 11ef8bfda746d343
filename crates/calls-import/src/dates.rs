//! Decides whether the dates of a file begin with the day or the month.
//!
//! `03/02/2026` is in February to some readers and in March to others, and a call in the wrong month is worse
//! than none. So a file with such dates is read twice: first for evidence, in the column of its dates only,
//! then for its calls. Without evidence it is refused. Files whose dates begin with the year, or contain dots
//! or words, are read once.

use std::cell::RefCell;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek};
use std::str::FromStr;

use chrono::NaiveDateTime;

use crate::error::ReadError;
use crate::format::Format;
use crate::options::Options;
use crate::record::{Items, Out};
use crate::rows::Row;
use crate::table::{self, First, Header};
use crate::time::Parts;
use crate::{
    freepbx_csv, generic_header, grandstream, iphone_csv, teams_csv, telnyx_csv, twilio, yeastar_csv,
};

/// Order of day and month in a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DateOrder {
    /// `31/12/2026`, as in most of the world.
    DayFirst,
    /// `12/31/2026`, as in the United States.
    MonthFirst,
}

impl DateOrder {
    /// Both orders with their names, as they are given to `--dates`.
    pub const ALL: [(Self, &'static str); 2] =
        [(Self::DayFirst, "day-first"), (Self::MonthFirst, "month-first")];
}

impl fmt::Display for DateOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(Self::ALL.into_iter().find(|(order, _)| order == self).map_or("", |(_, name)| name))
    }
}

impl FromStr for DateOrder {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|(_, name)| *name == text);
        found
            .map(|(order, _)| order)
            .ok_or_else(|| format!("expected day-first or month-first, but found {text:?}"))
    }
}

/// Columns with dates, and with further evidence of their order.
pub(crate) struct DateColumns {
    pub date: usize,
    /// Time of day, if it has its own column.
    pub time: Option<usize>,
    /// Second at which the channel of the call was created.
    pub epoch: Option<usize>,
    /// Whether the header is in a language whose countries all put the day first.
    pub is_day_first_language: bool,
}

/// Opens a file again from its beginning.
pub(crate) type Again<'a> = Box<dyn FnOnce() -> io::Result<Box<dyn BufRead>> + 'a>;

/// Bytes of a file that are searched for an ambiguous date.
const HEAD: u64 = 64 * 1024;

/// Whether dates of the format may have either order.
pub(crate) fn matter(format: Format) -> bool {
    matches!(format, Format::GenericCsv | Format::IphoneCsv | Format::FreepbxCsv | Format::TwilioCsv)
        || start_names(format).is_some()
}

/// Names of the column with the start of a call, for formats whose dates depend on the system's settings or
/// on a spreadsheet.
fn start_names(format: Format) -> Option<&'static [&'static str]> {
    match format {
        Format::GrandstreamCsv => Some(grandstream::START),
        Format::TeamsCsv => Some(teams_csv::START),
        Format::TelnyxCsv => Some(telnyx_csv::START),
        Format::YeastarCsv => Some(yeastar_csv::TIME),
        _ => None,
    }
}

/// Determines the order of a file's dates if needed, and reads the file. `again` opens it a second time;
/// without that, the file is kept in memory or in a temporary file.
pub(crate) fn read<'a>(
    format: Format,
    options: &Options,
    reader: impl BufRead + 'a,
    again: Option<Again<'a>>,
) -> Items<'a> {
    let options = options.clone();
    let mut unread = Some((reader, again));
    Box::new(std::iter::from_fn(move || unread.take()).flat_map(move |(reader, again)| {
        decided(format, options.clone(), reader, again)
            .unwrap_or_else(|error| Box::new(std::iter::once(Err(error))))
    }))
}

fn decided<'a>(
    format: Format,
    options: Options,
    mut reader: impl BufRead + 'a,
    again: Option<Again<'a>>,
) -> Result<Items<'a>, ReadError> {
    let mut head = Vec::new();
    reader.by_ref().take(HEAD).read_to_end(&mut head)?;
    let is_whole = (head.len() as u64) < HEAD;
    if !may_be_either(&head) {
        return Ok(crate::read_in_order(format, &options, Cursor::new(head).chain(reader)));
    }
    let with = |dates: Option<DateOrder>| Options { dates, ..options.clone() };
    if is_whole {
        let dates = order(format, &options, head.as_slice())?;
        return Ok(crate::read_in_order(format, &with(dates), Cursor::new(head)));
    }
    if let Some(again) = again {
        let dates = order(format, &options, again()?)?;
        return Ok(crate::read_in_order(format, &with(dates), Cursor::new(head).chain(reader)));
    }
    let mut kept = kept(Cursor::new(head).chain(reader))?;
    let dates = order(format, &options, BufReader::new(&kept))?;
    kept.rewind()?;
    Ok(crate::read_in_order(format, &with(dates), BufReader::new(kept)))
}

/// A stream, copied into a temporary file.
fn kept(mut reader: impl Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(&mut reader, &mut file)?;
    file.rewind()?;
    Ok(file)
}

/// Whether a text contains a date such as `3/12/2026` or `3-12-26`.
fn may_be_either(text: &[u8]) -> bool {
    let digits = |bytes: &[u8]| bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    memchr::memchr2_iter(b'/', b'-', text).any(|at| {
        let before = text[..at].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let month = digits(&text[at + 1..]);
        let second = at + 1 + month;
        let is_date =
            matches!(before, 1 | 2) && matches!(month, 1 | 2) && text.get(second) == Some(&text[at]);
        let is_alone = !matches!(text[..at - before].last(), Some(b'/' | b'-'));
        is_date && is_alone && matches!(digits(&text[second + 1..]), 2 | 4)
    })
}

/// Determines the order of dates from a whole file. `None` if no date is ambiguous.
fn order(format: Format, options: &Options, reader: impl BufRead) -> Result<Option<DateOrder>, ReadError> {
    let evidence = RefCell::new(Evidence::default());
    let items = table::read(reader, |first| {
        let columns = columns(format, options, first)?;
        let is_day_first = columns.as_ref().is_some_and(|(columns, _)| columns.is_day_first_language);
        evidence.borrow_mut().is_day_first_language = is_day_first;
        let kind = columns.as_ref().map_or(First::Header, |(_, kind)| *kind);
        let evidence = &evidence;
        let put = move |row: &Row, _: &mut Out| -> Result<(), String> {
            if let Some((columns, _)) = &columns {
                evidence.borrow_mut().note(row, columns);
            }
            Ok(())
        };
        Ok((kind, put))
    });
    for item in items {
        item?;
    }
    evidence.into_inner().order(options.region.as_deref())
}

fn columns(
    format: Format,
    options: &Options,
    first: &Row,
) -> Result<Option<(DateColumns, First)>, ReadError> {
    let header = Header::new(format, first);
    Ok(match format {
        Format::GenericCsv => {
            generic_header::date_columns(&header, options)?.map(|columns| (columns, First::Header))
        }
        Format::IphoneCsv => Some(iphone_csv::date_columns(first)?),
        Format::FreepbxCsv => Some((freepbx_csv::date_columns(&header)?, First::Header)),
        Format::TwilioCsv => twilio::date_columns(&header).map(|columns| (columns, First::Header)),
        _ => start_names(format).and_then(|names| header.find(names)).map(|date| {
            let columns = DateColumns { date, time: None, epoch: None, is_day_first_language: false };
            (columns, First::Header)
        }),
    })
}

/// Evidence in a file's dates.
#[derive(Debug, Default)]
struct Evidence {
    /// The first ambiguous date, as a text and in both orders.
    first: Option<(String, [NaiveDateTime; 2])>,
    /// Whether a date with only this order was found, as in [`DateOrder::ALL`].
    only: [bool; 2],
    sequences: [Sequence; 2],
    has_half_days: bool,
    has_whole_days: bool,
    is_day_first_language: bool,
}

/// Times in the order of the file.
#[derive(Debug, Clone, Copy, Default)]
struct Sequence {
    last: Option<NaiveDateTime>,
    distinct: u32,
    rises: bool,
    falls: bool,
}

impl Sequence {
    fn push(&mut self, time: NaiveDateTime) {
        if let Some(last) = self.last {
            self.rises |= time > last;
            self.falls |= time < last;
        }
        self.distinct = self.distinct.saturating_add(u32::from(self.last != Some(time)));
        self.last = Some(time);
    }

    fn is_sorted(self) -> bool {
        !(self.rises && self.falls)
    }
}

impl Evidence {
    fn note(&mut self, row: &Row, columns: &DateColumns) {
        let text = generic_header::moment(row, columns.date, columns.time);
        let Some(parts) = Parts::find(&text).filter(|parts| parts.has_order()) else { return };
        let half_day = text.trim_end_matches('.').ends_with(['m', 'M', 'a', 'A', 'p', 'P']);
        self.has_half_days |= half_day;
        self.has_whole_days |= !half_day;
        let [day, month] = DateOrder::ALL.map(|(order, _)| parts.local(order));
        let (Some(day), Some(month)) = (day, month) else {
            self.only[0] |= day.is_some();
            self.only[1] |= month.is_some();
            return;
        };
        if let Some(epoch) = columns.epoch.and_then(|column| channel_epoch(&row.get(column))) {
            let near = [day, month].map(|time| is_near(time, epoch));
            self.only[0] |= near == [true, false];
            self.only[1] |= near == [false, true];
        }
        self.sequences[0].push(day);
        self.sequences[1].push(month);
        if self.first.is_none() && day != month {
            self.first = Some((text, [day, month]));
        }
    }

    fn order(self, region: Option<&str>) -> Result<Option<DateOrder>, ReadError> {
        /// With two times, any reading is in order.
        const ENOUGH: u32 = 3;
        let sorted = self.sequences.map(Sequence::is_sorted);
        let habit = region.map(habit);
        let order = match (self.only, sorted) {
            ([true, false], _) => Some(DateOrder::DayFirst),
            ([false, true], _) => Some(DateOrder::MonthFirst),
            ([true, true], _) => None,
            _ if self.has_half_days && habit == Some(Habit::MonthFirst) => Some(DateOrder::MonthFirst),
            (_, [true, false]) if self.sequences[0].distinct >= ENOUGH => Some(DateOrder::DayFirst),
            (_, [false, true]) if self.sequences[0].distinct >= ENOUGH => Some(DateOrder::MonthFirst),
            _ if self.is_day_first_language && habit != Some(Habit::MonthFirst) => Some(DateOrder::DayFirst),
            _ if !self.has_half_days && habit == Some(Habit::DayFirst) => Some(DateOrder::DayFirst),
            _ => None,
        };
        let Some((first, readings)) = self.first.filter(|_| order.is_none()) else { return Ok(order) };
        let [day_first, month_first] = readings.map(|time| time.format("%-d %B %Y").to_string());
        Err(ReadError::DatesUndecided { first, day_first, month_first })
    }
}

/// The second at which a channel was created, from the unique ID of a call, in which a spreadsheet may have
/// changed the decimal point to a comma.
fn channel_epoch(uniqueid: &str) -> Option<i64> {
    crate::asterisk_csv::channel_epoch(&uniqueid.replace(',', "."))
}

/// Whether a local time matches a second since 1970, in any zone.
fn is_near(local: NaiveDateTime, epoch: i64) -> bool {
    const A_DAY_AND_A_HALF: u64 = 36 * 3600;
    local.and_utc().timestamp().abs_diff(epoch) < A_DAY_AND_A_HALF
}

/// Date and clock conventions of a country.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Habit {
    /// Day first. With a 12-hour clock, American systems are common too.
    DayFirst,
    MonthFirst,
    /// Year first, or several orders.
    Other,
}

/// Convention of a country, according to Unicode's Common Locale Data Repository.
fn habit(region: &str) -> Habit {
    match region.to_ascii_uppercase().as_str() {
        "US" | "AS" | "FM" | "GU" | "MH" | "MP" | "PH" | "PR" | "PW" | "UM" | "VI" => Habit::MonthFirst,
        "BT" | "BZ" | "CA" | "CN" | "HK" | "HU" | "IR" | "JP" | "KP" | "KR" | "KY" | "LT" | "MN" | "MO"
        | "PA" | "SE" | "TW" | "ZA" => Habit::Other,
        _ => Habit::DayFirst,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_dates_of_three_numbers_that_do_not_begin_with_the_year_are_looked_at_twice() {
        for text in ["a,3/12/2026 1:00", "3-12-26", "\"03/12/2026", "x;31/12/2026;"] {
            assert!(may_be_either(text.as_bytes()), "{text}");
        }
        for text in [
            "2026-03-12 1:00",
            "2026/03/12",
            "12.03.2026",
            "1-800-555-0123",
            "3/12",
            "3/12/202",
            "/-",
            "1/2/3/2026",
        ] {
            assert!(!may_be_either(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn an_order_has_a_name() {
        for (order, name) in DateOrder::ALL {
            assert_eq!(name.parse(), Ok(order));
            assert_eq!(order.to_string(), name);
        }
        assert!("iso".parse::<DateOrder>().unwrap_err().contains("day-first or month-first"));
    }
}
