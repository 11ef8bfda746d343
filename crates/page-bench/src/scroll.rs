//! Scrolling through a long list.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::chromium::Chromium;
use crate::load::probe;

/// What scrolling takes.
#[derive(Debug, Clone, Copy)]
pub struct Scrolled {
    /// The longest time from one frame to the next.
    pub longest_frame_ms: f64,
    /// The most elements that were in the document at once.
    pub most_nodes: f64,
    /// The memory of JavaScript and WebAssembly before, in bytes.
    pub heap_before: f64,
    /// The same after.
    pub heap_after: f64,
    /// How many screens went by.
    pub screens: f64,
}

#[derive(Debug, Deserialize)]
struct Frames {
    longest: f64,
    nodes: f64,
    screens: f64,
}

/// Two thirds of a screen in each frame, as far as there are rows.
const SCROLL: &str = "{ bench.frames = {longest: 0, nodes: 0, screens: 0};
    let last = performance.now(), top = scrollY;
    const step = now => {
        const frames = bench.frames;
        frames.longest = Math.max(frames.longest, now - last);
        frames.nodes = Math.max(frames.nodes, document.getElementsByTagName('*').length);
        frames.screens += Math.abs(scrollY - top) / innerHeight;
        last = now;
        top = scrollY;
        scrollBy(0, innerHeight * 2 / 3);
        if (!bench.stop) requestAnimationFrame(step);
    };
    requestAnimationFrame(now => { last = now; requestAnimationFrame(step); }) }";

/// Scrolls the list of a page for some seconds.
pub async fn measure(url: &str, row: &str, seconds: u64) -> anyhow::Result<Scrolled> {
    let browser = Chromium::start().await?;
    browser.open(url, &probe(row)).await?;
    browser.wait_for("bench.row > 0 && bench.program > 0").await?;
    // What the page still does at its beginning is no part of scrolling.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let heap_before = heap(&browser).await?;
    browser.command("Runtime.evaluate", json!({"expression": SCROLL})).await?;
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let frames: Frames = serde_json::from_value(browser.value("(bench.stop = true, bench.frames)").await?)?;
    let heap_after = heap(&browser).await?;
    browser.stop().await?;
    Ok(Scrolled {
        longest_frame_ms: frames.longest,
        most_nodes: frames.nodes,
        heap_before,
        heap_after,
        screens: frames.screens,
    })
}

async fn heap(browser: &Chromium) -> anyhow::Result<f64> {
    browser.command("HeapProfiler.collectGarbage", json!({})).await?;
    let usage = browser.command("Runtime.getHeapUsage", json!({})).await?;
    let program = browser.value("bench.memory.buffer.byteLength").await?;
    Ok([&usage["usedSize"], &program].into_iter().filter_map(Value::as_f64).sum())
}
