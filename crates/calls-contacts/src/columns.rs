//! Columns of address books in CSV, by header: Google Contacts (English in every language), Outlook (English,
//! German, French, Spanish) and Thunderbird (English, German).

/// Content of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Role {
    /// The whole name.
    Name,
    /// A part of the name, with its position.
    Part(u8),
    /// Used as the name if there is no other.
    Company,
    /// A number, and its label.
    Number(&'static str),
    /// A number in Google's format, with its index: its label is in another column.
    GoogleNumber(u8),
    /// The label of a number in Google's format.
    GoogleLabel(u8),
    Other,
}

/// Headers in lower case, by role.
const NAMES: &[(Role, &[&str])] = &[
    (Role::Name, &["name", "full name", "display name", "anzeigename", "nom complet", "nombre completo"]),
    (Role::Part(0), &["title", "name prefix", "anrede", "titre", "tratamiento"]),
    (Role::Part(1), &["first name", "given name", "vorname", "prénom", "nombre"]),
    (
        Role::Part(2),
        &[
            "middle name",
            "additional name",
            "weitere vornamen",
            "deuxième prénom",
            "2e prénom",
            "segundo nombre",
        ],
    ),
    (Role::Part(3), &["last name", "family name", "nachname", "nom", "apellidos", "apellido"]),
    (Role::Part(4), &["suffix", "name suffix", "suffixe", "sufijo"]),
    (
        Role::Company,
        &[
            "company",
            "organization",
            "organization name",
            "organization 1 - name",
            "firma",
            "organisation",
            "société",
            "compañía",
            "organización",
            "nickname",
            "spitzname",
        ],
    ),
];

const NUMBERS: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "phone",
            "phone number",
            "telephone",
            "number",
            "telefon",
            "telefonnummer",
            "rufnummer",
            "téléphone",
            "teléfono",
        ],
    ),
    (
        "",
        &[
            "other phone",
            "weiteres telefon",
            "tél. autre",
            "téléphone (autre)",
            "otro teléfono",
            "callback",
            "rückmeldung",
        ],
    ),
    (
        "mobile",
        &[
            "mobile phone",
            "mobile",
            "mobile number",
            "cell phone",
            "mobiltelefon",
            "mobil",
            "mobil-tel.-nr.",
            "handy",
            "tél. mobile",
            "téléphone mobile",
            "móvil",
            "teléfono móvil",
        ],
    ),
    (
        "work",
        &[
            "business phone",
            "business phone 2",
            "work phone",
            "telefon geschäftlich",
            "telefon geschäftlich 2",
            "tel. dienstlich",
            "téléphone (bureau)",
            "téléphone 2 (bureau)",
            "tél. professionnel",
            "teléfono del trabajo",
            "teléfono del trabajo 2",
        ],
    ),
    (
        "home",
        &[
            "home phone",
            "home phone 2",
            "telefon privat",
            "telefon privat 2",
            "telefon (privat)",
            "telefon (privat 2)",
            "tel. privat",
            "téléphone (domicile)",
            "téléphone 2 (domicile)",
            "tél. personnel",
            "teléfono particular",
            "teléfono particular 2",
        ],
    ),
    (
        "main",
        &[
            "primary phone",
            "company main phone",
            "haupttelefon",
            "telefon firma",
            "téléphone principal",
            "téléphone société",
            "teléfono principal",
            "número de centralita de la organización",
        ],
    ),
    ("work fax", &["business fax", "fax geschäftlich", "télécopie (bureau)", "fax del trabajo"]),
    ("home fax", &["home fax", "fax privat", "télécopie (domicile)", "fax particular"]),
    (
        "fax",
        &["fax", "fax number", "other fax", "fax-nummer", "weiteres fax", "télécopie (autre)", "otro fax"],
    ),
    ("car", &["car phone", "autotelefon", "téléphone (voiture)", "teléfono del automóvil"]),
    ("pager", &["pager", "pager number", "funkruf", "récepteur de radiomessagerie", "localizador"]),
    (
        "assistant",
        &["assistant's phone", "telefon assistent", "téléphone de l'assistant(e)", "teléfono del ayudante"],
    ),
];

/// Role of the column with this header.
pub(crate) fn role(header: &str) -> Role {
    let header = header.trim().trim_start_matches('\u{feff}').to_lowercase().replace('’', "'");
    if let Some(role) = google(&header) {
        return role;
    }
    let name = NAMES.iter().find(|(_, headers)| headers.contains(&header.as_str()));
    let number = || NUMBERS.iter().find(|(_, headers)| headers.contains(&header.as_str()));
    match name {
        Some((role, _)) => role.clone(),
        None => number().map_or(Role::Other, |(label, _)| Role::Number(label)),
    }
}

/// `Phone 1 - Value` and `Phone 1 - Label`, which was `Phone 1 - Type` before 2024.
fn google(header: &str) -> Option<Role> {
    let (position, what) = header.strip_prefix("phone ")?.split_once(" - ")?;
    let position = position.parse().ok()?;
    match what {
        "value" => Some(Role::GoogleNumber(position)),
        "label" | "type" => Some(Role::GoogleLabel(position)),
        _ => None,
    }
}
