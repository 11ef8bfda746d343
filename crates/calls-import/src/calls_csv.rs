//! This project's own CSV: `id, created_at, counterparty, type, duration`, with `owner` in front where it was
//! exported with it, and with `disposition`, `ring_time` (seconds), `name` and `via` where it has details.

use std::io::BufRead;

use calls_model::{CallType, Disposition, Outcome, ParseError};

use crate::duration;
use crate::error::ReadError;
use crate::format::Format;
use crate::iphone_csv::party;
use crate::options::Options;
use crate::record::{Call, Items, Out, RawParty, expected};
use crate::rows::Row;
use crate::table::{self, First, Header};
use crate::time;

/// Reads the calls of a file. Without a column `owner`, the owner is `options.own`.
pub(crate) fn read<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    let options = options.clone();
    table::read(reader, move |first| {
        let columns = Columns::new(&Header::new(Format::CallsCsv, first))?;
        let own = if columns.owner.is_some() { None } else { Some(options.owner(Format::CallsCsv)?) };
        let put = move |row: &Row, out: &mut Out| {
            let owner = columns.owner.map(|column| row.get(column));
            let optional = |column: Option<usize>| column.map(|column| row.get(column)).unwrap_or_default();
            let (name, via) = (optional(columns.name), optional(columns.via));
            let counterparty = row.get(columns.counterparty);
            let call = Exported {
                owner: owner.as_deref(),
                created_at: &row.get(columns.created_at),
                counterparty: unguarded(&counterparty),
                call_type: &row.get(columns.call_type),
                duration: &row.get(columns.duration),
                disposition: &optional(columns.disposition),
                ring_time: &optional(columns.ring_time),
                name: unguarded(&name),
                via: unguarded(&via),
            };
            call.put(own.as_ref(), out)
        };
        Ok((First::Header, put))
    })
}

/// A field without the apostrophe that exports put before apparent formulas.
fn unguarded(field: &str) -> &str {
    let is_guarded =
        |rest: &&str| rest.trim_start_matches('\'').starts_with(['=', '-', '@', '+', '\t', '\r']);
    field.strip_prefix('\'').filter(is_guarded).unwrap_or(field)
}

struct Columns {
    owner: Option<usize>,
    created_at: usize,
    counterparty: usize,
    call_type: usize,
    duration: usize,
    disposition: Option<usize>,
    ring_time: Option<usize>,
    name: Option<usize>,
    via: Option<usize>,
}

impl Columns {
    fn new(header: &Header) -> Result<Self, ReadError> {
        Ok(Self {
            owner: header.find(&["owner"]),
            created_at: header.require(&["created_at"])?,
            counterparty: header.require(&["counterparty"])?,
            call_type: header.require(&["type"])?,
            duration: header.require(&["duration"])?,
            disposition: header.find(&["disposition"]),
            ring_time: header.find(&["ring_time"]),
            name: header.find(&["name"]),
            via: header.find(&["via"]),
        })
    }
}

/// A call of an export, in CSV or NDJSON. Optional members are empty if absent.
pub(crate) struct Exported<'a> {
    pub owner: Option<&'a str>,
    pub created_at: &'a str,
    pub counterparty: &'a str,
    pub call_type: &'a str,
    pub duration: &'a str,
    pub disposition: &'a str,
    pub ring_time: &'a str,
    pub name: &'a str,
    pub via: &'a str,
}

impl Exported<'_> {
    /// Gives the record of the call.
    pub fn put(&self, own: Option<&RawParty>, out: &mut Out) -> Result<(), String> {
        let owner = self.owner.map(RawParty::from_text).or_else(|| own.cloned()).unwrap_or(RawParty::Unknown);
        if !owner.is_identified() {
            return Err(expected(
                "an owner that is a number, extension or SIP address",
                self.owner.unwrap_or_default(),
            ));
        }
        let call_type: CallType =
            self.call_type.parse().map_err(|error: ParseError| expected(error.expected, &error.found))?;
        let optional = |text: &str| (!text.is_empty()).then(|| duration::seconds(text)).transpose();
        let duration = optional(self.duration)?;
        let disposition = Some(self.disposition)
            .filter(|text| !text.is_empty())
            .map(str::parse::<Disposition>)
            .transpose()
            .map_err(|error| expected(error.expected, &error.found))?;
        if duration.is_some() && call_type.outcome() == Outcome::Missed {
            return Err(expected("a missed call without a duration", self.duration));
        }
        if disposition.is_some_and(|disposition| !disposition.fits(call_type.outcome())) {
            return Err(expected(&format!("a disposition of a call that is {call_type}"), self.disposition));
        }
        let created_at = time::any(self.created_at, chrono_tz::UTC, None)?;
        out.record(owner, party(self.counterparty), &Call { call_type, created_at, duration })
            .disposition(disposition)
            .ring_time(optional(self.ring_time)?)
            .exact_name(self.name)
            .via((!self.via.is_empty()).then(|| RawParty::from_text(self.via)));
        Ok(())
    }
}
