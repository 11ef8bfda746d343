//! The page while the database or the whole server is away.

use serde_json::Value;

use super::app_with_calls;
use super::chromium::Chromium;
use super::history_page::HistoryPage;
use super::home_page::HomePage;
use super::tab::Tab;
use crate::test_app::TestApp;

const NUMBER: &str = "/calls/+12025550123";
const OTHER: &str = "/calls/+13333333333";
/// Chromium's own console messages for a server that is gone, and for one without its database.
const NO_SERVER: &str = "net::ERR_CONNECTION_REFUSED";
const NO_DATABASE: &str = "the server responded with a status of 503";
/// Notice above calls that are kept.
const KEPT: &str =
    "document.querySelector('[data-notice]')?.innerText.includes('last known calls, 12 min old')";

/// A history that was looked at, and that the tab keeps as it was twelve minutes ago.
async fn looked_at(chromium: &Chromium, app: &TestApp) -> HistoryPage {
    // The next attempt comes after 5 s.
    chromium.before_each_page("Math.random = () => 0").await;
    let page = HistoryPage::open(chromium, &app.address, NUMBER).await;
    page.wait_for_rows(3).await;
    page.wait_for_stream().await;
    page
}

async fn age(page: &HistoryPage) {
    let script = "for (const name of Object.keys(sessionStorage))
            sessionStorage[name] = sessionStorage[name].replace(/^\\d+/, time => time - 725_000)";
    page.tab.run(script).await;
}

/// Waits until the page would open without the server.
async fn wait_for_worker(tab: &Tab) {
    tab.wait_for("navigator.serviceWorker.controller").await;
}

#[tokio::test]
async fn a_reload_without_the_database_shows_the_last_known_calls_and_recovers_by_itself() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    chromium.allow_error(NO_DATABASE);
    let page = looked_at(&chromium, &app).await;
    app.database().refuse_connections();
    age(&page).await;

    // Before the program is there.
    chromium
        .before_each_page(
            "WebAssembly.instantiateStreaming = WebAssembly.instantiate = () => new Promise(() => {})",
        )
        .await;
    page.reload().await;
    page.tab.wait_for("document.querySelectorAll('[data-call]').length === 3").await;
    page.tab.wait_for("document.querySelector('.freshness').innerText === 'Updated 12 min ago'").await;

    // And with it, in a tab that is a copy of this one.
    let copy = "return open(location.href) !== null";
    assert_eq!(page.tab.run(copy).await, Value::Bool(true));
    chromium.go_to_newest_tab().await;
    page.tab.wait_for(KEPT).await;
    assert_eq!(page.rows().await.len(), 3);
    app.database().accept_connections();
    page.wait_for_no_notice().await;
    page.wait_for_stream().await;
    chromium.stop().await;
}

#[tokio::test]
async fn a_reload_without_the_server_shows_the_last_known_calls_and_recovers_by_itself() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    chromium.allow_error(NO_SERVER);
    chromium.allow_error("net::ERR_INCOMPLETE_CHUNKED_ENCODING");
    let page = looked_at(&chromium, &app).await;
    wait_for_worker(&page.tab).await;
    let killed = app.kill();
    age(&page).await;
    page.reload().await;
    page.tab.wait_for(KEPT).await;
    assert_eq!(page.rows().await.len(), 3);

    // Another number was not looked at, and the home page needs nobody.
    let address = page.tab.string("return location.origin").await;
    let other = HistoryPage::open(&chromium, &address, OTHER).await;
    other.wait_for_state("error").await;
    assert_eq!(other.rows().await.len(), 0);
    let home = HomePage::open(&chromium, &address).await;
    assert_eq!(home.recent().await.len(), 1);

    let page = HistoryPage::open(&chromium, &address, NUMBER).await;
    page.tab.wait_for("document.querySelector('[data-notice]')").await;
    let app = killed.start_again();
    page.wait_for_no_notice().await;
    page.wait_for_stream().await;
    chromium.stop().await;
    drop(app);
}

#[tokio::test]
async fn calls_that_are_gone_or_of_another_number_or_forgotten_are_not_shown() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    chromium.allow_error(NO_DATABASE);
    let page = looked_at(&chromium, &app).await;
    app.database().refuse_connections();
    let other = HistoryPage::open(&chromium, &app.address, OTHER).await;
    other.wait_for_state("error").await;
    assert_eq!(other.rows().await.len(), 0);
    let filtered = HistoryPage::open(&chromium, &app.address, &format!("{NUMBER}?outcome=missed")).await;
    filtered.wait_for_state("error").await;
    assert_eq!(filtered.rows().await.len(), 0);

    app.database().accept_connections();
    HistoryPage::open(&chromium, &app.address, NUMBER).await.wait_for_rows(3).await;
    let output = app.database().calls(&["erase", "+12025550123"]);
    assert!(output.status.success(), "{output:?}");
    HistoryPage::open(&chromium, &app.address, NUMBER).await.wait_for_state("empty").await;
    app.database().refuse_connections();
    page.reload().await;
    page.tab.wait_for("document.querySelector('[data-notice]')").await;
    page.wait_for_state("empty").await;

    let home = HomePage::open(&chromium, &app.address).await;
    home.clear_recent().await;
    assert_eq!(home.tab.run("return sessionStorage.length").await, Value::from(0));
    HistoryPage::open(&chromium, &app.address, NUMBER).await.wait_for_state("error").await;
    app.database().accept_connections();
    chromium.stop().await;
}

#[tokio::test]
async fn the_service_worker_keeps_one_build_and_no_calls() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    let tab = Tab::open(&chromium, &app.address, "/api/docs").await;
    tab.run("return caches.open('calls-of-another-build').then(() => true)").await;
    let page = looked_at(&chromium, &app).await;
    wait_for_worker(&page.tab).await;
    page.reload().await;
    page.wait_for_rows(3).await;
    page.wait_for_stream().await;
    let script = "return (async () => {
            const kept = [];
            for (const name of await caches.keys()) {
                const cache = await caches.open(name);
                for (const request of await cache.keys()) {
                    const text = await (await cache.match(request)).text();
                    kept.push([name, new URL(request.url).pathname, text.includes('3333333333')]);
                }
            }
            return kept;
        })()";
    let kept: Vec<(String, String, bool)> = serde_json::from_value(page.tab.run(script).await).unwrap();
    assert!(kept.len() >= 6 && kept.iter().any(|(_, path, _)| path == "/shell"), "{kept:?}");
    assert!(kept.iter().all(|(_, path, has_calls)| !has_calls && !path.starts_with("/api")), "{kept:?}");
    assert!(kept.iter().all(|(name, ..)| *name == kept[0].0), "{kept:?}");
    chromium.stop().await;
}
