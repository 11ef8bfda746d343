//! axe-core's rules (WCAG 2.2 A and AA, and good practice) on each page and state, light and dark.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::callers::app_with_all_kinds;
use super::chromium::Chromium;
use super::history_page::HistoryPage;
use super::home_page::HomePage;
use super::tab::Tab;

/// axe-core, which `scripts/setup test` installs.
fn source() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let tools = std::env::var_os("CALLS_TOOLS").map_or_else(|| PathBuf::from(".tools"), PathBuf::from);
    let path = root.join(tools).join("node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!("axe-core is missing, run `just setup test`: {}: {error}", path.display())
    })
}

/// axe-core in a browser, and what it has found so far.
struct Axe<'a> {
    chromium: &'a Chromium,
    source: String,
    found: Vec<String>,
}

impl Axe<'_> {
    /// Looks at the page as it is now, light and dark.
    async fn look(&mut self, state: &str) {
        let client = &self.chromium.client;
        // The page's policy lets no foreign script run, but the driver may.
        client.execute(&self.source, Vec::new()).await.unwrap();
        let run = "const done = arguments[arguments.length - 1];
            const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
            axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']}).then(
                ({violations, passes}) => done({
                    passes: passes.length,
                    violations: violations.map(({id, help, nodes}) => `${id}: ${help}: ${nodes.map(node => node.html).join(' ')}`),
                }),
                error => done({passes: 0, violations: [String(error)]}),
            );";
        for scheme in ["light", "dark"] {
            self.chromium.set_media("screen", &[("prefers-color-scheme", scheme)]).await;
            let result: Value = client.execute_async(run, Vec::new()).await.unwrap();
            assert!(result["passes"].as_u64() > Some(5), "{state}: axe-core has not looked: {result}");
            let violations = result["violations"].as_array().unwrap();
            self.found.extend(violations.iter().map(|violation| format!("{state}, {scheme}: {violation}")));
        }
    }
}

#[tokio::test]
async fn axe_core_finds_nothing_on_any_page_in_any_state() {
    let app = app_with_all_kinds();
    app.call("+12025550123", "2024-01-30T10:00:00Z", "+13333333333", "Completed Outbound", Some(1_000));
    app.call("+12025550177", "2024-01-30T10:00:00Z", "+13333333333", "Missed Inbound", None);
    app.database().calls(&["lines", "set", "Family", "+12025550123", "+12025550177"]);
    let chromium = Chromium::start().await;
    chromium.hold_requests().await;
    let mut axe = Axe { chromium: &chromium, source: source(), found: Vec::new() };

    for (path, state) in [
        ("/calls/+12025550123", "ready"),
        ("/calls/+12025550123?from=2024-01-31", "ready"),
        ("/calls/+12025550123?period=today", "no-match"),
        ("/calls/+13333333334", "empty"),
        ("/calls/hello", "invalid"),
        ("/no/such/page", "not-found"),
    ] {
        let tab = Tab::open(&chromium, &app.address, path).await;
        tab.wait_for_state(state).await;
        tab.wait_for("document.querySelector('main').ariaBusy !== 'true'").await;
        axe.look(path).await;
    }

    let tab = Tab::open(&chromium, &app.address, "/calls/+12025550123").await;
    for chart in ["bars", "heat"] {
        tab.click(&format!("[data-chart={chart}] summary")).await;
        tab.wait_for(&format!("document.querySelector('[data-chart={chart}] table')")).await;
    }
    axe.look("tables of the summary").await;

    let home = HomePage::open(&chromium, &app.address).await;
    assert!(!home.recent().await.is_empty());
    axe.look("home").await;
    home.type_number("+999").await;
    home.wait_for_error("Not a phone number so far").await;
    axe.look("home with a mistake").await;
    for (number, state) in [("+12025550198", "loading"), ("+12025550199", "error")] {
        let page = HistoryPage::open(&chromium, &app.address, "/calls/+12025550123").await;
        page.ask_for(number).await;
        page.wait_for_state(state).await;
        axe.look(state).await;
    }

    let tab = Tab::open(&chromium, &app.address, "/calls/+12025550123").await;
    tab.wait_for_state("ready").await;
    tab.press_on("document.querySelector('a.call-time')").await;
    tab.wait_for("document.querySelector('.panel .found')").await;
    axe.look("panel of a call").await;
    look_in_each_language(&mut axe, &tab, &app.address).await;

    let tab = Tab::open(&chromium, &app.address, "/calls/+12025550123").await;
    tab.wait_for_state("ready").await;
    chromium.set_offline(true).await;
    tab.wait_for("document.querySelector('[data-notice=offline]')").await;
    axe.look("offline").await;

    assert!(axe.found.is_empty(), "{}", json!(axe.found));
    chromium.allow_error("the server responded with a status of 40");
    chromium.allow_error("net::ERR_INTERNET_DISCONNECTED");
    chromium.stop().await;
}

/// From left to right and from right to left.
async fn look_in_each_language(axe: &mut Axe<'_>, tab: &Tab, address: &str) {
    for language in ["en", "ar"] {
        tab.run(&format!("document.cookie = 'lang={language}; path=/'")).await;
        for (path, state) in [
            ("/", "ready"),
            ("/calls/+12025550123", "ready"),
            ("/calls/+12025550123/with/+13333333333", "ready"),
            ("/calls/+13333333333", "empty"),
            ("/calls/+12025550123/callbacks", "empty"),
            ("/calls/+13333333333/callbacks", "empty"),
            ("/lines", "ready"),
            ("/lines?number=%2B12025550123&number=%2B13333333333", "ready"),
            ("/lines/Family", "ready"),
            ("/calls/+12025550177/callbacks", "ready"),
        ] {
            tab.go(&format!("{address}{path}")).await;
            tab.wait_for_state(state).await;
            tab.wait_for("document.querySelector('main').ariaBusy !== 'true'").await;
            axe.look(&format!("{path} in {language}")).await;
        }
        tab.go(&format!("{address}/")).await;
        tab.wait_for("document.querySelector('.latest [data-type]')").await;
        axe.look(&format!("home with the latest calls in {language}")).await;
        tab.go(&format!("{address}/calls/+12025550123/with/+13333333333")).await;
        tab.wait_for("document.querySelector('.known dl')").await;
        axe.look(&format!("what is known of a person in {language}")).await;
        tab.go(&format!("{address}/calls/+12025550123")).await;
        tab.wait_for_state("ready").await;
        tab.press_on("document.querySelector('a.call-time')").await;
        tab.wait_for("document.querySelector('.panel .found')").await;
        axe.look(&format!("panel in {language}")).await;
    }
    tab.run("document.cookie = 'lang=en; path=/'").await;
}
