//! A list of calls in JSON of a system that is not known: objects one after another, or those of an array at
//! any depth.

use std::io::{self, BufRead, Read as _};

use serde_json::Value;

use crate::format::Format;
use crate::listed::{Fields, List, MOST_COLUMNS, Next, SEARCHED, add_columns, names, nested};
use crate::objects::{Found, Object, Objects, text};

/// The list in a file that begins with these bytes. `fits` gives the format of a table with these columns.
pub(crate) fn find<'a>(
    head: &[u8],
    whole: impl BufRead + 'a,
    fits: impl Fn(&[String]) -> Option<Format>,
) -> Option<(List<'a>, Format)> {
    let (start, columns, format) = starts(head).into_iter().find_map(|start| {
        let columns = columns(&head[start.byte..], start.depth, &fits)?;
        let format = fits(&columns)?;
        Some((start, columns, format))
    })?;
    // Its first bytes are in memory.
    let next = entries(whole, start).ok()?;
    Some((List { columns, next }, format))
}

/// Where the first object of a list stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Start {
    byte: usize,
    /// Arrays and objects around it.
    depth: usize,
}

/// Where a list may begin, the outermost first.
fn starts(text: &[u8]) -> Vec<Start> {
    const MOST: usize = 50;
    let (mut found, mut open, mut before) = (Vec::new(), Vec::new(), b'[');
    let (mut in_string, mut is_escaped) = (false, false);
    for (byte, sign) in text.iter().copied().enumerate() {
        if in_string {
            in_string = is_escaped || sign != b'"';
            is_escaped = sign == b'\\' && !is_escaped;
            continue;
        }
        match sign {
            b'"' => in_string = true,
            b'{' | b'[' => {
                if sign == b'{' && before == b'[' && (found.is_empty() || !open.is_empty()) {
                    found.push(Start { byte, depth: open.len() });
                }
                open.push(sign);
            }
            b'}' | b']' => _ = open.pop(),
            _ => {}
        }
        if !sign.is_ascii_whitespace() {
            before = sign;
        }
        if found.len() == MOST {
            break;
        }
    }
    found
}

/// Names of the columns of a list. A single object must be a call by itself.
fn columns(list: &[u8], depth: usize, fits: impl Fn(&[String]) -> Option<Format>) -> Option<Vec<String>> {
    let mut objects = Objects::inside(list, depth);
    let mut columns = Vec::new();
    for _ in 0..SEARCHED {
        // Text in memory can always be read.
        let Ok(Found::Object) = objects.read() else { break };
        let Ok(object) = Object::parse(objects.text()) else { continue };
        let fields = fields(&object);
        if columns.is_empty() && depth == 0 && fits(&names(&fields)).is_none() {
            return None;
        }
        add_columns(&mut columns, &fields);
    }
    (!columns.is_empty()).then_some(columns)
}

fn entries<'a>(
    mut whole: impl BufRead + 'a,
    start: Start,
) -> io::Result<Box<dyn FnMut() -> io::Result<Next> + 'a>> {
    io::copy(&mut whole.by_ref().take(start.byte as u64), &mut io::sink())?;
    let mut objects = Objects::inside(whole, start.depth);
    Ok(Box::new(move || {
        Ok(match objects.read()? {
            Found::End => Next::End,
            Found::Bad(reason) => Next::Bad(reason),
            Found::Object => match Object::parse(objects.text()) {
                Ok(object) => Next::Entry(fields(&object)),
                Err(reason) => Next::Bad(reason),
            },
        })
    }))
}

/// Names and values of an object, those of objects inside of it too. Of an array its only value.
fn fields(object: &Object) -> Fields {
    let mut fields = Vec::new();
    for (name, value) in object.members() {
        add(&mut fields, name, value, 0);
    }
    fields
}

fn add(fields: &mut Fields, name: &str, value: &Value, depth: usize) {
    const DEEPEST: usize = 4;
    match value {
        Value::Object(members) if depth < DEEPEST => {
            for (inner, value) in members {
                add(fields, &nested(name, inner), value, depth + 1);
            }
        }
        Value::Array(values) if values.len() == 1 && depth < DEEPEST => {
            add(fields, name, &values[0], depth + 1);
        }
        value => {
            if fields.len() < MOST_COLUMNS {
                fields.push((name.to_owned(), text(value).unwrap_or_default().into_owned()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_may_begin_at_any_depth() {
        let at = |byte, depth| Start { byte, depth };
        assert_eq!(starts(b"{\"a\":1}\n{\"a\":2}"), [at(0, 0)]);
        assert_eq!(starts(b"[{\"a\":1},{\"a\":2}]"), [at(1, 1)]);
        assert_eq!(starts(br#"{"x":{"list":[{"a":"[{"},{}]}}"#), [at(0, 0), at(14, 3)]);
        assert_eq!(starts(b"[1, 2]"), []);
    }

    #[test]
    fn values_of_objects_inside_of_others_have_the_names_of_both() {
        let object = Object::parse(
            br#"{"from":{"number":"1001","name":null},"node":{"to":["1002"],"tags":[1,2]},"ok":true}"#,
        );
        let fields = fields(&object.unwrap());
        let expected =
            [("from name", ""), ("from number", "1001"), ("tags", ""), ("to", "1002"), ("ok", "true")];
        let mut found: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        found.sort_unstable();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(found, expected);
    }
}
