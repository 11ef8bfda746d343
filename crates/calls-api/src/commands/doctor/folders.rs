//! The data folder: owner, permissions and free space.

use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::Access;

use super::Findings;

/// Checks a data folder. False if this user cannot use it, so that its contents cannot be checked.
pub(super) fn check(folder: &Path, findings: &mut Findings) -> bool {
    let Ok(found) = fs::metadata(folder) else { return check_missing(folder, findings) };
    if !found.is_dir() {
        let mend = "calls serve --data-dir DIR";
        findings.fail("data folder", format!("expected a folder, but {} is a file", folder.display()), mend);
        return false;
    }
    let shown = format!("{} (mode {:03o})", folder.display(), mode_of(&found));
    if !may_use(folder) || !is_own_cluster(folder) {
        let owner = owner_of(folder, &found);
        let found = format!("{shown} belongs to {owner}, and {} may not write into it", user());
        let mend = format!("sudo -u {owner} calls doctor, or: chown -R {} {}", user(), folder.display());
        findings.fail("data folder", found, mend);
        return false;
    }
    if mode_of(&found) & 0o026 == 0 {
        findings.ok("data folder", shown);
    } else {
        let mend = format!("chmod go-rw {}", folder.display());
        findings.warn("data folder", format!("{shown}: others may list it or write into it"), mend);
    }
    check_space(folder, findings);
    true
}

/// Checks whether `calls serve` could create the folder.
fn check_missing(folder: &Path, findings: &mut Findings) -> bool {
    let above = folder.ancestors().skip(1).find(|folder| folder.is_dir()).unwrap_or(Path::new("/"));
    if may_use(above) {
        findings.ok("data folder", format!("{} will be made", folder.display()));
        check_space(above, findings);
        return true;
    }
    let found =
        format!("{} cannot be made: {} may not write into {}", folder.display(), user(), above.display());
    let mend = format!("install -d -o {} -m 700 {}, as root", user(), folder.display());
    findings.fail("data folder", found, mend);
    false
}

fn mode_of(found: &Metadata) -> u32 {
    found.permissions().mode() & 0o777
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Whether this user may create files in a folder. The kernel decides, so access control lists count too.
fn may_use(folder: &Path) -> bool {
    rustix::fs::accessat(
        rustix::fs::CWD,
        folder,
        Access::WRITE_OK | Access::EXEC_OK,
        rustix::fs::AtFlags::EACCESS,
    )
    .is_ok()
}

/// Whether this user may run the cluster in a data folder, if there is one. Root switches to its owner.
fn is_own_cluster(folder: &Path) -> bool {
    let found = fs::symlink_metadata(folder.join("postgres"));
    is_root() || found.map_or(true, |found| found.uid() == rustix::process::geteuid().as_raw())
}

/// The owner of the cluster, or else of the folder.
fn owner_of(folder: &Path, found: &Metadata) -> String {
    let uid = fs::symlink_metadata(folder.join("postgres")).map_or(found.uid(), |cluster| cluster.uid());
    local_postgres::user_name(uid).unwrap_or_else(|| format!("#{uid}"))
}

/// The user of this process.
fn user() -> String {
    let uid = rustix::process::geteuid().as_raw();
    local_postgres::user_name(uid).unwrap_or_else(|| format!("#{uid}"))
}

fn check_space(folder: &Path, findings: &mut Findings) {
    /// Free space below which PostgreSQL soon stops, in bytes. Below ten times this a backup may not fit
    /// beside the data.
    const LEAST: u64 = 200_000_000;
    match local_postgres::free_space(folder) {
        Err(error) => findings.fail("disk", error.to_string(), "df -h"),
        Ok(free) => {
            let shown = format!("{} MB free at {}", free / 1_000_000, folder.display());
            let mend = format!("make room: df -h {}", folder.display());
            match free {
                free if free < LEAST => findings.fail("disk", shown, mend),
                free if free < 10 * LEAST => findings.warn("disk", shown, mend),
                _ => findings.ok("disk", shown),
            }
        }
    }
}
