//! Trims the script that wasm-bindgen generates beside a program, which has one function per import.

use std::collections::BTreeSet;

use crate::wasm::Names;

/// First line of an import, as wasm-bindgen indents it.
const IMPORT: &str = "        ";
/// Last line of an import.
const IMPORT_END: &str = "        },";

/// The script without statements that its only export does not need, and without imports that are not in
/// `imports`.
pub fn pruned(script: &str, imports: Option<&BTreeSet<String>>) -> String {
    let script = imports.map_or_else(|| script.to_owned(), |imports| with_imports(script, imports));
    let mut items = items(&script);
    loop {
        let is_used = |index: usize, name: &str| {
            let others = items.iter().enumerate().filter(|(other, _)| *other != index);
            others
                .filter(|(_, item)| !item.starts_with("if (Symbol.dispose)"))
                .any(|(_, item)| has_word(item, name))
        };
        let unused =
            |(index, item): (usize, &String)| !declared(item).is_none_or(|name| is_used(index, name));
        let gone: Vec<usize> =
            items.iter().enumerate().filter(|item| unused(*item)).map(|(at, _)| at).collect();
        if gone.is_empty() {
            return items.concat();
        }
        let mut index = 0;
        items.retain(|_| {
            index += 1;
            !gone.contains(&(index - 1))
        });
    }
}

/// The exports of the program that the script uses.
pub fn exports(script: &str) -> BTreeSet<String> {
    let asked = script.split("wasm.").skip(1).map(|rest| word(rest).to_owned());
    asked.filter(|name| !name.is_empty()).collect()
}

/// The script with short names, without comments and indentation.
pub fn renamed(script: &str, names: &Names) -> String {
    let mut out = String::new();
    for line in script.lines() {
        let text = line.trim();
        if text.is_empty() || text.starts_with("//") || text.starts_with("/*") || text.starts_with('*') {
            continue;
        }
        match imported(line).and_then(|name| names.imports.get(name).map(|short| (name, short))) {
            Some((name, short)) => out.extend([short, &text[name.len()..]]),
            None if text.ends_with("_bg.js\": import0,") => out.extend([Names::MODULE, ": import0,"]),
            None => out.push_str(text),
        }
        out.push('\n');
    }
    let mut parts = out.split("wasm.");
    let mut renamed = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let name = word(part);
        let short = names.exports.get(name).map_or(name, String::as_str);
        renamed.extend(["wasm.", short, &part[name.len()..]]);
    }
    renamed
}

/// The script without unused imports.
fn with_imports(script: &str, imports: &BTreeSet<String>) -> String {
    let mut is_left_out = false;
    let mut out = String::new();
    for line in script.split_inclusive('\n') {
        is_left_out |= imported(line).is_some_and(|name| !imports.contains(name));
        if !is_left_out {
            out.push_str(line);
        }
        is_left_out &= line.trim_end() != IMPORT_END;
    }
    out
}

/// The import that begins in a line.
fn imported(line: &str) -> Option<&str> {
    let (name, rest) = line.strip_prefix(IMPORT)?.split_once(": ")?;
    (word(name) == name && rest.starts_with("function(")).then_some(name)
}

/// The statements of the script, each from an unindented line.
fn items(script: &str) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    for line in script.split_inclusive('\n') {
        match items.last_mut() {
            Some(item) if line.starts_with([' ', '}', ')', '\n']) => item.push_str(line),
            _ => items.push(line.to_owned()),
        }
    }
    items
}

/// The name that a statement declares or assigns to.
fn declared(item: &str) -> Option<&str> {
    let item = item.strip_prefix("export ").unwrap_or(item);
    let item = item.strip_prefix("async ").unwrap_or(item);
    let starts = ["class ", "function ", "const ", "let ", "if (Symbol.dispose) "];
    let rest = starts.iter().find_map(|start| item.strip_prefix(start))?;
    // A statement with several names is kept as a whole.
    let name = word(rest);
    (!rest[name.len()..].starts_with(',')).then_some(name)
}

/// The identifier at the beginning of a text.
fn word(text: &str) -> &str {
    text.split(|letter: char| !is_of_word(letter)).next().unwrap_or_default()
}

fn is_of_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == '$'
}

/// Whether a text contains an identifier, and not only a longer one.
fn has_word(text: &str, name: &str) -> bool {
    text.match_indices(name)
        .any(|(at, _)| !text[..at].ends_with(is_of_word) && !text[at + name.len()..].starts_with(is_of_word))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = r#"export class Unused {
    free() {
        wasm.unused_free(this.ptr);
    }
}
if (Symbol.dispose) Unused.prototype[Symbol.dispose] = Unused.prototype.free;
function imports() {
    const import0 = {
        __proto__: null,
        __wbg_now_12: function() {
            return helped(Date.now());
        },
        __wbg_gone_34: function(arg0) {
            return lost(arg0);
        },
    };
    return {
        __proto__: null,
        "./page_bg.js": import0,
    };
}
// Help.
function helped(value) {
    return wasm.malloc(value, wasm.memory);
}
function lost(value) {
    return value;
}
let wasmModule, wasm;
async function init() {
    wasm = imports();
}
export { init as default };
"#;

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn what_nothing_leads_to_is_left_out() {
        let script = pruned(SCRIPT, None);
        assert!(!script.contains("Unused") && script.contains("lost"), "{script}");
        assert_eq!(exports(&script), names(&["malloc", "memory"]));
        let script = pruned(&script, Some(&names(&["__wbg_now_12"])));
        assert!(!script.contains("gone") && !script.contains("lost"), "{script}");
        assert!(script.contains("helped(value)") && script.contains("let wasmModule, wasm;"), "{script}");
    }

    #[test]
    fn names_become_short_and_the_memory_keeps_its_own() {
        let script = pruned(SCRIPT, Some(&names(&["__wbg_now_12"])));
        let short = Names::new(&names(&["__wbg_now_12"]), &exports(&script));
        let script = renamed(&script, &short);
        assert!(script.contains("\na: function() {\n") && script.contains("\na: import0,\n"), "{script}");
        assert!(script.contains("wasm.a(value, wasm.memory)"), "{script}");
        assert!(!script.contains("//") && !script.contains("  "), "{script}");
    }
}
