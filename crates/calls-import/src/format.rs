//! The formats and their names.

use std::fmt;
use std::str::FromStr;

/// How a call log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Asterisk's `Master.csv` as its module cdr_csv writes it, 16 to 21 columns without a header.
    AsteriskCsv,
    /// Asterisk's `Master.csv` as its module cdr_custom writes it with the sample configuration.
    AsteriskCustomCsv,
    /// The CSV export of FreePBX's CDR reports, with a header.
    FreepbxCsv,
    /// FreeSWITCH's cdr_csv with one of the templates that come with it.
    FreeswitchCsv,
    /// FreeSWITCH's json_cdr: one object a call.
    FreeswitchJson,
    /// FreeSWITCH's xml_cdr: one `cdr` element a call.
    FreeswitchXml,
    /// Twilio's `Calls.json`: a page of calls, or a single one.
    TwilioJson,
    /// Twilio's bulk export: one call a line.
    TwilioNdjson,
    /// Twilio's call log as CSV, with a header.
    TwilioCsv,
    /// `calls.xml` of the Android app SMS Backup & Restore.
    AndroidXml,
    /// The call log of the Android app SMS Import / Export, an array or one call a line.
    SmsIeJson,
    /// The call history export of the Android app Fossify Phone.
    FossifyJson,
    /// Google Voice's Takeout: one HTML file a call.
    GoogleVoice,
    /// A CSV export of an iPhone's calls by iMazing or iExplorer.
    IphoneCsv,
    /// This project's own CSV export.
    CallsCsv,
    /// This project's own NDJSON export.
    CallsNdjson,
    /// Any other CSV with a header.
    GenericCsv,
}

impl Format {
    /// All formats and their names.
    pub const ALL: [(Self, &'static str); 17] = [
        (Self::AsteriskCsv, "asterisk-csv"),
        (Self::AsteriskCustomCsv, "asterisk-custom-csv"),
        (Self::FreepbxCsv, "freepbx-csv"),
        (Self::FreeswitchCsv, "freeswitch-csv"),
        (Self::FreeswitchJson, "freeswitch-json"),
        (Self::FreeswitchXml, "freeswitch-xml"),
        (Self::TwilioJson, "twilio-json"),
        (Self::TwilioNdjson, "twilio-ndjson"),
        (Self::TwilioCsv, "twilio-csv"),
        (Self::AndroidXml, "android-xml"),
        (Self::SmsIeJson, "sms-ie-json"),
        (Self::FossifyJson, "fossify-json"),
        (Self::GoogleVoice, "google-voice"),
        (Self::IphoneCsv, "iphone-csv"),
        (Self::CallsCsv, "calls-csv"),
        (Self::CallsNdjson, "calls-ndjson"),
        (Self::GenericCsv, "generic-csv"),
    ];

    /// The format's name, as it is given to `--format`.
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(format, _)| *format == self).map_or("", |(_, name)| name)
    }

    /// What [`Record::position`](crate::Record::position) counts: `line`, `entry` (an element or object), or
    /// `file`.
    pub fn position_unit(self) -> &'static str {
        match self {
            Self::AsteriskCsv
            | Self::AsteriskCustomCsv
            | Self::FreepbxCsv
            | Self::FreeswitchCsv
            | Self::TwilioNdjson
            | Self::TwilioCsv
            | Self::IphoneCsv
            | Self::CallsCsv
            | Self::CallsNdjson
            | Self::GenericCsv => "line",
            Self::FreeswitchJson
            | Self::FreeswitchXml
            | Self::TwilioJson
            | Self::AndroidXml
            | Self::SmsIeJson
            | Self::FossifyJson => "entry",
            Self::GoogleVoice => "file",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A text that names no format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected one of {formats}, but found {0:?}", formats = Format::ALL.map(|(_, name)| name).join(", "))]
pub struct UnknownFormat(pub String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        let found = Self::ALL.into_iter().find(|(_, name)| *name == text);
        found.map(|(format, _)| format).ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_found_by_its_name() {
        for (format, name) in Format::ALL {
            assert_eq!(name.parse(), Ok(format));
            assert_eq!(format.to_string(), name);
        }
        let error = "mastercsv".parse::<Format>().unwrap_err().to_string();
        assert!(error.starts_with("expected one of asterisk-csv, asterisk-custom-csv, "), "{error}");
        assert!(error.ends_with(", but found \"mastercsv\""), "{error}");
    }
}
