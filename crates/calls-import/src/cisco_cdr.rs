//! Cisco Unified Communications Manager's call detail records (`cdr_*`): a header, a line of the columns'
//! types, and a line for each call. Times are seconds since 1970; 0 is none.

use std::borrow::Cow;
use std::io::BufRead;

use calls_model::Disposition;

use crate::error::ReadError;
use crate::format::Format;
use crate::options::Options;
use crate::record::{Items, Out, Reason};
use crate::rows::Row;
use crate::table::{self, First, Header};
use crate::talk::{Person, Talk, between};
use crate::{duration, ending, fold, time};

/// Columns that every version has.
pub(crate) const MARKS: &[&str] = &["dateTimeOrigination", "callingPartyNumber", "finalCalledPartyNumber"];

/// Reads the calls of a file.
pub(crate) fn read<'a>(_: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    table::read(reader, move |first| {
        let columns = Columns::new(&Header::new(Format::CiscoCdr, first))?;
        Ok((First::Header, move |row: &Row, out: &mut Out| columns.put(row, out)))
    })
}

struct Columns {
    record_type: Option<usize>,
    origination: usize,
    connect: usize,
    disconnect: Option<usize>,
    duration: usize,
    calling: usize,
    original_called: Option<usize>,
    final_called: usize,
    causes: [Option<usize>; 2],
    redirect_reason: Option<usize>,
    /// Columns that distinguish a mailbox from a telephone.
    called: [Option<usize>; 3],
}

/// Whether a device leads to mailboxes, by its name: voice ports of Unity are named `CiscoUM1-VI1` by
/// default, and trunks to it mostly by their purpose.
fn is_mailbox(device: &str) -> bool {
    const WORDS: [&str; 8] = ["unity", "cuc", "cue", "voicemail", "vmail", "vm", "mailbox", "exchangeum"];
    let is_port = device
        .rsplit_once("-VI")
        .is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()));
    let words = fold::words(device);
    let has_word = |word: &String| WORDS.contains(&word.trim_end_matches(|c: char| c.is_ascii_digit()));
    let is_in_two = words.windows(2).any(|pair| pair[0] == "voice" && pair[1].starts_with("mail"));
    is_port || is_in_two || words.iter().any(has_word)
}

impl Columns {
    fn new(header: &Header) -> Result<Self, ReadError> {
        Ok(Self {
            record_type: header.find(&["cdrRecordType"]),
            origination: header.require(&["dateTimeOrigination"])?,
            connect: header.require(&["dateTimeConnect"])?,
            disconnect: header.find(&["dateTimeDisconnect"]),
            duration: header.require(&["duration"])?,
            calling: header.require(&["callingPartyNumber"])?,
            original_called: header.find(&["originalCalledPartyNumber"]),
            final_called: header.require(&["finalCalledPartyNumber"])?,
            causes: ["destCause_value", "origCause_value"].map(|name| header.find(&[name])),
            redirect_reason: header.find(&["origCalledPartyRedirectReason"]),
            called: ["destDeviceName", "finalCalledPartyNumberPartition", "huntPilotPartition"]
                .map(|name| header.find(&[name])),
        })
    }

    fn put(&self, row: &Row, out: &mut Out) -> Result<(), Reason> {
        let optional = |column: Option<usize>| column.map_or(Cow::Borrowed(""), |column| row.get(column));
        // The line of types.
        if &*row.get(self.origination) == "INTEGER" {
            return Ok(());
        }
        // 2 is a record of a call's sound quality.
        if &*optional(self.record_type) == "2" {
            return Err(Reason::NoCall("a call management record".to_owned()));
        }
        let talk = self.talk(row)?;
        let caller = Person::new(&row.get(self.calling));
        let reached = Person::new(&row.get(self.final_called));
        let dialled = Person::new(&optional(self.original_called));
        if !dialled.is_identified() || dialled.party == reached.party {
            return talk.put_sides(&caller, &reached, None, out);
        }
        // A forwarded call that a mailbox answered. A caller who dials the mailbox directly listens to
        // messages.
        if talk.is_completed() && self.called.iter().any(|column| is_mailbox(&optional(*column))) {
            return talk.ended(Disposition::Voicemail).put_sides(&caller, &dialled, None, out);
        }
        // Forwarded because busy (1), no answer (2) or not registered (9), or picked up by another phone (5):
        // the dialled phone rang without success.
        let is_forwarded = matches!(&*optional(self.redirect_reason), "1" | "2" | "5" | "9");
        if is_forwarded && talk.is_completed() {
            talk.put_forwarded(&caller, &dialled, &reached, out)
        } else {
            talk.put_sides(&caller, &dialled, Some(&reached), out)
        }
    }

    fn talk(&self, row: &Row) -> Result<Talk, Reason> {
        let moment = |column: usize| match &*row.get(column) {
            "" | "0" => Ok(None),
            text => time::since_1970(text, 1).map(Some),
        };
        let start =
            moment(self.origination)?.ok_or("expected a time in dateTimeOrigination, but found none")?;
        if let Some(connect) = moment(self.connect)? {
            let length = duration::seconds(&row.get(self.duration))?;
            let talk = Talk::new(start, Disposition::Answered, Some(length));
            return Ok(talk.ringing(between(start, connect)));
        }
        let causes = self.causes.iter().flatten().filter_map(|column| row.get(*column).parse::<u32>().ok());
        // 0 is the side that did not end the call.
        let cause = causes.clone().find(|cause| *cause != 0);
        let end = self.disconnect.and_then(|column| moment(column).ok().flatten());
        let talk = match cause {
            Some(cause) => Talk::new(start, ending::by_cause(cause), None),
            None => Talk::missed(start),
        };
        Ok(talk.ringing(end.and_then(|end| between(start, end))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_is_told_by_its_device() {
        for device in
            ["CiscoUM1-VI1", "CiscoUM1-VI24", "SIPTrunk-CUC", "Unity_SIP_Trunk", "CUC01-SIP", "voice-mail"]
        {
            assert!(is_mailbox(device), "{device}");
        }
        for device in ["", "SEP001122334455", "SIPTrunk", "VMware-GW", "Victor-VIP", "CFB_2"] {
            assert!(!is_mailbox(device), "{device}");
        }
    }
}
