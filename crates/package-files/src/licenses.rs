//! Licences of the crates in the program and in its page, which must accompany copies.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use serde::Deserialize;

/// Packages whose dependencies are included.
const ROOTS: [&str; 2] = ["calls-api", "calls-page"];

/// The part of `cargo metadata` that is needed.
#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Debug, Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    manifest_path: String,
    /// `None` for crates of this workspace.
    source: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Debug, Deserialize)]
struct Kind {
    /// `None` for normal dependencies; otherwise `dev` or `build`.
    kind: Option<String>,
}

/// Writes each licence's text with the names of its crates.
///
/// # Errors
/// cargo cannot read the workspace, or the file cannot be written.
pub fn write(path: &Path) -> anyhow::Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .output()
        .context("cannot run cargo metadata")?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim());
    let metadata: Metadata = serde_json::from_slice(&output.stdout).context("cannot read cargo metadata")?;
    fs::write(path, text(&metadata)?).with_context(|| format!("cannot write {}", path.display()))
}

fn text(metadata: &Metadata) -> anyhow::Result<String> {
    let mut by_text: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut without = BTreeSet::new();
    for package in compiled_in(metadata) {
        let license = package.license.as_deref().unwrap_or("no expression");
        let name = format!("{} {} ({license})", package.name, package.version);
        let texts = texts_of(package)?;
        if texts.is_empty() {
            without.insert(name);
        } else {
            texts.into_iter().for_each(|text| _ = by_text.entry(text).or_default().insert(name.clone()));
        }
    }
    let list = |names: &BTreeSet<String>| names.iter().map(|name| format!("  {name}\n")).collect::<String>();
    let mut parts: Vec<String> =
        by_text.iter().map(|(text, names)| format!("{}\n{text}\n", list(names))).collect();
    parts.sort();
    parts.push(format!("These crates come without a text of their licence:\n\n{}", list(&without)));
    let line = format!("\n{}\n\n", "-".repeat(78));
    let head = "The program calls and its page contain these crates, under these licences.\n";
    Ok(format!("{head}{line}{}", parts.join(&line)))
}

/// Third-party crates in the program or the page.
fn compiled_in(metadata: &Metadata) -> Vec<&Package> {
    let nodes: BTreeMap<&str, &Node> = metadata.resolve.nodes.iter().map(|node| (&*node.id, node)).collect();
    let roots = metadata.packages.iter().filter(|package| ROOTS.contains(&&*package.name));
    let mut waiting: Vec<&str> = roots.map(|package| &*package.id).collect();
    let mut found = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        if found.insert(id) {
            let deps = nodes.get(id).into_iter().flat_map(|node| &node.deps);
            let is_in =
                |dependency: &&Dependency| dependency.dep_kinds.iter().any(|kind| kind.kind.is_none());
            waiting.extend(deps.filter(is_in).map(|dependency| &*dependency.pkg));
        }
    }
    metadata.packages.iter().filter(|it| it.source.is_some() && found.contains(&*it.id)).collect()
}

/// The texts of a crate's licences and notices. If there is a choice, MIT's is enough.
fn texts_of(package: &Package) -> anyhow::Result<Vec<String>> {
    let folder = Path::new(&package.manifest_path).parent().context("expected a folder of the crate")?;
    let mut texts = BTreeMap::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_ascii_uppercase();
        let is_text =
            ["LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE"].iter().any(|it| name.starts_with(it));
        if is_text && entry.file_type()?.is_file() {
            let text = String::from_utf8_lossy(&fs::read(entry.path())?).replace('\r', "");
            texts.insert(name, text.trim().to_owned());
        }
    }
    let is_choice =
        package.license.as_deref().is_some_and(|license| license.contains(" OR ") && license.contains("MIT"));
    if let Some(mit) = texts.keys().find(|name| is_choice && name.contains("MIT")).cloned() {
        texts.retain(|name, _| *name == mit || name.starts_with("NOTICE"));
    }
    Ok(texts.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_crate_that_is_compiled_in_is_named_with_a_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("licenses");
        write(&path).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        for name in ["actix-web ", "leptos ", "diesel ", "rlibphonenumber "] {
            assert!(text.contains(&format!("\n  {name}")), "{name}");
        }
        // A crate for tests only, and crates of the workspace, are excluded.
        assert!(!text.contains("\n  fantoccini ") && !text.contains("\n  calls-api "), "{text}");
        assert!(text.contains("Permission is hereby granted, free of charge"), "{text}");
        assert!(!text.contains("GNU GENERAL PUBLIC LICENSE"), "a licence that is not allowed");
    }
}
