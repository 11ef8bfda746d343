//! The page at `/calls/<number>` as a person uses it.

use fantoccini::{Client, Locator};
use serde_json::Value;

use super::chromium::Chromium;
use super::tab::{PATIENCE, Tab};

/// Whether the program, where there is one, shows the page.
const PROGRAM_IS_THERE: &str =
    "(!document.querySelector('script[type=module], #program') || window.wasmBindings)
    && ![undefined, 'loading'].includes(document.querySelector('main')?.dataset.state)";

/// The tab.
pub struct HistoryPage {
    client: Client,
    pub tab: Tab,
}

/// One call as the page shows it.
#[derive(Debug)]
pub struct Row {
    /// The call's id.
    pub id: String,
    pub text: String,
}

impl HistoryPage {
    pub async fn open(chromium: &Chromium, address: &str, path: &str) -> Self {
        Tab::open(chromium, address, path).await;
        Self::looked_at(chromium)
    }

    /// The page that the browser is at already.
    pub fn looked_at(chromium: &Chromium) -> Self {
        Self { client: chromium.client.clone(), tab: Tab::looked_at(chromium) }
    }

    pub async fn rows(&self) -> Vec<Row> {
        let script = "return [...document.querySelectorAll('[data-call]')].map(row => [row.dataset.call, row.innerText])";
        let rows: Vec<(String, String)> = serde_json::from_value(self.run(script).await).unwrap();
        rows.into_iter().map(|(id, text)| Row { id, text }).collect()
    }

    pub async fn day_headings(&self) -> Vec<String> {
        let script = "return [...document.querySelectorAll('.day h2')].map(heading => heading.innerText)";
        serde_json::from_value(self.run(script).await).unwrap()
    }

    pub async fn text(&self) -> String {
        self.tab.text().await
    }

    pub async fn back(&self) {
        self.client.back().await.unwrap();
    }

    /// Clicks the link of a counterparty.
    pub async fn follow(&self, number: &str) {
        let link = format!("[data-call] a[href$='{}']", number.replace('+', "%2B"));
        let link = match self.client.find(Locator::Css(&link)).await {
            Ok(link) => link,
            Err(_) => {
                self.client.find(Locator::Css(&format!("[data-call] a[href$='{number}']"))).await.unwrap()
            }
        };
        link.click().await.unwrap();
    }

    /// Types a number into the bar's field and presses Enter.
    pub async fn ask_for(&self, number: &str) {
        self.tab.click("#other-number").await;
        self.tab.type_text(number).await;
        self.tab.press(super::tab::ENTER).await;
    }

    pub async fn forward(&self) {
        self.client.forward().await.unwrap();
    }

    /// Puts a text into the search field in place of what is there.
    pub async fn search(&self, text: &str) {
        let field = self.client.wait().at_most(PATIENCE).for_element(Locator::Css("#search")).await.unwrap();
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Last announcement to screen readers.
    pub async fn announced(&self) -> String {
        self.string("return document.querySelector('p[role=status]').innerText").await
    }

    /// `loading`, `ready`, `empty`, `invalid` or `error`.
    pub async fn wait_for_state(&self, state: &str) {
        self.tab.wait_for_state(state).await;
    }

    pub async fn wait_for_heading(&self, part: &str) {
        self.wait_for(&format!(
            "document.querySelector('h1')?.closest('.title, main').innerText.includes('{part}')"
        ))
        .await;
    }

    pub async fn wait_for_path(&self, path: &str) {
        self.wait_for(&format!("decodeURIComponent(location.pathname) === '{path}'")).await;
    }

    /// Waits until the program has taken the page over, where there is one. It replaces the first rows, so
    /// that what points at one of them before would point at nothing.
    pub async fn wait_for_program(&self) {
        self.wait_for(PROGRAM_IS_THERE).await;
    }

    /// Waits for the program and for so many calls, of the same page.
    pub async fn wait_for_rows(&self, count: usize) {
        let rows = format!("document.querySelectorAll('[data-call]').length === {count}");
        self.wait_for(&format!("{PROGRAM_IS_THERE} && {rows}")).await;
    }

    /// Waits for the notice that the calls are old, as somebody who comes back to the tab now and then: a
    /// page asks again when it gets the focus, but not more than once in some seconds.
    pub async fn wait_for_notice_while_looking_back(&self) {
        self.wait_for("window.dispatchEvent(new Event('focus')) && document.querySelector('[data-notice]')")
            .await;
    }

    /// From now on notes down each delay until the next attempt that the page announces.
    pub async fn write_down_retries(&self) {
        let script = r"window.retries = [];
            let last = 0;
            const note = () => {
                const seconds = Number(document.querySelector('[data-notice]')?.innerText.match(/again in (\d+) s/)?.[1] ?? 0);
                // It is counted down, so it grows only where another one begins.
                if (seconds > last) window.retries.push(seconds);
                last = seconds;
            };
            new MutationObserver(note).observe(document.body, {subtree: true, childList: true, characterData: true});";
        self.run(script).await;
    }

    /// The delays in seconds, in order.
    pub async fn retries(&self) -> Vec<u32> {
        serde_json::from_value(self.run("return window.retries").await).unwrap()
    }

    pub async fn wait_for_retries(&self, count: usize) {
        self.wait_for(&format!("window.retries.length >= {count}")).await;
    }

    pub async fn wait_for_no_notice(&self) {
        self.wait_for("!document.querySelector('[data-notice]')").await;
    }

    /// Does what somebody would do who got HTML into the page, waits until the browser has refused all of it,
    /// and gives what ran all the same.
    pub async fn inject(&self) -> Vec<String> {
        let script = "window.ran = [];
            window.refused = [];
            document.addEventListener('securitypolicyviolation', e => refused.push(e.effectiveDirective));
            document.body.insertAdjacentHTML(
                'beforeend', '<img src=/nothing onerror=\"ran.push(1)\"><p style=\"color: red\">text</p>');
            const script = document.createElement('script');
            script.textContent = 'ran.push(2)';
            document.body.append(script);
            setTimeout('ran.push(3)');";
        self.run(script).await;
        for directive in ["script-src-attr", "script-src-elem", "script-src", "style-src-attr"] {
            self.wait_for(&format!("window.refused.includes('{directive}')")).await;
        }
        serde_json::from_value(self.run("return window.ran.map(String)").await).unwrap()
    }

    /// Waits until the page follows the history's events.
    pub async fn wait_for_stream(&self) {
        self.wait_for("document.querySelector('main')?.dataset.live === ''").await;
    }

    /// Follows the link of this name.
    pub async fn choose(&self, name: &str) {
        // A chip has a count behind its name.
        let link = format!("//main//a[normalize-space()='{name}' or starts-with(., '{name} ')]");
        let link = self.client.wait().at_most(PATIENCE).for_element(Locator::XPath(&link)).await.unwrap();
        link.click().await.unwrap();
    }

    pub async fn reload(&self) {
        self.client.refresh().await.unwrap();
    }

    async fn wait_for(&self, condition: &str) {
        self.tab.wait_for(condition).await;
    }

    async fn string(&self, script: &str) -> String {
        self.tab.string(script).await
    }

    async fn run(&self, script: &str) -> Value {
        self.tab.run(script).await
    }
}
