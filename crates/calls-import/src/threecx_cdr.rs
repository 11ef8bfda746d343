//! 3CX's call detail records. The file has no header; its fields are selected in 3CX's settings, by default
//! in the order of [`FIELDS`]. A file with a header is read too. Extensions are written as `Ext.101`, queues
//! and ring groups likewise.

use std::borrow::Cow;
use std::io::BufRead;

use calls_model::Disposition;

use crate::error::ReadError;
use crate::format::Format;
use crate::options::Options;
use crate::party::{SHORTEST, count_digits};
use crate::record::{Items, Out, Reason, or_refuse};
use crate::rows::Row;
use crate::table::{self, First, Header, plain};
use crate::talk::{Person, Talk, began, between};
use crate::{duration, ending, time};

/// The fields in their usual order.
const FIELDS: [&str; 27] = [
    "historyid",
    "callid",
    "duration",
    "time-start",
    "time-answered",
    "time-end",
    "reason-terminated",
    "from-no",
    "to-no",
    "from-dn",
    "to-dn",
    "dial-no",
    "reason-changed",
    "final-number",
    "final-dn",
    "bill-code",
    "bill-rate",
    "bill-cost",
    "bill-name",
    "chain",
    "from-type",
    "to-type",
    "final-type",
    "from-dispname",
    "to-dispname",
    "final-dispname",
    "missed-queue-calls",
];

/// The fields in the order of some installations, without record numbers.
const FIELDS_BY_TIME: [&str; 20] = [
    "time-start",
    "dial-no",
    "from-dn",
    "duration",
    "time-answered",
    "time-end",
    "reason-terminated",
    "reason-changed",
    "missed-queue-calls",
    "from-no",
    "to-no",
    "to-dn",
    "final-number",
    "final-dn",
    "from-type",
    "to-type",
    "final-type",
    "from-dispname",
    "to-dispname",
    "final-dispname",
];

/// Reads the calls of a file.
pub(crate) fn read<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    let options = options.clone();
    let calls = table::read(reader, move |first| {
        let (kind, columns) = Columns::new(first)?;
        Ok((kind, move |row: &Row, out: &mut Out| columns.put(row, &options, out)))
    });
    or_refuse(Format::ThreecxCdr, calls)
}

/// Whether the first row of a file is its header or a call.
pub(crate) fn fits(row: &Row) -> bool {
    let header = Header::new(Format::ThreecxCdr, row);
    header.has_all(&["time-start", "from-no", "to-no"]) || without_header(row).is_some()
}

/// The fields of a row without a header, recognized by the positions of its times.
fn without_header(row: &Row) -> Option<&'static [&'static str]> {
    let layouts: [&[&str]; 2] = [&FIELDS, &FIELDS_BY_TIME];
    layouts.into_iter().find(|fields| {
        let text = |name: &str| fields.iter().position(|field| *field == name).map(|column| row.get(column));
        let is_time = |name: &str, or_empty: bool| {
            text(name).is_some_and(|text| (or_empty && text.is_empty()) || is_time(&text))
        };
        let has_length = text("duration").is_some_and(|text| text.is_empty() || text.split(':').count() == 3);
        row.len() >= 9
            && has_length
            && is_time("time-start", false)
            && is_time("time-answered", true)
            && is_time("time-end", true)
    })
}

/// Whether a text is a time in 3CX's format, year first.
fn is_time(text: &str) -> bool {
    text.get(4..5).is_some_and(|sign| sign == "/" || sign == "-")
        && time::any(text, chrono_tz::UTC, None).is_ok()
}

struct Columns {
    columns: Vec<(&'static str, usize)>,
}

impl Columns {
    fn new(first: &Row) -> Result<(First, Self), ReadError> {
        if let Some(fields) = without_header(first) {
            let columns = fields.iter().copied().zip(0..).collect();
            return Ok((First::Call, Self { columns }));
        }
        let header = Header::new(Format::ThreecxCdr, first);
        for needed in ["time-start", "from-no", "to-no"] {
            header.require(&[needed])?;
        }
        let columns = FIELDS.iter().filter_map(|field| Some((*field, header.find(&[field])?))).collect();
        Ok((First::Header, Self { columns }))
    }

    fn get<'a>(&self, row: &'a Row, field: &str) -> Cow<'a, str> {
        let column = self.columns.iter().find(|(name, _)| *name == field);
        column.map(|(_, column)| row.get(*column)).unwrap_or_default()
    }

    fn put(&self, row: &Row, options: &Options, out: &mut Out) -> Result<(), Reason> {
        let talk = self.talk(row, options)?;
        let person =
            |field: &str, name: &str| Person::named(number(&self.get(row, field)), &self.get(row, name));
        let caller =
            Person::first_known([person("from-no", "from-dispname"), person("from-dn", "from-dispname")]);
        let dialled = Person::first_known([
            person("to-no", "to-dispname"),
            person("dial-no", "to-dispname"),
            person("to-dn", "to-dispname"),
        ]);
        let dialled = match self.mailbox_of(row) {
            Some(owner) => owner,
            None => dialled,
        };
        let reached = person("final-number", "final-dispname");
        // A call from outside dials a number that is routed to the extension.
        let did = Person::new(number(&self.get(row, "dial-no")));
        let is_did = self.get(row, "from-dn").starts_with("Line")
            && count_digits(&self.get(row, "dial-no")) >= SHORTEST
            && did.is_identified();
        if is_did && did.party != dialled.party {
            let reached = Person::first_known([reached, dialled]);
            return talk.put_sides(&caller, &did, Some(&reached), out);
        }
        talk.put_sides(&caller, &dialled, Some(&reached), out)
    }

    /// The extension whose mailbox took a call, from the chain: it comes before the mailbox.
    fn mailbox_of(&self, row: &Row) -> Option<Person> {
        let is_mailbox = |text: &str| plain(text).starts_with("vmail");
        if !is_mailbox(&self.get(row, "to-no")) {
            return None;
        }
        // The chain comes first unless billing fields are in its place.
        let chain = (0..row.len()).map(|column| row.get(column)).find(|text| text.starts_with("Chain:"))?;
        let links: Vec<&str> = chain.trim_start_matches("Chain:").split(';').map(str::trim).collect();
        let mailbox = links.iter().position(|link| is_mailbox(link))?;
        let rang = links[1..mailbox.max(1)].iter().rev().find(|link| link.starts_with("Ext."))?;
        Some(Person::new(number(rang)))
    }

    fn talk(&self, row: &Row, options: &Options) -> Result<Talk, Reason> {
        let start = began(&self.get(row, "time-start"), options)?;
        let moment =
            |field: &str| began(&self.get(row, field), options).ok().filter(|moment| *moment >= start);
        let (answered, end) = (moment("time-answered"), moment("time-end"));
        let length = duration::optional(&self.get(row, "duration"), duration::Unit::Seconds)?;
        let has_answer = self.columns.iter().any(|(name, _)| *name == "time-answered");
        let by_length = length.is_some_and(|length| length.ms() > 0);
        let is_answered = if has_answer { answered.is_some() } else { by_length };
        let ring_time = answered.and_then(|answered| between(start, answered));
        if !is_answered {
            let ring_time = end.and_then(|end| between(start, end));
            let disposition = by_reason(&self.get(row, "reason-terminated"));
            return Ok(disposition
                .map_or(Talk::missed(start), |disposition| Talk::new(start, disposition, None))
                .ringing(ring_time));
        }
        let disposition = match self.machine(row) {
            Some(disposition) => disposition,
            None => Disposition::Answered,
        };
        // Some versions count from the start of the call.
        let talked = answered.zip(end).and_then(|(answered, end)| between(answered, end));
        let length = match (length, talked) {
            (Some(length), Some(talked)) if talked.ms() > 0 => {
                Some(if talked.ms() < length.ms() { talked } else { length })
            }
            (length, talked) => length.or(talked),
        };
        Ok(Talk::new(start, disposition, length).ringing(ring_time))
    }

    /// Disposition if only a machine answered: a mailbox, or a queue without an agent.
    fn machine(&self, row: &Row) -> Option<Disposition> {
        let is = |field: &str, kinds: &[&str]| {
            let text = plain(&self.get(row, field));
            kinds.iter().any(|kind| text.starts_with(kind))
        };
        let mailbox = ["voicemail", "vmail", "specialmenu"];
        if is("final-type", &mailbox) || is("final-number", &mailbox) || is("final-dn", &mailbox) {
            return Some(Disposition::Voicemail);
        }
        let is_last = self.get(row, "final-number").is_empty() && self.get(row, "final-type").is_empty();
        if is_last && (is("to-type", &mailbox) || is("to-no", &mailbox) || is("to-dn", &mailbox)) {
            return Some(Disposition::Voicemail);
        }
        let queue = ["queue"];
        (is("final-type", &queue) || (is_last && is("to-type", &queue))).then_some(Disposition::NoAnswer)
    }
}

/// The number in `Ext.101`, `Queue.800`, `VMail.999`.
fn number(text: &str) -> &str {
    match text.split_once('.') {
        Some((kind, number))
            if kind.bytes().all(|b| b.is_ascii_alphabetic())
                && !kind.is_empty()
                && number.bytes().next().is_some_and(|b| b.is_ascii_digit() || b == b'+' || b == b'*') =>
        {
            number
        }
        _ => text,
    }
}

/// Disposition of an unanswered call. If the source hung up: cancelled.
fn by_reason(reason: &str) -> Option<Disposition> {
    match plain(reason).as_str() {
        "terminatedbysrc" | "srcparticipantterminated" | "srchangup" => Some(Disposition::Cancelled),
        "failedcancelled" => Some(Disposition::Cancelled),
        "terminatedbydst" | "dstparticipantterminated" | "noanswer" | "failednoanswer" => {
            Some(Disposition::NoAnswer)
        }
        "failedbusy" => Some(Disposition::Busy),
        "noroute" | "notfound" | "failedservererror" | "badrequest" | "forbidden" => {
            Some(Disposition::Failed)
        }
        _ => ending::by_word(reason).filter(|disposition| *disposition != Disposition::Answered),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_before_a_number_is_no_part_of_it() {
        for (text, expected) in [
            ("Ext.101", "101"),
            ("Queue.800", "800"),
            ("+12025550123", "+12025550123"),
            ("a.b", "a.b"),
            (".1", ".1"),
        ] {
            assert_eq!(number(text), expected);
        }
    }
}
