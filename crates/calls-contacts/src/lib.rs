//! Reads address books: bytes in, people with names and numbers out. No database, no network, and no
//! knowledge of numbering plans.
//!
//! In reading order:
//!
//! - [`person`]: what comes out. [`Person`], [`Number`], [`Skipped`].
//! - [`read()`] detects the [`Format`] of a file and reads it; [`files()`] finds the address books of a
//!   folder.
//! - `vcard` (with `cut`), `table` (with `columns`) and `fritzbox`: one module for each format.
//! - `text`: decodes files, and shortens names and labels to the lengths that are kept.
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

/// Why an address book cannot be read, or not any further.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// None of the formats.
    #[error(
        "expected vCards, a CSV file with columns for names and phone numbers, or a FRITZ!Box phonebook, but found {0}"
    )]
    UnknownFormat(String),
    /// A CSV or XML file that is larger than any address book.
    #[error("expected at most {} MiB of CSV or XML, but found more", MAX_FILE >> 20)]
    TooLarge,
    /// XML that ends, or breaks off, in the middle.
    #[error("expected the end of the phonebook, but found {0}")]
    BrokenXml(String),
}

/// The largest CSV or XML file that is read. A row takes some hundred bytes.
pub const MAX_FILE: u64 = 256 << 20;
/// Bytes at the start of a file that decide its format.
const HEAD: usize = 4096;

/// Reads an address book and hands over each of its entries. One that cannot be read costs only itself.
///
/// # Errors
/// The file cannot be read, or is no address book. Entries before the error have been handed over.
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

/// The first line of a file that is no address book, without what may be a person's.
fn describe(start: &str) -> String {
    match start.trim().lines().next() {
        None => "an empty file".to_owned(),
        Some(line) if line.contains('\0') => "binary data".to_owned(),
        Some(line) if line.starts_with('<') => "another kind of XML or HTML".to_owned(),
        Some(_) => "another kind of text, or a header without such columns".to_owned(),
    }
}

/// The address books of a folder and the folders inside it, by the ends of their names (`.vcf`, `.vcard`,
/// `.csv`, `.xml`), in the order of their paths. A path that is no folder is itself.
///
/// # Errors
/// A folder cannot be read.
pub fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    /// Deeper folders are those of something else, or a circle of links.
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
