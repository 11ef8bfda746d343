//! Bills of telephone companies. They have no column for the direction: a column of places contains
//! `INCOMING` or the called city.

use calls_model::{Direction, Disposition, Outcome};

use crate::fold::fold;
use crate::options::Options;
use crate::roles::Role;
use crate::rows::Row;
use crate::table::Header;
use crate::words::Kind;

/// Columns of a bill.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bill {
    pub number: usize,
    place: Option<usize>,
}

const PLACES: &[&str] = &[
    "destination",
    "call to",
    "called to",
    "called place",
    "destination city",
    "description",
    "Ziel",
    "Zielort",
];
/// Columns of numbers that the bill's owner called, unless another column says otherwise.
const CALLED: &[&str] = &[
    "number called",
    "called number",
    "number dialed",
    "dialed number",
    "dialled number",
    "gewählte Nummer",
    "gewählte Rufnummer",
    "Zielrufnummer",
    "Zielnummer",
    "numéro appelé",
    "numéro composé",
    "número marcado",
    "número llamado",
    "numero chiamato",
    "gekozen nummer",
    "wybrany numer",
];

impl Bill {
    /// The columns of a bill with a given owner. `None` if the file is not a bill.
    pub fn find(header: &Header, options: &Options) -> Option<Self> {
        options.own.as_ref()?;
        if header.find(Role::From.names()).is_some() || header.find(Role::Owner.names()).is_some() {
            return None;
        }
        let called = header.find(CALLED);
        let number = header.find(Role::Counterparty.names()).or(called)?;
        let place = PLACES.iter().filter_map(|name| header.find(&[name])).find(|place| *place != number);
        (place.is_some() || called.is_some()).then_some(Self { number, place })
    }

    /// Direction of a row's call, and whether a mailbox answered.
    pub fn kind(self, row: &Row) -> Kind {
        let place = self.place.map(|place| fold(&row.get(place))).unwrap_or_default();
        let is_for_mailbox = place.starts_with("vmdeposit") || place.starts_with("voicemaildeposit");
        if is_for_mailbox {
            return Kind {
                direction: Some(Direction::Inbound),
                outcome: Some(Outcome::Missed),
                disposition: Some(Disposition::Voicemail),
            };
        }
        let is_inbound = place.starts_with("incoming") || place.starts_with("inbound");
        let direction = if is_inbound { Direction::Inbound } else { Direction::Outbound };
        Kind { direction: Some(direction), ..Kind::default() }
    }
}
