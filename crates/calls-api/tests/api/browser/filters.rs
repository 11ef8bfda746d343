//! What chooses the calls that are shown.

use std::time::{Duration, Instant};

use super::app_with_calls;
use super::chromium::Chromium;
use super::history_page::HistoryPage;
use super::tab::PATIENCE;

#[tokio::test]
async fn a_search_is_in_the_address_and_can_be_shared() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    let page = HistoryPage::open(&chromium, &app.address, "/calls/+12025550123").await;
    page.wait_for_rows(3).await;
    page.search("+1 333").await;
    page.wait_for_rows(1).await;
    page.choose("Inbound").await;
    page.tab.wait_for("location.search.includes('direction=inbound')").await;
    page.wait_for_rows(1).await;
    page.back().await;
    page.tab.wait_for("!location.search.includes('direction')").await;
    page.forward().await;
    page.tab.wait_for("location.search.includes('direction=inbound')").await;

    let shared = page.tab.string("return location.pathname + location.search").await;
    chromium.open_tab().await;
    let other = HistoryPage::open(&chromium, &app.address, &shared).await;
    other.wait_for_rows(1).await;
    assert_eq!(other.tab.string("return document.querySelector('#search').value").await, "+1 333");
    let chosen = "return document.querySelector('.chip[aria-current]').innerText";
    assert!(other.tab.string(chosen).await.starts_with("Inbound"));

    other.search("999").await;
    other.wait_for_state("no-match").await;
    other.choose("Show all calls").await;
    other.wait_for_rows(3).await;
    assert_eq!(other.tab.string("return location.search").await, "");
    chromium.stop().await;
}

#[tokio::test]
async fn the_saved_file_has_the_calls_of_the_filter() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    let page = HistoryPage::open(&chromium, &app.address, "/calls/+12025550123?outcome=missed").await;
    page.wait_for_rows(2).await;
    page.choose("Save as CSV").await;
    let deadline = Instant::now() + PATIENCE;
    let file = loop {
        let files = std::fs::read_dir(chromium.downloads()).into_iter().flatten().flatten();
        let mut names = files.map(|file| file.path());
        let file = names.find(|path| path.extension().is_some_and(|name| name == "csv"));
        // Chromium makes an empty file of the name first, and puts the whole one in its place.
        let text = file.and_then(|file| std::fs::read_to_string(file).ok());
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            break text;
        }
        assert!(Instant::now() < deadline, "nothing was saved");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(file, app.get("/api/calls/+12025550123?outcome=missed&format=csv").body);
    assert_eq!(file.lines().count(), 3, "{file}");
    chromium.stop().await;
}
