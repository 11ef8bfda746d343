//! Notes on calls.

use serde::{Deserialize, Serialize};

/// A note on a call.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Note {
    /// Any text, possibly of several lines.
    #[serde(default)]
    #[cfg_attr(
        feature = "schema",
        schema(max_length = 2000, pattern = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")
    )]
    pub text: String,
    /// Words to find calls by.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(max_items = 20))]
    pub tags: Vec<String>,
}

impl Note {
    /// Maximum length of a text in characters.
    pub const MAX_TEXT: usize = 2_000;
    /// Maximum number of tags.
    pub const MAX_TAGS: usize = 20;
    /// Maximum length of a tag in characters.
    pub const MAX_TAG: usize = 50;

    /// Whether it has neither text nor tags.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.tags.is_empty()
    }
}

/// A change of a note, as the data of an event `note`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct NoteChange {
    /// The call's id.
    pub call: String,
    /// The note; null if it was removed.
    #[cfg_attr(feature = "schema", schema(required))]
    pub note: Option<Note>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_takes_no_members_that_it_does_not_know() {
        let read = |json| serde_json::from_str::<Note>(json);
        assert_eq!(read("{}").unwrap(), Note::default());
        assert_eq!(read(r#"{"tags":["a"]}"#).unwrap().tags, ["a"]);
        assert!(read(r#"{"txt":"a"}"#).unwrap_err().to_string().contains("text"));
    }
}
