//! Lines of bounded length.

use std::io::{self, BufRead, ErrorKind};

use memchr::memchr;

/// Maximum length of a line and of an entry of any format, in bytes.
pub(crate) const MAX_ENTRY_LEN: usize = 1 << 20;

/// Result of [`Lines::read`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// A line. The buffer contains it without its end.
    Whole,
    /// A line of more than [`MAX_ENTRY_LEN`] bytes, skipped.
    TooLong,
    /// The end of the file.
    End,
}

/// Reads and counts lines that end in LF or CRLF. Drops a byte order mark.
pub(crate) struct Lines<R> {
    reader: R,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    pub fn new(reader: R) -> Self {
        Self { reader, number: 0 }
    }

    /// Number of the last line read, from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Reads the next line into the buffer.
    pub fn read(&mut self, line: &mut Vec<u8>) -> io::Result<Line> {
        line.clear();
        let (mut any, mut too_long) = (false, false);
        loop {
            let bytes = match self.reader.fill_buf() {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if bytes.is_empty() {
                break;
            }
            any = true;
            let end = memchr(b'\n', bytes);
            let part = &bytes[..end.unwrap_or(bytes.len())];
            too_long |= line.len() + part.len() > MAX_ENTRY_LEN;
            if !too_long {
                line.extend_from_slice(part);
            }
            let used = part.len() + usize::from(end.is_some());
            self.reader.consume(used);
            if end.is_some() {
                break;
            }
        }
        if !any {
            return Ok(Line::End);
        }
        self.number += 1;
        if too_long {
            return Ok(Line::TooLong);
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        if self.number == 1 && line.starts_with(b"\xEF\xBB\xBF") {
            line.drain(..3);
        }
        Ok(Line::Whole)
    }
}

/// The reason for skipping an entry longer than [`MAX_ENTRY_LEN`].
pub(crate) fn too_long(what: &str) -> String {
    format!("expected {what} of at most {MAX_ENTRY_LEN} bytes, but found a longer one")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Vec<(u64, Line, Vec<u8>)> {
        let mut lines = Lines::new(text);
        let mut found = Vec::new();
        let mut line = Vec::new();
        loop {
            match lines.read(&mut line).unwrap() {
                Line::End => return found,
                kind => found.push((lines.number(), kind, line.clone())),
            }
        }
    }

    #[test]
    fn a_line_ends_in_lf_or_crlf_or_with_the_file() {
        let expected: Vec<(u64, Line, Vec<u8>)> =
            vec![(1, Line::Whole, b"a".into()), (2, Line::Whole, b"".into()), (3, Line::Whole, b"b".into())];
        assert_eq!(lines(b"a\n\nb"), expected);
        assert_eq!(lines(b"\xEF\xBB\xBFa\r\n\r\nb\r\n"), expected);
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over() {
        let mut text = vec![b'x'; MAX_ENTRY_LEN + 1];
        text.extend_from_slice(b"\nb\n");
        let found = lines(&text);
        assert_eq!(found[0].1, Line::TooLong);
        assert_eq!(found[1], (2, Line::Whole, b"b".into()));
    }
}
