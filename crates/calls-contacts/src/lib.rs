//! Reads address books: bytes in, people with names and numbers out. It uses no database or network, and
//! knows no numbering plans.
//!
//! In reading order:
//!
//! - [`person`]: the results. [`Person`], [`Number`], [`Skipped`].
//! - [`read()`] detects the [`Format`] of a file and reads it; [`files()`] finds the address books of a
//!   folder.
//! - `vcard` (with `cut`), `table` (with `columns`) and `fritzbox`: a module per format.
//! - `text`: decodes files, and limits the length of names and labels.
//!
//! vCards are read as a stream, without their photos. Other files are read into memory, and are bounded.

pub mod person;

mod columns;
mod cut;
mod fritzbox;
mod table;
mod text;
mod vcard;

use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};

pub use person::{Item, Number, Person, Skipped};

/// Format of an address book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// vCard 2.1, 3.0 (RFC 2426) or 4.0 (RFC 6350).
    Vcard,
    /// CSV with a header, as Google Contacts, Outlook and Thunderbird export it.
    Csv,
    /// The XML of a FRITZ!Box phonebook.
    Fritzbox,
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Vcard => "vCard",
            Self::Csv => "CSV",
            Self::Fritzbox => "a FRITZ!Box phonebook",
        })
    }
}

/// Error that ends the reading of an address book.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The format is unknown.
    #[error(
        "expected vCards, a CSV file with columns for names and phone numbers, or a FRITZ!Box phonebook, but found {0}"
    )]
    UnknownFormat(String),
    /// The CSV or XML file is larger than any address book.
    #[error("expected at most {} MiB of CSV or XML, but found more", MAX_FILE >> 20)]
    TooLarge,
    /// The XML is truncated or not well-formed.
    #[error("expected the end of the phonebook, but found {0}")]
    BrokenXml(String),
}

/// Maximum size of a CSV or XML file. A row takes some hundred bytes.
pub const MAX_FILE: u64 = 256 << 20;
/// Number of bytes at the start of a file for format detection.
const HEAD: usize = 4096;

/// Reads an address book, and calls `each` with its entries. An invalid entry affects no other.
///
/// # Errors
/// The file cannot be read, or is not an address book. Entries before the error have been passed on.
pub fn read(mut reader: impl BufRead, mut each: impl FnMut(Item)) -> Result<Format, ReadError> {
    let mut head = Vec::new();
    reader.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
    let is_utf16 = text::is_utf16(&head);
    let format = {
        let start = text::decode_head(&head);
        detect(&start).ok_or_else(|| ReadError::UnknownFormat(describe(&start)))?
    };
    let whole = io::Cursor::new(head).chain(reader);
    match format {
        Format::Vcard if !is_utf16 => vcard::read(whole, &mut each)?,
        Format::Vcard => vcard::read(io::Cursor::new(read_text(whole)?), &mut each)?,
        Format::Csv => table::read(&read_text(whole)?, &mut each),
        Format::Fritzbox => fritzbox::read(&read_text(whole)?, &mut each)?,
    }
    Ok(format)
}

/// The text of a whole file.
fn read_text(reader: impl Read) -> Result<String, ReadError> {
    let mut bytes = Vec::new();
    reader.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(ReadError::TooLarge);
    }
    Ok(text::decode(&bytes).into_owned())
}

fn detect(start: &str) -> Option<Format> {
    let trimmed = start.trim_start();
    let begins = |with: &str| trimmed.get(..with.len()).is_some_and(|text| text.eq_ignore_ascii_case(with));
    if begins("BEGIN:VCARD") {
        Some(Format::Vcard)
    } else if begins("<") {
        ["<phonebook", "<contact"].iter().any(|tag| trimmed.contains(tag)).then_some(Format::Fritzbox)
    } else {
        table::is_table(trimmed).then_some(Format::Csv)
    }
}

/// Describes the first line of another file, without personal data.
fn describe(start: &str) -> String {
    match start.trim().lines().next() {
        None => "an empty file".to_owned(),
        Some(line) if line.contains('\0') => "binary data".to_owned(),
        Some(line) if line.starts_with('<') => "another kind of XML or HTML".to_owned(),
        Some(_) => "another kind of text, or a header without such columns".to_owned(),
    }
}

/// The address books of a folder and its subfolders, by extension (`.vcf`, `.vcard`, `.csv`, `.xml`), ordered
/// by path. For a file, the file itself.
///
/// # Errors
/// A folder cannot be read.
pub fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    /// Deeper folders are unlikely to be of an address book, or are in a cycle of links.
    const DEPTH: usize = 8;
    let mut found = Vec::new();
    match path.is_dir() {
        true => add_files(path, DEPTH, &mut found)?,
        false => found.push(path.to_owned()),
    }
    found.sort();
    Ok(found)
}

fn add_files(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let extension = path.extension().map(|end| end.to_string_lossy().to_ascii_lowercase());
        let is_book = matches!(extension.as_deref(), Some("vcf" | "vcard" | "csv" | "xml"));
        if path.is_dir() {
            if depth > 0 {
                add_files(&path, depth - 1, found)?;
            }
        } else if is_book {
            found.push(path);
        }
    }
    Ok(())
}
