//! The table of formats.

use std::fmt;
use std::io::BufRead;
use std::str::FromStr;

use crate::detect;
use crate::options::Options;
use crate::record::{Items, or_refuse};
use crate::sample::{Sample, Shape};
use crate::{
    android_xml, asterisk_csv, asterisk_custom_csv, avaya_smdr, calls_csv, calls_ndjson, cisco_cdr,
    fossify_json, freepbx_csv, freeswitch_csv, freeswitch_json, freeswitch_xml, fritzbox_csv, fritzbox_xml,
    fusionpbx_csv, generic_csv, google_voice, grandstream, ios_storedata, iphone_csv, listed, logger,
    ringcentral_json, sms_ie_json, teams_csv, telnyx_csv, threecx_cdr, twilio, yeastar_csv, zoom_json,
};

/// Defines [`Format`] and its functions from one row per format. A row with a missing part does not compile.
///
/// The rows are in the order of detection: a format comes before those that would also match its files.
/// Tables without a header come last.
macro_rules! formats {
    ($($(#[doc = $doc:literal])+ $format:ident {
        name: $name:literal,
        title: $title:literal,
        unit: $unit:literal,
        shape: $shape:ident,
        read: $read:expr,
        fits: $fits:expr,
    })+) => {
        /// Format of a call log.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Format {
            $($(#[doc = $doc])+ $format,)+
        }

        impl Format {
            /// All formats and their names.
            pub const ALL: [(Self, &'static str); [$($name),+].len()] = [$((Self::$format, $name)),+];

            /// Name of the format, as given to `--format`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$format => $name,)+ }
            }

            /// Display name of the format.
            pub fn title(self) -> &'static str {
                match self { $(Self::$format => $title,)+ }
            }

            /// Unit of [`Record::position`](crate::Record::position): `line`, `entry` (an element, object
            /// or row of a database), or `file`.
            pub fn position_unit(self) -> &'static str {
                match self { $(Self::$format => $unit,)+ }
            }

            /// Shape of the files.
            pub(crate) fn shape(self) -> Shape {
                match self { $(Self::$format => Shape::$shape,)+ }
            }

            /// Whether the beginning of a file matches the format.
            pub(crate) fn fits(self, sample: &Sample) -> bool {
                let fits: fn(&Sample) -> bool = match self { $(Self::$format => $fits,)+ };
                fits(sample)
            }
        }

        /// Reads a file of the format.
        pub(crate) fn read<'a, R: BufRead + 'a>(format: Format, options: &Options, reader: R) -> Items<'a> {
            let read: fn(&Options, R) -> Items<'a> = match format { $(Format::$format => $read,)+ };
            read(options, reader)
        }
    };
}

formats! {
    /// This project's own CSV export.
    CallsCsv {
        name: "calls-csv",
        title: "this program's CSV export",
        unit: "line",
        shape: Table,
        read: calls_csv::read,
        fits: |sample| sample.has_columns(&["created_at", "counterparty", "type", "duration"]),
    }
    /// This project's own NDJSON export.
    CallsNdjson {
        name: "calls-ndjson",
        title: "this program's NDJSON export",
        unit: "line",
        shape: Json,
        read: calls_ndjson::read,
        fits: |sample| sample.has_keys(&["counterparty", "created_at"]),
    }
    /// The CSV export of FreePBX's CDR reports, with a header.
    FreepbxCsv {
        name: "freepbx-csv",
        title: "FreePBX CDR report (CSV)",
        unit: "line",
        shape: Table,
        read: freepbx_csv::read,
        fits: |sample| sample.has_columns(&["calldate", "src", "dst", "billsec", "disposition"]),
    }
    /// FreeSWITCH's json_cdr: one object a call.
    FreeswitchJson {
        name: "freeswitch-json",
        title: "FreeSWITCH json_cdr",
        unit: "entry",
        shape: Json,
        read: |_, reader| freeswitch_json::read(reader),
        fits: |sample| ["callflow", "channel_data", "core-uuid"].iter().any(|key| sample.has_key(key)),
    }
    /// FreeSWITCH's xml_cdr: one `cdr` element a call.
    FreeswitchXml {
        name: "freeswitch-xml",
        title: "FreeSWITCH xml_cdr",
        unit: "entry",
        shape: Markup,
        read: |_, reader| freeswitch_xml::read(reader),
        fits: |sample| {
            let has_any = |names: &[&str]| names.iter().any(|name| sample.has_element(name));
            sample.has_element("cdr") && has_any(&["variables", "channel_data", "callflow"])
        },
    }
    /// The CSV export of FusionPBX's call detail records.
    FusionpbxCsv {
        name: "fusionpbx-csv",
        title: "FusionPBX call detail records (CSV)",
        unit: "line",
        shape: Table,
        read: fusionpbx_csv::read,
        fits: |sample| sample.header().is_some_and(fusionpbx_csv::fits_header),
    }
    /// Grandstream UCM's call detail records, from its pages or its CDR API, as CSV.
    GrandstreamCsv {
        name: "grandstream-csv",
        title: "Grandstream UCM CDR (CSV)",
        unit: "line",
        shape: Table,
        read: grandstream::read_csv,
        fits: |sample| sample.header().is_some_and(grandstream::fits_header),
    }
    /// Grandstream UCM's call detail records from its CDR API, as JSON.
    GrandstreamJson {
        name: "grandstream-json",
        title: "Grandstream UCM CDR API (JSON)",
        unit: "entry",
        shape: Json,
        read: grandstream::read_json,
        fits: |sample| {
            let wrapped = sample.has_key("cdr_root") || sample.has_key("main_cdr");
            wrapped || sample.has_keys(&["AcctId", "src", "dst", "disposition"])
        },
    }
    /// Yeastar's call detail records as CSV.
    YeastarCsv {
        name: "yeastar-csv",
        title: "Yeastar CDR (CSV)",
        unit: "line",
        shape: Table,
        read: yeastar_csv::read,
        fits: |sample| sample.header().is_some_and(yeastar_csv::fits_header),
    }
    /// 3CX's call detail records, with or without a header.
    ThreecxCdr {
        name: "3cx-cdr",
        title: "3CX CDR",
        unit: "line",
        shape: Table,
        read: threecx_cdr::read,
        fits: |sample| sample.first_row_fits(threecx_cdr::fits),
    }
    /// Cisco Unified Communications Manager's call detail records.
    CiscoCdr {
        name: "cisco-cdr",
        title: "Cisco CUCM CDR",
        unit: "line",
        shape: Table,
        read: cisco_cdr::read,
        fits: |sample| sample.has_columns(cisco_cdr::MARKS),
    }
    /// Avaya IP Office's SMDR.
    AvayaSmdr {
        name: "avaya-smdr",
        title: "Avaya IP Office SMDR",
        unit: "line",
        shape: Table,
        read: avaya_smdr::read,
        fits: |sample| sample.first_row_fits(avaya_smdr::fits),
    }
    /// Microsoft Teams' PSTN usage report, of Calling Plans or Direct Routing, as CSV.
    TeamsCsv {
        name: "teams-csv",
        title: "Microsoft Teams PSTN usage report (CSV)",
        unit: "line",
        shape: Table,
        read: teams_csv::read,
        fits: |sample| sample.header().is_some_and(teams_csv::fits_header),
    }
    /// A FRITZ!Box's call list as CSV.
    FritzboxCsv {
        name: "fritzbox-csv",
        title: "FRITZ!Box call list (CSV)",
        unit: "line",
        shape: Table,
        read: fritzbox_csv::read,
        fits: |sample| sample.first_row_fits(fritzbox_csv::fits),
    }
    /// A FRITZ!Box's call list as XML, from its TR-064 interface.
    FritzboxXml {
        name: "fritzbox-xml",
        title: "FRITZ!Box call list (TR-064, XML)",
        unit: "entry",
        shape: Markup,
        read: fritzbox_xml::read,
        fits: fritzbox_xml::fits,
    }
    /// Twilio's bulk export: one call a line.
    TwilioNdjson {
        name: "twilio-ndjson",
        title: "Twilio bulk export (NDJSON)",
        unit: "line",
        shape: Json,
        read: twilio::read_ndjson,
        fits: |sample| detect::is_twilio(sample) && detect::is_one_call_a_line(sample),
    }
    /// Twilio's `Calls.json`: a page of calls, or a single one.
    TwilioJson {
        name: "twilio-json",
        title: "Twilio Calls.json",
        unit: "entry",
        shape: Json,
        read: twilio::read_json,
        fits: detect::is_twilio,
    }
    /// Twilio's call log as CSV, with a header.
    TwilioCsv {
        name: "twilio-csv",
        title: "Twilio call log (CSV)",
        unit: "line",
        shape: Table,
        read: twilio::read_csv,
        fits: |sample| {
            let has_sid = sample.has_columns(&["call sid"]) || sample.has_columns(&["sid"]);
            has_sid && sample.has_columns(&["from", "to", "direction", "status"])
        },
    }
    /// Telnyx' call detail records as CSV.
    TelnyxCsv {
        name: "telnyx-csv",
        title: "Telnyx CDR (CSV)",
        unit: "line",
        shape: Table,
        read: telnyx_csv::read,
        fits: |sample| sample.header().is_some_and(telnyx_csv::fits_header),
    }
    /// RingCentral's call log from its API.
    RingcentralJson {
        name: "ringcentral-json",
        title: "RingCentral call log (JSON)",
        unit: "entry",
        shape: Json,
        read: ringcentral_json::read,
        fits: |sample| {
            let has_parties = sample.has_object("from") || sample.has_object("to");
            has_parties && sample.has_keys(&["startTime", "direction", "result", "from", "to"])
        },
    }
    /// Zoom Phone's call log or call history from its API.
    ZoomJson {
        name: "zoom-json",
        title: "Zoom Phone call log (JSON)",
        unit: "entry",
        shape: Json,
        read: zoom_json::read,
        fits: zoom_json::fits,
    }
    /// `calls.xml` of the Android app SMS Backup & Restore.
    AndroidXml {
        name: "android-xml",
        title: "Android: SMS Backup & Restore (XML)",
        unit: "entry",
        shape: Markup,
        read: android_xml::read,
        fits: |sample| {
            let has_call = sample.has_element("call");
            sample.has_element("calls") && (!has_call || sample.has_attributes("call", &["number", "date"]))
        },
    }
    /// The call log of the Android app SMS Import / Export, an array or one call a line.
    SmsIeJson {
        name: "sms-ie-json",
        title: "Android: SMS Import / Export (JSON)",
        unit: "entry",
        shape: Json,
        read: sms_ie_json::read,
        fits: sms_ie_json::fits,
    }
    /// The call history export of the Android app Fossify Phone.
    FossifyJson {
        name: "fossify-json",
        title: "Android: Fossify Phone (JSON)",
        unit: "entry",
        shape: Json,
        read: fossify_json::read,
        fits: |sample| sample.has_key("startTS"),
    }
    /// The CSV export of the Android app Logger.
    LoggerCsv {
        name: "logger-csv",
        title: "Android: Logger (CSV)",
        unit: "line",
        shape: Table,
        read: logger::read_csv,
        fits: |sample| sample.has_columns(&["number", "call_type", "timestamp", "phone_account_id"]),
    }
    /// The JSON export of the Android app Logger.
    LoggerJson {
        name: "logger-json",
        title: "Android: Logger (JSON)",
        unit: "entry",
        shape: Json,
        read: logger::read_json,
        fits: |sample| {
            let is_camel = sample.has_keys(&["number", "callType", "timestamp"]);
            is_camel || sample.has_keys(&["number", "call_type", "timestamp"])
        },
    }
    /// Google Voice's Takeout: one HTML file a call.
    GoogleVoice {
        name: "google-voice",
        title: "Google Voice Takeout (HTML)",
        unit: "file",
        shape: Markup,
        read: google_voice::read,
        fits: |sample| ["haudio", "hchatlog"].iter().any(|class| sample.text_has(class)),
    }
    /// A CSV export of an iPhone's calls by iMazing or iExplorer.
    IphoneCsv {
        name: "iphone-csv",
        title: "iPhone: iMazing or iExplorer (CSV)",
        unit: "line",
        shape: Table,
        read: iphone_csv::read,
        fits: detect::iphone_csv,
    }
    /// `CallHistory.storedata` of an iPhone or a Mac, an SQLite database.
    IosStoredata {
        name: "ios-storedata",
        title: "iPhone: CallHistory.storedata (SQLite)",
        unit: "entry",
        shape: Sqlite,
        read: ios_storedata::read,
        fits: |sample| sample.text_has("zcallrecord"),
    }
    /// A list of calls in JSON, of any other system.
    GenericJson {
        name: "generic-json",
        title: "any list of calls in JSON",
        unit: "entry",
        shape: Json,
        read: |options, reader| listed::read(Format::GenericJson, options, reader),
        fits: |sample| listed::fits(Format::GenericJson, sample),
    }
    /// A table in HTML or in the XML of a spreadsheet, as many programs save as `.xls`.
    HtmlTable {
        name: "html-table",
        title: "any table in HTML or a spreadsheet's XML (.xls)",
        unit: "entry",
        shape: Markup,
        read: |options, reader| listed::read(Format::HtmlTable, options, reader),
        fits: |sample| listed::fits(Format::HtmlTable, sample),
    }
    /// A list of calls in XML, of any other system.
    GenericXml {
        name: "generic-xml",
        title: "any list of calls in XML",
        unit: "entry",
        shape: Markup,
        read: |options, reader| listed::read(Format::GenericXml, options, reader),
        fits: |sample| listed::fits(Format::GenericXml, sample),
    }
    /// Any other CSV with a header.
    GenericCsv {
        name: "generic-csv",
        title: "any CSV file with a header",
        unit: "line",
        shape: Table,
        read: generic_csv::read,
        fits: |sample| sample.first_row_fits(generic_csv::fits),
    }
    /// Asterisk's `Master.csv` as its module cdr_csv writes it, 16 to 21 columns without a header.
    AsteriskCsv {
        name: "asterisk-csv",
        title: "Asterisk Master.csv (cdr_csv)",
        unit: "line",
        shape: Table,
        read: |options, reader| or_refuse(Format::AsteriskCsv, asterisk_csv::read(options, reader)),
        fits: detect::asterisk_csv,
    }
    /// Asterisk's `Master.csv` as its module cdr_custom writes it with the sample configuration.
    AsteriskCustomCsv {
        name: "asterisk-custom-csv",
        title: "Asterisk Master.csv (cdr_custom)",
        unit: "line",
        shape: Table,
        read: |options, reader| {
            or_refuse(Format::AsteriskCustomCsv, asterisk_custom_csv::read(options, reader))
        },
        fits: detect::asterisk_custom_csv,
    }
    /// FreeSWITCH's cdr_csv with one of the templates that come with it.
    FreeswitchCsv {
        name: "freeswitch-csv",
        title: "FreeSWITCH cdr_csv",
        unit: "line",
        shape: Table,
        read: |options, reader| or_refuse(Format::FreeswitchCsv, freeswitch_csv::read(options, reader)),
        fits: detect::freeswitch_csv,
    }
}

impl Format {
    /// Whether any system may have written it, so that its columns can be named.
    pub fn has_any_columns(self) -> bool {
        matches!(self, Self::GenericCsv | Self::GenericJson | Self::GenericXml | Self::HtmlTable)
    }

    /// Whether times may lack their zone.
    pub fn may_have_local_times(self) -> bool {
        matches!(
            self,
            Self::FreepbxCsv
                | Self::GrandstreamCsv
                | Self::GrandstreamJson
                | Self::YeastarCsv
                | Self::ThreecxCdr
                | Self::AvayaSmdr
                | Self::FritzboxCsv
                | Self::FritzboxXml
                | Self::IphoneCsv
                | Self::GenericCsv
                | Self::GenericJson
                | Self::GenericXml
                | Self::HtmlTable
                | Self::AsteriskCsv
                | Self::AsteriskCustomCsv
                | Self::FreeswitchCsv
        )
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Not the name of a format.
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
        assert!(error.starts_with("expected one of calls-csv, calls-ndjson, freepbx-csv, "), "{error}");
        assert!(error.ends_with(", but found \"mastercsv\""), "{error}");
    }

    #[test]
    fn no_two_formats_have_the_same_name_or_title() {
        for (index, (format, name)) in Format::ALL.into_iter().enumerate() {
            for (other, other_name) in &Format::ALL[index + 1..] {
                assert_ne!(name, *other_name);
                assert_ne!(format.title(), other.title());
            }
        }
    }
}
