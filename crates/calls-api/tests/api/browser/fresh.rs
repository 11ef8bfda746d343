//! New calls on the page, and failures to fetch them.

use std::time::{Duration, Instant};

use super::app_with_calls;
use super::chromium::Chromium;
use super::history_page::HistoryPage;
use super::home_page::HomePage;
use crate::cdr;
use crate::test_app::TestApp;

/// Chromium's own console message for a server that is gone.
const NO_SERVER: &str = "net::ERR_CONNECTION_REFUSED";

#[tokio::test]
async fn a_killed_api_leaves_the_calls_with_a_growing_retry_and_the_page_recovers_by_itself() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    // The retry's delay is `floor((random + 0.5) * 2^count)` times 5 s: 5, 10, 20 s and so on.
    chromium.before_each_page("Math.random = () => 0").await;
    let page = HistoryPage::open(&chromium, &app.address, "/calls/+12025550123").await;
    page.wait_for_state("ready").await;
    page.wait_for_stream().await;
    page.write_down_retries().await;

    let killed = app.kill();
    page.wait_for_notice_while_looking_back().await;
    assert_eq!(page.rows().await.len(), 3);
    assert!(page.text().await.contains("last known calls"));
    page.wait_for_retries(3).await;
    let announced = page.retries().await;
    // The delay is counted down from its full length, or a little less where the machine is slow.
    let longest = [5, 10, 20];
    assert!(
        announced.is_sorted() && announced.iter().zip(longest).all(|(s, most)| *s <= most),
        "{announced:?}"
    );
    assert!(announced[0] < announced[1] && announced[1] < announced[2], "{announced:?}");
    assert_eq!(page.rows().await.len(), 3);

    let app = killed.start_again();
    app.call("+12025550123", "2024-02-01T09:00:00Z", "+14444444444", "Missed Inbound", None);
    // By the stream of new calls, or else by the retry, which is 20 s away.
    page.tab.wait_for("document.querySelectorAll('[data-call]').length === 4").await;
    page.wait_for_no_notice().await;
    chromium.allow_error(NO_SERVER);
    // The stream of new calls breaks in the middle.
    chromium.allow_error("net::ERR_INCOMPLETE_CHUNKED_ENCODING");
    chromium.stop().await;
}

/// Opens a history of one call, sends another one, and prints how long it took from the answer to the row.
async fn see_what_is_sent(app: &TestApp, send: impl FnOnce()) {
    app.call("+12025550123", "2024-01-30T10:00:00Z", "+14444444444", "Missed Inbound", None);
    let chromium = Chromium::start().await;
    let page = HistoryPage::open(&chromium, &app.address, "/calls/+12025550123").await;
    page.wait_for_rows(1).await;
    page.wait_for_stream().await;
    send();
    let sent = Instant::now();
    page.wait_for_rows(2).await;
    let took = sent.elapsed();
    println!("the call was on the page {} ms after it was stored", took.as_millis());
    // The page asks by itself every 30 s, so it is the stream that tells.
    assert!(took < Duration::from_secs(25), "{took:?}");
    chromium.stop().await;
}

#[tokio::test]
async fn a_call_that_freeswitch_sends_appears_on_the_page_by_itself() {
    let app = TestApp::with(&["--ingest-token", cdr::TOKEN]);
    let send = || assert_eq!(cdr::freeswitch(&app, "application/json", cdr::JSON_CDR).status, 200);
    see_what_is_sent(&app, send).await;
}

#[tokio::test]
async fn a_call_that_twilio_sends_appears_on_the_page_by_itself() {
    let app = cdr::twilio();
    let send = || assert_eq!(cdr::callback(&app, &cdr::ended("completed")).json()["added"], 1);
    see_what_is_sent(&app, send).await;
}

#[tokio::test]
async fn without_a_network_the_page_says_so_keeps_the_calls_and_catches_up_afterwards() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    let page = HistoryPage::open(&chromium, &app.address, "/calls/+12025550123").await;
    page.wait_for_rows(3).await;
    page.wait_for_stream().await;
    chromium.set_offline(true).await;
    page.tab.wait_for("document.querySelector('[data-notice=offline]')").await;
    let text = page.text().await;
    assert!(text.contains("offline") && text.contains("Waiting for the network"), "{text}");
    assert!(page.announced().await.contains("offline"));
    app.call("+12025550123", "2024-02-01T09:00:00Z", "+14444444444", "Missed Inbound", None);
    assert_eq!(page.rows().await.len(), 3);
    chromium.set_offline(false).await;
    page.wait_for_rows(4).await;
    page.wait_for_no_notice().await;
    chromium.allow_error("net::ERR_INTERNET_DISCONNECTED");
    chromium.stop().await;
}

#[tokio::test]
async fn each_of_two_tabs_is_live_when_it_is_looked_at_and_knows_what_the_other_has_seen() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    let page = HistoryPage::open(&chromium, &app.address, "/calls/+12025550123").await;
    page.wait_for_rows(3).await;
    page.wait_for_stream().await;
    let first = chromium.open_tab().await;
    let page = HistoryPage::open(&chromium, &app.address, "/calls/+12025550123").await;
    page.wait_for_rows(3).await;
    page.wait_for_stream().await;
    app.call("+12025550123", "2024-02-01T09:00:00Z", "+14444444444", "Missed Inbound", None);
    page.wait_for_rows(4).await;
    page.follow("+14444444444").await;
    page.wait_for_path("/calls/+12025550123/with/+14444444444").await;
    page.wait_for_heading("444").await;

    chromium.go_to_tab(&first).await;
    page.wait_for_rows(4).await;
    page.wait_for_stream().await;
    app.call("+12025550123", "2024-02-01T10:00:00Z", "+14444444444", "Missed Inbound", None);
    page.wait_for_rows(5).await;
    let home = HomePage::open(&chromium, &app.address).await;
    let recent = home.recent().await;
    assert!(recent[0].contains("444"), "{recent:?}");
    chromium.stop().await;
}

#[tokio::test]
async fn a_new_call_is_not_announced_and_a_filter_is_once() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    let note = "window.said = [];
        new MutationObserver(() => {
            for (const status of document.querySelectorAll('[role=status]')) {
                const text = status.innerText.trim();
                if (text && said.at(-1) !== text) said.push(text);
            }
        }).observe(document, {subtree: true, childList: true, characterData: true});";
    chromium.before_each_page(note).await;
    let page = HistoryPage::open(&chromium, &app.address, "/calls/+12025550123").await;
    page.wait_for_rows(3).await;
    page.wait_for_stream().await;
    app.call("+12025550123", "2024-02-01T09:00:00Z", "+14444444444", "Missed Inbound", None);
    page.wait_for_rows(4).await;
    page.tab.wait_for("document.querySelector('.chip-count').innerText === '4'").await;
    assert_eq!(page.tab.strings("return window.said").await, [""; 0]);
    page.choose("Missed").await;
    page.wait_for_rows(2).await;
    page.tab.wait_for("window.said.length").await;
    app.call("+12025550123", "2024-02-01T10:00:00Z", "+14444444444", "Missed Inbound", None);
    page.wait_for_rows(3).await;
    page.tab.wait_for("document.querySelectorAll('.chip-count')[1].innerText === '3'").await;
    assert_eq!(page.tab.strings("return window.said").await, ["2 calls match."]);
    chromium.stop().await;
}
