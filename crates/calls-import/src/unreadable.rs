//! Recognizes files that are not call logs.

use memchr::memmem;

use crate::sample::SQLITE;

/// Kind of a file that is not a known call log. Its text continues "expected a call log, but found".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Empty or blank.
    #[error("an empty file")]
    Empty,
    /// A workbook of Excel 2007 or later.
    #[error("an Excel workbook (.xlsx): save it as CSV and import that")]
    Xlsx,
    /// A workbook of Excel 97 to 2003, or another old document of Microsoft Office.
    #[error("an old Excel workbook or Office document (.xls): save it as CSV and import that")]
    Xls,
    /// A spreadsheet of LibreOffice or OpenOffice.
    #[error("an OpenDocument spreadsheet (.ods): save it as CSV and import that")]
    Ods,
    /// A spreadsheet of Apple Numbers.
    #[error("a Numbers spreadsheet: export it as CSV and import that")]
    Numbers,
    /// A document of a word processor.
    #[error("a text document, which holds no table of calls that can be read: export the calls as CSV")]
    Document,
    /// A PDF document.
    #[error("a PDF document: export the calls as CSV instead")]
    Pdf,
    /// An SQLite database without an iPhone's calls.
    #[error("an SQLite database without the table ZCALLRECORD of an iPhone's CallHistory.storedata")]
    Sqlite,
    /// A compressed file of an unsupported kind: its name, and how to unpack it.
    #[error("a file compressed by {0}: unpack it first ({1})")]
    Compressed(&'static str, &'static str),
    /// An encrypted backup.
    #[error("an Android backup, which has no call log in it that can be read: export the calls with an app")]
    AndroidBackup,
    /// A web page.
    #[error("a web page (HTML): save the calls as CSV instead")]
    Html,
    /// A picture.
    #[error("an image")]
    Image,
    /// A recording.
    #[error("an audio or video file")]
    Media,
    /// Contacts.
    #[error("contacts (vCard)")]
    Contacts,
    /// A calendar.
    #[error("a calendar (iCalendar): export the calls as CSV or JSON instead")]
    Calendar,
    /// A property list of Apple's.
    #[error("a property list (plist)")]
    PropertyList,
    /// A log of events: its name.
    #[error("{0}, which lists events and not calls: import cdr-csv/Master.csv instead")]
    Events(&'static str),
    /// A table without columns that calls need.
    #[error("a CSV file without {0}")]
    Csv(String),
    /// Other JSON.
    #[error("JSON that is no call log known here (if it is one, name its format with --format)")]
    Json,
    /// Other XML.
    #[error("XML that is no call log known here (if it is one, name its format with --format)")]
    Xml,
    /// Other text.
    #[error("a text that is no call log known here (if it is one, name its format with --format)")]
    Text,
    /// Other binary data.
    #[error("a binary file of an unknown kind")]
    Binary,
}

/// Number of bytes in which the signature of any archive, image or recording is complete.
const HEADER: usize = 512;

/// Kinds of files by signature.
const SIGNATURES: [(&[u8], Unreadable); 22] = [
    (b"%PDF-", Unreadable::Pdf),
    (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", Unreadable::Xls),
    (b"\x09\x08\x10\x00", Unreadable::Xls),
    (SQLITE, Unreadable::Sqlite),
    (b"\xFD7zXZ\x00", Unreadable::Compressed("xz", "xz -d")),
    (b"7z\xBC\xAF\x27\x1C", Unreadable::Compressed("7-Zip", "7z x")),
    (b"Rar!\x1A\x07", Unreadable::Compressed("RAR", "unrar x")),
    (b"\x28\xB5\x2F\xFD", Unreadable::Compressed("Zstandard", "zstd -d")),
    (b"\x04\x22\x4D\x18", Unreadable::Compressed("LZ4", "lz4 -d")),
    (b"\x1F\x9D", Unreadable::Compressed("compress", "uncompress")),
    (b"\x89PNG\r\n", Unreadable::Image),
    (b"\xFF\xD8\xFF", Unreadable::Image),
    (b"GIF8", Unreadable::Image),
    (b"II*\x00", Unreadable::Image),
    (b"MM\x00*", Unreadable::Image),
    (b"fLaC", Unreadable::Media),
    (b"#!AMR", Unreadable::Media),
    (b"bplist00", Unreadable::PropertyList),
    (b"ANDROID BACKUP", Unreadable::AndroidBackup),
    (b"BEGIN:VCARD", Unreadable::Contacts),
    (b"BEGIN:VCALENDAR", Unreadable::Calendar),
    (b"{\\rtf", Unreadable::Document),
];

impl Unreadable {
    /// Whether the kind is certain, so that the file is not a call log of any format.
    pub(crate) fn is_certain(&self) -> bool {
        !matches!(
            self,
            Self::Empty | Self::Csv(_) | Self::Json | Self::Xml | Self::Text | Self::Html | Self::Binary
        )
    }

    /// Detects binary files, and texts with a signature, by their first bytes.
    pub(crate) fn by_signature(first_bytes: &[u8]) -> Option<Self> {
        let bytes = first_bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(first_bytes);
        let at = |offset: usize, sign: &[u8]| bytes.get(offset..).is_some_and(|rest| rest.starts_with(sign));
        let by_start =
            SIGNATURES.iter().find(|(sign, _)| bytes.starts_with(sign)).map(|(_, kind)| kind.clone());
        // Signatures that are also valid text count only with zero bytes after them.
        let has_zero = bytes.iter().take(HEADER).any(|byte| *byte == 0);
        by_start.or_else(|| match bytes {
            _ if at(0, b"BZh") && at(4, b"1AY&SY") => Some(Self::Compressed("bzip2", "bzip2 -d")),
            _ if !has_zero => None,
            _ if at(257, b"ustar") => Some(Self::Compressed("tar", "tar -xf")),
            _ if at(0, b"RIFF") && at(8, b"WEBP") => Some(Self::Image),
            _ if at(0, b"RIFF") || at(0, b"ID3") || at(0, b"OggS") => Some(Self::Media),
            _ if at(4, b"ftyphei") || at(4, b"ftypmif1") || at(4, b"ftypavif") => Some(Self::Image),
            _ if at(4, b"ftyp") => Some(Self::Media),
            _ if at(0, b"BM") && at(6, &[0; 4]) => Some(Self::Image),
            _ => None,
        })
    }

    /// Detects documents that are zip archives, by the names of their files.
    pub(crate) fn by_names<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Option<Self> {
        let has = |start: &str| names.clone().any(|name| name.starts_with(start));
        if has("[Content_Types].xml") {
            Some(if has("xl/") { Self::Xlsx } else { Self::Document })
        } else if has("mimetype") && has("content.xml") {
            Some(if has("META-INF/manifest.xml") && !has("word/") { Self::Ods } else { Self::Document })
        } else if has("Index/Document.iwa") || has("Index.zip") {
            Some(Self::Numbers)
        } else {
            None
        }
    }

    /// Like [`Self::by_names`], from the first bytes of an archive, which contain the names of its first
    /// files.
    pub(crate) fn by_zip_head(first_bytes: &[u8]) -> Option<Self> {
        if !first_bytes.starts_with(b"PK\x03\x04") {
            return None;
        }
        let has = |name: &[u8]| memmem::find(first_bytes, name).is_some();
        if has(b"application/vnd.oasis.opendocument.spreadsheet") {
            Some(Self::Ods)
        } else if has(b"application/vnd.oasis.opendocument.") {
            Some(Self::Document)
        } else if has(b"[Content_Types].xml") || has(b"docProps/app.xml") {
            Some(if has(b"word/") || has(b"ppt/") { Self::Document } else { Self::Xlsx })
        } else if has(b"Index/Document.iwa") {
            Some(Self::Numbers)
        } else {
            None
        }
    }
}
