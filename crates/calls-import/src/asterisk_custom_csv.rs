//! Asterisk's `Master.csv` of the module cdr_custom, with the mapping of the sample `cdr_custom.conf`:
//! `clid, src, dst, dcontext, channel, dstchannel, lastapp, lastdata, start, answer, end, duration, billsec,
//! disposition, amaflags, accountcode, uniqueid, userfield, sequence`. Older ones end earlier.

use std::io::BufRead;

use crate::asterisk_csv::{self, Cdr};
use crate::options::Options;
use crate::record::Items;
use crate::rows::Row;
use crate::time;

const COLUMNS: std::ops::RangeInclusive<usize> = 16..=19;

/// Reads the calls of a file. Rows of one unique ID are one call.
pub(crate) fn read<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    asterisk_csv::read_rows(options, reader, COLUMNS, cdr)
}

/// Whether a row has the columns of a call.
pub(crate) fn fits(row: &Row) -> bool {
    cdr(row).is_ok_and(|cdr| cdr.fits())
}

fn cdr(row: &Row) -> Result<Cdr, String> {
    if !COLUMNS.contains(&row.len()) {
        return Err(format!("expected 16 to 19 columns, but found {}", row.len()));
    }
    if time::local(&row.get(8)).is_none() && time::local(&row.get(9)).is_some() {
        return Err(
            "expected the start time in column 9, but found it in column 10, as cdr_csv writes it (format \
                    asterisk-csv)"
                .to_owned(),
        );
    }
    Ok(Cdr {
        clid: row.get(0).into(),
        src: row.get(1).into(),
        dst: row.get(2).into(),
        channel: row.get(4).into(),
        dstchannel: Some(row.get(5).into()),
        lastapp: row.get(6).into(),
        start: row.get(8).into(),
        duration: row.get(11).into(),
        billsec: row.get(12).into(),
        disposition: row.get(13).into(),
        uniqueid: row.get(16).into(),
        ..Cdr::default()
    })
}
