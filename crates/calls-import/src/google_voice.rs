//! Google Voice's Takeout: one HTML file a call, in the hCalendar-like markup that it has had since 2011.

use std::io::{self, BufRead};

use calls_model::{CallType, Direction, Disposition, Outcome};
use chrono::DateTime;

use crate::format::Format;
use crate::markup::{Markup, Tag, Token};
use crate::options::Options;
use crate::record::{Call, Items, Out, RawParty, expected, items};
use crate::{duration, time, words};

/// Reads the call in a file. A file of text messages has none.
pub(crate) fn read<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    let owner = match options.owner(Format::GoogleVoice) {
        Ok(owner) => owner,
        Err(error) => return Box::new(std::iter::once(Err(error))),
    };
    let mut markup = Some(Markup::new(reader));
    items(move |out| {
        if let Some(markup) = markup.take() {
            out.at(1);
            let page = Page::read(markup)?;
            if let Err(reason) = page.put(&owner, out) {
                out.skip(reason);
            }
        }
        Ok(false)
    })
}

/// Parts of a page that a record needs.
#[derive(Debug, Default)]
struct Page {
    is_call: bool,
    is_chat: bool,
    number: Option<String>,
    /// Name of its owner; `Some("")` until the text of the element is read.
    name: Option<String>,
    published: Option<String>,
    duration: Option<String>,
    labels: Vec<String>,
}

impl Page {
    fn read(mut markup: Markup<impl BufRead>) -> io::Result<Self> {
        let mut page = Self::default();
        loop {
            match markup.read()? {
                Token::End => return Ok(page),
                Token::Open(tag) => {
                    page.end_name();
                    page.note(&tag);
                }
                Token::Text(text) if page.name.as_deref() == Some("") => {
                    page.name = Some(text.trim().to_owned())
                }
                Token::Close(_) => page.end_name(),
                _ => {}
            }
        }
    }

    /// Ends the wait for a name, which may be empty.
    fn end_name(&mut self) {
        self.name.take_if(|name| name.is_empty());
    }

    fn note(&mut self, tag: &Tag) {
        let attribute = |name: &str| tag.attribute(name).map(|text| text.trim().to_owned());
        match tag.name.as_str() {
            "div" if tag.has_class("haudio") => self.is_call = true,
            "div" if tag.has_class("hChatLog") => self.is_chat = true,
            "a" if tag.has_class("tel") && self.number.is_none() => {
                self.number = attribute("href");
                // The text so far is a heading.
                self.name = None;
            }
            "span" if tag.has_class("fn") && self.name.is_none() => self.name = Some(String::new()),
            "abbr" if tag.has_class("published") && self.published.is_none() => {
                self.published = attribute("title")
            }
            "abbr" if tag.has_class("duration") && self.duration.is_none() => {
                self.duration = attribute("title")
            }
            "a" if tag.attribute("rel") == Some("tag") => {
                let label = tag.attribute("href").and_then(|href| href.rsplit_once('#'));
                self.labels.extend(label.map(|(_, label)| label.to_ascii_lowercase()));
            }
            _ => {}
        }
    }

    fn put(&self, owner: &RawParty, out: &mut Out) -> Result<(), String> {
        if !self.is_call {
            return if self.is_chat {
                Ok(())
            } else {
                Err("expected a call (div.haudio), but found none".to_owned())
            };
        }
        let published = self.published.as_deref().unwrap_or_default();
        let created_at = DateTime::parse_from_rfc3339(published)
            .ok()
            .and_then(|time| time::plausible(time.to_utc()))
            .ok_or_else(|| expected("a time with its offset", published))?;
        let length = || self.duration.as_deref().map(duration::any).transpose();
        let has = |kind: &str| self.labels.iter().any(|label| label == kind);
        let (direction, disposition) = if has("voicemail") {
            // For a voicemail, the duration is that of the message.
            (Direction::Inbound, Some(Disposition::Voicemail))
        } else if has("missed") {
            (Direction::Inbound, None)
        } else if has("received") {
            (Direction::Inbound, Some(Disposition::Answered))
        } else if has("placed") {
            let talked = length()?.is_some_and(|length| length.ms() > 0);
            (Direction::Outbound, talked.then_some(Disposition::Answered))
        } else if has("recorded") {
            return Err("expected a call, but found the recording of one".to_owned());
        } else {
            return Err(expected("a label such as received or placed", &self.labels.join(", ")));
        };
        let outcome = words::outcome_of(disposition);
        let duration = if outcome == Outcome::Completed { length()? } else { None };
        let call = Call { call_type: CallType::new(direction, outcome), created_at, duration };
        out.record(owner.clone(), self.party()?, &call).disposition(disposition).name(self.name());
        Ok(())
    }

    /// The other party's name, without the words of a heading.
    fn name(&self) -> Option<&str> {
        const HEADINGS: [&str; 6] = [
            "Received call from",
            "Missed call from",
            "Placed call to",
            "Voicemail from",
            "Recorded call with",
            "Call with",
        ];
        let name = self.name.as_deref()?;
        let rest = HEADINGS.iter().find_map(|heading| name.strip_prefix(heading)).unwrap_or(name).trim();
        (!rest.is_empty()).then_some(rest)
    }

    fn party(&self) -> Result<RawParty, String> {
        let href = self.number.as_deref().ok_or("expected a number (a.tel), but found none")?;
        let number = href.strip_prefix("tel:").unwrap_or(href).replace("%2B", "+");
        if number.is_empty() { Ok(RawParty::Withheld) } else { Ok(RawParty::from_text(&number)) }
    }
}
