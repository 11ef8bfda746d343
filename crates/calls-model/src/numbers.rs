//! Information about numbers.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::calls::{CounterpartyDetails, rfc3339};
use crate::parties::{E164, Party};
use crate::summary::iso_date;

/// A number or other party with calls, as an element of the response of `GET /api/numbers`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct HistoryInfo {
    /// The number.
    pub number: Party,
    /// Spellings of the number; absent if it has none in E.164.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<CounterpartyDetails>,
    /// Name of its owner, from an address book or else a call log; absent where unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Kind of number in the address book, such as `mobile`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Whether it has a history of its own. Others are only listed in a search.
    pub owner: bool,
    /// Number of calls in its history or, without one, in the histories of others.
    pub calls: u64,
    /// Time of the latest of them, UTC.
    #[serde(with = "rfc3339")]
    pub last_call: DateTime<Utc>,
    /// Missed inbound calls of its history. Absent if they are not counted yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed: Option<u64>,
    /// Returnable missed inbound calls of its history that have not been returned. Absent if they are not
    /// counted yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_call_back: Option<u64>,
    /// Its calls on the last days, with `include=days`. Absent if they are not counted yet, or without a
    /// history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<RecentDays>,
}

/// Calls of a history on each of the last days, in the time zone `tz`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RecentDays {
    /// The last of the days: today.
    #[serde(with = "iso_date")]
    pub last: NaiveDate,
    /// Number of calls on each day, today last.
    pub calls: Vec<u64>,
    /// Number of missed inbound calls on each day, today last.
    pub missed: Vec<u64>,
    /// The day a week ago, up to the current time of day, for comparison.
    pub week_ago: PartOfDay,
}

/// Calls of a part of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PartOfDay {
    /// Number of calls.
    pub calls: u64,
    /// Number of missed inbound calls.
    pub missed: u64,
}

/// A history that a number occurs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct OccurrenceInfo {
    /// Owner of the history.
    pub number: Party,
    /// Spellings of the number; absent if it has none in E.164.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<CounterpartyDetails>,
    /// Name of that number's owner; absent where unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Number of its calls with the number.
    pub calls: u64,
    /// Time of the latest of them, UTC.
    #[serde(with = "rfc3339")]
    pub last_call: DateTime<Utc>,
}

/// A number or other party that can own a history, with its spellings, as in the response of `GET
/// /api/numbers/{number}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct NumberInfo {
    /// The number in E.164, `+12025550123`; null if the party has none (extensions, SIP addresses).
    #[cfg_attr(feature = "schema", schema(required))]
    pub e164: Option<E164>,
    /// International format, `+1 202-555-0123`. The party's own text if it has no E.164 number.
    pub international: String,
    /// National format, `(202) 555-0123`. The party's own text if it has no E.164 number.
    pub national: String,
    /// ISO 3166-1 alpha-2 code, `US`; null if the number belongs to no country (`+800`, extensions).
    #[cfg_attr(feature = "schema", schema(required))]
    pub country: Option<String>,
    /// Kind of number.
    pub kind: NumberKind,
    /// Name of its owner, from an address book or else a log; absent if unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Kind of number in the address book, such as `mobile` or `work`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The histories of others that it occurs in: at most 50, latest call first. Absent if there are none, or
    /// if the server runs with `--no-directory`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub occurs_in: Vec<OccurrenceInfo>,
}

impl NumberInfo {
    /// Canonical text of the party, as in the address of its history.
    pub fn canonical(&self) -> String {
        self.e164.map_or_else(|| self.international.clone(), |number| number.to_string())
    }
}

/// Kind of number: for a telephone number that of its country's numbering plan (the types of libphonenumber),
/// or else the kind of party.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum NumberKind {
    /// A landline.
    FixedLine,
    /// A mobile phone.
    Mobile,
    /// The plan does not distinguish landlines from mobiles, as in North America.
    FixedLineOrMobile,
    /// Free for the caller.
    TollFree,
    /// At a higher cost for the caller.
    PremiumRate,
    /// The cost is shared.
    SharedCost,
    /// Voice over IP.
    Voip,
    /// A personal number, which is routed to its owner.
    Personal,
    /// A pager.
    Pager,
    /// A company's number for all its locations (universal access number).
    Uan,
    /// A voicemail access number.
    Voicemail,
    /// Possible as a number, but not assigned in the plan. Call records contain such numbers: spoofed, or
    /// newer than the plan.
    Unassigned,
    /// An extension, a short code or a feature code.
    Local,
    /// A SIP address.
    Sip,
}
