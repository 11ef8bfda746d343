//! Parses dispositions from the words and codes of telephone systems.

use calls_model::Disposition;

use crate::table::plain;

/// The disposition for a word of a telephone system, in any spelling: `Call connected`, `NO ANSWER`,
/// `answered_elsewhere`. `None` for other words.
pub(crate) fn by_word(text: &str) -> Option<Disposition> {
    match plain(text).as_str() {
        "answered" | "accepted" | "callaccepted" | "callconnected" | "connected" | "completed"
        | "succeeded" | "success" | "pickedup" | "recorded" | "autorecorded" | "transferred" | "answer" => {
            Some(Disposition::Answered)
        }
        "noanswer"
        | "missed"
        | "callmissed"
        | "unanswered"
        | "notanswered"
        | "ringtimeout"
        | "timeout"
        | "overflowed"
        | "unconnected"
        | "answerednotaccepted"
        | "nouserresponding" => Some(Disposition::NoAnswer),
        "busy" | "linebusy" | "userbusy" => Some(Disposition::Busy),
        "rejected" | "declined" | "callrejected" | "refused" | "reply" => Some(Disposition::Rejected),
        "blocked" | "callblocked" | "systemblocked" | "blacklisted" | "screened" => {
            Some(Disposition::Blocked)
        }
        "voicemail" | "leftvoicemail" | "voicemailmessage" | "faxreceived" => Some(Disposition::Voicemail),
        "answeredelsewhere"
        | "answeredbyothermember"
        | "answeredbyother"
        | "answeredexternally"
        | "loserace" => Some(Disposition::AnsweredElsewhere),
        "cancelled" | "canceled" | "cancel" | "callcancel" | "callcancelled" | "callcanceled"
        | "abandoned" | "hangup" | "stopped" | "originatorcancel" => Some(Disposition::Cancelled),
        "failed"
        | "failure"
        | "callfailed"
        | "callfailure"
        | "congestion"
        | "internalerror"
        | "error"
        | "ipphoneoffline"
        | "nocallingcredit"
        | "notallowed"
        | "restrictednumber"
        | "wrongnumber"
        | "badnumber"
        | "internationaldisabled"
        | "internationalrestriction"
        | "suspendedaccount"
        | "accountlimit"
        | "carrierisnotactive"
        | "disconnected"
        | "serviceunavailable"
        | "invalidkey"
        | "invalidoperation"
        | "unsupportedheader"
        | "phonelineunavailable"
        | "unavailable" => Some(Disposition::Failed),
        _ => None,
    }
}

/// The disposition of an unanswered call from its cause code (ITU-T Q.850).
pub(crate) fn by_cause(cause: u32) -> Disposition {
    match cause {
        17 => Disposition::Busy,
        18 | 19 | 20 | 102 => Disposition::NoAnswer,
        21 => Disposition::Rejected,
        26 => Disposition::AnsweredElsewhere,
        // The caller hung up before the call was answered.
        0 | 16 | 31 => Disposition::Cancelled,
        _ => Disposition::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_read_in_any_spelling() {
        for (text, disposition) in [
            ("Call connected", Disposition::Answered),
            ("NO ANSWER", Disposition::NoAnswer),
            ("no_answer", Disposition::NoAnswer),
            ("Hang Up", Disposition::Cancelled),
            ("Answered by Other Member", Disposition::AnsweredElsewhere),
            ("VOICEMAIL", Disposition::Voicemail),
            ("IP Phone Offline", Disposition::Failed),
        ] {
            assert_eq!(by_word(text), Some(disposition), "{text}");
        }
        assert!(by_word("").is_none() && by_word("perhaps").is_none());
    }

    #[test]
    fn every_disposition_is_read_from_its_own_text() {
        for disposition in Disposition::ALL {
            assert_eq!(by_word(disposition.as_str()), Some(disposition));
        }
    }

    #[test]
    fn a_cause_tells_why_nobody_answered() {
        assert_eq!(by_cause(16), Disposition::Cancelled);
        assert_eq!(by_cause(17), Disposition::Busy);
        assert_eq!(by_cause(19), Disposition::NoAnswer);
        assert_eq!(by_cause(1), Disposition::Failed);
    }
}
