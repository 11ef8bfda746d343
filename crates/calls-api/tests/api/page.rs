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
    let html = app.get("/").body;
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
    for part in ["default-src 'none'", "script-src 'self' 'wasm-unsafe-eval';", "frame-ancestors 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe-inline"), "{policy}");
    assert_eq!(page.header("cross-origin-opener-policy"), "same-origin");
    assert!(page.header("permissions-policy").contains("microphone=()"));
    // The policy allows no script in the HTML, and there is none: what has no file of its own is data.
    let scripts: Vec<_> = page.body.split("<script").skip(1).collect();
    let is_data = |script: &str| script.starts_with(" type=\"application/json\"");
    assert!(!scripts.iter().all(|script| is_data(script)), "{scripts:?}");
    assert!(scripts.iter().all(|script| is_data(script) || script.contains(" src=\"/")), "{scripts:?}");

    let known = app.get_with("/", &[("if-none-match", app.get("/").header("etag"))]);
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
fn what_stands_before_the_first_row_is_small() {
    /// Bytes over the wire, compressed with brotli.
    const LIMIT: usize = 150_000;
    let app = TestApp::new();
    let rows = "INSERT INTO calls (number, counterparty, created_at, type)
                SELECT 12025550123, 13000000000 + i * 7919, timestamptz '2024-01-31 10:00Z' - i * interval '7 h',
                       'Missed Inbound' FROM generate_series(1, 60) AS i";
    app.database().execute(rows).unwrap();
    let path = "/calls/+12025550123";
    let size = |path: &str| -> usize {
        let brotli = [("accept", "text/html,*/*"), ("accept-encoding", "br")];
        let answer = app.request("HEAD", path, &brotli);
        assert_eq!((answer.status, answer.header("content-encoding")), (200, "br"), "{path}");
        answer.header("content-length").parse().unwrap()
    };
    let html = app.get_with(path, &[("accept", "text/html")]).body;
    let (mut needed, mut later) = (size(path), 0);
    let mut files = std::collections::HashSet::new();
    for tag in html.split('<').filter_map(|part| part.split_once('>')).map(|(tag, _)| tag) {
        let address = [" href=\"/", " src=\"/"].iter().find_map(|name| tag.split_once(name));
        let Some((file, _)) = address.and_then(|(_, rest)| rest.split_once('"')) else { continue };
        if !(tag.starts_with("link") || tag.starts_with("script")) || !files.insert(file.to_owned()) {
            continue;
        }
        // The style sheet, and the script that paints the first rows. The program comes while they are read.
        if tag.contains("stylesheet") || (tag.starts_with("script") && !tag.contains("type=\"module\"")) {
            needed += size(&format!("/{file}"));
        } else {
            later += size(&format!("/{file}"));
        }
    }
    println!("{needed} bytes until the first row, {} in all", needed + later);
    assert!(later > 0 && needed <= LIMIT, "{needed} bytes, and {later} after the first row");
}
