//! The rows that stand there before the program does.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use fantoccini::Client;
use fantoccini::wd::WebDriverCompatibleCommand;
use serde_json::{Value, json};

use super::chromium::Chromium;
use crate::test_app::TestApp;

const PATIENCE: Duration = Duration::from_secs(90);

/// Calls of today, of yesterday and of last year, with everything that a row can show.
fn app_with_all_kinds_of_calls() -> TestApp {
    let app = TestApp::new();
    for (kind, label) in [("local", "1001"), ("local", "*97"), ("sip", "sip:alice&bob@example.com")] {
        app.database().add_party(kind, label);
    }
    let now = Utc::now();
    let at = |hours: i64| (now - TimeDelta::hours(hours)).to_rfc3339();
    for (hours, party, call_type, ms) in [
        (0, "+13333333333", "Completed Outbound", Some(400)),
        (1, "+12025550177", "Missed Inbound", None),
        (2, "+4930123456", "Completed Inbound", Some(37_400)),
        (3, "withheld", "Missed Inbound", None),
        (26, "unknown", "Completed Inbound", Some(4_361_000)),
        (27, "+13333333333", "Missed Inbound", None),
        (28, "1001", "Missed Inbound", None),
        (50, "*97", "Completed Outbound", Some(3_600_000)),
        (51, "sip:alice&bob@example.com", "Completed Inbound", Some(59_700)),
        (9000, "+442079460958", "Missed Outbound", None),
        (9001, "unknown", "Missed Outbound", None),
    ] {
        app.call("+12025550123", &at(hours), party, call_type, ms);
    }
    app
}

/// The visible list: each heading's and row's text, and where its parts are.
async fn look(client: &Client) -> Vec<Value> {
    // Word of a program that could not be loaded would move the rows.
    let script = "document.querySelector('[data-notice=program]')?.remove();
        const place = element => {
            const box = element.getBoundingClientRect();
            return [box.left, box.top, box.width, box.height].map(Math.round).join(' ');
        };
        const parts = '.call-time, .call-icon, .call-type-text, .call-party, .call-note, .call-duration, .call-returned';
        return [...document.querySelectorAll('.day-heading, [data-call]')].map(element => ({
            // The number of all calls of a day is not known yet.
            text: element.innerText.replace(element.querySelector('.day-count')?.innerText ?? '', '').trim(),
            place: place(element),
            parts: [...element.querySelectorAll(parts)].map(part => part.className + ' ' + place(part)),
            link: element.querySelector('.call-party a')?.getAttribute('href') ?? null,
            call: element.dataset.call ?? null,
        }))";
    let found = client.execute(script, Vec::new()).await.unwrap();
    found.as_array().expect("a list").clone()
}

async fn wait_for(client: &Client, condition: &str) {
    let deadline = std::time::Instant::now() + PATIENCE;
    let script = format!("return !!({condition})");
    while client.execute(&script, Vec::new()).await.unwrap() != Value::Bool(true) {
        assert!(std::time::Instant::now() < deadline, "expected {condition}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn the_first_rows_are_those_that_the_program_paints() {
    let app = app_with_all_kinds_of_calls();
    let chromium = Chromium::start().await;
    chromium.allow_error("Failed to fetch");
    chromium.allow_error("net::ERR_BLOCKED_BY_CLIENT");
    let client = &chromium.client;
    let address = format!("{}/calls/+12025550123", app.address);
    for width in [1280, 500] {
        client.set_window_size(width, 900).await.unwrap();
        block(client, &["*.wasm"]).await;
        client.goto(&address).await.unwrap();
        wait_for(client, "document.querySelectorAll('[data-call]').length === 11").await;
        let first = look(client).await;
        assert_eq!(first.iter().filter(|part| !part["call"].is_null()).count(), 11);
        assert_eq!(client.execute("return window.wasmBindings", Vec::new()).await.unwrap(), Value::Null);

        block(client, &[]).await;
        client.goto(&address).await.unwrap();
        wait_for(client, "window.wasmBindings && document.querySelector('main').dataset.state === 'ready'")
            .await;
        let program = look(client).await;
        for (painted, shown) in first.iter().zip(&program) {
            assert_eq!(painted, shown, "{width} pixels wide");
        }
        // The program has only what is near the window.
        assert!(program.len() > 8, "{}", program.len());
    }
    chromium.stop().await;
}

#[tokio::test]
async fn a_link_of_the_first_rows_leads_on_without_the_program() {
    let app = app_with_all_kinds_of_calls();
    let chromium = Chromium::start().await;
    chromium.allow_error("Failed to fetch");
    chromium.allow_error("net::ERR_BLOCKED_BY_CLIENT");
    let client = &chromium.client;
    block(client, &["*.wasm"]).await;
    client.goto(&format!("{}/calls/+12025550123", app.address)).await.unwrap();
    wait_for(client, "document.querySelector('[data-call] a[href$=\"13333333333\"]')").await;
    client
        .execute("document.querySelector('[data-call] a[href$=\"13333333333\"]').click()", Vec::new())
        .await
        .unwrap();
    wait_for(client, "location.pathname.endsWith('13333333333')").await;
    chromium.stop().await;
}

#[tokio::test]
async fn the_program_is_asked_for_after_the_first_rows_and_little_before_them() {
    /// Bytes over the wire.
    const LIMIT: u64 = 20_000;
    let app = TestApp::new();
    let rows = "INSERT INTO calls (number, counterparty, created_at, type)
                SELECT 12025550123, 13000000000 + i * 7919, timestamptz '2024-01-31 10:00Z' - i * interval '7 h',
                       'Missed Inbound' FROM generate_series(1, 60) AS i";
    app.database().store_calls(rows).unwrap();
    let chromium = Chromium::start().await;
    let note_first_row = "new MutationObserver((_, observer) => {
            if (!document.querySelector('[data-call]')) return;
            observer.disconnect();
            requestAnimationFrame(() => window.rowAt = performance.now());
        }).observe(document, {childList: true, subtree: true});";
    chromium.before_each_page(note_first_row).await;
    let client = &chromium.client;
    client.goto(&format!("{}/calls/+12025550123", app.address)).await.unwrap();
    wait_for(client, "window.rowAt && window.wasmBindings").await;
    let script = "return ['navigation', 'resource'].flatMap(type => performance.getEntriesByType(type))
        .map(entry => [entry.name, entry.startTime < window.rowAt, entry.transferSize])";
    let found = client.execute(script, Vec::new()).await.unwrap();
    let requests: Vec<(String, bool, u64)> = serde_json::from_value(found).unwrap();
    let (before, after): (Vec<_>, Vec<_>) = requests.iter().partition(|(_, is_before, _)| *is_before);
    let bytes = |requests: &[&(String, bool, u64)]| requests.iter().map(|(.., bytes)| bytes).sum::<u64>();
    println!("{} bytes until the first row, {} after it", bytes(&before), bytes(&after));
    // Style and scripts are inside the HTML: there is no second round trip.
    assert!(before.len() == 1 && bytes(&before) > 10_000, "{before:?}");
    assert!(bytes(&before) <= LIMIT, "{before:?}");
    assert!(after.iter().any(|(name, ..)| name.ends_with(".wasm")), "{after:?}");
    chromium.stop().await;
}

#[tokio::test]
async fn the_program_comes_also_where_the_first_rows_cannot_be_painted() {
    let app = app_with_all_kinds_of_calls();
    let chromium = Chromium::start().await;
    let break_once = "const honest = window.matchMedia;
        window.matchMedia = () => { window.matchMedia = honest; throw new Error('broken on purpose') };";
    chromium.before_each_page(break_once).await;
    let client = &chromium.client;
    client.goto(&format!("{}/calls/+12025550123", app.address)).await.unwrap();
    wait_for(client, "window.wasmBindings && document.querySelector('main').dataset.state === 'ready'").await;
    chromium.allow_error("broken on purpose");
    chromium.stop().await;
}

/// From now on no address like these is loaded.
async fn block(client: &Client, addresses: &[&str]) {
    client.issue_cmd(DevTools("Network.enable", json!({}))).await.unwrap();
    // The service worker would have them.
    client.issue_cmd(DevTools("Network.setBypassServiceWorker", json!({"bypass": true}))).await.unwrap();
    client.issue_cmd(DevTools("Network.setBlockedURLs", json!({"urls": addresses}))).await.unwrap();
}

/// A command of the Chrome DevTools Protocol, by chromedriver's own way.
#[derive(Debug)]
struct DevTools(&'static str, Value);

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (ureq::http::Method, Option<String>) {
        (ureq::http::Method::POST, Some(json!({"cmd": self.0, "params": self.1}).to_string()))
    }
}
