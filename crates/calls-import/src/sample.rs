//! The beginning of a file, for format detection.

use std::cell::OnceCell;
use std::fmt;
use std::io::{BufReader, Read};

use memchr::memmem;

use crate::format::Format;
use crate::lines::Lines;
use crate::markup::{Markup, Token};
use crate::recoded::{Recoded, Recoding};
use crate::rows::{Dialect, Next, Quotes, Row, Rows};
use crate::table::{Header, delimiter};
use crate::utf16::{self, Utf16};

/// Shape of a file, before its format is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Rows of fields, with or without a header.
    Table,
    /// Objects or an array.
    Json,
    /// XML or HTML.
    Markup,
    /// An SQLite database.
    Sqlite,
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Table => "a table",
            Self::Json => "JSON",
            Self::Markup => "XML or HTML",
            Self::Sqlite => "an SQLite database",
        })
    }
}

/// The first bytes of every SQLite database.
pub(crate) const SQLITE: &[u8] = b"SQLite format 3\0";

/// The first bytes of a file, decoded.
pub(crate) struct Sample {
    shape: Shape,
    text: String,
    lower: OnceCell<String>,
    header: Option<Header>,
}

impl Sample {
    /// The sample of a file's first bytes. `None` if they are blank.
    pub fn new(first_bytes: &[u8]) -> Option<Self> {
        let text = decoded(first_bytes);
        let text = text.trim_start_matches('\u{feff}').trim_start();
        let shape = match text.as_bytes().first()? {
            _ if first_bytes.starts_with(SQLITE) => Shape::Sqlite,
            b'<' => Shape::Markup,
            b'{' => Shape::Json,
            b'[' if text[1..].trim_start().starts_with(['{', '[', ']', '"']) => Shape::Json,
            _ => Shape::Table,
        };
        // A line `sep=` tells Excel the delimiter.
        let names_delimiter = text.trim_start_matches('"').starts_with("sep=");
        let text = if names_delimiter { text.split_once('\n')?.1.trim_start() } else { text };
        let mut sample = Self { shape, text: text.to_owned(), lower: OnceCell::new(), header: None };
        if shape == Shape::Table {
            let mut header = None;
            sample.first_row_fits(|row| {
                header = Some(Header::new(Format::GenericCsv, row));
                true
            });
            sample.header = header;
        }
        Some(sample)
    }

    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The text without a byte order mark and without a `sep=` line.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the text contains `lower_case`, ignoring case.
    pub fn text_has(&self, lower_case: &str) -> bool {
        let lower = self.lower.get_or_init(|| self.text.to_ascii_lowercase());
        memmem::find(lower.as_bytes(), lower_case.as_bytes()).is_some()
    }

    /// Whether an element with this name, in lower case, begins.
    pub fn has_element(&self, name: &str) -> bool {
        [" ", ">", "/", "\n", "\r", "\t"].iter().any(|end| self.text_has(&format!("<{name}{end}")))
    }

    /// Whether the first element of this name has all these attributes, which are given in lower case.
    pub fn has_attributes(&self, name: &str, attributes: &[&str]) -> bool {
        let mut markup = Markup::new(self.text.as_bytes());
        loop {
            match markup.read() {
                Ok(Token::Open(tag)) if tag.name == name => {
                    return attributes.iter().all(|attribute| tag.attribute(attribute).is_some());
                }
                Ok(Token::End) | Err(_) => return false,
                Ok(_) => {}
            }
        }
    }

    /// Whether a member of this name is a number, in quotes or not.
    pub fn has_count(&self, key: &str) -> bool {
        self.has_value(key, |value| {
            let value = value.trim_start_matches('"');
            let digits = value.bytes().take_while(u8::is_ascii_digit).count();
            digits > 0 && !value[digits..].starts_with(['-', '/', ':'])
        })
    }

    /// Whether a member of this name is an object.
    pub fn has_object(&self, key: &str) -> bool {
        self.has_value(key, |value| value.starts_with('{'))
    }

    fn has_value(&self, key: &str, is: impl Fn(&str) -> bool) -> bool {
        let quoted = format!("\"{key}\"");
        memmem::find_iter(self.text.as_bytes(), quoted.as_bytes()).any(|at| {
            let value = self.text[at + quoted.len()..].trim_start().strip_prefix(':');
            value.is_some_and(|value| is(value.trim_start()))
        })
    }

    /// Whether an object has a member with this name.
    pub fn has_key(&self, key: &str) -> bool {
        let quoted = format!("\"{key}\"");
        memmem::find_iter(self.text.as_bytes(), quoted.as_bytes())
            .any(|at| self.text[at + quoted.len()..].trim_start().starts_with(':'))
    }

    /// Whether objects have members with all these names.
    pub fn has_keys(&self, keys: &[&str]) -> bool {
        keys.iter().all(|key| self.has_key(key))
    }

    /// The first row of a table as a header.
    pub fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// Whether the first row of a table has all these columns.
    pub fn has_columns(&self, names: &[&str]) -> bool {
        self.header().is_some_and(|header| header.has_all(names))
    }

    /// Whether the first row of a table matches.
    pub fn first_row_fits(&self, fits: impl FnMut(&Row) -> bool) -> bool {
        let first_line = self.text.lines().next().unwrap_or_default();
        self.any_row(dialect(delimiter(first_line.as_bytes())), 1, fits)
    }

    /// Whether one of the first rows matches, split at commas or at the delimiter of the first line. Single
    /// rows may be invalid.
    pub fn any_row_fits(&self, mut fits: impl FnMut(&Row) -> bool) -> bool {
        let first_line = self.text.lines().next().unwrap_or_default();
        let delimiters = [b',', delimiter(first_line.as_bytes())];
        let different = &delimiters[..if delimiters[1] == b',' { 1 } else { 2 }];
        different.iter().any(|delimiter| self.any_row(dialect(*delimiter), ROWS, &mut fits))
    }

    /// Like [`Self::any_row_fits`], for another dialect.
    pub fn any_row_of_dialect_fits(&self, dialect: Dialect, fits: impl FnMut(&Row) -> bool) -> bool {
        self.any_row(dialect, ROWS, fits)
    }

    fn any_row(&self, dialect: Dialect, most: usize, mut fits: impl FnMut(&Row) -> bool) -> bool {
        let mut rows = Rows::new(Lines::new(self.text.as_bytes()), dialect);
        for _ in 0..most {
            match rows.read() {
                Ok(Next::Bad(_, _)) => {}
                Ok(Next::Row(row)) if fits(row) => return true,
                Ok(Next::Row(_)) => {}
                Ok(Next::End) | Err(_) => return false,
            }
        }
        false
    }
}

/// Number of rows to examine.
const ROWS: usize = 20;

fn dialect(delimiter: u8) -> Dialect {
    Dialect { delimiter, quotes: Quotes::Doubled, min_columns: 2, max_columns: 1000 }
}

/// Decodes bytes in any encoding and with any line endings that [`crate::open()`] supports.
fn decoded(bytes: &[u8]) -> String {
    let mut decoded = Vec::new();
    let read = if let Some(big_endian) = utf16::is_big_endian(bytes) {
        Utf16::new(bytes, big_endian).read_to_end(&mut decoded)
    } else if let Some(recoding) = Recoding::needed(bytes, true) {
        Recoded::new(BufReader::new(bytes), recoding).read_to_end(&mut decoded)
    } else {
        decoded.extend_from_slice(bytes);
        Ok(bytes.len())
    };
    // Reading from memory cannot fail.
    debug_assert!(read.is_ok());
    String::from_utf8_lossy(&decoded).into_owned()
}
