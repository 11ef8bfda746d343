//! A row of Android's call log (`CallLog.Calls`), which several apps export.

use calls_model::{CallType, Direction, Disposition, Outcome};

use crate::record::{Call, Out, RawParty, expected};
use crate::{duration, time};

/// The columns that make a record, as texts.
pub(crate) struct Row<'a> {
    pub number: &'a str,
    /// 1 allowed, 2 restricted, 3 unknown, 4 payphone.
    pub presentation: Option<&'a str>,
    /// Milliseconds since 1970, or seconds.
    pub date: &'a str,
    /// Seconds.
    pub duration: &'a str,
    /// 1 incoming, 2 outgoing, 3 missed, 4 voicemail, 5 rejected, 6 blocked, 7 answered on another device.
    pub kind: &'a str,
    /// The name of the number in the address book.
    pub name: Option<&'a str>,
}

/// Maximum number of digits of a date in seconds.
const LONGEST_IN_SECONDS: usize = 10;

impl Row<'_> {
    /// Gives the record of the call.
    pub fn put(&self, owner: &RawParty, out: &mut Out) -> Result<(), String> {
        // Some apps write seconds. As milliseconds, such a number would be a day in 1970.
        let is_in_seconds = self.date.trim().len() <= LONGEST_IN_SECONDS;
        let created_at = time::since_1970(self.date, if is_in_seconds { 1 } else { 1000 })?;
        // Some phones count ringing as the duration of a missed call, so it is not read.
        let (direction, answered, disposition) = match self.kind.trim() {
            "1" | "7" => (Direction::Inbound, true, Some(Disposition::Answered)),
            "2" => {
                let answered = self.talked()?.ms() > 0;
                (Direction::Outbound, answered, answered.then_some(Disposition::Answered))
            }
            "3" => (Direction::Inbound, false, None),
            "4" => (Direction::Inbound, false, Some(Disposition::Voicemail)),
            "5" => (Direction::Inbound, false, Some(Disposition::Rejected)),
            "6" => (Direction::Inbound, false, Some(Disposition::Blocked)),
            _ => return Err(expected("a type from 1 to 7", self.kind)),
        };
        let outcome = if answered { Outcome::Completed } else { Outcome::Missed };
        let duration = if answered { Some(self.talked()?) } else { None };
        let call = Call { call_type: CallType::new(direction, outcome), created_at, duration };
        out.record(owner.clone(), party(self.number, self.presentation), &call)
            .disposition(disposition)
            .name(self.name);
        Ok(())
    }

    fn talked(&self) -> Result<calls_model::CallDuration, String> {
        duration::seconds(self.duration)
    }
}

/// A party. A number that is not shown is empty, `null`, -1 (unknown), -2 (private) or -3 (payphone); newer
/// phones give the reason in another column.
pub(crate) fn party(number: &str, presentation: Option<&str>) -> RawParty {
    let number = number.trim();
    let stand_in = matches!(number, "" | "null" | "-1" | "-2" | "-3");
    match (stand_in, presentation.map(str::trim)) {
        (false, _) => RawParty::from_text(number),
        (true, Some("2")) => RawParty::Withheld,
        (true, Some("3" | "4")) => RawParty::Unknown,
        (true, _) if matches!(number, "-1" | "-3") => RawParty::Unknown,
        (true, _) => RawParty::Withheld,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_not_shown_is_withheld_or_unknown() {
        for (number, presentation, expected) in [
            ("", Some("2"), RawParty::Withheld),
            ("", Some("3"), RawParty::Unknown),
            ("", Some("4"), RawParty::Unknown),
            ("", None, RawParty::Withheld),
            ("null", Some("null"), RawParty::Withheld),
            ("-1", None, RawParty::Unknown),
            ("-2", Some("1"), RawParty::Withheld),
            ("-3", None, RawParty::Unknown),
            ("-1", Some("2"), RawParty::Withheld),
            ("+4930555001", Some("1"), RawParty::Text("+4930555001".to_owned())),
            ("+4930555001,,12#", None, RawParty::Text("+4930555001".to_owned())),
        ] {
            assert_eq!(party(number, presentation), expected, "{number:?} {presentation:?}");
        }
    }
}
