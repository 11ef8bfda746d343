//! Measures the page in Chromium, optionally compared with another page: `just bench-page`.
//!
//! In reading order:
//!
//! - [`server`]: the built binary with made-up calls.
//! - [`chromium`]: a browser, with DevTools commands.
//! - [`load`]: a page load. [`scroll`]: a long list.
//! - [`report`]: the figures and their budgets.

mod chromium;
mod load;
mod report;
mod scroll;
mod server;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;

use load::{Load, Network};
use server::Server;

/// Measures the page in Chromium, each load in a new browser. Exit status 1 if a budget is exceeded.
#[derive(Debug, Parser)]
struct Arguments {
    /// Another page to compare with
    #[arg(long, value_name = "URL")]
    against: Option<String>,
    /// CSS selector of the other page's rows
    #[arg(long, value_name = "SELECTOR", default_value = "tbody tr")]
    against_row: String,
    /// Number of loads per page and network
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=99))]
    rounds: u32,
    /// Duration of scrolling, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    scroll: u64,
    /// The built binary [default: `calls` beside this program]
    #[arg(long, value_name = "FILE")]
    calls: Option<PathBuf>,
}

/// CSS selector of a row on our page.
const ROW: &str = "[data-call]";
/// CSS selector of a row on the first page.
const SEARCH: &str = "main.home input";

/// The loads of a page.
#[derive(Debug, Default)]
struct Loads {
    local: Vec<Load>,
    slow: Vec<Load>,
    /// Loads of the first page over the slow network.
    home: Vec<Load>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let beside = || anyhow::Ok(std::env::current_exe()?.with_file_name("calls"));
    let calls = arguments.calls.clone().map_or_else(beside, Ok)?;
    let server = Server::start(&calls).context("cannot serve made-up calls")?;
    let ours = server.page(server::SHORT);
    let (mut our_loads, mut their_loads) = (Loads::default(), None::<Loads>);
    for _ in 0..arguments.rounds {
        load_into(&mut our_loads, &ours, ROW).await?;
        our_loads.home.push(load::measure(&server.page_at("/"), SEARCH, Network::Slow).await?);
        if let Some(theirs) = &arguments.against {
            load_into(their_loads.get_or_insert_default(), theirs, &arguments.against_row).await?;
        }
    }
    let scrolled = scroll::measure(&server.page(server::LONG), ROW, arguments.scroll).await?;
    let rows = report::rows(&our_loads, their_loads.as_ref(), &scrolled);
    print!("{}", report::table(&rows));
    let all_met = rows.iter().all(|row| row.is_met() != Some(false));
    Ok(if all_met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn load_into(loads: &mut Loads, url: &str, row: &str) -> anyhow::Result<()> {
    loads.local.push(load::measure(url, row, Network::Local).await?);
    loads.slow.push(load::measure(url, row, Network::Slow).await?);
    Ok(())
}
