//! One call of a history.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::notes::Note;
use crate::parties::{ParseError, Party};
use crate::text::{self, Text};

/// One call as its owner sees it. In JSON:
///
/// ```json
/// {"id": "7", "created_at": "2024-01-31T10:00:00Z", "counterparty": "+13333333333",
///  "type": "Completed Inbound", "duration": "37.4"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Call {
    /// Opaque, unique in one installation, never used again for another call.
    pub id: String,
    /// When the call began, UTC, to the microsecond (RFC 3339).
    #[serde(with = "rfc3339")]
    pub created_at: DateTime<Utc>,
    /// Whom the owner called, or who called the owner.
    pub counterparty: Party,
    /// Direction and outcome.
    #[serde(rename = "type")]
    pub call_type: CallType,
    /// Talk time. Absent for missed calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<CallDuration>,
}

impl Call {
    /// Appends the call as JSON, the very bytes that serde writes. It takes a third of the time, for most
    /// texts of a call are known to need no escape.
    pub fn append_json(&self, json: &mut Vec<u8>) {
        json.extend_from_slice(b"{\"id\":");
        append_text(json, &self.id);
        append_rest(json, &self.created_at, &self.counterparty, self.call_type, self.duration);
    }

    /// As [`Call::append_json`], for a call that is in parts, without making it.
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

/// Appends a call's JSON behind its id.
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

/// A text that needs no escape.
fn append_plain(json: &mut Vec<u8>, text: &[u8]) {
    json.push(b'"');
    json.extend_from_slice(text);
    json.push(b'"');
}

/// Any text.
fn append_text(json: &mut Vec<u8>, text: &str) {
    if text.bytes().all(|b| b.is_ascii_alphanumeric()) {
        append_plain(json, text.as_bytes());
    } else {
        // A vector takes everything.
        serde_json::to_writer(json, text).unwrap_or_default();
    }
}

/// A call and what its counterparty and its history say of it, as `include=details` asks for. In JSON the
/// members of the call, and one more:
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

/// The same without `flatten`, whose reader is slower and larger in the page.
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
    /// Spellings of the counterparty; null where it has no E.164 number.
    #[cfg_attr(feature = "schema", schema(required))]
    pub counterparty: Option<CounterpartyDetails>,
    /// For a missed inbound call of an identified caller: when owner and caller next spoke, whoever called,
    /// UTC. Null if they have not, and for every other call.
    #[cfg_attr(feature = "schema", schema(required))]
    #[serde(with = "optional_rfc3339")]
    pub returned_at: Option<DateTime<Utc>>,
    /// Disposition, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disposition: Option<Disposition>,
    /// Ring time before the call was answered or given up, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ring_time: Option<CallDuration>,
    /// The other number that took part, where there is one: for the side that answered, the number that was
    /// dialled; for the caller, the extension that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<Party>,
    /// The counterparty's name, where one is known: from an address book, or else from the log of its latest
    /// call that has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The note on the call, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
    /// Owner of the history, in a list of several lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<Party>,
}

/// Spellings of a counterparty, as in [`NumberInfo`](crate::NumberInfo).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CounterpartyDetails {
    /// For readers abroad, `+1 202-555-0123`.
    pub international: String,
    /// For readers in the country, `(202) 555-0123`.
    pub national: String,
    /// ISO 3166-1 alpha-2, `US`; null where the number belongs to no country.
    #[cfg_attr(feature = "schema", schema(required))]
    pub country: Option<String>,
}

pub(crate) mod rfc3339 {
    //! Times as RFC 3339 writes them. chrono's own reader takes more spellings, and is larger in the page.

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
    //! The same where there may be no time.

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

/// Direction of a call, as the owner of the history sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// The owner was called.
    Inbound,
    /// The owner called.
    Outbound,
}

/// Outcome: whether the parties spoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// The call was answered.
    Completed,
    /// It was not: no answer, busy, rejected, failed, cancelled.
    Missed,
}

/// Direction and outcome of a call, in the words of the original system's `type` field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum CallType {
    /// Somebody called the owner, who answered.
    #[serde(rename = "Completed Inbound")]
    CompletedInbound,
    /// Somebody called the owner, who did not answer.
    #[serde(rename = "Missed Inbound")]
    MissedInbound,
    /// The owner called somebody, who answered.
    #[serde(rename = "Completed Outbound")]
    CompletedOutbound,
    /// The owner called somebody, who did not answer.
    #[serde(rename = "Missed Outbound")]
    MissedOutbound,
}

impl CallType {
    /// All four, in the order of the database's `call_type`.
    pub const ALL: [Self; 4] =
        [Self::CompletedInbound, Self::MissedInbound, Self::CompletedOutbound, Self::MissedOutbound];

    /// The type of a call of this direction and outcome.
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

    /// Outcome: whether the parties spoke.
    pub fn outcome(self) -> Outcome {
        match self {
            Self::CompletedInbound | Self::CompletedOutbound => Outcome::Completed,
            Self::MissedInbound | Self::MissedOutbound => Outcome::Missed,
        }
    }

    /// The type's text, the same in JSON and in the database.
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

/// Disposition of a call, more detailed than its [`Outcome`]. Absent where the log has none.
///
/// [`Disposition::Answered`] belongs to completed calls, all others to missed ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Disposition {
    /// Two people, or a person and a live agent, spoke.
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
    /// All nine. Their positions, from 1, are the codes of the database's `disposition`.
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

    /// The disposition's text, as in JSON: `answered_elsewhere`.
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

    /// Whether a call can have this disposition and that outcome.
    pub fn fits(self, outcome: Outcome) -> bool {
        (self == Self::Answered) == (outcome == Outcome::Completed)
    }

    /// Whether a missed inbound call that ended like this asks for a call back: not where another phone
    /// answered it, and not where a block list refused it.
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

/// Talk time of a call: 0 to 2,147,483,647 ms (24.8 days), the range of the database's
/// `duration_ms`.
///
/// As text, and so in JSON, seconds with one to three decimals: `37.4`, `215.0`, `0.125`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallDuration(i32);

impl CallDuration {
    /// A duration in milliseconds. `None` below 0 and above 24.8 days.
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

    /// Reads seconds with up to three decimals, without sign or exponent. `37` is `37.0`.
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
