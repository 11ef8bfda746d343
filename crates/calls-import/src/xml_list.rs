//! A list of calls in XML of a system that is not known: an element a call, with its values as attributes or
//! as elements inside of it.

use std::io::{self, BufRead};

use crate::format::Format;
use crate::listed::{Fields, List, MOST_COLUMNS, Next, SEARCHED, add_columns, names, nested};
use crate::markup::{Markup, Tag, Token};

/// The list in a file that begins with this text. `fits` gives the format of a table with these columns.
pub(crate) fn find<'a>(
    head: &str,
    whole: impl BufRead + 'a,
    fits: impl Fn(&[String]) -> Option<Format>,
) -> Option<(List<'a>, Format)> {
    let (name, columns) = entry(head, &fits)?;
    let format = fits(&columns)?;
    let mut elements = Elements::new(whole);
    let next = Box::new(move || elements.entry(&name));
    Some((List { columns, next }, format))
}

/// The name of the element that is a call, and the names of its values. Elements inside of it end first, and
/// lack something.
fn entry(head: &str, fits: impl Fn(&[String]) -> Option<Format>) -> Option<(String, Vec<String>)> {
    let mut elements = Elements::new(head.as_bytes());
    let mut found: Option<(String, Vec<String>)> = None;
    let mut left = SEARCHED;
    while left > 0
        && let Ok(Ended::Element(element)) = elements.next(|name| found.as_ref().is_some_and(|f| f.0 == name))
    {
        match &mut found {
            Some((name, columns)) if *name == element.name => {
                add_columns(columns, &element.fields);
                left -= 1;
            }
            None if fits(&names(&element.fields)).is_some() => {
                found = Some((element.name, names(&element.fields)));
            }
            _ => elements.merge(element),
        }
    }
    found
}

/// An element that ended, or why none did.
enum Ended {
    Element(Element),
    Broken(String),
    End,
}

/// An element, and what is known of its inside.
#[derive(Debug, Default)]
struct Element {
    name: String,
    /// The name that an attribute gives it: `<field name="src">`.
    key: Option<String>,
    text: String,
    fields: Fields,
}

impl Element {
    fn new(tag: &Tag) -> Self {
        let mut element = Self { name: local(&tag.name).to_owned(), ..Self::default() };
        for (name, value) in tag.attributes() {
            match local(name) {
                "name" | "key" => {
                    element.key = Some(value.to_owned());
                    element.add(local(name), value);
                }
                "value" => value.clone_into(&mut element.text),
                name => element.add(name, value),
            }
        }
        element
    }

    fn add(&mut self, name: &str, value: &str) {
        /// Longer than any number, date or name.
        const LONGEST: usize = 1000;
        if self.fields.len() < MOST_COLUMNS {
            self.fields.push((name.to_owned(), value.trim().chars().take(LONGEST).collect()));
        }
    }

    /// Takes the values of an element inside of this one.
    fn take(&mut self, inner: Element) {
        let is_named_value = inner.fields.len() == 1 && !inner.text.trim().is_empty();
        match inner.key {
            Some(key) if is_named_value && !key.is_empty() => self.add(&key, &inner.text),
            _ => {
                if inner.fields.is_empty() || !inner.text.trim().is_empty() {
                    self.add(&inner.name, &inner.text);
                }
                for (name, value) in inner.fields {
                    self.add(&nested(&inner.name, &name), &value);
                }
            }
        }
    }
}

/// A name without its namespace.
fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

struct Elements<R> {
    markup: Markup<R>,
    open: Vec<Element>,
}

impl<R: BufRead> Elements<R> {
    fn new(reader: R) -> Self {
        Self { markup: Markup::new(reader), open: Vec::new() }
    }

    /// The next element that ends. One that is an entry is not part of the element around it.
    fn next(&mut self, is_entry: impl Fn(&str) -> bool) -> io::Result<Ended> {
        /// Deeper than any list.
        const DEEPEST: usize = 64;
        loop {
            let ended = match self.markup.read()? {
                Token::End => return Ok(Ended::End),
                Token::Broken(reason) => return Ok(Ended::Broken(reason)),
                Token::Text(text) => {
                    if let Some(element) = self.open.last_mut().filter(|_| !text.trim().is_empty()) {
                        element.text.extend(text.chars().take(MOST_TEXT.saturating_sub(element.text.len())));
                    }
                    continue;
                }
                Token::Open(tag) if tag.is_empty => Element::new(&tag),
                Token::Open(tag) => {
                    if self.open.len() < DEEPEST {
                        self.open.push(Element::new(&tag));
                    }
                    continue;
                }
                Token::Close(name) => {
                    let at = self.open.iter().rposition(|element| element.name == local(&name));
                    let Some(at) = at else { continue };
                    self.open.truncate(at + 1);
                    let Some(element) = self.open.pop() else { continue };
                    element
                }
            };
            let is_value = ended.fields.is_empty() || (ended.fields.len() == 1 && ended.key.is_some());
            if is_value && !is_entry(&ended.name) {
                if let Some(around) = self.open.last_mut() {
                    around.take(ended);
                }
                continue;
            }
            return Ok(Ended::Element(ended));
        }
    }

    /// The next entry.
    fn entry(&mut self, name: &str) -> io::Result<Next> {
        loop {
            match self.next(|ended| ended == name)? {
                Ended::Element(element) if element.name == name => return Ok(Next::Entry(element.fields)),
                Ended::Element(element) => self.inside(name, element),
                Ended::Broken(reason) => {
                    self.close(name);
                    return Ok(Next::Bad(reason));
                }
                Ended::End if self.close(name) => {
                    let reason = "expected the end of a call, but found the end of the file";
                    return Ok(Next::Bad(reason.to_owned()));
                }
                Ended::End => return Ok(Next::End),
            }
        }
    }

    /// Gives the values of an element to the one around it, if that is in an entry.
    fn inside(&mut self, name: &str, element: Element) {
        if self.open.iter().any(|open| open.name == name) {
            self.merge(element);
        }
    }

    fn merge(&mut self, element: Element) {
        if let Some(around) = self.open.last_mut() {
            around.take(element);
        }
    }

    /// Ends the entry that is open. False if none is.
    fn close(&mut self, name: &str) -> bool {
        let at = self.open.iter().position(|open| open.name == name);
        self.open.truncate(at.unwrap_or(self.open.len()));
        at.is_some()
    }
}

/// The longest text of an element.
const MOST_TEXT: usize = 4000;
