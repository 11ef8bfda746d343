//! A FRITZ!Box's call list from its TR-064 interface (`X_AVM-DE_OnTel`, `GetCallList`): a `Call` element a
//! call, with `Type`, `Caller`, `Called`, `CallerNumber` or `CalledNumber` (the box's own), `Name`, `Device`,
//! `Port`, `Date`, `Duration`.

use std::io::BufRead;

use crate::format::Format;
use crate::fritzbox_csv::Entry;
use crate::markup::{Markup, Token, no_element};
use crate::options::Options;
use crate::record::{Items, Out, Reason, items};
use crate::sample::Sample;

/// Whether a file begins like a call list.
pub(crate) fn fits(sample: &Sample) -> bool {
    let has_party = sample.has_element("called") || sample.has_element("caller");
    // Others have calls with callers and dates too.
    let of_box = ["callednumber", "callernumber", "numbertype", "device", "port"];
    let is_of_box = sample.has_element("root") || of_box.iter().any(|name| sample.has_element(name));
    is_of_box && has_party && ["call", "type", "date"].iter().all(|name| sample.has_element(name))
}

/// Reads the calls of a file. For a call without the box's own number it is `options.own`.
pub(crate) fn read<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    let options = options.clone();
    let mut markup = Markup::new(reader);
    let (mut position, mut is_list) = (0, false);
    items(move |out| {
        loop {
            let token = markup.read()?;
            let result = match token {
                Token::End if is_list || markup.is_empty() => return Ok(false),
                Token::End => return Err(no_element(Format::FritzboxXml, "Call")),
                Token::Open(tag) if tag.name == "root" => {
                    is_list = true;
                    continue;
                }
                Token::Open(tag) if tag.name == "call" && !tag.is_empty => {
                    call(&mut markup)?.map_err(Reason::from)
                }
                Token::Broken(reason) => Err(reason.into()),
                _ => continue,
            };
            is_list = true;
            position += 1;
            out.at(position);
            if let Err(reason) = result.and_then(|call| put(&call, &options, out)) {
                out.skip(reason);
            }
            return Ok(true);
        }
    })
}

/// The texts of the elements in a `Call`.
#[derive(Debug, Default)]
struct Call {
    texts: Vec<(&'static str, String)>,
}

const ELEMENTS: [&str; 10] = [
    "type",
    "caller",
    "callernumber",
    "called",
    "callednumber",
    "name",
    "device",
    "port",
    "date",
    "duration",
];

impl Call {
    fn get(&self, name: &str) -> &str {
        self.texts.iter().find(|(found, _)| *found == name).map_or("", |(_, text)| text.trim())
    }
}

/// Reads a call after its opening tag.
fn call<R: BufRead>(markup: &mut Markup<R>) -> std::io::Result<Result<Call, String>> {
    /// Maximum length of a text, longer than any number or name.
    const LONGEST: usize = 1000;
    let mut call = Call::default();
    let mut inside = None;
    loop {
        match markup.read()? {
            Token::Open(tag) => inside = ELEMENTS.into_iter().find(|name| *name == tag.name && !tag.is_empty),
            Token::Close(name) if name == "call" => return Ok(Ok(call)),
            Token::Close(_) => inside = None,
            Token::Text(text) => {
                if let Some(name) = inside {
                    call.texts.push((name, text.chars().take(LONGEST).collect()));
                    inside = None;
                }
            }
            Token::Broken(reason) => return Ok(Err(reason)),
            Token::End => {
                return Ok(Err("expected the end of a call, but found the end of the file".to_owned()));
            }
        }
    }
}

fn put(call: &Call, options: &Options, out: &mut Out) -> Result<(), Reason> {
    let kind = call.get("type");
    // In outbound calls the box is the caller.
    let is_outbound = matches!(kind, "3" | "4" | "11");
    let (ours, own_number, other) = match is_outbound {
        true => ("caller", "callernumber", "called"),
        false => ("called", "callednumber", "caller"),
    };
    let own = Some(call.get(own_number)).filter(|number| !number.is_empty()).unwrap_or(call.get(ours));
    Entry {
        kind: kind.to_owned(),
        date: call.get("date").to_owned(),
        number: call.get(other).to_owned(),
        name: call.get("name").to_owned(),
        own: own.to_owned(),
        duration: call.get("duration").to_owned(),
        device: call.get("device").to_owned(),
        port: call.get("port").parse().ok(),
        three_is_rejected: false,
    }
    .put(options, out)
}
