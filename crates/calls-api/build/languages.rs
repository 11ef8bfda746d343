//! The page's HTML in each language, and the texts for its scripts.
//!
//! A catalogue (`frontend/texts/de.json`) has a translation for each English text. A missing translation
//! leaves the text in English; a test checks that none is missing.

use std::collections::BTreeMap;
use std::io;

use serde_json::Value;

/// Translations by English text.
pub type Catalogue = BTreeMap<String, Value>;

/// Attributes with visible or spoken text.
const ATTRIBUTES: [&str; 4] = [" aria-label=\"", " placeholder=\"", " title=\"", " content=\""];

/// Translates the texts of HTML, except inside `translate="no"`, `kbd`, `script` and `style`.
pub fn translate(html: &str, catalogue: &Catalogue) -> String {
    let (mut out, mut rest) = (String::with_capacity(html.len()), html);
    while let Some(start) = rest.find('<') {
        out.push_str(&text(&rest[..start], catalogue));
        rest = &rest[start..];
        let end = if rest.starts_with("<!--") { "-->" } else { ">" };
        let tag = rest.find(end).map_or(rest.len(), |at| at + end.len());
        out.push_str(&attributes(&rest[..tag], catalogue));
        let close = untranslated(&rest[..tag]);
        rest = &rest[tag..];
        if let Some(at) = close.and_then(|close| rest.find(&close)) {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
        }
    }
    out + rest
}

/// The end tag of an element whose content is not translated.
fn untranslated(tag: &str) -> Option<String> {
    let name = tag[1..].split([' ', '>', '/']).next()?;
    let is_kept = tag.contains("translate=\"no\"") || ["kbd", "script", "style"].contains(&name);
    is_kept.then(|| format!("</{name}>"))
}

fn text(text: &str, catalogue: &Catalogue) -> String {
    let words = text.trim();
    match catalogue.get(words).and_then(Value::as_str) {
        Some(translated) if !words.is_empty() => text.replacen(words, &escape(translated), 1),
        _ => text.to_owned(),
    }
}

fn attributes(tag: &str, catalogue: &Catalogue) -> String {
    let mut tag = tag.to_owned();
    for attribute in ATTRIBUTES {
        let Some(start) = tag.find(attribute).map(|at| at + attribute.len()) else { continue };
        let Some(end) = tag[start..].find('"').map(|at| start + at) else { continue };
        if let Some(translated) = catalogue.get(&tag[start..end]).and_then(Value::as_str) {
            tag.replace_range(start..end, &escape(translated));
        }
    }
    tag
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Parses a catalogue.
pub fn read(json: &str) -> io::Result<Catalogue> {
    serde_json::from_str(json).map_err(io::Error::other)
}

/// Splits a catalogue into the texts that a script uses, and the rest.
pub fn split(catalogue: &Catalogue, script: &str) -> (Catalogue, Catalogue) {
    let asks =
        |text: &str| ['"', '\'', '`'].iter().any(|quote| script.contains(&format!("{quote}{text}{quote}")));
    catalogue.clone().into_iter().partition(|(text, _)| asks(text))
}

/// A script that adds to the texts of the page's scripts. Nothing for English, whose texts stand for
/// themselves.
pub fn script(catalogue: &Catalogue) -> io::Result<String> {
    if catalogue.is_empty() {
        return Ok(String::new());
    }
    let json = serde_json::to_string(catalogue).map_err(io::Error::other)?;
    Ok(format!("Object.assign(globalThis.texts ??= {{}}, {json});\n"))
}

/// The direction of a language's script.
pub fn direction(language: &str) -> &'static str {
    if language == "ar" { "rtl" } else { "ltr" }
}
