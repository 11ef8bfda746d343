//! Contrast, dark and forced colours, narrow screens and paper.

use fantoccini::wd::PrintConfiguration;

use super::callers::app_with_all_kinds;
use super::chromium::Chromium;
use super::history_page::HistoryPage;
use super::tab::Tab;

const PAGES: [(&str, &str); 10] = [
    ("/", "ready"),
    ("/calls/+12025550123", "ready"),
    ("/calls/+12025550123/with/+13333333333", "ready"),
    ("/calls/+12025550123/callbacks", "empty"),
    ("/calls/+13333333333", "empty"),
    ("/lines?number=%2B12025550123&number=%2B13333333333", "ready"),
    ("/calls/+12025550123?period=today&counterparty=alice@example.com", "no-match"),
    ("/calls/+13333333334", "empty"),
    ("/calls/not-a-number-but-a-long-word-without-any-blank-in-it", "invalid"),
    ("/no/such/page", "not-found"),
];

#[tokio::test]
async fn no_page_scrolls_sideways_on_the_narrowest_screen_in_either_direction() {
    let app = app_with_all_kinds();
    let chromium = Chromium::start().await;
    chromium.set_width(320).await;
    for (path, state) in PAGES {
        let tab = Tab::open(&chromium, &app.address, path).await;
        tab.wait_for_state(state).await;
        tab.wait_for("innerWidth === 320").await;
        // Right to left as where a browser has translated the page.
        for direction in ["ltr", "rtl"] {
            tab.run(&format!("document.documentElement.dir = '{direction}'")).await;
            let too_wide = "return [...document.body.querySelectorAll('*')]
                .filter(element => {
                    const {left, right} = element.getBoundingClientRect();
                    // The page's end is where it would be scrolled to.
                    const isBeyond = document.dir === 'rtl' ? left < 0 : right > 320;
                    // Text that does not fit into this line ends in an ellipsis.
                    return isBeyond && !element.closest('.chips, .sprite, .call-meta > *, .line-beneath > *');
                })
                .map(element => element.outerHTML.slice(0, 99))";
            assert_eq!(tab.strings(too_wide).await, [""; 0], "{path} {direction}");
            let width = tab.run("return document.documentElement.scrollWidth").await;
            assert!(width.as_u64() <= Some(320), "{path} is {width} wide, {direction}");
        }
    }
    chromium.allow_error("the server responded with a status of 40");
    chromium.stop().await;
}

#[tokio::test]
async fn the_page_is_dark_for_those_who_want_it_so_and_white_on_paper() {
    let app = app_with_all_kinds();
    let chromium = Chromium::start().await;
    let page = HistoryPage::open(&chromium, &app.address, "/calls/+12025550123").await;
    page.wait_for_rows(5).await;
    // The sum of red, green and blue: from 0 for black to 765 for white.
    let brightness = "return ['backgroundColor', 'color'].map(name =>
        getComputedStyle(document.body)[name].match(/[0-9]+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0))";
    let mut seen = Vec::new();
    for (medium, scheme) in [("screen", "light"), ("screen", "dark"), ("print", "dark")] {
        chromium.set_media(medium, &[("prefers-color-scheme", scheme)]).await;
        let [page, text]: [u32; 2] = serde_json::from_value(page.tab.run(brightness).await).unwrap();
        seen.push((page > 600, text < 200, page < 120, text > 600));
    }
    let (light, dark) = ((true, true, false, false), (false, false, true, true));
    assert_eq!(seen, [light, dark, light]);

    // On paper there are the calls and nothing to press.
    let seen =
        "return ['.call', '.call-type-text', '.bar', '.filters', '.row-actions', '.older', '.export', 'h1']
        .filter(name => document.querySelector(name).checkVisibility({visibilityProperty: true}))";
    assert_eq!(page.tab.strings(seen).await, [".call", ".call-type-text", "h1"]);
    let paper = chromium.client.print(PrintConfiguration::default()).await.unwrap();
    assert!(paper.starts_with(b"%PDF"));
    chromium.stop().await;
}

#[tokio::test]
async fn nothing_moves_for_those_who_do_not_want_it() {
    let app = app_with_all_kinds();
    let chromium = Chromium::start().await;
    chromium.hold_requests().await;
    for (preference, moving) in [("no-preference", "breathe"), ("reduce", "none")] {
        chromium.set_media("screen", &[("prefers-reduced-motion", preference)]).await;
        let page = HistoryPage::open(&chromium, &app.address, "/calls/+12025550123").await;
        page.ask_for("+12025550198").await;
        page.wait_for_state("loading").await;
        page.tab.wait_for("document.querySelector('.skeleton .bone')").await;
        let moves =
            page.tab.string("return getComputedStyle(document.querySelector('.bone')).animationName").await;
        assert_eq!(moves, moving, "{preference}");
    }
    chromium.stop().await;
}
