//! The summary beside the list, and the filters that count.

use fantoccini::Locator;
use serde_json::{Value, json};

use super::chromium::Chromium;
use super::tab::{END, ENTER, HOME, LEFT, PATIENCE, RIGHT, Tab};
use crate::test_app::TestApp;

const OWNER: &str = "/calls/+12025550123";

/// The page, seen as a summary with its filters.
struct SummaryPage {
    tab: Tab,
}

impl SummaryPage {
    /// In Berlin, whose clocks are not UTC's.
    async fn open(chromium: &Chromium, app: &TestApp, path: &str) -> Self {
        let page = Self { tab: Tab::looked_at(chromium) };
        set_zone(chromium, "Europe/Berlin").await;
        page.go(app, path).await;
        page
    }

    async fn go(&self, app: &TestApp, path: &str) {
        self.tab.go(&format!("{}{path}", app.address)).await;
    }

    async fn run(&self, script: &str) -> Value {
        self.tab.run(script).await
    }

    async fn string(&self, script: &str) -> String {
        self.run(script).await.as_str().unwrap_or_default().to_owned()
    }

    async fn wait_for(&self, condition: &str) {
        self.tab.wait_for(condition).await;
    }

    /// Waits until the list has so many rows, and the summary has added up as many calls.
    async fn wait_for_calls(&self, count: usize) {
        self.wait_for(&format!("document.querySelectorAll('[data-call]').length === {count}")).await;
        let total = "document.querySelector('.totals dd')?.innerText";
        self.wait_for(&format!("{total} === '{count}' && !document.querySelector('.summary.stale')")).await;
    }

    async fn wait_for_search(&self, search: &str) {
        self.wait_for(&format!("decodeURIComponent(location.search) === '{search}'")).await;
    }

    /// The chips with counts, `Missed 3`, once these are there.
    async fn chips(&self) -> Vec<String> {
        let counts = "[...document.querySelectorAll('.filters .chips:first-child .chip-count')]";
        self.wait_for(&format!("{counts}.length && {counts}.every(count => count.innerText)")).await;
        let script =
            "return [...document.querySelectorAll('.filters .chips:first-child .chip:has(.chip-count)')]
            .map(chip => chip.textContent.trim())";
        serde_json::from_value(self.run(script).await).unwrap()
    }

    async fn click(&self, xpath: &str) {
        let element =
            self.tab.client.wait().at_most(PATIENCE).for_element(Locator::XPath(xpath)).await.unwrap();
        element.click().await.unwrap();
    }

    /// Opens the table of a chart.
    async fn open_table(&self, chart: &str) {
        self.click(&format!("//*[@data-chart='{chart}']//summary")).await;
        self.wait_for(&format!("document.querySelector('[data-chart={chart}] table')")).await;
    }

    /// The texts of a chart's table, row by row.
    async fn table(&self, chart: &str) -> Vec<Vec<String>> {
        let script = format!(
            "return [...document.querySelectorAll('[data-chart={chart}] tbody tr')]
                .map(row => [...row.cells].map(cell => cell.textContent))"
        );
        serde_json::from_value(self.run(&script).await).unwrap()
    }

    /// Clicks the middle of a cell of a chart, or points at it.
    async fn point(&self, chart: &str, event: &str, cell: (u32, u32), of: (u32, u32)) {
        let script = format!(
            "const svg = document.querySelector('[data-chart={chart}] svg');
            const box = svg.getBoundingClientRect();
            const at = {{bubbles: true, clientX: box.x + box.width * ({} + 0.5) / {},
                clientY: box.y + box.height * ({} + 0.5) / {}}};
            svg.dispatchEvent(new MouseEvent('{event}', at))",
            cell.0, of.0, cell.1, of.1
        );
        self.run(&script).await;
    }

    async fn fact(&self, chart: &str) -> String {
        self.string(&format!("return document.querySelector('[data-chart={chart}] .chart-fact').innerText"))
            .await
    }
}

/// Moves the reader.
async fn set_zone(chromium: &Chromium, zone: &str) {
    chromium.dev_tools("Emulation.setTimezoneOverride", json!({"timezoneId": zone})).await;
}

/// Ten calls on five days of two weeks, with everybody.
fn app_with_history() -> TestApp {
    let app = TestApp::new();
    let call = |at: &str, party: &str, call_type: &str, duration| {
        app.call("+12025550123", &format!("2024-{at}Z"), party, call_type, duration);
    };
    call("01-22T08:00:00", "+49301234567", "Completed Inbound", Some(30_000));
    call("01-22T08:30:00", "+49301234567", "Missed Inbound", None);
    call("01-22T09:00:00", "+49301234567", "Completed Outbound", Some(90_000));
    call("01-23T23:30:00", "+14444444444", "Missed Inbound", None);
    call("01-25T12:00:00", "+14444444444", "Missed Outbound", None);
    call("01-29T08:15:00", "+49301234567", "Completed Inbound", Some(600_000));
    call("01-29T15:00:00", "withheld", "Missed Inbound", None);
    call("01-31T10:00:00", "+15555555555", "Completed Inbound", Some(4_000_000));
    call("01-31T10:30:00", "+15555555555", "Missed Inbound", None);
    // A number that begins with another one.
    call("01-31T11:00:00", "+493012345678", "Completed Outbound", Some(59_999));
    app
}

#[tokio::test]
async fn the_chips_count_what_the_api_counts_whichever_is_chosen() {
    let app = app_with_history();
    let chromium = Chromium::start().await;
    let page = SummaryPage::open(&chromium, &app, OWNER).await;
    let all = ["All 10", "Missed 4", "Not returned 2", "Inbound 7", "Outbound 3"];
    assert_eq!(page.chips().await, all);
    let summary = app.get(&format!("/api{OWNER}/summary")).json();
    assert_eq!((&summary["calls"], &summary["missed_inbound"]["not_returned"]), (&json!(10), &json!(2)));

    page.click("//a[contains(@class, 'chip')][starts-with(., 'Missed')]").await;
    page.wait_for_calls(4).await;
    assert_eq!(page.chips().await, all);
    page.click("//a[contains(@class, 'chip')][starts-with(., 'Not returned')]").await;
    page.wait_for_search("?returned=false").await;
    page.wait_for_calls(2).await;
    let rows = "return [...document.querySelectorAll('[data-call]')].map(row => row.dataset.type).join()";
    assert_eq!(page.string(rows).await, "Missed Inbound,Missed Inbound");
    assert_eq!(page.chips().await, all);

    // With a counterparty the counts are hers.
    page.go(&app, &format!("{OWNER}?counterparty=1444&returned=false")).await;
    page.wait_for_calls(1).await;
    assert_eq!(page.chips().await, ["All 2", "Missed 1", "Not returned 1", "Inbound 1", "Outbound 1"]);
    chromium.stop().await;
}

#[tokio::test]
async fn a_duration_is_in_the_address_and_survives_reload_and_back() {
    let app = app_with_history();
    let chromium = Chromium::start().await;
    let page = SummaryPage::open(&chromium, &app, OWNER).await;
    page.wait_for_calls(10).await;
    for (label, search, calls) in [
        ("Under 1 min", "?duration=under-1-min", 2),
        ("1 to 10 min", "?duration=1-to-10-min", 2),
        ("Over 10 min", "?duration=over-10-min", 1),
    ] {
        page.click(&format!("//select/option[.='{label}']")).await;
        page.wait_for_search(search).await;
        page.wait_for_calls(calls).await;
    }
    page.tab.client.refresh().await.unwrap();
    page.wait_for_calls(1).await;
    let chosen = "return document.querySelector('select.length').value";
    assert_eq!(page.string(chosen).await, "over-10-min");
    page.tab.client.back().await.unwrap();
    page.wait_for_calls(2).await;
    assert_eq!(page.string(chosen).await, "1-to-10-min");

    page.go(&app, &format!("{OWNER}?duration=over-10-min&returned=false&weekday=2&hour=3")).await;
    page.wait_for("document.querySelector('main').dataset.state === 'no-match'").await;
    page.click("//a[.='Show all calls']").await;
    page.wait_for_calls(10).await;
    page.wait_for_search("").await;
    assert_eq!(page.string(chosen).await, "");
    chromium.stop().await;
}

#[tokio::test]
async fn a_click_on_a_bar_a_cell_or_a_name_filters_the_list() {
    let app = app_with_history();
    let chromium = Chromium::start().await;
    let page = SummaryPage::open(&chromium, &app, OWNER).await;
    page.wait_for_calls(10).await;
    // From January 22 to January 31 there are ten days; in Berlin the call before midnight is on the 24th.
    page.point("bars", "mousemove", (2, 0), (10, 1)).await;
    page.wait_for(
        "document.querySelector('[data-chart=bars] .chart-tip').innerText.includes('1 call, 1 unanswered')",
    )
    .await;
    let tip = page.string("return document.querySelector('[data-chart=bars] .chart-tip').innerText").await;
    assert!(tip.contains("24"), "{tip}");
    page.point("bars", "click", (2, 0), (10, 1)).await;
    page.wait_for_search("?from=2024-01-24&to=2024-01-24").await;
    page.wait_for_calls(1).await;
    assert!(page.fact("bars").await.starts_with("All of them: "), "{}", page.fact("bars").await);
    page.tab.client.back().await.unwrap();
    page.wait_for_calls(10).await;
    // A day without calls leads nowhere.
    page.point("bars", "click", (1, 0), (10, 1)).await;
    page.wait_for_search("").await;

    // Mondays at nine.
    page.point("heat", "click", (9, 0), (24, 7)).await;
    page.wait_for_search("?weekday=1&hour=9").await;
    page.wait_for_calls(3).await;
    page.click("//a[contains(@class, 'chip')][contains(., 'Monday')]").await;
    page.wait_for_search("").await;
    page.wait_for_calls(10).await;

    page.click("//section[@aria-label='Summary']//a[.='+49 30 1234567']").await;
    page.wait_for("decodeURIComponent(location.pathname).endsWith('/with/+49301234567')").await;
    page.wait_for_calls(4).await;
    page.tab.client.refresh().await.unwrap();
    page.wait_for_calls(4).await;
    page.tab.client.back().await.unwrap();
    page.wait_for_calls(10).await;
    page.click("//section[@aria-label='Summary']//a[.='Withheld number']").await;
    page.wait_for_calls(1).await;
    chromium.stop().await;
}

#[tokio::test]
async fn the_tables_hold_what_the_api_counts_and_lead_where_the_charts_do() {
    let app = app_with_history();
    let chromium = Chromium::start().await;
    let page = SummaryPage::open(&chromium, &app, OWNER).await;
    page.wait_for_calls(10).await;
    let summary = app.get(&format!("/api{OWNER}/summary?tz=Europe/Berlin")).json();
    page.open_table("bars").await;
    let rows = page.table("bars").await;
    let days = summary["days"].as_array().unwrap();
    assert_eq!(rows.len(), days.len());
    for (row, day) in rows.iter().zip(days) {
        let number = day["date"].as_str().unwrap()[8..].trim_start_matches('0').to_owned();
        assert!(row[0].contains(&format!("Jan {number}, 2024")), "{row:?}");
        assert_eq!(row[1..], [day["calls"].to_string(), day["missed"].to_string()], "{row:?}");
    }
    page.open_table("heat").await;
    let rows = page.table("heat").await;
    let mut expected = vec![vec!["0".to_owned(); 7]; 24];
    for one in summary["hours_of_week"].as_array().unwrap() {
        let place = ["hour", "weekday"].map(|name| one[name].as_u64().unwrap() as usize);
        expected[place[0]][place[1] - 1] = one["calls"].to_string();
    }
    assert_eq!(rows.iter().map(|row| row[1..].to_vec()).collect::<Vec<_>>(), expected);

    // By keyboard: the focus stays in the table that changes.
    let focus = "document.querySelector('[data-chart=heat] tbody a').focus()";
    page.run(focus).await;
    let name = "return document.activeElement.getAttribute('aria-label')";
    assert!(page.string(name).await.starts_with("Wednesday, 12"), "{}", page.string(name).await);
    page.tab.client.active_element().await.unwrap().send_keys("\u{e007}").await.unwrap();
    page.wait_for_search("?weekday=3&hour=0").await;
    page.wait_for_calls(1).await;
    page.wait_for("document.activeElement.closest('[data-chart=heat] table')").await;
    chromium.stop().await;
}

#[tokio::test]
async fn the_heat_map_is_in_the_readers_zone() {
    let app = app_with_history();
    let chromium = Chromium::start().await;
    let page = SummaryPage::open(&chromium, &app, OWNER).await;
    page.wait_for_calls(10).await;
    let paths = "return document.querySelector('[data-chart=heat] svg').innerHTML";
    let berlin = (page.string(paths).await, page.fact("heat").await);
    assert!(berlin.1.contains("Monday, 9") && berlin.1.contains("3 calls"), "{}", berlin.1);
    set_zone(&chromium, "Asia/Tokyo").await;
    page.tab.client.refresh().await.unwrap();
    page.wait_for_calls(10).await;
    let tokyo = (page.string(paths).await, page.fact("heat").await);
    assert!(tokyo.1.contains("Monday, 5"), "{}", tokyo.1);
    assert_ne!(berlin.0, tokyo.0);
    chromium.stop().await;
}

#[tokio::test]
async fn a_history_without_calls_has_no_chart_and_one_of_years_has_few_bars() {
    let app = app_with_history();
    let chromium = Chromium::start().await;
    let page = SummaryPage::open(&chromium, &app, "/calls/+19999999999").await;
    page.wait_for("document.querySelector('main').dataset.state === 'empty'").await;
    assert_eq!(page.run("return document.querySelector('.summary, main svg[role]')").await, Value::Null);
    page.go(&app, &format!("{OWNER}?counterparty=1999")).await;
    page.wait_for("document.querySelector('main').dataset.state === 'no-match'").await;
    page.wait_for("document.querySelector('.summary')?.innerText.includes('no calls to add up')").await;
    assert_eq!(page.run("return document.querySelector('main svg[role]')").await, Value::Null);

    let rows = "INSERT INTO calls (number, counterparty, created_at, type)
                SELECT 12025550123, 49301234567, timestamptz '2023-12-31 10:00Z' - i * interval '2 days',
                       'Missed Inbound' FROM generate_series(1, 500) AS i";
    app.database().store_calls(rows).unwrap();
    page.go(&app, OWNER).await;
    page.wait_for("document.querySelector('.totals dd')?.innerText === '510'").await;
    assert!(page.fact("bars").await.contains("Each bar is a month."), "{}", page.fact("bars").await);
    let nodes = page.run("return document.querySelectorAll('.summary *').length").await;
    assert!(nodes.as_u64().unwrap() < 150, "{nodes}");
    chromium.stop().await;
}

#[tokio::test]
async fn on_a_phone_the_summary_waits_above_the_list_until_it_is_opened() {
    let app = app_with_history();
    let chromium = Chromium::start().await;
    let page = SummaryPage { tab: Tab::looked_at(&chromium) };
    chromium.set_width(320).await;
    page.go(&app, OWNER).await;
    // On so small a screen not all of them are rendered.
    page.wait_for("document.querySelectorAll('[data-call]').length > 0").await;
    page.wait_for("document.querySelector('.chip-count')?.innerText === '10'").await;
    assert_eq!(page.run("return document.querySelector('.totals')").await, Value::Null);
    page.click("//section[@aria-label='Summary']//summary").await;
    page.wait_for("document.querySelector('.totals dd')?.innerText === '10'").await;
    for chart in ["bars", "heat"] {
        page.open_table(chart).await;
    }
    let fits = "return document.documentElement.scrollWidth <= innerWidth";
    assert_eq!(page.run(fits).await, Value::Bool(true));
    chromium.stop().await;
}

#[tokio::test]
async fn nothing_moves_under_the_pointer_on_a_chart() {
    let app = app_with_history();
    let chromium = Chromium::start().await;
    let page = SummaryPage::open(&chromium, &app, OWNER).await;
    page.wait_for_calls(10).await;
    let places = "return [...document.querySelectorAll('.summary svg, .summary h3, .summary .table')]
        .map(element => JSON.stringify(element.getBoundingClientRect())).join()";
    for chart in ["bars", "heat"] {
        let svg = format!("document.querySelector('[data-chart={chart}] svg')");
        page.run(&format!("{svg}.scrollIntoView({{block: 'center'}})")).await;
        let before = page.string(places).await;
        let place: [f64; 4] = serde_json::from_value(
            page.run(&format!(
                "const box = {svg}.getBoundingClientRect(); return [box.x, box.y, box.width, box.height]"
            ))
            .await,
        )
        .unwrap();
        let mut said = Vec::new();
        for step in 0..24 {
            let x = place[0] + place[2] * (f64::from(step) + 0.5) / 24.0;
            page.tab.point_to(x, place[1] + place[3] / 14.0).await;
            assert_eq!(page.string(places).await, before, "{chart} {step}");
            let tip = format!(
                "const tip = document.querySelector('[data-chart={chart}] .chart-tip');
                return getComputedStyle(tip).visibility === 'visible' ? tip.innerText : ''"
            );
            said.push(page.string(&tip).await);
        }
        assert!(said.iter().any(|text| text.contains("call")), "{chart}: {said:?}");
    }
    chromium.stop().await;
}

#[tokio::test]
async fn arrow_keys_walk_along_a_chart_and_enter_shows_its_calls() {
    let app = app_with_history();
    let chromium = Chromium::start().await;
    let page = SummaryPage::open(&chromium, &app, OWNER).await;
    page.wait_for_calls(10).await;
    let said = "return document.activeElement.ariaValueText";
    page.run("document.querySelector('[data-chart=bars] svg').focus()").await;
    assert!(page.string(said).await.contains("Jan 31"), "{}", page.string(said).await);
    // Days without calls are passed over.
    for (key, part) in [
        (LEFT, "Jan 29"),
        (LEFT, "Jan 25"),
        (RIGHT, "Jan 29"),
        (HOME, "Jan 22"),
        (END, "Jan 31"),
        (LEFT, "Jan 29"),
    ] {
        page.tab.press(key).await;
        assert!(page.string(said).await.contains(part), "{part}: {}", page.string(said).await);
        let tip = "return document.querySelector('[data-chart=bars] .chart-tip').innerText";
        assert_eq!(page.string(tip).await, page.string(said).await);
    }
    page.tab.press(ENTER).await;
    page.wait_for_search("?from=2024-01-29&to=2024-01-29").await;
    page.wait_for_calls(2).await;
    page.tab.client.back().await.unwrap();
    page.wait_for_calls(10).await;

    page.run("document.querySelector('[data-chart=heat] svg').focus()").await;
    page.tab.press(HOME).await;
    assert!(page.string(said).await.starts_with("Monday, 9"), "{}", page.string(said).await);
    page.tab.press(ENTER).await;
    page.wait_for_search("?weekday=1&hour=9").await;
    // The text of a chart is read once: its name differs from it.
    let name = page.string("return document.querySelector('main svg[role]').ariaLabel").await;
    assert!(!page.fact("heat").await.contains(&name), "{name}");
    chromium.stop().await;
}

#[tokio::test]
async fn a_missed_call_is_one_of_others_and_the_rate_is_that_of_their_calls() {
    let app = app_with_history();
    let chromium = Chromium::start().await;
    let page = SummaryPage::open(&chromium, &app, OWNER).await;
    page.wait_for_calls(10).await;
    let totals = "return [...document.querySelectorAll('.totals > div')]
        .map(total => total.innerText.replace('\\n', ' ')).join(', ')";
    // Of seven calls of others three were answered.
    let expected =
        "Calls 10, Missed 4, Answered 43%, Not returned 2, Talk time 1 h 20 min, Returned after 30 min";
    assert_eq!(page.string(totals).await, expected);
    let words = "return [...document.querySelectorAll('[data-type=\"Missed Outbound\"] .call-type-text')]
        .map(type => type.innerText).join()";
    assert_eq!(page.string(words).await, "No answer");
    page.tab.press_on("document.querySelector('.chip[data-show=\"outcome=missed\"]')").await;
    page.wait_for_calls(4).await;
    let types = "return [...new Set([...document.querySelectorAll('[data-call]')].map(row => row.dataset.type))].join()";
    assert_eq!(page.string(types).await, "Missed Inbound");
    // The API has its four types as before.
    let missed = app.get(&format!("/api{OWNER}?outcome=missed")).json();
    assert_eq!(missed.as_array().unwrap().len(), 5);
    chromium.stop().await;
}

#[tokio::test]
async fn a_number_has_one_spelling_on_a_page() {
    let app = app_with_history();
    for (hour, number) in
        [(8, "+12025550107"), (9, "+12025550107"), (10, "+493012345678"), (11, "+493012345678")]
    {
        app.call("+12025550123", &format!("2024-01-30T{hour:02}:00:00Z"), number, "Missed Inbound", None);
    }
    let chromium = Chromium::start().await;
    let page =
        SummaryPage::open(&chromium, &app, &format!("{OWNER}?counterparty=%22%2B12025550107%22")).await;
    page.wait_for_calls(2).await;
    for query in ["", "?counterparty=%22%2B12025550107%22"] {
        page.go(&app, &format!("{OWNER}{query}")).await;
        page.wait_for("document.querySelector('.summary .table a')").await;
        page.wait_for("!document.querySelector('.summary').innerText.includes('+1202')").await;
        let spellings = "const texts = [...document.querySelectorAll('main bdi')]
                .map(element => element.innerText.replace(/^With /, ''));
            texts.push(...[...document.querySelectorAll('[data-call] [aria-label]')]
                .map(element => element.ariaLabel.replace(/^(Call|Copy) /, '')));
            const spelled = {};
            for (const text of texts) {
                const digits = text.replace(/[^0-9]/g, '').slice(-8);
                if (/^[+0-9 ()-]{8,}$/.test(text)) (spelled[digits] ??= new Set()).add(text);
            }
            return Object.values(spelled).filter(texts => texts.size > 1).map(texts => [...texts].join(' and '))";
        assert_eq!(page.tab.strings(spellings).await, [""; 0], "{query}");
        assert!(
            page.string("return document.querySelector('main').innerText").await.contains("(202) 555-0107")
        );
    }
    let title = page.string("return document.title").await;
    assert!(title.starts_with("With (202) 555-0107: "), "{title}");
    chromium.stop().await;
}
