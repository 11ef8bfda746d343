//! Address books in CSV.

use csv::{ReaderBuilder, StringRecord};

use crate::columns::{Role, role};
use crate::person::{Item, Number, Person, Skipped};

/// Separator of several values in a cell of Google's CSV.
const SEVERAL: &str = " ::: ";

/// Whether a text begins with the header of an address book.
pub(crate) fn is_table(start: &str) -> bool {
    let mut reader = reader(start);
    let Ok(header) = reader.headers() else { return false };
    let roles: Vec<Role> = header.iter().map(role).collect();
    let has_name = roles.iter().any(|role| matches!(role, Role::Name | Role::Part(1 | 3) | Role::Company));
    has_name && roles.iter().any(|role| matches!(role, Role::Number(_) | Role::GoogleNumber(_)))
}

/// Reads a text that [`is_table`].
pub(crate) fn read(text: &str, each: &mut impl FnMut(Item)) {
    let mut reader = reader(text);
    let roles: Vec<Role> =
        reader.headers().map(|header| header.iter().map(role).collect()).unwrap_or_default();
    for (position, record) in (1..).zip(reader.records()) {
        let person = match record {
            Ok(record) if record.iter().all(|field| field.trim().is_empty()) => continue,
            Ok(record) if record.as_slice().len() > MAX_ROW => Err(TOO_LONG),
            Ok(record) => person(&roles, &record).ok_or(Skipped::NO_NAME),
            Err(_) => Err("expected a row of CSV, but found something else"),
        };
        each(person.map_err(|reason| Skipped { position, reason }));
    }
}

/// Maximum length of a row. A row has some hundred bytes, with notes some thousand; a row without an end
/// would take in the rest of the file.
const MAX_ROW: usize = 256 << 10;
const TOO_LONG: &str = "expected a row of at most 256 KiB, but found more: a quote without an end?";

/// A CSV reader with the delimiter that is most frequent in the header: comma, semicolon or tab.
fn reader(text: &str) -> csv::Reader<&[u8]> {
    let text = text.trim_start_matches('\u{feff}');
    let header = text.lines().next().unwrap_or_default();
    let count = |delimiter: &u8| header.bytes().filter(|byte| byte == delimiter).count();
    let delimiter = [b';', b'\t', b','].into_iter().max_by_key(count).unwrap_or(b',');
    ReaderBuilder::new().flexible(true).delimiter(delimiter).from_reader(text.as_bytes())
}

fn person(roles: &[Role], record: &StringRecord) -> Option<Person> {
    let cells = || roles.iter().zip(record.iter()).map(|(role, cell)| (role, cell.trim()));
    let filled = |wanted: &dyn Fn(&Role) -> bool| {
        cells().find(|(role, cell)| wanted(role) && !cell.is_empty()).map(|(_, cell)| cell.to_owned())
    };
    let mut parts: Vec<(u8, &str)> = cells()
        .filter_map(|(role, cell)| match role {
            Role::Part(place) if !cell.is_empty() => Some((*place, cell)),
            _ => None,
        })
        .collect();
    parts.sort_by_key(|(place, _)| *place);
    // A title alone is not a name.
    let is_named = parts.iter().any(|(place, _)| matches!(place, 1..=3));
    let parts = is_named.then(|| parts.iter().map(|(_, part)| *part).collect::<Vec<_>>().join(" "));
    let name = filled(&|role| *role == Role::Name)
        .or(parts)
        .or_else(|| filled(&|role| *role == Role::Company))
        .unwrap_or_default();
    let mut numbers = Vec::new();
    for (role, cell) in cells() {
        let label = match role {
            Role::Number(label) => (*label).to_owned(),
            Role::GoogleNumber(position) => {
                google_label(&filled(&|role| *role == Role::GoogleLabel(*position)).unwrap_or_default())
            }
            _ => continue,
        };
        numbers.extend(cell.split(SEVERAL).filter_map(|text| Number::new(text, &label)));
    }
    Person::new(&name, numbers)
}

/// The preferred number is marked by `* `, as in `* mobile`; Google's own labels are capitalised.
fn google_label(label: &str) -> String {
    const KNOWN: [&str; 9] =
        ["Mobile", "Home", "Work", "Main", "Work Fax", "Home Fax", "Pager", "Other", "Google Voice"];
    let label = label.trim_start_matches("* ").trim();
    match KNOWN.iter().any(|known| known.eq_ignore_ascii_case(label)) {
        true if label.eq_ignore_ascii_case("other") => String::new(),
        true => label.to_lowercase(),
        false => label.to_owned(),
    }
}
