//! The page at `/calls/<number>` as a person uses it. Every `wait_for_` fails after 20 seconds, with what the
//! page showed instead.

use std::time::{Duration, Instant};

use fantoccini::{Client, Locator};
use serde_json::Value;

use super::chromium::Chromium;

const PATIENCE: Duration = Duration::from_secs(20);

/// What is being looked at.
pub struct HistoryPage {
    client: Client,
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
        let client = chromium.client.clone();
        client.goto(&format!("{address}{path}")).await.unwrap();
        Self { client }
    }

    pub async fn rows(&self) -> Vec<Row> {
        let script = "return [...document.querySelectorAll('[data-call]')].map(row => [row.dataset.call, row.innerText])";
        let rows: Vec<(String, String)> = serde_json::from_value(self.run(script).await).unwrap();
        rows.into_iter().map(|(id, text)| Row { id, text }).collect()
    }

    pub async fn day_headings(&self) -> Vec<String> {
        let script = "return [...document.querySelectorAll('main h2')].map(heading => heading.innerText)";
        serde_json::from_value(self.run(script).await).unwrap()
    }

    pub async fn text(&self) -> String {
        self.string("return document.body.innerText").await
    }

    /// The path in the address bar, percent-decoded.
    pub async fn path(&self) -> String {
        self.string("return decodeURIComponent(location.pathname)").await
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

    /// Types a number into the field and presses Enter.
    pub async fn ask_for(&self, number: &str) {
        let field = self.client.wait().for_element(Locator::Css("main form input")).await.unwrap();
        field.send_keys(&format!("{number}\u{e007}")).await.unwrap();
    }

    /// `loading`, `ready`, `empty`, `invalid` or `error`.
    pub async fn wait_for_state(&self, state: &str) {
        self.wait_for(&format!("document.querySelector('main')?.dataset.state === '{state}'")).await;
    }

    pub async fn wait_for_heading(&self, part: &str) {
        self.wait_for(&format!("document.querySelector('h1')?.parentElement.innerText.includes('{part}')"))
            .await;
    }

    pub async fn wait_for_path(&self, path: &str) {
        self.wait_for(&format!("decodeURIComponent(location.pathname) === '{path}'")).await;
    }

    pub async fn wait_for_rows(&self, count: usize) {
        self.wait_for(&format!("document.querySelectorAll('[data-call]').length === {count}")).await;
    }

    /// Waits for the notice that the calls are old, as somebody who comes back to the tab now and then: a page
    /// asks again when it gets the focus, but not more than once in some seconds.
    pub async fn wait_for_notice_while_looking_back(&self) {
        self.wait_for("window.dispatchEvent(new Event('focus')) && document.querySelector('[data-notice]')")
            .await;
    }

    pub async fn wait_for_no_notice(&self) {
        self.wait_for("!document.querySelector('[data-notice]')").await;
    }

    /// Does what somebody would do who got HTML into the page, waits until the browser has refused all of it, and
    /// gives what ran all the same.
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

    /// Scrolls down until there is nothing older.
    pub async fn scroll_to_the_end(&self) {
        self.wait_for(
            "(window.scrollTo(0, document.body.scrollHeight), document.querySelector('[data-end]'))",
        )
        .await;
    }

    /// Follows the link of this name.
    pub async fn choose(&self, name: &str) {
        let link = format!("//main//a[normalize-space()='{name}']");
        let link = self.client.wait().at_most(PATIENCE).for_element(Locator::XPath(&link)).await.unwrap();
        link.click().await.unwrap();
    }

    pub async fn reload(&self) {
        self.client.refresh().await.unwrap();
    }

    async fn wait_for(&self, condition: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.run(&format!("return !!({condition})")).await != Value::Bool(true) {
            assert!(Instant::now() < deadline, "never: {condition}\nThe page shows:\n{}", self.text().await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn string(&self, script: &str) -> String {
        self.run(script).await.as_str().unwrap_or_default().to_owned()
    }

    async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }
}
