//! Calls encoded in some ten bytes each. A list keeps all loaded calls, so that going back needs no request,
//! and a hundred thousand of them must fit into the tab's memory.
//!
//! A call is encoded as its differences from the previous one: time, id, digits of the counterparty.
//! Spellings are stored once per format, with the first number that has it. Calls are decoded on access, from
//! the first of a page on, which takes microseconds for a page of 500.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use calls_model::{
    Call, CallDetails, CallDuration, CallType, CounterpartyDetails, DetailedCall, E164, Party,
};
use chrono::{DateTime, Utc};
use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};

/// Calls in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedCalls {
    /// For each call its head, then the parts that the head lists: [`Packer::push`].
    bytes: Box<[u8]>,
    len: usize,
}

impl PackedCalls {
    /// Encodes calls.
    pub fn new<'a>(calls: impl IntoIterator<Item = &'a DetailedCall>) -> Self {
        let mut packer = Packer::default();
        let len = calls.into_iter().map(|call| packer.push(call)).count();
        Self { bytes: packer.bytes.into(), len }
    }

    /// Number of calls.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// A call.
    pub fn get(&self, index: usize) -> Option<DetailedCall> {
        self.range(index..index + 1).next()
    }

    /// All calls.
    pub fn iter(&self) -> impl Iterator<Item = DetailedCall> {
        self.range(0..self.len)
    }

    /// A range of calls.
    pub fn range(&self, range: Range<usize>) -> impl Iterator<Item = DetailedCall> {
        let mut unpacker = self.unpacker();
        for _ in 0..range.start.min(self.len) {
            unpacker.step();
        }
        let len = range.end.min(self.len).saturating_sub(range.start);
        (0..len).filter_map(move |_| {
            let packed = unpacker.step();
            unpacker.unpack(packed)
        })
    }

    fn unpacker(&self) -> Unpacker<'_> {
        Unpacker { bytes: &self.bytes, spellings: Vec::new(), last: Numbers::default(), last_spelling: 0 }
    }

    /// Index of a call.
    pub fn position(&self, id: &str) -> Option<usize> {
        let number = number(id);
        let mut unpacker = self.unpacker();
        (0..self.len).find(|_| match unpacker.step() {
            Packed::Compact { .. } => number == Some(unpacker.last.id),
            packed => unpacker.unpack(packed).is_some_and(|call| call.call.id == id),
        })
    }
}

/// Encodes each call as it is deserialized, so that they are never all in memory.
impl<'de> Deserialize<'de> for PackedCalls {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Calls)
    }
}

struct Calls;

impl<'de> Visitor<'de> for Calls {
    type Value = PackedCalls;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of calls")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut calls: A) -> Result<PackedCalls, A::Error> {
        let (mut packer, mut len) = (Packer::default(), 0);
        while let Some(call) = calls.next_element()? {
            packer.push(&call);
            len += 1;
        }
        Ok(PackedCalls { bytes: packer.bytes.into(), len })
    }
}

/// The lowest two bits of a head: the index in [`CallType::ALL`].
const TYPE: u8 = 0b11;
/// A duration follows.
const DURATION: u8 = 1 << 2;
/// A time of return follows.
const RETURNED: u8 = 1 << 3;
/// The time is in seconds instead of microseconds.
const AT_IN_S: u8 = 1 << 4;
/// The time of return is in seconds instead of microseconds.
const RETURNED_IN_S: u8 = 1 << 5;
/// The spelling is that of the previous call, and does not follow.
const SAME_SPELLING: u8 = 1 << 6;
/// Only the call as JSON follows.
const JSON: u8 = 1 << 7;

const US_PER_S: i64 = 1_000_000;
/// Stands for a digit of the number in a spelling.
const DIGIT: char = '#';

/// The numbers of a call that are encoded as differences.
#[derive(Debug, Clone, Copy, Default)]
struct Numbers {
    id: u64,
    /// Microseconds since 1970.
    at_us: i64,
    /// The counterparty's E.164 number, or 0.
    digits: u64,
}

impl Numbers {
    /// `None` if they do not represent the call completely.
    fn of(call: &DetailedCall) -> Option<Self> {
        let digits = match &call.call.counterparty {
            Party::E164(number) => number.digits(),
            _ => 0,
        };
        Some(Self { id: number(&call.call.id)?, at_us: micros(call.call.created_at)?, digits })
    }
}

/// The counterparty without the digits of its number, and the details with masked spellings. Numbers of the
/// same format without a name share one entry per disposition.
type Spelling = (Option<Party>, CallDetails);

/// Encodes calls.
#[derive(Default)]
struct Packer {
    bytes: Vec<u8>,
    /// Spellings as JSON, with their indices.
    spellings: BTreeMap<Vec<u8>, usize>,
    last: Numbers,
    last_spelling: Option<usize>,
}

impl Packer {
    /// Encodes a call.
    fn push(&mut self, call: &DetailedCall) {
        if self.push_compact(call).is_none() {
            self.bytes.push(JSON);
            self.push_text(&serde_json::to_vec(call).unwrap_or_default());
        }
    }

    /// Encodes a call as head, time, id, spelling and digits, duration and return. Returns `None` without
    /// writing anything if that would lose data.
    fn push_compact(&mut self, call: &DetailedCall) -> Option<()> {
        let DetailedCall { call: Call { call_type, duration, .. }, details } = call;
        let numbers = Numbers::of(call)?;
        let returned_us = match details.returned_at {
            Some(at) => Some(micros(at)?.wrapping_sub(numbers.at_us)),
            None => None,
        };
        let spelling = serde_json::to_vec(&spelling(call, numbers.digits)?).ok()?;
        let at_us = numbers.at_us.wrapping_sub(self.last.at_us);
        let head = self.bytes.len();
        self.bytes.push(CallType::ALL.iter().position(|other| other == call_type)? as u8);
        self.push_time(head, at_us, AT_IN_S);
        self.push_difference(numbers.id, self.last.id);
        self.push_spelling(head, spelling);
        self.push_difference(numbers.digits, self.last.digits);
        if let Some(duration) = duration {
            self.bytes[head] |= DURATION;
            self.push_number(u64::from(duration.ms().unsigned_abs()));
        }
        if let Some(returned_us) = returned_us {
            self.bytes[head] |= RETURNED;
            self.push_time(head, returned_us, RETURNED_IN_S);
        }
        self.last = numbers;
        Some(())
    }

    /// Index of the spelling, unless it is the previous one's. A new spelling follows its index.
    fn push_spelling(&mut self, head: usize, spelling: Vec<u8>) {
        let next = self.spellings.len();
        let known = self.spellings.get(&spelling).copied();
        let place = known.unwrap_or(next);
        if self.last_spelling.replace(place) == Some(place) {
            self.bytes[head] |= SAME_SPELLING;
            return;
        }
        self.push_number(place as u64);
        if known.is_none() {
            self.push_text(&spelling);
            self.spellings.insert(spelling, next);
        }
    }

    fn push_time(&mut self, head: usize, us: i64, in_s: u8) {
        if us % US_PER_S == 0 {
            self.bytes[head] |= in_s;
            self.push_signed(us / US_PER_S);
        } else {
            self.push_signed(us);
        }
    }

    fn push_difference(&mut self, number: u64, last: u64) {
        self.push_signed(number.wrapping_sub(last).cast_signed());
    }

    fn push_signed(&mut self, number: i64) {
        // The sign is the lowest bit, so that small numbers are short.
        self.push_number(((number << 1) ^ (number >> 63)).cast_unsigned());
    }

    /// Seven bits per byte, lowest first; the highest bit is set if more follow.
    fn push_number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    fn push_text(&mut self, text: &[u8]) {
        self.push_number(text.len() as u64);
        self.bytes.extend_from_slice(text);
    }
}

/// A decoded call. The rest of its data is the current state of the [`Unpacker`].
#[derive(Debug, Clone, Copy)]
enum Packed<'a> {
    Compact { head: u8, duration_ms: u64, returned_us: i64 },
    Json(&'a [u8]),
}

/// Decodes the output of a [`Packer`].
struct Unpacker<'a> {
    bytes: &'a [u8],
    /// The spellings so far, as JSON.
    spellings: Vec<&'a [u8]>,
    last: Numbers,
    last_spelling: usize,
}

impl<'a> Unpacker<'a> {
    /// Skips a call.
    fn step(&mut self) -> Packed<'a> {
        let head = self.byte();
        if head & JSON != 0 {
            return Packed::Json(self.text());
        }
        self.last.at_us = self.last.at_us.wrapping_add(self.time(head, AT_IN_S));
        self.last.id = self.last.id.wrapping_add_signed(self.signed());
        if head & SAME_SPELLING == 0 {
            self.last_spelling = self.number() as usize;
        }
        if self.last_spelling == self.spellings.len() {
            let text = self.text();
            self.spellings.push(text);
        }
        self.last.digits = self.last.digits.wrapping_add_signed(self.signed());
        let duration_ms = if head & DURATION != 0 { self.number() } else { 0 };
        let returned_us = if head & RETURNED != 0 { self.time(head, RETURNED_IN_S) } else { 0 };
        Packed::Compact { head, duration_ms, returned_us }
    }

    /// Decodes the call that was last skipped.
    fn unpack(&self, packed: Packed<'_>) -> Option<DetailedCall> {
        let (head, duration_ms, returned_us) = match packed {
            Packed::Json(text) => return serde_json::from_slice(text).ok(),
            Packed::Compact { head, duration_ms, returned_us } => (head, duration_ms, returned_us),
        };
        let Numbers { id, at_us, digits } = self.last;
        let (party, mut details): Spelling =
            serde_json::from_slice(self.spellings.get(self.last_spelling)?).ok()?;
        let has = |part: u8| head & part != 0;
        let call = Call {
            id: id.to_string(),
            created_at: DateTime::from_timestamp_micros(at_us)?,
            counterparty: party.or_else(|| E164::new(digits).map(Party::E164))?,
            call_type: CallType::ALL[usize::from(head & TYPE)],
            duration: CallDuration::from_ms(duration_ms.cast_signed()).filter(|_| has(DURATION)),
        };
        details.counterparty = details.counterparty.map(|details| CounterpartyDetails {
            international: fill(&details.international, digits),
            national: fill(&details.national, digits),
            country: details.country,
        });
        let returned_at = DateTime::from_timestamp_micros(at_us.wrapping_add(returned_us));
        details.returned_at = returned_at.filter(|_| has(RETURNED));
        Some(DetailedCall { call, details })
    }

    fn time(&mut self, head: u8, in_s: u8) -> i64 {
        let number = self.signed();
        if head & in_s != 0 { number.wrapping_mul(US_PER_S) } else { number }
    }

    fn signed(&mut self) -> i64 {
        let number = self.number();
        (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
    }

    fn number(&mut self) -> u64 {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte();
            number |= u64::from(byte & 0x7f).wrapping_shl(shift);
            shift += 7;
            if byte < 0x80 {
                return number;
            }
        }
    }

    fn text(&mut self) -> &'a [u8] {
        let len = self.number() as usize;
        let (text, rest) = self.bytes.split_at(len.min(self.bytes.len()));
        self.bytes = rest;
        text
    }

    fn byte(&mut self) -> u8 {
        let Some((byte, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        *byte
    }
}

/// Spelling of the counterparty without its digits. `None` if it could not be restored.
fn spelling(call: &DetailedCall, digits: u64) -> Option<Spelling> {
    let party = Some(call.call.counterparty.clone()).filter(|party| !matches!(party, Party::E164(_)));
    let mut details = CallDetails { returned_at: None, ..call.details.clone() };
    if let Some(CounterpartyDetails { international, national, .. }) = &mut details.counterparty {
        *international = mask(international, digits)?;
        *national = mask(national, digits)?;
    }
    Some((party, details))
}

/// A spelling with its digits, from the last one on, replaced by `#`: `030 12345678` of 493012345678 is `0##
/// ########`. `None` if it already contains a `#`.
fn mask(text: &str, digits: u64) -> Option<String> {
    let mut rest = digits;
    let mask = |character: char| {
        let is_next = rest > 0 && character.to_digit(10).is_some_and(|digit| u64::from(digit) == rest % 10);
        if !is_next {
            return character;
        }
        rest /= 10;
        DIGIT
    };
    let masked: Vec<char> = text.chars().rev().map(mask).collect();
    (!text.contains(DIGIT)).then(|| masked.into_iter().rev().collect())
}

/// Restores a masked spelling.
fn fill(masked: &str, digits: u64) -> String {
    let mut rest = digits;
    let fill = |character: char| {
        if character != DIGIT {
            return character;
        }
        let digit = rest % 10;
        rest /= 10;
        char::from(b'0' + digit as u8)
    };
    let text: Vec<char> = masked.chars().rev().map(fill).collect();
    text.into_iter().rev().collect()
}

/// An id, if it is a plain number.
fn number(id: &str) -> Option<u64> {
    id.parse().ok().filter(|number: &u64| number.to_string() == id)
}

/// A time in microseconds since 1970, if it has no smaller parts.
fn micros(time: DateTime<Utc>) -> Option<i64> {
    let us = time.timestamp_micros();
    (DateTime::from_timestamp_micros(us) == Some(time)).then_some(us)
}

#[cfg(test)]
mod tests;
