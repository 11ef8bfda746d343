//! Microsoft Teams' PSTN usage report as CSV, of Calling Plans (`user_in`, `user_out`, `conf_in`, `ucap_out`,
//! ...) or of Direct Routing (`dr_in`, `dr_out_user_transfer`, `ByotIn`, ...). Columns can be left out, and
//! their names differ between the admin centre and Microsoft Graph.

use std::io::BufRead;

use calls_model::{Direction, Disposition};

use crate::duration;
use crate::error::ReadError;
use crate::format::Format;
use crate::hangup;
use crate::options::Options;
use crate::record::{Items, Out, RawParty, Reason, expected};
use crate::rows::Row;
use crate::table::{self, First, Header, plain};
use crate::talk::{Person, Talk, began, between};

/// Reads the calls of a file.
pub(crate) fn read<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    let options = options.clone();
    table::read(reader, move |first| {
        let columns = Columns::new(&Header::new(Format::TeamsCsv, first))?;
        Ok((First::Header, move |row: &Row, out: &mut Out| columns.put(row, &options, out)))
    })
}

/// Whether a header is that of a report.
pub(crate) fn fits_header(header: &Header) -> bool {
    const MARKS: [&str; 19] = [
        "usage id",
        "user principal name",
        "userPrincipalName",
        "upn",
        "sip address",
        "invite time",
        "invite time (utc)",
        "inviteDateTime",
        "conference id",
        "capability",
        "license capability",
        "number type",
        "correlation id",
        "final sip code",
        "final sip phrase",
        "sbc fqdn",
        "azure region for signaling",
        "azure region for media",
        "media bypass",
    ];
    [CALLER, CALLEE, KIND].iter().all(|names| header.find(names).is_some())
        && (MARKS.iter().any(|mark| header.find(&[mark]).is_some())
            || header.has_all(&["caller id", "destination number", "duration seconds"]))
        && header.find(INVITE).or(header.find(START)).is_some()
}

const CALLER: &[&str] = &["caller number", "caller id", "called from", "source number", "from"];
const CALLEE: &[&str] = &["callee number", "destination number", "called to", "destination dialed", "to"];
const KIND: &[&str] = &["call type"];
/// Names of the column with the start of a call.
pub(crate) const START: &[&str] =
    &["start time", "start time (utc)", "startDateTime", "time stamp (utc)", "timestamp"];
const INVITE: &[&str] = &["invite time", "invite time (utc)", "inviteDateTime"];
const FAILURE: &[&str] = &["failure time", "failure time (utc)", "failureDateTime"];
const DURATION: &[&str] = &["duration seconds", "duration (seconds)", "duration (sec)", "duration"];
const SUCCESS: &[&str] = &["success", "successful call", "successfulCall", "event type"];
const CODE: &[&str] = &["final sip code", "finalSipCode"];
const USER: &[&str] = &["sip address", "user principal name", "userPrincipalName", "upn"];

struct Columns {
    caller: usize,
    callee: usize,
    kind: usize,
    start: Option<usize>,
    invite: Option<usize>,
    failure: Option<usize>,
    duration: Option<usize>,
    success: Option<usize>,
    code: Option<usize>,
    user: Option<usize>,
}

impl Columns {
    fn new(header: &Header) -> Result<Self, ReadError> {
        let (start, invite) = (header.find(START), header.find(INVITE));
        if start.is_none() && invite.is_none() {
            header.require(START)?;
        }
        Ok(Self {
            caller: header.require(CALLER)?,
            callee: header.require(CALLEE)?,
            kind: header.require(KIND)?,
            start,
            invite,
            failure: header.find(FAILURE),
            duration: header.find(DURATION),
            success: header.find(SUCCESS),
            code: header.find(CODE),
            user: header.find(USER),
        })
    }

    /// Gives the record of the organisation's side.
    fn put(&self, row: &Row, options: &Options, out: &mut Out) -> Result<(), Reason> {
        let direction = direction(&row.get(self.kind))?;
        let talk = self.talk(row, options)?;
        let (caller, callee) = (Person::new(&row.get(self.caller)), Person::new(&row.get(self.callee)));
        let (owner, other) = match direction {
            Direction::Inbound => (callee, caller),
            Direction::Outbound => (caller, callee),
        };
        let owner = Some(owner.party).filter(|owner| owner.is_identified());
        let owner = owner.or_else(|| self.user(row)).or_else(|| options.own.clone());
        talk.put(direction, &owner.unwrap_or(RawParty::Unknown), &other, None, out)
    }

    /// The user by their SIP address, whose name is theirs and not the other party's.
    fn user(&self, row: &Row) -> Option<RawParty> {
        let address = row.get(self.user?);
        Some(RawParty::from_text(&address)).filter(RawParty::is_identified)
    }

    fn talk(&self, row: &Row, options: &Options) -> Result<Talk, Reason> {
        let value =
            |column: Option<usize>| column.map(|column| row.get(column)).filter(|text| !text.is_empty());
        let moment = |column: Option<usize>| value(column).map(|text| began(&text, options)).transpose();
        let (invite, start, failure) = (moment(self.invite)?, moment(self.start)?, moment(self.failure)?);
        let created_at = invite.or(start).or(failure).ok_or("expected a start time, but found none")?;
        let length = match value(self.duration) {
            Some(text) => duration::optional(&text, duration::Unit::Seconds)?,
            None => None,
        };
        let success = value(self.success).and_then(|text| succeeded(&text));
        let ended = value(self.code).and_then(|code| hangup::sip_response(&code));
        let talk = match success {
            Some(true) => Talk::new(created_at, Disposition::Answered, length),
            Some(false) => Talk::by_length(created_at, None, ended.or(Some(Disposition::Failed))),
            None => Talk::by_length(created_at, length, ended),
        };
        let rang_until = if talk.is_completed() { start } else { failure };
        Ok(talk.ringing(rang_until.filter(|_| invite.is_some()).and_then(|end| between(created_at, end))))
    }
}

/// Reads a column such as "success": `Yes`, `True`, `Success`, `No`, `Attempt`.
fn succeeded(text: &str) -> Option<bool> {
    match plain(text).as_str() {
        "yes" | "true" | "success" | "1" => Some(true),
        "no" | "false" | "attempt" | "failure" | "0" => Some(false),
        _ => None,
    }
}

/// The direction that is a part of the type: `user_out_transfer`, `ByotIn`.
fn direction(kind: &str) -> Result<Direction, Reason> {
    let letters = plain(kind);
    if letters.contains("out") {
        Ok(Direction::Outbound)
    } else if letters.contains("in") {
        Ok(Direction::Inbound)
    } else {
        Err(expected("a type such as user_in or dr_out", kind).into())
    }
}
