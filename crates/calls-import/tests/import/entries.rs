//! No entry of a file is lost without a word: each gives records, is skipped with a reason, or is joined with
//! another.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use calls_import::{DateOrder, Format, Item, Options, Progress, open};

use crate::support::{own, path};

#[test]
fn every_entry_of_every_fixture_is_told() {
    let options = Options { dates: Some(DateOrder::DayFirst), ..own("+12025550199") };
    let mut counted = 0;
    for file in files(&path("")) {
        let Ok(opened) = open(&file, None, &options, &Progress::default()) else { continue };
        let Some(format) = opened.format else { continue };
        let Some(entries) = entries(format, &fs::read_to_string(&file).expect("a text")) else { continue };
        let mut told = BTreeSet::new();
        for item in opened.items {
            let item = item.expect("the file is read to its end");
            let is_new = told.insert(item.position());
            assert!(is_new || matches!(item, Item::Record(_)), "{} is told twice: {item:?}", file.display());
        }
        assert_eq!(told.len(), entries, "{}", file.display());
        counted += 1;
    }
    assert!(counted > 30, "{counted} fixtures");
}

/// Number of entries of a file, counted in another way. `None` where an entry is not easily told from its
/// neighbours.
fn entries(format: Format, text: &str) -> Option<usize> {
    let lines = || text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("sep=")).count();
    Some(match format {
        Format::AsteriskCsv | Format::AsteriskCustomCsv | Format::FreeswitchCsv | Format::TwilioNdjson => {
            lines()
        }
        Format::FreepbxCsv
        | Format::TwilioCsv
        | Format::IphoneCsv
        | Format::CallsCsv
        | Format::FritzboxCsv
        | Format::FusionpbxCsv
        | Format::LoggerCsv
        | Format::TeamsCsv
        | Format::TelnyxCsv
        | Format::YeastarCsv
        | Format::GrandstreamCsv
        | Format::ThreecxCdr
        | Format::GenericCsv => lines() - 1,
        // A header and a line of types.
        Format::CiscoCdr => lines() - 2,
        Format::FritzboxXml => text.matches("<Call>").count(),
        Format::LoggerJson => text.matches("\"number\"").count(),
        Format::RingcentralJson => text.matches("\"sessionId\"").count(),
        Format::ZoomJson => text.matches("\"call_id\"").count(),
        Format::AndroidXml => text.matches("<call ").count(),
        Format::FreeswitchXml => text.matches("<cdr").count(),
        Format::TwilioJson => text.matches("\"sid\"").count(),
        Format::SmsIeJson => text.matches("\"date\"").count(),
        _ => return None,
    })
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if ["csv", "json", "ndjson", "xml"]
            .iter()
            .any(|end| path.extension().is_some_and(|found| found == *end))
        {
            found.push(path);
        }
    }
    found.retain(|file| file.file_name().is_none_or(|name| name != "expected.json"));
    found
}
