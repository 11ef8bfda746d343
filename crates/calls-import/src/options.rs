//! Properties of a log that the log itself lacks.

use chrono_tz::Tz;

use crate::columns::Columns;
use crate::dates::DateOrder;
use crate::error::ReadError;
use crate::format::Format;
use crate::packed::UnpackLimit;
use crate::record::RawParty;

/// Options of reading a file.
#[derive(Debug, Clone)]
pub struct Options {
    /// The zone of times that are written without one.
    pub zone: Tz,
    /// Owner of the calls, for formats that do not name one.
    pub own: Option<RawParty>,
    /// Whether `03/12/2026` is the 12th of March or the 3rd of December. `None` leaves it to the file: where
    /// nothing in it tells, it is refused ([`ReadError::DatesUndecided`]).
    pub dates: Option<DateOrder>,
    /// The country that the file comes from, as two letters (ISO 3166-1). Only helps to tell how dates are
    /// written.
    pub region: Option<String>,
    /// Which column of a generic CSV file is what, where its header does not tell it.
    pub columns: Columns,
    /// Limit on the bytes that come out of a file in gzip or zip.
    pub unpacked: UnpackLimit,
}

impl Options {
    /// Owner of the calls in a file of a format that does not name one.
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
