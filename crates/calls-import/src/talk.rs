//! Calls of systems that log names of parties and a disposition.

use calls_model::{CallDuration, CallType, Direction, Disposition, Outcome};
use chrono::{DateTime, Utc};

use crate::options::Options;
use crate::record::{Call, Out, RawParty, Reason};
use crate::{party, time};

/// A party and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub party: RawParty,
    pub name: Option<String>,
}

impl Person {
    /// Parses a party whose text may contain a name: `Example<1001>`.
    pub fn new(text: &str) -> Self {
        let (party, name) = party::read(text);
        Self { party, name }
    }

    /// A party whose name is in another field.
    pub fn named(text: &str, name: &str) -> Self {
        let mut person = Self::new(text);
        let name = name.trim();
        // Without a number, the name may be the reason.
        if person.party == RawParty::Unknown && RawParty::from_text(name) == RawParty::Withheld {
            person.party = RawParty::Withheld;
        }
        if !name.is_empty() {
            person.name = Some(name.to_owned());
        }
        person
    }

    pub fn is_identified(&self) -> bool {
        self.party.is_identified()
    }

    /// The first with a number, or else the first that is not unknown, or else the first.
    pub fn first_known<const N: usize>(people: [Self; N]) -> Self {
        let is_known = |person: &Self| person.party != RawParty::Unknown;
        let known = people.iter().position(Self::is_identified).or_else(|| people.iter().position(is_known));
        let known = known.unwrap_or_default();
        people.into_iter().nth(known).unwrap_or(Self { party: RawParty::Unknown, name: None })
    }
}

/// Parses the time at which a call began.
pub(crate) fn began(text: &str, options: &Options) -> Result<DateTime<Utc>, String> {
    time::any(text, options.zone, options.dates)
}

/// The time between two times, if it is positive and not longer than any ringing.
pub(crate) fn between(start: DateTime<Utc>, end: DateTime<Utc>) -> Option<CallDuration> {
    const LONGEST_MS: i64 = 24 * 60 * 60 * 1000;
    let length = (end - start).num_milliseconds();
    CallDuration::from_ms(length).filter(|_| (0..=LONGEST_MS).contains(&length))
}

/// Properties that all sides of a call share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Talk {
    created_at: DateTime<Utc>,
    outcome: Outcome,
    duration: Option<CallDuration>,
    disposition: Option<Disposition>,
    ring_time: Option<CallDuration>,
}

impl Talk {
    /// A call with this disposition. The duration is kept if it was answered.
    pub fn new(created_at: DateTime<Utc>, disposition: Disposition, length: Option<CallDuration>) -> Self {
        let outcome = if disposition == Disposition::Answered { Outcome::Completed } else { Outcome::Missed };
        Self {
            created_at,
            outcome,
            duration: length.filter(|_| outcome == Outcome::Completed),
            disposition: Some(disposition),
            ring_time: None,
        }
    }

    /// A missed call without a known reason.
    pub fn missed(created_at: DateTime<Utc>) -> Self {
        Self { created_at, outcome: Outcome::Missed, duration: None, disposition: None, ring_time: None }
    }

    /// An answered call if the duration is above zero, or else a call with this disposition.
    pub fn by_length(
        created_at: DateTime<Utc>,
        length: Option<CallDuration>,
        otherwise: Option<Disposition>,
    ) -> Self {
        match (length.filter(|length| length.ms() > 0), otherwise) {
            (Some(length), _) => Self::new(created_at, Disposition::Answered, Some(length)),
            (None, Some(disposition)) if disposition != Disposition::Answered => {
                Self::new(created_at, disposition, None)
            }
            (None, _) => Self::missed(created_at),
        }
    }

    /// The same call, which began at another moment.
    pub fn begun(self, created_at: DateTime<Utc>) -> Self {
        Self { created_at, ..self }
    }

    pub fn ringing(self, ring_time: Option<CallDuration>) -> Self {
        Self { ring_time, ..self }
    }

    /// The same call, as it ended for another participant.
    pub fn ended(self, disposition: Disposition) -> Self {
        Self { ring_time: self.ring_time, ..Self::new(self.created_at, disposition, self.duration) }
    }

    pub fn is_completed(&self) -> bool {
        self.outcome == Outcome::Completed
    }

    /// Gives the record of one side, which must be known.
    pub fn put(
        &self,
        direction: Direction,
        owner: &RawParty,
        other: &Person,
        via: Option<&RawParty>,
        out: &mut Out,
    ) -> Result<(), Reason> {
        if !owner.is_identified() {
            return Err(Reason::NoOwner);
        }
        let call = Call {
            call_type: CallType::new(direction, self.outcome),
            created_at: self.created_at,
            duration: self.duration,
        };
        out.record(owner.clone(), other.party.clone(), &call)
            .disposition(self.disposition)
            .ring_time(self.ring_time)
            .name(other.name.as_deref())
            .via(via.cloned());
        Ok(())
    }

    /// Gives a record to each side that is known: to the caller, to whom was dialled, and to whom that
    /// reached.
    pub fn put_sides(
        &self,
        caller: &Person,
        dialled: &Person,
        reached: Option<&Person>,
        out: &mut Out,
    ) -> Result<(), Reason> {
        let reached = reached.filter(|reached| reached.is_identified() && reached.party != dialled.party);
        if ![Some(caller), Some(dialled), reached].into_iter().flatten().any(Person::is_identified) {
            return Err("expected a caller or a callee, but found neither".into());
        }
        let via = reached.map(|reached| &reached.party);
        if caller.is_identified() {
            let name = dialled.name.clone().or_else(|| reached?.name.clone());
            let other = Person { party: dialled.party.clone(), name };
            self.put(Direction::Outbound, &caller.party, &other, via, out)?;
        }
        if dialled.is_identified() {
            self.put(Direction::Inbound, &dialled.party, caller, via, out)?;
        }
        match reached {
            Some(reached) => self.put(Direction::Inbound, &reached.party, caller, Some(&dialled.party), out),
            None => Ok(()),
        }
    }

    /// As [`Self::put_sides`], of a call that was answered by somebody else than it rang at first.
    pub fn put_forwarded(
        &self,
        caller: &Person,
        dialled: &Person,
        reached: &Person,
        out: &mut Out,
    ) -> Result<(), Reason> {
        if caller.is_identified() {
            self.put(Direction::Outbound, &caller.party, dialled, Some(&reached.party), out)?;
        }
        let elsewhere = self.ended(Disposition::AnsweredElsewhere);
        elsewhere.put(Direction::Inbound, &dialled.party, caller, Some(&reached.party), out)?;
        self.put(Direction::Inbound, &reached.party, caller, Some(&dialled.party), out)
    }
}
