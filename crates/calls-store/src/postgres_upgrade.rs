//! Upgrades the data of the private PostgreSQL to another major version: a backup of the old server, or an
//! existing one, is restored into a new cluster.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use local_postgres::{Cluster, Upgrade};

use crate::backup::archive::{self, Manifest};
use crate::backup::{self, Step};
use crate::restore;
use crate::server::Server;

/// Step of an upgrade, for progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The upgrade begins.
    From {
        /// Old major version.
        old: u32,
        /// New major version.
        new: u32,
    },
    /// A step of the backup or of the restore.
    Step(Step),
    /// The complete new cluster replaces the old one.
    Exchanging,
}

/// Result of an upgrade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The data already had this version.
    NotNeeded(u32),
    /// The data was upgraded.
    Done {
        /// Content of the new cluster.
        manifest: Manifest,
        /// New location of the old cluster.
        aside: PathBuf,
    },
}

/// Upgrades the private PostgreSQL in `data_dir` to the newest installed version. With `from_backup` the
/// programs of the old version are not needed; calls stored after that backup are then only in the old
/// cluster.
///
/// # Errors
/// The data is in use, there is too little space, or a step failed. The old cluster is unchanged then.
pub fn run(
    data_dir: &Path,
    from_backup: Option<&Path>,
    mut watch: impl FnMut(Stage),
) -> anyhow::Result<Outcome> {
    let upgrade = Upgrade::begin(data_dir)?;
    let (old, new) = upgrade.versions();
    if !upgrade.is_needed() {
        return Ok(Outcome::NotNeeded(new));
    }
    watch(Stage::From { old, new });
    require_space(&upgrade)?;
    let mut step = |step| {
        watch(Stage::Step(step));
        ControlFlow::Continue(())
    };
    let own = upgrade.work_dir().join("calls.backup");
    let file = match from_backup {
        Some(file) => file,
        None => {
            back_up_old(&upgrade, &own, &mut step).context("cannot back up the old cluster")?;
            &own
        }
    };
    let checked = restore::check(file)?;
    let server = Server::of(upgrade.make_new()?)?;
    checked.restore(&server, false, &mut step)?;
    server.leave()?;
    watch(Stage::Exchanging);
    upgrade.exchange()?;
    if let Err(error) = answers(&upgrade, checked.manifest()) {
        upgrade.stop()?;
        upgrade.exchange()?;
        return Err(error.context("the new cluster does not answer; the old one is in its place again"));
    }
    let aside = upgrade.finish()?;
    Ok(Outcome::Done { manifest: checked.manifest().clone(), aside })
}

/// The new cluster and the backup together are smaller than the old cluster; a fifth is added for safety.
fn require_space(upgrade: &Upgrade) -> anyhow::Result<()> {
    let (used, free) = upgrade.space()?;
    let needed = used + used / 5;
    let megabytes = |bytes: u64| bytes.div_ceil(1_000_000);
    ensure!(
        free >= needed,
        "expected {} MB of free space for the new cluster, but found {} MB: nothing was changed",
        megabytes(needed),
        megabytes(free)
    );
    Ok(())
}

fn back_up_old(upgrade: &Upgrade, file: &Path, watch: backup::Watch) -> anyhow::Result<()> {
    let server = Server::of(upgrade.start_old()?)?;
    let written = backup::write(&server, file, watch);
    drop(server);
    upgrade.stop()?;
    written.map(|_| ())
}

/// Starts the new cluster in its place, and compares the numbers of rows.
fn answers(upgrade: &Upgrade, expected: &Manifest) -> anyhow::Result<()> {
    let cluster: Cluster = upgrade.start_new()?;
    let server = Server::of(cluster)?;
    let found = backup::count_rows(&mut server.connect()?)?;
    ensure!(
        found == expected.rows,
        "expected the rows of the old cluster, but found others: {}",
        archive::difference(&expected.rows, &found)
    );
    Ok(())
}
