//! Recognises a format by what a file begins with.

use crate::asterisk_csv;
use crate::asterisk_custom_csv;
use crate::format::Format;
use crate::freeswitch_csv;
use crate::generic_csv;
use crate::iphone_csv;
use crate::lines::Lines;
use crate::rows::{Dialect, Next, Quotes, Row, Rows};
use crate::table::{Header, delimiter};

/// The format of a file, from its first bytes (64 KiB are plenty). `None` if it is none that is known.
pub fn detect(first_bytes: &[u8]) -> Option<Format> {
    let text = String::from_utf8_lossy(first_bytes);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    match text.as_bytes().first()? {
        b'<' => markup(&text.to_ascii_lowercase()),
        b'{' | b'[' => json(text),
        _ if text.starts_with("sep=") => csv(text.split_once('\n')?.1.trim_start()),
        _ => csv(text),
    }
}

fn markup(text: &str) -> Option<Format> {
    let google = ["haudio", "hchatlog"].iter().any(|class| text.contains(class));
    if google {
        Some(Format::GoogleVoice)
    } else if text.contains("<calls") {
        Some(Format::AndroidXml)
    } else if text.contains("<cdr") {
        Some(Format::FreeswitchXml)
    } else {
        None
    }
}

fn json(text: &str) -> Option<Format> {
    let has = |key: &str| text.contains(&format!("\"{key}\""));
    if has("callflow") || has("channel_data") || has("core-uuid") {
        Some(Format::FreeswitchJson)
    } else if has("startTS") {
        Some(Format::FossifyJson)
    } else if has("counterparty") && has("created_at") {
        Some(Format::CallsNdjson)
    } else if is_twilio(text) {
        let first_line = text.lines().next().unwrap_or_default().to_ascii_lowercase();
        let is_call = first_line.contains("\"sid\"") && first_line.trim_end().ends_with('}');
        let one_a_line = is_call && !first_line.contains("\"calls\"") && text.trim_end().contains('\n');
        Some(if one_a_line { Format::TwilioNdjson } else { Format::TwilioJson })
    } else if has("number") && has("date") && has("type") {
        Some(Format::SmsIeJson)
    } else {
        None
    }
}

/// Whether it is a call of Twilio's or a page of them, in any case: programs that pass calls on write `Sid` too.
fn is_twilio(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let has = |key: &str| text.contains(&format!("\"{key}\""));
    (has("sid") && has("status") && has("direction")) || (has("calls") && has("first_page_uri"))
}

fn csv(text: &str) -> Option<Format> {
    let first_line = text.lines().next().unwrap_or_default();
    let dialect =
        |delimiter: u8, quotes: Quotes| Dialect { delimiter, quotes, min_columns: 2, max_columns: 100 };
    let table = dialect(delimiter(first_line.as_bytes()), Quotes::Doubled);
    let by_first_row = any_row(text, table, 1, |row| header(row).map_or_else(|| iphone(row), Some));
    by_first_row
        .or_else(|| {
            any_row(text, freeswitch_csv::DIALECT, ROWS, |row| {
                freeswitch_csv::fits(row).then_some(Format::FreeswitchCsv)
            })
        })
        .or_else(|| {
            any_row(text, dialect(b',', Quotes::Doubled), ROWS, |row| {
                if asterisk_csv::fits(row) {
                    Some(Format::AsteriskCsv)
                } else {
                    asterisk_custom_csv::fits(row).then_some(Format::AsteriskCustomCsv)
                }
            })
        })
}

/// How many rows are looked at. The first ones may be broken.
const ROWS: usize = 20;

fn any_row(
    text: &str,
    dialect: Dialect,
    most: usize,
    of_row: impl Fn(&Row) -> Option<Format>,
) -> Option<Format> {
    let mut rows = Rows::new(Lines::new(text.as_bytes()), dialect);
    for _ in 0..most {
        match rows.read().ok()? {
            Next::End => return None,
            Next::Bad(_, _) => {}
            Next::Row(row) => {
                if let Some(format) = of_row(row) {
                    return Some(format);
                }
            }
        }
    }
    None
}

fn header(row: &Row) -> Option<Format> {
    let header = Header::new(Format::GenericCsv, row);
    if header.has_all(&["calldate", "src", "dst", "billsec", "disposition"]) {
        Some(Format::FreepbxCsv)
    } else if header.has_all(&["created_at", "counterparty", "type", "duration"]) {
        Some(Format::CallsCsv)
    } else if header.find(&["call sid", "sid"]).is_some()
        && header.has_all(&["from", "to", "direction", "status"])
    {
        Some(Format::TwilioCsv)
    } else if iphone_csv::fits_header(&header) {
        Some(Format::IphoneCsv)
    } else {
        generic_csv::fits(row).then_some(Format::GenericCsv)
    }
}

fn iphone(row: &Row) -> Option<Format> {
    iphone_csv::fits_without_header(row).then_some(Format::IphoneCsv)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_call_log_has_no_format() {
        for text in [
            "",
            " \n",
            "hello",
            "a,b,c\n1,2,3\n",
            "<html><body>Hello</body></html>",
            "{\"a\":1}",
            "[]",
            "PK\u{3}\u{4}",
            "\u{0}\u{1}",
        ] {
            assert_eq!(detect(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_broken_first_line_does_not_hide_the_format() {
        let row =
            r#""","1","2","c","","","","","","2026-03-02 08:00:00",,"2026-03-02 08:00:01",1,0,"BUSY","D""#;
        let text = format!("truncated\n\"open\n{row}\n");
        assert_eq!(detect(text.as_bytes()), Some(Format::AsteriskCsv));
    }
}
