//! People and refused entries of an address book.

/// A person in an address book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// 1 to [`Person::MAX_NAME`] characters, without control characters and surrounding spaces.
    pub name: String,
    /// In the order of the book; may be empty.
    pub numbers: Vec<Number>,
}

/// A number of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    /// As written in the book: a number in any spelling, a `tel:` URI or a SIP address.
    pub text: String,
    /// Kind of number, such as `mobile`, `work` or `work fax`: at most [`Number::MAX_LABEL`]
    /// characters.
    pub label: Option<String>,
}

/// An entry that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Position of the entry in the file, from 1.
    pub position: u64,
    /// Expected and found value. Contains no name and no number.
    pub reason: &'static str,
}

/// An entry.
pub type Item = Result<Person, Skipped>;

impl Person {
    /// Maximum length of a name in characters; longer ones are cut.
    pub const MAX_NAME: usize = 200;
    /// Maximum number of numbers per person.
    pub const MAX_NUMBERS: usize = 100;

    /// A person with cleaned name. `None` if the name is empty.
    pub(crate) fn new(name: &str, numbers: Vec<Number>) -> Option<Self> {
        let name = crate::text::tidy(name, Self::MAX_NAME)?;
        let numbers = numbers.into_iter().take(Self::MAX_NUMBERS).collect();
        Some(Self { name, numbers })
    }
}

impl Number {
    /// Maximum length of a label in characters; longer ones are cut.
    pub const MAX_LABEL: usize = 50;
    /// Maximum length of a number in characters, longer than any SIP address.
    const MAX_TEXT: usize = 300;

    /// A number with cleaned text and label. `None` if the text is empty.
    pub(crate) fn new(text: &str, label: &str) -> Option<Self> {
        let text = crate::text::tidy(text, Self::MAX_TEXT)?;
        Some(Self { text, label: crate::text::tidy(label, Self::MAX_LABEL) })
    }
}

impl Skipped {
    pub(crate) const NO_NAME: &'static str = "expected a name, but found none";
}
