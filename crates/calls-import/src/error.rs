//! Why a file cannot be read any further.

use std::io;

use crate::format::Format;

/// The end of a file before its end. What is wrong with a single entry is a
/// [`Skipped`](crate::Skipped) instead.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The bytes could not be read.
    #[error("cannot read the file")]
    Io(#[from] io::Error),
    /// The file is not of the format at all.
    #[error("not a file of the format {format}: expected {expected}, but found {found}")]
    NotTheFormat {
        /// The format it was read as.
        format: Format,
        /// What every file of the format has.
        expected: String,
        /// What is there instead.
        found: String,
    },
    /// No format was named, and the file begins as none that is known.
    #[error("expected a known call log, but found something else: name its format with --format")]
    UnknownFormat,
    /// The format leaves out whose calls these are, and nobody said it.
    #[error("a file of the format {0} does not say whose calls it lists: name the number with --own")]
    OwnMissing(Format),
}
