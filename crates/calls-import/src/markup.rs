//! Parses tags and text of XML and HTML.
//!
//! One parser serves both, because Google's HTML is not always well-formed, and because a broken element in a
//! backup must not affect the following ones. It has no grammar: callers look for the elements they need.

use std::io::{self, BufRead};

use memchr::memchr;

use crate::bytes::Bytes;
use crate::error::ReadError;
use crate::format::Format;
use crate::lines::{MAX_ENTRY_LEN, too_long};

/// Result of [`Markup::read`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// `<name ...>`
    Open(Tag),
    /// `</name>`
    Close(String),
    /// Text between tags, with entities resolved; at most as long as an entry.
    Text(String),
    /// A tag without an end, and the reason.
    Broken(String),
    /// The end of the file.
    End,
}

/// An opening tag.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    /// The name, in lower case.
    pub name: String,
    /// Whether it closes itself: `<name/>`.
    pub is_empty: bool,
    attributes: Vec<(String, String)>,
}

impl Tag {
    /// The value of an attribute, entities resolved.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// All attributes, names in lower case, entities resolved.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether it has this class (HTML).
    pub fn has_class(&self, class: &str) -> bool {
        self.attribute("class")
            .is_some_and(|classes| classes.split_ascii_whitespace().any(|found| found == class))
    }
}

/// Reads tags and text. Skips comments, declarations and processing instructions.
pub(crate) struct Markup<R> {
    bytes: Bytes<R>,
    buffer: Vec<u8>,
    is_empty: bool,
}

/// The error for a file without the elements of its format.
pub(crate) fn no_element(format: Format, name: &str) -> ReadError {
    ReadError::NotTheFormat { format, expected: format!("an element {name:?}"), found: "none".to_owned() }
}

impl<R: BufRead> Markup<R> {
    pub fn new(reader: R) -> Self {
        Self { bytes: Bytes::new(reader), buffer: Vec::new(), is_empty: true }
    }

    /// Whether the file has been empty so far.
    pub fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// Reads the next tag or text.
    pub fn read(&mut self) -> io::Result<Token> {
        loop {
            let byte = self.bytes.peek()?;
            self.is_empty &= byte.is_none();
            match byte {
                None => return Ok(Token::End),
                Some(b'<') => {
                    self.bytes.next()?;
                    match self.bytes.peek()? {
                        Some(b'!') => {
                            if let Some(text) = self.declaration()? {
                                return Ok(Token::Text(text));
                            }
                        }
                        Some(b'?') => self.pass_until(b"?>")?,
                        _ => return self.tag(),
                    }
                }
                Some(_) => return Ok(Token::Text(self.text()?)),
            }
        }
    }

    fn text(&mut self) -> io::Result<String> {
        self.buffer.clear();
        loop {
            let bytes = self.bytes.ahead()?;
            let end = memchr(b'<', bytes);
            let part = &bytes[..end.unwrap_or(bytes.len())];
            let length = part.len();
            let room = MAX_ENTRY_LEN - self.buffer.len();
            self.buffer.extend_from_slice(&part[..length.min(room)]);
            self.bytes.take(length);
            if end.is_some() || length == 0 {
                break;
            }
        }
        Ok(resolve(&String::from_utf8_lossy(&self.buffer)))
    }

    /// Reads a tag after its `<`.
    fn tag(&mut self) -> io::Result<Token> {
        self.buffer.clear();
        let mut quote = None;
        loop {
            let Some(byte) = self.bytes.peek()?.filter(|byte| *byte != b'<') else {
                return Ok(Token::Broken("expected the end of a tag, but found none".to_owned()));
            };
            self.bytes.next()?;
            match quote {
                None if byte == b'>' => break,
                None if (byte == b'"' || byte == b'\'') && self.after_equals() => quote = Some(byte),
                Some(open) if byte == open => quote = None,
                _ => {}
            }
            self.buffer.push(byte);
            if self.buffer.len() > MAX_ENTRY_LEN {
                self.buffer.clear();
                while self.bytes.peek()?.is_some_and(|byte| byte != b'<') {
                    self.bytes.next()?;
                }
                return Ok(Token::Broken(too_long("a tag")));
            }
        }
        let text = String::from_utf8_lossy(&self.buffer);
        Ok(match text.strip_prefix('/') {
            Some(name) => Token::Close(name.trim().to_ascii_lowercase()),
            None => Token::Open(parse_tag(&text)),
        })
    }

    fn after_equals(&self) -> bool {
        self.buffer.iter().rev().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'=')
    }

    /// Skips a comment or declaration after its `<`. Returns the text of a CDATA section.
    fn declaration(&mut self) -> io::Result<Option<String>> {
        const CDATA: &[u8] = b"![CDATA[";
        self.buffer.clear();
        while self.buffer.len() < CDATA.len()
            && let Some(byte) = self.bytes.peek()?.filter(|byte| *byte != b'>')
        {
            self.bytes.next()?;
            self.buffer.push(byte);
            if self.buffer == b"!--" {
                self.pass_until(b"-->")?;
                return Ok(None);
            }
        }
        if self.buffer != CDATA {
            self.pass_until(b">")?;
            return Ok(None);
        }
        self.buffer.clear();
        while let Some(byte) = self.bytes.next()? {
            self.buffer.push(byte);
            if self.buffer.ends_with(b"]]>") {
                self.buffer.truncate(self.buffer.len() - 3);
                break;
            }
            if self.buffer.len() > MAX_ENTRY_LEN {
                self.pass_until(b"]]>")?;
                break;
            }
        }
        Ok(Some(String::from_utf8_lossy(&self.buffer).into_owned()))
    }

    fn pass_until(&mut self, end: &[u8]) -> io::Result<()> {
        let mut last = [0; 3];
        while let Some(byte) = self.bytes.next()? {
            last = [last[1], last[2], byte];
            if last.ends_with(end) {
                break;
            }
        }
        Ok(())
    }
}

fn parse_tag(text: &str) -> Tag {
    let is_empty = text.ends_with('/');
    let text = text.strip_suffix('/').unwrap_or(text);
    let name_end = text.find(|c: char| c.is_ascii_whitespace()).unwrap_or(text.len());
    let mut tag = Tag { name: text[..name_end].to_ascii_lowercase(), is_empty, attributes: Vec::new() };
    let mut rest = text[name_end..].trim_start();
    while !rest.is_empty() {
        let name_end = rest.find(|c: char| c == '=' || c.is_ascii_whitespace()).unwrap_or(rest.len());
        let name = rest[..name_end].to_ascii_lowercase();
        rest = rest[name_end..].trim_start();
        let mut value = "";
        if let Some(behind) = rest.strip_prefix('=') {
            let behind = behind.trim_start();
            let quote = behind.chars().next().filter(|c| *c == '"' || *c == '\'');
            let inside = if quote.is_some() { &behind[1..] } else { behind };
            let ends = |c: char| quote.map_or(c.is_ascii_whitespace(), |quote| c == quote);
            let end = inside.find(ends).unwrap_or(inside.len());
            value = &inside[..end];
            rest =
                inside[end..].strip_prefix(|c: char| quote == Some(c)).unwrap_or(&inside[end..]).trim_start();
        }
        tag.attributes.push((name, resolve(value)));
    }
    tag
}

/// Resolves the entities of XML and numeric ones. Others stay as they are.
fn resolve(text: &str) -> String {
    let mut parts = text.split('&');
    let mut resolved = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let entity = part.split_once(';').and_then(|(name, rest)| Some((entity(name)?, rest)));
        match entity {
            Some((character, rest)) => {
                resolved.push(character);
                resolved.push_str(rest);
            }
            None => {
                resolved.push('&');
                resolved.push_str(part);
            }
        }
    }
    resolved
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            // Android writes an emoji as two surrogates, which are not valid characters.
            Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Token> {
        let mut markup = Markup::new(text.as_bytes());
        let mut tokens = Vec::new();
        loop {
            match markup.read().unwrap() {
                Token::End => return tokens,
                token => tokens.push(token),
            }
        }
    }

    fn open(name: &str, is_empty: bool, attributes: &[(&str, &str)]) -> Token {
        let attributes =
            attributes.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        Token::Open(Tag { name: name.to_owned(), is_empty, attributes })
    }

    #[test]
    fn tags_and_text_are_found_between_everything_else() {
        let text = "<?xml version='1.0' ?><!DOCTYPE x><!-- <call> > --><A b=\"1 > 0\" c='&#8239;&amp;&x;' d e=f\n><i/>t&lt;<![CDATA[<u>]]></A>";
        assert_eq!(
            read(text),
            [
                open("a", false, &[("b", "1 > 0"), ("c", "\u{202f}&&x;"), ("d", ""), ("e", "f")]),
                open("i", true, &[]),
                Token::Text("t<".to_owned()),
                Token::Text("<u>".to_owned()),
                Token::Close("a".to_owned()),
            ]
        );
    }

    #[test]
    fn a_tag_without_end_costs_itself_alone() {
        let found = read("<a b=\"1 <c d=\"2\"/><e");
        assert!(matches!(found[0], Token::Broken(_)));
        assert_eq!(found[1], open("c", true, &[("d", "2")]));
        assert!(matches!(found[2], Token::Broken(_)));
    }

    #[test]
    fn a_surrogate_is_no_character_and_does_no_harm() {
        assert_eq!(read("<a b='&#55357;&#56832;'/>"), [open("a", true, &[("b", "\u{fffd}\u{fffd}")])]);
    }

    #[test]
    fn a_class_is_found_among_others() {
        let Token::Open(tag) = &read("<div class=\"contributor vcard\">")[0] else { panic!() };
        assert!(tag.has_class("vcard") && tag.has_class("contributor") && !tag.has_class("card"));
    }
}
