use crate::test_app::TestApp;

#[test]
fn swagger_ui_comes_from_this_server_alone_and_needs_no_script_in_its_html() {
    let app = TestApp::new();
    let page = app.get("/api/docs");
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").contains("script-src 'self'"));
    assert!(!page.header("content-security-policy").contains("unsafe-inline"));
    assert!(
        page.body.contains("<script src=") && !page.body.contains("<script>") && !page.body.contains("//")
    );
    let addresses = page.body.split(['"', '\'']).filter(|part| part.starts_with("docs/"));
    let found: Vec<_> = addresses.map(|address| (address, app.get(&format!("/api/{address}")))).collect();
    assert_eq!(found.len(), 3);
    for (address, answer) in found {
        assert_eq!(answer.status, 200, "{address}");
        assert!(!answer.body.is_empty(), "{address}");
    }
    assert_eq!(app.get("/api/docs/nothing.js").problem().kind, "/problems/not-found");
}

#[test]
fn the_large_script_of_swagger_ui_is_sent_compressed_and_only_once() {
    let app = TestApp::new();
    let path = "/api/docs/swagger-ui-bundle.js";
    let first = app.get_with(path, &[("accept-encoding", "br")]);
    assert_eq!((first.status, first.header("content-encoding")), (200, "br"));
    assert_eq!(app.get_with(path, &[("if-none-match", first.header("etag"))]).status, 304);
}
