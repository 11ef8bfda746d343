//! The CSV export of FusionPBX's call detail records. Quotes inside quoted fields are not escaped, and the
//! columns depend on the version and on the user's permissions.

use std::borrow::Cow;
use std::io::BufRead;

use calls_model::Disposition;
use chrono::{DateTime, Utc};

use crate::error::ReadError;
use crate::format::Format;
use crate::options::Options;
use crate::record::{Items, Out, Reason};
use crate::rows::Row;
use crate::table::{self, First, Header};
use crate::talk::{Person, Talk, began};
use crate::{duration, ending, hangup, time};

/// Reads the calls of a file.
pub(crate) fn read<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    let options = options.clone();
    table::read(reader, move |first| {
        let columns = Columns::new(&Header::new(Format::FusionpbxCsv, first))?;
        Ok((First::Header, move |row: &Row, out: &mut Out| columns.put(row, &options, out)))
    })
}

/// Whether a header is that of FusionPBX.
pub(crate) fn fits_header(header: &Header) -> bool {
    let marks = ["missed_call", "caller_destination", "xml_cdr_uuid", "domain_uuid", "source_number"];
    header.has_all(&["direction", "caller_id_number", "destination_number", "billsec"])
        && header.find(&["start_stamp", "start_epoch"]).is_some()
        && marks.iter().any(|mark| header.find(&[mark]).is_some())
}

struct Columns {
    caller: usize,
    destination: usize,
    billsec: Option<usize>,
    others: [Option<usize>; OTHERS.len()],
}

/// Optional columns.
const OTHERS: [&str; 15] = [
    "direction",
    "caller_id_name",
    "caller_destination",
    "source_number",
    "extension",
    "extension_name",
    "start_epoch",
    "start_stamp",
    "status",
    "missed_call",
    "hangup_cause",
    "leg",
    "tta",
    "last_app",
    "voicemail_message",
];

impl Columns {
    fn new(header: &Header) -> Result<Self, ReadError> {
        header.require(&["start_stamp", "start_epoch"])?;
        Ok(Self {
            caller: header.require(&["caller_id_number"])?,
            destination: header.require(&["destination_number"])?,
            billsec: header.find(&["billsec", "duration"]),
            others: OTHERS.map(|name| header.find(&[name])),
        })
    }

    fn other<'a>(&self, row: &'a Row, name: &str) -> Cow<'a, str> {
        let column = OTHERS.iter().position(|other| *other == name).and_then(|index| self.others[index]);
        column.map(|column| row.get(column)).unwrap_or_default()
    }

    fn put(&self, row: &Row, options: &Options, out: &mut Out) -> Result<(), Reason> {
        if self.other(row, "leg").eq_ignore_ascii_case("b") {
            return Err(Reason::SecondLeg);
        }
        let talk = self.talk(row, options)?;
        let (extension, extension_name) = (self.other(row, "extension"), self.other(row, "extension_name"));
        let destination = Person::new(&row.get(self.destination));
        let caller = Person::named(&row.get(self.caller), &self.other(row, "caller_id_name"));
        let direction = self.other(row, "direction");
        if plainly(&direction, "outbound") {
            let source = Person::new(&self.other(row, "source_number"));
            let user = Person::first_known([Person::named(&extension, &extension_name), source, caller]);
            return talk.put_sides(&user, &destination, None, out);
        }
        if !plainly(&direction, "inbound") {
            return talk.put_sides(&caller, &destination, None, out);
        }
        let did = Person::new(&self.other(row, "caller_destination"));
        if did.is_identified() {
            talk.put_sides(&caller, &did, Some(&destination), out)
        } else {
            let user = Person::named(&extension, &extension_name);
            talk.put_sides(&caller, &destination, Some(&user), out)
        }
    }

    fn talk(&self, row: &Row, options: &Options) -> Result<Talk, Reason> {
        let created_at = self.created_at(row, options)?;
        let billsec = self.billsec.map(|column| row.get(column)).filter(|text| !text.is_empty());
        let length = billsec.map(|text| duration::any(&text)).transpose()?;
        let talk = match self.disposition(row) {
            Some(disposition) => Talk::new(created_at, disposition, length),
            None => Talk::by_length(created_at, length, hangup::cause(&self.other(row, "hangup_cause"))),
        };
        let ring_time = duration::seconds(&self.other(row, "tta")).ok().filter(|_| talk.is_completed());
        Ok(talk.ringing(ring_time))
    }

    /// Disposition of the call, if a column has it. `NORMAL_CLEARING` also ends unanswered calls.
    fn disposition(&self, row: &Row) -> Option<Disposition> {
        let is_true = |name: &str| matches!(&*self.other(row, name), "true" | "1" | "t" | "yes");
        if plainly(&self.other(row, "last_app"), "voicemail") || is_true("voicemail_message") {
            return Some(Disposition::Voicemail);
        }
        let status = ending::by_word(&self.other(row, "status"));
        let missed = is_true("missed_call").then_some(Disposition::NoAnswer);
        match status.or(missed) {
            // The hangup cause is more specific.
            Some(Disposition::NoAnswer) => {
                hangup::cause(&self.other(row, "hangup_cause")).or(Some(Disposition::NoAnswer))
            }
            found => found,
        }
    }

    fn created_at(&self, row: &Row, options: &Options) -> Result<DateTime<Utc>, String> {
        match &*self.other(row, "start_epoch") {
            "" => began(&self.other(row, "start_stamp"), options),
            epoch => time::since_1970(epoch, 1),
        }
    }
}

/// Whether a text is this word, ignoring case.
fn plainly(text: &str, word: &str) -> bool {
    text.trim().eq_ignore_ascii_case(word)
}
