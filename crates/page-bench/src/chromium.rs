//! A headless Chromium with an empty profile.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

const OPTIONS: [&str; 8] = [
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--lang=en-US",
    "--window-size=1280,900",
];
const PATIENCE: Duration = Duration::from_secs(60);

/// A running browser. Ends with this value.
pub struct Chromium {
    client: Client,
    driver: Child,
    _profile: tempfile::TempDir,
}

impl Chromium {
    /// Starts one.
    pub async fn start() -> anyhow::Result<Self> {
        let profile = tempfile::tempdir()?;
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("chromedriver is missing: `just setup test` installs it")?;
        let stdout = driver.stdout.take().context("chromedriver has no output")?;
        let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
        let port = lines.find_map(|line| Some(line.split_once("successfully on port ")?.1.to_owned()));
        let port = port.context("chromedriver does not say its port")?;
        let mut options: Vec<String> = OPTIONS.map(str::to_owned).to_vec();
        options.push(format!("--user-data-dir={}", profile.path().display()));
        // Chromium's sandbox refuses to run as root, as in a container.
        if profile.path().metadata()?.uid() == 0 {
            options.push("--no-sandbox".to_owned());
        }
        let capabilities = json!({
            "goog:chromeOptions": {"args": options},
            "goog:loggingPrefs": {"performance": "ALL"},
        });
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(serde_json::from_value(capabilities)?)
            .connect(&format!("http://127.0.0.1:{}", port.trim_end_matches('.')))
            .await
            .context("Chromium does not start")?;
        Ok(Self { client, driver, _profile: profile })
    }

    /// Opens a page, after having given it a script to run before all others.
    pub async fn open(&self, url: &str, script: &str) -> anyhow::Result<()> {
        self.command("Page.addScriptToEvaluateOnNewDocument", json!({"source": script})).await?;
        self.client.goto(url).await.with_context(|| format!("cannot open {url}"))
    }

    /// A command of the Chrome DevTools Protocol.
    pub async fn command(&self, name: &str, parameters: Value) -> anyhow::Result<Value> {
        let body = json!({"cmd": name, "params": parameters}).to_string();
        Ok(self.client.issue_cmd(Own { path: "goog/cdp/execute", body }).await?)
    }

    /// The DevTools events since the last time, each with `method` and `params`.
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

impl Drop for Chromium {
    fn drop(&mut self) {
        // chromedriver takes its browser along. Fails only if it is gone already.
        self.driver.kill().unwrap_or_default();
        self.driver.wait().map(|_| ()).unwrap_or_default();
    }
}

/// A command of chromedriver's own.
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
