//! Scrolling through a long list.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::chromium::Chromium;
use crate::load::probe;

/// Cost of scrolling.
#[derive(Debug, Clone)]
pub struct Scrolled {
    /// Times between frames, sorted.
    pub frames_ms: Vec<f64>,
    /// Maximum number of elements in the document.
    pub most_nodes: f64,
    /// Memory of JavaScript and WebAssembly before, in bytes.
    pub heap_before: f64,
    /// Memory of JavaScript and WebAssembly after, in bytes.
    pub heap_after: f64,
    /// Number of screens scrolled.
    pub screens: f64,
}

impl Scrolled {
    /// A percentile of the frame times.
    pub fn percentile_ms(&self, percent: usize) -> f64 {
        let place = (self.frames_ms.len() * percent).div_ceil(100).saturating_sub(1);
        self.frames_ms.get(place).copied().unwrap_or_default()
    }

    /// Number of frames longer than `ms`.
    pub fn frames_over(&self, ms: f64) -> usize {
        self.frames_ms.iter().filter(|time| **time > ms).count()
    }
}

#[derive(Debug, Deserialize)]
struct Frames {
    times: Vec<f64>,
    nodes: f64,
    screens: f64,
}

/// Scrolls by two thirds of a screen per frame, as far as there are rows.
const SCROLL: &str = "{ bench.frames = {times: [], nodes: 0, screens: 0};
    let last = performance.now(), top = scrollY;
    const step = now => {
        const frames = bench.frames;
        frames.times.push(now - last);
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
    // The page should finish loading first.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let heap_before = heap(&browser).await?;
    browser.command("Runtime.evaluate", json!({"expression": SCROLL})).await?;
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let mut frames: Frames =
        serde_json::from_value(browser.value("(bench.stop = true, bench.frames)").await?)?;
    let heap_after = heap(&browser).await?;
    browser.stop().await?;
    frames.times.sort_by(f64::total_cmp);
    Ok(Scrolled {
        frames_ms: frames.times,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_frames_are_counted_and_one_of_a_hundred_does_not_move_the_percentile() {
        let frames = |frames_ms| Scrolled {
            frames_ms,
            most_nodes: 0.0,
            heap_before: 0.0,
            heap_after: 0.0,
            screens: 0.0,
        };
        let scrolled = frames([vec![16.7; 99], vec![50.1]].concat());
        assert_eq!((scrolled.percentile_ms(99), scrolled.percentile_ms(100)), (16.7, 50.1));
        assert_eq!((scrolled.frames_over(50.0), scrolled.frames_over(50.1)), (1, 0));
        assert_eq!((frames(Vec::new()).percentile_ms(100), frames(vec![3.0]).percentile_ms(1)), (0.0, 3.0));
    }
}
