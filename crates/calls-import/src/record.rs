//! What comes out of a file.

use std::collections::VecDeque;

use calls_model::{CallDuration, CallType, Disposition};
use chrono::{DateTime, Utc};

use crate::error::ReadError;
use crate::format::Format;

/// A party as a file writes it, not yet normalised.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RawParty {
    /// A number in any spelling, an extension, a short or feature code, a `sip:` or `tel:` URI.
    Text(String),
    /// The caller asked that the number not be shown.
    Withheld,
    /// The file does not say who it was, or says it in a way that is no telephone address.
    Unknown,
}

/// One call as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Where it stands in the file, from 1. [`Format::position_unit`](crate::Format::position_unit) names
    /// the unit.
    pub position: u64,
    /// Whose history it belongs to. Always [`RawParty::Text`].
    pub owner: RawParty,
    /// Whom the owner called, or who called the owner.
    pub counterparty: RawParty,
    /// Direction and outcome.
    pub call_type: CallType,
    /// When the call began.
    pub created_at: DateTime<Utc>,
    /// How long the parties spoke. Never there for a missed call.
    pub duration: Option<CallDuration>,
    /// How the call ended, where the file says so.
    pub disposition: Option<Disposition>,
    /// How long it rang before it was answered or given up, where the file says so.
    pub ring_time: Option<CallDuration>,
    /// The counterparty's name, where the file has one.
    pub name: Option<String>,
    /// The other number that took part, where the file names one: for whoever answered, the number that was dialled; for
    /// the caller, the extension that answered.
    pub via: Option<RawParty>,
}

/// A part of the file that gives no record, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Where it stands in the file, as in [`Record::position`].
    pub position: u64,
    /// `expected X, but found "Y"`, or for a call that is none yet what it is.
    pub reason: String,
}

/// What a part of the file came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A call.
    Record(Record),
    /// No call, and why.
    Skipped(Skipped),
}

/// The items of a file, read as they are asked for. An error is the last one.
pub type Items<'a> = Box<dyn Iterator<Item = Result<Item, ReadError>> + 'a>;

/// Where a format's reader puts what one entry of a file came to.
pub(crate) struct Out {
    position: u64,
    items: VecDeque<Item>,
}

/// Direction, outcome, time and length: what the two sides of a call have in common.
pub(crate) struct Call {
    pub call_type: CallType,
    pub created_at: DateTime<Utc>,
    pub duration: Option<CallDuration>,
}

impl Out {
    /// Says where the entry stands that the next items come from.
    pub fn at(&mut self, position: u64) {
        self.position = position;
    }

    pub fn record(&mut self, owner: RawParty, counterparty: RawParty, call: &Call) {
        self.items.push_back(Item::Record(Record {
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
        }));
    }

    pub fn skip(&mut self, reason: String) {
        self.items.push_back(Item::Skipped(Skipped { position: self.position, reason }));
    }
}

/// Makes the items of a file from a function that reads one entry and says whether there was one.
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

/// The items up to one that was skipped for this reason, and then an error: what is missing there will be
/// missing everywhere.
pub(crate) fn or_end<'a>(items: Items<'a>, reason: &'static str, error: fn() -> ReadError) -> Items<'a> {
    let mut ended = false;
    Box::new(items.map_while(move |item| match item {
        _ if ended => None,
        Ok(Item::Skipped(skipped)) if skipped.reason == reason => {
            ended = true;
            Some(Err(error()))
        }
        item => Some(item),
    }))
}

/// The items of a file without a header or frame that could tell what it is. Where it begins with a thousand
/// entries and no call is among them, it is refused, before millions follow.
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
