//! FreeSWITCH's json_cdr: one object a leg, as `switch_ivr_generate_json_cdr` makes it.

use std::io::BufRead;

use crate::duration;
use crate::format::Format;
use crate::freeswitch_call::{self, End, Leg};
use crate::objects::{self, Count, Object};
use crate::record::{Items, RawParty, Reason};
use crate::time;

/// Reads the calls of a file.
pub(crate) fn read<'a>(reader: impl BufRead + 'a) -> Items<'a> {
    let parse = |object: &Object| Cdr::new(object).leg();
    objects::read_joined(
        (Format::FreeswitchJson, Count::Objects, None),
        reader,
        freeswitch_call::WINDOW,
        parse,
        freeswitch_call::put,
    )
}

/// Members of FreeSWITCH's call detail record that are read; the same in JSON and XML.
#[derive(Debug, Default)]
pub(crate) struct Cdr {
    /// From the first caller profile of the call flow, which is the newest.
    pub caller_id_number: Option<String>,
    pub caller_id_name: Option<String>,
    pub destination_number: Option<String>,
    /// Variable, microseconds.
    pub start_uepoch: Option<String>,
    /// Variable, seconds.
    pub start_epoch: Option<String>,
    /// From the oldest times of the call flow, microseconds.
    pub created_time: Option<String>,
    /// Variable, seconds.
    pub billsec: Option<String>,
    /// Variable, seconds.
    pub duration: Option<String>,
    pub uuid: Option<String>,
    /// The leg that created it.
    pub originator: Option<String>,
    /// Whether it names the leg that created it.
    pub has_originator: bool,
    /// Number dialled by that leg.
    pub originator_destination: Option<String>,
    pub hangup_cause: Option<String>,
    pub originate_disposition: Option<String>,
    pub endpoint_disposition: Option<String>,
    pub last_app: Option<String>,
    /// Reason for leaving a queue of mod_callcenter.
    pub cc_cause: Option<String>,
    /// Whether the mailbox answered.
    pub has_voicemail: bool,
}

impl Cdr {
    fn new(object: &Object) -> Self {
        // Only digits and FreeSWITCH's own names are read, so the encoding of variables does not matter.
        let variable =
            |name: &str| object.text(&["variables", name]).map(String::from).filter(|text| !text.is_empty());
        let flow = object.get(&["callflow"]);
        // A single flow may not be in a list.
        let flows = match flow.and_then(|flow| flow.as_array()) {
            Some(flows) => flows.as_slice(),
            None => flow.map(std::slice::from_ref).unwrap_or_default(),
        };
        let profile = flows.first().and_then(|flow| flow.get("caller_profile"));
        let text = |name: &str| profile?.get(name).and_then(objects::text).map(String::from);
        let times = flows.last().and_then(|flow| flow.get("times"));
        let originator = profile.and_then(|profile| profile.get("originator"));
        let of_originator = |name: &str| {
            let profiles = originator?.get("originator_caller_profiles")?;
            objects::text(profiles.get(0)?.get(name)?).map(String::from)
        };
        let named = variable("originator").or_else(|| variable("originating_leg_uuid"));
        Self {
            caller_id_number: text("caller_id_number"),
            caller_id_name: text("caller_id_name"),
            destination_number: text("destination_number"),
            start_uepoch: variable("start_uepoch"),
            start_epoch: variable("start_epoch"),
            created_time: times.and_then(|times| objects::text(times.get("created_time")?)).map(String::from),
            billsec: variable("billsec"),
            duration: variable("duration"),
            uuid: variable("uuid").or_else(|| text("uuid")),
            has_originator: named.is_some() || originator.is_some(),
            originator: named.or_else(|| of_originator("uuid")),
            originator_destination: of_originator("destination_number"),
            hangup_cause: variable("hangup_cause"),
            originate_disposition: variable("originate_disposition"),
            endpoint_disposition: variable("endpoint_disposition"),
            last_app: variable("last_app"),
            cc_cause: variable("cc_cause"),
            has_voicemail: ["voicemail_answer_stamp", "voicemail_message", "voicemail_message_len"]
                .iter()
                .any(|name| variable(name).is_some()),
        }
    }

    /// The leg, and the IDs that connect it with others. The record's direction is as seen by the switch and
    /// does not tell who called; the caller profile does.
    pub fn leg(self) -> Result<(Leg, Vec<String>), Reason> {
        let has = |text: &Option<String>, word: &str| {
            text.as_deref().is_some_and(|text| text.eq_ignore_ascii_case(word))
        };
        if self.billsec.is_none() && !self.has_originator {
            return Err("expected a variable \"billsec\", but found none".into());
        }
        let party = |text: &Option<String>| RawParty::from_text(text.as_deref().unwrap_or_default());
        let length = |text: &Option<String>| text.as_deref().map(duration::seconds).transpose();
        let is_voicemail = self.has_voicemail || has(&self.last_app, "voicemail");
        let created_at = created_at([
            (self.start_uepoch, 1_000_000),
            (self.created_time, 1_000_000),
            (self.start_epoch, 1),
        ]);
        let created_at = match created_at {
            // A second leg may lack it, if no record is made of it.
            Err(_) if self.has_originator => return Err(Reason::SecondLeg),
            created_at => created_at?,
        };
        let leg = Leg {
            bridged_to: false,
            is_second: Some(self.has_originator),
            dialled_first: self.originator_destination.as_deref().map(RawParty::from_text),
            caller: party(&self.caller_id_number),
            callee: party(&self.destination_number),
            caller_name: self.caller_id_name,
            created_at,
            end: End {
                duration: length(&self.duration)?,
                billsec: length(&self.billsec)?,
                cause: self.hangup_cause.unwrap_or_default(),
                other_causes: [self.originate_disposition, self.endpoint_disposition]
                    .into_iter()
                    .flatten()
                    .collect(),
                is_voicemail,
                is_queue: has(&self.cc_cause, "cancel"),
            },
        };
        Ok((leg, self.uuid.into_iter().chain(self.originator).collect()))
    }
}

/// The first of these times that is present and not zero.
fn created_at(times: [(Option<String>, i64); 3]) -> Result<chrono::DateTime<chrono::Utc>, String> {
    let there = |text: &String| !text.is_empty() && text != "0";
    let time = times.into_iter().find_map(|(text, per_second)| Some((text.filter(there)?, per_second)));
    let (text, per_second) = time.ok_or("expected a start time (start_epoch), but found none")?;
    time::since_1970(&text, per_second)
}
