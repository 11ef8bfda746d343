//! Tables in frames, as printed by `mysql` and `psql`. They are converted to tab-separated fields.

use std::io::{self, BufRead, Read};

/// Whether a file begins with such a table.
pub(crate) fn is_framed(head: &[u8]) -> bool {
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let lines = [lines.next(), lines.next()].map(Option::unwrap_or_default);
    match lines {
        [frame, header] if frame.starts_with(b"+-") => header.starts_with(b"|") && header.ends_with(b"|"),
        [header, frame] => header.contains(&b'|') && is_frame(frame) && frame.starts_with(b"-"),
    }
}

fn is_frame(line: &[u8]) -> bool {
    line.len() > 2 && line.contains(&b'+') && line.iter().all(|byte| matches!(byte, b'+' | b'-'))
}

fn contains(line: &[u8], part: &[u8]) -> bool {
    line.windows(part.len()).any(|found| found == part)
}

/// Reads such a table. Lines of the frame become blank, so that line numbers stay.
pub(crate) struct Framed<R> {
    reader: R,
    ready: Vec<u8>,
    at: usize,
}

impl<R: BufRead> Framed<R> {
    pub fn new(reader: R) -> Self {
        Self { reader, ready: Vec::new(), at: 0 }
    }

    /// Reads a line, or a part of a long one. No output is ready afterwards only at the end.
    fn next_line(&mut self) -> io::Result<()> {
        const LONGEST: u64 = 1 << 20;
        let mut line = Vec::new();
        self.reader.by_ref().take(LONGEST).read_until(b'\n', &mut line)?;
        self.ready.clear();
        self.at = 0;
        if line.is_empty() {
            return Ok(());
        }
        let text = line.trim_ascii();
        let is_count = (text.starts_with(b"(") && (text.ends_with(b"rows)") || text.ends_with(b"row)")))
            || (!text.starts_with(b"|") && contains(text, b" in set"));
        if !is_frame(text) && !is_count {
            let text = text.strip_prefix(b"|").unwrap_or(text);
            let text = text.strip_suffix(b"|").unwrap_or(text);
            for (index, field) in text.split(|byte| *byte == b'|').enumerate() {
                if index > 0 {
                    self.ready.push(b'\t');
                }
                self.ready.extend_from_slice(field.trim_ascii());
            }
        }
        self.ready.push(b'\n');
        Ok(())
    }
}

impl<R: BufRead> Read for Framed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.ready.len() {
            self.next_line()?;
        }
        let length = buffer.len().min(self.ready.len() - self.at);
        buffer[..length].copy_from_slice(&self.ready[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use std::io::read_to_string;

    use super::*;

    #[test]
    fn frames_are_no_part_of_a_table() {
        for (text, expected) in [
            (
                "+-----+----+\n| src | d  |\n+-----+----+\n|   1 | NULL |\n+--+--+\n1 row in set\n",
                "\nsrc\td\n\n1\tNULL\n\n\n",
            ),
            (" src | d\n-----+---\n   1 | 2\n(1 row)\n", "src\td\n\n1\t2\n\n"),
        ] {
            assert!(is_framed(text.as_bytes()), "{text}");
            assert_eq!(read_to_string(Framed::new(text.as_bytes())).unwrap(), expected);
        }
        for text in ["src|dst\n1|2\n", "a,b\n--,+\n", "", "+1|2\n"] {
            assert!(!is_framed(text.as_bytes()), "{text}");
        }
    }
}
