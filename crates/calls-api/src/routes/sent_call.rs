//! Parses a record of `POST /api/calls`.

use calls_import::RawParty;
use calls_model::{CallDuration, CallType, Disposition, Outcome, ParseError, Party};
use calls_phone::{self as phone, Region};
use calls_store::import::{self, ResolvedCall};
use chrono::{DateTime, Datelike as _, Utc};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Maximum size of a record in bytes. A longer one is refused without parsing it.
const MOST_RECORD_BYTES: usize = 4096;

/// The reason why a record is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Refusal {
    /// The invalid member. Absent if it is the record as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) member: Option<&'static str>,
    expected: String,
    found: String,
}

impl Refusal {
    fn new(member: Option<&'static str>, expected: impl Into<String>, found: &str) -> Self {
        Self { member, expected: expected.into(), found: found.chars().take(64).collect() }
    }

    fn of(member: &'static str, error: ParseError) -> Self {
        Self::new(Some(member), error.expected, &error.found)
    }
}

/// Parses a record as JSON.
pub(super) fn parse_record(record: &[u8]) -> Result<Value, Refusal> {
    if record.len() > MOST_RECORD_BYTES {
        let expected = format!("a record of at most {MOST_RECORD_BYTES} bytes");
        return Err(Refusal::new(None, expected, &format!("{} bytes", record.len())));
    }
    serde_json::from_slice(record).map_err(|error| Refusal::new(None, "a JSON object", &error.to_string()))
}

/// Converts a record to a call.
pub(super) fn read_record(record: &Value, region: Option<Region>) -> Result<ResolvedCall, Refusal> {
    let object =
        record.as_object().ok_or_else(|| Refusal::new(None, "a JSON object", &record.to_string()))?;
    let sent = Sent { object, region };
    sent.refuse_others()?;
    let owner = sent.party("owner")?;
    if !owner.is_identified() {
        let expected = "an owner that is a number, extension or SIP address";
        return Err(Refusal::new(Some("owner"), expected, &owner.to_string()));
    }
    let call_type: CallType =
        sent.text("type", "a type of call")?.parse().map_err(|error| Refusal::of("type", error))?;
    let duration = sent.duration(call_type)?;
    let created_at = sent.time("created_at")?;
    let counterparty = sent.party("counterparty")?;
    let via = sent.via()?.filter(|via| *via != owner && *via != counterparty);
    Ok(ResolvedCall {
        created_at,
        call_type,
        duration,
        disposition: sent.disposition(call_type)?,
        ring_time: sent.seconds("ring_time")?,
        name: sent.name()?.and_then(|name| counterparty.named(name)),
        via,
        owner,
        counterparty,
    })
}

/// The members of a record.
struct Sent<'a> {
    object: &'a Map<String, Value>,
    region: Option<Region>,
}

impl<'a> Sent<'a> {
    const MEMBERS: [&'static str; 9] = [
        "owner",
        "created_at",
        "counterparty",
        "type",
        "duration",
        "disposition",
        "ring_time",
        "name",
        "via",
    ];

    fn refuse_others(&self) -> Result<(), Refusal> {
        match self.object.keys().find(|name| !Self::MEMBERS.contains(&name.as_str())) {
            Some(other) => {
                let expected = format!("the members {}", Self::MEMBERS.join(", "));
                Err(Refusal::new(None, expected, other))
            }
            None => Ok(()),
        }
    }

    fn text(&self, name: &'static str, expected: &str) -> Result<&'a str, Refusal> {
        match self.object.get(name) {
            Some(Value::String(text)) => Ok(text),
            Some(other) => Err(Refusal::new(Some(name), expected, &other.to_string())),
            None => Err(Refusal::new(Some(name), expected, "none")),
        }
    }

    /// Whether a member has a value. `null` counts as absent.
    fn has(&self, name: &str) -> bool {
        self.object.get(name).is_some_and(|value| !value.is_null())
    }

    /// A number in any spelling, or a word for a withheld caller.
    fn party(&self, name: &'static str) -> Result<Party, Refusal> {
        let text = self.text(name, "a phone number as a string")?;
        let parse = |text: &str| phone::parse(text, self.region);
        match RawParty::from_text(text) {
            RawParty::Withheld => Ok(Party::Withheld),
            RawParty::Unknown if !text.trim().is_empty() => Ok(Party::Unknown),
            RawParty::Unknown => parse(text),
            // Some texts contain a number beside other words.
            RawParty::Text(number) => parse(text).or_else(|error| parse(&number).map_err(|_| error)),
        }
        .map_err(|error| Refusal::new(Some(name), error.expected, &error.found))
    }

    fn via(&self) -> Result<Option<Party>, Refusal> {
        if !self.has("via") {
            return Ok(None);
        }
        let via = self.party("via")?;
        if import::is_line(&via) {
            return Ok(Some(via));
        }
        let expected = "another line that is a number, extension or SIP address";
        Err(Refusal::new(Some("via"), expected, &via.to_string()))
    }

    fn name(&self) -> Result<Option<&'a str>, Refusal> {
        if self.has("name") { self.text("name", "a name as a string").map(Some) } else { Ok(None) }
    }

    /// A time with the precision and range of PostgreSQL: microseconds, years 0 to 9999. A leap second
    /// becomes the second after it.
    fn time(&self, name: &'static str) -> Result<DateTime<Utc>, Refusal> {
        let expected = "an RFC 3339 time such as 2024-01-31T10:00:00Z";
        let text = self.text(name, expected)?;
        read_time(text).ok_or_else(|| Refusal::new(Some(name), expected, text))
    }

    /// Seconds, as a number or a string.
    fn seconds(&self, name: &'static str) -> Result<Option<CallDuration>, Refusal> {
        let Some(value) = self.object.get(name).filter(|value| !value.is_null()) else { return Ok(None) };
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text.parse().map(Some).map_err(|error| Refusal::of(name, error))
    }

    fn duration(&self, call_type: CallType) -> Result<Option<CallDuration>, Refusal> {
        match (self.seconds("duration")?, call_type.outcome()) {
            (Some(duration), Outcome::Missed) => {
                let expected = "a missed call without a duration";
                Err(Refusal::new(Some("duration"), expected, &duration.to_string()))
            }
            (duration, _) => Ok(duration),
        }
    }

    fn disposition(&self, call_type: CallType) -> Result<Option<Disposition>, Refusal> {
        if !self.has("disposition") {
            return Ok(None);
        }
        let text = self.text("disposition", "a disposition as a string")?;
        let disposition: Disposition = text.parse().map_err(|error| Refusal::of("disposition", error))?;
        let outcome = call_type.outcome();
        if disposition.fits(outcome) {
            return Ok(Some(disposition));
        }
        let fitting: Vec<_> = Disposition::ALL.iter().filter(|known| known.fits(outcome)).collect();
        let fitting: Vec<_> = fitting.into_iter().map(|known| known.as_str()).collect();
        let expected = format!("{} for a {call_type} call", fitting.join(", "));
        Err(Refusal::new(Some("disposition"), expected, text))
    }
}

fn read_time(text: &str) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    let time = DateTime::from_timestamp_micros(time.timestamp_micros())?;
    (1..=9999).contains(&time.year()).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(record: &str) -> (Option<&'static str>, String) {
        let refusal = read_record(&serde_json::from_str(record).unwrap(), None).unwrap_err();
        (refusal.member, refusal.found)
    }

    #[test]
    fn what_is_no_call_names_its_member_and_what_was_found() {
        let member = |name, found: &str| (Some(name), found.to_owned());
        let record = |member: &str, value: &str| {
            let mut record: Value = serde_json::from_str(
                r#"{"owner":"+12025550123","created_at":"2024-01-31T10:00:00Z","counterparty":"1001","type":"Missed Inbound"}"#,
            )
            .unwrap();
            record[member] = serde_json::from_str(value).unwrap();
            record.to_string()
        };
        assert_eq!(refused("[]"), (None, "[]".to_owned()));
        assert_eq!(refused("{}"), member("owner", "none"));
        assert_eq!(refused(&record("note", "1")), (None, "note".to_owned()));
        assert_eq!(refused(&record("owner", "12025550123")), member("owner", "12025550123"));
        assert_eq!(refused(&record("owner", r#""withheld""#)), member("owner", "withheld"));
        assert_eq!(refused(&record("counterparty", r#""hello""#)), member("counterparty", "hello"));
        assert_eq!(refused(&record("type", r#""Inbound""#)), member("type", "Inbound"));
        assert_eq!(refused(&record("duration", r#""1.0""#)), member("duration", "1.0"));
        assert_eq!(refused(&record("created_at", r#""2024-01-31""#)), member("created_at", "2024-01-31"));
    }

    #[test]
    fn a_time_is_kept_to_the_microsecond_in_years_of_four_digits() {
        let read = |text| read_time(text).map(|time| time.to_rfc3339());
        assert_eq!(read("2024-01-31T10:00:00.1234567+01:00").unwrap(), "2024-01-31T09:00:00.123456+00:00");
        assert_eq!(read("2016-12-31T23:59:60Z").unwrap(), "2017-01-01T00:00:00+00:00");
        assert_eq!(read("0000-01-31T10:00:00Z"), None);
        assert_eq!(read("9999-12-31T23:59:59-01:00"), None);
    }

    /// A missed call with one member added or replaced.
    fn record(member: &str, value: Value) -> Value {
        let mut record = serde_json::json!({"owner": "+12025550123", "created_at": "2024-01-31T10:00:00Z",
            "counterparty": "1001", "type": "Missed Inbound"});
        record[member] = value;
        record
    }

    fn refusal(member: &str, value: impl Into<Value>) -> String {
        let Refusal { member, expected, found } =
            read_record(&record(member, value.into()), None).unwrap_err();
        format!("{}: expected {expected}, but found {found}", member.unwrap_or("record"))
    }

    #[test]
    fn seconds_are_a_string_or_a_number() {
        for value in [serde_json::json!("12.5"), serde_json::json!(12.5)] {
            let call = read_record(&record("ring_time", value), None).unwrap();
            assert_eq!(call.ring_time.map(CallDuration::ms), Some(12_500));
        }
        assert!(refusal("ring_time", -1).starts_with("ring_time: expected a duration in seconds"));
    }

    #[test]
    fn a_disposition_is_one_of_nine_and_fits_the_type() {
        assert_eq!(
            refusal("disposition", "answered"),
            "disposition: expected no_answer, busy, rejected, blocked, voicemail, answered_elsewhere, cancelled, failed \
             for a Missed Inbound call, but found answered"
        );
        assert!(refusal("disposition", "late").ends_with("cancelled or failed, but found late"));
        assert_eq!(refusal("disposition", 1), "disposition: expected a disposition as a string, but found 1");
        let call = read_record(&record("disposition", "voicemail".into()), None).unwrap();
        assert_eq!(call.disposition, Some(Disposition::Voicemail));
        assert_eq!(read_record(&record("disposition", Value::Null), None).unwrap().disposition, None);
    }

    #[test]
    fn a_name_and_the_other_line_are_kept_where_they_say_something() {
        let read = |member, value: &str| read_record(&record(member, value.into()), None).unwrap();
        assert_eq!(read("name", " Example\nOne ").name.as_deref(), Some("ExampleOne"));
        assert_eq!(read("name", "1001").name, None);
        assert_eq!(read("via", "+1 (202) 555-0199").via.unwrap().to_string(), "+12025550199");
        assert_eq!(read("via", "1001").via, None);
        assert_eq!(refusal("name", 7), "name: expected a name as a string, but found 7");
        assert!(refusal("via", "anonymous").starts_with("via: expected another line that is a number"));
        assert!(refusal("via", "hello").ends_with("but found hello"));
    }

    #[test]
    fn a_hidden_caller_is_understood_in_the_words_of_logs() {
        let read = |text: &str| read_record(&record("counterparty", text.into()), None).unwrap().counterparty;
        for text in
            ["anonymous", "Private Number", "Unterdrückt", "withheld", "sip:anonymous@anonymous.invalid"]
        {
            assert_eq!(read(text), Party::Withheld, "{text}");
        }
        for text in ["unknown", "n/a", "Inconnu"] {
            assert_eq!(read(text), Party::Unknown, "{text}");
        }
        assert_eq!(read("\"Example One\" <+12025550100>").to_string(), "+12025550100");
        assert!(refusal("counterparty", "").starts_with("counterparty: expected "));
    }
}
