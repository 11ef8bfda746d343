//! Yeastar's call detail records as CSV. Parties are written with their names: `Example<1001>`.

use std::borrow::Cow;
use std::io::BufRead;

use calls_model::Disposition;

use crate::duration;
use crate::ending;
use crate::error::ReadError;
use crate::format::Format;
use crate::options::Options;
use crate::record::{Items, Out, Reason, expected};
use crate::rows::Row;
use crate::table::{self, First, Header};
use crate::talk::{Person, Talk, began};

/// Reads the calls of a file.
pub(crate) fn read<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    let options = options.clone();
    table::read(reader, move |first| {
        let columns = Columns::new(&Header::new(Format::YeastarCsv, first))?;
        Ok((First::Header, move |row: &Row, out: &mut Out| columns.put(row, &options, out)))
    })
}

/// Whether a header is that of a call detail record.
pub(crate) fn fits_header(header: &Header) -> bool {
    [FROM, TO, TALK].iter().all(|names| header.find(names).is_some())
        && header.find(TIME).is_some()
        && header.find(STATUS).is_some()
}

/// Names of the column with the start of a call.
pub(crate) const TIME: &[&str] = &["time", "start time", "call time", "date time", "date"];
const FROM: &[&str] = &["call from", "caller", "from"];
const TO: &[&str] = &["call to", "callee", "to"];
const RING: &[&str] = &["ring duration", "ring duration(s)", "ring time", "ringing duration"];
const TALK: &[&str] = &["talk duration", "talk duration(s)", "talking duration"];
const STATUS: &[&str] = &["status", "call status", "last status"];
const DID: &[&str] = &["DID/DDI", "DID", "DDI", "DID number"];
const REACHED: &[&str] = &["last participant"];

struct Columns {
    time: usize,
    from: usize,
    to: usize,
    talk: usize,
    status: usize,
    ring: Option<usize>,
    did: Option<usize>,
    reached: Option<usize>,
}

impl Columns {
    fn new(header: &Header) -> Result<Self, ReadError> {
        Ok(Self {
            time: header.require(TIME)?,
            from: header.require(FROM)?,
            to: header.require(TO)?,
            talk: header.require(TALK)?,
            status: header.require(STATUS)?,
            ring: header.find(RING),
            did: header.find(DID),
            reached: header.find(REACHED),
        })
    }

    fn put(&self, row: &Row, options: &Options, out: &mut Out) -> Result<(), Reason> {
        let optional = |column: Option<usize>| column.map_or(Cow::Borrowed(""), |column| row.get(column));
        let created_at = began(&row.get(self.time), options)?;
        let length = duration::optional(&row.get(self.talk), duration::Unit::Seconds)?;
        let ring_time = duration::optional(&optional(self.ring), duration::Unit::Seconds).ok().flatten();
        let status = row.get(self.status);
        let disposition = ending::by_word(&status)
            .ok_or_else(|| expected("a status such as ANSWERED or NO ANSWER", &status))?;
        // A queue or menu answers, but nobody speaks.
        let is_talk = disposition != Disposition::Answered || length.is_none_or(|length| length.ms() > 0);
        let disposition = if is_talk { disposition } else { Disposition::NoAnswer };
        let talk = Talk::new(created_at, disposition, length).ringing(ring_time);
        let (caller, to) = (Person::new(&row.get(self.from)), Person::new(&row.get(self.to)));
        let (did, last) = (Person::new(&optional(self.did)), Person::new(&optional(self.reached)));
        let reached = Person::first_known([last, to.clone()]);
        let dialled = Person::first_known([did, to]);
        talk.put_sides(&caller, &dialled, Some(&reached), out)
    }
}
