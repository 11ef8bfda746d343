//! Several lines as one list.

use super::chromium::Chromium;
use super::tab::{ENTER, Tab};
use crate::test_app::TestApp;

/// Two lines of a family with three calls, one of which has a name.
fn app_with_lines() -> TestApp {
    let app = TestApp::new();
    app.call("+12025550123", "2024-01-31T10:00:00Z", "+13333333333", "Missed Inbound", None);
    app.call("+4930123456", "2024-01-31T11:00:00Z", "+13333333333", "Completed Inbound", Some(60_000));
    app.call("+4930123456", "2024-01-30T11:00:00Z", "+14444444444", "Completed Outbound", Some(1_000));
    let name = "INSERT INTO names (party, book, name, said_at) VALUES (12025550123, '', 'Kitchen', now())";
    app.database().execute(name).unwrap();
    app.database().calls(&["lines", "set", "Family", "+12025550123", "+4930123456"]);
    app
}

async fn wait_for_rows(tab: &Tab, count: usize) {
    tab.wait_for(&format!("document.querySelectorAll('[data-call]').length === {count}")).await;
}

#[tokio::test]
async fn the_lines_of_a_family_are_one_list_that_is_live() {
    let app = app_with_lines();
    let chromium = Chromium::start().await;
    let tab = Tab::open(&chromium, &app.address, "/lines").await;
    tab.wait_for("document.querySelector('.line')?.innerText.includes('Kitchen')").await;
    let set = tab.string("return document.querySelector('.line').innerText").await;
    assert!(set.contains("Family") && set.contains("+49 30 123456"), "{set}");
    tab.press_on("document.querySelector('.line')").await;
    wait_for_rows(&tab, 3).await;
    // Each row says whose line it is, by its name or in the page's spelling.
    tab.wait_for("document.querySelectorAll('[data-call]')[1].innerText.includes('Kitchen')").await;
    let rows = "return [...document.querySelectorAll('[data-call]')].map(row => row.innerText)";
    assert!(tab.strings(rows).await[0].contains("+49 30 123456"));
    assert_eq!(tab.string("return document.querySelector('h1').innerText").await, "Family");

    app.call("+12025550123", "2024-02-01T10:00:00Z", "+14444444444", "Missed Inbound", None);
    wait_for_rows(&tab, 4).await;
    tab.press_on("document.querySelectorAll('.chip')[1]").await;
    tab.wait_for("location.search.includes('outcome=missed')").await;
    wait_for_rows(&tab, 2).await;
    tab.press_on("document.querySelector('#search')").await;
    tab.type_text("444 4444").await;
    tab.press(ENTER).await;
    tab.wait_for("location.search.includes('q=')").await;
    wait_for_rows(&tab, 1).await;
    // A row leads to what the line had with the caller.
    tab.press_on("document.querySelector('[data-call]')").await;
    tab.wait_for("decodeURIComponent(location.pathname) === '/calls/+12025550123/with/+14444444444'").await;
    chromium.stop().await;
}

#[tokio::test]
async fn lines_without_a_name_are_chosen_by_their_numbers_and_laid_out_like_a_history() {
    let app = app_with_lines();
    let chromium = Chromium::start().await;
    let path = "/lines?number=%2B12025550123&number=%2B4930123456";
    let tab = Tab::open(&chromium, &app.address, path).await;
    wait_for_rows(&tab, 3).await;
    tab.wait_for("document.querySelector('h1').innerText === 'Kitchen, +49 30 123456'").await;
    for width in [390, 768, 1280] {
        chromium.set_width(width).await;
        tab.wait_for(&format!("innerWidth === {width}")).await;
        // Title, filters, search and list are below one another, and as wide as the page.
        let places = "const parts = ['h1', '.chips', '.lines-search', '.day']
                .map(part => document.querySelector(part).getBoundingClientRect());
            return parts.every((part, index) => index === 0 || part.top >= parts[index - 1].bottom - 8)
                && parts[3].width > innerWidth * 0.85 && parts[2].width > innerWidth * 0.4";
        assert!(tab.run(places).await == true, "{width}");
    }
    chromium.stop().await;
}
