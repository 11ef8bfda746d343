//! Opens files of unknown format, files compressed by gzip or zip, and folders.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

use crate::dates::Again;
use crate::error::ReadError;
use crate::format::Format;
use crate::framed::{Framed, is_framed};
use crate::options::Options;
use crate::packed::Packed;
use crate::recoded::{Recoded, Recoding};
use crate::record::{Item, Items, Reason, Record, Skipped};
use crate::sample::SQLITE;
use crate::unreadable::Unreadable;
use crate::utf16::{self, Utf16};
use crate::zipped;
use crate::{detect, ios_storedata};

/// An open file.
pub struct Opened<'a> {
    /// The given or detected format. `None` for a folder or archive whose files are detected one by one.
    pub format: Option<Format>,
    /// Its content.
    pub items: Items<'a>,
}

/// Number of bytes read so far, as stored. Clones share the count.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<AtomicU64>);

impl Progress {
    /// The bytes that were read so far.
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Opens a file, or all files of a folder and its subfolders, in the order of their names.
///
/// For a folder or an archive, reasons for skipping begin with the name of the file, and a file that does not
/// have the given format is skipped as a whole.
pub fn open(
    path: &Path,
    format: Option<Format>,
    options: &Options,
    progress: &Progress,
) -> Result<Opened<'static>, ReadError> {
    if is_database(path)? {
        return database(path, format, options, progress);
    }
    if !path.is_dir() {
        let file = Counted { file: File::open(path)?, progress: progress.clone() };
        return any(Box::new(BufReader::new(file)), Some(again(path)), format, options, &Nesting::default());
    }
    let mut files = Vec::new();
    list(path, &mut files)?;
    let (folder, progress) = (path.to_owned(), progress.clone());
    let sources = files.into_iter().map(move |path| {
        let name = path.strip_prefix(&folder).unwrap_or(&path).display().to_string();
        let progress = progress.clone();
        let (again, database) = (again(&path), path.clone());
        let counted = progress.clone();
        let open = move || -> io::Result<Box<dyn BufRead>> {
            Ok(Box::new(BufReader::new(Counted { file: File::open(&path)?, progress })))
        };
        Source { name, open: Box::new(open), again: Some(again), database: Some((database, counted)) }
    });
    Ok(Opened { format, items: many(sources, format, options, Nesting::default()) })
}

/// Whether a file is an SQLite database, which is read in place.
fn is_database(path: &Path) -> io::Result<bool> {
    let mut head = Vec::new();
    if path.is_file() {
        File::open(path)?.take(SQLITE.len() as u64).read_to_end(&mut head)?;
    }
    Ok(head == SQLITE)
}

fn database(
    path: &Path,
    format: Option<Format>,
    options: &Options,
    progress: &Progress,
) -> Result<Opened<'static>, ReadError> {
    let mut head = Vec::new();
    File::open(path)?.take(HEAD).read_to_end(&mut head)?;
    let format = detect::choose(&head, format, options)?;
    // SQLite does not report how much it has read.
    progress.0.fetch_add(fs::metadata(path)?.len(), Ordering::Relaxed);
    Ok(Opened { format: Some(format), items: ios_storedata::open(options, path) })
}

/// Opens a file again, without counting what is read.
fn again(path: &Path) -> Again<'static> {
    let path = path.to_owned();
    Box::new(move || Ok(Box::new(BufReader::new(File::open(&path)?))))
}

/// Reads a stream, which may be compressed. A zip archive is copied to a temporary file, because its
/// directory is at the end.
pub fn read_any<'a>(
    reader: impl BufRead + 'a,
    format: Option<Format>,
    options: &Options,
) -> Result<Opened<'a>, ReadError> {
    any(Box::new(reader), None, format, options, &Nesting::default())
}

const HEAD: u64 = detect::HEAD as u64;

/// Maximum depth of nested archives.
const DEEPEST: usize = 4;

/// Compression of a file.
#[derive(Clone, Default)]
struct Nesting {
    depth: usize,
    /// The innermost one.
    packed: Option<Packed>,
}

impl Nesting {
    fn inside(&self, packed: Option<Packed>) -> Self {
        Self { depth: self.depth + 1, packed }
    }
}

fn any<'a>(
    mut reader: Box<dyn BufRead + 'a>,
    again: Option<Again<'a>>,
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
    let is_text = match Unreadable::by_signature(&head) {
        Some(Unreadable::Sqlite) => false,
        Some(kind) => return Err(ReadError::UnknownFormat(kind)),
        None => true,
    };
    let recoding = Recoding::needed(&head, head.len() as u64 == HEAD).filter(|_| is_text);
    let utf16 = utf16::is_big_endian(&head).filter(|_| is_text);
    let is_framed = is_text && recoding.is_none() && utf16.is_none() && is_framed(&head);
    if is_gzip {
        let packed = Packed::default();
        let unpacked = MultiGzDecoder::new(packed.count(Cursor::new(head).chain(reader)));
        let unpacked = options.unpacked.bound(unpacked);
        let nesting = nesting.inside(Some(packed));
        return any(Box::new(BufReader::new(unpacked)), None, format, options, &nesting);
    }
    if is_zip || utf16.is_some() || recoding.is_some() || is_framed {
        let whole = Cursor::new(head).chain(reader);
        let decoded: Box<dyn BufRead + 'a> = match (utf16, recoding) {
            _ if is_zip => {
                let document = Unreadable::by_zip_head(whole.get_ref().0.get_ref());
                let items = unzip(whole, format, options, nesting);
                // An archive that is too damaged to list may still be recognized as another document.
                let damaged = |error| document.map_or(error, ReadError::UnknownFormat);
                return Ok(Opened { format, items: items.map_err(damaged)? });
            }
            (Some(big_endian), _) => Box::new(BufReader::new(Utf16::new(whole, big_endian))),
            (None, Some(recoding)) => Box::new(BufReader::new(Recoded::new(whole, recoding))),
            (None, None) => Box::new(BufReader::new(Framed::new(whole))),
        };
        return any(decoded, None, format, options, nesting);
    }
    if format.is_none() && is_without_calls(&head) {
        return Ok(Opened { format: None, items: Box::new(std::iter::empty()) });
    }
    let format = detect::choose(&head, format, options)?;
    let items = crate::read_again(format, options, Cursor::new(head).chain(reader), again);
    Ok(Opened { format: Some(format), items })
}

/// Whether a file has no calls in any format: it is blank or an empty list.
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
    let entries = zipped::entries(&file)?;
    if let Some(document) = Unreadable::by_names(entries.iter().map(|entry| entry.name.as_str())) {
        return Err(ReadError::UnknownFormat(document));
    }
    let limit = options.unpacked.clone();
    let sources = entries.into_iter().map(move |entry| {
        let handle = file.try_clone();
        let name = entry.name.clone();
        let limit = limit.clone();
        let open = move || -> io::Result<Box<dyn BufRead>> {
            Ok(Box::new(BufReader::new(limit.bound(entry.open(handle?)?))))
        };
        Source { name, open: Box::new(open), again: None, database: None }
    });
    Ok(many(sources, format, options, nesting))
}

/// A file of a folder or archive.
struct Source {
    name: String,
    open: Box<dyn FnOnce() -> io::Result<Box<dyn BufRead>>>,
    again: Option<Again<'static>>,
    /// Its path, if it may be a database.
    database: Option<(PathBuf, Progress)>,
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

/// The items of a file of a folder or archive.
fn one(
    number: u64,
    source: Source,
    format: Option<Format>,
    options: &Options,
    nesting: &Nesting,
) -> Items<'static> {
    let Source { name, open, again, database: path } = source;
    let opened = match path {
        Some((path, progress)) if is_database(&path).unwrap_or_default() => {
            database(&path, format, options, &progress)
        }
        _ => open().map_err(ReadError::from).and_then(|reader| any(reader, again, format, options, nesting)),
    };
    let is_page = has_extension(&name, &["html", "htm"]);
    let (format, items) = match opened {
        Ok(opened) => (opened.format, opened.items),
        // Other pages may be in the same folder.
        Err(ReadError::UnknownFormat(_)) if is_page => return Box::new(std::iter::empty()),
        Err(error) => (format, Box::new(std::iter::once(Err(error))) as Items<'static>),
    };
    Box::new(items.map(move |item| {
        let place = |position: u64| if format == Some(Format::GoogleVoice) { number } else { position };
        let unit = format.map_or("entry", Format::position_unit);
        let in_file = |reason: Reason| match reason {
            // The file is in an archive of the folder.
            Reason::InFile(inner, unit, reason) => Reason::InFile(format!("{name}/{inner}"), unit, reason),
            Reason::File(inner, reason) => Reason::File(format!("{name}/{inner}"), reason),
            reason => Reason::InFile(name.clone(), unit, Box::new(reason)),
        };
        let not_read = |error: &dyn std::error::Error| {
            let why = error.source().map(|source| format!(": {source}")).unwrap_or_default();
            Item::Skipped(Skipped {
                position: number,
                reason: Reason::File(name.clone(), format!("{error}{why}")),
            })
        };
        Ok(match item {
            Ok(Item::Record(record)) => Item::Record(Record { position: place(record.position), ..record }),
            Ok(Item::Joined { position }) => Item::Joined { position: place(position) },
            Ok(Item::Skipped(Skipped { position, reason })) => {
                Item::Skipped(Skipped { position: place(position), reason: in_file(reason) })
            }
            // The storage is damaged, not the file.
            Err(ReadError::Io(error)) if !is_damage(error.kind()) => return Err(ReadError::Io(error)),
            Err(ReadError::Io(error)) => not_read(&error),
            Err(error) => not_read(&error),
        })
    }))
}

/// Whether a file of a folder or archive may be a call log, by its name.
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

/// The files of a folder and its subfolders that may be call logs by their names, ordered by name. Links to
/// folders are not followed.
pub fn list_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    list(folder, &mut files)?;
    files.retain(|file| is_wanted(&file.to_string_lossy(), None));
    Ok(files)
}

/// Lists the files of a folder and its subfolders, ordered by name.
fn list(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        if entry.file_type()?.is_dir() {
            list(&entry.path(), files)?;
        } else if entry.path().is_file() && !is_beside_a_database(&entry.path()) {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// Whether a file is the log of a database in the same folder, and is read with it.
fn is_beside_a_database(path: &Path) -> bool {
    let name = path.as_os_str().to_string_lossy();
    let base = ["-wal", "-shm", "-journal"].iter().find_map(|end| name.strip_suffix(end));
    base.is_some_and(|base| is_database(Path::new(base)).unwrap_or_default())
}

/// A file whose bytes are counted when they are read.
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
