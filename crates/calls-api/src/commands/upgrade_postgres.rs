//! `calls upgrade-postgres`.

use std::path::PathBuf;
use std::process::ExitCode;

use indicatif::{HumanCount, ProgressBar};

use super::backup::show;
use super::storage::Storage;
use calls_store::postgres_upgrade::{self, Outcome, Stage};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Start from a backup instead of the old data, if the old version's programs are not installed any more
    ///
    /// Calls stored after the backup are then only in the old data, which is kept.
    #[arg(long, value_name = "FILE")]
    from_backup: Option<PathBuf>,
}

pub(crate) fn run(storage: Storage, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let folder = storage.private_folder()?;
    let bar = ProgressBar::new_spinner();
    let outcome = postgres_upgrade::run(&folder, arguments.from_backup.as_deref(), |stage| match stage {
        Stage::From { old, new } => eprintln!("moving {} from PostgreSQL {old} to {new}", folder.display()),
        Stage::Step(step) => show(&bar, step),
        Stage::Exchanging => bar.println("the new data takes the place of the old"),
    });
    bar.finish_and_clear();
    match outcome? {
        Outcome::NotNeeded(version) => {
            println!("the data is of PostgreSQL {version}, the newest that is installed")
        }
        Outcome::Done { manifest, aside } => {
            println!(
                "{} calls moved, and the new PostgreSQL has answered",
                HumanCount(manifest.calls_count())
            );
            println!("the old data is in {0}; to remove it: rm -r '{0}'", aside.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}
