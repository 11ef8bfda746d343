//! This project's own NDJSON: one [`calls_model::Call`] a line, with `owner` where it was exported with it,
//! and with `disposition`, `ring_time`, `name` and `via` beside these members or in `details`.

use std::io::BufRead;

use crate::calls_csv::Exported;
use crate::format::Format;
use crate::objects::{self, Count, Object, required};
use crate::options::Options;
use crate::record::{Items, Out, RawParty, Reason, or_own_missing};

/// Reads the calls of a file. The owner of a call without one is `options.own`.
pub(crate) fn read<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    let own = options.own.clone().filter(RawParty::is_identified);
    let calls = objects::read(Format::CallsNdjson, reader, Count::Lines, None, move |object, out| {
        put(object, own.as_ref(), out)
    });
    or_own_missing(calls, Format::CallsNdjson)
}

fn put(object: &Object, own: Option<&RawParty>, out: &mut Out) -> Result<(), Reason> {
    let member = |name: &str| object.text(&[name]);
    let detail = |name: &str| member(name).or_else(|| object.text(&["details", name]));
    let (owner, disposition, ring_time) = (member("owner"), detail("disposition"), detail("ring_time"));
    let (name, via) = (detail("name"), detail("via"));
    let call = Exported {
        created_at: &required(object, "created_at")?,
        counterparty: &required(object, "counterparty")?,
        call_type: &required(object, "type")?,
        duration: &member("duration").unwrap_or_default(),
        owner: owner.as_deref(),
        disposition: disposition.as_deref().unwrap_or_default(),
        ring_time: ring_time.as_deref().unwrap_or_default(),
        name: name.as_deref().unwrap_or_default(),
        via: via.as_deref().unwrap_or_default(),
    };
    if owner.is_none() && own.is_none() {
        return Err(Reason::NoOwner);
    }
    Ok(call.put(own, out)?)
}
