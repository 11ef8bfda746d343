//! Errors of PostgreSQL, without values of rows.

use diesel::result::{DatabaseErrorKind, Error as QueryError};

/// Error of PostgreSQL. Contains names of tables and constraints, and no value that was sent or stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Failure {
    /// SQLSTATE (PostgreSQL documentation, "PostgreSQL Error Codes"). `None` if diesel drops it and the
    /// message is not known here.
    pub sqlstate: Option<String>,
    /// The table, if PostgreSQL names one.
    pub table: Option<String>,
    /// The constraint, if PostgreSQL names one.
    pub constraint: Option<String>,
    /// The message, without quoted parts and digits.
    pub message: String,
}

/// Beginnings and ends of messages with their SQLSTATE, for errors that diesel has no kind for.
const MESSAGES: [(&str, &str, &str); 22] = [
    ("relation ", "does not exist", "42P01"),
    ("column ", "does not exist", "42703"),
    ("function ", "does not exist", "42883"),
    ("type ", "does not exist", "42704"),
    ("syntax error ", "", "42601"),
    ("permission denied ", "", "42501"),
    ("invalid input syntax ", "", "22P02"),
    ("invalid byte sequence ", "", "22021"),
    ("value too long ", "", "22001"),
    ("", "out of range", "22003"),
    ("division by zero", "", "22012"),
    ("canceling statement due to lock timeout", "", "55P03"),
    ("canceling statement ", "", "57014"),
    ("terminating connection ", "", "57P01"),
    ("the database system is ", "", "57P03"),
    ("deadlock detected", "", "40P01"),
    ("out of shared memory", "", "53200"),
    ("out of memory", "", "53200"),
    ("could not extend file ", "", "53100"),
    ("could not write ", "", "53100"),
    ("prepared statement ", "does not exist", "26000"),
    ("cached plan must not change result type", "", "0A000"),
];

impl Failure {
    /// The failure of a diesel query. `None` if it did not come from PostgreSQL.
    pub fn of(error: &QueryError) -> Option<Self> {
        let QueryError::DatabaseError(kind, information) = error else { return None };
        let message = information.message();
        Some(Self {
            sqlstate: sqlstate(kind, message).map(str::to_owned),
            table: information.table_name().map(str::to_owned),
            constraint: information.constraint_name().map(str::to_owned),
            message: masked(message),
        })
    }

    /// Whether the SQLSTATE begins with these two digits.
    pub(crate) fn is_of_class(&self, class: &str) -> bool {
        self.sqlstate.as_ref().is_some_and(|code| code.starts_with(class))
    }

    /// The failure of a tokio-postgres query.
    pub(crate) fn of_postgres(error: &tokio_postgres::Error) -> Self {
        let Some(said) = error.as_db_error() else { return Self::default() };
        Self {
            sqlstate: Some(said.code().code().to_owned()),
            table: said.table().map(str::to_owned),
            constraint: said.constraint().map(str::to_owned),
            message: masked(said.message()),
        }
    }
}

fn sqlstate(kind: &DatabaseErrorKind, message: &str) -> Option<&'static str> {
    match kind {
        DatabaseErrorKind::UniqueViolation => Some("23505"),
        DatabaseErrorKind::ForeignKeyViolation => Some("23503"),
        DatabaseErrorKind::NotNullViolation => Some("23502"),
        DatabaseErrorKind::CheckViolation => Some("23514"),
        DatabaseErrorKind::RestrictViolation => Some("23001"),
        DatabaseErrorKind::ExclusionViolation => Some("23P01"),
        DatabaseErrorKind::SerializationFailure => Some("40001"),
        DatabaseErrorKind::ReadOnlyTransaction => Some("25006"),
        _ => {
            let fits =
                |(start, end, _): &&(&str, &str, &str)| message.starts_with(start) && message.ends_with(end);
            MESSAGES.iter().find(fits).map(|(.., code)| *code)
        }
    }
}

/// The message without digits and without parts in quotes of any language.
fn masked(message: &str) -> String {
    const OPENING: &str = "\"\u{201c}\u{201e}\u{ab}'\u{2018}`";
    const CLOSING: &str = "\"\u{201c}\u{201d}\u{bb}'\u{2019}";
    let (mut text, mut is_quoted) = (String::new(), false);
    for character in message.chars() {
        match (is_quoted, character) {
            (true, c) if CLOSING.contains(c) => is_quoted = false,
            (true, _) => {}
            (false, c) if OPENING.contains(c) => {
                text.push('\u{2026}');
                is_quoted = true;
            }
            (false, c) if c.is_numeric() => text.push('#'),
            (false, c) => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_keeps_its_words_and_loses_its_values() {
        for (message, left) in [
            ("relation \"calls\" does not exist", "relation \u{2026} does not exist"),
            (
                "invalid input syntax for type bigint: \"+12025550123x\"",
                "invalid input syntax for type bigint: \u{2026}",
            ),
            ("value 12025550123 is out of range", "value ########### is out of range"),
            ("Relation \u{201e}calls\u{201c} existiert nicht", "Relation \u{2026} existiert nicht"),
            ("syntax error at \"Ada", "syntax error at \u{2026}"),
        ] {
            assert_eq!(masked(message), left);
        }
    }

    #[test]
    fn messages_without_a_kind_of_diesel_have_a_code() {
        let unknown = |message: &str| {
            let error = QueryError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(message.to_owned()));
            Failure::of(&error).unwrap().sqlstate
        };
        assert_eq!(unknown("relation \"calls\" does not exist").as_deref(), Some("42P01"));
        assert_eq!(unknown("canceling statement due to lock timeout").as_deref(), Some("55P03"));
        assert_eq!(unknown("canceling statement due to statement timeout").as_deref(), Some("57014"));
        assert_eq!(unknown("integer out of range").as_deref(), Some("22003"));
        assert_eq!(unknown("something new"), None);
        assert_eq!(Failure::of(&QueryError::NotFound), None);
    }
}
