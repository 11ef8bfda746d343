//! This project's own NDJSON: one [`calls_model::Call`] a line, with `owner` where it was exported with it.

use std::io::BufRead;

use crate::calls_csv::Exported;
use crate::error::ReadError;
use crate::format::Format;
use crate::objects::{self, Count, Object, required};
use crate::options::Options;
use crate::record::{Items, Out, RawParty, or_end};

/// Reads the calls of a file. Where a call has no owner it is `options.own`.
pub(crate) fn read<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    let own = options.own.clone().filter(RawParty::is_identified);
    let calls = objects::read(Format::CallsNdjson, reader, Count::Lines, None, move |object, out| {
        put(object, own.as_ref(), out)
    });
    or_end(calls, NO_OWNER, || ReadError::OwnMissing(Format::CallsNdjson))
}

const NO_OWNER: &str = "expected an owner, but found none";

fn put(object: &Object, own: Option<&RawParty>, out: &mut Out) -> Result<(), String> {
    let owner = object.text(&["owner"]);
    let call = Exported {
        created_at: &required(object, "created_at")?,
        counterparty: &required(object, "counterparty")?,
        call_type: &required(object, "type")?,
        duration: &object.text(&["duration"]).unwrap_or_default(),
        owner: owner.as_deref(),
    };
    if owner.is_none() && own.is_none() {
        return Err(NO_OWNER.to_owned());
    }
    call.put(own, out)
}
