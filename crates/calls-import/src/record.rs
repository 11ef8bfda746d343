//! Records of a file.

use std::collections::VecDeque;
use std::fmt;

use calls_model::{CallDuration, CallType, Disposition};
use chrono::{DateTime, Utc};

use crate::error::ReadError;
use crate::format::Format;
use crate::party;

/// A party as written in the file, not normalised.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RawParty {
    /// A number in any spelling, an extension, a short or feature code, a `sip:` or `tel:` URI; or any other
    /// text, such as a name. Only a numbering plan can distinguish them reliably; [`RawParty::is_identified`]
    /// checks the form.
    Text(String),
    /// The caller withheld the number.
    Withheld,
    /// The file does not identify the party.
    Unknown,
}

/// A call from its owner's point of view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Position in the file, from 1. [`Format::position_unit`](crate::Format::position_unit) names
    /// the unit.
    pub position: u64,
    /// Owner of the history. Always [`RawParty::Text`].
    pub owner: RawParty,
    /// The party that the owner called or was called by.
    pub counterparty: RawParty,
    /// Direction and outcome.
    pub call_type: CallType,
    /// Time of the beginning.
    pub created_at: DateTime<Utc>,
    /// Talk time. Absent for missed calls.
    pub duration: Option<CallDuration>,
    /// Disposition, if the file has it.
    pub disposition: Option<Disposition>,
    /// Ring time before the call was answered or given up, if the file has it.
    pub ring_time: Option<CallDuration>,
    /// The counterparty's name, if the file has one.
    pub name: Option<String>,
    /// The other number that took part, if the file has one: for the side that answered, the dialled number;
    /// for the caller, the extension that answered.
    pub via: Option<RawParty>,
}

/// An entry of the file that gives no record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Position in the file, as in [`Record::position`].
    pub position: u64,
    /// Reason why there is no record.
    pub reason: Reason,
}

/// Reason why an entry gives no record. Its text is a sentence for users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// `expected X, but found "Y"`.
    Unexpected(String),
    /// The entry is the second leg of a call, whose first leg is an entry of its own.
    SecondLeg,
    /// The entry does not name its owner, and none was given ([`Options::own`](crate::Options::own)).
    NoOwner,
    /// The call has not ended. Contains the status.
    Live(String),
    /// The entry is not a call but for example a text message or a fax. Contains the word for it.
    NoCall(String),
    /// The entry is in this file of a folder or archive. Contains the unit of the position, too
    /// ([`Format::position_unit`](crate::Format::position_unit)).
    InFile(String, &'static str, Box<Reason>),
    /// A file of a folder or archive could not be read to its end. Contains the reason.
    File(String, String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unexpected(text) => f.write_str(text),
            Self::SecondLeg => f.write_str("expected the first leg of a call, but found its second one"),
            Self::NoOwner => f.write_str("expected an owner, but found none"),
            Self::Live(status) => f.write_str(&expected("a call that has ended", status)),
            Self::NoCall(word) => f.write_str(&expected("a call", word)),
            Self::InFile(name, _, reason) => write!(f, "{name}: {reason}"),
            Self::File(name, reason) => write!(f, "{name}: {reason}"),
        }
    }
}

impl From<String> for Reason {
    fn from(text: String) -> Self {
        Self::Unexpected(text)
    }
}

impl From<&str> for Reason {
    fn from(text: &str) -> Self {
        Self::Unexpected(text.to_owned())
    }
}

/// An item of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A call.
    Record(Record),
    /// An entry that gives no record, with the reason.
    Skipped(Skipped),
    /// An entry that is part of another one's records: a further row of the same call.
    Joined {
        /// Position in the file, as in [`Record::position`].
        position: u64,
    },
}

impl Item {
    /// Position of the entry in the file, as in [`Record::position`].
    pub fn position(&self) -> u64 {
        match self {
            Self::Record(record) => record.position,
            Self::Skipped(skipped) => skipped.position,
            Self::Joined { position } => *position,
        }
    }
}

/// The items of a file, read as they are requested. An error is always the last one.
pub type Items<'a> = Box<dyn Iterator<Item = Result<Item, ReadError>> + 'a>;

/// Collects the results of a format's reader.
pub(crate) struct Out {
    position: u64,
    items: VecDeque<Item>,
}

/// Properties that both sides of a call share.
pub(crate) struct Call {
    pub call_type: CallType,
    pub created_at: DateTime<Utc>,
    pub duration: Option<CallDuration>,
}

impl Out {
    /// Sets the position of the next items.
    pub fn at(&mut self, position: u64) {
        self.position = position;
    }

    /// Adds a record, and returns it for adding details.
    pub fn record(&mut self, owner: RawParty, counterparty: RawParty, call: &Call) -> Details<'_> {
        let record = Record {
            position: self.position,
            owner,
            counterparty,
            call_type: call.call_type,
            created_at: call.created_at,
            duration: call.duration,
            disposition: None,
            ring_time: None,
            name: None,
            via: None,
        };
        self.items.push_back(Item::Record(record));
        Details(self.items.back_mut())
    }

    pub fn skip(&mut self, reason: impl Into<Reason>) {
        self.items.push_back(Item::Skipped(Skipped { position: self.position, reason: reason.into() }));
    }

    pub fn join(&mut self) {
        self.items.push_back(Item::Joined { position: self.position });
    }
}

/// The last record added.
pub(crate) struct Details<'a>(Option<&'a mut Item>);

impl Details<'_> {
    fn with(mut self, fill: impl FnOnce(&mut Record)) -> Self {
        if let Some(Item::Record(record)) = &mut self.0 {
            fill(record);
        }
        self
    }

    /// Disposition. One that contradicts the outcome is dropped.
    pub fn disposition(self, disposition: Option<Disposition>) -> Self {
        self.with(|record| {
            record.disposition =
                disposition.filter(|disposition| disposition.fits(record.call_type.outcome()));
        })
    }

    pub fn ring_time(self, ring_time: Option<CallDuration>) -> Self {
        self.with(|record| record.ring_time = ring_time)
    }

    /// Sets the counterparty's name, if the text is one.
    pub fn name(self, name: Option<&str>) -> Self {
        self.with(|record| {
            record.name = name.and_then(|name| party::name(name, &record.counterparty));
        })
    }

    /// Sets the counterparty's name unchanged, for files whose names are reliable.
    pub fn exact_name(self, name: &str) -> Self {
        let printable = name.replace(char::is_control, " ");
        self.with(|record| record.name = Some(printable).filter(|name| !name.trim().is_empty()))
    }

    pub fn via(self, via: Option<RawParty>) -> Self {
        self.with(|record| {
            record.via =
                via.filter(|via| via.is_identified() && *via != record.owner && *via != record.counterparty);
        })
    }
}

/// The items of a file, given a function that reads one entry and returns false at the end.
pub(crate) fn items<'a>(mut read_entry: impl FnMut(&mut Out) -> Result<bool, ReadError> + 'a) -> Items<'a> {
    let mut out = Out { position: 0, items: VecDeque::new() };
    let mut more = true;
    Box::new(std::iter::from_fn(move || {
        loop {
            if let Some(item) = out.items.pop_front() {
                return Some(Ok(item));
            }
            if !more {
                return None;
            }
            match read_entry(&mut out) {
                Ok(there_was_one) => more = there_was_one,
                Err(error) => {
                    more = false;
                    return Some(Err(error));
                }
            }
        }
    }))
}

/// The items up to the first without an owner, and then an error: the others lack it too.
pub(crate) fn or_own_missing(items: Items<'_>, format: Format) -> Items<'_> {
    let mut ended = false;
    Box::new(items.map_while(move |item| match item {
        _ if ended => None,
        Ok(Item::Skipped(Skipped { reason: Reason::NoOwner, .. })) => {
            ended = true;
            Some(Err(ReadError::OwnMissing(format)))
        }
        item => Some(item),
    }))
}

/// The items of a file without a header or frame to recognize it by. It is refused if the first thousand
/// entries contain no call.
pub(crate) fn or_refuse(format: Format, items: Items<'_>) -> Items<'_> {
    const MOST: usize = 1000;
    let (mut skipped, mut any_record, mut ended) = (0, false, false);
    Box::new(items.map_while(move |item| {
        if ended {
            return None;
        }
        any_record |= matches!(item, Ok(Item::Record(_)));
        skipped += usize::from(matches!(item, Ok(Item::Skipped(_))));
        if any_record || skipped <= MOST {
            return Some(item);
        }
        ended = true;
        let (expected, found) = ("calls".to_owned(), format!("{MOST} lines that are none"));
        Some(Err(ReadError::NotTheFormat { format, expected, found }))
    }))
}

/// A reason to skip an entry.
pub(crate) fn expected(what: &str, found: &str) -> String {
    const LONGEST: usize = 80;
    match found.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("expected {what}, but found {:?} and more", &found[..end]),
        None => format!("expected {what}, but found {found:?}"),
    }
}
