//! Properties of a log that the log itself lacks.

use chrono_tz::Tz;

use crate::columns::Columns;
use crate::dates::DateOrder;
use crate::error::ReadError;
use crate::format::Format;
use crate::packed::UnpackLimit;
use crate::record::RawParty;

/// Options for reading a file.
#[derive(Debug, Clone)]
pub struct Options {
    /// Zone of times without one.
    pub zone: Tz,
    /// Owner of the calls, for formats that do not name one.
    pub own: Option<RawParty>,
    /// Order of ambiguous dates. If it is `None` and the file has no evidence, the file is refused
    /// ([`ReadError::DatesUndecided`]).
    pub dates: Option<DateOrder>,
    /// Country of the file, as two letters (ISO 3166-1), as evidence for the order of dates.
    pub region: Option<String>,
    /// Mapping of columns in a generic CSV file.
    pub columns: Columns,
    /// Limit on the unpacked size of a compressed file.
    pub unpacked: UnpackLimit,
}

impl Options {
    /// Owner of the calls in a file of a format without owners.
    pub(crate) fn owner(&self, format: Format) -> Result<RawParty, ReadError> {
        self.own.clone().filter(RawParty::is_identified).ok_or(ReadError::OwnMissing(format))
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            zone: Tz::UTC,
            own: None,
            dates: None,
            region: None,
            columns: Columns::default(),
            unpacked: UnpackLimit::default(),
        }
    }
}
