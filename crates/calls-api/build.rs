//! Puts the built page (`frontend/dist`) into the binary, compressed once here instead of on every request.
//! Without a built page the binary is the API alone.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../frontend/dist");
    let out = PathBuf::from(env::var("OUT_DIR").map_err(io::Error::other)?);
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed=../../migrations");

    let mut table = "static ASSETS: &[Asset] = &[\n".to_owned();
    for (number, path) in files(&dist)?.into_iter().enumerate() {
        let name = path.strip_prefix(&dist).map_err(io::Error::other)?.to_string_lossy().replace('\\', "/");
        let plain = fs::read(&path)?;
        let write = |form: &str, bytes: &[u8]| -> io::Result<PathBuf> {
            let target = out.join(format!("asset-{number}.{form}"));
            fs::write(&target, bytes).map(|()| target)
        };
        let mut hasher = DefaultHasher::new();
        plain.hash(&mut hasher);
        writeln!(
            table,
            "    Asset {{ path: {name:?}, media_type: {:?}, etag: \"\\\"{:016x}\\\"\", immutable: {}, \
             plain: include_bytes!({:?}), gzip: include_bytes!({:?}), brotli: include_bytes!({:?}) }},",
            media_type(&name),
            hasher.finish(),
            has_hash(&name),
            write("plain", &plain)?,
            write("gzip", &gzip(&plain)?)?,
            write("brotli", &brotli(&plain)?)?,
        )
        .map_err(io::Error::other)?;
    }
    table.push_str("];\n");
    fs::write(out.join("assets.rs"), table)
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            // trunk builds in a folder like this and moves the result.
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
                continue;
            }
            if path.is_dir() {
                found.extend(files(&path)?);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// trunk names a file `name-0123456789abcdef.ext` or `name-0123456789abcdef_bg.wasm`.
fn has_hash(name: &str) -> bool {
    name.split(['-', '.', '_', '/'])
        .any(|part| part.len() == 16 && part.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn gzip(plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(plain)?;
    encoder.finish()
}

fn brotli(plain: &[u8]) -> io::Result<Vec<u8>> {
    // A build script is compiled without optimisation, where the highest quality takes minutes.
    let quality = if env::var("PROFILE").as_deref() == Ok("release") { 11 } else { 5 };
    let mut out = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality, ..Default::default() };
    brotli::BrotliCompress(&mut &*plain, &mut out, &parameters)?;
    Ok(out)
}
