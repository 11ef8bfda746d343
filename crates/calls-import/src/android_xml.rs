//! `calls.xml` of the Android app SMS Backup & Restore: one `call` element a call. The `count` in front of
//! them is not always right, and the readable date is in any language.

use std::io::BufRead;

use crate::android;
use crate::format::Format;
use crate::markup::{Markup, Tag, Token, no_element};
use crate::options::Options;
use crate::record::{Items, Out, RawParty, items};

/// Reads the calls of a file.
pub(crate) fn read<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    let owner = match options.owner(Format::AndroidXml) {
        Ok(owner) => owner,
        Err(error) => return Box::new(std::iter::once(Err(error))),
    };
    let mut markup = Markup::new(reader);
    let mut position = 0;
    let mut is_backup = false;
    items(move |out| {
        loop {
            let token = markup.read()?;
            is_backup |= matches!(&token, Token::Open(tag) if tag.name == "calls" || tag.name == "call");
            let result = match token {
                Token::End if is_backup || markup.is_empty() => return Ok(false),
                Token::End => return Err(no_element(Format::AndroidXml, "calls")),
                Token::Open(tag) if tag.name == "call" => Ok(tag),
                Token::Broken(reason) => Err(reason),
                _ => continue,
            };
            position += 1;
            out.at(position);
            if let Err(reason) = result.and_then(|tag| put(&tag, &owner, out)) {
                out.skip(reason);
            }
            return Ok(true);
        }
    })
}

fn put(call: &Tag, owner: &RawParty, out: &mut Out) -> Result<(), String> {
    let required = |name: &str| {
        call.attribute(name).ok_or_else(|| format!("expected an attribute {name:?}, but found none"))
    };
    android::Row {
        number: required("number")?,
        presentation: call.attribute("presentation"),
        date: required("date")?,
        duration: call.attribute("duration").unwrap_or_default(),
        kind: required("type")?,
        name: call.attribute("contact_name"),
    }
    .put(owner, out)
}
