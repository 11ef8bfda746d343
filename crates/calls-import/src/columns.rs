//! Columns of a CSV file.

use std::str::FromStr;

use crate::roles::Role;

/// Mapping of columns in a generic CSV file: `from=Caller,to=Called,start=When`. Other columns are found by
/// the usual names.
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
    /// Whether no column is mapped.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.time_format.is_none()
    }

    pub(crate) fn name(&self, role: Role) -> Option<&str> {
        self.names.iter().find(|(named, _)| *named == role).map(|(_, name)| name.as_str())
    }
}

/// A text that is not a mapping of columns.
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
