//! Asterisk's `Master.csv`, and what the other Asterisk formats share with it.
//!
//! `cdr/cdr_csv.c` writes 16 columns without a header, then those that `cdr.conf` turns on: `uniqueid`
//! (`loguniqueid`), `userfield` (`loguserfield`), and `peeraccount, linkedid, sequence` (`newcdrcolumns`).

use std::io::BufRead;

use crate::duration;
use crate::lines::Lines;
use crate::options::Options;
use crate::pbx::{self, TwoSided};
use crate::record::{Items, Out, RawParty, expected, items};
use crate::rows::{Dialect, Quotes, Row, Rows};
use crate::{table, time};

const COLUMNS: std::ops::RangeInclusive<usize> = 16..=21;

/// Reads the calls of a file.
pub(crate) fn read<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    let dialect = Dialect {
        delimiter: b',',
        quotes: Quotes::Doubled,
        min_columns: *COLUMNS.start(),
        max_columns: *COLUMNS.end(),
    };
    let mut rows = Rows::new(Lines::new(reader), dialect);
    let zone = options.zone;
    items(move |out| table::read_row(&mut rows, |row, out| cdr(row)?.put(zone, out), out))
}

/// Whether a row has the columns of a call.
pub(crate) fn fits(row: &Row) -> bool {
    cdr(row).is_ok_and(|cdr| cdr.fits())
}

/// The columns of a call detail record that make a record here.
#[derive(Debug)]
pub(crate) struct Cdr {
    pub src: String,
    pub clid: String,
    pub dst: String,
    pub start: String,
    pub billsec: String,
    pub disposition: String,
    /// `1772438400.0`, also behind the name of the system: `pbx1-1772438400.0`.
    pub uniqueid: String,
}

impl Cdr {
    /// Gives the records of both sides.
    pub fn put(&self, zone: chrono_tz::Tz, out: &mut Out) -> Result<(), String> {
        let created_at = time::local_in_zone(&self.start, zone, channel_epoch(&self.uniqueid))?;
        let (outcome, duration) = pbx::talk(match answered(&self.disposition)? {
            true => Some(duration::seconds(&self.billsec)?),
            // Queues answer the channel themselves, so a missed call can have seconds to bill.
            false => None,
        });
        let callee = RawParty::from_text(&self.dst);
        TwoSided { caller: self.caller(), callee, created_at, outcome, duration }.put(out)
    }

    /// Whether start and disposition are what they should be.
    pub fn fits(&self) -> bool {
        time::local(&self.start).is_some() && answered(&self.disposition).is_ok()
    }

    /// The caller. Where `src` is empty the caller ID may still tell a hidden number from none at all.
    fn caller(&self) -> RawParty {
        if !self.src.is_empty() {
            return RawParty::from_text(&self.src);
        }
        let (name, number) = self.clid.rsplit_once('<').unwrap_or((&self.clid, ""));
        let number = RawParty::from_text(number.trim_end_matches('>'));
        match RawParty::from_text(name.trim().trim_matches('"')) {
            RawParty::Withheld if number == RawParty::Unknown => RawParty::Withheld,
            _ => number,
        }
    }
}

/// Whether a disposition is that of an answered call.
fn answered(disposition: &str) -> Result<bool, String> {
    const MISSED: [&str; 6] = ["NO ANSWER", "BUSY", "FAILED", "CONGESTION", "CANCEL", "UNKNOWN"];
    if disposition.eq_ignore_ascii_case("ANSWERED") {
        Ok(true)
    } else if MISSED.iter().any(|missed| table::is_same(disposition, missed)) {
        Ok(false)
    } else {
        Err(expected("a disposition such as ANSWERED or NO ANSWER", disposition))
    }
}

/// The second at which the channel was made, from a unique ID.
fn channel_epoch(uniqueid: &str) -> Option<i64> {
    let (epoch, _) = uniqueid.rsplit_once('.')?;
    let epoch = epoch.rsplit_once('-').map_or(epoch, |(_, epoch)| epoch);
    epoch.parse().ok()
}

/// Whether it is a unique ID: `digits.digits`, also behind the name of the system and a dash.
fn is_uniqueid(text: &str) -> bool {
    let number = text.rsplit_once('-').map_or(text, |(_, number)| number);
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    number.split_once('.').is_some_and(|(epoch, sequence)| digits(epoch) && digits(sequence))
}

fn cdr(row: &Row) -> Result<Cdr, String> {
    const UNIQUEID: usize = 16;
    if !COLUMNS.contains(&row.len()) {
        return Err(format!("expected 16 to 21 columns, but found {}", row.len()));
    }
    if time::local(&row.get(9)).is_none() && time::local(&row.get(8)).is_some() {
        return Err(
            "expected the start time in column 10, but found it in column 9, as cdr_custom writes it \
                    (format asterisk-custom-csv)"
                .to_owned(),
        );
    }
    // With 17 or 20 columns one of uniqueid and userfield is there, and only its look tells which. With 19 none
    // of them is; the linkedid is the uniqueid of the first channel of the call, which is no younger.
    let uniqueid = match row.len() {
        19 => row.get(17),
        20 if !is_uniqueid(&row.get(UNIQUEID)) => row.get(18),
        _ => row.get(UNIQUEID),
    };
    Ok(Cdr {
        src: row.get(1).into(),
        dst: row.get(2).into(),
        clid: row.get(4).into(),
        start: row.get(9).into(),
        billsec: row.get(13).into(),
        disposition: row.get(14).into(),
        uniqueid: if is_uniqueid(&uniqueid) { uniqueid.into() } else { String::new() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unique_id_tells_when_its_channel_was_made() {
        for (uniqueid, epoch) in
            [("1772438400.0", 1_772_438_400), ("pbx1-1772438400.12", 1_772_438_400), ("a-b-1.2", 1)]
        {
            assert!(is_uniqueid(uniqueid));
            assert_eq!(channel_epoch(uniqueid), Some(epoch));
        }
        for userfield in ["", "1772438400", "note", "1.2.3", "v1.2", "a.1", "1.", ".1"] {
            assert!(!is_uniqueid(userfield), "{userfield}");
        }
    }

    #[test]
    fn an_empty_source_may_still_be_a_hidden_one() {
        let caller = |clid: &str| {
            Cdr {
                src: String::new(),
                clid: clid.to_owned(),
                dst: String::new(),
                start: String::new(),
                billsec: String::new(),
                disposition: String::new(),
                uniqueid: String::new(),
            }
            .caller()
        };
        assert_eq!(caller("\"Anonymous\" <>"), RawParty::Withheld);
        assert_eq!(caller("\"\" <anonymous>"), RawParty::Withheld);
        assert_eq!(caller("\"Example\" <1001>"), RawParty::Text("1001".to_owned()));
        assert_eq!(caller("\"Example\" <>"), RawParty::Unknown);
        assert_eq!(caller(""), RawParty::Unknown);
    }
}
