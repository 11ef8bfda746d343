//! Each fixture gives the records that stand beside it, in a file of its name with `.records` behind it:
//! first the options of the command line, then a line for each item as [`told::lines`] has it. With
//! `UPDATE_SNAPSHOTS=1` these files are written anew.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use calls_import::{Format, Options, Progress, open};

use crate::field_reports::arguments;
use crate::support::path;
use crate::told;

/// Options of a fixture that has none beside it yet.
const USUAL: &str = "--own +12025550199 --zone Europe/Berlin --region US";

#[test]
fn every_fixture_gives_the_records_beside_it() {
    let writes = std::env::var_os("UPDATE_SNAPSHOTS").is_some();
    let mut counts: HashMap<Format, usize> = HashMap::new();
    for file in fixtures(&path("")) {
        let beside = PathBuf::from(format!("{}.records", file.display()));
        let expected = fs::read_to_string(&beside).unwrap_or_default();
        let line = expected.lines().next().unwrap_or(USUAL);
        let (options, format, _) = arguments(line);
        let found = format!("{line}\n{}", read(&file, format, &options, &mut counts));
        if writes {
            fs::write(&beside, &found).expect("the records are written");
        } else {
            assert_eq!(found, expected, "{}", file.display());
        }
    }
    for (format, name) in Format::ALL {
        let count = counts.get(&format).copied().unwrap_or_default();
        // Google Voice has a file for each call, and tests of its own.
        assert!(count >= 2 || format == Format::GoogleVoice, "{name} has {count} fixtures");
    }
}

fn read(
    file: &Path,
    format: Option<Format>,
    options: &Options,
    counts: &mut HashMap<Format, usize>,
) -> String {
    let opened = match open(file, format, options, &Progress::default()) {
        Ok(opened) => opened,
        Err(error) => return format!("{error}\n"),
    };
    if let Some(format) = opened.format {
        *counts.entry(format).or_default() += 1;
    }
    let mut lines = Vec::new();
    for item in opened.items {
        match item {
            Ok(item) => lines.extend(told::lines(&[item])),
            Err(error) => lines.push(error.to_string()),
        }
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn fixtures(folder: &Path) -> Vec<PathBuf> {
    // Licences begin with an L, and no fixture does.
    const OTHERS: [&str; 3] = ["field-reports", "google-voice", "README.md"];
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let is_other = OTHERS.contains(&name.as_str()) || name.starts_with(['.', 'L']);
        if is_other || name.ends_with(".records") {
            continue;
        }
        if path.is_dir() { found.extend(fixtures(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}
