//! Zoom Phone's calls from its API: the call log (`caller_number`, `result`, `date_time`) and its successor,
//! the call history (`caller_did_number`, `caller_ext_number`, `call_result`, `start_time`), as pages with
//! `call_logs` or as single calls.

use std::borrow::Cow;
use std::io::BufRead;

use calls_model::{Direction, Disposition};

use crate::format::Format;
use crate::objects::{self, Count, Object};
use crate::options::Options;
use crate::record::{Items, Out, RawParty, Reason, expected};
use crate::sample::Sample;
use crate::talk::{Person, Talk, began, between};
use crate::{duration, ending, words};

/// Whether a file begins like a page of calls or a call.
pub(crate) fn fits(sample: &Sample) -> bool {
    let is_page = ["call_logs", "call_history"].iter().any(|key| sample.has_key(key));
    let has_party = |side: &str| {
        ["number", "did_number", "ext_number"].iter().any(|part| sample.has_key(&format!("{side}_{part}")))
    };
    let has_any_party = has_party("caller") || has_party("callee");
    (is_page && (has_any_party || !sample.has_key("direction")))
        || (has_party("caller") && has_party("callee") && sample.has_key("direction"))
}

/// Reads the calls of a file.
pub(crate) fn read<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    let options = options.clone();
    objects::read(Format::ZoomJson, reader, Count::Objects, Some("call_logs"), move |object, out| {
        put(object, &options, out)
    })
}

fn text<'a>(call: &'a Object, keys: &[&str]) -> Cow<'a, str> {
    let found = keys.iter().find_map(|key| call.text(&[key]).filter(|text| !text.is_empty()));
    found.unwrap_or_default()
}

fn put(call: &Object, options: &Options, out: &mut Out) -> Result<(), Reason> {
    let talk = talk(call, options)?;
    let side = |side: &str| {
        let number = text(call, &[&format!("{side}_did_number"), &format!("{side}_number")]);
        let extension = text(call, &[&format!("{side}_ext_number"), &format!("{side}_extension_number")]);
        let name = text(call, &[&format!("{side}_name")]);
        let person = Person::first_known([Person::named(&number, &name), Person::named(&extension, &name)]);
        let plain = text(call, &[&format!("{side}_number")]);
        let extension = if extension.is_empty() && plain != number { plain } else { extension };
        (person, RawParty::from_text(&extension))
    };
    let ((caller, caller_extension), (callee, callee_extension)) = (side("caller"), side("callee"));
    let word = text(call, &["direction"]);
    let direction = if word.is_empty() { None } else { words::kind(&word)?.direction };
    let (direction, owner, extension, other) = match direction {
        Some(Direction::Inbound) => (Direction::Inbound, callee, callee_extension, caller),
        Some(Direction::Outbound) => (Direction::Outbound, caller, caller_extension, callee),
        None => return talk.put_sides(&caller, &callee, None, out),
    };
    let of_log = || call.text(&["owner", "extension_number"]).map(|text| RawParty::from_text(&text));
    let owner = Some(owner.party)
        .filter(RawParty::is_identified)
        .or_else(|| of_log().filter(RawParty::is_identified))
        .or_else(|| options.own.clone())
        .ok_or(Reason::NoOwner)?;
    let via = if extension.is_identified() { extension } else { of_log().unwrap_or(RawParty::Unknown) };
    talk.put(direction, &owner, &other, Some(&via), out)?;
    // The extension also took part in the call.
    if via.is_identified() && via != owner {
        talk.put(direction, &via, &other, Some(&owner), out)?;
    }
    Ok(())
}

fn talk(call: &Object, options: &Options) -> Result<Talk, Reason> {
    let start = text(call, &["start_time", "date_time"]);
    let created_at = began(&start, options)?;
    let answered = began(&text(call, &["answer_start_time", "answer_time"]), options).ok();
    let length = duration::optional(&text(call, &["duration", "talk_time"]), duration::Unit::Seconds)?;
    let result = text(call, &["call_result", "result"]);
    let talk = match ending::by_word(&result) {
        Some(disposition) => Talk::new(created_at, disposition, length),
        // A SIP response such as "Phone 404".
        None if result.starts_with("Phone ") => Talk::new(created_at, Disposition::Failed, None),
        None if result.is_empty() => Talk::by_length(created_at, length, None),
        None => return Err(expected("a result such as Call connected or Missed", &result).into()),
    };
    let ring_time =
        answered.filter(|_| talk.is_completed()).and_then(|answered| between(created_at, answered));
    Ok(talk.ringing(ring_time))
}
