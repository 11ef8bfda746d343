//! Reads the objects of a JSON file: a single object, several in sequence, an array, or an array inside an
//! object.
//!
//! Objects are cut out before they are parsed, so that memory holds one at a time, and an invalid one affects
//! no other.

use std::borrow::Cow;
use std::io::{self, BufRead};

use memchr::memchr3;
use serde_json::{Map, Value};

use crate::bytes::Bytes;
use crate::error::ReadError;
use crate::format::Format;
use crate::legs::{self, Entry};
use crate::lines::{MAX_ENTRY_LEN, too_long};
use crate::record::{Items, Out, Reason, expected, items};

/// Unit of positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Count {
    Lines,
    Objects,
}

/// Reads objects one by one. `list` is the key of an array that wraps the objects, if the format has one.
///
/// A non-empty file without objects and arrays does not have the format.
pub(crate) fn read<'a, R: Into<Reason>>(
    format: Format,
    reader: impl BufRead + 'a,
    count: Count,
    list: Option<&'static str>,
    mut put: impl FnMut(&Object, &mut Out) -> Result<(), R> + 'a,
) -> Items<'a> {
    let mut next = entries((format, count, list), reader);
    items(move |out| {
        let Some((position, object)) = next()? else { return Ok(false) };
        out.at(position);
        if let Err(reason) = object.and_then(|object| put(&object, out).map_err(Into::into)) {
            out.skip(reason);
        }
        Ok(true)
    })
}

/// Like [`read`], for formats whose calls have several objects ([`legs::join`]). `parse` reads an object, and
/// `put` adds the records of a call.
pub(crate) fn read_joined<'a, T: 'a>(
    of: (Format, Count, Option<&'static str>),
    reader: impl BufRead + 'a,
    window: usize,
    parse: impl Fn(&Object) -> Result<(T, Vec<String>), Reason> + 'a,
    put: impl FnMut(Vec<T>, &mut Out) -> Result<(), Reason> + 'a,
) -> Items<'a> {
    let mut next = entries(of, reader);
    let next = move || {
        let Some((position, object)) = next()? else { return Ok(Entry::End) };
        Ok(match object.and_then(|object| parse(&object)) {
            Ok((leg, keys)) => Entry::Leg(position, leg, keys),
            Err(reason) => Entry::Skipped(position, reason),
        })
    };
    legs::join(window, next, put)
}

/// An object and its position, or why it is invalid. `None` at the end of the file.
type Next = Result<Option<(u64, Result<Object, Reason>)>, ReadError>;

fn entries<'a>(
    (format, count, list): (Format, Count, Option<&'static str>),
    reader: impl BufRead + 'a,
) -> impl FnMut() -> Next + 'a {
    let mut objects = Objects::new(reader, list);
    move || {
        let found = objects.read()?;
        let position = if count == Count::Lines { objects.line } else { objects.number };
        let object = match found {
            Found::End if objects.number == 0 && objects.stray => {
                let (expected, found) = ("JSON objects".to_owned(), "something else".to_owned());
                return Err(ReadError::NotTheFormat { format, expected, found });
            }
            Found::End => return Ok(None),
            Found::Object => Object::parse(&objects.text).map_err(Reason::from),
            Found::Bad(reason) => Err(Reason::from(reason)),
        };
        Ok(Some((position, object)))
    }
}

/// One object.
pub(crate) struct Object(Map<String, Value>);

impl Object {
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let text = String::from_utf8_lossy(text);
        serde_json::from_str(&text)
            .map(Self)
            .map_err(|error| format!("expected a JSON object, but found {error}"))
    }

    /// The value at a path of keys.
    pub fn get(&self, path: &[&str]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.0.get(*first)?, |value, key| value.get(key))
    }

    /// The text of a string, number or boolean at a path of keys. `None` for null or if it is missing.
    pub fn text(&self, path: &[&str]) -> Option<Cow<'_, str>> {
        text(self.get(path)?)
    }

    /// All members.
    pub fn members(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The objects in the array with this key.
    pub fn objects(&self, key: &str) -> Vec<Object> {
        let list = self.0.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        list.iter().filter_map(Value::as_object).cloned().map(Object).collect()
    }
}

/// The text of a string, number or boolean.
pub(crate) fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text.trim())),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(value) => Some(Cow::Borrowed(if *value { "true" } else { "false" })),
        _ => None,
    }
}

/// The value of a required member.
pub(crate) fn required<'a>(object: &'a Object, key: &str) -> Result<Cow<'a, str>, String> {
    object.text(&[key]).ok_or_else(|| match object.get(&[key]) {
        Some(value) => expected(&format!("a value of {key:?}"), &value.to_string()),
        None => format!("expected a member {key:?}, but found none"),
    })
}

pub(crate) struct Objects<R> {
    bytes: Bytes<R>,
    list: Option<&'static str>,
    in_list: bool,
    /// Objects and arrays around the list.
    around: usize,
    /// Whether there was data outside of objects.
    stray: bool,
    /// Whether the opening brace of the next object was already read.
    open: bool,
    text: Vec<u8>,
    number: u64,
    line: u64,
}

pub(crate) enum Found {
    /// An object; `text` contains it.
    Object,
    Bad(String),
    End,
}

/// Result of the search for the end of an object.
enum Ended {
    Object,
    /// The wrapper, in which the list begins.
    List,
    Bad(String),
}

impl<R: BufRead> Objects<R> {
    fn new(reader: R, list: Option<&'static str>) -> Self {
        let bytes = Bytes::new(reader);
        let (in_list, stray, open) = (false, false, false);
        Self { bytes, list, in_list, around: 1, stray, open, text: Vec::new(), number: 0, line: 1 }
    }

    /// The objects of a list, from its first one on, inside of so many arrays and objects. What is behind the
    /// list is passed over.
    pub fn inside(reader: R, depth: usize) -> Self {
        let around = depth.saturating_sub(1);
        Self { in_list: around > 0, around, ..Self::new(reader, None) }
    }

    /// The text of the object that was read last.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    pub fn read(&mut self) -> io::Result<Found> {
        loop {
            if !std::mem::take(&mut self.open) && !self.find_start()? {
                return Ok(Found::End);
            }
            self.line = self.bytes.line();
            match self.find_end()? {
                Ended::List => self.in_list = true,
                Ended::Object => {
                    self.number += 1;
                    return Ok(Found::Object);
                }
                Ended::Bad(reason) => {
                    self.number += 1;
                    return Ok(Found::Bad(reason));
                }
            }
        }
    }

    /// Skips everything before the next object, and its brace. False at the end of the file.
    fn find_start(&mut self) -> io::Result<bool> {
        while let Some(byte) = self.bytes.next()? {
            match byte {
                b'{' => return Ok(true),
                b'"' => {
                    self.stray = true;
                    self.pass_string()?;
                }
                b']' if self.in_list => {
                    self.in_list = false;
                    self.pass_objects(self.around)?;
                }
                // Brackets and commas, and a byte order mark.
                b'[' | b']' | b',' | b'\xEF' | b'\xBB' | b'\xBF' => {}
                _ => self.stray |= !byte.is_ascii_whitespace(),
            }
        }
        Ok(false)
    }

    /// Copies an object after its opening brace.
    fn find_end(&mut self) -> io::Result<Ended> {
        /// Maximum depth, more than that of any call log and less than the parser's.
        const DEEPEST: usize = 100;
        self.text.clear();
        self.text.push(b'{');
        let mut open = vec![b'{'];
        let mut before = b'{';
        while let Some(byte) = self.bytes.next()? {
            let in_object = open.last() == Some(&b'{');
            match byte {
                b'"' => {
                    let start = self.text.len();
                    if !self.copy_string()? {
                        return Ok(Ended::Bad("expected a closing quote, but found none".to_owned()));
                    }
                    before = b'"';
                    if self.is_list(open.len(), start) && self.list_begins()? {
                        return Ok(Ended::List);
                    }
                    continue;
                }
                b'{' if in_object && before != b':' => {
                    // An object cannot be a key, so the last object was truncated.
                    self.open = true;
                    return Ok(Ended::Bad("expected the end of an object, but found another one".to_owned()));
                }
                b'{' | b'[' => open.push(byte),
                b'}' | b']' => _ = open.pop(),
                _ => {}
            }
            if !byte.is_ascii_whitespace() {
                before = byte;
            }
            self.text.push(byte);
            if self.text.len() > MAX_ENTRY_LEN || open.len() > DEEPEST {
                self.text.clear();
                self.pass_objects(open.len())?;
                return Ok(Ended::Bad(too_long("an object")));
            }
            if open.is_empty() {
                return Ok(Ended::Object);
            }
        }
        Ok(Ended::Bad("expected the end of an object, but found the end of the file".to_owned()))
    }

    /// Whether the string at `start` is the key of the list that wraps the objects.
    fn is_list(&self, depth: usize, start: usize) -> bool {
        let string = &self.text[start..];
        depth == 1
            && !self.in_list
            && self.list.is_some_and(|list| {
                string.len() == list.len() + 2 && &string[1..=list.len()] == list.as_bytes()
            })
    }

    /// Skips `:` and `[`. False if there is anything else.
    fn list_begins(&mut self) -> io::Result<bool> {
        for sign in [b':', b'['] {
            while let Some(space) = self.bytes.peek()?.filter(u8::is_ascii_whitespace) {
                self.bytes.next()?;
                self.text.push(space);
            }
            if self.bytes.peek()? != Some(sign) {
                return Ok(false);
            }
            self.bytes.next()?;
            self.text.push(sign);
        }
        Ok(true)
    }

    /// Copies a string after its opening quote. False if the line ends first.
    fn copy_string(&mut self) -> io::Result<bool> {
        self.text.push(b'"');
        loop {
            let bytes = self.bytes.ahead()?;
            let end = memchr3(b'"', b'\\', b'\n', bytes);
            let part = &bytes[..end.unwrap_or(bytes.len())];
            let length = part.len();
            // The caller checks the limit, and sees that it is exceeded.
            if self.text.len() <= MAX_ENTRY_LEN {
                self.text.extend_from_slice(part);
            }
            self.bytes.take(length);
            if end.is_none() && length > 0 {
                continue;
            }
            match self.bytes.next()? {
                Some(b'\n') | None => return Ok(false),
                Some(b'"') => {
                    self.text.push(b'"');
                    return Ok(true);
                }
                Some(backslash) => {
                    let Some(escaped) = self.bytes.peek()?.filter(|byte| *byte != b'\n') else {
                        return Ok(false);
                    };
                    self.bytes.next()?;
                    if self.text.len() <= MAX_ENTRY_LEN {
                        self.text.extend([backslash, escaped]);
                    }
                }
            }
        }
    }

    fn pass_string(&mut self) -> io::Result<()> {
        let mut escaped = false;
        while let Some(byte) = self.bytes.next()? {
            if byte == b'\n' || (byte == b'"' && !escaped) {
                break;
            }
            escaped = byte == b'\\' && !escaped;
        }
        Ok(())
    }

    /// Skips the rest of `depth` nested objects and arrays.
    fn pass_objects(&mut self, mut depth: usize) -> io::Result<()> {
        while depth > 0
            && let Some(byte) = self.bytes.next()?
        {
            match byte {
                b'"' => self.pass_string()?,
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Item;

    /// Reads objects and says for each its position and the text of its member `a`.
    fn read_a(text: &str, count: Count) -> Vec<String> {
        let put = |object: &Object, out: &mut Out| {
            out.skip(required(object, "a")?.into_owned());
            Ok::<(), String>(())
        };
        read(Format::TwilioJson, text.as_bytes(), count, Some("calls"), put)
            .map(|item| match item {
                Ok(Item::Skipped(skipped)) => format!("{}: {}", skipped.position, skipped.reason),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn objects_stand_alone_or_one_after_another_or_in_an_array() {
        assert_eq!(read_a("{\"a\": 1}", Count::Objects), ["1: 1"]);
        assert_eq!(read_a("\u{feff}{\"a\":1}\n\n{\"a\":\"}\\\"\"}\n", Count::Lines), ["1: 1", "3: }\""]);
        assert_eq!(
            read_a("[{\"a\":true,\"b\":[{}]},\n{\"a\":{}}]", Count::Objects),
            ["1: true", "2: expected a value of \"a\", but found \"{}\""]
        );
        assert_eq!(read_a("[]", Count::Objects), [""; 0]);
    }

    #[test]
    fn a_list_may_be_wrapped_in_an_object() {
        assert_eq!(
            read_a(
                r#"{"x":{"calls":[]},"calls" : [{"a":1},{"a":2}], "end":{"a":3}} {"calls":[{"a":4}]}"#,
                Count::Objects
            ),
            ["1: 1", "2: 2", "3: 4"]
        );
        assert_eq!(read_a(r#"{"calls":5,"a":1}"#, Count::Objects), ["1: 1"]);
        assert_eq!(read_a(r#"{"calls":[],"page":0}"#, Count::Objects), [""; 0]);
    }

    #[test]
    fn a_broken_object_costs_itself_alone() {
        let text = "{\"a\":1,\n{\"a\":2}\n{\"a\":\"x\n{\"a\":3}\n{\"a\":4 5}\n{\"b\":6}\n{\"a\":";
        assert_eq!(
            read_a(text, Count::Lines),
            [
                "1: expected the end of an object, but found another one",
                "2: 2",
                "3: expected a closing quote, but found none",
                "4: 3",
                "5: expected a JSON object, but found expected `,` or `}` at line 1 column 8",
                "6: expected a member \"a\", but found none",
                "7: expected the end of an object, but found the end of the file",
            ]
        );
    }

    #[test]
    fn an_object_that_is_too_long_or_too_deep_is_passed_over() {
        let long = "x".repeat(MAX_ENTRY_LEN);
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        let text = format!("[{{\"a\":\"{long}\"}},{{\"a\":{deep}}},{{\"a\":1}}]");
        let reason = too_long("an object");
        assert_eq!(
            read_a(&text, Count::Objects),
            [format!("1: {reason}"), format!("2: {reason}"), "3: 1".to_owned()]
        );
    }
}
