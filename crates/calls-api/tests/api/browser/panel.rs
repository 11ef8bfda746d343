//! The panel of one call.

use super::app_with_calls;
use super::chromium::Chromium;
use super::history_page::HistoryPage;
use super::tab::{DOWN, ENTER, ESCAPE};

const PATH: &str = "/calls/+12025550123";
const OPEN: &str = "document.querySelector('.panel')?.open && document.querySelector('.panel .found')";

#[tokio::test]
async fn enter_on_a_row_opens_its_panel_and_escape_leads_back_to_the_row() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    let page = HistoryPage::open(&chromium, &app.address, &format!("{PATH}?direction=inbound")).await;
    page.wait_for_rows(2).await;
    page.tab.run("document.querySelector('[data-call]').focus()").await;
    page.tab.press(DOWN).await;
    page.tab.press(ENTER).await;
    page.tab.wait_for(OPEN).await;
    let search = page.tab.string("return location.search").await;
    assert!(search.contains("direction=inbound") && search.contains("call="), "{search}");
    let text = page.tab.string("return document.querySelector('.panel').innerText").await;
    for part in ["+1 333-333-3333", "Inbound", "January 31, 2024", "3 min 35 s"] {
        assert!(text.contains(part), "no {part}: {text}");
    }
    // The list below stays as it is.
    assert_eq!(page.rows().await.len(), 2);
    page.tab.press(ESCAPE).await;
    page.tab.wait_for("location.search === '?direction=inbound'").await;
    page.tab.wait_for("document.activeElement.matches('[data-call]')").await;

    page.back().await;
    page.tab.wait_for(OPEN).await;
    page.reload().await;
    page.tab.wait_for(OPEN).await;
    page.tab.press_on("document.querySelector('.panel button')").await;
    page.tab.wait_for("!document.querySelector('.panel').open").await;
    page.wait_for_rows(2).await;
    chromium.stop().await;
}

#[tokio::test]
async fn a_call_says_its_times_in_both_zones_how_it_ended_and_leads_to_its_neighbours() {
    let app = app_with_calls();
    let details = "UPDATE calls SET ring_ms = 12000, disposition = 6, via = 12025550124
        WHERE number = 12025550123 AND created_at = '2024-01-31T11:00:00Z'";
    app.database().execute(details).unwrap();
    let chromium = Chromium::start().await;
    let zone = serde_json::json!({"timezoneId": "Asia/Kathmandu"});
    chromium.dev_tools("Emulation.setTimezoneOverride", zone).await;
    let page = HistoryPage::open(&chromium, &app.address, PATH).await;
    page.wait_for_rows(3).await;
    page.tab.press_on("document.querySelector('a.call-time')").await;
    page.tab.wait_for(OPEN).await;
    let facts = "return [...document.querySelectorAll('.panel .found dt')]
        .map(name => `${name.innerText}: ${name.nextElementSibling.innerText}`)";
    page.tab.wait_for("document.querySelector('.panel .found').innerText.includes('+1 202')").await;
    let facts = page.tab.strings(facts).await;
    for (name, part) in [
        ("Outcome", "Voicemail"),
        ("Your time", "4:45:00"),
        ("Coordinated time", "11:00:00"),
        ("Rang for", "12 seconds"),
        ("Via", "+1 202-555-0124"),
    ] {
        assert!(facts.iter().any(|fact| fact.starts_with(name) && fact.contains(part)), "{name}: {facts:?}");
    }
    // The newest one has an older neighbour alone, which leads on in place.
    let ways = "[...document.querySelectorAll('.panel-ways a')].map(way => way.innerText).join()";
    page.tab.wait_for(&format!("{ways} === 'Older call'")).await;
    page.tab.press_on("document.querySelector('.panel-ways a')").await;
    page.tab.wait_for("document.querySelector('.panel h2')?.innerText === '+1 333-333-3333'").await;
    page.tab.wait_for(&format!("{ways} === 'Newer call,Older call'")).await;
    assert_eq!(page.rows().await.len(), 3);
    page.back().await;
    page.tab.wait_for("document.querySelector('.panel h2')?.innerText === 'Withheld number'").await;
    chromium.stop().await;
}

#[tokio::test]
async fn a_note_is_kept_with_its_call() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    let page = HistoryPage::open(&chromium, &app.address, PATH).await;
    page.wait_for_rows(3).await;
    page.tab.press_on("document.querySelector('a.call-time')").await;
    page.tab.wait_for(OPEN).await;
    page.tab.press_on("document.querySelector('.panel textarea')").await;
    page.tab.type_text("About <the> boat").await;
    page.tab.press_on("document.querySelector('.panel-note button')").await;
    page.tab.wait_for("document.querySelector('.panel-note .hint').innerText === 'Saved'").await;
    page.reload().await;
    page.tab.wait_for("document.querySelector('.panel textarea')?.value === 'About <the> boat'").await;
    chromium.stop().await;
}

#[tokio::test]
async fn a_call_that_is_gone_is_said_so() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    let page = HistoryPage::open(&chromium, &app.address, &format!("{PATH}?call=999")).await;
    page.tab.wait_for("document.querySelector('.panel')?.innerText.includes('not there any more')").await;
    page.tab.press(ESCAPE).await;
    page.tab.wait_for("location.search === ''").await;
    page.wait_for_rows(3).await;
    chromium.allow_error("the server responded with a status of 404");
    chromium.stop().await;
}
