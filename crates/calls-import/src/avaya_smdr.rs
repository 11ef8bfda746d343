//! Avaya IP Office's SMDR: rows without a header, `call start, connected time, ring time, caller, direction,
//! called number, dialled number, account, is internal, call ID, continuation, party 1 device, party 1 name,
//! party 2 device, party 2 name, hold time, park time, ...`. Devices are `E101` (an extension), `T9001` (a
//! line) or `V9501` (a channel of the voicemail). Rows of a transferred call share its ID.

use std::io::BufRead;

use calls_model::{CallDuration, Disposition};
use chrono::{DateTime, Utc};

use crate::duration::{self, Unit};
use crate::error::ReadError;
use crate::format::Format;
use crate::legs::{self, Entry};
use crate::lines::Lines;
use crate::options::Options;
use crate::record::{Items, Out, Reason, expected, or_refuse};
use crate::rows::{Dialect, Next, Quotes, Row, Rows};
use crate::talk::{Person, Talk, began};
use crate::time;

const FEWEST: usize = 15;
/// Rows of one call stand near each other.
const WINDOW: usize = 200;
const DIALECT: Dialect =
    Dialect { delimiter: b',', quotes: Quotes::Doubled, min_columns: FEWEST, max_columns: 100 };

/// Whether the first row is a call.
pub(crate) fn fits(row: &Row) -> bool {
    let is_flag = |column: usize| matches!(&*row.get(column), "0" | "1");
    row.len() >= FEWEST
        && row.get(0).get(4..5) == Some("/")
        && time::any(&row.get(0), chrono_tz::UTC, None).is_ok()
        && row.get(1).split(':').count() == 3
        && matches!(&*row.get(4), "I" | "O")
        && is_flag(8)
        && is_flag(10)
}

/// Reads the calls of a file.
pub(crate) fn read<'a>(options: &Options, reader: impl BufRead + 'a) -> Items<'a> {
    let options = options.clone();
    let mut rows = Rows::new(Lines::new(reader), DIALECT);
    let next = move || -> Result<Entry<Leg>, ReadError> {
        Ok(match rows.read()? {
            Next::End => Entry::End,
            Next::Bad(line, reason) => Entry::Skipped(line, reason.into()),
            Next::Row(row) => match Leg::read(row, &options) {
                Ok(leg) => {
                    let keys = vec![row.get(9).into_owned()];
                    Entry::Leg(row.line(), leg, keys.into_iter().filter(|key| !key.is_empty()).collect())
                }
                Err(reason) => Entry::Skipped(row.line(), reason),
            },
        })
    };
    or_refuse(Format::AvayaSmdr, legs::join(WINDOW, next, put))
}

/// A row: a part of a call.
#[derive(Debug)]
struct Leg {
    created_at: DateTime<Utc>,
    talked: Option<CallDuration>,
    rang: Option<CallDuration>,
    caller: Person,
    dialled: Person,
    /// The telephone that took part.
    device: Option<Person>,
    is_inbound: bool,
    is_internal: bool,
    is_mailbox: bool,
}

impl Leg {
    fn read(row: &Row, options: &Options) -> Result<Self, Reason> {
        if row.len() < FEWEST {
            return Err(format!("expected {FEWEST} columns, but found {}", row.len()).into());
        }
        let direction = row.get(4);
        if !matches!(&*direction, "I" | "O") {
            return Err(expected("a direction I or O", &direction).into());
        }
        let (is_inbound, is_internal) = (direction == "I", row.get(8) == "1");
        let devices = [(11, 12), (13, 14)].map(|(device, name)| (row.get(device), row.get(name)));
        let extension = |(device, name): &(std::borrow::Cow<str>, std::borrow::Cow<str>)| {
            device.strip_prefix('E').map(|number| Person::named(number, name))
        };
        // The name of a line or mailbox is nobody's.
        let of_party = |text: &str| {
            let party = Person::new(text);
            let named = devices.iter().filter_map(extension).find(|found| found.party == party.party);
            named.unwrap_or(party)
        };
        let is_mailbox = devices.iter().any(|(device, name)| device.starts_with('V') || is_voicemail(name));
        let called = row.get(5);
        let dialled = if is_inbound || is_internal || called.is_empty() { row.get(6) } else { called };
        let length = |column: usize| duration::optional(&row.get(column), Unit::Seconds);
        Ok(Self {
            created_at: began(&row.get(0), options)?,
            talked: length(1)?.filter(|length| length.ms() > 0),
            rang: length(2)?,
            caller: of_party(&row.get(3)),
            dialled: of_party(&dialled),
            device: devices.iter().find_map(extension),
            is_inbound,
            is_internal,
            is_mailbox,
        })
    }

    fn talk(&self) -> Talk {
        let machine = self.is_mailbox.then_some(Disposition::Voicemail);
        match (self.talked, machine) {
            (_, Some(machine)) => Talk::new(self.created_at, machine, None),
            (Some(length), None) => Talk::new(self.created_at, Disposition::Answered, Some(length)),
            (None, None) => Talk::missed(self.created_at),
        }
        .ringing(self.rang)
    }
}

fn is_voicemail(name: &str) -> bool {
    matches!(crate::fold::fold(name).as_str(), "voicemail" | "vmchannel") || name.starts_with("VM Channel")
}

/// Gives the records of a call: the first row says who called whom, the last one with a talk who spoke.
fn put(legs: Vec<Leg>, out: &mut Out) -> Result<(), Reason> {
    let Some(first) = legs.first() else { return Ok(()) };
    let answered = legs.iter().rev().find(|leg| leg.talked.is_some()).unwrap_or(first);
    let talk = answered.talk().begun(first.created_at);
    let reached = answered.device.as_ref().filter(|_| first.is_inbound || first.is_internal);
    let reached = reached.filter(|reached| reached.party != first.caller.party && !answered.is_mailbox);
    talk.put_sides(&first.caller, &first.dialled, reached, out)
}
