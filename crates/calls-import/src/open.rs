//! Files of any kind: of a format that is to be found out, compressed by gzip or zip, or many in a folder.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

use crate::detect::detect;
use crate::error::ReadError;
use crate::format::Format;
use crate::options::Options;
use crate::packed::Packed;
use crate::read;
use crate::recoded::{Recoded, Recoding};
use crate::record::{Item, Items, Skipped};
use crate::time;
use crate::utf16::Utf16;
use crate::zipped;

/// A file that was opened.
pub struct Opened<'a> {
    /// The format that was named or found out. `None` for a folder or an archive of files whose format is yet to
    /// be found out, one by one.
    pub format: Option<Format>,
    /// What is in it.
    pub items: Items<'a>,
}

/// How many bytes were read so far, as they lie on the disk (compressed or not). Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<AtomicU64>);

impl Progress {
    /// The bytes that were read so far.
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Opens a file, or all files of a folder and of the folders in it, in the order of their names.
///
/// In a folder or an archive the reason of what is skipped begins with the name of its file, and a file that
/// is of another format than the one named is skipped as a whole.
pub fn open(
    path: &Path,
    format: Option<Format>,
    options: &Options,
    progress: &Progress,
) -> Result<Opened<'static>, ReadError> {
    if !path.is_dir() {
        let file = Counted { file: File::open(path)?, progress: progress.clone() };
        return any(Box::new(BufReader::new(file)), format, options, &Nesting::default());
    }
    let mut files = Vec::new();
    list(path, &mut files)?;
    let (folder, progress) = (path.to_owned(), progress.clone());
    let sources = files.into_iter().map(move |path| {
        let name = path.strip_prefix(&folder).unwrap_or(&path).display().to_string();
        let progress = progress.clone();
        let open = move || -> io::Result<Box<dyn BufRead>> {
            Ok(Box::new(BufReader::new(Counted { file: File::open(&path)?, progress })))
        };
        Source { name, open: Box::new(open) }
    });
    Ok(Opened { format, items: many(sources, format, options, Nesting::default()) })
}

/// Reads a stream, which may be compressed. A zip archive is kept in a temporary file, for its list of files
/// is at its end.
pub fn read_any<'a>(
    reader: impl BufRead + 'a,
    format: Option<Format>,
    options: &Options,
) -> Result<Opened<'a>, ReadError> {
    any(Box::new(reader), format, options, &Nesting::default())
}

/// How many bytes of a file are looked at to find out what it is.
const HEAD: u64 = 64 * 1024;

/// How many times one may be compressed inside of another.
const DEEPEST: usize = 4;

/// In what a file is compressed.
#[derive(Clone, Default)]
struct Nesting {
    depth: usize,
    /// The innermost.
    packed: Option<Packed>,
}

impl Nesting {
    fn inside(&self, packed: Option<Packed>) -> Self {
        Self { depth: self.depth + 1, packed }
    }
}

fn any<'a>(
    mut reader: Box<dyn BufRead + 'a>,
    format: Option<Format>,
    options: &Options,
    nesting: &Nesting,
) -> Result<Opened<'a>, ReadError> {
    let mut head = Vec::new();
    reader.by_ref().take(HEAD).read_to_end(&mut head)?;
    let is_gzip = head.starts_with(b"\x1f\x8b");
    let is_zip = head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06");
    if (is_gzip || is_zip) && nesting.depth == DEEPEST {
        return Err(
            io::Error::new(io::ErrorKind::InvalidData, "archives inside of archives are too deep").into()
        );
    }
    let detected = detect(&head);
    let recoding = Recoding::needed(&head, head.len() as u64 == HEAD);
    let month_first = options.month_first || time::has_months_first(&String::from_utf8_lossy(&head));
    let is_without_calls = is_without_calls(&head);
    let utf16 = utf16_big_endian(&head);
    let whole = Cursor::new(head).chain(reader);
    if is_gzip {
        let packed = Packed::default();
        let unpacked = MultiGzDecoder::new(packed.count(whole));
        let nesting = nesting.inside(Some(packed));
        return any(Box::new(BufReader::new(unpacked)), format, options, &nesting);
    }
    if is_zip {
        return Ok(Opened { format, items: unzip(whole, format, options, nesting)? });
    }
    if let Some(big_endian) = utf16 {
        return any(Box::new(BufReader::new(Utf16::new(whole, big_endian))), format, options, nesting);
    }
    if let Some(recoding) = recoding {
        return any(Box::new(BufReader::new(Recoded::new(whole, recoding))), format, options, nesting);
    }
    if format.is_none() && is_without_calls {
        return Ok(Opened { format: None, items: Box::new(std::iter::empty()) });
    }
    let format = format.or(detected).ok_or(ReadError::UnknownFormat)?;
    let options = Options { month_first, ..options.clone() };
    Ok(Opened { format: Some(format), items: read(format, &options, whole) })
}

/// Whether a file in UTF-16 is big-endian, by its byte order mark or, without one, its first two characters, which are
/// ASCII. `None` if it is none in UTF-16.
fn utf16_big_endian(head: &[u8]) -> Option<bool> {
    match *head {
        [0xFE, 0xFF, ..] => Some(true),
        [0xFF, 0xFE, ..] => Some(false),
        [0, one, 0, other, ..] if one > 0 && other > 0 => Some(true),
        [one, 0, other, 0, ..] if one > 0 && other > 0 => Some(false),
        _ => None,
    }
}

/// Whether a file is one of no calls at all, of any format: nothing, or an empty list.
fn is_without_calls(file: &[u8]) -> bool {
    let text = file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file);
    if file.len() as u64 == HEAD {
        return false;
    }
    let rest: Vec<u8> = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).take(3).collect();
    matches!(rest[..], [] | [b'[', b']'])
}

fn is_damage(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof, Unsupported};
    matches!(kind, InvalidData | InvalidInput | UnexpectedEof | Unsupported)
}

fn unzip<'a>(
    mut archive: impl Read,
    format: Option<Format>,
    options: &Options,
    nesting: &Nesting,
) -> Result<Items<'a>, ReadError> {
    let mut file = tempfile::tempfile()?;
    match &nesting.packed {
        Some(packed) => packed.copy(archive, &mut file)?,
        None => _ = io::copy(&mut archive, &mut file)?,
    }
    let nesting = nesting.inside(Some(Packed::new(file.stream_position()?)));
    file.rewind()?;
    let sources = zipped::entries(&file)?.into_iter().map(move |entry| {
        let handle = file.try_clone();
        let name = entry.name.clone();
        let open =
            move || -> io::Result<Box<dyn BufRead>> { Ok(Box::new(BufReader::new(entry.open(handle?)?))) };
        Source { name, open: Box::new(open) }
    });
    Ok(many(sources, format, options, nesting))
}

/// One of many files.
struct Source {
    name: String,
    open: Box<dyn FnOnce() -> io::Result<Box<dyn BufRead>>>,
}

fn many<'a>(
    sources: impl Iterator<Item = Source> + 'a,
    format: Option<Format>,
    options: &Options,
    nesting: Nesting,
) -> Items<'a> {
    let options = options.clone();
    let wanted = sources.filter(move |source| is_wanted(&source.name, format));
    let items =
        (1..).zip(wanted).flat_map(move |(number, source)| one(number, source, format, &options, &nesting));
    let mut ended = false;
    Box::new(items.map_while(move |item| {
        let item = (!ended).then_some(item)?;
        ended = item.is_err();
        Some(item)
    }))
}

/// The items of one of many files.
fn one(
    number: u64,
    source: Source,
    format: Option<Format>,
    options: &Options,
    nesting: &Nesting,
) -> Items<'static> {
    let Source { name, open } = source;
    let opened = open().map_err(ReadError::from).and_then(|reader| any(reader, format, options, nesting));
    let is_page = has_extension(&name, &["html", "htm"]);
    let (format, items) = match opened {
        Ok(opened) => (opened.format, opened.items),
        // Pages that are no calls lie beside those that are.
        Err(ReadError::UnknownFormat) if is_page => return Box::new(std::iter::empty()),
        Err(error) => (format, Box::new(std::iter::once(Err(error))) as Items<'static>),
    };
    Box::new(items.map(move |item| {
        let item = match item {
            Ok(item) => item,
            Err(error @ (ReadError::NotTheFormat { .. } | ReadError::UnknownFormat)) => {
                Item::Skipped(Skipped { position: number, reason: error.to_string() })
            }
            // It is this file that is damaged, and not what it lies on.
            Err(ReadError::Io(error)) if is_damage(error.kind()) => {
                Item::Skipped(Skipped { position: number, reason: error.to_string() })
            }
            Err(error) => return Err(error),
        };
        let place = |position: u64| if format == Some(Format::GoogleVoice) { number } else { position };
        Ok(match item {
            Item::Record(mut record) => {
                record.position = place(record.position);
                Item::Record(record)
            }
            Item::Skipped(skipped) => Item::Skipped(Skipped {
                position: place(skipped.position),
                reason: format!("{name}: {}", skipped.reason),
            }),
        })
    }))
}

/// Whether a file of a folder or archive may be a call log, as far as its name tells.
fn is_wanted(name: &str, format: Option<Format>) -> bool {
    const OTHERS: [&str; 18] = [
        "mp3", "m4a", "amr", "wav", "ogg", "jpg", "jpeg", "png", "gif", "heic", "mp4", "3gp", "mov", "vcf",
        "pdf", "css", "js", "xsl",
    ];
    let file_name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let hidden = file_name.starts_with('.') || name.starts_with("__MACOSX/");
    let fits = match format {
        Some(Format::GoogleVoice) => has_extension(name, &["html", "htm", "zip"]),
        _ => !has_extension(name, &OTHERS),
    };
    fits && !hidden
}

fn has_extension(name: &str, extensions: &[&str]) -> bool {
    let found = name.rsplit_once('.').map(|(_, extension)| extension);
    found.is_some_and(|found| extensions.iter().any(|extension| extension.eq_ignore_ascii_case(found)))
}

/// Lists the files of a folder, those of folders in it too, by their names. Links to folders are not followed.
fn list(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        if entry.file_type()?.is_dir() {
            list(&entry.path(), files)?;
        } else if entry.path().is_file() {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// A file whose bytes are counted as they are read.
struct Counted {
    file: File,
    progress: Progress,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(buffer)?;
        self.progress.0.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}
