//! A page load, from an empty cache to the first rows.

use std::time::Duration;

use anyhow::Context;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::chromium::Chromium;

/// Network conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// Localhost without throttling.
    Local,
    /// 1.6 Mbit/s down, 750 kbit/s up, 150 ms round trip: a slow mobile network.
    Slow,
}

/// Measurements of a load. Times are in milliseconds since the start of the navigation, sizes in bytes
/// including headers.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// First contentful paint.
    pub first_paint_ms: f64,
    /// First row.
    pub first_row_ms: f64,
    /// Start of the WebAssembly program, if the page has one.
    pub program_ms: Option<f64>,
    /// Bytes received until the first row.
    pub bytes_to_first_row: f64,
    /// Bytes received in total.
    pub bytes: f64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Probe {
    time_origin_ms: f64,
    paint_ms: f64,
    row_ms: f64,
    program_ms: Option<f64>,
}

/// Loads a page in a new browser, until there was no request for one second.
pub async fn measure(url: &str, row: &str, network: Network) -> anyhow::Result<Load> {
    let browser = Chromium::start().await?;
    browser.command("Network.enable", json!({})).await?;
    if network == Network::Slow {
        let conditions = json!({"offline": false, "latency": 150,
            "downloadThroughput": 1_600_000 / 8, "uploadThroughput": 750_000 / 8});
        browser.command("Network.emulateNetworkConditions", conditions).await?;
    }
    browser.open(url, &probe(row)).await?;
    browser.wait_for("bench.row > 0").await.with_context(|| format!("no row {row:?} at {url}"))?;
    let mut resources = Value::Null;
    loop {
        let now = browser.value("performance.getEntriesByType('resource').length").await?;
        if std::mem::replace(&mut resources, now.clone()) == now {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let found = browser
        .value(
            "({timeOriginMs: performance.timeOrigin, rowMs: bench.row, programMs: bench.program ?? null,
               paintMs: performance.getEntriesByName('first-contentful-paint')[0].startTime})",
        )
        .await?;
    let events = browser.events().await?;
    browser.stop().await?;
    let probe: Probe = serde_json::from_value(found)?;
    let (bytes_to_first_row, bytes) = bytes(&events, url, &probe)?;
    Ok(Load {
        first_paint_ms: probe.paint_ms,
        first_row_ms: probe.row_ms,
        program_ms: probe.program_ms,
        bytes_to_first_row,
        bytes,
    })
}

/// Records the time of the first row on the screen: after the next frame.
pub fn probe(row: &str) -> String {
    let row = json!(row);
    format!(
        "window.bench = {{}};
        const look = () => {{
            if (!document.querySelector({row})) return;
            observer.disconnect();
            requestAnimationFrame(() => {{
                const painted = new MessageChannel();
                painted.port1.onmessage = () => bench.row = performance.now();
                painted.port2.postMessage(0);
            }});
        }};
        const observer = new MutationObserver(look);
        observer.observe(document, {{childList: true, subtree: true}});
        addEventListener('TrunkApplicationStarted', event => {{
            bench.program = performance.now();
            bench.memory = event.detail.wasm.memory;
        }});"
    )
}

/// Adds up the sizes of network events, until the first row and in total.
fn bytes(events: &[Value], url: &str, probe: &Probe) -> anyhow::Result<(f64, f64)> {
    let is_document = |event: &&Value| {
        event["method"] == "Network.requestWillBeSent" && event["params"]["documentURL"] == url
    };
    let document = events.iter().find(is_document).context("the browser has not asked for the page")?;
    let seconds = |event: &Value, clock: &str| event["params"][clock].as_f64().unwrap_or_default();
    // Time of the first row on the clock of the events.
    let row_s = seconds(document, "timestamp") - seconds(document, "wallTime")
        + (probe.time_origin_ms + probe.row_ms) / 1000.0;
    let (mut before, mut all) = (0.0, 0.0);
    for event in events {
        let parameters = &event["params"];
        // The rows are in the page. Chromium reports its size at its end, when it has shown them already.
        let is_page = parameters["requestId"] == document["params"]["requestId"];
        let size = match event["method"].as_str() {
            Some("Network.responseReceived") if !is_page => &parameters["response"]["encodedDataLength"],
            Some("Network.dataReceived") if !is_page => &parameters["encodedDataLength"],
            Some("Network.loadingFinished") if is_page => &parameters["encodedDataLength"],
            _ => continue,
        };
        let size = size.as_f64().unwrap_or_default();
        all += size;
        if is_page || seconds(event, "timestamp") <= row_s {
            before += size;
        }
    }
    Ok((before, all))
}
