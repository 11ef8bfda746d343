//! FreeSWITCH's xml_cdr: one `cdr` element a call, as `switch_ivr_generate_xml_cdr` makes it.

use std::io::{self, BufRead};

use crate::format::Format;
use crate::freeswitch_call;
use crate::freeswitch_json::Cdr;
use crate::legs::{self, Entry};
use crate::markup::{Markup, Token, no_element};
use crate::record::{Items, Reason};

/// Reads the calls of a file.
pub(crate) fn read<'a>(reader: impl BufRead + 'a) -> Items<'a> {
    let mut cdrs = Cdrs { markup: Markup::new(reader), open: false };
    let mut position = 0;
    let next = move || {
        let Some(cdr) = cdrs.read()? else {
            let is_empty = position > 0 || cdrs.markup.is_empty();
            return if is_empty { Ok(Entry::End) } else { Err(no_element(Format::FreeswitchXml, "cdr")) };
        };
        position += 1;
        Ok(match cdr.map_err(Reason::from).and_then(Cdr::leg) {
            Ok((leg, keys)) => Entry::Leg(position, leg, keys),
            Err(reason) => Entry::Skipped(position, reason),
        })
    };
    legs::join(freeswitch_call::WINDOW, next, freeswitch_call::put)
}

struct Cdrs<R> {
    markup: Markup<R>,
    /// Whether the start of the next element was already read.
    open: bool,
}

impl<R: BufRead> Cdrs<R> {
    /// Reads the next `cdr` element. `None` if there is none.
    fn read(&mut self) -> io::Result<Option<Result<Cdr, String>>> {
        while !std::mem::take(&mut self.open) {
            match self.markup.read()? {
                Token::End => return Ok(None),
                token => self.open = is_cdr(&token),
            }
        }
        self.inside().map(Some)
    }

    fn inside(&mut self) -> io::Result<Result<Cdr, String>> {
        /// Maximum depth of elements in a call detail record.
        const DEEPEST: usize = 32;
        let no_end = |found: &str| Ok(Err(format!("expected the end of a cdr element, but found {found}")));
        let mut cdr = Cdr::default();
        let mut path: Vec<String> = Vec::new();
        loop {
            let token = self.markup.read()?;
            if is_cdr(&token) {
                self.open = true;
                return no_end("another one");
            }
            match token {
                Token::Open(tag) if !tag.is_empty => {
                    if path.len() == DEEPEST {
                        return Ok(Err(format!("expected elements at most {DEEPEST} deep, but found more")));
                    }
                    path.push(tag.name);
                    note(&mut cdr, &path, None);
                }
                Token::Text(text) => note(&mut cdr, &path, Some(text.trim())),
                Token::Close(name) => match path.iter().rposition(|open| *open == name) {
                    // An unclosed element ends with its parent.
                    Some(depth) => path.truncate(depth),
                    None if name == "cdr" => return Ok(Ok(cdr)),
                    None => {}
                },
                Token::Broken(reason) => return Ok(Err(reason)),
                Token::End => return no_end("the end of the file"),
                Token::Open(_) => {}
            }
        }
    }
}

fn is_cdr(token: &Token) -> bool {
    matches!(token, Token::Open(tag) if tag.name == "cdr" && !tag.is_empty)
}

/// Stores what a record needs of an element: its presence, then its text.
fn note(cdr: &mut Cdr, path: &[String], text: Option<&str>) {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let field = match path[..] {
        ["variables", name] => match variable(cdr, name, text) {
            Some(field) => field,
            None => return,
        },
        ["callflow", "caller_profile", "caller_id_number"] => &mut cdr.caller_id_number,
        ["callflow", "caller_profile", "caller_id_name"] => &mut cdr.caller_id_name,
        ["callflow", "caller_profile", "destination_number"] => &mut cdr.destination_number,
        ["callflow", "caller_profile", "uuid"] => &mut cdr.uuid,
        ["callflow", "caller_profile", "originator", _, _, "destination_number"] => {
            &mut cdr.originator_destination
        }
        ["callflow", "caller_profile", "originator", _, _, "uuid"] => &mut cdr.originator,
        // The last profile is the oldest, and its times are those of the call.
        ["callflow", "times", "created_time"] => {
            cdr.created_time = text.map(str::to_owned);
            return;
        }
        ["callflow", "caller_profile", "originator"] => {
            cdr.has_originator = true;
            return;
        }
        _ => return,
    };
    if field.as_ref().is_none_or(String::is_empty) {
        *field = text.map(str::to_owned);
    }
}

/// Field of a variable. `None` if it is not stored.
fn variable<'a>(cdr: &'a mut Cdr, name: &str, text: Option<&str>) -> Option<&'a mut Option<String>> {
    let is_there = text.is_some_and(|text| !text.is_empty());
    cdr.has_originator |= is_there && matches!(name, "originator" | "originating_leg_uuid");
    cdr.has_voicemail |=
        is_there && matches!(name, "voicemail_answer_stamp" | "voicemail_message" | "voicemail_message_len");
    Some(match name {
        "start_uepoch" => &mut cdr.start_uepoch,
        "start_epoch" => &mut cdr.start_epoch,
        "billsec" => &mut cdr.billsec,
        "duration" => &mut cdr.duration,
        "uuid" => &mut cdr.uuid,
        "originator" | "originating_leg_uuid" => &mut cdr.originator,
        "hangup_cause" => &mut cdr.hangup_cause,
        "originate_disposition" => &mut cdr.originate_disposition,
        "endpoint_disposition" => &mut cdr.endpoint_disposition,
        "last_app" => &mut cdr.last_app,
        "cc_cause" => &mut cdr.cc_cause,
        _ => return None,
    })
}
