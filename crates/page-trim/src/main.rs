//! Reduces the size of the page's program, after trunk and wasm-bindgen: `page-trim FOLDER`.
//!
//! In reading order:
//!
//! - [`wasm`]: removes what a page does not need, and shortens names.
//! - [`glue`]: the same for the script beside it.
//!
//! `wasm-opt` runs in between: function names are needed before it, and unused functions are known after it.
//! `esbuild` minifies the scripts, if it is installed.

mod glue;
mod wasm;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use anyhow::{Context, bail, ensure};

/// WebAssembly features that rustc may use for this target, which wasm-opt must allow.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-multivalue",
    "--enable-sign-ext",
    "--enable-mutable-globals",
];

fn main() -> anyhow::Result<()> {
    let folder = env::args_os().nth(1).map(PathBuf::from).context("expected the folder of the built page")?;
    let wasm = find(&folder, "_bg.wasm")?;
    let name = wasm.file_name().and_then(|name| name.to_str()).context("expected a name in UTF-8")?;
    let name = name.trim_end_matches("_bg.wasm").to_owned();
    let script = folder.join(format!("{name}.js"));

    let text = glue::pruned(&read(&script)?, None);
    let bare = wasm::without_panics(&fs::read(&wasm)?, &glue::exports(&text))?;
    fs::write(&wasm, bare)?;
    optimise(&wasm)?;
    let bytes = fs::read(&wasm)?;
    let imports = wasm::imports(&bytes)?;
    let text = glue::pruned(&text, Some(&imports));
    let names = wasm::Names::new(&imports, &glue::exports(&text));
    let (bytes, text) = (wasm::renamed(&bytes, &names)?, glue::renamed(&text, &names));
    let text = minified(&text)?;

    // Cached files have names derived from their content.
    let mut hasher = DefaultHasher::new();
    (&bytes, &text).hash(&mut hasher);
    let stem = name.rsplit_once('-').map_or(name.as_str(), |(stem, _)| stem);
    let new = format!("{stem}-{:016x}", hasher.finish());
    fs::remove_file(&wasm)?;
    fs::remove_file(&script)?;
    fs::write(folder.join(format!("{new}_bg.wasm")), bytes)?;
    for path in scripts(&folder)? {
        fs::write(&path, minified(&read(&path)?)?)?;
    }
    fs::write(folder.join(format!("{new}.js")), text)?;
    let index = folder.join("index.html");
    Ok(fs::write(&index, read(&index)?.replace(&name, &new))?)
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The only file of a folder whose name has this suffix.
fn find(folder: &Path, end: &str) -> anyhow::Result<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        found.extend(path.to_string_lossy().ends_with(end).then(|| path.clone()));
    }
    match <[PathBuf; 1]>::try_from(found) {
        Ok([path]) => Ok(path),
        Err(found) => bail!("expected one file *{end}, but found {found:?}"),
    }
}

fn optimise(wasm: &Path) -> anyhow::Result<()> {
    let mut command = Command::new("wasm-opt");
    command.arg("-Os").args(FEATURES).arg("--reorder-functions-by-name").arg(wasm).arg("--output").arg(wasm);
    ensure!(command.status().context("cannot run wasm-opt")?.success(), "wasm-opt has failed");
    Ok(())
}

/// The scripts in the folder.
fn scripts(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
    Ok(paths.into_iter().filter(|path| path.extension().is_some_and(|end| end == "js")).collect())
}

/// A minified script; unchanged if esbuild is not installed.
fn minified(script: &str) -> anyhow::Result<String> {
    let mut command = Command::new("esbuild");
    command.args(["--minify", "--charset=utf8"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = match command.spawn() {
        Ok(process) => process,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(script.to_owned()),
        Err(error) => return Err(error).context("cannot run esbuild"),
    };
    // esbuild reads its whole input before it writes.
    process.stdin.take().context("expected a pipe")?.write_all(script.as_bytes())?;
    let output = process.wait_with_output()?;
    ensure!(output.status.success(), "esbuild has failed");
    Ok(String::from_utf8(output.stdout)?)
}

/// Replacements of names.
type Renamed = BTreeMap<String, String>;
