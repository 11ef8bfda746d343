//! Calls of FreeSWITCH, assembled from their legs.

use calls_model::{CallDuration, Disposition, Outcome};
use chrono::{DateTime, Utc};

use crate::hangup;
use crate::pbx::{self, TwoSided};
use crate::record::{Out, RawParty, Reason};

/// Number of entries that wait for others of their call. FreeSWITCH logs a leg when it ends, so the legs of a
/// call are close together, in either order.
pub(crate) const WINDOW: usize = 256;

/// A leg as the switch logs it.
#[derive(Debug)]
pub(crate) struct Leg {
    /// Whether the log names the leg that it was bridged to.
    pub bridged_to: bool,
    /// Whether it was created for another leg, if the log says so.
    pub is_second: Option<bool>,
    /// Number dialled by the leg that created it.
    pub dialled_first: Option<RawParty>,
    pub caller: RawParty,
    pub caller_name: Option<String>,
    pub callee: RawParty,
    pub created_at: DateTime<Utc>,
    pub end: End,
}

/// Outcome of a leg.
#[derive(Debug, Default)]
pub(crate) struct End {
    /// From the creation to the end.
    pub duration: Option<CallDuration>,
    /// From the answer to the end.
    pub billsec: Option<CallDuration>,
    pub cause: String,
    /// Causes in other variables, such as that of the other leg.
    pub other_causes: Vec<String>,
    /// Whether a mailbox or a queue answered instead of a person.
    pub is_voicemail: bool,
    pub is_queue: bool,
}

impl End {
    /// The cause does not show whether a call was answered: NORMAL_CLEARING also ends unanswered ones.
    fn talked(&self) -> Option<CallDuration> {
        self.billsec.filter(|billsec| billsec.ms() > 0 && !self.is_voicemail && !self.is_queue)
    }

    fn disposition(&self) -> Option<Disposition> {
        if self.talked().is_some() {
            Some(Disposition::Answered)
        } else if self.is_voicemail {
            Some(Disposition::Voicemail)
        } else if self.is_queue {
            Some(Disposition::NoAnswer)
        } else {
            let causes = std::iter::once(&self.cause).chain(&self.other_causes);
            causes.filter_map(|cause| hangup::cause(cause)).find(|cause| *cause != Disposition::Answered)
        }
    }
}

/// Gives the records of a call.
pub(crate) fn put(legs: Vec<Leg>, out: &mut Out) -> Result<(), Reason> {
    let is_first = |leg: &Leg| leg.is_second != Some(true) && !leg.lost_race();
    let first = legs
        .iter()
        .position(|leg| is_first(leg) && leg.bridged_to)
        .or_else(|| legs.iter().position(is_first));
    let Some(first) = first else { return put_seconds(&legs, out) };
    let is_other = |leg: &Leg| leg.callee != legs[first].callee && leg.callee != legs[first].caller;
    let others =
        || legs.iter().enumerate().filter(|(at, leg)| *at != first && is_other(leg)).map(|(_, leg)| leg);
    let answered_by = others().find(|leg| leg.is_second != Some(false) && leg.end.talked().is_some());
    let call = legs[first].two_sided(answered_by.map(|leg| leg.callee.clone()));
    let is_answered = call.outcome == Outcome::Completed;
    let (caller, dialled) = (legs[first].caller.clone(), legs[first].callee.clone());
    call.put(out)?;
    for leg in others() {
        if leg.is_second == Some(false) {
            leg.two_sided(None).put(out)?;
            continue;
        }
        let mut target = TwoSided { caller: caller.clone(), ..leg.two_sided(Some(dialled.clone())) };
        if is_answered && target.outcome == Outcome::Missed {
            target.disposition = Some(Disposition::AnsweredElsewhere);
        }
        target.put_callee(out);
    }
    Ok(())
}

/// Adds the records of legs whose first leg is missing: only of phones other than the dialled one, whose call
/// the first leg describes.
fn put_seconds(legs: &[Leg], out: &mut Out) -> Result<(), Reason> {
    let mut any = false;
    for leg in legs {
        let is_other = leg.dialled_first.as_ref().map_or(leg.lost_race(), |dialled| *dialled != leg.callee);
        if is_other && leg.callee.is_identified() {
            leg.two_sided(leg.dialled_first.clone()).put_callee(out);
            any = true;
        }
    }
    if any { Ok(()) } else { Err(Reason::SecondLeg) }
}

impl Leg {
    /// Whether another phone answered the same call. Only legs created for others can lose.
    fn lost_race(&self) -> bool {
        self.end.cause == "LOSE_RACE"
    }

    fn two_sided(&self, via: Option<RawParty>) -> TwoSided {
        let (outcome, duration) = pbx::talk(self.end.talked());
        TwoSided {
            caller: self.caller.clone(),
            callee: self.callee.clone(),
            created_at: self.created_at,
            outcome,
            duration,
            disposition: self.end.disposition(),
            ring_time: pbx::beyond(self.end.duration, self.end.billsec),
            caller_name: self.caller_name.clone(),
            callee_name: None,
            via,
        }
    }
}
