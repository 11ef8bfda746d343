//! Splits a file into vCards, and keeps only the properties that are read, so that photos are never held in
//! memory.

use std::io::{self, BufRead};

use memchr::memchr;

/// Properties that are kept, in addition to the first and the last line.
const KEPT: [&str; 8] = ["VERSION", "FN", "N", "NICKNAME", "ORG", "TEL", "IMPP", "X-ABLABEL"];
/// Maximum size of a card in bytes, without its photos.
pub(crate) const MAX_CARD: usize = 256 << 10;

/// Result of [`Cards::next`].
pub(crate) enum Cut {
    /// A complete card.
    Card(Vec<u8>),
    /// An invalid card, and the reason.
    Bad(&'static str),
}

/// The cards of a file.
pub(crate) struct Cards<R> {
    reader: R,
    line: Vec<u8>,
    /// Whether the current line begins the next card.
    is_begun: bool,
}

impl<R: BufRead> Cards<R> {
    pub fn new(reader: R) -> Self {
        Self { reader, line: Vec::new(), is_begun: false }
    }

    /// The next card. Anything between cards is skipped.
    pub fn next(&mut self) -> io::Result<Option<Cut>> {
        while !self.is_begun {
            if !self.read_line()? {
                return Ok(None);
            }
            self.is_begun = is_line(&self.line, "BEGIN:VCARD");
        }
        self.is_begun = false;
        let mut card = b"BEGIN:VCARD\r\n".to_vec();
        // Whether the current property is kept, and whether its value continues after a soft line break.
        let (mut keeps, mut goes_on, mut is_quoted) = (false, false, false);
        loop {
            if !self.read_line()? {
                return Ok(Some(Cut::Bad("expected END:VCARD, but found the end of the file")));
            }
            let is_folded = goes_on || self.line.starts_with(b" ") || self.line.starts_with(b"\t");
            if !is_folded {
                if is_line(&self.line, "END:VCARD") {
                    card.extend_from_slice(b"END:VCARD\r\n");
                    return Ok(Some(if card.len() > MAX_CARD {
                        Cut::Bad(TOO_LONG)
                    } else {
                        Cut::Card(card)
                    }));
                }
                if is_line(&self.line, "BEGIN:VCARD") {
                    self.is_begun = true;
                    return Ok(Some(Cut::Bad("expected END:VCARD, but found the next BEGIN:VCARD")));
                }
                (keeps, is_quoted) = property(&self.line);
            }
            goes_on = is_quoted && self.line.trim_ascii_end().ends_with(b"=");
            if keeps && card.len() <= MAX_CARD {
                card.extend_from_slice(&self.line);
                card.extend_from_slice(b"\r\n");
            }
        }
    }

    /// Reads a line without its end, at most as long as a card may be. False at the end of the file.
    fn read_line(&mut self) -> io::Result<bool> {
        self.line.clear();
        let mut is_there = false;
        loop {
            let bytes = self.reader.fill_buf()?;
            if bytes.is_empty() {
                break;
            }
            is_there = true;
            let end = memchr(b'\n', bytes);
            let part = &bytes[..end.unwrap_or(bytes.len())];
            let room = (MAX_CARD + 1).saturating_sub(self.line.len());
            self.line.extend_from_slice(&part[..part.len().min(room)]);
            let used = part.len() + usize::from(end.is_some());
            self.reader.consume(used);
            if end.is_some() {
                break;
            }
        }
        if self.line.last() == Some(&b'\r') {
            self.line.pop();
        }
        Ok(is_there)
    }
}

const TOO_LONG: &str = "expected at most 256 KiB of names and numbers, but found more";

/// Whether a line is `wanted`, ignoring case and a byte order mark.
fn is_line(line: &[u8], wanted: &str) -> bool {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii();
    line.eq_ignore_ascii_case(wanted.as_bytes())
}

/// Whether the property that begins in a line is kept, and whether its value is quoted-printable.
fn property(line: &[u8]) -> (bool, bool) {
    let head = &line[..memchr(b':', line).unwrap_or(0)];
    let name = head.split(|byte| *byte == b';').next().unwrap_or_default();
    let name = name.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    let keeps = KEPT.iter().any(|kept| name.eq_ignore_ascii_case(kept.as_bytes()));
    let upper = head.to_ascii_uppercase();
    (keeps, memchr::memmem::find(&upper, b"QUOTED-PRINTABLE").is_some())
}
