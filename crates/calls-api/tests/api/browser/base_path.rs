//! The page below a path.

use super::chromium::Chromium;
use super::history_page::HistoryPage;
use super::home_page::HomePage;
use crate::proxies::{self, Proxy};
use crate::test_app::TestApp;

/// The walk of a reader: from the first page to a history, its filters, a counterparty and back, all below
/// `base`.
pub async fn walk(chromium: &Chromium, base: &str) {
    let home = HomePage::open(chromium, base).await;
    home.ask_for("+1 202 555 0123").await;
    let page = HistoryPage::looked_at(chromium);
    page.wait_for_rows(3).await;
    page.wait_for_stream().await;
    page.choose("Missed").await;
    page.wait_for_rows(1).await;
    page.reload().await;
    page.wait_for_rows(1).await;
    page.back().await;
    page.wait_for_rows(3).await;
    page.follow("+13333333333").await;
    // The page of the person has the one call with them.
    page.wait_for_rows(1).await;
    page.back().await;
    page.wait_for_rows(3).await;
    // Painted before the program, from inside the HTML.
    page.reload().await;
    page.wait_for_rows(3).await;
    let prefix = format!("/{}/", base.rsplit('/').next().unwrap());
    stay_below(&page, &prefix).await;
    places(chromium, base, &prefix).await;
    let worker = "return navigator.serviceWorker.ready.then(({scope}) => new URL(scope).pathname)";
    assert_eq!(page.tab.run(worker).await, prefix);
}

/// No link of the page leads out of the path.
async fn stay_below(page: &HistoryPage, prefix: &str) {
    let links = "return [...document.querySelectorAll('a[href]')].map(link => link.getAttribute('href'))";
    for link in page.tab.strings(links).await {
        let leaves = link.starts_with('/') && !link.starts_with(prefix);
        assert!(!leaves, "{link} leads out of {prefix}");
    }
}

/// The other places: each shows what the API has, whose address is below the path too.
async fn places(chromium: &Chromium, base: &str, prefix: &str) {
    let page = HistoryPage::looked_at(chromium);
    for (path, seen) in [
        ("/", ".latest [data-type]"),
        ("/calls/+12025550123/with/+13333333333", ".known dl"),
        ("/calls/+12025550123?call=1", ".panel .field-error, .panel .found"),
        ("/calls/+12025550123/callbacks", ".queue .message"),
        ("/calls/+13333333333", ".lines .line"),
        ("/lines", ".list-area .message"),
        ("/lines?number=+12025550123", "[data-call]"),
    ] {
        page.tab.go(&format!("{base}{path}")).await;
        page.tab.wait_for(&format!("document.querySelector('{seen}')")).await;
        stay_below(&page, prefix).await;
    }
    chromium.allow_error("the server responded with a status of 404");
    page.tab.go(&format!("{base}/calls/+12025550123")).await;
    page.wait_for_rows(3).await;
}

#[tokio::test]
async fn the_page_works_below_a_base_path() {
    let app = TestApp::with(&["--base-path", "/calls-app"]);
    app.call("+12025550123", "2024-01-31T10:00:00Z", "+13333333333", "Completed Inbound", Some(215_000));
    app.call("+12025550123", "2024-01-31T11:00:00Z", "withheld", "Missed Inbound", None);
    app.call("+12025550123", "2024-01-30T09:00:00Z", "+14444444444", "Completed Outbound", Some(1_000));
    let chromium = Chromium::start().await;
    walk(&chromium, &format!("{}/calls-app", app.address)).await;
    chromium.stop().await;
}

#[tokio::test]
async fn the_page_works_behind_nginx_with_tls_and_a_password() {
    let app = proxies::app("6000/m");
    let nginx = Proxy::nginx(&app);
    let rule = format!("MAP calls.example.com 127.0.0.1:{}", nginx.port);
    let rule = format!("--host-resolver-rules={rule}");
    let chromium = Chromium::with(&[rule.as_str(), "--ignore-certificate-errors"]).await;
    // The browser remembers the password, as if somebody had typed it. A page cannot use addresses that hold
    // one.
    let login = format!("https://alice:{}@calls.example.com/calls-app/api/docs", proxies::PASSWORD);
    chromium.client.goto(&login).await.unwrap();
    walk(&chromium, "https://calls.example.com/calls-app").await;
    chromium.stop().await;
}
