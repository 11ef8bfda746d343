//! Which column of a CSV file is what.

use std::str::FromStr;

/// What a column of a call list can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Owner,
    Counterparty,
    From,
    To,
    Start,
    Time,
    Direction,
    Duration,
    Status,
    Name,
}

impl Role {
    /// All roles with their names in a mapping and the names that headers give them.
    pub const ALL: [(Self, &'static str, &'static [&'static str]); 10] = [
        (
            Self::Owner,
            "owner",
            &[
                "owner",
                "own number",
                "my number",
                "your number",
                "own line",
                "own",
                "line number",
                "line",
                "eigene Rufnummer",
                "eigene Nummer",
                "extension",
            ],
        ),
        (
            Self::Counterparty,
            "counterparty",
            &[
                "counterparty",
                "phone number",
                "number",
                "remote number",
                "other party",
                "contact number",
                "other number",
                "external number",
                "phone no",
                "phone",
                "telephone number",
                "telephone",
                "msisdn",
                "remote party",
                "unformatted number",
                "Rufnummer",
                "Telefonnummer",
                "Nummer",
                "Nummer/Name",
                "numéro",
                "numéro de téléphone",
                "número",
                "número de teléfono",
                "numero",
                "numero di telefono",
                "telefoonnummer",
                "nummer",
                "número de telefone",
                "telefone",
                "teléfono",
                "telefono",
                "téléphone",
                "numer",
                "numer telefonu",
                "telefonnummer",
                "telefonní číslo",
                "číslo",
                "номер",
                "номер телефона",
                "numara",
                "telefon numarası",
                "puhelinnumero",
            ],
        ),
        (
            Self::From,
            "from",
            &[
                "from number",
                "caller number",
                "caller phone number",
                "caller id number",
                "caller id num",
                "calling number",
                "calling party number",
                "originating number",
                "source number",
                "source phone number",
                "a number",
                "anumber",
                "anum",
                "ani",
                "src",
                "cli",
                "from phone",
                "from phone number",
                "from",
                "caller id",
                "callerid",
                "caller",
                "calling party",
                "source",
                "source extension",
                "origin",
                "Anrufernummer",
                "Anrufer",
                "Anrufender",
                "Quelle",
                "appelant",
                "numéro appelant",
                "llamante",
                "número de origen",
                "origen",
                "chiamante",
                "numero chiamante",
                "beller",
                "nummer beller",
                "origem",
                "chamador",
                "von",
            ],
        ),
        (
            Self::To,
            "to",
            &[
                "to number",
                "callee number",
                "called number",
                "callee phone number",
                "called party number",
                "final called party number",
                "destination number",
                "destination phone number",
                "dialed number",
                "dialled number",
                "terminating number",
                "b number",
                "bnumber",
                "bnum",
                "dnis",
                "dst",
                "cld",
                "to phone",
                "to phone number",
                "to",
                "callee",
                "called",
                "called party",
                "destination",
                "destination extension",
                "recipient",
                "Angerufener",
                "Angerufene",
                "Gerufener",
                "Ziel",
                "Zielnummer",
                "Zielrufnummer",
                "appelé",
                "numéro appelé",
                "destinataire",
                "destino",
                "número de destino",
                "llamado",
                "chiamato",
                "numero chiamato",
                "gebelde",
                "gebelde nummer",
                "bestemming",
                "an",
                "nach",
                "para",
            ],
        ),
        (
            Self::Start,
            "start",
            &[
                "started at",
                "start time",
                "start stamp",
                "start datetime",
                "start date time",
                "start",
                "created at",
                "call date",
                "calldate",
                "call date time",
                "date time",
                "datetime",
                "call time",
                "call start",
                "call start time",
                "call started",
                "started",
                "timestamp",
                "time stamp",
                "start epoch",
                "date",
                "start date",
                "date and time",
                "begin time",
                "begin",
                "Datum",
                "Zeitpunkt",
                "Beginn",
                "Startzeit",
                "Datum und Uhrzeit",
                "Datum/Uhrzeit",
                "Datum/Zeit",
                "date et heure",
                "date heure",
                "début",
                "fecha",
                "fecha y hora",
                "fecha hora",
                "inicio",
                "data",
                "data e ora",
                "data e hora",
                "data hora",
                "data ora",
                "inizio",
                "início",
                "datum en tijd",
                "starttijd",
                "data i godzina",
                "datum och tid",
                "dato",
                "dato og tid",
                "tidspunkt",
                "datum a čas",
                "дата",
                "дата и время",
                "tarih",
                "päivämäärä",
            ],
        ),
        (
            Self::Time,
            "time",
            &[
                "time",
                "time of day",
                "Uhrzeit",
                "Zeit",
                "heure",
                "hora",
                "ora",
                "tijd",
                "godzina",
                "klockslag",
                "tid",
                "klokkeslett",
                "čas",
                "время",
                "saat",
                "kello",
            ],
        ),
        (
            Self::Direction,
            "direction",
            &[
                "direction",
                "call direction",
                "call type",
                "type",
                "Richtung",
                "Anruftyp",
                "Anrufart",
                "Art",
                "Typ",
                "sens",
                "direction de l'appel",
                "type d'appel",
                "dirección",
                "tipo de llamada",
                "sentido",
                "tipo",
                "direzione",
                "tipo di chiamata",
                "tipo chiamata",
                "richting",
                "type oproep",
                "soort",
                "direção",
                "tipo de chamada",
                "rodzaj",
                "kierunek",
                "typ połączenia",
                "riktning",
                "samtalstyp",
                "retning",
                "směr",
                "typ hovoru",
                "направление",
                "тип",
                "тип звонка",
                "yön",
            ],
        ),
        (
            Self::Duration,
            "duration",
            &[
                "billsec",
                "bill sec",
                "talk time",
                "talk duration",
                "talking",
                "talking time",
                "talking duration",
                "conversation duration",
                "conversation time",
                "call talk time",
                "speaking time",
                "billable time",
                "answered duration",
                "connected duration",
                "connected time",
                "connect duration",
                "call sec",
                "Gesprächsdauer",
                "Gesprächszeit",
                "Sprechzeit",
                "durée de conversation",
                "tiempo de conversación",
                "duración de conversación",
                "tempo di conversazione",
                "gespreksduur",
                "spreektijd",
                "duration seconds",
                "duration sec",
                "duration s",
                "duration",
                "call duration",
                "call length",
                "length",
                "total duration",
                "Dauer",
                "Anrufdauer",
                "durée",
                "durée de l'appel",
                "duración",
                "duración de la llamada",
                "durata",
                "durata chiamata",
                "durata della chiamata",
                "duur",
                "belduur",
                "duração",
                "duração da chamada",
                "czas trwania",
                "varaktighet",
                "samtalslängd",
                "varighed",
                "varighet",
                "délka",
                "délka hovoru",
                "длительность",
                "süre",
                "kesto",
                "seconds",
                "",
            ],
        ),
        (
            Self::Status,
            "status",
            &[
                "answered",
                "status",
                "call status",
                "disposition",
                "outcome",
                "result",
                "call result",
                "action result",
                "call outcome",
                "hangup cause",
                "Ergebnis",
                "Zustand",
                "statut",
                "état",
                "résultat",
                "estado",
                "resultado",
                "stato",
                "esito",
                "resultaat",
                "situação",
            ],
        ),
        (
            Self::Name,
            "name",
            &[
                "contact name",
                "contact",
                "name",
                "display name",
                "counterparty name",
                "Kontakt",
                "Kontaktname",
                "nom",
                "nom du contact",
                "nombre",
                "contacto",
                "nome",
                "contatto",
                "naam",
                "contactpersoon",
                "contato",
            ],
        ),
    ];
}

/// Which column of a generic CSV file is what: `from=Caller,to=Called,start=When`. What is not named is found
/// by the header's usual words.
///
/// - `owner`, `counterparty`: whose call it is, and with whom. Or `from`, `to`: who called whom; with a
///   `direction` the owner is the called one of an inbound call and the caller of an outbound one, without it
///   both are.
/// - `start`: date and time, or a date only, with `time` beside it. `format` says how it is written, in
///   chrono's (strftime's) letters: `format=%m/%d/%Y %H:%M`.
/// - `direction`: inbound, outbound, internal.
/// - `duration`: seconds, `h:mm:ss`, `PT1M15S`. A unit in the column's name counts: `Duration (min)`.
/// - `status`: answered, missed, busy, voicemail. Without it a call is completed if it has a duration above
///   zero.
/// - `name`: the other party's name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    pub(crate) names: Vec<(Role, String)>,
    pub(crate) time_format: Option<String>,
}

impl Columns {
    /// Whether nothing is named.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.time_format.is_none()
    }

    pub(crate) fn name(&self, role: Role) -> Option<&str> {
        self.names.iter().find(|(named, _)| *named == role).map(|(_, name)| name.as_str())
    }
}

/// A text that maps no columns.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a mapping such as from=Caller,to=Called,start=When with the keys {keys} or format, but found {0:?}",
    keys = Role::ALL.map(|(_, key, _)| key).join(", ")
)]
pub struct BadColumns(pub String);

impl FromStr for Columns {
    type Err = BadColumns;

    fn from_str(text: &str) -> Result<Self, BadColumns> {
        let mut pairs: Vec<(&str, String)> = Vec::new();
        for part in text.split(',') {
            let key =
                part.split_once('=').map(|(key, value)| (key.trim(), value)).filter(|(key, _)| is_key(key));
            match (key, pairs.last_mut()) {
                (Some((key, value)), _) => pairs.push((key, value.trim().to_owned())),
                // A comma may be part of a column's name.
                (None, Some((_, value))) => *value = format!("{value},{part}"),
                (None, None) => return Err(BadColumns(part.to_owned())),
            }
        }
        let mut columns = Self::default();
        for (key, value) in pairs {
            if value.is_empty() {
                return Err(BadColumns(format!("{key}=")));
            }
            match role(key) {
                Some(role) => columns.names.push((role, value)),
                None => columns.time_format = Some(value),
            }
        }
        Ok(columns)
    }
}

fn role(key: &str) -> Option<Role> {
    Role::ALL.into_iter().find(|(_, name, _)| *name == key).map(|(role, _, _)| role)
}

fn is_key(key: &str) -> bool {
    key == "format" || role(key).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_names_columns_which_may_have_commas_and_equals_signs() {
        let columns: Columns =
            "owner=My line, counterparty=Number, or name,start=When,format=%d.%m.%Y, %H=%M".parse().unwrap();
        assert_eq!(columns.name(Role::Owner), Some("My line"));
        assert_eq!(columns.name(Role::Counterparty), Some("Number, or name"));
        assert_eq!(columns.name(Role::Status), None);
        assert_eq!(columns.time_format.as_deref(), Some("%d.%m.%Y, %H=%M"));
    }

    #[test]
    fn what_maps_nothing_is_refused() {
        for text in ["", "x", "who=Name", "owner="] {
            let error = text.parse::<Columns>().unwrap_err().to_string();
            assert!(error.starts_with("expected a mapping such as from=Caller"), "{error}");
        }
    }
}
