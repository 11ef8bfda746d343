//! Converts files that are not UTF-8 or have no line feeds: Windows-1252, as Excel writes CSV in western
//! Europe, and lines that end in CR, as old Mac programs and Excel's "CSV (Macintosh)" write them.

use std::io::{self, BufRead, Read};

/// Conversion of a file's bytes to UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recoding {
    /// Windows-1252, a superset of printable ISO 8859-1.
    Windows1252,
    /// UTF-8 with CR as line end.
    CrAsLf,
}

impl Recoding {
    /// The conversion that a file needs, by its first bytes. `cut` means that the file continues after them.
    pub fn needed(head: &[u8], cut: bool) -> Option<Self> {
        if is_windows_1252(head, cut) {
            Some(Self::Windows1252)
        } else if head.contains(&b'\r') && !head.contains(&b'\n') {
            Some(Self::CrAsLf)
        } else {
            None
        }
    }

    fn push(self, byte: u8, to: &mut Vec<u8>) {
        match (self, byte) {
            (Self::CrAsLf, b'\r') => to.push(b'\n'),
            (Self::Windows1252, 0x80..) => {
                let character = match byte {
                    0x80..0xA0 => FROM_0X80[usize::from(byte - 0x80)],
                    _ => char::from(byte),
                };
                to.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            _ => to.push(byte),
        }
    }
}

/// The characters 0x80 to 0x9F (Unicode's mapping table CP1252). Undefined ones stay control characters.
const FROM_0X80: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Whether a text contains bytes that are not UTF-8, and no multi-byte character of UTF-8. A text with both
/// is damaged.
fn is_windows_1252(head: &[u8], cut: bool) -> bool {
    let mut chunks = head.utf8_chunks().peekable();
    let mut any = false;
    while let Some(chunk) = chunks.next() {
        if !chunk.valid().is_ascii() || chunk.invalid().contains(&0) {
            return false;
        }
        let is_cut_off = cut && chunks.peek().is_none();
        any |= !chunk.invalid().is_empty() && !is_cut_off;
    }
    any && !head.contains(&0)
}

/// Converts such a file to UTF-8 with line feeds.
pub(crate) struct Recoded<R> {
    reader: R,
    recoding: Recoding,
    ready: Vec<u8>,
    at: usize,
}

impl<R: BufRead> Recoded<R> {
    pub fn new(reader: R, recoding: Recoding) -> Self {
        Self { reader, recoding, ready: Vec::new(), at: 0 }
    }
}

impl<R: BufRead> Read for Recoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.ready.len() {
            self.ready.clear();
            self.at = 0;
            let bytes = self.reader.fill_buf()?;
            let length = bytes.len();
            bytes.iter().for_each(|byte| self.recoding.push(*byte, &mut self.ready));
            self.reader.consume(length);
        }
        let part = &self.ready[self.at..];
        let length = part.len().min(buffer.len());
        buffer[..length].copy_from_slice(&part[..length]);
        self.at += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recoded(bytes: &[u8]) -> String {
        let mut text = String::new();
        let recoding = Recoding::needed(bytes, false).unwrap();
        Recoded::new(bytes, recoding).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn windows_1252_becomes_utf_8() {
        assert_eq!(recoded(b"Gespr\xe4chsdauer;\x80 5"), "Gesprächsdauer;€ 5");
    }

    #[test]
    fn a_cr_becomes_the_end_of_a_line() {
        assert_eq!(recoded(b"a,b\rc,d\r"), "a,b\nc,d\n");
    }

    #[test]
    fn what_is_utf_8_or_damaged_stays_as_it_is() {
        for bytes in
            [&b"a\r\nb\r\n"[..], "Gesprächsdauer".as_bytes(), "ä\u{20ac}".as_bytes(), b"", b"\xff\x00a"]
        {
            assert_eq!(Recoding::needed(bytes, false), None);
        }
        assert_eq!(Recoding::needed(b"\xc3\xa4 and \xe4", false), None);
        // The end cuts a UTF-8 character.
        assert_eq!(Recoding::needed(b"abc \xc3", true), None);
        assert_eq!(Recoding::needed(b"abc \xc3", false), Some(Recoding::Windows1252));
    }
}
