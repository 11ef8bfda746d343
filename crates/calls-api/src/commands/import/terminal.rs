//! An import on the terminal: its progress, and what it came to.

use std::io::{self, IsTerminal};
use std::path::Path;

use calls_import::{Format, Progress};
use indicatif::ProgressBar;

use crate::intake::options::Read;
use crate::intake::report::Report;

/// Progress bar with rate and ETA. Hidden where nobody looks, or where the size is not known.
pub(super) fn bar(file: &Path) -> ProgressBar {
    let template =
        "importing  {bar:30} {binary_bytes}/{binary_total_bytes}  {binary_bytes_per_sec}  {eta} left";
    match super::file_size(file).filter(|_| io::stderr().is_terminal()) {
        Some(size) => super::super::progress(size, template),
        None => ProgressBar::hidden(),
    }
}

/// Tells what an import came to: skipped entries on standard error, the counts and remarks on standard
/// output, or on standard error too.
pub(super) fn tell(report: &Report, name: &str, (base, is_zone_missing): (&str, bool), on_stderr: bool) {
    for line in report.skipped_lines(name) {
        eprintln!("{line}");
    }
    let zone = "times without a zone were read as those of UTC: name another one with --zone";
    let zone = is_zone_missing.then(|| zone.to_owned());
    for line in std::iter::once(report.line()).chain(zone).chain(report.remarks(base)) {
        if on_stderr { eprintln!("{line}") } else { println!("{line}") }
    }
}

/// One line about a log of which no entry was a call, with what may help.
pub(super) fn nothing_found(file: &Path, report: &Report, read: &Read) -> String {
    let name = file.display();
    let reason = report.main_reason().map(|reason| format!(": {reason}")).unwrap_or_default();
    let detected = read.format.and_then(|named| other_format(file, named, read));
    let hint = match detected {
        Some(format) => format!("; it seems to be of the format {format}"),
        None if read.region.is_none() && reason.contains("no region is set") => {
            "; name the country with --region, such as --region US".to_owned()
        }
        None => String::new(),
    };
    format!("no entry of {name} is a call{reason}{hint}")
}

/// The format that a file seems to be of, if it is another one than was named.
fn other_format(file: &Path, named: Format, read: &Read) -> Option<Format> {
    if !file.is_file() {
        return None;
    }
    let opened = calls_import::open(file, None, &read.options, &Progress::default()).ok()?;
    opened.format.filter(|detected| *detected != named)
}
