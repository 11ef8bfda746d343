//! Reads call logs of telephone systems, providers and telephones: bytes in, records out. It uses no database
//! or network, and knows no numbering plans.
//!
//! In reading order:
//!
//! - [`record`]: what comes out. [`Record`], [`RawParty`], [`Skipped`], [`Items`].
//! - [`format`](mod@format): what can be read, one row of a table for each. [`Format`].
//! - [`options`]: what a file does not say by itself. [`Options`]; for CSV files of any kind [`columns`].
//! - [`dates`]: whether dates begin with the day or the month, by evidence. [`DateOrder`].
//! - [`error`]: why a file cannot be read any further. [`ReadError`].
//! - [`read()`] reads a file of one format. `open` is for those whose format is to be found out, compressed
//!   ones and folders: [`open()`], [`read_any()`], with `detect`, `sample`, `unreadable`, `zipped`, `utf16`,
//!   `recoded` and `framed` for what they need.
//! - One module for each format, beginning with `asterisk_csv`.
//! - Lists of systems that are not known: `listed` makes tables of them, with `json_list`, `xml_list` and
//!   `cells`.
//! - What formats share: `party` (with `hidden` and `uri`), `time` (with `zone_names` and `calendar_words`),
//!   `duration`, `words` (with `fold`) and `hangup` read single values, `pbx`, `talk` (with `ending`) and
//!   `android` make records, `legs` joins the rows of one call, `lines`, `rows`, `table` (CSV), `objects`
//!   (JSON), `markup` (XML, HTML) and `bytes` cut a file into entries.
//!
//! A file is read as its items are requested; a table with ambiguous dates is read twice. Memory does not
//! grow with the file: an entry of more than 1 MiB is skipped.

pub mod columns;
pub mod dates;
pub mod error;
pub mod format;
pub mod options;
pub mod record;

mod android;
mod android_xml;
mod asterisk_call;
mod asterisk_csv;
mod asterisk_custom_csv;
mod avaya_smdr;
mod bill;
mod bytes;
mod calendar_words;
mod calls_csv;
mod calls_ndjson;
mod cells;
mod cisco_cdr;
mod detect;
mod duration;
mod ending;
mod fold;
mod fossify_json;
mod framed;
mod freepbx_csv;
mod freeswitch_call;
mod freeswitch_csv;
mod freeswitch_json;
mod freeswitch_xml;
mod fritzbox_csv;
mod fritzbox_xml;
mod further_names;
mod further_words;
mod fusionpbx_csv;
mod generic_csv;
mod generic_header;
mod google_voice;
mod grandstream;
mod hangup;
mod hidden;
mod ios_storedata;
mod iphone_csv;
mod json_list;
mod legs;
mod lines;
mod listed;
mod logger;
mod markup;
mod objects;
mod open;
mod packed;
mod party;
mod pbx;
mod preamble;
mod recoded;
mod ringcentral_json;
mod roles;
mod rows;
mod sample;
mod sms_ie_json;
mod table;
mod talk;
mod teams_csv;
mod telnyx_csv;
mod threecx_cdr;
mod time;
mod twilio;
mod unreadable;
mod uri;
mod utf16;
mod words;
mod xml_list;
mod yeastar_csv;
mod zipped;
mod zone_column;
mod zone_names;
mod zoom_json;

use std::io::{BufRead, Cursor, Read as _};

pub use columns::Columns;
pub use dates::DateOrder;
pub use detect::detect;
pub use error::ReadError;
pub use format::Format;
pub use open::{Opened, Progress, list_files, open, read_any};
pub use options::Options;
pub use packed::UnpackLimit;
pub use record::{Item, Items, RawParty, Reason, Record, Skipped};
pub use unreadable::Unreadable;

/// Reads an uncompressed file of a known format (see [`read_any()`] for others).
///
/// If its dates may be ambiguous, the file is kept in memory or in a temporary file, and read twice.
pub fn read<'a>(format: Format, options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    read_again(format, options, reader, None)
}

/// Like [`read()`], for a file that can be opened again.
pub(crate) fn read_again<'a>(
    format: Format,
    options: &Options,
    reader: impl BufRead + 'a,
    again: Option<dates::Again<'a>>,
) -> Items<'a> {
    if !options.columns.is_empty() && !format.has_any_columns() {
        return Box::new(std::iter::once(Err(ReadError::ColumnsNotWanted(format))));
    }
    if format == Format::GenericCsv && options.columns.is_empty() {
        return generic(options, reader, again);
    }
    if options.dates.is_none() && dates::matter(format) {
        dates::read(format, options, reader, again)
    } else {
        read_in_order(format, options, reader)
    }
}

/// Reads a generic table, which may have lines before its header.
fn generic<'a>(
    options: &Options,
    mut reader: impl BufRead + 'a,
    again: Option<dates::Again<'a>>,
) -> Items<'a> {
    let mut head = Vec::new();
    if let Err(error) = reader.by_ref().take(detect::HEAD as u64).read_to_end(&mut head) {
        return Box::new(std::iter::once(Err(error.into())));
    }
    let (head, again) = match preamble::without(&head) {
        Some(head) => (head, None),
        None => (head, again),
    };
    let reader = Cursor::new(head).chain(reader);
    match options.dates {
        None => dates::read(Format::GenericCsv, options, reader, again),
        Some(_) => read_in_order(Format::GenericCsv, options, reader),
    }
}

/// Like [`read()`], once the order of dates is known.
pub(crate) fn read_in_order<'a>(format: Format, options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    format::read(format, options, reader)
}
