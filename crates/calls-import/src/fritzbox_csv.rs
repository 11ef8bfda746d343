//! A FRITZ!Box's call list as its pages save it: `sep=;`, then `Typ;Datum;Name;Rufnummer;Nebenstelle;Eigene
//! Rufnummer;Dauer`, since FRITZ!OS 7 with `Landes-/Ortsnetzbereich` behind the number. Dates are local, with
//! the day first; the length is `h:mm`, in minutes that have begun.

use std::io::BufRead;

use calls_model::{CallDuration, Direction, Disposition};
use chrono::{DateTime, Utc};

use crate::duration::{self, Unit};
use crate::error::ReadError;
use crate::format::Format;
use crate::options::Options;
use crate::record::{Items, Out, RawParty, Reason, expected};
use crate::rows::Row;
use crate::table::{self, First, plain};
use crate::talk::{Person, Talk, began};
use crate::words;

/// Reads the calls of a file. For a call without the box's own number it is `options.own`.
pub(crate) fn read<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    let options = options.clone();
    table::read(reader, move |first| {
        let columns = Columns::new(first).ok_or_else(|| {
            let expected =
                "a first line such as Typ;Datum;Name;Rufnummer;Nebenstelle;Eigene Rufnummer;Dauer".to_owned();
            let found = "another one".to_owned();
            ReadError::NotTheFormat { format: Format::FritzboxCsv, expected, found }
        })?;
        let put = move |row: &Row, out: &mut Out| columns.entry(row).put(&options, out);
        Ok((First::Header, put))
    })
}

/// Whether the first row is the header of a call list.
pub(crate) fn fits(header: &Row) -> bool {
    Columns::new(header).is_some()
}

/// Words of the column with the box's own number.
const OWN: [&str; 10] =
    ["eigene", "own", "propre", "local", "propri", "personale", "propio", "eigen", "wlasny", "interno"];

/// Columns of a call. Their order is always the same, and in English two columns have the same
/// name.
struct Columns {
    name: Option<usize>,
    number: usize,
    has_area: bool,
    count: usize,
}

impl Columns {
    /// `Typ;Datum;[Name;]Rufnummer;[Landes-/Ortsnetzbereich;]Nebenstelle;Eigene Rufnummer;Dauer`, in any
    /// language that the box speaks.
    fn new(header: &Row) -> Option<Self> {
        let count = header.len();
        let (name, number, has_area) = match count {
            6 => (None, 2, false),
            7 => (Some(2), 3, false),
            8 => (Some(2), 3, true),
            _ => return None,
        };
        let is = |column: usize, names: &[&str]| names.contains(&plain(&header.get(column)).as_str());
        let is_own = |column: usize| {
            let name = plain(&header.get(column));
            OWN.iter().any(|word| name.contains(word))
        };
        let fits = is(0, &["typ", "type", "tipo"])
            && is(1, &["datum", "date", "data", "fecha"])
            && (is(count - 3, &["nebenstelle", "extension", "device", "telephonydevice"])
                || is_own(count - 2))
            && is(count - 1, &["dauer", "duration", "duree", "durata", "duracion", "duur", "czastrwania"]);
        fits.then_some(Self { name, number, has_area, count })
    }

    fn entry(&self, row: &Row) -> Entry {
        let text = |column: usize| row.get(column).into_owned();
        Entry {
            kind: text(0),
            date: text(1),
            number: text(self.number),
            name: self.name.map(text).unwrap_or_default(),
            device: text(self.count - 3),
            own: text(self.count - 2),
            duration: text(self.count - 1),
            port: None,
            three_is_rejected: self.has_area,
        }
    }
}

/// An entry of a call list, as texts; the same in CSV and XML.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    /// 1 answered, 2 missed, 3 and 4 outbound, 9 and 11 still going on, 10 rejected; or a word.
    pub kind: String,
    pub date: String,
    pub number: String,
    pub name: String,
    /// Own number: `0305550100`, `Internet: 5550100`, `SIP: 5550100`.
    pub own: String,
    pub duration: String,
    /// The name of the telephone.
    pub device: String,
    /// Number of the telephone's port (XML).
    pub port: Option<u32>,
    /// Whether 3 may be a rejected call: since FRITZ!OS 7 the web pages write 4 for outbound ones.
    pub three_is_rejected: bool,
}

impl Entry {
    /// Adds the record of the own number.
    pub fn put(&self, options: &Options, out: &mut Out) -> Result<(), Reason> {
        let created_at = began(&self.date, options)?;
        let length = duration::optional(&self.duration, Unit::HoursAndMinutes)?;
        let (direction, talk) = self.talk(created_at, length)?;
        if self.is_fax() {
            return Err(Reason::NoCall(self.device.clone()));
        }
        let own = Some(RawParty::from_text(line(&self.own))).filter(RawParty::is_identified);
        // The box may omit the area code.
        let own = own.filter(|own| !options.own.as_ref().is_some_and(|whole| is_end_of(own, whole)));
        let owner = own.or_else(|| options.own.clone()).ok_or(Reason::NoOwner)?;
        talk.put(direction, &owner, &Person::named(&self.number, &self.name), None, out)
    }

    fn talk(
        &self,
        created_at: DateTime<Utc>,
        length: Option<CallDuration>,
    ) -> Result<(Direction, Talk), Reason> {
        let spoke = length.is_some_and(|length| length.ms() > 0);
        let missed = |disposition| (Direction::Inbound, Talk::new(created_at, disposition, None));
        let outbound = (Direction::Outbound, Talk::by_length(created_at, length, None));
        Ok(match self.kind.trim() {
            "1" if self.is_machine() => missed(Disposition::Voicemail),
            "1" => {
                (Direction::Inbound, Talk::new(created_at, Disposition::Answered, length.filter(|_| spoke)))
            }
            "2" => missed(Disposition::NoAnswer),
            "3" if self.three_is_rejected && !spoke && self.device.is_empty() => missed(Disposition::Blocked),
            "3" | "4" => outbound,
            "9" | "11" => return Err(Reason::Live(self.kind.clone())),
            "10" => missed(Disposition::Blocked),
            word => return self.by_word(word, created_at, length),
        })
    }

    fn by_word(
        &self,
        word: &str,
        created_at: DateTime<Utc>,
        length: Option<CallDuration>,
    ) -> Result<(Direction, Talk), Reason> {
        let kind = words::kind(word)?;
        let direction = kind.direction.ok_or_else(|| expected("an inbound or outbound call", word))?;
        let talk = match (kind.outcome, kind.disposition) {
            (None, _) => Talk::by_length(created_at, length, None),
            (Some(_), Some(disposition)) => Talk::new(created_at, disposition, length),
            (Some(_), None) => Talk::missed(created_at),
        };
        Ok((direction, talk))
    }

    /// Whether the box's answering machine took the call. It has the ports 6 and 40 to 49.
    fn is_machine(&self) -> bool {
        let device = self.device.to_lowercase();
        let names = ["anrufbeantw", "answering machine", "voicebox", "mailbox"];
        names.iter().any(|name| device.starts_with(name)) || matches!(self.port, Some(6 | 40..=49))
    }

    fn is_fax(&self) -> bool {
        self.device.to_lowercase().starts_with("fax") || self.port == Some(5) && self.device.is_empty()
    }
}

/// The number of a line: the part of `Internet: 5550100` after the colon.
fn line(own: &str) -> &str {
    match own.split_once(':') {
        Some((kind, number)) if !kind.contains(|c: char| c.is_ascii_digit()) => number.trim(),
        _ => own,
    }
}

/// Whether the digits of a number are the last ones of another number.
fn is_end_of(part: &RawParty, whole: &RawParty) -> bool {
    let (RawParty::Text(part), RawParty::Text(whole)) = (part, whole) else { return false };
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let (part, whole) = (digits(part), digits(whole));
    part.len() >= 3 && part.len() < whole.len() && whole.ends_with(&part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_may_be_named() {
        assert_eq!(line("Internet: 5550100"), "5550100");
        assert_eq!(line("0305550100"), "0305550100");
        assert_eq!(line("SIP: 620"), "620");
    }
}
