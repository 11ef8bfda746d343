//! Limits on unpacking nested archives, which are unpacked into a temporary file.

use std::io::{self, BufRead, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Maximum size of a nested archive in bytes.
const MOST: u64 = 4 << 30;
/// Maximum ratio of unpacked to packed bytes. The content of an archive is already compressed.
const RATIO: u64 = 100;
/// Number of bytes that are unpacked at any ratio.
const ALWAYS: u64 = 16 << 20;

/// Number of packed bytes read. Clones share the count.
#[derive(Clone, Default)]
pub(crate) struct Packed(Arc<AtomicU64>);

impl Packed {
    pub(crate) fn new(bytes: u64) -> Self {
        Self(Arc::new(AtomicU64::new(bytes)))
    }

    /// Counts the bytes that are read.
    pub(crate) fn count<R: BufRead>(&self, reader: R) -> Counted<R> {
        Counted { reader, packed: self.clone() }
    }

    /// Copies unpacked bytes.
    ///
    /// # Errors
    /// There are more bytes than a legitimate archive contains.
    pub(crate) fn copy(&self, mut unpacked: impl Read, file: &mut impl Write) -> io::Result<()> {
        let mut buffer = vec![0; 64 * 1024];
        let mut written = 0;
        loop {
            let length = match unpacked.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            written += length as u64;
            let packed = self.0.load(Ordering::Relaxed);
            if written > MOST || (written > ALWAYS && written / RATIO > packed) {
                let reason = format!(
                    "expected at most {RATIO} times as many bytes in an archive inside of another, and at most 4 GiB, but \
                     found more"
                );
                return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
            }
            file.write_all(&buffer[..length])?;
        }
    }
}

/// Limit on the total of unpacked bytes. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct UnpackLimit(Option<Arc<AtomicU64>>);

impl UnpackLimit {
    /// At most this many bytes. The default is unlimited.
    pub fn new(bytes: u64) -> Self {
        Self(Some(Arc::new(AtomicU64::new(bytes))))
    }

    pub(crate) fn bound<R: Read>(&self, reader: R) -> Bounded<R> {
        Bounded { reader, limit: self.clone() }
    }
}

/// A reader of unpacked bytes that fails beyond the limit.
pub(crate) struct Bounded<R> {
    reader: R,
    limit: UnpackLimit,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.reader.read(buffer)?;
        let Some(left) = &self.limit.0 else { return Ok(length) };
        let take = |left: u64| left.checked_sub(length as u64);
        match left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
            Ok(_) => Ok(length),
            Err(_) => Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "expected fewer bytes in what is compressed, but found more than may be unpacked",
            )),
        }
    }
}

/// A reader whose bytes are counted.
pub(crate) struct Counted<R> {
    reader: R,
    packed: Packed,
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.reader.read(buffer)?;
        self.packed.0.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.reader.fill_buf()
    }

    fn consume(&mut self, length: usize) {
        self.reader.consume(length);
        self.packed.0.fetch_add(length as u64, Ordering::Relaxed);
    }
}
