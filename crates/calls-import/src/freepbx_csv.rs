//! The CSV export of FreePBX's CDR reports (`functions.inc.php` of its module cdr). `calldate` is the start
//! of the call; there is no answer time. Rows of one linked ID, else of one unique ID, are one call.

use std::io::BufRead;

use crate::asterisk_call;
use crate::asterisk_csv::{Cdr, WINDOW};
use crate::dates::DateColumns;
use crate::error::ReadError;
use crate::format::Format;
use crate::options::Options;
use crate::record::{Items, Reason};
use crate::rows::Row;
use crate::table::{self, Header};

/// Reads the calls of a file.
pub(crate) fn read<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    let (zone, dates) = (options.zone, options.dates);
    let prepare = move |first: &Row| {
        let columns = Columns::new(&Header::new(Format::FreepbxCsv, first))?;
        Ok(move |row: &Row| columns.cdr(row).leg(zone, dates).map_err(Reason::from))
    };
    table::read_joined(reader, WINDOW, prepare, asterisk_call::put)
}

/// Columns with dates.
pub(crate) fn date_columns(header: &Header) -> Result<DateColumns, ReadError> {
    Ok(DateColumns {
        date: header.require(&["calldate"])?,
        time: None,
        epoch: header.find(&["uniqueid"]),
        is_day_first_language: false,
    })
}

struct Columns {
    calldate: usize,
    clid: Option<usize>,
    src: usize,
    dst: usize,
    channel: Option<usize>,
    dstchannel: Option<usize>,
    lastapp: Option<usize>,
    duration: Option<usize>,
    billsec: usize,
    disposition: usize,
    uniqueid: Option<usize>,
    linkedid: Option<usize>,
    did: Option<usize>,
    cnam: Option<usize>,
    dst_cnam: Option<usize>,
}

impl Columns {
    fn new(header: &Header) -> Result<Self, ReadError> {
        Ok(Self {
            calldate: header.require(&["calldate"])?,
            clid: header.find(&["clid"]),
            src: header.require(&["src"])?,
            dst: header.require(&["dst"])?,
            channel: header.find(&["channel"]),
            dstchannel: header.find(&["dstchannel"]),
            lastapp: header.find(&["lastapp"]),
            duration: header.find(&["duration"]),
            billsec: header.require(&["billsec"])?,
            disposition: header.require(&["disposition"])?,
            uniqueid: header.find(&["uniqueid"]),
            linkedid: header.find(&["linkedid"]),
            did: header.find(&["did"]),
            cnam: header.find(&["cnam"]),
            dst_cnam: header.find(&["dst_cnam"]),
        })
    }

    fn cdr(&self, row: &Row) -> Cdr {
        let optional =
            |column: Option<usize>| column.map(|column| row.get(column).into_owned()).unwrap_or_default();
        // A spreadsheet may have put its decimal comma into an ID.
        let id = |column: Option<usize>| optional(column).replace(',', ".");
        Cdr {
            src: row.get(self.src).into(),
            clid: optional(self.clid),
            dst: row.get(self.dst).into(),
            channel: optional(self.channel),
            dstchannel: self.dstchannel.map(|column| row.get(column).into()),
            lastapp: optional(self.lastapp),
            start: row.get(self.calldate).into(),
            duration: optional(self.duration),
            billsec: row.get(self.billsec).into(),
            disposition: row.get(self.disposition).into(),
            uniqueid: id(self.uniqueid),
            linkedid: id(self.linkedid),
            did: optional(self.did),
            caller_name: optional(self.cnam),
            callee_name: optional(self.dst_cnam),
        }
    }
}
