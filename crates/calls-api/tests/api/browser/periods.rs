//! A period beside the one before it.

use super::chromium::Chromium;
use super::history_page::HistoryPage;
use crate::test_app::TestApp;

#[tokio::test]
async fn each_total_of_a_period_says_how_it_differs_from_the_period_before() {
    let app = TestApp::new();
    for (day, call_type) in [
        ("2024-01-31", "Missed Inbound"),
        ("2024-01-31", "Completed Inbound"),
        ("2024-01-31", "Completed Outbound"),
        ("2024-01-30", "Completed Inbound"),
        ("2024-01-30", "Missed Inbound"),
    ] {
        let hour = if call_type == "Missed Inbound" { 9 } else { 10 };
        app.call("+12025550123", &format!("{day}T{hour}:00:00Z"), "+13333333333", call_type, None);
    }
    let chromium = Chromium::start().await;
    let path = "/calls/+12025550123?from=2024-01-31&to=2024-01-31";
    let page = HistoryPage::open(&chromium, &app.address, path).await;
    page.wait_for_rows(3).await;
    page.tab.wait_for("document.querySelector('.totals .change')").await;
    let totals = "return [...document.querySelectorAll('.totals > div')]
        .filter(total => total.querySelector('.change'))
        .map(total => total.innerText.replaceAll(/\\s+/g, ' '))";
    let expected = ["Calls 3 +50% than before", "Missed 1 +0% than before", "Answered 50% +0% than before"];
    assert_eq!(page.tab.strings(totals).await, expected);
    // All calls have no period before them.
    page.tab.press_on("document.querySelector('.clear')").await;
    page.wait_for_rows(5).await;
    page.tab.wait_for("document.querySelector('.totals dd').innerText === '5'").await;
    assert!(!page.text().await.contains("than before"));
    chromium.stop().await;
}
