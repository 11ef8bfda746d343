//! FreeSWITCH's cdr_csv with the templates of its `cdr_csv.conf.xml`.
//!
//! There is no header, but all templates for complete calls have `start_stamp, answer_stamp, end_stamp,
//! duration, billsec, hangup_cause` in a row, which is how a line is understood: "example", "sql", "snom" and
//! "linksys" put `caller_id_name, caller_id_number, destination_number, context` before it and `uuid,
//! bleg_uuid` behind, "asterisk" has `accountcode, caller_id_number, destination_number, context` and five
//! more before it and `amaflags, uuid` behind. "opencdrrate" is the exception: `uuid, signal_bond, direction, ani,
//! destination_number, answer_stamp, end_stamp, billsec` and what does not matter here. It does not say when the call
//! began, so that is when it was answered, else when it ended.

use std::collections::VecDeque;
use std::io::BufRead;

use crate::duration;
use crate::lines::Lines;
use crate::options::Options;
use crate::pbx::{self, TwoSided};
use crate::record::{Items, Out, RawParty, items};
use crate::rows::{Dialect, Next, Quotes, Row, Rows};
use crate::time;

pub(crate) const DIALECT: Dialect =
    Dialect { delimiter: b',', quotes: Quotes::Bare, min_columns: 13, max_columns: 30 };

/// Reads the calls of a file.
pub(crate) fn read<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    let mut rows = Rows::new(Lines::new(reader), DIALECT);
    let zone = options.zone;
    let mut legs = Legs::default();
    let mut ended = None;
    items(move |out| {
        let leg = match rows.read() {
            _ if ended.is_some() => None,
            Ok(Next::End) => None,
            Ok(Next::Bad(line, reason)) => Some(Leg { line, call: Err(reason), ..Leg::default() }),
            Ok(Next::Row(row)) => Some(Leg::new(row, zone)),
            Err(error) => {
                ended = Some(error);
                None
            }
        };
        if let Some(leg) = leg {
            legs.push(leg, out);
            return Ok(true);
        }
        // What waits comes before the error that ended the file.
        match (legs.put_first(out), ended.take()) {
            (true, error) => ended = error,
            (false, Some(error)) => return Err(error.into()),
            (false, None) => return Ok(false),
        }
        Ok(true)
    })
}

/// Whether a row has the columns of one of the templates.
pub(crate) fn fits(row: &Row) -> bool {
    Columns::find(row).is_some()
}

/// One row.
struct Leg {
    line: u64,
    uuid: String,
    /// The leg that it was bridged to.
    other: String,
    call: Result<TwoSided, String>,
}

impl Default for Leg {
    fn default() -> Self {
        Self { line: 0, uuid: String::new(), other: String::new(), call: Err(String::new()) }
    }
}

impl Leg {
    fn new(row: &Row, zone: chrono_tz::Tz) -> Self {
        let Some(columns) = Columns::find(row) else {
            let reason = format!(
                "expected the start, answer and end time, two durations and a cause of a FreeSWITCH template, but \
                 found {} columns without them",
                row.len()
            );
            return Self { line: row.line(), call: Err(reason), ..Self::default() };
        };
        Self {
            line: row.line(),
            uuid: row.get(columns.uuid).into(),
            other: Some(row.get(columns.uuid + 1)).filter(|uuid| is_uuid(uuid)).unwrap_or_default().into(),
            call: call(row, &columns, zone),
        }
    }
}

fn call(row: &Row, columns: &Columns, zone: chrono_tz::Tz) -> Result<TwoSided, String> {
    // The cause says nothing: NORMAL_CLEARING also ends calls that nobody answered.
    let talked = duration::seconds(&row.get(columns.billsec))?;
    let (outcome, duration) = pbx::talk((talked.ms() > 0).then_some(talked));
    Ok(TwoSided {
        caller: RawParty::from_text(&row.get(columns.caller)),
        callee: RawParty::from_text(&row.get(columns.caller + 1)),
        created_at: time::local_in_zone(&row.get(columns.start), zone, None)?,
        outcome,
        duration,
    })
}

struct Columns {
    caller: usize,
    start: usize,
    billsec: usize,
    uuid: usize,
}

impl Columns {
    fn find(row: &Row) -> Option<Self> {
        let is_time = |column: usize| time::local(&row.get(column)).is_some();
        let is_count = |column: usize| duration::seconds(&row.get(column)).is_ok();
        if is_uuid(&row.get(0)) && is_time(6) && is_count(7) {
            return match &*row.get(5) {
                "" => Some(Self { caller: 3, start: 6, billsec: 7, uuid: 0 }),
                _ => is_time(5).then_some(Self { caller: 3, start: 5, billsec: 7, uuid: 0 }),
            };
        }
        let start = (4..row.len()).find(|start| {
            is_time(*start)
                && (row.get(start + 1).is_empty() || is_time(start + 1))
                && is_time(start + 2)
                && is_count(start + 3)
                && is_count(start + 4)
        })?;
        // A comma in the caller's name moves what is behind it, so columns are counted from the times.
        if is_uuid(&row.get(start + 6)) {
            Some(Self { caller: start - 3, start, billsec: start + 4, uuid: start + 6 })
        } else if start >= 9 && is_uuid(&row.get(start + 7)) {
            Some(Self { caller: start - 8, start, billsec: start + 4, uuid: start + 7 })
        } else {
            None
        }
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

/// Legs that wait whether another one names them as its second one. The switch logs a leg when it ends, so the two of
/// a call are never far apart, and either may be the first.
#[derive(Default)]
struct Legs {
    waiting: VecDeque<Leg>,
    /// Those that were named last.
    seconds: VecDeque<String>,
}

impl Legs {
    fn push(&mut self, mut leg: Leg, out: &mut Out) {
        const NEAR: usize = 256;
        let second = || Err("expected the first leg of a call, but found its second one".to_owned());
        if self.seconds.contains(&leg.uuid) {
            leg.call = second();
        } else if !leg.other.is_empty() {
            if let Some(other) = self.waiting.iter_mut().find(|waiting| waiting.uuid == leg.other) {
                other.call = second();
            }
            self.seconds.push_back(std::mem::take(&mut leg.other));
            if self.seconds.len() > NEAR {
                self.seconds.pop_front();
            }
        }
        self.waiting.push_back(leg);
        if self.waiting.len() > NEAR {
            self.put_first(out);
        }
    }

    /// Gives the records of the leg that has waited longest. False if there is none.
    fn put_first(&mut self, out: &mut Out) -> bool {
        let Some(leg) = self.waiting.pop_front() else { return false };
        out.at(leg.line);
        if let Err(reason) = leg.call.and_then(|call| call.put(out)) {
            out.skip(reason);
        }
        true
    }
}
