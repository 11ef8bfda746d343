//! A call as a telephone system in the middle sees it: with two sides and no owner.

use calls_model::{CallDuration, CallType, Direction, Outcome};
use chrono::{DateTime, Utc};

use crate::record::{Call, Out, RawParty};

/// A call between two parties.
pub(crate) struct TwoSided {
    pub caller: RawParty,
    pub callee: RawParty,
    pub created_at: DateTime<Utc>,
    pub outcome: Outcome,
    /// How long the parties spoke; none for a missed call.
    pub duration: Option<CallDuration>,
}

/// The outcome and duration of a call whose parties spoke so long, or did not speak.
pub(crate) fn talk(talked: Option<CallDuration>) -> (Outcome, Option<CallDuration>) {
    (if talked.is_some() { Outcome::Completed } else { Outcome::Missed }, talked)
}

impl TwoSided {
    /// Gives one record for each side that is identified: outbound for the caller, inbound for the callee.
    pub fn put(self, out: &mut Out) -> Result<(), String> {
        if !self.caller.is_identified() && !self.callee.is_identified() {
            return Err("expected a caller or a callee, but found neither".to_owned());
        }
        if self.caller.is_identified() {
            out.record(self.caller.clone(), self.callee.clone(), &self.call(Direction::Outbound));
        }
        if self.callee.is_identified() {
            let call = self.call(Direction::Inbound);
            out.record(self.callee, self.caller, &call);
        }
        Ok(())
    }

    fn call(&self, direction: Direction) -> Call {
        Call {
            call_type: CallType::new(direction, self.outcome),
            created_at: self.created_at,
            duration: self.duration,
        }
    }
}
