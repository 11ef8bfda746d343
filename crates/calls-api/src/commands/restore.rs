//! `calls restore`.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use indicatif::{HumanCount, ProgressBar};

use super::backup::show;
use super::storage::{self, Storage};
use calls_store::restore;
use calls_store::settle;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// File written by `calls backup`
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Replace the content of the database
    #[arg(long)]
    replace: bool,
}

pub(crate) fn run(storage: Storage, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { file, replace } = arguments;
    let checked = restore::check(&file).context("nothing was restored")?;
    let server = storage.server()?;
    server.require_sessions().context("cannot use the database")?;
    let bar = ProgressBar::new_spinner();
    let restored = checked.restore(&server, replace, &mut |step| {
        show(&bar, step);
        ControlFlow::Continue(())
    });
    bar.finish_and_clear();
    restored.context("nothing was restored")?;
    let (server, _) =
        storage::migrate(server).context("everything was restored, in the layout that the backup has")?;
    settle(&mut server.connect()?)?;
    let manifest = checked.manifest();
    println!(
        "{} calls of {} restored",
        HumanCount(manifest.calls_count()),
        manifest.made_at.format("%Y-%m-%d %H:%M:%S UTC")
    );
    server.leave()?;
    Ok(ExitCode::SUCCESS)
}
