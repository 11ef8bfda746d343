//! A call of Asterisk from its rows: one, or several with the same linked ID.
//!
//! The caller gets a call with the dialled number. That number gets it too, as does a number dialled from
//! outside (DID). A phone that answered gets the call under its own extension; a phone that only rang gets a
//! missed one, answered elsewhere if somebody else answered.

use calls_model::{CallDuration, CallType, Direction, Disposition};
use chrono::{DateTime, TimeDelta, Utc};

use crate::party;
use crate::pbx;
use crate::record::{Call, Out, RawParty, Reason};

/// A row of a call detail record, as far as records are made from it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Leg {
    pub src: String,
    pub clid: String,
    pub dst: String,
    pub channel: String,
    /// `None` where the file has no such column.
    pub dstchannel: Option<String>,
    pub lastapp: String,
    pub start: DateTime<Utc>,
    /// Time from start to end, if the file has it.
    pub duration: Option<CallDuration>,
    /// Answered time of the row; `None` if it was not answered.
    pub answered: Option<CallDuration>,
    pub disposition: Option<Disposition>,
    pub did: String,
    pub caller_name: String,
    pub callee_name: String,
}

/// Applications that answer without connecting the caller to anybody. Others may connect, such as a
/// conference, or an application of the installation.
const MACHINES: [&str; 40] = [
    "Answer",
    "Authenticate",
    "BackGround",
    "BackgroundDetect",
    "Busy",
    "Congestion",
    "ControlPlayback",
    "Directory",
    "ExecIf",
    "Festival",
    "Goto",
    "GotoIf",
    "GotoIfTime",
    "Hangup",
    "Milliwatt",
    "Morsecode",
    "MusicOnHold",
    "NoCDR",
    "NoOp",
    "PlayTones",
    "Playback",
    "PrivacyManager",
    "Progress",
    "Queue",
    "Read",
    "ReadExten",
    "ResetCDR",
    "Ringing",
    "SayAlpha",
    "SayDigits",
    "SayNumber",
    "SayPhonetic",
    "SayUnixTime",
    "Set",
    "StopPlayTones",
    "Swift",
    "Wait",
    "WaitExten",
    "WaitForSilence",
    "Zapateller",
];

impl Leg {
    /// The caller. If `src` is empty, the caller ID may still say that the number is withheld.
    fn caller(&self) -> RawParty {
        RawParty::from_text(if self.src.is_empty() { &self.clid } else { &self.src })
    }

    fn caller_name(&self) -> Option<String> {
        if self.caller_name.is_empty() { party::read(&self.clid).1 } else { Some(self.caller_name.clone()) }
    }

    /// The dialled number. Pseudo-extensions of a dialplan (`s`, `h`, `s-BUSY`) are nobody, and mailboxes of
    /// FreePBX (`vmu101`) are those of extensions.
    fn dialled(&self) -> RawParty {
        if self.dst.len() == 1 && self.dst.starts_with(|c: char| c.is_ascii_alphabetic())
            || self.dst.starts_with("s-")
        {
            return RawParty::Unknown;
        }
        RawParty::from_text(self.mailbox().unwrap_or(&self.dst))
    }

    fn mailbox(&self) -> Option<&str> {
        let number = ["vmu", "vmb", "vms", "vmi"].iter().find_map(|prefix| self.dst.strip_prefix(prefix))?;
        (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())).then_some(number)
    }

    fn is_of_local_channel(&self) -> bool {
        self.channel.starts_with("Local/")
    }

    fn is_voicemail(&self) -> bool {
        self.answered.is_some()
            && (self.lastapp.eq_ignore_ascii_case("VoiceMail") || self.mailbox().is_some())
    }

    /// Whether a person answered, according to the row, and not a mailbox, queue or menu. `alone` says that
    /// the call has no other row.
    fn is_answered_by_a_person(&self, alone: bool) -> bool {
        // Extension by which FreePBX joins a conference.
        const CONFERENCE: &str = "STARTMEETME";
        let is_machine =
            || self.dst != CONFERENCE && MACHINES.iter().any(|app| self.lastapp.eq_ignore_ascii_case(app));
        let nobody_there = self.dstchannel.as_ref().is_some_and(String::is_empty);
        self.answered.is_some() && !self.is_voicemail() && !(nobody_there && (!alone || is_machine()))
    }

    /// The extension of the phone that rang, or the number outside to which the call was forwarded.
    fn target(&self) -> Option<RawParty> {
        /// Maximum length of an extension; longer ones are numbers of trunks.
        const LONGEST: usize = 6;
        let dstchannel = self.dstchannel.as_deref().filter(|channel| !channel.is_empty())?;
        let extension = party::channel(dstchannel)
            .filter(|party| matches!(party, RawParty::Text(text) if (2..=LONGEST).contains(&text.len())));
        extension.or_else(|| Some(self.dialled()).filter(RawParty::is_identified))
    }

    /// Start and end of the conversation in an answered row.
    fn talk(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let talked = i64::from(self.answered?.ms());
        let whole = self.duration.map_or(talked, |duration| i64::from(duration.ms()).max(talked));
        let end = self.start.checked_add_signed(TimeDelta::milliseconds(whole))?;
        Some((end.checked_sub_signed(TimeDelta::milliseconds(talked))?, end))
    }
}

/// Adds the records of all participants of a call. Legs of another caller, for example of a consultation
/// before a transfer, are calls of their own.
pub(crate) fn put(mut legs: Vec<Leg>, out: &mut Out) -> Result<(), Reason> {
    if let [leg] = legs.as_slice() {
        return put_call(std::slice::from_ref(leg), out);
    }
    legs.sort_by_key(|leg| (leg.start, leg.is_of_local_channel()));
    let mut result = Err("expected a caller or a callee, but found neither".into());
    while let Some(first) = legs.first() {
        let (channel, src, start) = (first.channel.clone(), first.src.clone(), first.start);
        let is_of_call = |leg: &Leg| {
            let is_of_caller = leg.src == src || leg.channel == channel || !leg.caller().is_identified();
            (is_of_caller || leg.is_of_local_channel()) && leg.start - start < TimeDelta::days(1)
        };
        let (call, others): (Vec<Leg>, Vec<Leg>) = legs.into_iter().partition(is_of_call);
        // The entry is skipped only if none of its calls gave a record.
        result = result.or(put_call(&call, out));
        legs = others;
    }
    result
}

/// Combined result of the legs of a call.
struct Joined {
    caller: RawParty,
    caller_name: Option<String>,
    dialled: RawParty,
    did: Option<RawParty>,
    created_at: DateTime<Utc>,
    talked: Option<CallDuration>,
    disposition: Option<Disposition>,
    ring_time: Option<CallDuration>,
    /// The person who answered, if any.
    answered_by: Option<RawParty>,
}

fn put_call(legs: &[Leg], out: &mut Out) -> Result<(), Reason> {
    let Some(call) = Joined::new(legs) else { return Ok(()) };
    let (outcome, duration) = pbx::talk(call.talked);
    let kind = |direction| Call {
        call_type: CallType::new(direction, outcome),
        created_at: call.created_at,
        duration,
    };
    let did = call.did.as_ref().filter(|did| **did != call.dialled && **did != call.caller);
    if !call.caller.is_identified() && !call.dialled.is_identified() && did.is_none() {
        return Err("expected a caller or a callee, but found neither".into());
    }
    if call.caller.is_identified() {
        // If a group was dialled, this is the name of a phone that rang.
        let is_dialled = |leg: &&Leg| leg.target().is_none_or(|target| target == call.dialled);
        let names = legs.iter().filter(is_dialled).map(|leg| leg.callee_name.as_str());
        let name = names.into_iter().find(|name| !name.is_empty());
        out.record(call.caller.clone(), call.dialled.clone(), &kind(Direction::Outbound))
            .disposition(call.disposition)
            .ring_time(call.ring_time)
            .name(name)
            .via(call.answered_by.clone());
    }
    for owner in [Some(&call.dialled), did].into_iter().flatten().filter(|owner| owner.is_identified()) {
        let via = call.answered_by.clone().or_else(|| did.is_some().then(|| call.dialled.clone()));
        out.record(owner.clone(), call.caller.clone(), &kind(Direction::Inbound))
            .disposition(call.disposition)
            .ring_time(call.ring_time)
            .name(call.caller_name.as_deref())
            .via(via);
    }
    call.put_targets(legs, did, out);
    Ok(())
}

impl Joined {
    fn new(legs: &[Leg]) -> Option<Self> {
        let first = legs.first()?;
        let people = people(legs);
        let identified = |of: fn(&Leg) -> RawParty| legs.iter().map(of).find(RawParty::is_identified);
        let dialled = || identified(Leg::dialled);
        let text = || legs.iter().map(Leg::dialled).find(|party| matches!(party, RawParty::Text(_)));
        let did = identified(|leg| RawParty::from_text(&leg.did));
        Some(Self {
            caller: legs
                .iter()
                .map(Leg::caller)
                .find(|caller| *caller != RawParty::Unknown)
                .unwrap_or(RawParty::Unknown),
            caller_name: legs.iter().find_map(Leg::caller_name),
            dialled: dialled().or_else(|| did.clone()).or_else(text).unwrap_or_else(|| first.dialled()),
            did,
            created_at: first.start,
            talked: talked(&people),
            disposition: disposition(legs, !people.is_empty()),
            ring_time: ring_time(legs, &people),
            answered_by: people.iter().find_map(|leg| leg.target()),
        })
    }

    /// Adds a record for each phone that rang, even if it rang several times.
    fn put_targets(&self, legs: &[Leg], did: Option<&RawParty>, out: &mut Out) {
        let mut told = vec![&self.caller, &self.dialled];
        told.extend(did);
        let targets: Vec<Option<RawParty>> = legs.iter().map(Leg::target).collect();
        for (first, target) in targets.iter().enumerate() {
            let Some(owner) = target.as_ref().filter(|owner| !told.contains(owner)) else { continue };
            told.push(owner);
            let own: Vec<Leg> = legs
                .iter()
                .zip(&targets)
                .filter(|(_, of)| *of == target)
                .map(|(leg, _)| leg.clone())
                .collect();
            let people = people(&own);
            let (outcome, duration) = pbx::talk(talked(&people));
            let disposition = match disposition(&own, !people.is_empty()) {
                _ if people.is_empty() && self.talked.is_some() => Some(Disposition::AnsweredElsewhere),
                disposition => disposition,
            };
            let created_at = legs[first].start;
            let call = Call { call_type: CallType::new(Direction::Inbound, outcome), created_at, duration };
            out.record(owner.clone(), self.caller.clone(), &call)
                .disposition(disposition)
                .ring_time(ring_time(&own, &people))
                .name(self.caller_name.as_deref())
                .via(Some(did.unwrap_or(&self.dialled).clone()));
        }
    }
}

/// The legs that a person answered. With legs of phones, those through Local channels add nothing: their time
/// may include the caller's wait.
fn people(legs: &[Leg]) -> Vec<&Leg> {
    let alone = legs.len() == 1;
    let mut people: Vec<&Leg> = legs.iter().filter(|leg| leg.is_answered_by_a_person(alone)).collect();
    let is_of_phone =
        |leg: &&Leg| leg.dstchannel.as_ref().is_some_and(|channel| !channel.starts_with("Local/"));
    if people.iter().any(is_of_phone) {
        people.retain(is_of_phone);
    }
    people
}

/// Talk time over all answered legs, with overlaps counted once.
fn talked(people: &[&Leg]) -> Option<CallDuration> {
    if let [leg] = people {
        return leg.answered;
    }
    let mut talks: Vec<_> = people.iter().filter_map(|leg| leg.talk()).collect();
    talks.sort_unstable();
    let mut until = talks.first()?.0;
    let mut total = TimeDelta::zero();
    for (begin, end) in talks {
        total += (end - begin.max(until)).max(TimeDelta::zero());
        until = until.max(end);
    }
    CallDuration::from_ms(total.num_milliseconds())
}

fn disposition(legs: &[Leg], is_answered: bool) -> Option<Disposition> {
    if is_answered {
        return Some(Disposition::Answered);
    }
    if legs.iter().any(Leg::is_voicemail) {
        return Some(Disposition::Voicemail);
    }
    // A queue or a menu answered, and the caller reached nobody.
    let of = |leg: &Leg| if leg.answered.is_some() { Some(Disposition::NoAnswer) } else { leg.disposition };
    let mut found: Vec<_> = legs.iter().map(of).collect();
    found.dedup();
    match found[..] {
        [only] => only,
        _ if found.contains(&Some(Disposition::Cancelled)) => Some(Disposition::Cancelled),
        _ => Some(Disposition::NoAnswer),
    }
}

/// Ring time including queues: until a person or a mailbox answered, or until the end.
fn ring_time(legs: &[Leg], people: &[&Leg]) -> Option<CallDuration> {
    let begin = legs.first().filter(|leg| leg.duration.is_some())?.start;
    let answered_at = people.iter().filter_map(|leg| leg.talk()).map(|(begin, _)| begin).min();
    let by_mailbox =
        || legs.iter().filter(|leg| leg.is_voicemail()).filter_map(Leg::talk).map(|(begin, _)| begin).min();
    let end =
        |leg: &Leg| leg.start.checked_add_signed(TimeDelta::milliseconds(i64::from(leg.duration?.ms())));
    let until = answered_at.or_else(by_mailbox).or_else(|| legs.iter().filter_map(end).max())?;
    CallDuration::from_ms((until - begin).num_milliseconds())
}
