//! The files in a zip archive, read one after another.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use flate2::CrcReader;
use flate2::bufread::DeflateDecoder;
use zip::{CompressionMethod, ZipArchive};

/// A file in an archive.
pub(crate) struct Entry {
    pub name: String,
    start: u64,
    length: u64,
    method: CompressionMethod,
    encrypted: bool,
    crc: u32,
}

/// Lists the files of an archive.
pub(crate) fn entries(file: &File) -> io::Result<Vec<Entry>> {
    let mut archive = ZipArchive::new(BufReader::new(file.try_clone()?))?;
    let mut entries = Vec::new();
    for index in 0..archive.len() {
        let found = archive.by_index_raw(index)?;
        if found.is_dir() {
            continue;
        }
        entries.push(Entry {
            name: found.name()?.into_owned(),
            start: found.data_start().unwrap_or_default(),
            length: found.compressed_size(),
            method: found.compression(),
            encrypted: found.encrypted(),
            crc: found.crc32(),
        });
    }
    Ok(entries)
}

impl Entry {
    /// Opens the file in the archive. No other reader may use the handle meanwhile.
    pub fn open(&self, mut file: File) -> io::Result<Box<dyn Read>> {
        let unsupported =
            || io::Error::new(io::ErrorKind::Unsupported, "a zip entry that is encrypted or not deflated");
        if self.encrypted {
            return Err(unsupported());
        }
        file.seek(SeekFrom::Start(self.start))?;
        let bytes = BufReader::new(file.take(self.length));
        match self.method {
            CompressionMethod::Stored => Ok(Box::new(Checked::new(bytes, self.crc))),
            CompressionMethod::Deflated => Ok(Box::new(Checked::new(DeflateDecoder::new(bytes), self.crc))),
            _ => Err(unsupported()),
        }
    }
}

/// A reader that verifies the checksum at the end.
struct Checked<R> {
    reader: CrcReader<R>,
    crc: u32,
}

impl<R: Read> Checked<R> {
    fn new(reader: R, crc: u32) -> Self {
        Self { reader: CrcReader::new(reader), crc }
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.reader.read(buffer)?;
        if length == 0 && !buffer.is_empty() && self.reader.crc().sum() != self.crc {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the checksum of a zip entry is wrong"));
        }
        Ok(length)
    }
}
