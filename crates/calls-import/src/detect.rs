//! Detects the format of a file from its beginning.

use crate::error::ReadError;
use crate::format::Format;
use crate::options::Options;
use crate::record::RawParty;
use crate::sample::{Sample, Shape};
use crate::table::delimiter;
use crate::unreadable::Unreadable;
use crate::{asterisk_csv, asterisk_custom_csv, freeswitch_csv, generic_csv, iphone_csv, listed, preamble};

/// Number of bytes that are read to detect a format.
pub(crate) const HEAD: usize = 64 * 1024;

/// The format of an uncompressed file from its first bytes (64 KiB are enough), or a description of other
/// files. Byte order marks, UTF-16, Windows-1252, line endings and a first line `sep=;` are accepted.
pub fn detect(first_bytes: &[u8]) -> Result<Format, Unreadable> {
    let sample = Sample::new(first_bytes).ok_or(Unreadable::Empty)?;
    if sample.shape() != Shape::Sqlite
        && let Some(kind) =
            Unreadable::by_signature(first_bytes).or_else(|| Unreadable::by_zip_head(first_bytes))
    {
        return Err(kind);
    }
    let behind_a_preamble = || {
        let is_table = sample.shape() == Shape::Table && preamble::without(first_bytes).is_some();
        is_table.then_some(Format::GenericCsv)
    };
    fitting(&sample).or_else(behind_a_preamble).ok_or_else(|| unreadable(&sample))
}

fn fitting(sample: &Sample) -> Option<Format> {
    let mut formats = Format::ALL.into_iter().map(|(format, _)| format);
    formats.find(|format| format.shape() == sample.shape() && format.fits(sample))
}

/// The format of a file from its first line.
pub(crate) fn by_beginning(first_bytes: &[u8]) -> Option<Format> {
    Sample::new(first_bytes).as_ref().and_then(fitting)
}

/// The given format, unless the file cannot have it, such as a table instead of XML, or a PDF document.
pub(crate) fn checked(format: Format, first_bytes: &[u8]) -> Result<Format, ReadError> {
    let Some(sample) = Sample::new(first_bytes) else { return Ok(format) };
    let is_of_its_shape = sample.shape() == format.shape();
    match detect(first_bytes) {
        Ok(detected) if !is_of_its_shape => {
            let (expected, found) = (format.shape().to_string(), format!("a file of the format {detected}"));
            Err(ReadError::NotTheFormat { format, expected, found })
        }
        Err(Unreadable::Sqlite) if is_of_its_shape => Ok(format),
        Err(kind) if kind.is_certain() || !is_of_its_shape => Err(ReadError::UnknownFormat(kind)),
        Ok(_) | Err(_) => Ok(format),
    }
}

/// The format of a file: the given one, the generic one if columns are mapped, or the detected one.
pub(crate) fn choose(
    first_bytes: &[u8],
    named: Option<Format>,
    options: &Options,
) -> Result<Format, ReadError> {
    if let Some(named) = named {
        return checked(named, first_bytes);
    }
    let shape = Sample::new(first_bytes).map(|sample| sample.shape());
    let detected = detect(first_bytes).map_err(ReadError::UnknownFormat);
    match (shape, detected) {
        // The beginning of a database need not contain the names of all tables.
        (Some(Shape::Sqlite), Err(_)) if first_bytes.len() == HEAD => Ok(Format::IosStoredata),
        (_, detected) if options.columns.is_empty() => detected,
        (Some(Shape::Table), Err(ReadError::UnknownFormat(kind))) if kind.is_certain() => {
            Err(ReadError::UnknownFormat(kind))
        }
        (Some(Shape::Table), _) => Ok(Format::GenericCsv),
        (Some(shape), Err(_)) => mapped(first_bytes, shape, options),
        (_, Ok(detected)) if detected.has_any_columns() => Ok(detected),
        (_, Ok(detected)) => Err(ReadError::ColumnsNotWanted(detected)),
        (_, Err(error)) => Err(error),
    }
}

/// The format of a list whose columns are named.
fn mapped(first_bytes: &[u8], shape: Shape, options: &Options) -> Result<Format, ReadError> {
    let formats = [Format::GenericJson, Format::HtmlTable, Format::GenericXml];
    let fits = |format: &Format| {
        let sample = Sample::new(first_bytes);
        format.shape() == shape && sample.is_some_and(|sample| listed::fits_mapped(*format, &sample, options))
    };
    let found = formats.into_iter().find(fits);
    found.map_or_else(|| detect(first_bytes).map_err(ReadError::UnknownFormat), Ok)
}

fn unreadable(sample: &Sample) -> Unreadable {
    let is_page = ["html", "head", "body"].iter().any(|name| sample.has_element(name));
    match sample.shape() {
        Shape::Sqlite => Unreadable::Sqlite,
        Shape::Json => Unreadable::Json,
        Shape::Markup if sample.text_has("<!doctype html") || is_page => Unreadable::Html,
        // Excel's older XML, which some programs write as .xls.
        Shape::Markup if sample.has_element("workbook") => Unreadable::Xls,
        Shape::Markup if sample.has_element("plist") => Unreadable::PropertyList,
        Shape::Markup => Unreadable::Xml,
        Shape::Table => table(sample),
    }
}

/// Describes a table by its missing columns, or else another file.
fn table(sample: &Sample) -> Unreadable {
    let controls = sample.text().chars().take(1000).filter(|c| c.is_control() && !c.is_whitespace()).count();
    if controls > 2 || sample.text().starts_with("PK") {
        return Unreadable::Binary;
    }
    let first_line = sample.text().lines().next().unwrap_or_default();
    if !first_line.as_bytes().contains(&delimiter(first_line.as_bytes())) {
        return Unreadable::Text;
    }
    if let Some(events) = events(first_line) {
        return events;
    }
    match missing_column(first_line) {
        Some(missing) => Unreadable::Csv(missing),
        None => Unreadable::Text,
    }
}

/// Logs of Asterisk's that have a line for each thing that happens.
fn events(first_line: &str) -> Option<Unreadable> {
    const OF_CHANNELS: [&str; 7] =
        ["CHAN_START", "CHAN_END", "ANSWER", "HANGUP", "APP_START", "BRIDGE_ENTER", "LINKEDID_END"];
    let fields: Vec<&str> = first_line.split([',', '|']).map(|field| field.trim_matches('"')).collect();
    let is_of_queue = first_line
        .split('|')
        .nth(4)
        .is_some_and(|event| event.len() > 2 && event.bytes().all(|byte| byte.is_ascii_uppercase()));
    let is_of_channels = OF_CHANNELS.contains(&fields[0])
        || ["eventtype", "cid_num", "exten"]
            .iter()
            .all(|name| fields.iter().any(|f| f.eq_ignore_ascii_case(name)));
    if is_of_queue {
        Some(Unreadable::Events("Asterisk's queue_log"))
    } else {
        is_of_channels.then_some(Unreadable::Events("Asterisk's channel events (CEL)"))
    }
}

/// The columns that a header of calls would also need.
fn missing_column(header: &str) -> Option<String> {
    let own = Some(RawParty::Text("1".to_owned()));
    let options = Options { own, ..Options::default() };
    match generic_csv::read(&options, header.as_bytes()).next()? {
        Err(ReadError::NotTheFormat { expected, .. }) => Some(expected),
        _ => None,
    }
}

/// Whether a table without a header has Asterisk's columns.
pub(crate) fn asterisk_csv(sample: &Sample) -> bool {
    sample.any_row_fits(asterisk_csv::fits)
}

/// Whether a table without a header has the columns of Asterisk's sample of cdr_custom.
pub(crate) fn asterisk_custom_csv(sample: &Sample) -> bool {
    sample.any_row_fits(asterisk_custom_csv::fits)
}

/// Whether a table without a header has the columns of one of FreeSWITCH's templates.
pub(crate) fn freeswitch_csv(sample: &Sample) -> bool {
    sample.any_row_of_dialect_fits(freeswitch_csv::DIALECT, freeswitch_csv::fits)
}

/// Whether a table has the columns of iMazing or iExplorer, with or without a header.
pub(crate) fn iphone_csv(sample: &Sample) -> bool {
    sample.header().is_some_and(iphone_csv::fits_header)
        || sample.first_row_fits(iphone_csv::fits_without_header)
}

/// Whether objects are calls of Twilio or a page of them. Keys are compared without case, because some
/// programs write `Sid`.
pub(crate) fn is_twilio(sample: &Sample) -> bool {
    let has = |key: &str| sample.text_has(&format!("\"{key}\""));
    (has("sid") && has("status") && has("direction")) || (has("calls") && has("first_page_uri"))
}

/// Whether the first line is a complete object that is followed by others.
pub(crate) fn is_one_call_a_line(sample: &Sample) -> bool {
    let text = sample.text();
    let first_line = text.lines().next().unwrap_or_default().to_ascii_lowercase();
    let is_call = first_line.contains("\"sid\"") && first_line.trim_end().ends_with('}');
    is_call && !first_line.contains("\"calls\"") && text.trim_end().contains('\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_call_log_is_named() {
        for (bytes, expected) in [
            (&b""[..], Unreadable::Empty),
            (b" \r\n", Unreadable::Empty),
            (b"hello", Unreadable::Text),
            (b"<html><body>Hello</body></html>", Unreadable::Html),
            (b"<!DOCTYPE html>\n<title>Log in</title>", Unreadable::Html),
            (b"<?xml version='1.0'?><plist version='1.0'>", Unreadable::PropertyList),
            (b"<?xml version='1.0'?><feed/>", Unreadable::Xml),
            (b"<?xml version='1.0'?><Workbook xmlns='urn:schemas'>", Unreadable::Xls),
            (b"{\"a\":1}", Unreadable::Json),
            (b"[]", Unreadable::Json),
            (b"PK\x03\x04", Unreadable::Binary),
            (b"PK\x03\x04\x14\x00\x06\x00[Content_Types].xml", Unreadable::Xlsx),
            (b"PK\x03\x04\x14mimetypeapplication/vnd.oasis.opendocument.spreadsheet", Unreadable::Ods),
            (b"\0\x01\x02\x03", Unreadable::Binary),
            (b"%PDF-1.7\n", Unreadable::Pdf),
            (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1\0\0", Unreadable::Xls),
            (b"SQLite format 3\0\x10\0", Unreadable::Sqlite),
            (b"\xFD7zXZ\0\0\x04", Unreadable::Compressed("xz", "xz -d")),
            (b"7z\xBC\xAF\x27\x1C\0\x04", Unreadable::Compressed("7-Zip", "7z x")),
            (b"Rar!\x1A\x07\x01\0", Unreadable::Compressed("RAR", "unrar x")),
            (b"\x89PNG\r\n\x1A\n", Unreadable::Image),
            (b"\xFF\xD8\xFF\xE0", Unreadable::Image),
            (b"RIFF\0\0\0\0WAVEfmt ", Unreadable::Media),
            (b"ID3\x04\0\0", Unreadable::Media),
            (b"BZh91AY&SY", Unreadable::Compressed("bzip2", "bzip2 -d")),
            (b"\0\0\0\x20ftypM4A ", Unreadable::Media),
            (b"BEGIN:VCARD\r\n", Unreadable::Contacts),
            (
                b"1772438400|1772438399.1|400|NONE|ENTERQUEUE||1001|1\n",
                Unreadable::Events("Asterisk's queue_log"),
            ),
            (
                b"\"CHAN_START\",\"2026-03-02 08:00:00\",\"\",\"1001\",\"\"\n",
                Unreadable::Events("Asterisk's channel events (CEL)"),
            ),
        ] {
            assert_eq!(detect(bytes), Err(expected), "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn a_text_with_the_sign_of_a_recording_in_it_is_none() {
        for text in ["Anruftyp,Datum,Dauer,Nummer\n", "ID3,from,to,start,duration\n", "BZh,x\n", "RIFF,a\n"] {
            assert!(
                !matches!(detect(text.as_bytes()), Err(Unreadable::Media | Unreadable::Compressed(..))),
                "{text}"
            );
        }
    }

    #[test]
    fn a_table_that_lacks_one_column_is_told_which() {
        for (header, missing) in [
            ("from,to,duration\n1001,1002,5\n", "start"),
            ("from;start;duration\n1001;2026-03-02 08:00:00;5\n", "from"),
            ("from,to,start\n1001,1002,2026-03-02 08:00:00\n", "duration"),
        ] {
            let Err(Unreadable::Csv(told)) = detect(header.as_bytes()) else { panic!("{header}") };
            assert!(told.contains(&format!("\"{missing}\"")), "{told}");
        }
    }

    #[test]
    fn a_broken_first_line_does_not_hide_the_format() {
        let row =
            r#""","1","2","c","","","","","","2026-03-02 08:00:00",,"2026-03-02 08:00:01",1,0,"BUSY","D""#;
        let text = format!("truncated\n\"open\n{row}\n");
        assert_eq!(detect(text.as_bytes()), Ok(Format::AsteriskCsv));
    }
}
