//! Layout on several screens, in two fonts of Debian's, up to the largest text.

use serde_json::{Value, json};

use super::chromium::Chromium;
use super::history_page::HistoryPage;
use super::tab::Tab;
use crate::test_app::TestApp;

const OWNER: &str = "/calls/+12025550123";
/// `scripts/setup test` installs both.
const FONTS: [&str; 2] = ["DejaVu Sans", "Roboto"];
const WIDTHS: [u32; 8] = [320, 360, 390, 600, 768, 1024, 1280, 1440];

/// Many calls of one day with numbers of many lengths, all types, long durations and returns of another year.
fn app_with_wide_rows() -> TestApp {
    let app = TestApp::new();
    let rows = "INSERT INTO calls (number, counterparty, created_at, type, duration_ms)
        SELECT 12025550123,
               (ARRAY[442079460958, 493023125491, 33639982231, 8613800138000, 61255502120,
                      14165550150, 12025550107])[1 + i % 7],
               timestamptz '2024-01-31 22:58Z' - i * interval '11 minutes',
               (ARRAY['Completed Inbound', 'Missed Inbound', 'Completed Outbound',
                      'Missed Outbound'])[1 + i % 4],
               CASE WHEN i % 2 = 0 THEN 3599000 + i * 1000 END
        FROM generate_series(0, 99) AS i";
    app.database().store_calls(rows).unwrap();
    app
}

async fn open(chromium: &Chromium, app: &TestApp, font: &str) -> HistoryPage {
    let page = HistoryPage::open(chromium, &app.address, OWNER).await;
    page.wait_for_state("ready").await;
    page.tab.run(&format!("document.documentElement.style.setProperty('--sans', '\"{font}\"')")).await;
    page.tab.wait_for("document.querySelector('.chip-count')?.innerText").await;
    let sign = "document.querySelector('[data-freshness]').innerText.includes('just now')";
    page.tab.wait_for(sign).await;
    let check = "const context = document.createElement('canvas').getContext('2d');
        const width = font => { context.font = `20px ${font}`; return context.measureText('+44 20 7946 0958').width };
        return width(`'${arguments[0]}', monospace`) !== width('monospace')";
    let is_there = chromium.client.execute(check, vec![json!(font)]).await.unwrap();
    assert_eq!(is_there, Value::Bool(true), "the font {font} is missing, run `just setup test`");
    page
}

/// Sets the screen, and waits until the rows are laid out on it.
async fn resize(chromium: &Chromium, tab: &Tab, width: u32, height: u32) {
    let screen = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
    chromium.dev_tools("Emulation.setDeviceMetricsOverride", screen).await;
    tab.wait_for(&format!("innerWidth === {width} && innerHeight === {height}")).await;
    tab.run("scrollTo(0, 0)").await;
    let still = "(() => {
        const rows = [...document.querySelectorAll('[data-call]')];
        const now = rows.map(row => row.getBoundingClientRect().top).join();
        window.same = now === window.last ? window.same + 1 : 0;
        window.last = now;
        return window.same > 4;
    })()";
    tab.wait_for(still).await;
}

#[tokio::test]
async fn no_number_type_or_total_breaks_at_any_width_in_any_font() {
    let app = app_with_wide_rows();
    let chromium = Chromium::start().await;
    for font in FONTS {
        let page = open(&chromium, &app, font).await;
        if page.tab.run("return !document.querySelector('.summary details').open").await == Value::Bool(true)
        {
            page.tab.press_on("document.querySelector('.summary summary')").await;
        }
        page.tab.wait_for("document.querySelector('.totals')").await;
        // The numbers beside the list are spelled once the API has said how.
        page.tab.wait_for("!document.querySelector('.table')?.innerText.includes('+442079460958')").await;
        for width in WIDTHS {
            resize(&chromium, &page.tab, width, 900).await;
            // A range has a box for each line that it is on.
            let broken = "return [...document.querySelectorAll(`h1, .call-party a, .call-type-text, .call-time,
                    .call-duration [aria-hidden], .call-returned, .totals dt, .totals dd, .table td, .table a`)]
                .filter(element => {
                    const range = document.createRange();
                    range.selectNodeContents(element);
                    const boxes = [...range.getClientRects()].filter(box => box.width > 0);
                    const place = element.getBoundingClientRect();
                    const others = [...(element.closest('.call')?.querySelectorAll(
                        '.call-party a, .call-time, .call-duration [aria-hidden], .call-returned, .row-action') ?? [])];
                    const isOver = others.some(other => {
                        const box = other.getBoundingClientRect();
                        return other !== element && !element.contains(other) && !other.contains(element)
                            && box.left < place.right - 1 && box.right > place.left + 1
                            && box.top < place.bottom - 6 && box.bottom > place.top + 6;
                    });
                    const tops = boxes.map(box => box.top);
                    return isOver || Math.max(...tops) - Math.min(...tops) > 8 || place.right > innerWidth + 1;
                })
                .map(element => `${element.className || element.tagName}: ${element.innerText}`)";
            let broken = page.tab.strings(broken).await;
            assert_eq!(broken, [""; 0], "{width} px, {font}");
        }
    }
    chromium.stop().await;
}

#[tokio::test]
async fn the_first_call_is_high_on_a_phone_and_many_are_seen_at_once() {
    let app = app_with_wide_rows();
    let chromium = Chromium::start().await;
    for font in FONTS {
        let page = open(&chromium, &app, font).await;
        for (width, height, top, count) in [(390, 844, 260.0, 6), (1440, 900, 900.0, 9)] {
            resize(&chromium, &page.tab, width, height).await;
            page.reload().await;
            page.wait_for_state("ready").await;
            page.tab
                .run(&format!("document.documentElement.style.setProperty('--sans', '\"{font}\"')"))
                .await;
            resize(&chromium, &page.tab, width, height).await;
            let rows = "return [...document.querySelectorAll('[data-call]')]
                .map(row => row.getBoundingClientRect()).map(box => [box.top, box.bottom])";
            let rows: Vec<[f64; 2]> = serde_json::from_value(page.tab.run(rows).await).unwrap();
            assert!(rows[0][0] <= top, "{width}x{height}, {font}: the first row begins at {}", rows[0][0]);
            let full = rows.iter().filter(|[_, bottom]| *bottom <= f64::from(height)).count();
            assert!(full >= count, "{width}x{height}, {font}: {full} rows");
        }
    }
    chromium.stop().await;
}

#[tokio::test]
async fn text_of_twice_the_size_scrolls_nowhere_sideways() {
    let app = app_with_wide_rows();
    let chromium = Chromium::start().await;
    for font in FONTS {
        let page = open(&chromium, &app, font).await;
        page.tab.run("document.documentElement.style.fontSize = '200%'").await;
        resize(&chromium, &page.tab, 390, 844).await;
        let wide = "return [...document.body.querySelectorAll('*')]
            .filter(element => element.getBoundingClientRect().right > 391)
            .filter(element => !element.closest('.chips, .sprite, .visually-hidden, .table'))
            .map(element => element.outerHTML.slice(0, 120))";
        assert_eq!(page.tab.strings(wide).await, [""; 0], "{font}");
        let width = page.tab.run("return document.documentElement.scrollWidth").await;
        assert!(width.as_u64() <= Some(390), "{width}, {font}");
    }
    chromium.stop().await;
}

#[tokio::test]
async fn whatever_is_touched_is_as_large_as_a_finger() {
    let app = app_with_wide_rows();
    let chromium = Chromium::start().await;
    let page = open(&chromium, &app, FONTS[0]).await;
    resize(&chromium, &page.tab, 390, 844).await;
    page.reload().await;
    page.wait_for_state("ready").await;
    page.tab.press_on("document.querySelector('.more summary')").await;
    page.tab.wait_for("document.querySelector('.more').open").await;
    let small =
        "return [...document.querySelectorAll('a, button, select, input:not([type=hidden]), summary')]
        .filter(element => element.checkVisibility({visibilityProperty: true}))
        .filter(element => !element.closest('.skip, dialog, .as-table, .table'))
        // A link with a row is as large as that.
        .map(element => [element, (element.closest('.call-party') && element.closest('.call')) ?? element])
        .map(([element, target]) => [element, target.getBoundingClientRect()])
        // Or as what lies over it.
        .map(([element, box]) => {
            const {position, width, height} = getComputedStyle(element, '::after');
            return [element, position === 'absolute' ? {width: parseFloat(width), height: parseFloat(height)} : box];
        })
        .filter(([, box]) => Math.round(box.height) < 44 || Math.round(box.width) < 44)
        .map(([element, box]) => `${element.outerHTML.slice(0, 80)} is ${box.width} x ${box.height}`)";
    assert_eq!(page.tab.strings(small).await, [""; 0]);
    chromium.stop().await;
}

/// Opens a place in a font, and waits for the part that comes last.
async fn open_place(chromium: &Chromium, app: &TestApp, (path, last): (&str, &str), font: &str) -> Tab {
    let tab = Tab::open(chromium, &app.address, path).await;
    tab.run(&format!("document.documentElement.style.setProperty('--sans', '\"{font}\"')")).await;
    tab.wait_for(&format!("document.querySelector('{last}')")).await;
    tab
}

/// The places beside a number's history, and what is there when all of a place is.
const PLACES: [(&str, &str); 4] = [
    ("/", ".latest:not([hidden]) [data-type]"),
    ("/calls/+12025550123/with/+442079460958", ".known dl"),
    ("/calls/+12025550123/callbacks", ".callback"),
    ("/lines?number=%2B12025550123&number=%2B442079460958", "[data-call]"),
];

/// Elements wider than the window, and numbers, times and names that break or lie over another one.
const BROKEN: &str = "const wide = [...document.body.querySelectorAll('*')]
        .filter(element => element.getBoundingClientRect().right > innerWidth + 1)
        .filter(element => !element.closest('.chips, .sprite, .visually-hidden, .skip, .call-meta > *, .line-beneath > *'));
    const texts = [...document.querySelectorAll(`.figure strong, .line-link, .line-time, .badge, .waiting, .known dd,
            .call-party a, .call-time, .call-duration [aria-hidden], .call-returned`)]
        .filter(element => element.checkVisibility());
    const boxes = element => {
        const range = document.createRange();
        range.selectNodeContents(element);
        return [...range.getClientRects()].filter(box => box.width > 0);
    };
    const broken = texts.filter(element => {
        const tops = boxes(element).map(box => box.top);
        return !element.matches('.known dd') && Math.max(...tops) - Math.min(...tops) > 8;
    });
    const over = texts.filter(element => {
        const [place] = boxes(element);
        return place && texts.some(other => other !== element && !element.contains(other) && !other.contains(element)
            && boxes(other).some(box => box.left < place.right - 1 && box.right > place.left + 1
                && box.top < place.bottom - 6 && box.bottom > place.top + 6));
    });
    return [['wide', wide], ['broken', broken], ['over another', over]].flatMap(([what, elements]) =>
        elements.slice(0, 3).map(element => `${what}: ${element.className || element.tagName}: ${element.innerText}`))";

#[tokio::test]
async fn no_place_is_too_wide_and_no_number_in_it_breaks_at_any_width_in_any_font() {
    let app = app_with_wide_rows();
    let chromium = Chromium::start().await;
    for font in FONTS {
        for place in PLACES {
            let tab = open_place(&chromium, &app, place, font).await;
            for width in WIDTHS {
                resize(&chromium, &tab, width, 900).await;
                assert_eq!(tab.strings(BROKEN).await, [""; 0], "{} at {width} px, {font}", place.0);
            }
            // Large text may break, and scrolls nowhere sideways.
            resize(&chromium, &tab, 390, 844).await;
            tab.run("document.documentElement.style.fontSize = '200%'").await;
            tab.wait_for("document.documentElement.scrollWidth <= 390").await;
            let wide = tab.strings(BROKEN).await.into_iter().filter(|what| what.starts_with("wide"));
            assert_eq!(wide.collect::<Vec<_>>(), [""; 0], "{} at 200 %, {font}", place.0);
        }
    }
    chromium.stop().await;
}
