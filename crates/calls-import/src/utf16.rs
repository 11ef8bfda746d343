//! Files in UTF-16, as some programs on Windows write CSV.

use std::io::{self, BufRead, Read};

/// Whether a UTF-16 file is big-endian, by its byte order mark or its first two characters, which are ASCII.
/// `None` if it is not UTF-16.
pub(crate) fn is_big_endian(head: &[u8]) -> Option<bool> {
    match *head {
        [0xFE, 0xFF, ..] => Some(true),
        [0xFF, 0xFE, ..] => Some(false),
        [0, one, 0, other, ..] if one > 0 && other > 0 => Some(true),
        [one, 0, other, 0, ..] if one > 0 && other > 0 => Some(false),
        _ => None,
    }
}

/// Decodes UTF-16 to UTF-8. Invalid characters become U+FFFD.
pub(crate) struct Utf16<R> {
    reader: R,
    big_endian: bool,
    /// A high surrogate that waits for its low surrogate.
    high: Option<u16>,
    ready: Vec<u8>,
    at: usize,
}

impl<R: BufRead> Utf16<R> {
    pub fn new(reader: R, big_endian: bool) -> Self {
        Self { reader, big_endian, high: None, ready: Vec::new(), at: 0 }
    }

    /// Decodes another part of the file. No output is ready afterwards only at the end.
    fn decode(&mut self) -> io::Result<()> {
        const UNITS: usize = 4096;
        self.ready.clear();
        self.at = 0;
        let mut bytes = Vec::with_capacity(2 * UNITS);
        self.reader.by_ref().take(2 * UNITS as u64).read_to_end(&mut bytes)?;
        let units = bytes.chunks(2).map(|pair| match *pair {
            [one, two] if self.big_endian => u16::from_be_bytes([one, two]),
            [one, two] => u16::from_le_bytes([one, two]),
            _ => 0xFFFD,
        });
        let mut units: Vec<u16> = self.high.take().into_iter().chain(units).collect();
        let is_high = |unit: u16| (0xD800..0xDC00).contains(&unit);
        if bytes.len() == 2 * UNITS {
            self.high = units.pop_if(|unit| is_high(*unit));
        }
        for character in char::decode_utf16(units) {
            let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
            self.ready.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.ready.len() {
            self.decode()?;
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

    #[test]
    fn both_byte_orders_are_read_also_across_parts() {
        let text = "a\u{1f600}\u{20ac}".repeat(5000);
        for big_endian in [false, true] {
            let bytes: Vec<u8> = text
                .encode_utf16()
                .flat_map(|unit| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() })
                .collect();
            let mut read = String::new();
            Utf16::new(bytes.as_slice(), big_endian).read_to_string(&mut read).unwrap();
            assert!(read == text);
        }
    }

    #[test]
    fn what_is_no_character_is_replaced() {
        let mut read = String::new();
        Utf16::new(&[0x00, 0xD8, 0x61, 0x00, 0x62][..], false).read_to_string(&mut read).unwrap();
        assert_eq!(read, "\u{fffd}a\u{fffd}");
    }
}
