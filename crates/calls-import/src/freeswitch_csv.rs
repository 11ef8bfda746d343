//! FreeSWITCH's cdr_csv with the templates of its `cdr_csv.conf.xml`.
//!
//! There is no header, but all templates for complete calls have `start_stamp, answer_stamp, end_stamp,
//! duration, billsec, hangup_cause` in a row, which is how a line is understood: "example", "sql", "snom" and
//! "linksys" put `caller_id_name, caller_id_number, destination_number, context` before it and `uuid,
//! bleg_uuid` behind, "asterisk" has `accountcode, caller_id_number, destination_number, context` and five
//! more before it and `amaflags, uuid` behind.

use std::collections::VecDeque;
use std::io::BufRead;

use crate::duration;
use crate::lines::Lines;
use crate::options::Options;
use crate::pbx::{self, TwoSided};
use crate::record::{Items, Out, RawParty, items};
use crate::rows::{Dialect, Quotes, Row, Rows};
use crate::{table, time};

pub(crate) const DIALECT: Dialect =
    Dialect { delimiter: b',', quotes: Quotes::Bare, min_columns: 13, max_columns: 30 };

/// Reads the calls of a file.
pub(crate) fn read<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    let mut rows = Rows::new(Lines::new(reader), DIALECT);
    let zone = options.zone;
    let mut legs = Legs::default();
    items(move |out| table::read_row(&mut rows, |row, out| put(row, zone, &mut legs, out), out))
}

/// Whether a row has the columns of one of the templates.
pub(crate) fn fits(row: &Row) -> bool {
    Columns::find(row).is_some()
}

fn put(row: &Row, zone: chrono_tz::Tz, legs: &mut Legs, out: &mut Out) -> Result<(), String> {
    let Some(columns) = Columns::find(row) else {
        return Err(format!(
            "expected the start, answer and end time, two durations and a cause of a FreeSWITCH template, but \
             found {} columns without them",
            row.len()
        ));
    };
    if legs.is_second(&row.get(columns.uuid), &row.get(columns.uuid + 1)) {
        return Err("expected the first leg of a call, but found its second one".to_owned());
    }
    // The cause says nothing: NORMAL_CLEARING also ends calls that nobody answered.
    let talked = duration::seconds(&row.get(columns.start + 4))?;
    let (outcome, duration) = pbx::talk((talked.ms() > 0).then_some(talked));
    TwoSided {
        caller: RawParty::from_text(&row.get(columns.caller)),
        callee: RawParty::from_text(&row.get(columns.caller + 1)),
        created_at: time::local_in_zone(&row.get(columns.start), zone, None)?,
        outcome,
        duration,
    }
    .put(out)
}

struct Columns {
    caller: usize,
    start: usize,
    uuid: usize,
}

impl Columns {
    fn find(row: &Row) -> Option<Self> {
        let is_time = |column: usize| time::local(&row.get(column)).is_some();
        let is_count = |column: usize| duration::seconds(&row.get(column)).is_ok();
        let start = (4..row.len()).find(|start| {
            is_time(*start)
                && (row.get(start + 1).is_empty() || is_time(start + 1))
                && is_time(start + 2)
                && is_count(start + 3)
                && is_count(start + 4)
        })?;
        // A comma in the caller's name moves what is behind it, so columns are counted from the times.
        if is_uuid(&row.get(start + 6)) {
            Some(Self { caller: start - 3, start, uuid: start + 6 })
        } else if start >= 9 && is_uuid(&row.get(start + 7)) {
            Some(Self { caller: start - 8, start, uuid: start + 7 })
        } else {
            None
        }
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

/// The second legs that calls were bridged to, as far as they are near. The switch logs both legs when the
/// call ends, so they are never far apart.
#[derive(Default)]
struct Legs(VecDeque<String>);

impl Legs {
    /// Whether the leg is one that an earlier row named as its second one.
    fn is_second(&mut self, uuid: &str, other: &str) -> bool {
        const NEAR: usize = 256;
        if self.0.iter().any(|second| second == uuid) {
            return true;
        }
        if is_uuid(other) {
            if self.0.len() == NEAR {
                self.0.pop_front();
            }
            self.0.push_back(other.to_owned());
        }
        false
    }
}
