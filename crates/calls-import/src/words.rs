//! Parses the words for a direction and an outcome.

use calls_model::{Direction, Disposition, Outcome};

use crate::fold::{fold, words};
use crate::record::{Reason, expected};
use crate::{ending, further_words, hangup};

/// Meaning of a word for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Kind {
    /// `None` for an internal call, which has both, and if the word does not say it.
    pub direction: Option<Direction>,
    /// `None` if the word does not say it.
    pub outcome: Option<Outcome>,
    pub disposition: Option<Disposition>,
}

/// Meaning of one word of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    In,
    Out,
    /// Disposition; `None` if the word is true of every unanswered call.
    Ended(Option<Disposition>),
    /// Negates the word after or before it.
    Not,
    /// A word without meaning here, such as "call".
    Filler,
}

/// Parses the value of a column such as "direction" or "call type": `inbound`, `Outgoing`, `Missed`,
/// `Eingehender Anruf`, `Completed Inbound`, `CallType.wifiOutgoing`, Android's `3`.
pub(crate) fn kind(text: &str) -> Result<Kind, Reason> {
    use Direction::{Inbound, Outbound};
    let ended = |direction, disposition: Option<Disposition>| Kind {
        direction: Some(direction),
        outcome: Some(outcome_of(disposition)),
        disposition,
    };
    let said = |direction| Kind { direction, ..Kind::default() };
    let kind = match fold(text).as_str() {
        "i" | "1" => said(Some(Inbound)),
        "o" | "2" => said(Some(Outbound)),
        "3" => ended(Inbound, None),
        "4" => ended(Inbound, Some(Disposition::Voicemail)),
        "5" => ended(Inbound, Some(Disposition::Rejected)),
        "6" | "10" => ended(Inbound, Some(Disposition::Blocked)),
        "7" | "answeredexternally" | "calltypeansweredexternally" | "answeredexternallytype" => {
            ended(Inbound, Some(Disposition::Answered))
        }
        // The telephone network calls a trunk of Twilio, and is called by it.
        "trunkingoriginating" => said(Some(Inbound)),
        "trunkingterminating" => said(Some(Outbound)),
        "from" | "terminating" | "terminated" => said(Some(Inbound)),
        "to" | "originating" | "originated" => said(Some(Outbound)),
        "internal" | "intern" | "local" | "interne" | "interna" | "interno" | "both" => said(None),
        "" => return arrow(text).map(|direction| said(Some(direction))).ok_or_else(|| no_direction(text)),
        _ => return of_words(text),
    };
    Ok(kind)
}

/// An arrow for the direction, as telephones show it.
fn arrow(text: &str) -> Option<Direction> {
    match text.trim().trim_end_matches('\u{fe0f}') {
        "←" | "⬅" | "↙" | "⇐" | "⟵" | "<-" | "<--" | "<<" | "<=" => Some(Direction::Inbound),
        "→" | "➡" | "↗" | "⇒" | "⟶" | "->" | "-->" | ">>" | "=>" => Some(Direction::Outbound),
        _ => None,
    }
}

fn no_direction(text: &str) -> Reason {
    Reason::from(expected("a direction such as inbound or outbound", text))
}

/// Parses several words with one meaning: `Incoming Call (Missed)`, `Outgoing FaceTime Audio`.
fn of_words(text: &str) -> Result<Kind, Reason> {
    let words = words(text);
    if is_live(&fold(text)) {
        return Err(Reason::Live(text.to_owned()));
    }
    if is_no_call(text) {
        return Err(Reason::NoCall(text.to_owned()));
    }
    let words = meanings(&words).filter(|words| !words.is_empty()).ok_or_else(|| no_direction(text))?;
    let has = |wanted: Word| words.contains(&wanted);
    // In Italian "in uscita" the second word decides.
    let direction =
        if has(Word::Out) { Some(Direction::Outbound) } else { has(Word::In).then_some(Direction::Inbound) };
    let Some(disposition) = ended(&words) else { return Ok(Kind { direction, ..Kind::default() }) };
    let usual = match disposition {
        Some(Disposition::Cancelled) => Some(Direction::Outbound),
        Some(Disposition::Busy | Disposition::Failed | Disposition::NoAnswer) => None,
        _ => Some(Direction::Inbound),
    };
    Ok(Kind { direction: direction.or(usual), outcome: Some(outcome_of(disposition)), disposition })
}

/// Cause codes (ITU-T Q.850) of calls that did not end normally.
const Q850: std::ops::RangeInclusive<u32> = 17..=127;

/// Parses the value of a column such as "status" or "answered". `None` if it does not say whether the call
/// was answered.
pub(crate) fn status(text: &str) -> Result<Option<Option<Disposition>>, Reason> {
    let folded = fold(text);
    match folded.as_str() {
        "1" | "true" | "yes" | "y" | "ja" | "oui" | "si" | "sim" | "tak" => {
            return Ok(Some(Some(Disposition::Answered)));
        }
        "0" | "false" | "no" | "n" | "nein" | "non" | "nao" | "nee" | "nie" => return Ok(Some(None)),
        "" | "unknown" | "na" | "null" | "none" | "normal" | "normalclearing" | "16" | "ended"
        | "finished" | "done" | "closed" | "hangup" | "hungup" | "terminated" | "disconnected"
        | "termine" | "beendet" | "normalcallclearing" | "dropped" | "transferred" | "forwarded"
        | "redirected" | "diverted" | "deflected" | "weitergeleitet" | "transfere" | "transferida"
        | "doorverbonden" => {
            return Ok(None);
        }
        _ => {}
    }
    if is_live(&folded) {
        return Err(Reason::Live(text.to_owned()));
    }
    let code = text.split_whitespace().next().unwrap_or_default();
    let by_cause = || {
        let cause = text.parse::<u32>().ok().filter(|cause| Q850.contains(cause))?;
        Some(ending::by_cause(cause))
    };
    if let Some(disposition) = hangup::sip_response(code).or_else(|| hangup::cause(text)).or_else(by_cause) {
        return Ok(Some(Some(disposition)));
    }
    if is_no_call(text) {
        return Err(Reason::NoCall(text.to_owned()));
    }
    match meanings(&words(text)).as_deref().and_then(ended) {
        Some(disposition) => Ok(Some(disposition)),
        None => Err(expected("a status such as answered or missed", text).into()),
    }
}

/// Meaning of each word. `None` if one is not known.
fn meanings(words: &[String]) -> Option<Vec<Word>> {
    let is_voicemail = words.windows(2).any(|pair| pair[0] == "voice" && pair[1] == "mail");
    let voicemail = is_voicemail.then_some(Word::Ended(Some(Disposition::Voicemail)));
    // Numbers and durations have no meaning here: "Answered (30s)".
    let said = words.iter().filter(|word| !word.starts_with(|c: char| c.is_ascii_digit()));
    voicemail.into_iter().map(Some).chain(said.map(|text| word(text))).collect()
}

/// The outcome of a disposition; missed without one.
pub(crate) fn outcome_of(disposition: Option<Disposition>) -> Outcome {
    if disposition == Some(Disposition::Answered) { Outcome::Completed } else { Outcome::Missed }
}

/// Whether an entry with this kind, type or service is not a call but a text message, fax, e-mail or data.
pub(crate) fn is_no_call(text: &str) -> bool {
    const OTHERS: [&str; 27] = [
        "sms",
        "mms",
        "rcs",
        "fax",
        "faxes",
        "text",
        "texts",
        "texting",
        "message",
        "messages",
        "messaging",
        "chat",
        "imessage",
        "email",
        "mail",
        "data",
        "gprs",
        "internet",
        "telefax",
        "nachricht",
        "kurznachricht",
        "mensaje",
        "messaggio",
        "bericht",
        "telecopie",
        "efax",
        "conference",
    ];
    let words = words(text);
    let is_voice =
        words.iter().any(|word| matches!(word.as_str(), "voice" | "voicemail" | "call" | "calls" | "phone"));
    !is_voice && words.iter().any(|word| OTHERS.contains(&word.as_str()) && word != "conference")
}

/// Whether the call has not ended.
fn is_live(folded: &str) -> bool {
    matches!(
        folded,
        "inprogress"
            | "ringing"
            | "queued"
            | "initiated"
            | "ongoing"
            | "active"
            | "dialing"
            | "dialling"
            | "live"
    )
}

/// The disposition according to all words. `None` if no word says it, `Some(None)` if the call was not
/// answered.
fn ended(words: &[Word]) -> Option<Option<Disposition>> {
    let is_not = words.contains(&Word::Not);
    let mut found = None;
    for word in words {
        let Word::Ended(disposition) = *word else { continue };
        let disposition = match disposition {
            Some(Disposition::Answered) if is_not => Some(Disposition::NoAnswer),
            other => other,
        };
        // The most specific word counts: "Missed (voicemail)", "completed elsewhere".
        if found.is_none_or(|before| weight(disposition) > weight(before)) {
            found = Some(disposition);
        }
    }
    found
}

fn weight(disposition: Option<Disposition>) -> u8 {
    match disposition {
        Some(Disposition::Answered) => 0,
        None => 1,
        Some(Disposition::NoAnswer) => 2,
        Some(_) => 3,
    }
}

/// Meaning of a folded word. `None` for an unknown word.
fn word(text: &str) -> Option<Word> {
    let disposition = |disposition| Some(Word::Ended(Some(disposition)));
    let missed = || is_missed(text).then_some(Word::Ended(None));
    direction_word(text).or_else(missed).or_else(|| match text {
        "rejected" | "reject" | "declined" | "decline" | "refused" | "abgelehnt" | "abgelehnter"
        | "abgewiesen" | "rejete" | "refuse" | "rechazada" | "rechazado" | "rifiutata" | "geweigerd"
        | "geweigerde" | "recusada" | "rejeitada" => disposition(Disposition::Rejected),
        "blocked" | "block" | "gesperrt" | "blockiert" | "blockierter" | "bloque" | "bloquee"
        | "bloqueada" | "bloqueado" | "bloccata" | "geblokkeerd" | "spam" | "screened" => {
            disposition(Disposition::Blocked)
        }
        "cancelled" | "canceled" | "cancel" | "abgebrochen" | "abgebrochener" | "annule" | "annulee"
        | "cancelada" | "annullata" | "geannuleerd" => disposition(Disposition::Cancelled),
        "busy" | "besetzt" | "occupe" | "ocupado" | "ocupada" | "occupato" | "bezet" => {
            disposition(Disposition::Busy)
        }
        "failed" | "fail" | "failure" | "error" | "congestion" | "chanunavail" | "unavailable"
        | "unreachable" | "invalid" | "wrong" | "offline" | "fehlgeschlagen" | "fehler"
        | "nichterreichbar" | "echec" | "echoue" | "fallida" | "fallita" | "mislukt" | "falhou" | "falha" => {
            disposition(Disposition::Failed)
        }
        "voicemail" | "vm" | "mailbox" | "sprachbox" | "mailboxnachricht" | "machine"
        | "anrufbeantworter" | "messagerie" | "repondeur" | "buzon" | "segreteria" | "voicemails"
        | "antwoordapparaat" => disposition(Disposition::Voicemail),
        "elsewhere" | "externally" => disposition(Disposition::AnsweredElsewhere),
        "noanswer" | "notanswered" | "timeout" | "timedout" | "nopickup" | "overflow" | "overflowed" => {
            disposition(Disposition::NoAnswer)
        }
        "answered" | "answer" | "accepted" | "connected" | "connect" | "completed" | "complete"
        | "success" | "successful" | "ok" | "picked" | "pickup" | "reachable" | "talked" | "angenommen"
        | "angenommener" | "beantwortet" | "antwort" | "verbunden" | "erfolgreich" | "erreicht"
        | "repondu" | "reponse" | "decroche" | "abouti" | "contestada" | "contestado" | "contesta"
        | "atendida" | "atendido" | "respondida" | "respuesta" | "completada" | "risposta" | "completata"
        | "resposta" | "beantwoord" | "beantwoorde" | "antwoord" | "voltooid" | "abgeschlossen"
        | "accept" | "received" | "handled" | "served" | "attended" => disposition(Disposition::Answered),
        "no" | "not" | "non" | "nicht" | "nao" | "niet" | "geen" | "kein" | "keine" | "ohne" | "sans"
        | "pas" | "sin" | "sem" | "senza" | "nessuna" | "never" => Some(Word::Not),
        _ if FILLERS.contains(&text) => Some(Word::Filler),
        _ => further_words::word(text),
    })
}

/// Whether a folded word only says that a call was missed.
fn is_missed(text: &str) -> bool {
    matches!(
        text,
        "missed"
            | "unanswered"
            | "lost"
            | "abandoned"
            | "verpasst"
            | "verpasster"
            | "verpasste"
            | "verpasstes"
            | "entgangen"
            | "entgangener"
            | "entgangene"
            | "unbeantwortet"
            | "manque"
            | "manquee"
            | "manques"
            | "manquees"
            | "perdida"
            | "perdidas"
            | "perdido"
            | "perdidos"
            | "persa"
            | "perso"
            | "perse"
            | "persi"
            | "gemist"
            | "gemiste"
            | "missade"
            | "missat"
            | "ubesvaret"
            | "ubesvart"
            | "nieodebrane"
            | "пропущенный"
            | "пропущенныи"
            | "пропущенные"
            | "cevapsiz"
            | "zmeskane"
            | "zmeskany"
            | "不在着信"
            | "未接"
            | "未接来电"
    )
}

fn direction_word(text: &str) -> Option<Word> {
    match text {
        "in" | "inbound" | "incoming" | "received" | "inc" | "eingehend" | "eingehender" | "eingehende"
        | "eingehendes" | "eingang" | "ankommend" | "ankommender" | "kommend" | "entrant" | "entrante"
        | "entrantes" | "recu" | "recue" | "recibida" | "recibido" | "recebida" | "ricevuta" | "entrata"
        | "arrivo" | "inkomend" | "inkomende" | "ontvangen" | "inkommande" | "innkommende" | "indgaende"
        | "przychodzace" | "przychodzacy" | "prichozi" | "входящий" | "входящие" | "entrants" | "recus"
        | "recibidas" | "recibidos" | "ricevute" | "gelen" | "terminating" | "着信" | "来电" | "呼入"
        | "mt" => Some(Word::In),
        "out" | "outbound" | "outgoing" | "dialed" | "dialled" | "placed" | "made" | "ausgehend"
        | "ausgehender" | "ausgehende" | "ausgehendes" | "ausgang" | "abgehend" | "abgehender" | "gehend"
        | "gewahlt" | "gewaehlt" | "gewahlte" | "sortant" | "sortante" | "emis" | "emise" | "saliente"
        | "salientes" | "realizada" | "realizado" | "efetuada" | "saida" | "effettuata" | "uscita"
        | "uitgaand" | "uitgaande" | "utgaende" | "udgaende" | "wychodzace" | "wychodzacy" | "odchozi"
        | "исходящий" | "исходящие" | "sortants" | "realizadas" | "realizados" | "effettuate" | "uscente"
        | "uscenti" | "giden" | "originating" | "発信" | "去电" | "呼出" | "mo" => Some(Word::Out),
        _ => None,
    }
}

/// Words without meaning here, and names of networks and apps.
const FILLERS: [&str; 106] = [
    "call",
    "calls",
    "type",
    "phone",
    "voice",
    "mail",
    "video",
    "audio",
    "facetime",
    "face",
    "time",
    "whatsapp",
    "whats",
    "app",
    "signal",
    "telegram",
    "viber",
    "skype",
    "teams",
    "zoom",
    "wifi",
    "wi",
    "fi",
    "volte",
    "vo",
    "lte",
    "vowifi",
    "hd",
    "mobile",
    "cellular",
    "cell",
    "landline",
    "gsm",
    "sip",
    "voip",
    "pstn",
    "external",
    "extern",
    "business",
    "user",
    "dr",
    "api",
    "dial",
    "trunking",
    "going",
    "coming",
    "telephone",
    "telefon",
    "line",
    "up",
    "by",
    "to",
    "left",
    "sent",
    "went",
    "another",
    "other",
    "device",
    "agent",
    "person",
    "caller",
    "number",
    "the",
    "a",
    "on",
    "via",
    "de",
    "voz",
    "di",
    "anruf",
    "anrufe",
    "gesprach",
    "telefonat",
    "appel",
    "appels",
    "llamada",
    "llamadas",
    "chiamata",
    "chiamate",
    "oproep",
    "oproepen",
    "gesprek",
    "chamada",
    "ligacao",
    "samtal",
    "opkald",
    "polaczenie",
    "звонок",
    "вызов",
    "vocal",
    "vocale",
    "forwarded",
    "transferred",
    "redirected",
    "diverted",
    "queue",
    "byot",
    "ucap",
    "oc",
    "conf",
    "operator",
    "direct",
    "routing",
    "toll",
    "free",
    "from",
];

#[cfg(test)]
mod tests;
