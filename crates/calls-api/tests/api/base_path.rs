//! Everything below a path, for a server that shares its host name with others.

use crate::cdr::TOKEN;
use crate::post::post;
use crate::test_app::{TestApp, calls};

const NUMBER: &str = "+12025550123";

fn app() -> TestApp {
    let app = TestApp::with(&["--base-path", "/calls-app", "--ingest-token", TOKEN]);
    for minute in 0..3 {
        app.call(NUMBER, &format!("2024-01-31T10:0{minute}:00Z"), "+13333333333", "Missed Inbound", None);
    }
    app
}

#[test]
fn links_lead_below_the_base_path() {
    let app = app();
    let first = app.get("/calls-app/api/calls/+12025550123?limit=2");
    assert_eq!(first.json().as_array().unwrap().len(), 2);
    let next = first.header("link").split(['<', '>']).nth(1).unwrap().to_owned();
    assert!(next.starts_with("/calls-app/api/calls/"), "{next}");
    assert_eq!(app.get(&next).json().as_array().unwrap().len(), 1);

    let page = app.get_with("/calls-app/calls/+12025550123?limit=2", &[("accept", "application/json")]);
    assert!(page.header("link").starts_with("</calls-app/calls/"), "{}", page.header("link"));
    let form = without_redirects(&app, "/calls-app/?number=1001");
    assert_eq!(form, (303, "/calls-app/calls/1001".to_owned()));
    let problem = app.get("/calls-app/api/calls/hello").problem();
    assert_eq!(problem.kind, "/calls-app/problems/not-a-number");
    let headers =
        [("Authorization", format!("Bearer {TOKEN}")), ("Content-Type", "application/json".to_owned())];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(post(&app, "/calls-app/api/calls", &headers, b"[]").status, 200);
}

#[test]
fn each_address_in_the_html_is_below_the_base_path_and_leads_somewhere() {
    let app = app();
    for path in ["/calls-app/", "/calls-app/calls/+12025550123"] {
        let html = app.get_with(path, &[("accept", "text/html")]).body;
        assert!(html.contains("<html data-base=\"/calls-app\""), "{html}");
        let addresses = [" href=\"/", " src=\"/", " action=\"/"];
        let addresses = addresses.iter().flat_map(|start| html.split(start).skip(1));
        let addresses: Vec<&str> = addresses.map(|rest| rest.split('"').next().unwrap()).collect();
        assert!(addresses.len() > 6, "{addresses:?}");
        for address in addresses {
            assert!(address.starts_with("calls-app/"), "{address}");
            assert_eq!(app.request("HEAD", &format!("/{address}"), &[]).status, 200, "{address}");
        }
    }
    let manifest = app.get("/calls-app/manifest.webmanifest").json();
    assert_eq!((&manifest["start_url"], &manifest["scope"]), (&"./".into(), &"./".into()));
    assert_eq!(app.get("/calls-app/service-worker.js").status, 200);
    let description = app.get("/calls-app/api/openapi.json").json();
    assert_eq!(description["servers"][0]["url"], "/calls-app");
    assert_eq!(app.get("/calls-app/api/docs").status, 200);
}

#[test]
fn a_proxy_may_take_the_base_path_off_and_whole_segments_alone_count() {
    let app = app();
    let stripped = app.get("/api/calls/+12025550123?limit=2");
    assert!(stripped.header("link").starts_with("</calls-app/api/"), "{}", stripped.header("link"));
    assert_eq!(app.get("/calls-apple/api/calls/1001").status, 404);
    assert_eq!(app.get("/calls-app/calls-app/api/calls/1001").status, 404);
    let bare = without_redirects(&app, "/calls-app?number=1001");
    assert_eq!(bare, (308, "/calls-app/?number=1001".to_owned()));
}

#[test]
fn a_base_path_that_is_none_is_refused() {
    for path in ["calls-app", "/a b", "/a/../b", "https://a.example/"] {
        let output = calls(&["serve", "--base-path", path]);
        assert_eq!(output.status.code(), Some(2), "{path}");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(error.contains("such as /calls-app, but found"), "{error}");
    }
}

fn without_redirects(app: &TestApp, path: &str) -> (u16, String) {
    let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0);
    let config = config.max_redirects_will_error(false);
    let agent: ureq::Agent = config.build().into();
    let answer = agent.get(format!("{}{path}", app.address)).call().unwrap();
    let location = answer.headers().get("location").map_or("", |value| value.to_str().unwrap());
    (answer.status().as_u16(), location.to_owned())
}
