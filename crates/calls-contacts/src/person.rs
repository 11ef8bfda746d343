//! People and refused entries of an address book.

/// Somebody in an address book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// 1 to [`Person::MAX_NAME`] characters, none of them a control character, no blank at either end.
    pub name: String,
    /// In the order of the book; may be empty.
    pub numbers: Vec<Number>,
}

/// A number of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    /// As the book spells it: a number in any spelling, a `tel:` URI or a SIP address.
    pub text: String,
    /// Kind of number, such as `mobile`, `work` or `work fax`: at most [`Number::MAX_LABEL`]
    /// characters.
    pub label: Option<String>,
}

/// An entry that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Which entry of the file, counted from 1.
    pub position: u64,
    /// Expected and found value. Contains no name and no number.
    pub reason: &'static str,
}

/// An entry.
pub type Item = Result<Person, Skipped>;

impl Person {
    /// The longest name that is kept, in characters.
    pub const MAX_NAME: usize = 200;
    /// The most numbers of a person that are kept.
    pub const MAX_NUMBERS: usize = 100;

    /// A person from texts as they stand in the book. `None` where nothing is left of the name.
    pub(crate) fn new(name: &str, numbers: Vec<Number>) -> Option<Self> {
        let name = crate::text::tidy(name, Self::MAX_NAME)?;
        let numbers = numbers.into_iter().take(Self::MAX_NUMBERS).collect();
        Some(Self { name, numbers })
    }
}

impl Number {
    /// The longest label that is kept, in characters.
    pub const MAX_LABEL: usize = 50;
    /// The longest spelling that is kept, in characters: longer than that of any SIP address.
    const MAX_TEXT: usize = 300;

    /// A number from texts as they stand in the book. `None` where nothing is left of it.
    pub(crate) fn new(text: &str, label: &str) -> Option<Self> {
        let text = crate::text::tidy(text, Self::MAX_TEXT)?;
        Some(Self { text, label: crate::text::tidy(label, Self::MAX_LABEL) })
    }
}

impl Skipped {
    pub(crate) const NO_NAME: &'static str = "expected a name, but found none";
}
