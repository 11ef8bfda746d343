//! The XML of a FRITZ!Box phonebook: `<contact>` with `<realName>` and `<number type="...">`.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::ReadError;
use crate::person::{Item, Number, Person, Skipped};

/// The contact being read.
#[derive(Default)]
struct Contact {
    name: String,
    numbers: Vec<(String, String)>,
}

/// Role of the next text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Name,
    Number,
    None,
}

pub(crate) fn read(text: &str, each: &mut impl FnMut(Item)) -> Result<(), ReadError> {
    let mut reader = Reader::from_str(text);
    // A malformed element affects only its contact.
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_unmatched_ends = true;
    let (mut contact, mut field, mut position) = (Contact::default(), Field::None, 0);
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) => field = contact.open(&tag),
            Ok(Event::Text(text)) => contact.add(field, &text),
            Ok(Event::CData(text)) => contact.add(field, &text),
            Ok(Event::GeneralRef(name)) => {
                let entity = format!("&{};", &*name);
                contact.add(field, &quick_xml::escape::unescape(&entity).unwrap_or_default());
            }
            Ok(Event::End(tag)) => {
                field = Field::None;
                if tag.local_name().as_ref().eq_ignore_ascii_case("contact") {
                    position += 1;
                    let person = std::mem::take(&mut contact).person();
                    each(person.ok_or(Skipped { position, reason: Skipped::NO_NAME }));
                }
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(error) => return Err(ReadError::BrokenXml(format!("broken XML ({})", kind(&error)))),
        }
    }
    match contact.numbers.is_empty() && contact.name.is_empty() {
        true => Ok(()),
        false => Err(ReadError::BrokenXml("the end of the file inside a contact".to_owned())),
    }
}

/// The kind of an error, whose message would quote the file.
fn kind(error: &quick_xml::Error) -> &'static str {
    match error {
        quick_xml::Error::Syntax(_) => "a tag without an end",
        quick_xml::Error::IllFormed(_) => "tags that do not fit",
        quick_xml::Error::Encoding(_) => "a character that is none",
        _ => "an entity or attribute that is none",
    }
}

impl Contact {
    fn open(&mut self, tag: &BytesStart<'_>) -> Field {
        let name = tag.local_name();
        if name.as_ref().eq_ignore_ascii_case("realname") {
            return Field::Name;
        }
        if name.as_ref().eq_ignore_ascii_case("contact") {
            *self = Self::default();
        }
        if !name.as_ref().eq_ignore_ascii_case("number") {
            return Field::None;
        }
        let kind = tag.attributes().flatten().find(|attribute| attribute.key.as_ref() == "type");
        let kind = kind.map(|kind| kind.value.into_owned()).unwrap_or_default();
        self.numbers.push((String::new(), kind));
        Field::Number
    }

    fn add(&mut self, field: Field, text: &str) {
        /// Maximum length of a text, more than any name or number has.
        const LONGEST: usize = 10_000;
        let wanted = match field {
            Field::Name => Some(&mut self.name),
            Field::Number => self.numbers.last_mut().map(|(text, _)| text),
            Field::None => None,
        };
        if let Some(wanted) = wanted.filter(|wanted| wanted.len() < LONGEST) {
            wanted.push_str(text);
        }
    }

    fn person(self) -> Option<Person> {
        let number = |(text, kind): &(String, String)| Number::new(text, label(kind));
        Person::new(&self.name, self.numbers.iter().filter_map(number).collect())
    }
}

fn label(kind: &str) -> &str {
    match kind {
        "fax_work" => "work fax",
        "fax_home" => "home fax",
        "intern" | "memo" | "other" => "",
        // A label of the user's own.
        kind => kind.strip_prefix("label:").unwrap_or(kind),
    }
}
