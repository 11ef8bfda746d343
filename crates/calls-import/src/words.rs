//! Reads what people call a direction and an outcome.

use calls_model::{Direction, Outcome};

use crate::record::expected;
use crate::table::plain;

/// What a word says of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kind {
    /// `None` for a call inside of one system, which has both.
    pub direction: Option<Direction>,
    /// `None` where the word does not say it.
    pub outcome: Option<Outcome>,
}

/// Reads the word of a column such as "direction" or "call type": `inbound`, `Outgoing`, `Missed`,
/// `eingehend`, `Completed Inbound`.
pub(crate) fn kind(text: &str) -> Result<Kind, String> {
    use Direction::{Inbound, Outbound};
    use Outcome::{Completed, Missed};
    let (direction, outcome) = match plain(text).as_str() {
        "inbound" | "incoming" | "in" | "received" | "incomingcall" | "inboundcall" | "receivedcall"
        | "eingehend" | "ankommend" | "eingehenderanruf" | "entrant" | "appelentrant" | "reçu"
        | "entrante" | "llamadaentrante" | "recibida" | "inentrata" | "inarrivo" | "ricevuta"
        | "inkomend" | "recebida" => (Some(Inbound), None),
        "outbound" | "outgoing" | "out" | "placed" | "dialed" | "dialled" | "outgoingcall"
        | "outboundcall" | "placedcall" | "ausgehend" | "abgehend" | "ausgehenderanruf" | "gewählt"
        | "sortant" | "appelsortant" | "émis" | "saliente" | "llamadasaliente" | "realizada" | "inuscita"
        | "effettuata" | "uitgaand" | "efetuada" | "saída" => (Some(Outbound), None),
        "internal" | "intern" | "local" => (None, None),
        "missed" | "missedinbound" | "missedincoming" | "incomingmissed" | "missedcall" | "rejected"
        | "refused" | "declined" | "blocked" | "voicemail" | "verpasst" | "verpassteranruf" | "entgangen"
        | "abgelehnt" | "manqué" | "appelmanqué" | "perdida" | "llamadaperdida" | "persa" | "gemist"
        | "gemisteoproep" => (Some(Inbound), Some(Missed)),
        "missedoutbound" | "missedoutgoing" | "outgoingmissed" | "outgoingcancelled" | "outgoingcanceled"
        | "cancelled" | "canceled" => (Some(Outbound), Some(Missed)),
        "completedinbound" | "answered" | "answeredinbound" | "answeredincoming" => {
            (Some(Inbound), Some(Completed))
        }
        "completedoutbound" => (Some(Outbound), Some(Completed)),
        _ => {
            return of_words(text).ok_or_else(|| expected("a direction such as inbound or outbound", text));
        }
    };
    Ok(Kind { direction, outcome })
}

/// Reads several words that say one thing: `Incoming Call (Missed)`, `Outgoing FaceTime Audio`. `None` if one of them
/// is not known, or none tells anything.
fn of_words(text: &str) -> Option<Kind> {
    let lower = text.to_lowercase();
    let (mut direction, mut outcome) = (None, None);
    for word in lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        match word {
            "incoming" | "inbound" | "received" => direction = Some(Direction::Inbound),
            "outgoing" | "outbound" | "dialed" | "dialled" | "placed" => {
                direction = Some(Direction::Outbound)
            }
            "missed" | "cancelled" | "canceled" | "rejected" | "declined" | "blocked" | "unanswered"
            | "busy" | "failed" | "voicemail" | "not" | "no" => outcome = Some(Outcome::Missed),
            "answered" | "answer" | "accepted" | "connected" | "completed" => {
                // "not answered"
                outcome = outcome.or(Some(Outcome::Completed));
            }
            "call" | "phone" | "voice" | "video" | "audio" | "facetime" | "whatsapp" | "mobile"
            // Twilio says what made the call.
            | "api" | "dial" => {}
            _ => return None,
        }
    }
    if direction.is_none() && outcome == Some(Outcome::Missed) {
        direction = Some(Direction::Inbound);
    }
    direction.map(|direction| Kind { direction: Some(direction), outcome })
}

/// Reads the word of a column such as "status" or "answered".
pub(crate) fn outcome(text: &str) -> Result<Outcome, String> {
    match plain(text).as_str() {
        "answered" | "completed" | "complete" | "connected" | "callconnected" | "accepted" | "success"
        | "ok" | "true" | "yes" | "1" | "angenommen" | "beantwortet" | "verbunden" | "ja" | "répondu"
        | "oui" | "contestada" | "atendida" | "risposta" | "sì" | "sí" | "beantwoord" => {
            Ok(Outcome::Completed)
        }
        "missed" | "noanswer" | "notanswered" | "unanswered" | "busy" | "failed" | "failure" | "canceled"
        | "cancelled" | "cancel" | "rejected" | "declined" | "congestion" | "abandoned" | "blocked"
        | "voicemail" | "unknown" | "false" | "no" | "0" | "verpasst" | "nichtangenommen"
        | "unbeantwortet" | "besetzt" | "abgelehnt" | "fehlgeschlagen" | "nein" | "manqué" | "nonrépondu"
        | "occupé" | "non" | "perdida" | "nocontestada" | "ocupado" | "persa" | "occupato" | "gemist"
        | "bezet" => Ok(Outcome::Missed),
        _ => Err(expected("a status such as answered or missed", text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_of_ours_is_both_its_direction_and_its_outcome() {
        for call_type in calls_model::CallType::ALL {
            let Kind { direction, outcome } = kind(call_type.as_str()).unwrap();
            assert_eq!((direction, outcome), (Some(call_type.direction()), Some(call_type.outcome())));
        }
    }

    #[test]
    fn words_are_read_in_any_case_and_spelling() {
        assert_eq!(kind("Eingehend").unwrap().direction, Some(Direction::Inbound));
        assert_eq!(kind("OUT-GOING").unwrap(), Kind { direction: Some(Direction::Outbound), outcome: None });
        for (text, direction, completed) in [
            ("Incoming Call (Missed)", Direction::Inbound, Some(false)),
            ("Outgoing FaceTime Audio", Direction::Outbound, None),
            ("outbound-api", Direction::Outbound, None),
            ("Missed WhatsApp video call", Direction::Inbound, Some(false)),
            ("outbound, not answered", Direction::Outbound, Some(false)),
            ("Incoming - answered", Direction::Inbound, Some(true)),
        ] {
            let outcome =
                completed.map(|completed| if completed { Outcome::Completed } else { Outcome::Missed });
            assert_eq!(kind(text), Ok(Kind { direction: Some(direction), outcome }), "{text}");
        }
        assert!(kind("FaceTime Audio").is_err() && kind("incoming chat").is_err());
        assert_eq!(outcome("No Answer"), Ok(Outcome::Missed));
        assert_eq!(outcome("True"), Ok(Outcome::Completed));
        assert!(kind("sideways").is_err() && outcome("perhaps").is_err() && kind("").is_err());
    }
}
