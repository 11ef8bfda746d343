//! The way back to a list: the same call at the same height, and the focus where it was.

use super::chromium::Chromium;
use super::history_page::HistoryPage;
use super::tab::ENTER;
use crate::test_app::TestApp;

const OWNER: &str = "/calls/+12025550123";
/// The first call that is seen, where it stands, and which call has the focus.
const SEEN: &str = "(() => {
    const row = [...document.querySelectorAll('[data-call]')].find(row => row.getBoundingClientRect().bottom > 0);
    return {
        call: row?.dataset.call ?? null,
        top: row?.getBoundingClientRect().top ?? 0,
        focus: document.activeElement.closest('[data-call]')?.dataset.call ?? null,
    };
})()";
/// A link in the lower half of the window.
const LINK: &str = "[...document.querySelectorAll('.call-party a')]
    .find(link => link.getBoundingClientRect().top > innerHeight / 2)";

/// Calls of some hundred days, in which every tenth row is higher than the others.
fn app_with_long_history() -> TestApp {
    let app = TestApp::new();
    let long =
        "sip:a.name.that.is.too.long.for.one.line@telephones.of.a.company.with.a.long.name.example.com";
    let party = app.database().add_party("sip", long);
    let rows = format!(
        "INSERT INTO calls (number, counterparty, created_at, type)
         SELECT 12025550123, CASE WHEN i % 10 = 0 THEN {party} ELSE 13000000000 + i % 500 END,
                timestamptz '2024-01-31 10:00Z' - i * interval '95 minutes', 'Completed Inbound'
         FROM generate_series(1, 2000) AS i"
    );
    app.database().store_calls(&rows).unwrap();
    app
}

/// Scrolls down as far, and waits until the page stands still.
async fn scroll_to(page: &HistoryPage, y: u32) {
    page.tab.wait_for(&format!("(scrollTo(0, {y}), scrollY > {y} - 100)")).await;
    let still = format!(
        "(() => {{ const now = JSON.stringify({SEEN}) + document.body.scrollHeight;
            window.same = now === window.last ? window.same + 1 : 0;
            window.last = now;
            return window.same > 5 }})()"
    );
    page.tab.wait_for(&still).await;
}

#[tokio::test]
async fn back_leads_to_the_same_call_at_the_same_height_after_a_click_and_after_enter() {
    let app = app_with_long_history();
    let chromium = Chromium::start().await;
    let page = HistoryPage::open(&chromium, &app.address, OWNER).await;
    page.wait_for_state("ready").await;
    for (depth, by_key) in [(4_000, false), (4_000, true), (15_000, false), (15_000, true), (900, false)] {
        scroll_to(&page, depth).await;
        if by_key {
            page.tab.run(&format!("{LINK}.focus({{preventScroll: true}})")).await;
        }
        let before = page.tab.run(&format!("return {SEEN}")).await;
        let call = page.tab.string(&format!("return {LINK}.closest('[data-call]').dataset.call")).await;
        match by_key {
            true => page.tab.press(ENTER).await,
            false => page.tab.press_on(LINK).await,
        }
        page.tab.wait_for("location.pathname !== '/calls/+12025550123'").await;
        page.wait_for_state("ready").await;
        page.back().await;
        page.wait_for_path(OWNER).await;
        page.wait_for_state("ready").await;
        let same = format!(
            "(() => {{ const now = {SEEN};
                return now.call === '{}' && Math.abs(now.top - {}) <= 2 && now.focus === '{call}' }})()",
            before["call"].as_str().unwrap(),
            before["top"]
        );
        let patience = std::time::Duration::from_secs(60);
        if tokio::time::timeout(patience, page.tab.wait_for(&same)).await.is_err() {
            let now = page.tab.run(&format!("return {SEEN}")).await;
            panic!(
                "{depth} px, by key: {by_key}: expected {before} with the focus in {call}, but found {now}"
            );
        }
    }
    chromium.stop().await;
}

#[tokio::test]
async fn back_from_another_filter_and_from_the_first_page_leads_to_the_same_calls() {
    let app = app_with_long_history();
    let chromium = Chromium::start().await;
    let page = HistoryPage::open(&chromium, &app.address, OWNER).await;
    page.wait_for_state("ready").await;
    scroll_to(&page, 4_000).await;
    let before = page.tab.run(&format!("return {SEEN}")).await;
    let same = format!(
        "(() => {{ const now = {SEEN}; return now.call === '{}' && Math.abs(now.top - {}) <= 2 }})()",
        before["call"].as_str().unwrap(),
        before["top"]
    );
    // By the address alone, as from a bookmark of the same page.
    page.tab
        .run("document.querySelector('a.chip[href*=\"outcome=missed\"]').focus({preventScroll: true})")
        .await;
    page.tab.press(ENTER).await;
    page.tab.wait_for("location.search.includes('outcome=missed')").await;
    page.back().await;
    page.tab.wait_for(&same).await;

    page.tab.run("document.querySelector('a.brand').focus({preventScroll: true})").await;
    page.tab.press(ENTER).await;
    page.tab.wait_for("document.querySelector('main.home')").await;
    page.back().await;
    page.wait_for_state("ready").await;
    page.tab.wait_for(&same).await;
    chromium.stop().await;
}
