//! Calls as seen by a telephone system, with two sides and no owner.

use calls_model::{CallDuration, CallType, Direction, Disposition, Outcome};
use chrono::{DateTime, Utc};

use crate::record::{Call, Out, RawParty};

/// A call between two parties.
#[derive(Debug, Clone)]
pub(crate) struct TwoSided {
    pub caller: RawParty,
    pub callee: RawParty,
    pub created_at: DateTime<Utc>,
    pub outcome: Outcome,
    /// Talk time; none for a missed call.
    pub duration: Option<CallDuration>,
    pub disposition: Option<Disposition>,
    pub ring_time: Option<CallDuration>,
    pub caller_name: Option<String>,
    pub callee_name: Option<String>,
    /// The other number that took part: the phone that answered in place of the dialled one.
    pub via: Option<RawParty>,
}

/// Outcome and duration, given the talk time if the call was answered.
pub(crate) fn talk(talked: Option<CallDuration>) -> (Outcome, Option<CallDuration>) {
    (if talked.is_some() { Outcome::Completed } else { Outcome::Missed }, talked)
}

/// Difference of two durations: the ring time, from the total length and the talk time.
pub(crate) fn beyond(whole: Option<CallDuration>, talked: Option<CallDuration>) -> Option<CallDuration> {
    CallDuration::from_ms(i64::from(whole?.ms()) - i64::from(talked?.ms()))
}

impl TwoSided {
    /// Adds a record for each identified side: outbound for the caller, inbound for the callee.
    pub fn put(self, out: &mut Out) -> Result<(), String> {
        if !self.caller.is_identified() && !self.callee.is_identified() {
            return Err("expected a caller or a callee, but found neither".to_owned());
        }
        if self.caller.is_identified() {
            self.side(Direction::Outbound, out);
        }
        self.put_callee(out);
        Ok(())
    }

    /// Adds the record of the callee, if it is identified.
    pub fn put_callee(&self, out: &mut Out) {
        if self.callee.is_identified() {
            self.side(Direction::Inbound, out);
        }
    }

    fn side(&self, direction: Direction, out: &mut Out) {
        let (owner, other, name) = match direction {
            Direction::Outbound => (&self.caller, &self.callee, &self.callee_name),
            Direction::Inbound => (&self.callee, &self.caller, &self.caller_name),
        };
        let call_type = CallType::new(direction, self.outcome);
        let call = Call { call_type, created_at: self.created_at, duration: self.duration };
        out.record(owner.clone(), other.clone(), &call)
            .disposition(self.disposition)
            .ring_time(self.ring_time)
            .name(name.as_deref())
            .via(self.via.clone());
    }
}
