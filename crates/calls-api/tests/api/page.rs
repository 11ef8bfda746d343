use base64::prelude::{BASE64_STANDARD, Engine as _};
use calls_model::ProblemKind;
use sha2::{Digest as _, Sha256};

use crate::test_app::TestApp;

#[test]
fn a_browser_gets_the_page_and_everybody_else_the_data() {
    let app = TestApp::new();
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    for (accept, wants_page) in [
        (browser, true),
        ("text/html", true),
        ("*/*", false),
        ("application/json", false),
        ("application/json, text/html;q=0.5", false),
        ("text/html;q=0", false),
        ("", false),
    ] {
        let answer = app.get_with("/calls/+13333333333", &[("accept", accept)]);
        assert_eq!(answer.status, 200);
        let is_page = answer.header("content-type").starts_with("text/html");
        assert_eq!(is_page, wants_page, "{accept}");
        let vary: Vec<_> = answer.headers.get_all("vary").iter().collect();
        assert!(vary.iter().any(|value| *value == "Accept"), "{vary:?}");
    }
    assert!(app.get_with("/api/calls/+13333333333", &[("accept", browser)]).json().is_array());
}

#[test]
fn the_pages_files_come_compressed_and_are_kept_by_their_hash() {
    let app = TestApp::new();
    let html = app.get("/shell").body;
    let wasm = html.split('"').find(|part| part.ends_with(".wasm")).expect("the page names its WASM");
    let plain = app.get_with(wasm, &[("accept-encoding", "identity")]);
    assert_eq!((plain.status, plain.header("content-encoding")), (200, ""));
    assert_eq!(plain.header("content-type"), "application/wasm");
    assert_eq!(plain.header("cache-control"), "public, max-age=31536000, immutable");
    for coding in ["br", "gzip"] {
        let answer = app.request("HEAD", wasm, &[("accept-encoding", coding)]);
        assert_eq!(answer.header("content-encoding"), coding);
        assert_eq!(answer.header("vary"), "accept-encoding");
    }
    let etag = plain.header("etag").to_owned();
    assert_eq!(app.get_with(wasm, &[("if-none-match", &etag)]).status, 304);
}

#[test]
fn every_answer_says_what_a_browser_may_do_with_it() {
    let app = TestApp::new();
    let page = app.get_with("/calls/+13333333333", &[("accept", "text/html")]);
    let policy = page.header("content-security-policy");
    for part in ["default-src 'none'", "frame-ancestors 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe-inline"), "{policy}");
    assert_eq!(page.header("cross-origin-opener-policy"), "same-origin");
    assert!(page.header("permissions-policy").contains("microphone=()"));
    // Beside data and files there is one script and one style inside, and their hashes alone are allowed.
    let scripts: Vec<_> = page.body.split("<script").skip(1).collect();
    let is_data = |script: &&str| script.starts_with(" type=\"application/json\"");
    let is_file = |script: &&str| script.split('>').next().is_some_and(|tag| tag.contains(" src=\"/"));
    let inside: Vec<_> = scripts.iter().filter(|script| !is_data(script) && !is_file(script)).collect();
    assert!(inside.len() == 1 && scripts.iter().any(is_file), "{scripts:?}");
    let between = |start: &str, end: &str| {
        let text = page.body.split_once(start).unwrap().1.split_once(end).unwrap().0;
        format!(" 'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)))
    };
    let (script, style) = (between("<script id=\"page\">", "</script>"), between("<style>", "</style>"));
    assert!(policy.contains(&format!("script-src 'self' 'wasm-unsafe-eval'{script};")), "{policy}");
    assert!(policy.contains(&format!("style-src 'self'{style};")), "{policy}");

    let known = app.get_with("/shell", &[("if-none-match", app.get("/shell").header("etag"))]);
    assert_eq!((known.status, known.header("content-security-policy")), (304, ""));

    for path in ["/api/calls/+13333333333", "/api/calls/hello", "/api/nothing"] {
        let answer = app.get(path);
        assert_eq!(answer.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
    }
}

#[test]
fn a_path_without_anything_is_a_404_in_the_clients_language() {
    let app = TestApp::new();
    let page = app.get_with("/nothing", &[("accept", "text/html")]);
    assert_eq!((page.status, page.header("content-type")), (404, "text/html; charset=utf-8"));
    assert_eq!(app.get("/nothing").problem().kind, "/problems/not-found");
}

#[test]
fn the_program_is_put_aside_where_there_are_calls_inside() {
    let app = TestApp::new();
    app.call("+12025550123", "2024-01-31T10:00:00Z", "+14444444444", "Missed Inbound", None);
    let html = |path: &str| app.get_with(path, &[("accept", "text/html")]).body;
    // Without calls, the program asks for those whom the number occurs in: by a script that must be there.
    let without_calls = html("/calls/+13333333333");
    let place = |part: &str| without_calls.find(part).unwrap();
    assert!(place("/panel-") < place("<script type=\"module\""), "{without_calls}");
    let loads_program =
        |html: &str| html.contains("_bg.wasm") && html.contains("<script type=\"module\" src=\"/");
    let with_calls = html("/calls/+12025550123");
    let (before, rest) = with_calls.split_once("<template id=\"program\">").expect("a template");
    let (aside, after) = rest.split_once("</template>").unwrap();
    assert!(loads_program(aside), "{aside}");
    assert!(!before.contains(".wasm") && !after.contains(".wasm"));
    assert!(!before.contains("type=\"module\"") && !after.contains("type=\"module\""));
    assert!(!html("/").contains(".wasm"), "the first page needs no program");
    for path in ["/shell", "/calls/+13333333333", "/calls/+12025550123?direction=outbound", "/calls/hello"] {
        let html = html(path);
        assert!(loads_program(&html) && !html.contains("<template id=\"program\">"), "{path}");
    }
}

#[test]
fn the_service_worker_may_ask_this_server_and_is_never_taken_for_fresh() {
    let app = TestApp::new();
    let worker = app.get("/service-worker.js");
    assert_eq!((worker.status, worker.header("cache-control")), (200, "no-cache"));
    assert_eq!(worker.header("content-type"), "text/javascript; charset=utf-8");
    let policy = "default-src 'none'; connect-src 'self'; frame-ancestors 'none'";
    assert_eq!(worker.header("content-security-policy"), policy);
    let files = worker.body.split_once("const FILES = [").unwrap().1.split_once("];").unwrap().0;
    let files: Vec<&str> = files.split(", ").map(|file| file.trim_matches('"')).collect();
    assert!(files.iter().any(|file| file.ends_with(".wasm")), "{files:?}");
    for file in files {
        let lifetime = app.request("HEAD", file, &[]);
        assert_eq!(
            (lifetime.status, lifetime.header("cache-control").contains("immutable")),
            (200, true),
            "{file}"
        );
    }
}

#[test]
fn the_page_comes_in_the_language_that_was_chosen_or_else_the_browsers() {
    let app = TestApp::new();
    let html = |headers: &[(&str, &str)]| {
        app.get_with("/calls/+13333333333", &[&[("accept", "text/html")], headers].concat())
    };
    for (headers, start, text) in [
        (&[][..], "<html lang=\"en\" dir=\"ltr\">", ">Missed "),
        (&[("accept-language", "de-CH,en;q=0.5")], "<html lang=\"de\" dir=\"ltr\">", ">Verpasst "),
        (
            &[("accept-language", "de"), ("cookie", "tz=UTC; lang=ar")],
            "<html lang=\"ar\" dir=\"rtl\">",
            "\u{641}\u{627}\u{626}\u{62a}\u{629}",
        ),
        (&[("cookie", "lang=tlh")], "<html lang=\"en\" dir=\"ltr\">", ">Missed "),
    ] {
        let page = html(headers);
        assert!(page.body.contains(start) && page.body.contains(text), "{headers:?}: {}", &page.body[..200]);
        let vary: Vec<_> =
            page.headers.get_all("vary").iter().filter_map(|value| value.to_str().ok()).collect();
        assert!(vary.join(", ").contains("accept-language, cookie"), "{vary:?}");
        // One language's texts, and no other's.
        let scripts: Vec<&str> = page.body.split('"').filter(|part| part.starts_with("/later-")).collect();
        assert_eq!(scripts.len(), 1, "{scripts:?}");
        let script = app.get_with(scripts[0], &[("accept-encoding", "br")]);
        let length: usize = script.header("content-length").parse().unwrap();
        assert!(length < 16_000, "{length} bytes");
    }
}

#[test]
fn the_first_page_has_the_numbers_inside_unless_nobody_may_ask_for_them() {
    for (arguments, has_numbers) in [(&[][..], true), (&["--no-directory"][..], false)] {
        let app = TestApp::with(arguments);
        app.call("+12025550123", "2024-01-31T10:00:00Z", "+14444444444", "Missed Inbound", None);
        let page = app.get_with("/", &[("accept", "text/html")]);
        assert_eq!((page.status, page.header("cache-control")), (200, "no-store"));
        let data = page.body.split_once("<script type=\"application/json\" id=\"home\">").expect("data").1;
        let data: serde_json::Value = serde_json::from_str(data.split_once("</script>").unwrap().0).unwrap();
        assert_eq!(data["has_directory"], has_numbers);
        assert_eq!(page.body.contains("+12025550123"), has_numbers);
        assert!(!page.body.contains("+14444444444"));
    }
}

#[test]
fn a_form_without_the_program_leads_to_a_number_or_to_who_is_called_so() {
    let app = TestApp::new();
    for (query, part) in [
        ("number=%2B1+202+555+0123", "\"number\":\"+1 202 555 0123\""),
        ("number=sip%3Aalice%40example.com", "\"number\":\"sip:alice@example.com\""),
        ("number=Oma+Hilde", "<script type=\"application/json\" id=\"home\">"),
    ] {
        let page = app.get_with(&format!("/?{query}"), &[("accept", "text/html")]);
        assert!(page.status == 200 && page.body.contains(part), "{query}: {}", page.body);
    }
}

#[test]
fn the_scripts_name_only_problems_that_the_api_has() {
    let scripts =
        [include_str!("../../../../frontend/js/api.js"), include_str!("../../../../frontend/js/search.js")];
    let named: Vec<&str> = scripts
        .iter()
        .flat_map(|script| script.split('"'))
        .filter(|text| text.starts_with("/problems/") && text.len() > "/problems/".len())
        .collect();
    assert!(named.len() > 8, "{named:?}");
    for uri in named {
        assert!(ProblemKind::ALL.iter().any(|kind| kind.uri() == uri), "{uri}");
    }
}
