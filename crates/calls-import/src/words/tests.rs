use super::*;

#[test]
fn a_type_of_ours_is_both_its_direction_and_its_outcome() {
    for call_type in calls_model::CallType::ALL {
        let Kind { direction, outcome, .. } = kind(call_type.as_str()).unwrap();
        assert_eq!((direction, outcome), (Some(call_type.direction()), Some(call_type.outcome())));
    }
}

#[test]
fn a_direction_is_read_in_any_case_spelling_and_language() {
    for text in [
        "Eingehend",
        "INCOMING",
        "In",
        "I",
        "Inbound call",
        "Received",
        "incoming call",
        "Call in",
        "user_in",
        "dr_in",
        "CallType.incoming",
        "CallType.wifiIncoming",
        "1",
        "WhatsApp Incoming",
        "Incoming Wi-Fi",
        "Eingehender Anruf",
        "Appel entrant",
        "Llamada entrante",
        "Chiamata in arrivo",
        "In entrata",
        "Inkomend gesprek",
        "trunking-in",
    ] {
        assert_eq!(
            kind(text).unwrap(),
            Kind { direction: Some(Direction::Inbound), ..Kind::default() },
            "{text}"
        );
    }
    for text in [
        "OUT-GOING",
        "Out",
        "O",
        "Dialed",
        "dr_out",
        "CallType.outgoing",
        "2",
        "VoLTE outgoing",
        "Ausgehender Anruf",
        "Appel sortant",
        "Llamada saliente",
        "Chiamata in uscita",
        "Uitgaand",
        "Gewählt",
        "outbound-api",
        "Outgoing FaceTime Audio",
        "Placed call",
    ] {
        assert_eq!(
            kind(text).unwrap(),
            Kind { direction: Some(Direction::Outbound), ..Kind::default() },
            "{text}"
        );
    }
    for text in ["internal", "Voice", "Call", "PSTN call"] {
        assert_eq!(kind(text).unwrap(), Kind::default(), "{text}");
    }
}

#[test]
fn a_direction_may_say_how_the_call_ended() {
    use Direction::{Inbound, Outbound};
    for (text, direction, disposition) in [
        ("Missed", Inbound, None),
        ("3", Inbound, None),
        ("Verpasster Anruf", Inbound, None),
        ("Appel manqué", Inbound, None),
        ("Incoming Call (Missed)", Inbound, None),
        ("Missed WhatsApp video call", Inbound, None),
        ("Rejected", Inbound, Some(Disposition::Rejected)),
        ("CallType.blocked", Inbound, Some(Disposition::Blocked)),
        ("Voicemail", Inbound, Some(Disposition::Voicemail)),
        ("CallType.voiceMail", Inbound, None),
        ("Outgoing, cancelled", Outbound, Some(Disposition::Cancelled)),
        ("Ausgehend (abgebrochen)", Outbound, Some(Disposition::Cancelled)),
        ("Abgebrochen", Outbound, Some(Disposition::Cancelled)),
        ("outbound, not answered", Outbound, Some(Disposition::NoAnswer)),
        ("Outgoing (busy)", Outbound, Some(Disposition::Busy)),
        ("Incoming - answered", Inbound, Some(Disposition::Answered)),
        ("CallType.answeredExternally", Inbound, Some(Disposition::Answered)),
    ] {
        let disposition =
            if text == "CallType.voiceMail" { Some(Disposition::Voicemail) } else { disposition };
        let outcome = Some(outcome_of(disposition));
        assert_eq!(kind(text), Ok(Kind { direction: Some(direction), outcome, disposition }), "{text}");
    }
    for text in ["FaceTime Audio now", "incoming banana", "sideways", "", "-"] {
        assert!(matches!(kind(text), Err(Reason::Unexpected(_))), "{text}");
    }
    for text in ["SMS", "Outgoing fax", "incoming chat", "MMS received"] {
        assert!(matches!(kind(text), Err(Reason::NoCall(_))), "{text}");
    }
}

#[test]
fn a_status_is_read_in_many_words() {
    for text in [
        "Answered",
        "Completed",
        "Call connected",
        "Accepted",
        "True",
        "yes",
        "1",
        "200 OK",
        "angenommen",
        "Répondu",
        "Sí",
    ] {
        assert_eq!(status(text), Ok(Some(Some(Disposition::Answered))), "{text}");
    }
    for (text, disposition) in [
        ("Missed", None),
        ("false", None),
        ("Abandoned", None),
        ("No Answer", Some(Disposition::NoAnswer)),
        ("NOANSWER", Some(Disposition::NoAnswer)),
        ("not answered", Some(Disposition::NoAnswer)),
        ("Nicht angenommen", Some(Disposition::NoAnswer)),
        ("Sans réponse", Some(Disposition::NoAnswer)),
        ("no contestada", Some(Disposition::NoAnswer)),
        ("Geen antwoord", Some(Disposition::NoAnswer)),
        ("480", Some(Disposition::NoAnswer)),
        ("Line busy", Some(Disposition::Busy)),
        ("USER_BUSY", Some(Disposition::Busy)),
        ("486 Busy Here", Some(Disposition::Busy)),
        ("Besetzt", Some(Disposition::Busy)),
        ("Declined", Some(Disposition::Rejected)),
        ("CALL_REJECTED", Some(Disposition::Rejected)),
        ("Blocked", Some(Disposition::Blocked)),
        ("Voicemail", Some(Disposition::Voicemail)),
        ("Left voice mail (voicemail)", Some(Disposition::Voicemail)),
        ("Answered elsewhere", Some(Disposition::AnsweredElsewhere)),
        ("LOSE_RACE", Some(Disposition::AnsweredElsewhere)),
        ("canceled", Some(Disposition::Cancelled)),
        ("ORIGINATOR_CANCEL", Some(Disposition::Cancelled)),
        ("Call failed", Some(Disposition::Failed)),
        ("CONGESTION", Some(Disposition::Failed)),
        ("Wrong number", Some(Disposition::Failed)),
    ] {
        assert_eq!(status(text), Ok(Some(disposition)), "{text}");
    }
    for text in ["", "-", "Unknown", "NORMAL_CLEARING", "Hang up"] {
        assert_eq!(status(text), Ok(None), "{text}");
    }
    assert!(matches!(status("perhaps"), Err(Reason::Unexpected(_))));
    assert!(matches!(status("in-progress"), Err(Reason::Live(_))));
    assert!(matches!(status("SMS sent"), Err(Reason::NoCall(_))));
}
