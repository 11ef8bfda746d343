//! Asterisk's `Master.csv`, and the parts shared with other Asterisk formats.
//!
//! `cdr/cdr_csv.c` writes 16 columns without a header, then those that `cdr.conf` turns on: `uniqueid`
//! (`loguniqueid`), `userfield` (`loguserfield`), and `peeraccount, linkedid, sequence` (`newcdrcolumns`).

use std::io::BufRead;

use calls_model::Disposition;
use chrono::{DateTime, Utc};

use crate::asterisk_call::{self, Leg};
use crate::dates::DateOrder;
use crate::legs::{self, Entry};
use crate::options::Options;
use crate::record::{Items, expected};
use crate::rows::{Dialect, Next, Quotes, Row};
use crate::{duration, table, time};

/// Reads the calls of a file. Rows with the same linked ID, or without one the same unique ID, are one call
/// if at most [`WINDOW`] rows are between them.
pub(crate) fn read<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    read_rows(options, reader, COLUMNS, cdr)
}

/// Number of rows that wait for others of their call. Even a busy system writes the rows of a call within
/// seconds.
pub(crate) const WINDOW: usize = 4096;

const COLUMNS: std::ops::RangeInclusive<usize> = 16..=21;

/// Reads rows without a header.
pub(crate) fn read_rows<'a>(
    options: &Options,
    reader: impl BufRead + 'a,
    columns: std::ops::RangeInclusive<usize>,
    cdr: fn(&Row) -> Result<Cdr, String>,
) -> Items<'a> {
    let (min_columns, max_columns) = columns.into_inner();
    let dialect = Dialect { delimiter: b',', quotes: Quotes::Doubled, min_columns, max_columns };
    let (mut unopened, mut opened) = (Some(reader), None);
    let zone = options.zone;
    let next = move || {
        if let Some(reader) = unopened.take() {
            opened = table::open_headless(reader, dialect)?;
        }
        let Some(rows) = &mut opened else { return Ok(Entry::End) };
        Ok(match rows.read()? {
            Next::End => Entry::End,
            Next::Bad(line, reason) => Entry::Skipped(line, reason.into()),
            Next::Row(row) => match cdr(row).and_then(|cdr| cdr.leg(zone, None)) {
                Ok((leg, keys)) => Entry::Leg(row.line(), leg, keys),
                Err(reason) => Entry::Skipped(row.line(), reason.into()),
            },
        })
    };
    legs::join(WINDOW, next, asterisk_call::put)
}

/// Whether a row has the columns of a call.
pub(crate) fn fits(row: &Row) -> bool {
    cdr(row).is_ok_and(|cdr| cdr.fits())
}

/// The columns of a call detail record, as texts.
#[derive(Debug, Default)]
pub(crate) struct Cdr {
    pub src: String,
    pub clid: String,
    pub dst: String,
    pub channel: String,
    /// `None` where the file has no such column.
    pub dstchannel: Option<String>,
    pub lastapp: String,
    pub start: String,
    pub duration: String,
    pub billsec: String,
    pub disposition: String,
    /// A unique ID: `1772438400.0`, or with the name of the system `pbx1-1772438400.0`.
    pub uniqueid: String,
    pub linkedid: String,
    pub did: String,
    pub caller_name: String,
    pub callee_name: String,
}

impl Cdr {
    /// The leg in the row, and the keys that it shares with others of its call.
    pub fn leg(self, zone: chrono_tz::Tz, dates: Option<DateOrder>) -> Result<(Leg, Vec<String>), String> {
        let start = self.start(zone, dates)?;
        let (is_answered, disposition) = ended(&self.disposition)?;
        // Queues answer the channel, so a missed call may have billed seconds.
        let answered = is_answered.then(|| duration::seconds(&self.billsec)).transpose()?;
        let keys = self.keys();
        let leg = Leg {
            src: self.src,
            clid: self.clid,
            dst: self.dst,
            channel: self.channel,
            dstchannel: self.dstchannel,
            lastapp: self.lastapp,
            start,
            duration: duration::seconds(&self.duration).ok(),
            answered,
            disposition,
            did: self.did,
            caller_name: self.caller_name,
            callee_name: self.callee_name,
        };
        Ok((leg, keys))
    }

    /// Whether start and disposition are valid.
    pub fn fits(&self) -> bool {
        time::local(&self.start).is_some() && ended(&self.disposition).is_ok()
    }

    fn start(&self, zone: chrono_tz::Tz, dates: Option<DateOrder>) -> Result<DateTime<Utc>, String> {
        let epoch = channel_epoch(&self.uniqueid);
        if time::local(&self.start).is_some() {
            return time::local_in_zone(&self.start, zone, epoch);
        }
        // Spreadsheets change the format of dates.
        time::at(&self.start, zone, dates, epoch)
            .map_err(|_| expected("a start time such as 2026-03-02 08:00:00", &self.start))
    }

    /// The linked ID or else the unique ID, and the Local channels in the row: without a linked ID, only
    /// these connect the legs of a queue or follow-me.
    fn keys(&self) -> Vec<String> {
        let is_id = |id: &&String| is_uniqueid(id);
        let id = [&self.linkedid, &self.uniqueid].into_iter().find(is_id).cloned();
        let local = |channel: &str| {
            let name = channel.strip_prefix("Local/").and_then(|_| channel.rsplit_once(';'));
            name.map(|(name, _)| name.to_owned())
        };
        let of_channels = [Some(self.channel.as_str()), self.dstchannel.as_deref()].into_iter().flatten();
        id.into_iter().chain(of_channels.filter_map(local)).collect()
    }
}

/// Whether a call was answered, and its disposition.
fn ended(disposition: &str) -> Result<(bool, Option<Disposition>), String> {
    const DISPOSITIONS: [(&str, Option<Disposition>); 7] = [
        ("ANSWERED", Some(Disposition::Answered)),
        ("NO ANSWER", Some(Disposition::NoAnswer)),
        ("BUSY", Some(Disposition::Busy)),
        ("FAILED", Some(Disposition::Failed)),
        ("CONGESTION", Some(Disposition::Failed)),
        ("CANCEL", Some(Disposition::Cancelled)),
        ("UNKNOWN", None),
    ];
    let found = DISPOSITIONS.iter().find(|(name, _)| table::is_same(disposition, name));
    found
        .map(|(_, found)| (*found == Some(Disposition::Answered), *found))
        .ok_or_else(|| expected("a disposition such as ANSWERED or NO ANSWER", disposition))
}

/// The second at which the channel was created, from a unique ID.
pub(crate) fn channel_epoch(uniqueid: &str) -> Option<i64> {
    let (epoch, _) = uniqueid.rsplit_once('.')?;
    let epoch = epoch.rsplit_once('-').map_or(epoch, |(_, epoch)| epoch);
    epoch.parse().ok()
}

/// Whether a text is a unique ID: `digits.digits`, optionally with the name of the system and a dash before
/// it.
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
    // With 17 or 20 columns, one of uniqueid and userfield is present, and only its form tells which. With 19
    // neither is; the linkedid is the uniqueid of the first channel of the call, which is at least as old.
    let uniqueid = match row.len() {
        19 => row.get(17),
        20 if !is_uniqueid(&row.get(UNIQUEID)) => row.get(18),
        _ => row.get(UNIQUEID),
    };
    let linkedid = match row.len() {
        columns @ 19..=21 => row.get(columns - 2),
        _ => "".into(),
    };
    Ok(Cdr {
        src: row.get(1).into(),
        dst: row.get(2).into(),
        clid: row.get(4).into(),
        channel: row.get(5).into(),
        dstchannel: Some(row.get(6).into()),
        lastapp: row.get(7).into(),
        start: row.get(9).into(),
        duration: row.get(12).into(),
        billsec: row.get(13).into(),
        disposition: row.get(14).into(),
        uniqueid: if is_uniqueid(&uniqueid) { uniqueid.into() } else { String::new() },
        linkedid: linkedid.into(),
        ..Cdr::default()
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
}
