//! The call log of the Android app SMS Import / Export: the columns of Android's call log, each a string.

use std::io::BufRead;

use crate::android;
use crate::format::Format;
use crate::objects::{self, Count, Object, required};
use crate::options::Options;
use crate::record::{Items, Out, RawParty, Reason, or_own_missing};
use crate::sample::Sample;

/// Whether a file begins as the calls of the app: their objects are in no other one.
pub(crate) fn fits(sample: &Sample) -> bool {
    let before = sample.text().split("\"date\"").next().unwrap_or_default();
    let is_outermost = !before.trim_start_matches('[').contains('[');
    is_outermost && sample.has_keys(&["number", "date", "type"]) && sample.has_count("date")
}

/// Reads the calls of a file. `options.own` takes precedence over a number in the file.
pub(crate) fn read<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    let own = options.own.clone();
    let calls = objects::read(Format::SmsIeJson, reader, Count::Objects, None, move |object, out| {
        put(object, own.as_ref(), out)
    });
    or_own_missing(calls, Format::SmsIeJson)
}

fn put(object: &Object, own: Option<&RawParty>, out: &mut Out) -> Result<(), Reason> {
    let (number, date, kind) =
        (object.text(&["number"]), required(object, "date")?, required(object, "type")?);
    let presentation = object.text(&["presentation"]);
    let name = object.text(&["name"]);
    let row = android::Row {
        number: number.as_deref().unwrap_or_default(),
        presentation: presentation.as_deref(),
        date: &date,
        duration: &object.text(&["duration"]).unwrap_or_default(),
        kind: &kind,
        name: name.as_deref(),
    };
    let account = object.text(&["phone_account_address"]).map(|account| RawParty::from_text(&account));
    let owner = own.cloned().or(account.filter(RawParty::is_identified)).ok_or(Reason::NoOwner)?;
    Ok(row.put(&owner, out)?)
}
