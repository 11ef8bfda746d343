//! The call history export of the Android app Fossify Phone, and of Simple Dialer before it.

use std::io::BufRead;

use crate::android;
use crate::format::Format;
use crate::objects::{self, Count, Object, required};
use crate::options::Options;
use crate::record::{Items, Out, RawParty};

/// Reads the calls of a file.
pub(crate) fn read<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    let owner = match options.owner(Format::FossifyJson) {
        Ok(owner) => owner,
        Err(error) => return Box::new(std::iter::once(Err(error))),
    };
    objects::read(Format::FossifyJson, reader, Count::Objects, None, move |object, out| {
        let result = put(object, &owner, out);
        // Versions of 2024 group calls, and such a group begins with the outer call again.
        let outer = identity(object);
        for grouped in object.objects("groupedCalls").iter().filter(|grouped| identity(grouped) != outer) {
            if let Err(reason) = put(grouped, &owner, out) {
                out.skip(reason);
            }
        }
        result
    })
}

fn identity(call: &Object) -> [Option<String>; 3] {
    ["phoneNumber", "startTS", "type"].map(|key| call.text(&[key]).map(String::from))
}

fn put(call: &Object, owner: &RawParty, out: &mut Out) -> Result<(), String> {
    let start = required(call, "startTS")?;
    let hidden = call.text(&["isUnknownNumber"]).is_some_and(|hidden| hidden == "true");
    let number = call.text(&["phoneNumber"]).unwrap_or_default();
    let name = call.text(&["name"]);
    android::Row {
        name: name.as_deref(),
        number: if hidden { "" } else { &number },
        presentation: hidden.then_some("2"),
        date: &milliseconds(&start),
        duration: &call.text(&["duration"]).unwrap_or("0".into()),
        kind: &required(call, "type")?,
    }
    .put(owner, out)
}

/// A start in milliseconds. Versions before April 2024 wrote seconds.
fn milliseconds(start: &str) -> String {
    const SECONDS_BELOW: i64 = 100_000_000_000;
    match start.parse::<i64>() {
        Ok(seconds) if (0..SECONDS_BELOW).contains(&seconds) => (seconds * 1000).to_string(),
        _ => start.to_owned(),
    }
}
