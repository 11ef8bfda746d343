//! Report of an import: for the terminal, for `--report` and as a response.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Read as _, Seek as _, Write};

use calls_import::{Format, Reason, Skipped};
use calls_model::Party;
use calls_store::import::{ResolvedCall, Summary};
use serde::Serialize;
use utoipa::ToSchema;

use crate::addresses::page_address;

/// Number of entries listed per reason.
const TOLD: usize = 5;
/// Number of files listed per reason.
const FILES_TOLD: usize = 50;
/// Maximum number of distinct reasons. Further reasons are counted together.
const MOST_REASONS: usize = 50;
/// Maximum number of owners with links.
const PAGES: usize = 3;

/// Result of an import.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct Report {
    /// The format given or detected. Absent for a folder or an archive of several files.
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'static str>,
    /// Whether this was a dry run, which stores nothing.
    dry_run: bool,
    /// Number of records read. A call of a telephone system can be two: one for each side.
    read: u64,
    /// Number of records added.
    added: u64,
    already_there: u64,
    /// Number of entries that gave no record.
    skipped_entries: u64,
    other_parties: OtherParties,
    /// The owners with the most calls in this log.
    owners: Vec<Owner>,
    /// The reasons for skipped entries.
    reasons: Vec<SkipReason>,
    /// The error that ended the import, if it did not reach the end of the log. Calls counted above are
    /// stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_early: Option<String>,
    #[serde(skip)]
    busiest: Busiest,
    #[serde(skip)]
    unit: &'static str,
    #[serde(skip)]
    all: Option<SkippedLog>,
}

/// Number of calls with other parties that have no number.
#[derive(Debug, Default, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct OtherParties {
    /// The party is a text without a number, such as a name.
    pub texts: u64,
    /// The log does not identify the party.
    pub unknown: u64,
    /// The caller withheld the number.
    pub withheld: u64,
}

/// An owner of calls.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Owner {
    number: String,
    /// Number of calls in this log.
    calls: u64,
    /// Path of its page.
    page: String,
}

/// Skipped entries with the same reason.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SkipReason {
    reason: String,
    entries: u64,
    /// The first five of them, or fifty if they are files.
    first: Vec<SkippedEntry>,
}

/// An entry that was skipped.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct SkippedEntry {
    /// File of a folder or archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    /// Unit of positions: lines, entries or files.
    unit: &'static str,
    /// Position, from 1.
    position: u64,
    reason: String,
}

impl Report {
    /// An empty report of a log. With `keeps_all` every skipped entry is kept, in a temporary file.
    pub(crate) fn new(format: Option<Format>, dry_run: bool, keeps_all: bool) -> io::Result<Self> {
        Ok(Self {
            format: format.map(Format::name),
            unit: format.map_or("entry", Format::position_unit),
            dry_run,
            all: keeps_all.then(SkippedLog::new).transpose()?,
            ..Self::default()
        })
    }

    /// Records a skipped entry.
    pub(crate) fn skip(&mut self, skipped: &Skipped) {
        let (file, unit, reason) = match &skipped.reason {
            Reason::InFile(file, unit, reason) => (Some(file.clone()), *unit, reason.as_ref()),
            Reason::File(file, _) => (Some(file.clone()), "file", &skipped.reason),
            reason => (None, self.unit, reason),
        };
        let text = match reason {
            Reason::File(_, reason) => reason.clone(),
            reason => reason.to_string(),
        };
        let kind = kind(reason, &text);
        let entry = SkippedEntry { file, unit, position: skipped.position, reason: text };
        if let Some(all) = &mut self.all {
            all.push(&entry);
        }
        self.skipped_entries += 1;
        let is_full = self.reasons.len() == MOST_REASONS;
        let known = self.reasons.iter_mut().find(|known| known.reason == kind);
        match known {
            Some(known) => known.push(entry),
            None if is_full => {
                if let Some(last) = self.reasons.last_mut() {
                    last.reason = "other reasons".to_owned();
                    last.push(entry);
                }
            }
            None => self.reasons.push(SkipReason { reason: kind, entries: 1, first: vec![entry] }),
        }
    }

    /// Records a call.
    pub(crate) fn note(&mut self, call: &ResolvedCall) {
        match &call.counterparty {
            Party::Text(_) => self.other_parties.texts += 1,
            Party::Unknown => self.other_parties.unknown += 1,
            Party::Withheld => self.other_parties.withheld += 1,
            Party::E164(_) | Party::Local(_) | Party::Sip(_) => {}
        }
        self.busiest.note(&call.owner);
    }

    /// Records the totals of the import.
    pub(crate) fn fill(&mut self, summary: Summary) {
        self.read = summary.records;
        self.added = if self.dry_run { 0 } else { summary.added };
        self.already_there = if self.dry_run { 0 } else { summary.already_there() };
        self.owners = self.busiest.first();
    }

    /// Records the error that ended the import early.
    pub(crate) fn end_early(&mut self, reason: String) {
        self.ended_early = Some(reason);
    }

    /// Number of records added, and of those already in the database.
    pub(crate) fn stored(&self) -> (u64, u64) {
        (self.added, self.already_there)
    }

    /// Records that were read.
    pub(crate) fn records(&self) -> u64 {
        self.read
    }

    /// Whether there were no records and no skipped entries.
    pub(crate) fn is_empty(&self) -> bool {
        self.read == 0 && self.skipped_entries == 0
    }

    /// Whether every entry was skipped.
    pub(crate) fn found_nothing(&self) -> bool {
        self.read == 0 && self.skipped_entries > 0
    }

    /// The most frequent reason for skipped entries, with an example.
    pub(crate) fn main_reason(&self) -> Option<&str> {
        let most = self.reasons.iter().max_by_key(|reason| reason.entries)?;
        most.first.first().map(|entry| entry.reason.as_str())
    }

    /// One line: records read, added and skipped.
    pub(crate) fn line(&self) -> String {
        let Self { read, added, already_there, skipped_entries, .. } = self;
        let of = self.format.map(|format| format!(" of {format}")).unwrap_or_default();
        if self.dry_run {
            format!("{read} records{of} read, {skipped_entries} skipped, none stored (dry run)")
        } else {
            format!(
                "{read} records{of} read, {added} added, {already_there} already there, {skipped_entries} skipped"
            )
        }
    }

    /// Remarks beside the counts: parties without a number, and links to the calls.
    pub(crate) fn remarks(&self, base: &str) -> Vec<String> {
        let OtherParties { texts, unknown, withheld } = self.other_parties;
        let counts = [(texts, "a text that is no number"), (unknown, "unknown"), (withheld, "withheld")];
        let told: Vec<String> = counts
            .into_iter()
            .filter(|(calls, _)| *calls > 0)
            .map(|(calls, what)| format!("{what} in {calls}"))
            .collect();
        let mut remarks = Vec::new();
        if !told.is_empty() {
            remarks.push(format!("the other party is {}", told.join(", ")));
        }
        if !self.dry_run {
            let width =
                self.owners.iter().map(|owner| owner.page.len()).max().unwrap_or_default() + base.len();
            remarks.extend(self.owners.iter().map(|owner| {
                let calls = if owner.calls == 1 { "call" } else { "calls" };
                format!("{:<width$}  {} {calls}", format!("{base}{}", owner.page), owner.calls)
            }));
        }
        remarks
    }

    /// One line per skipped entry, five per reason, with the number of further ones.
    pub(crate) fn skipped_lines(&self, name: &str) -> Vec<String> {
        let mut lines = Vec::new();
        for reason in &self.reasons {
            for SkippedEntry { file, unit, position, reason } in &reason.first {
                let place = match file {
                    Some(file) => format!("{}/{file}", name.trim_end_matches('/')),
                    None => name.to_owned(),
                };
                lines.push(match *unit {
                    "file" if file.is_some() => format!("{place}: skipped: {reason}"),
                    unit => format!("{place}: {unit} {position} skipped: {reason}"),
                });
            }
            let more = reason.entries - reason.first.len() as u64;
            if more > 0 {
                let all = if self.all.is_some() { "" } else { " (--report FILE lists all)" };
                lines.push(format!("{name}: {more} more skipped: {}{all}", reason.reason));
            }
        }
        lines
    }

    /// Writes the report as JSON, with all skipped entries if they were kept.
    pub(crate) fn write(&mut self, mut writer: impl Write) -> io::Result<()> {
        let json = serde_json::to_string_pretty(&*self)?;
        let Some(all) = &mut self.all else { return writeln!(writer, "{json}") };
        writer.write_all(json.trim_end_matches(['}', '\n']).as_bytes())?;
        writer.write_all(b",\n  \"skipped\": [")?;
        all.copy(&mut writer)?;
        writer.write_all(b"\n  ]\n}\n")
    }
}

impl SkipReason {
    fn push(&mut self, entry: SkippedEntry) {
        self.entries += 1;
        if self.first.len() < if entry.unit == "file" { FILES_TOLD } else { TOLD } {
            self.first.push(entry);
        }
    }
}

/// The text of a reason without the value found, which groups entries.
fn kind(reason: &Reason, text: &str) -> String {
    match reason {
        Reason::Live(_) => "the call has not ended".to_owned(),
        Reason::NoCall(_) => "the entry is no call, but a message or fax".to_owned(),
        Reason::SecondLeg | Reason::NoOwner => text.to_owned(),
        Reason::Unexpected(_) | Reason::File(..) | Reason::InFile(..) => {
            let (expected, found) = text.split_once(", but found ").unwrap_or((text, ""));
            // The value found is followed by the problem, which many entries share.
            match found.rsplit_once("\": ") {
                Some((_, why)) => format!("{expected}: {why}"),
                None => expected.to_owned(),
            }
        }
    }
}

/// Counts calls by owner in bounded memory: with too many owners, those with the fewest calls are dropped.
#[derive(Debug, Default)]
struct Busiest(HashMap<Party, u64>);

impl Busiest {
    fn note(&mut self, owner: &Party) {
        const MOST: usize = 20_000;
        if let Some(calls) = self.0.get_mut(owner) {
            *calls += 1;
            return;
        }
        if self.0.len() == MOST {
            let mut counts: Vec<u64> = self.0.values().copied().collect();
            counts.sort_unstable();
            let fewest = counts[MOST / 2];
            self.0.retain(|_, calls| *calls > fewest);
        }
        self.0.insert(owner.clone(), 1);
    }

    fn first(&self) -> Vec<Owner> {
        let mut owners: Vec<(&Party, u64)> = self.0.iter().map(|(owner, calls)| (owner, *calls)).collect();
        owners.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(other.0)));
        let owner = |(party, calls): (&Party, u64)| Owner {
            number: party.to_string(),
            calls,
            page: page_address(party).replace("%2B", "+"),
        };
        owners.into_iter().take(PAGES).map(owner).collect()
    }
}

/// All skipped entries, as JSON in a temporary file.
#[derive(Debug)]
struct SkippedLog {
    file: BufWriter<File>,
    entries: u64,
    /// The error that writing the file ended in.
    failed: Option<io::Error>,
}

impl SkippedLog {
    fn new() -> io::Result<Self> {
        Ok(Self { file: BufWriter::new(tempfile::tempfile()?), entries: 0, failed: None })
    }

    fn push(&mut self, entry: &SkippedEntry) {
        let separator = if self.entries == 0 { "\n    " } else { ",\n    " };
        let mut write = || {
            self.file.write_all(separator.as_bytes())?;
            serde_json::to_writer(&mut self.file, entry)?;
            io::Result::Ok(())
        };
        if self.failed.is_none() {
            self.failed = write().err();
        }
        self.entries += 1;
    }

    fn copy(&mut self, writer: &mut impl Write) -> io::Result<()> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        self.file.flush()?;
        let file = self.file.get_mut();
        file.rewind()?;
        io::copy(&mut file.take(u64::MAX), writer).map(|_| ())
    }
}
