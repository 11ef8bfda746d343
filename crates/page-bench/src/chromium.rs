//! A headless Chromium with an empty profile.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use chromedriver::Driver;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(60);

/// A running browser, ended on drop.
pub struct Chromium {
    client: Client,
    _driver: Driver,
}

impl Chromium {
    /// Starts a browser.
    pub async fn start() -> anyhow::Result<Self> {
        let driver = Driver::start()?;
        let capabilities = driver.capabilities(&[], json!({"performance": "ALL"}))?;
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{}", driver.port()))
            .await
            .context("Chromium does not start")?;
        Ok(Self { client, _driver: driver })
    }

    /// Opens a page, with a script that runs before all others.
    pub async fn open(&self, url: &str, script: &str) -> anyhow::Result<()> {
        self.command("Page.addScriptToEvaluateOnNewDocument", json!({"source": script})).await?;
        self.client.goto(url).await.with_context(|| format!("cannot open {url}"))
    }

    /// Sends a command of the Chrome DevTools Protocol.
    pub async fn command(&self, name: &str, parameters: Value) -> anyhow::Result<Value> {
        let body = json!({"cmd": name, "params": parameters}).to_string();
        Ok(self.client.issue_cmd(Own { path: "goog/cdp/execute", body }).await?)
    }

    /// DevTools events since the last call, each with `method` and `params`.
    pub async fn events(&self) -> anyhow::Result<Vec<Value>> {
        let body = json!({"type": "performance"}).to_string();
        let log = self.client.issue_cmd(Own { path: "se/log", body }).await?;
        let event = |entry: &Value| {
            let message: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            Some(message["message"].clone())
        };
        Ok(log.as_array().map(|entries| entries.iter().filter_map(event).collect()).unwrap_or_default())
    }

    /// Value of an expression in the page.
    pub async fn value(&self, expression: &str) -> anyhow::Result<Value> {
        Ok(self.client.execute(&format!("return {expression}"), Vec::new()).await?)
    }

    /// Waits until an expression is true.
    pub async fn wait_for(&self, expression: &str) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while self.value(&format!("!!({expression})")).await? != Value::Bool(true) {
            if Instant::now() > deadline {
                bail!("expected {expression} within {PATIENCE:?}, but it never was");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Ends the browser.
    pub async fn stop(self) -> anyhow::Result<()> {
        Ok(self.client.clone().close().await?)
    }
}

/// A command specific to chromedriver.
#[derive(Debug)]
struct Own {
    path: &'static str,
    body: String,
}

impl WebDriverCompatibleCommand for Own {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (ureq::http::Method, Option<String>) {
        (ureq::http::Method::POST, Some(self.body.clone()))
    }
}
