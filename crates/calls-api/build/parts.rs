//! Splits the page's files into what the first rows need and the rest, and removes comments and indentation.

use std::io;

/// Text in parts.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Needed by the first rows.
    pub first: String,
    /// Also needed by the first rows if they are of one person.
    pub person: String,
    /// The rest.
    pub later: String,
}

/// The stylesheet, cut at `/* part: later */`, `/* part: person */` and `/* part: first */`.
pub fn style(css: &str) -> io::Result<Parts> {
    let mut parts = Parts::default();
    for (index, part) in css.split("/* part: ").enumerate() {
        match (index, part.split_once(" */")) {
            (0, _) => parts.first += part,
            (_, Some(("first", rest))) => parts.first += rest,
            (_, Some(("person", rest))) => parts.person += rest,
            (_, Some(("later", rest))) => parts.later += rest,
            _ => {
                return Err(io::Error::other(
                    "expected a part to be first, person or later in the stylesheet",
                ));
            }
        }
    }
    let Parts { first, person, later } = parts;
    Ok(Parts { first: dense_style(&first), person: dense_style(&person), later: dense_style(&later) })
}

/// The HTML, without the sections between `<!-- part: later -->` and `<!-- part: end -->`.
pub fn html(html: &str) -> io::Result<Parts> {
    let cut = html.split_once("<!-- part: later -->");
    let cut = cut.and_then(|(first, rest)| Some((first, rest.split_once("<!-- part: end -->")?)));
    let (first, (later, end)) = cut.ok_or_else(|| io::Error::other("expected a later part in the HTML"))?;
    let (first, later) = (dense_html(&format!("{first}{end}")), dense_html(later));
    Ok(Parts { first, later, ..Parts::default() })
}

/// A script without its comments and indentation.
pub fn dense_script(script: &str) -> String {
    let lines = script.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// HTML without comments and indentation, and without integrity hashes of this server's own files.
fn dense_html(html: &str) -> String {
    let html = without(html, "<!--", "-->");
    let html = without(&html, " integrity=\"", "\"");
    let lines = html.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// A stylesheet without its comments, indentation and line ends.
fn dense_style(css: &str) -> String {
    let mut out = String::new();
    for line in without(css, "/*", "*/").lines().map(str::trim).filter(|line| !line.is_empty()) {
        let needs_blank = !out.ends_with(['{', '}', ';', ',']) && !out.is_empty();
        if needs_blank {
            out.push(' ');
        }
        match line.strip_suffix(" {") {
            Some(selector) => out.extend([selector, "{"]),
            None => out.push_str(&line.replacen(": ", ":", usize::from(line.ends_with(';')))),
        }
    }
    out.replace(";}", "}")
}

fn without(text: &str, start: &str, end: &str) -> String {
    let mut parts = text.split(start);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(part.split_once(end).map_or("", |(_, rest)| rest));
    }
    out
}
