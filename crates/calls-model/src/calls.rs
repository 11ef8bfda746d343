//! One call of a history.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::notes::Note;
use crate::parties::{ParseError, Party};
use crate::text::{self, Text};

/// A call from its owner's point of view. In JSON:
///
/// ```json
/// {"id": "7", "created_at": "2024-01-31T10:00:00Z", "counterparty": "+13333333333",
///  "type": "Completed Inbound", "duration": "37.4"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Call {
    /// Opaque, unique in one installation, and never reused.
    pub id: String,
    /// Time of the beginning, UTC, in microseconds (RFC 3339).
    #[serde(with = "rfc3339")]
    pub created_at: DateTime<Utc>,
    /// The party that the owner called or was called by.
    pub counterparty: Party,
    /// Direction and outcome.
    #[serde(rename = "type")]
    pub call_type: CallType,
    /// Talk time. Absent for missed calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<CallDuration>,
}

impl Call {
    /// Appends the call as JSON, with the same bytes as serde. It takes a third of the time, because most
    /// texts of a call need no escapes.
    pub fn append_json(&self, json: &mut Vec<u8>) {
        json.extend_from_slice(b"{\"id\":");
        append_text(json, &self.id);
        append_rest(json, &self.created_at, &self.counterparty, self.call_type, self.duration);
    }

    /// Like [`Call::append_json`], for the parts of a call.
    pub fn append_parts(
        json: &mut Vec<u8>,
        id: u64,
        created_at: &DateTime<Utc>,
        counterparty: &Party,
        call_type: CallType,
        duration: Option<CallDuration>,
    ) {
        json.extend_from_slice(b"{\"id\":");
        append_plain(json, Text::new().number(id, 1).as_bytes());
        append_rest(json, created_at, counterparty, call_type, duration);
    }
}

/// Appends the members of a call after its id.
fn append_rest(
    json: &mut Vec<u8>,
    created_at: &DateTime<Utc>,
    counterparty: &Party,
    call_type: CallType,
    duration: Option<CallDuration>,
) {
    json.extend_from_slice(b",\"created_at\":\"");
    text::append_time(json, created_at);
    json.extend_from_slice(b"\",\"counterparty\":");
    match counterparty {
        Party::E164(number) => append_plain(json, number.text().as_bytes()),
        Party::Local(text) | Party::Sip(text) | Party::Text(text) => append_text(json, text),
        Party::Withheld => append_plain(json, Party::WITHHELD.as_bytes()),
        Party::Unknown => append_plain(json, Party::UNKNOWN.as_bytes()),
    }
    json.extend_from_slice(b",\"type\":");
    append_plain(json, call_type.as_str().as_bytes());
    if let Some(duration) = duration {
        json.extend_from_slice(b",\"duration\":");
        append_plain(json, duration.text().as_bytes());
    }
    json.push(b'}');
}

/// Appends a text that needs no escapes.
fn append_plain(json: &mut Vec<u8>, text: &[u8]) {
    json.push(b'"');
    json.extend_from_slice(text);
    json.push(b'"');
}

/// Appends any text.
fn append_text(json: &mut Vec<u8>, text: &str) {
    if text.bytes().all(|b| b.is_ascii_alphanumeric()) {
        append_plain(json, text.as_bytes());
    } else {
        // Writing to a vector cannot fail.
        serde_json::to_writer(json, text).unwrap_or_default();
    }
}

/// A call with the details that `include=details` requests. In JSON:
///
/// ```json
/// {"id": "8", "created_at": "2024-01-31T11:00:00Z", "counterparty": "+493012345678",
///  "type": "Missed Inbound",
///  "details": {"counterparty": {"international": "+49 30 12345678", "national": "030 12345678",
///                               "country": "DE"},
///              "returned_at": "2024-01-31T12:00:00Z"}}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(from = "FlatCall")]
pub struct DetailedCall {
    /// The call itself.
    #[serde(flatten)]
    pub call: Call,
    /// Further details.
    pub details: CallDetails,
}

/// The same without `flatten`, whose deserializer is slower and adds more code to the page.
#[derive(Deserialize)]
struct FlatCall {
    id: String,
    #[serde(with = "rfc3339")]
    created_at: DateTime<Utc>,
    counterparty: Party,
    #[serde(rename = "type")]
    call_type: CallType,
    duration: Option<CallDuration>,
    details: CallDetails,
}

impl From<FlatCall> for DetailedCall {
    fn from(flat: FlatCall) -> Self {
        let FlatCall { id, created_at, counterparty, call_type, duration, details } = flat;
        Self { call: Call { id, created_at, counterparty, call_type, duration }, details }
    }
}

/// Details of calls.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CallDetails {
    /// Spellings of the counterparty; null if it has no E.164 number.
    #[cfg_attr(feature = "schema", schema(required))]
    pub counterparty: Option<CounterpartyDetails>,
    /// Time at which a missed inbound call was returned: when owner and caller next spoke, in either
    /// direction, UTC. Null if they have not, and for all other calls.
    #[cfg_attr(feature = "schema", schema(required))]
    #[serde(with = "optional_rfc3339")]
    pub returned_at: Option<DateTime<Utc>>,
    /// Disposition, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disposition: Option<Disposition>,
    /// Ring time before the call was answered or given up, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ring_time: Option<CallDuration>,
    /// The other number that took part, if any: for the side that answered, the dialled number; for the
    /// caller, the extension that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<Party>,
    /// The counterparty's name, if known: from an address book, or else from the log of its latest call with
    /// a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The note on the call, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
    /// Owner of the history, in lists of several lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<Party>,
}

/// Spellings of a counterparty, as in [`NumberInfo`](crate::NumberInfo).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CounterpartyDetails {
    /// International format, `+1 202-555-0123`.
    pub international: String,
    /// National format, `(202) 555-0123`.
    pub national: String,
    /// ISO 3166-1 alpha-2 code, `US`; null if the number belongs to no country.
    #[cfg_attr(feature = "schema", schema(required))]
    pub country: Option<String>,
}

pub(crate) mod rfc3339 {
    //! RFC 3339 times. chrono's own parser accepts more formats, and adds more code to the page.

    use super::*;

    pub(crate) fn serialize<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
        text::with_rfc3339(time, |text| serializer.serialize_str(text))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
        let text = String::deserialize(deserializer)?;
        DateTime::parse_from_rfc3339(&text).map(|time| time.to_utc()).map_err(serde::de::Error::custom)
    }
}

pub(crate) mod optional_rfc3339 {
    //! The same for optional times.

    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Time(#[serde(with = "rfc3339")] DateTime<Utc>);

    pub(crate) fn serialize<S: Serializer>(
        time: &Option<DateTime<Utc>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        time.map(Time).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<DateTime<Utc>>, D::Error> {
        Ok(Option::<Time>::deserialize(deserializer)?.map(|time| time.0))
    }
}

/// Direction of a call from its owner's point of view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// The owner was called.
    Inbound,
    /// The owner called.
    Outbound,
}

/// Outcome of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// The call was answered.
    Completed,
    /// The call was not answered: no answer, busy, rejected, failed, cancelled.
    Missed,
}

/// Direction and outcome of a call, in the words of the original system's field `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum CallType {
    /// An inbound call that the owner answered.
    #[serde(rename = "Completed Inbound")]
    CompletedInbound,
    /// An inbound call that the owner did not answer.
    #[serde(rename = "Missed Inbound")]
    MissedInbound,
    /// An outbound call that was answered.
    #[serde(rename = "Completed Outbound")]
    CompletedOutbound,
    /// An outbound call that was not answered.
    #[serde(rename = "Missed Outbound")]
    MissedOutbound,
}

impl CallType {
    /// All four, in the order of their codes in the database.
    pub const ALL: [Self; 4] =
        [Self::CompletedInbound, Self::MissedInbound, Self::CompletedOutbound, Self::MissedOutbound];

    /// The type with a direction and an outcome.
    pub fn new(direction: Direction, outcome: Outcome) -> Self {
        match (outcome, direction) {
            (Outcome::Completed, Direction::Inbound) => Self::CompletedInbound,
            (Outcome::Missed, Direction::Inbound) => Self::MissedInbound,
            (Outcome::Completed, Direction::Outbound) => Self::CompletedOutbound,
            (Outcome::Missed, Direction::Outbound) => Self::MissedOutbound,
        }
    }

    /// Direction of the call.
    pub fn direction(self) -> Direction {
        match self {
            Self::CompletedInbound | Self::MissedInbound => Direction::Inbound,
            Self::CompletedOutbound | Self::MissedOutbound => Direction::Outbound,
        }
    }

    /// Outcome of the call.
    pub fn outcome(self) -> Outcome {
        match self {
            Self::CompletedInbound | Self::CompletedOutbound => Outcome::Completed,
            Self::MissedInbound | Self::MissedOutbound => Outcome::Missed,
        }
    }

    /// Text of the type in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CompletedInbound => "Completed Inbound",
            Self::MissedInbound => "Missed Inbound",
            Self::CompletedOutbound => "Completed Outbound",
            Self::MissedOutbound => "Missed Outbound",
        }
    }
}

impl fmt::Display for CallType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for CallType {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::ALL.into_iter().find(|call_type| call_type.as_str() == text).ok_or_else(|| {
            ParseError::new(
                "\"Completed Inbound\", \"Missed Inbound\", \"Completed Outbound\" or \"Missed Outbound\"",
                text,
            )
        })
    }
}

/// Disposition of a call, more detailed than its [`Outcome`]. Absent if the log has none.
///
/// [`Disposition::Answered`] belongs to completed calls, all others to missed ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Disposition {
    /// Two people spoke.
    Answered,
    /// It rang until the caller or the network gave up.
    NoAnswer,
    /// The called party was on another call.
    Busy,
    /// The called party declined the call.
    Rejected,
    /// A block list refused the call before it rang.
    Blocked,
    /// A mailbox or another machine answered.
    Voicemail,
    /// Another phone of the same ring group, queue or account answered.
    AnsweredElsewhere,
    /// The caller hung up before anybody answered.
    Cancelled,
    /// The network or the telephone system could not connect the call.
    Failed,
}

impl Disposition {
    /// All nine. Their codes in the database are their positions, from 1.
    pub const ALL: [Self; 9] = [
        Self::Answered,
        Self::NoAnswer,
        Self::Busy,
        Self::Rejected,
        Self::Blocked,
        Self::Voicemail,
        Self::AnsweredElsewhere,
        Self::Cancelled,
        Self::Failed,
    ];

    /// Text of the disposition in JSON: `answered_elsewhere`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::NoAnswer => "no_answer",
            Self::Busy => "busy",
            Self::Rejected => "rejected",
            Self::Blocked => "blocked",
            Self::Voicemail => "voicemail",
            Self::AnsweredElsewhere => "answered_elsewhere",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    /// Whether a call with this outcome can have the disposition.
    pub fn fits(self, outcome: Outcome) -> bool {
        (self == Self::Answered) == (outcome == Outcome::Completed)
    }

    /// Whether a missed inbound call with this disposition should be returned: not if another phone answered
    /// it, or a block list refused it.
    pub fn is_returnable(self) -> bool {
        !matches!(self, Self::Blocked | Self::AnsweredElsewhere)
    }
}

impl fmt::Display for Disposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Disposition {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::ALL.into_iter().find(|disposition| disposition.as_str() == text).ok_or_else(|| {
            ParseError::new(
                "answered, no_answer, busy, rejected, blocked, voicemail, answered_elsewhere, cancelled or failed",
                text,
            )
        })
    }
}

/// Talk time of a call: 0 to 2,147,483,647 ms (24.8 days), the range of the database column `duration_ms`.
///
/// As text and in JSON, it is seconds with one to three decimals: `37.4`, `215.0`, `0.125`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallDuration(i32);

impl CallDuration {
    /// A duration in milliseconds. `None` if negative or above 24.8 days.
    pub fn from_ms(ms: i64) -> Option<Self> {
        i32::try_from(ms).ok().filter(|ms| *ms >= 0).map(Self)
    }

    /// The duration in milliseconds.
    pub fn ms(self) -> i32 {
        self.0
    }

    /// Appends the duration as text.
    pub fn append_to(self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.text().as_bytes());
    }

    fn text(self) -> Text {
        // Never negative.
        text::seconds(u64::try_from(self.0).unwrap_or_default())
    }
}

impl fmt::Display for CallDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().as_str())
    }
}

impl FromStr for CallDuration {
    type Err = ParseError;

    /// Parses seconds with up to three decimals, without sign or exponent. `37` is `37.0`.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        read_seconds(text)
            .and_then(|ms| Self::from_ms(ms.try_into().ok()?))
            .ok_or_else(|| ParseError::new("a duration in seconds such as 37.4, at most 2147483.647", text))
    }
}

impl Serialize for CallDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text().as_str())
    }
}

impl<'de> Deserialize<'de> for CallDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Milliseconds from seconds with up to three decimals.
pub(crate) fn read_seconds(text: &str) -> Option<u64> {
    let (seconds, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(seconds) || !digits(decimals) || decimals.len() > 3 {
        return None;
    }
    let whole = seconds.parse::<u64>().ok()?.checked_mul(1000)?;
    whole.checked_add(format!("{decimals:0<3}").parse().ok()?)
}

#[cfg(test)]
mod tests;
