//! The page in languages other than English.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::callers::app_with_all_kinds;
use super::chromium::Chromium;
use super::tab::Tab;

const LANGUAGES: [&str; 5] = ["ar", "de", "es", "fr", "pt-BR"];

fn frontend() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../frontend")
}

fn catalogue(language: &str) -> Map<String, Value> {
    let text = fs::read_to_string(frontend().join(format!("texts/{language}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// All files below a folder with one of these endings.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let nested = |path: PathBuf| if path.is_dir() { files(&path, ending) } else { vec![path] };
    entries.flat_map(nested).filter(|path| path.to_string_lossy().ends_with(ending)).collect()
}

/// The texts that scripts and program ask for: the first literal of each call of `t`, `fill` and `count`.
fn asked_for() -> BTreeSet<String> {
    let mut texts = BTreeSet::new();
    for path in files(&frontend().join("js"), ".js").into_iter().chain(files(&frontend().join("src"), ".rs"))
    {
        let source = fs::read_to_string(&path).unwrap();
        let source = source.split("#[cfg(test)]").next().unwrap();
        for call in ["t(\"", "fill(\"", "count(\"", "fill(\n", "t(\n"] {
            for (at, _) in source.match_indices(call) {
                let is_word = source[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.');
                let rest = source[at + call.len()..].trim_start().trim_start_matches('"');
                let is_literal =
                    call.ends_with('"') || source[at + call.len()..].trim_start().starts_with('"');
                if !is_word && is_literal {
                    texts.insert(rest.split('"').next().unwrap().to_owned());
                }
            }
        }
    }
    texts
}

/// The texts of index.html: what is read on the page and what names its parts.
fn of_html() -> BTreeSet<String> {
    let html = fs::read_to_string(frontend().join("index.html")).unwrap();
    let (head, body) = html.split_once("<body>").unwrap();
    let description =
        head.split_once("name=\"description\" content=\"").unwrap().1.split('"').next().unwrap();
    let mut texts = BTreeSet::from([description.to_owned()]);
    for part in body.split('<').skip(1).filter(|part| !part.starts_with("!--") && !part.starts_with("kbd")) {
        let (tag, text) = part.split_once('>').unwrap_or((part, ""));
        for name in [" aria-label=\"", " placeholder=\"", " title=\""] {
            texts.extend(tag.split_once(name).map(|(_, rest)| rest.split('"').next().unwrap().to_owned()));
        }
        let is_kept =
            tag.contains("translate=\"no\"") || tag.starts_with("option value=\"") && tag.contains("lang=");
        if !is_kept && text.trim().chars().any(char::is_alphabetic) {
            texts.insert(text.trim().to_owned());
        }
    }
    texts
}

/// The `{names}` of a text.
fn names(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0)).collect()
}

#[test]
fn every_text_has_a_translation_with_the_same_names_in_each_language() {
    let texts: BTreeSet<String> = asked_for().into_iter().chain(of_html()).collect();
    assert!(texts.len() > 200 && texts.contains("Copy {name}") && texts.contains("Any length"), "{texts:?}");
    let mut lacking = Vec::new();
    for language in LANGUAGES {
        let catalogue = catalogue(language);
        for text in &texts {
            match catalogue.get(text) {
                None => lacking.push(format!("{language}: {text}")),
                Some(Value::String(translated)) => {
                    assert_eq!(names(translated), names(text), "{language}: {translated}");
                }
                Some(forms) => {
                    let forms = forms.as_object().unwrap();
                    assert!(forms.contains_key("other") && forms.contains_key("one"), "{language}: {text}");
                    let is_arabic = language == "ar";
                    assert_eq!(forms.contains_key("few") && forms.contains_key("two"), is_arabic, "{text}");
                }
            }
        }
        let unused: Vec<_> = catalogue.keys().filter(|text| !texts.contains(*text)).collect();
        assert!(unused.is_empty(), "{language} has texts that nobody asks for: {unused:?}");
    }
    assert!(lacking.is_empty(), "{lacking:#?}");
}

/// The English texts that a page shows although the language has others for them.
async fn english_on(tab: &Tab, language: &str) -> Vec<String> {
    let catalogue = catalogue(language);
    let english: Vec<&String> = catalogue
        .iter()
        .filter(|(text, translated)| {
            text.chars().any(char::is_alphabetic) && translated.as_str() != Some(text)
        })
        .map(|(text, _)| text)
        .collect();
    let script = format!(
        "const english = new Set({});
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        const found = [];
        while (walker.nextNode()) {{
            const {{parentElement: parent, textContent}} = walker.currentNode;
            if (!parent.closest('script, style, template, kbd, [translate=no]')) found.push(textContent.trim());
        }}
        for (const element of document.body.querySelectorAll('[aria-label], [title], [placeholder]')) {{
            found.push(element.ariaLabel ?? '', element.title, element.placeholder ?? '');
        }}
        return [...new Set(found)].filter(text => english.has(text))",
        serde_json::to_string(&english).unwrap()
    );
    tab.strings(&script).await
}

#[tokio::test]
async fn each_page_speaks_the_language_that_is_chosen_and_runs_its_way() {
    let app = app_with_all_kinds();
    let chromium = Chromium::start().await;
    let tab = Tab::open(&chromium, &app.address, "/").await;
    for language in ["de", "ar"] {
        tab.go(&app.address).await;
        tab.wait_for_state("ready").await;
        let choose = format!(
            "const menu = document.querySelector('#language');
            menu.value = '{language}';
            menu.dispatchEvent(new Event('change'))"
        );
        tab.run(&choose).await;
        tab.wait_for(&format!("document.documentElement.lang === '{language}'")).await;
        for (path, state) in [
            ("/", "ready"),
            ("/calls/+12025550123", "ready"),
            ("/calls/+12025550123?outcome=missed&from=2024-01-31", "ready"),
            ("/calls/+12025550123/with/+13333333333", "ready"),
            ("/calls/+12025550123?period=today", "no-match"),
            ("/calls/+13333333334", "empty"),
            ("/calls/+12025550123/callbacks", "empty"),
            ("/lines", "ready"),
            ("/calls/hello", "invalid"),
            ("/no/such/page", "not-found"),
        ] {
            tab.go(&format!("{}{path}", app.address)).await;
            tab.wait_for_state(state).await;
            tab.wait_for("document.querySelector('main').ariaBusy !== 'true'").await;
            assert_eq!(english_on(&tab, language).await, [""; 0], "{language} {path}");
        }
        let direction = if language == "ar" { "rtl" } else { "ltr" };
        assert_eq!(tab.string("return getComputedStyle(document.body).direction").await, direction);
    }
    chromium.allow_error("the server responded with a status of 40");
    chromium.stop().await;
}

#[tokio::test]
async fn counts_take_the_form_that_their_language_has_for_them() {
    let app = app_with_all_kinds();
    let chromium = Chromium::start().await;
    let tab = Tab::open(&chromium, &app.address, "/").await;
    let forms = "return [0, 1, 2, 3, 11, 100].map(n => calls.t('{n} calls', { n }))";
    assert_eq!(
        tab.strings(forms).await,
        ["0 calls", "1 call", "2 calls", "3 calls", "11 calls", "100 calls"]
    );
    for (seconds, brief, long) in [
        (0.0, "0 seconds", "0 seconds"),
        (0.125, "less than a second", "less than a second"),
        (37.4, "37 seconds", "37 seconds"),
        (59.499, "59 seconds", "59 seconds"),
        (59.5, "1 min", "1 minute"),
        (215.0, "3 min 35 s", "3 minutes 35 seconds"),
        (3599.5, "1 h", "1 hour"),
        (4361.0, "1 h 13 min", "1 hour 12 minutes 41 seconds"),
        (7199.0, "2 h", "1 hour 59 minutes 59 seconds"),
        (360_000.0, "100 h", "100 hours"),
    ] {
        let script = format!("return [calls.briefly({0} * 1000), calls.inWords({0} * 1000)]", seconds);
        assert_eq!(tab.strings(&script).await, [brief, long], "{seconds}");
    }
    tab.run("document.cookie = 'lang=ar; path=/'").await;
    tab.go(&app.address).await;
    let arabic = tab
        .strings("return [1, 2, 3, 11].map(n => calls.t('{n} calls', { n }).replace(/[^ء-ي]/g, ''))")
        .await;
    assert_eq!(arabic, ["مكالمةواحدة", "مكالمتان", "مكالمات", "مكالمة"]);
    chromium.stop().await;
}
