//! Embeds the built page (`frontend/dist`) into the binary, compressed at build time. Without a built page
//! the binary has the API only.
//!
//! Each language has its own HTML. Style and scripts of the first rows are inline, because another request
//! would take a round trip; the rest is in files, with the HTML that is hidden at first.
//!
//! trunk starts the program with an inline script. It is moved into a file, so that the content security
//! policy needs no hash for it. It also registers the service worker, so that only the built page has one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

#[path = "build/languages.rs"]
mod languages;
#[path = "build/parts.rs"]
mod parts;

use languages::Catalogue;
use parts::Parts;

const TEXTS: &str = "../../frontend/texts";
/// Scripts of every page that the first rows need, in order.
const SCRIPTS: [&str; 5] = ["start", "texts", "html", "rows", "first-rows"];
/// Scripts that are loaded after the first rows.
const LATER: [&str; 5] = ["plurals", "controls", "failure", "keep", "program"];
/// Bundles for some pages: `panel` is loaded with the program, `places` on pages without it.
const ASIDE: [(&str, &[&str]); 2] = [
    ("panel", &["api", "panel", "excel", "occurrences", "person"]),
    ("places", &["api", "search", "home", "callbacks", "lines"]),
];
const SERVICE_WORKER: &str = "../../frontend/service-worker.js";

/// Registers the service worker when the browser is idle. Service workers require a secure context; a browser
/// that refuses works without one.
const REGISTRATION: &str = "
const keep = () => navigator.serviceWorker?.register(new URL(\"service-worker.js\", import.meta.url)).catch(() => {});
(window.requestIdleCallback ?? setTimeout)(keep);
";

fn main() -> io::Result<()> {
    // Cargo runs build scripts in the package's folder, which may have moved since this was compiled.
    let dist = Path::new("../../frontend/dist");
    let out = PathBuf::from(env::var("OUT_DIR").map_err(io::Error::other)?);
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed=../../migrations");
    println!("cargo::rerun-if-changed=swagger-ui");
    println!("cargo::rerun-if-changed={SERVICE_WORKER}");
    println!("cargo::rerun-if-changed={TEXTS}");

    let mut table = "static ASSETS: &[Asset] = &[\n".to_owned();
    for (number, (name, plain)) in assets(dist)?.into_iter().chain(swagger_ui()?).enumerate() {
        let write = |form: &str, bytes: &[u8]| -> io::Result<PathBuf> {
            let target = out.join(format!("asset-{number}.{form}"));
            fs::write(&target, bytes).map(|()| target)
        };
        writeln!(
            table,
            "    Asset {{ path: {name:?}, media_type: {:?}, etag: \"\\\"{:016x}\\\"\", immutable: {}, \
             plain: include_bytes!({:?}), gzip: include_bytes!({:?}), brotli: include_bytes!({:?}) }},",
            media_type(&name),
            hash(&plain),
            has_hash(&name),
            write("plain", &plain)?,
            write("gzip", &gzip(&plain)?)?,
            write("brotli", &brotli(&plain)?)?,
        )
        .map_err(io::Error::other)?;
    }
    table.push_str("];\n");
    let names: Vec<String> = catalogues()?.into_iter().map(|(name, _)| name).collect();
    writeln!(table, "static LANGUAGES: &[&str] = &{names:?};").map_err(io::Error::other)?;
    fs::write(out.join("assets.rs"), table)
}

/// A file's name and content.
type File = (String, Vec<u8>);

/// The files of the page.
fn assets(dist: &Path) -> io::Result<Vec<File>> {
    let mut found = Vec::new();
    for path in files(dist)? {
        let name = path.strip_prefix(dist).map_err(io::Error::other)?.to_string_lossy().replace('\\', "/");
        found.push((name, fs::read(&path)?));
    }
    let Some(at) = found.iter().position(|(name, _)| name == "index.html") else { return Ok(Vec::new()) };
    let (html, started) =
        without_inline_scripts(&String::from_utf8(found.remove(at).1).map_err(io::Error::other)?)?;
    let (html, scripts) = without_scripts(html, &mut found)?;
    let (html, style) = without_style(html, &mut found)?;
    let mut assets = pages(&html, &scripts, style)?;
    assets.extend(started);
    assets.extend(found);
    assets.push(service_worker(&assets)?);
    Ok(assets)
}

/// The languages with their catalogues. English has an empty one.
fn catalogues() -> io::Result<Vec<(String, Catalogue)>> {
    let mut catalogues = vec![("en".to_owned(), Catalogue::new())];
    for path in files(Path::new(TEXTS))? {
        if let Some(name) = path.file_stem().and_then(|name| name.to_str()) {
            catalogues.push((name.to_owned(), languages::read(&fs::read_to_string(&path)?)?));
        }
    }
    Ok(catalogues)
}

/// Splits off the scripts that trunk added: the HTML without them, and their texts by name.
fn without_scripts(
    mut html: String,
    found: &mut Vec<File>,
) -> io::Result<(String, BTreeMap<&'static str, String>)> {
    let mut scripts = BTreeMap::new();
    let aside = ASIDE.iter().flat_map(|(_, scripts)| scripts.iter().copied());
    for script in SCRIPTS.into_iter().chain(LATER).chain(aside).collect::<BTreeSet<_>>() {
        let is_it = |name: &str| {
            name.strip_prefix(script)
                .is_some_and(|end| end.starts_with('-') && has_hash(end) && end.ends_with(".js"))
        };
        let at = found.iter().position(|(name, _)| is_it(name));
        let at =
            at.ok_or_else(|| io::Error::other(format!("expected {script}.js among the page's files")))?;
        let (name, text) = found.remove(at);
        let start = html.find(&format!("<script src=\"/{name}\""));
        let place =
            start.and_then(|start| Some(start..start + html[start..].find("</script>")? + "</script>".len()));
        html.drain(place.ok_or_else(|| io::Error::other(format!("expected {name} in the page")))?);
        scripts.insert(script, parts::dense_script(&String::from_utf8(text).map_err(io::Error::other)?));
    }
    Ok((html, scripts))
}

/// Splits off the link to the stylesheet, and splits the stylesheet into parts.
fn without_style(mut html: String, found: &mut Vec<File>) -> io::Result<(String, Parts)> {
    let lacks = || io::Error::other("expected a stylesheet in the page");
    let at = found
        .iter()
        .position(|(name, _)| name.starts_with("style-") && name.ends_with(".css"))
        .ok_or_else(lacks)?;
    let (name, text) = found.remove(at);
    let link = html.find(&format!("href=\"/{name}\"")).ok_or_else(lacks)?;
    let start = html[..link].rfind("<link").ok_or_else(lacks)?;
    let end = link + html[link..].find('>').ok_or_else(lacks)? + 1;
    html.drain(start..end);
    Ok((html, parts::style(&String::from_utf8(text).map_err(io::Error::other)?)?))
}

/// The scripts and the four pages of each language: one that loads the program, two that load it after their
/// first rows (of a number or of one person), and one without the program.
fn pages(html: &str, scripts: &BTreeMap<&'static str, String>, style: Parts) -> io::Result<Vec<File>> {
    let (html, places_style) = without_places_style(html)?;
    let mut assets = Vec::new();
    let text = |names: &[&str]| names.iter().map(|name| scripts[name].as_str()).collect::<String>();
    let [panel, places] = ASIDE.map(|(name, scripts)| script(&mut assets, name, &text(scripts)));
    let [first_style, inline_person_style] =
        [&style.first, &style.person].map(|text| format!("<style>{text}</style>"));
    let [person_style, later_style] = [style.person, style.later].map(|text| {
        let file = named(&mut assets, "style", "css", text.into_bytes());
        format!("<link rel=\"stylesheet\" href=\"/{file}\">")
    });
    let places = places_style + &places;
    let mut pages = Vec::new();
    for (language, catalogue) in catalogues()? {
        let direction = languages::direction(&language);
        let translated = languages::translate(&html, &catalogue).replacen(
            "<html lang=\"en\">",
            &format!("<html lang=\"{language}\" dir=\"{direction}\">"),
            1,
        );
        let html = parts::html(&translated)?;
        let (texts, later_texts) = languages::split(&catalogue, &text(&SCRIPTS));
        let first = languages::script(&texts)? + &text(&SCRIPTS);
        let first = inline_script(&first)?;
        let later = format!(
            "{}document.body.insertAdjacentHTML(\"beforeend\", {});\n{}",
            languages::script(&later_texts)?,
            serde_json::to_string(&html.later).map_err(io::Error::other)?,
            text(&LATER)
        );
        let later = script(&mut assets, &format!("later-{language}"), &later);
        let head = |html: &str, tags: &[&str]| html.replacen("</head>", &(tags.concat() + "</head>"), 1);
        let html_with = html.first.replacen("</body>", &format!("{first}</body>"), 1);
        let (place, program) = without_program(&head(&html_with, &[&first_style]))?;
        let template =
            |id: &str, tags: &[&str]| format!("<template id=\"{id}\">{}</template>", tags.concat());
        let aside = template("program", &[&later_style, &later, &program]);
        // Loaded after the program, which they would delay on a slow connection.
        let behind = template("behind", &[&person_style, &panel]);
        let person_aside = template("program", &[&later_style, &later, &program, &panel]);
        let places_aside = template("places", &[&places]);
        // The stylesheet comes first if both share a slow connection.
        let low = "as=\"fetch\" type=\"application/wasm\"";
        let program = program.replace(low, &format!("{low} fetchpriority=\"low\""));
        for (name, html) in [
            // The program uses a script of the panel for the occurrences of a number without calls.
            ("index", head(&place, &[&person_style, &later_style, &later, &panel, &program, &places_aside])),
            ("index-with-calls", head(&place, &[&aside, &behind])),
            ("index-with-person", head(&place, &[&inline_person_style, &person_aside])),
            ("place", head(&place, &[&later_style, &later, &places])),
        ] {
            pages.push((format!("{name}.{language}.html"), html.into_bytes()));
        }
    }
    assets.extend(pages);
    Ok(assets)
}

/// Adds a file, named by its hash. Returns its name.
fn named(assets: &mut Vec<File>, name: &str, extension: &str, content: Vec<u8>) -> String {
    let file = format!("{name}-{:016x}.{extension}", hash(&content));
    assets.push((file.clone(), content));
    file
}

/// Adds a script. Returns the tag that loads it.
fn script(assets: &mut Vec<File>, name: &str, text: &str) -> String {
    let file = named(assets, name, "js", text.as_bytes().to_vec());
    format!("<script src=\"/{file}\" defer></script>")
}

/// The element of the scripts that paint the first rows: the last one, after the data that they read.
fn inline_script(text: &str) -> io::Result<String> {
    if ["</script", "<script", "<!--"].iter().any(|end| text.contains(end)) {
        return Err(io::Error::other("expected no tag of a script in the scripts of the first rows"));
    }
    Ok(format!("<script id=\"page\">{text}</script>"))
}

/// Splits off the stylesheet of the pages without the program.
fn without_places_style(html: &str) -> io::Result<(String, String)> {
    let start = html.find("<link rel=\"stylesheet\" href=\"/places-");
    let place = start.and_then(|start| Some(start..start + html[start..].find('>')? + 1));
    let place = place.ok_or_else(|| io::Error::other("expected the style of the places in the page"))?;
    let mut html = html.to_owned();
    let style = html.drain(place).collect();
    Ok((html, style))
}

/// The service worker, with the names of the files that it caches, and a version that changes with them.
fn service_worker(assets: &[File]) -> io::Result<File> {
    let script = fs::read_to_string(SERVICE_WORKER)?;
    // Of the scripts with texts, the worker caches those of the language in use.
    let is_kept = |name: &str| has_hash(name) && !name.starts_with("later-");
    let files: Vec<String> =
        assets.iter().filter(|(name, _)| is_kept(name)).map(|(name, _)| format!("/{name}")).collect();
    let pages: Vec<&File> = assets.iter().filter(|(name, _)| !has_hash(name)).collect();
    let version = hash(format!("{files:?}{pages:?}{script}").as_bytes());
    let script = format!("const VERSION = \"{version:016x}\";\nconst FILES = {files:?};\n\n{script}");
    Ok(("service-worker.js".to_owned(), script.into_bytes()))
}

/// The files of `/api/docs`: two of Swagger UI, and two that start it.
fn swagger_ui() -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut archive = zip::ZipArchive::new(io::Cursor::new(utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED))?;
    let mut assets = Vec::new();
    for name in ["swagger-ui.css", "swagger-ui-bundle.js"] {
        let end = format!("/dist/{name}");
        let path = archive.file_names().filter_map(Result::ok).find(|path| path.ends_with(&end));
        let path = path.ok_or_else(|| io::Error::other(format!("Swagger UI has no {name}")))?.into_owned();
        let mut plain = Vec::new();
        io::copy(&mut archive.by_name(&path)?, &mut plain)?;
        assets.push((format!("api/docs/{name}"), plain));
    }
    for name in ["index.html", "start.js"] {
        assets.push((format!("api/docs/{name}"), fs::read(Path::new("swagger-ui").join(name))?));
    }
    Ok(assets)
}

/// Moves each inline script into a file named by its hash.
fn without_inline_scripts(html: &str) -> io::Result<(String, Vec<File>)> {
    let (mut out, mut scripts) = (String::new(), Vec::new());
    let mut rest = html;
    while let Some(start) = rest.find("<script") {
        let cut = |text: &str, end: &str| {
            text.find(end)
                .ok_or_else(|| io::Error::other(format!("expected {end} after <script in the page")))
        };
        let open = start + cut(&rest[start..], ">")?;
        let close = open + cut(&rest[open..], "</script>")?;
        out.push_str(&rest[..open]);
        let mut script = rest[open + 1..close].trim().to_owned();
        if !script.is_empty() {
            script = beside(&script) + REGISTRATION;
            let name = format!("start-{:016x}.js", hash(script.as_bytes()));
            write!(out, " src=\"/{name}\"").map_err(io::Error::other)?;
            scripts.push((name, script.into_bytes()));
        }
        out.push('>');
        rest = &rest[close..];
    }
    out.push_str(rest);
    Ok((out, scripts))
}

/// The start script, with the addresses of files relative to its own.
fn beside(script: &str) -> String {
    let script = script.replace("from '/", "from './");
    let start = "module_or_path: '/";
    match script.split_once(start).and_then(|(before, rest)| Some((before, rest.split_once('\'')?))) {
        Some((before, (wasm, after))) => {
            format!("{before}module_or_path: new URL('./{wasm}', import.meta.url){after}")
        }
        None => script,
    }
}

/// Splits off the elements that load the program. If calls are painted first, they are put into a template,
/// where browsers load nothing, until `start.js` moves them out.
fn without_program(html: &str) -> io::Result<(String, String)> {
    let (mut page, mut program) = (html.to_owned(), String::new());
    let parts = [
        ("<link rel=\"modulepreload\"", ">"),
        ("<link rel=\"preload\"", ">"),
        ("<script type=\"module\"", "</script>"),
    ];
    for (start, end) in parts {
        let place = page.find(start).and_then(|at| Some(at..at + page[at..].find(end)? + end.len()));
        let place = place.ok_or_else(|| io::Error::other(format!("expected {start} in the page")))?;
        program.extend(page.drain(place));
    }
    Ok((page, program))
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            // trunk builds in such a folder and then moves the result.
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

/// trunk names files `name-0123456789abcdef.ext` or `name-0123456789abcdef_bg.wasm`, without leading zeros in
/// the hash.
fn has_hash(name: &str) -> bool {
    name.split(['-', '.', '_', '/'])
        .any(|part| (12..=16).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_hexdigit()))
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
    // Build scripts are compiled without optimisation, where the highest quality takes minutes.
    let quality = if env::var("PROFILE").as_deref() == Ok("release") { 11 } else { 5 };
    let mut out = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality, ..Default::default() };
    brotli::BrotliCompress(&mut &*plain, &mut out, &parameters)?;
    Ok(out)
}
