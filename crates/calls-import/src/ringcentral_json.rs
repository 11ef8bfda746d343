//! RingCentral's call log from its API: a page with `records`, or single records.

use std::borrow::Cow;
use std::io::BufRead;

use calls_model::Direction;

use crate::format::Format;
use crate::objects::{self, Count, Object, required};
use crate::options::Options;
use crate::record::{Items, Out, RawParty, Reason, expected};
use crate::talk::{Person, Talk, began};
use crate::{duration, ending, words};

/// Reads the calls of a file.
pub(crate) fn read<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    let options = options.clone();
    objects::read(Format::RingcentralJson, reader, Count::Objects, Some("records"), move |object, out| {
        put(object, &options, out)
    })
}

/// A party with a number, an extension or both.
struct Party {
    person: Person,
    has_number: bool,
    extension: RawParty,
}

impl Party {
    fn new(call: &Object, side: &str) -> Self {
        let text = |key: &str| call.text(&[side, key]).unwrap_or_default();
        let (number, extension, name) = (text("phoneNumber"), text("extensionNumber"), text("name"));
        let by_number = Person::named(&number, &name);
        Self {
            has_number: by_number.is_identified(),
            person: Person::first_known([by_number, Person::named(&extension, &name)]),
            extension: RawParty::from_text(&extension),
        }
    }
}

fn put(call: &Object, options: &Options, out: &mut Out) -> Result<(), Reason> {
    let kind = call.text(&["type"]).unwrap_or(Cow::Borrowed("Voice"));
    if words::is_no_call(&kind) {
        return Err(Reason::NoCall(kind.into_owned()));
    }
    let direction = words::kind(&required(call, "direction")?)?.direction;
    let direction = direction.ok_or("expected a direction such as Inbound or Outbound, but found neither")?;
    let talk = talk(call, options)?;
    let (from, to) = (Party::new(call, "from"), Party::new(call, "to"));
    // In internal calls both sides are the account's own.
    if from.extension.is_identified() && to.extension.is_identified() && !from.has_number {
        return talk.put_sides(&from.person, &to.person, None, out);
    }
    let (ours, theirs) = match direction {
        Direction::Inbound => (to, from),
        Direction::Outbound => (from, to),
    };
    let owner = Some(ours.person.party).filter(RawParty::is_identified).or_else(|| options.own.clone());
    let owner = owner.ok_or(Reason::NoOwner)?;
    talk.put(direction, &owner, &theirs.person, Some(&ours.extension), out)
}

fn talk(call: &Object, options: &Options) -> Result<Talk, Reason> {
    let created_at = began(&required(call, "startTime")?, options)?;
    let length = match call.text(&["duration"]) {
        Some(text) => duration::optional(&text, duration::Unit::Seconds)?,
        None => None,
    };
    let result = required(call, "result")?;
    if matches!(&*result, "In Progress" | "InProgress") {
        return Err(Reason::Live(result.into_owned()));
    }
    match ending::by_word(&result) {
        Some(disposition) => Ok(Talk::new(created_at, disposition, length)),
        // The documentation does not list all results.
        None if result == "Unknown" => Ok(Talk::by_length(created_at, length, None)),
        None => Err(expected("a result such as Accepted or Missed", &result).into()),
    }
}
