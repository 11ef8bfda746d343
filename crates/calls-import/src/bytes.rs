//! A reader of single bytes.

use std::io::{self, BufRead, ErrorKind};

use memchr::memchr_iter;

/// A reader with one byte of lookahead, which counts lines.
pub(crate) struct Bytes<R> {
    reader: R,
    buffer: Vec<u8>,
    at: usize,
    line: u64,
}

impl<R: BufRead> Bytes<R> {
    pub fn new(reader: R) -> Self {
        Self { reader, buffer: Vec::new(), at: 0, line: 1 }
    }

    /// Line number of the next byte, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The buffered bytes, without consuming them. Empty at the end.
    pub fn ahead(&mut self) -> io::Result<&[u8]> {
        if self.at == self.buffer.len() {
            self.fill()?;
        }
        Ok(&self.buffer[self.at..])
    }

    /// The next byte, without consuming it. `None` at the end.
    #[inline]
    pub fn peek(&mut self) -> io::Result<Option<u8>> {
        if self.at == self.buffer.len() {
            self.fill()?;
        }
        Ok(self.buffer.get(self.at).copied())
    }

    /// Consumes the next byte.
    #[inline]
    pub fn next(&mut self) -> io::Result<Option<u8>> {
        let byte = self.peek()?;
        self.at += usize::from(byte.is_some());
        self.line += u64::from(byte == Some(b'\n'));
        Ok(byte)
    }

    /// Consumes buffered bytes.
    pub fn take(&mut self, count: usize) {
        let end = self.buffer.len().min(self.at + count);
        self.line += memchr_iter(b'\n', &self.buffer[self.at..end]).count() as u64;
        self.at = end;
    }

    /// Fills the buffer, so that most bytes need no call of the reader.
    #[cold]
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.clear();
        self.at = 0;
        loop {
            match self.reader.fill_buf() {
                Ok(bytes) => {
                    self.buffer.extend_from_slice(bytes);
                    break;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.reader.consume(self.buffer.len());
        Ok(())
    }
}
