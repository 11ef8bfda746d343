//! Filters of the calls that are shown.

use std::time::{Duration, Instant};

use super::app_with_calls;
use super::chromium::Chromium;
use super::history_page::HistoryPage;
use super::tab::{ENTER, PATIENCE};

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

/// The file that the browser saves, once it is whole.
async fn saved(chromium: &Chromium) -> String {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let files = std::fs::read_dir(chromium.downloads()).into_iter().flatten().flatten();
        let mut names = files.map(|file| file.path());
        let file = names.find(|path| path.extension().is_some_and(|name| name == "csv"));
        // Chromium makes an empty file of the name first, and puts the whole one in its place.
        let text = file.and_then(|file| std::fs::read_to_string(file).ok());
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            return text;
        }
        assert!(Instant::now() < deadline, "nothing was saved");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn the_file_for_excel_speaks_the_pages_language() {
    let app = app_with_calls();
    app.call("+12025550123", "2024-02-01T10:00:00Z", "+4930123456", "Missed Outbound", None);
    let chromium = Chromium::start().await;
    let page = HistoryPage::open(&chromium, &app.address, "/calls/+12025550123").await;
    page.tab.run("document.cookie = 'lang=de; path=/'").await;
    page.reload().await;
    page.wait_for_rows(4).await;
    page.tab.click("[data-excel]").await;
    let file = saved(&chromium).await;
    let lines: Vec<&str> = file.lines().collect();
    assert!(lines[0].starts_with('\u{feff}') && lines[0].contains("\"Zeit ("), "{file}");
    assert!(lines[0].contains("\";\"Richtung\";") && lines[0].contains("\"Nummer\""), "{file}");
    assert_eq!(lines.len(), 5);
    assert!(
        lines[1].starts_with("2024-02-01 ") && lines[1].contains(";\"Ausgehend\";\"Keine Antwort\";"),
        "{file}"
    );
    // Excel takes a formula of a text for text: the plus stays.
    assert!(lines[1].contains(";\"=\"\"+4930123456\"\"\";") && file.contains(";00:03:35;"), "{file}");
    chromium.stop().await;
}

#[tokio::test]
async fn the_saved_file_has_the_calls_of_the_filter() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    let page = HistoryPage::open(&chromium, &app.address, "/calls/+12025550123?outcome=missed").await;
    page.wait_for_rows(1).await;
    page.tab.click("a.export[download]").await;
    let file = saved(&chromium).await;
    assert_eq!(file, app.get("/api/calls/+12025550123?outcome=missed&direction=inbound&format=csv").body);
    assert_eq!(file.lines().count(), 2, "{file}");
    chromium.stop().await;
}

#[tokio::test]
async fn each_filter_says_what_it_is_and_can_be_taken_back() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    let page = HistoryPage::open(&chromium, &app.address, "/calls/+12025550123").await;
    page.wait_for_rows(3).await;
    let chosen = "return [...document.querySelectorAll('div.chosen > *')].map(part => part.innerText.trim())";
    let title = "return document.title";
    assert_eq!(page.tab.strings(chosen).await, [""; 0]);
    assert_eq!(page.tab.string(title).await, "+1 202-555-0123 · Calls");

    // By a bar of the chart, which says no more than its place.
    page.tab.wait_for("document.querySelector('[data-chart=bars] svg')").await;
    let bar = "const box = document.querySelector('[data-chart=bars] svg').getBoundingClientRect();
        return [box.x + box.width * 0.75, box.y + box.height - 4]";
    let [x, y]: [f64; 2] = serde_json::from_value(page.tab.run(bar).await).unwrap();
    page.tab.press_at(x, y).await;
    page.wait_for_rows(2).await;
    assert_eq!(page.tab.strings(chosen).await, ["Wed, Jan 31, 2024", "Clear filters"]);
    page.tab.press_on("document.querySelector('.chip[data-show=\"direction=inbound\"]')").await;
    page.tab.press_on("document.querySelector('#search')").await;
    page.tab.type_text("+1333").await;
    page.wait_for_rows(1).await;
    assert_eq!(
        page.tab.strings(chosen).await,
        ["Inbound", "With +1333", "Wed, Jan 31, 2024", "Clear filters"]
    );
    assert_eq!(
        page.tab.string(title).await,
        "Inbound, With +1333, Wed, Jan 31, 2024: +1 202-555-0123 · Calls"
    );

    // On paper too, where nothing can be pressed.
    chromium.set_media("print", &[]).await;
    let seen = "return [...document.querySelectorAll('div.chosen > *')]
        .filter(part => part.checkVisibility()).map(part => part.innerText.trim())";
    assert_eq!(page.tab.strings(seen).await, ["Inbound", "With +1333", "Wed, Jan 31, 2024"]);
    chromium.set_media("screen", &[]).await;

    page.tab.press_on("document.querySelectorAll('.chosen a')[1]").await;
    page.wait_for_rows(2).await;
    assert_eq!(page.tab.string("return document.querySelector('#search').value").await, "");
    // By keyboard the focus stays with the filters.
    page.tab.run("document.querySelector('.chosen a').focus()").await;
    page.tab.press(ENTER).await;
    page.tab.wait_for("document.querySelectorAll('.chosen a').length === 2").await;
    assert!(page.tab.string("return document.activeElement.innerText").await.contains("2024"));
    page.tab.press_on("document.querySelector('.clear')").await;
    page.wait_for_rows(3).await;
    page.tab.wait_for("location.search === '' && !document.querySelector('.chosen a')").await;
    chromium.stop().await;
}

#[tokio::test]
async fn a_period_is_in_the_address_by_its_days_and_no_chip_moves() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    let page = HistoryPage::open(&chromium, &app.address, "/calls/+12025550123").await;
    page.wait_for_rows(3).await;
    page.tab.wait_for("document.querySelector('.chip-count').innerText").await;
    let places = "return [...document.querySelectorAll('.periods .chip')]
        .map(chip => Math.round(chip.getBoundingClientRect().x)).join()";
    let before = page.tab.string(places).await;
    page.tab.press_on("document.querySelector('.chip[data-period=\"this-week\"]')").await;
    page.tab.wait_for("/^\\?from=\\d{4}-\\d\\d-\\d\\d&to=\\d{4}-\\d\\d-\\d\\d$/.test(location.search)").await;
    page.wait_for_state("no-match").await;
    assert_eq!(page.tab.string(places).await, before);
    let chosen = "return document.querySelector('.periods [aria-current]').innerText.trim()";
    assert_eq!(page.tab.string(chosen).await, "This week");
    // The addresses of before still work.
    let old = HistoryPage::open(&chromium, &app.address, "/calls/+12025550123?period=last-month").await;
    old.wait_for_state("no-match").await;
    assert_eq!(old.tab.string(chosen).await, "Last month");
    chromium.stop().await;
}
