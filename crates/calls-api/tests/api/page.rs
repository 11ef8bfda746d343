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
fn the_program_is_put_aside_where_there_are_calls_inside() {
    let app = TestApp::new();
    app.call("+12025550123", "2024-01-31T10:00:00Z", "+14444444444", "Missed Inbound", None);
    let html = |path: &str| app.get_with(path, &[("accept", "text/html")]).body;
    let loads_program =
        |html: &str| html.contains("_bg.wasm") && html.contains("<script type=\"module\" src=\"/");
    let with_calls = html("/calls/+12025550123");
    let (before, rest) = with_calls.split_once("<template id=\"program\">").expect("a template");
    let (aside, after) = rest.split_once("</template>").unwrap();
    assert!(loads_program(aside), "{aside}");
    assert!(!before.contains(".wasm") && !after.contains(".wasm"));
    assert!(!before.contains("type=\"module\"") && !after.contains("type=\"module\""));
    for path in ["/", "/calls/+13333333333", "/calls/+12025550123?direction=outbound", "/calls/hello"] {
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
