//! Telnyx' call detail records as CSV: from its API (`cli, cld, started_at, call_sec, direction`) or its
//! portal (`Originating Number, Terminating Number, ...`).

use std::borrow::Cow;
use std::io::BufRead;

use calls_model::Direction;

use crate::error::ReadError;
use crate::format::Format;
use crate::options::Options;
use crate::record::{Items, Out, Reason};
use crate::rows::Row;
use crate::table::{self, First, Header};
use crate::talk::{Person, Talk, began, between};
use crate::{duration, hangup, words};

/// Reads the calls of a file.
pub(crate) fn read<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    let options = options.clone();
    table::read(reader, move |first| {
        let columns = Columns::new(&Header::new(Format::TelnyxCsv, first))?;
        Ok((First::Header, move |row: &Row, out: &mut Out| columns.put(row, &options, out)))
    })
}

/// Whether a header is that of a report.
pub(crate) fn fits_header(header: &Header) -> bool {
    [FROM, TO, LENGTH, START].iter().all(|names| header.find(names).is_some())
}

const FROM: &[&str] = &["cli", "originating number"];
const TO: &[&str] = &["cld", "terminating number"];
/// Names of the column with the start of a call.
pub(crate) const START: &[&str] =
    &["started_at", "start_timestamp", "start time", "init_timestamp", "created_at"];
const ANSWER: &[&str] = &["answered_at", "answer_timestamp", "answer time"];
const LENGTH: &[&str] = &["call_sec", "call duration", "duration", "billed_sec"];
const DIRECTION: &[&str] = &["direction", "call direction"];
const CAUSE: &[&str] = &["hangup_cause", "hangup_code", "sip_response_code", "status"];

struct Columns {
    from: usize,
    to: usize,
    start: usize,
    answer: Option<usize>,
    length: usize,
    direction: Option<usize>,
    cause: Option<usize>,
}

impl Columns {
    fn new(header: &Header) -> Result<Self, ReadError> {
        Ok(Self {
            from: header.require(FROM)?,
            to: header.require(TO)?,
            start: header.require(START)?,
            answer: header.find(ANSWER),
            length: header.require(LENGTH)?,
            direction: header.find(DIRECTION),
            cause: header.find(CAUSE),
        })
    }

    /// Gives the record of the customer's side; of both sides where the direction is not told.
    fn put(&self, row: &Row, options: &Options, out: &mut Out) -> Result<(), Reason> {
        let optional = |column: Option<usize>| column.map_or(Cow::Borrowed(""), |column| row.get(column));
        let created_at = began(&row.get(self.start), options)?;
        let length = duration::optional(&row.get(self.length), duration::Unit::Seconds)?;
        let cause = optional(self.cause);
        let ended = hangup::sip_response(&cause).or_else(|| hangup::cause(&cause));
        let talk = Talk::by_length(created_at, length, ended);
        let answered = began(&optional(self.answer), options).ok().filter(|_| talk.is_completed());
        let talk = talk.ringing(answered.and_then(|answered| between(created_at, answered)));
        let (from, to) = (Person::new(&row.get(self.from)), Person::new(&row.get(self.to)));
        let direction = match &*optional(self.direction) {
            "" => None,
            text => words::kind(text)?.direction,
        };
        match direction {
            Some(Direction::Inbound) => talk.put(Direction::Inbound, &to.party, &from, None, out),
            Some(Direction::Outbound) => talk.put(Direction::Outbound, &from.party, &to, None, out),
            None => talk.put_sides(&from, &to, None, out),
        }
    }
}
