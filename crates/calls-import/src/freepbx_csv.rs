//! The CSV export of FreePBX's CDR reports (`functions.inc.php` of its module cdr). `calldate` is the start of
//! the call; there is no answer time.

use std::io::BufRead;

use crate::asterisk_csv::Cdr;
use crate::error::ReadError;
use crate::format::Format;
use crate::options::Options;
use crate::record::{Items, Out};
use crate::rows::Row;
use crate::table::{self, First, Header};

/// Reads the calls of a file.
pub(crate) fn read<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    let zone = options.zone;
    table::read(reader, move |first| {
        let columns = Columns::new(&Header::new(Format::FreepbxCsv, first))?;
        Ok((First::Header, move |row: &Row, out: &mut Out| columns.cdr(row).put(zone, out)))
    })
}

struct Columns {
    calldate: usize,
    clid: Option<usize>,
    src: usize,
    dst: usize,
    billsec: usize,
    disposition: usize,
    uniqueid: Option<usize>,
}

impl Columns {
    fn new(header: &Header) -> Result<Self, ReadError> {
        Ok(Self {
            calldate: header.require(&["calldate"])?,
            clid: header.find(&["clid"]),
            src: header.require(&["src"])?,
            dst: header.require(&["dst"])?,
            billsec: header.require(&["billsec"])?,
            disposition: header.require(&["disposition"])?,
            uniqueid: header.find(&["uniqueid"]),
        })
    }

    fn cdr(&self, row: &Row) -> Cdr {
        let optional =
            |column: Option<usize>| column.map(|column| row.get(column).into()).unwrap_or_default();
        Cdr {
            src: row.get(self.src).into(),
            clid: optional(self.clid),
            dst: row.get(self.dst).into(),
            start: row.get(self.calldate).into(),
            billsec: row.get(self.billsec).into(),
            disposition: row.get(self.disposition).into(),
            uniqueid: optional(self.uniqueid),
        }
    }
}
