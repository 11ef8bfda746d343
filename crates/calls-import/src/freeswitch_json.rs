//! FreeSWITCH's json_cdr: one object a call, as `switch_ivr_generate_json_cdr` makes it.

use std::io::BufRead;

use crate::duration;
use crate::format::Format;
use crate::objects::{self, Count, Object};
use crate::pbx::{self, TwoSided};
use crate::record::{Items, Out, RawParty};
use crate::time;

/// Reads the calls of a file.
pub(crate) fn read<'a>(reader: impl BufRead + 'a) -> Items<'a> {
    objects::read(Format::FreeswitchJson, reader, Count::Objects, None, put)
}

fn put(object: &Object, out: &mut Out) -> Result<(), String> {
    Cdr::new(object).put(out)
}

/// What of FreeSWITCH's call detail record makes a record here; the same in JSON and XML.
#[derive(Debug, Default)]
pub(crate) struct Cdr {
    /// From the newest caller profile of the call flow, which is the first.
    pub caller_id_number: Option<String>,
    pub destination_number: Option<String>,
    /// Variable, microseconds.
    pub start_uepoch: Option<String>,
    /// Variable, seconds.
    pub start_epoch: Option<String>,
    /// From the oldest times of the call flow, microseconds.
    pub created_time: Option<String>,
    /// Variable, seconds.
    pub billsec: Option<String>,
    /// Whether it names the leg that it was made for.
    pub has_originator: bool,
}

impl Cdr {
    fn new(object: &Object) -> Self {
        // Digits only, so the encoding of variables does not matter.
        let variable = |name: &str| object.text(&["variables", name]).map(String::from);
        let flow = object.get(&["callflow"]);
        // One of them may be there without a list around it.
        let flows = match flow.and_then(|flow| flow.as_array()) {
            Some(flows) => flows.as_slice(),
            None => flow.map(std::slice::from_ref).unwrap_or_default(),
        };
        let profile = flows.first().and_then(|flow| flow.get("caller_profile"));
        let number = |name: &str| profile?.get(name).and_then(objects::text).map(String::from);
        let times = flows.last().and_then(|flow| flow.get("times"));
        Self {
            caller_id_number: number("caller_id_number"),
            destination_number: number("destination_number"),
            start_uepoch: variable("start_uepoch"),
            start_epoch: variable("start_epoch"),
            created_time: times.and_then(|times| objects::text(times.get("created_time")?)).map(String::from),
            billsec: variable("billsec"),
            has_originator: ["originator", "originating_leg_uuid"]
                .iter()
                .any(|name| variable(name).is_some_and(|uuid| !uuid.is_empty()))
                || profile.is_some_and(|profile| profile.get("originator").is_some()),
        }
    }

    /// Gives the records of both sides. The direction in the file is the leg's as the switch sees it, and says
    /// nothing of who called: the caller profile does.
    pub fn put(self, out: &mut Out) -> Result<(), String> {
        if self.has_originator {
            return Err("expected the first leg of a call, but found its second one".to_owned());
        }
        let billsec = self.billsec.ok_or("expected a variable \"billsec\", but found none")?;
        let talked = duration::seconds(&billsec)?;
        let party = |text: Option<String>| RawParty::from_text(&text.unwrap_or_default());
        let (outcome, duration) = pbx::talk((talked.ms() > 0).then_some(talked));
        TwoSided {
            created_at: created_at([
                (self.start_uepoch, 1_000_000),
                (self.created_time, 1_000_000),
                (self.start_epoch, 1),
            ])?,
            caller: party(self.caller_id_number),
            callee: party(self.destination_number),
            outcome,
            duration,
        }
        .put(out)
    }
}

/// The first of these times that is there and not zero.
fn created_at(times: [(Option<String>, i64); 3]) -> Result<chrono::DateTime<chrono::Utc>, String> {
    let there = |text: &String| !text.is_empty() && text != "0";
    let time = times.into_iter().find_map(|(text, per_second)| Some((text.filter(there)?, per_second)));
    let (text, per_second) = time.ok_or("expected a start time (start_epoch), but found none")?;
    time::since_1970(&text, per_second)
}
