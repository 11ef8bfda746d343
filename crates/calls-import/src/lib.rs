//! Reads call logs as telephone systems, providers and telephones write them: bytes in, records out. No
//! database, no network, and no knowledge of numbering plans.
//!
//! In reading order:
//!
//! - [`record`]: what comes out. [`Record`], [`RawParty`], [`Skipped`], [`Items`].
//! - [`format`](mod@format): what can be read. [`Format`].
//! - [`options`]: what a file does not say by itself. [`Options`]; for CSV files of any kind [`columns`].
//! - [`error`]: why a file cannot be read any further. [`ReadError`].
//! - [`read()`] reads a file of one format. `open` is for those whose format is to be found out, compressed ones
//!   and folders: [`open()`], [`read_any()`], with `detect`, `zipped`, `utf16` and `recoded` for what
//!   they need.
//! - One module for each format, beginning with `asterisk_csv`.
//! - What formats share: `party`, `time`, `duration` and `words` read single values, `pbx` and `android` make
//!   records, `lines`, `rows`, `table` (CSV), `objects` (JSON), `markup` (XML, HTML) and `bytes` cut a file into
//!   entries.
//!
//! A file is read as its items are asked for. Memory does not grow with the file: an entry of more than 1 MiB
//! is skipped.

pub mod columns;
pub mod error;
pub mod format;
pub mod options;
pub mod record;

mod android;
mod android_xml;
mod asterisk_csv;
mod asterisk_custom_csv;
mod bytes;
mod calls_csv;
mod calls_ndjson;
mod detect;
mod duration;
mod fossify_json;
mod freepbx_csv;
mod freeswitch_csv;
mod freeswitch_json;
mod freeswitch_xml;
mod generic_csv;
mod google_voice;
mod iphone_csv;
mod lines;
mod markup;
mod objects;
mod open;
mod packed;
mod party;
mod pbx;
mod recoded;
mod rows;
mod sms_ie_json;
mod table;
mod time;
mod twilio;
mod utf16;
mod words;
mod zipped;

use std::io::BufRead;

use record::or_refuse;

pub use columns::Columns;
pub use detect::detect;
pub use error::ReadError;
pub use format::Format;
pub use open::{Opened, Progress, open, read_any};
pub use options::Options;
pub use record::{Item, Items, RawParty, Record, Skipped};

/// Reads a file of a known format that is not compressed ([`read_any()`] reads all the others).
pub fn read<'a>(format: Format, options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    match format {
        Format::AsteriskCsv => or_refuse(format, asterisk_csv::read(options, reader)),
        Format::AsteriskCustomCsv => or_refuse(format, asterisk_custom_csv::read(options, reader)),
        Format::FreepbxCsv => freepbx_csv::read(options, reader),
        Format::FreeswitchCsv => or_refuse(format, freeswitch_csv::read(options, reader)),
        Format::FreeswitchJson => freeswitch_json::read(reader),
        Format::FreeswitchXml => freeswitch_xml::read(reader),
        Format::TwilioJson => twilio::read_json(options, reader),
        Format::TwilioNdjson => twilio::read_ndjson(options, reader),
        Format::TwilioCsv => twilio::read_csv(options, reader),
        Format::AndroidXml => android_xml::read(options, reader),
        Format::SmsIeJson => sms_ie_json::read(options, reader),
        Format::FossifyJson => fossify_json::read(options, reader),
        Format::GoogleVoice => google_voice::read(options, reader),
        Format::IphoneCsv => iphone_csv::read(options, reader),
        Format::CallsCsv => calls_csv::read(options, reader),
        Format::CallsNdjson => calls_ndjson::read(options, reader),
        Format::GenericCsv => generic_csv::read(options, reader),
    }
}
