//! FreeSWITCH's cdr_csv with the templates of its `cdr_csv.conf.xml`.
//!
//! There is no header, but all templates for complete calls contain `start_stamp, answer_stamp, end_stamp,
//! duration, billsec, hangup_cause` in a row, by which a line is recognized: "example", "sql", "snom" and
//! "linksys" have `caller_id_name, caller_id_number, destination_number, context` before it and `uuid,
//! bleg_uuid` after it; "asterisk" has `accountcode, caller_id_number, destination_number, context` and five
//! more before it, and `amaflags, uuid` after it. The exception is "opencdrrate": `uuid, signal_bond,
//! direction, ani, destination_number, answer_stamp, end_stamp, billsec`, followed by columns that are not
//! read. It lacks the start of the call, so the time of the answer or else of the end is used.

use std::io::BufRead;

use crate::duration;
use crate::freeswitch_call::{self, End, Leg};
use crate::legs::{self, Entry};
use crate::lines::Lines;
use crate::options::Options;
use crate::record::{Items, RawParty};
use crate::rows::{Dialect, Next, Quotes, Row, Rows};
use crate::time;

pub(crate) const DIALECT: Dialect =
    Dialect { delimiter: b',', quotes: Quotes::Bare, min_columns: 13, max_columns: 30 };

/// Reads the calls of a file.
pub(crate) fn read<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    let mut rows = Rows::new(Lines::new(reader), DIALECT);
    let zone = options.zone;
    let next = move || {
        Ok(match rows.read()? {
            Next::End => Entry::End,
            Next::Bad(line, reason) => Entry::Skipped(line, reason.into()),
            Next::Row(row) => match leg(row, zone) {
                Ok((leg, keys)) => Entry::Leg(row.line(), leg, keys),
                Err(reason) => Entry::Skipped(row.line(), reason.into()),
            },
        })
    };
    legs::join(freeswitch_call::WINDOW, next, freeswitch_call::put)
}

/// Whether a row has the columns of one of the templates.
pub(crate) fn fits(row: &Row) -> bool {
    Columns::find(row).is_some()
}

/// The leg of a row, with its ID and that of the leg that it was bridged to.
fn leg(row: &Row, zone: chrono_tz::Tz) -> Result<(Leg, Vec<String>), String> {
    let Some(columns) = Columns::find(row) else {
        return Err(format!(
            "expected the start, answer and end time, two durations and a cause of a FreeSWITCH template, but \
             found {} columns without them",
            row.len()
        ));
    };
    let uuid = |column: usize| Some(row.get(column)).filter(|uuid| is_uuid(uuid)).map(String::from);
    let other = uuid(columns.uuid + 1);
    let bridged_to = other.is_some();
    let get = |column: Option<usize>| column.map(|column| row.get(column)).unwrap_or_default();
    let leg = Leg {
        bridged_to,
        is_second: None,
        dialled_first: None,
        caller: RawParty::from_text(&row.get(columns.caller)),
        caller_name: columns.name.map(|name| row.get(name).into_owned()),
        callee: RawParty::from_text(&row.get(columns.caller + 1)),
        created_at: time::local_in_zone(&row.get(columns.start), zone, None)?,
        end: End {
            duration: columns.duration.and_then(|column| duration::seconds(&row.get(column)).ok()),
            billsec: Some(duration::seconds(&row.get(columns.billsec))?),
            cause: get(columns.cause).into_owned(),
            is_voicemail: get(columns.application).eq_ignore_ascii_case("voicemail"),
            ..End::default()
        },
    };
    Ok((leg, uuid(columns.uuid).into_iter().chain(other).collect()))
}

#[derive(Debug, Default)]
struct Columns {
    caller: usize,
    name: Option<usize>,
    start: usize,
    duration: Option<usize>,
    billsec: usize,
    cause: Option<usize>,
    application: Option<usize>,
    uuid: usize,
}

impl Columns {
    fn find(row: &Row) -> Option<Self> {
        let is_time = |column: usize| time::local(&row.get(column)).is_some();
        let is_count = |column: usize| duration::seconds(&row.get(column)).is_ok();
        if is_uuid(&row.get(0)) && is_time(6) && is_count(7) {
            let with_start = |start| Self { caller: 3, start, billsec: 7, uuid: 0, ..Self::default() };
            return match &*row.get(5) {
                "" => Some(with_start(6)),
                _ => is_time(5).then(|| with_start(5)),
            };
        }
        let start = (4..row.len()).find(|start| {
            is_time(*start)
                && (row.get(start + 1).is_empty() || is_time(start + 1))
                && is_time(start + 2)
                && is_count(start + 3)
                && is_count(start + 4)
        })?;
        let columns = Self {
            start,
            duration: Some(start + 3),
            billsec: start + 4,
            cause: Some(start + 5),
            ..Self::default()
        };
        // A comma in the caller's name shifts the following columns, so they are counted from the times.
        if is_uuid(&row.get(start + 6)) {
            Some(Self { caller: start - 3, name: Some(start - 4), uuid: start + 6, ..columns })
        } else if start >= 9 && is_uuid(&row.get(start + 7)) {
            Some(Self { caller: start - 8, application: Some(start - 2), uuid: start + 7, ..columns })
        } else {
            None
        }
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}
