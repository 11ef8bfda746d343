//! Upgrades a data folder to another major version of PostgreSQL, which cannot read the files of the old one.
//!
//! The caller creates the new cluster in a separate folder (`upgrade`), which then replaces the old one by a
//! single system call. One of the two is in place and complete at any time, so after a kill, the upgrade can
//! be repeated.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::binaries::{Binaries, Installed};
use crate::cluster::{Cluster, Membership, STOP_LIMIT};
use crate::layout::{Layout, PORT};
use crate::lock::{Lock, Mode};
use crate::recipe::Recipe;
use crate::server;
use crate::stop::{Stop, c_string};

/// Variable with the folder of the old version's programs.
const OLD: &str = "CALLS_OLD_POSTGRES_BIN";

/// An upgrade in progress. While it lives, no other process uses the data folder.
#[derive(Debug)]
pub struct Upgrade {
    layout: Layout,
    /// Folder for the new cluster.
    work: Layout,
    from: u32,
    old: Option<Binaries>,
    new: Binaries,
    /// `None` once it has ended.
    membership: Option<Membership>,
}

impl Upgrade {
    /// Begins the upgrade of a data folder to the newest installed version. An interrupted upgrade is
    /// completed or cleaned up. [`Upgrade::is_needed`] then tells whether an upgrade is needed.
    ///
    /// [`Error::InUse`], or the cluster is newer than the installed versions or does not exist.
    /// [`Error::InUse`], or the cluster is newer than what is installed, or is not there.
    pub fn begin(data_dir: &Path) -> Result<Upgrade, Error> {
        let mut installed = Installed::find()?;
        let new = installed.newest();
        if let Some(folder) = std::env::var_os(OLD).filter(|folder| !folder.is_empty()) {
            installed = installed.with(Path::new(&folder))?;
        }
        let layout = Layout::prepare(data_dir, PORT)?;
        let membership = Membership::alone(&layout)?;
        let work = layout.beside("upgrade")?;
        clear_up(&layout, &work, new.major())?;
        let Some(from) = layout.version()? else {
            return Err(Error::NoCluster { folder: layout.data_dir.clone() });
        };
        if from > new.major() {
            let found = format!("{} ({})", new.major(), new.folder().display());
            return Err(Error::VersionNotInstalled { folder: layout.cluster(), needed: from, found });
        }
        let old = installed.fitting(Some(from), &layout.cluster()).ok();
        Ok(Upgrade { layout, work, from, old, new, membership: Some(membership) })
    }

    /// Whether the cluster is of an older version than the newest installed one.
    pub fn is_needed(&self) -> bool {
        self.from != self.new.major()
    }

    /// The major versions of the cluster and of the newest installed PostgreSQL.
    pub fn versions(&self) -> (u32, u32) {
        (self.from, self.new.major())
    }

    /// Folder for the new cluster. Files beside it are moved with it.
    pub fn work_dir(&self) -> &Path {
        &self.work.data_dir
    }

    /// Size of the old cluster and free space, in bytes.
    ///
    /// # Errors
    /// A system call failed.
    pub fn space(&self) -> Result<(u64, u64), Error> {
        let folder = self.layout.cluster();
        let used = size_of_folder(&folder).map_err(Error::io("examine", &folder))?;
        Ok((used, free_space(&folder).map_err(Error::io("examine", &folder))?))
    }

    /// Starts the old cluster with the old version's programs.
    ///
    /// # Errors
    /// [`Error::OldVersionMissing`], or as [`Cluster::open`].
    pub fn start_old(&self) -> Result<Cluster, Error> {
        let missing = || Error::OldVersionMissing {
            folder: self.layout.cluster(),
            needed: self.from,
            found: self.new.major(),
        };
        let old = self.old.clone().ok_or_else(missing)?;
        start(&self.layout, &old)
    }

    /// Stops the server started by [`Upgrade::start_old`] or [`Upgrade::start_new`].
    ///
    /// # Errors
    /// [`Error::Slow`].
    pub fn stop(&self) -> Result<(), Error> {
        match Stop::new(&self.layout, false).run(Some(STOP_LIMIT)) {
            true => Ok(()),
            false => Err(server::slow(&self.layout, "not stopped", STOP_LIMIT)),
        }
    }

    /// Creates an empty cluster of the new version, and starts it. It must be left before
    /// [`Upgrade::exchange`].
    ///
    /// # Errors
    /// As [`Cluster::open`].
    pub fn make_new(&self) -> Result<Cluster, Error> {
        Cluster::join(self.work.clone(), Installed::only(&self.new), Recipe::durable())
    }

    /// Exchanges the new and the old cluster. Neither may be running.
    ///
    /// # Errors
    /// A system call failed.
    pub fn exchange(&self) -> Result<(), Error> {
        let (place, other) = (self.layout.cluster(), self.work.cluster());
        exchange(&place, &other).map_err(Error::io("exchange", &place))?;
        sync(&self.layout)?;
        sync(&self.work)
    }

    /// Starts the cluster that is now in place.
    ///
    /// # Errors
    /// As [`Cluster::open`].
    pub fn start_new(&self) -> Result<Cluster, Error> {
        start(&self.layout, &self.new)
    }

    /// Renames the old cluster to a name that it returns, and removes temporary files.
    ///
    /// # Errors
    /// A system call failed.
    pub fn finish(mut self) -> Result<PathBuf, Error> {
        let aside = put_aside(&self.layout, &self.work, self.from)?;
        remove(&self.work)?;
        if let Some(membership) = self.membership.take() {
            membership.end(&self.layout, false)?;
        }
        Ok(aside)
    }
}

impl Drop for Upgrade {
    fn drop(&mut self) {
        // If this fails, the keeper or the next upgrade does the same.
        if let Some(membership) = self.membership.take() {
            if matches!(self.layout.version(), Ok(Some(version)) if version == self.from) {
                let _ = remove(&self.work);
            }
            let _ = membership.end(&self.layout, false);
        }
    }
}

/// Starts the server of a data folder that is in exclusive use.
fn start(layout: &Layout, binaries: &Binaries) -> Result<Cluster, Error> {
    let (installed, recipe) = (Installed::only(binaries), Recipe::durable());
    server::ensure_ready(layout, &installed, &recipe)?;
    Ok(Cluster::without_membership(layout.clone(), installed, binaries.clone(), recipe))
}

/// Recovers from an interrupted upgrade: completes the exchange, or removes incomplete files.
fn clear_up(layout: &Layout, work: &Layout, newest: u32) -> Result<(), Error> {
    let (here, there) = (layout.version()?, work.version()?);
    // The keeper of the killed process may be stopping its server.
    let users = Lock::open(work, &work.users_lock())?;
    if !users.wait(Mode::Exclusive, STOP_LIMIT)? {
        return Err(server::slow(work, "not stopped", STOP_LIMIT));
    }
    match (here, there) {
        // Killed between the two steps of an exchange that is not atomic.
        (None, Some(_)) => {
            fs::rename(work.cluster(), layout.cluster()).map_err(Error::io("rename", &work.cluster()))?;
            sync(layout)?;
        }
        // Killed after the exchange.
        (Some(here), Some(there)) if here == newest && there != newest => {
            put_aside(layout, work, there)?;
        }
        _ => {}
    }
    remove(work)?;
    work.create()
}

/// Renames the old cluster from the work folder to `postgres.MAJOR`, or to the first free name like it.
fn put_aside(layout: &Layout, work: &Layout, major: u32) -> Result<PathBuf, Error> {
    let plain = layout.data_dir.join(format!("postgres.{major}"));
    if !work.cluster().exists() {
        return Ok(plain);
    }
    let numbered = (2..).map(|number| layout.data_dir.join(format!("postgres.{major}.{number}")));
    let free = std::iter::once(plain.clone()).chain(numbered).find(|path| !path.exists()).unwrap_or(plain);
    fs::rename(work.cluster(), &free).map_err(Error::io("rename", &work.cluster()))?;
    sync(layout)?;
    Ok(free)
}

fn remove(work: &Layout) -> Result<(), Error> {
    if !work.socket_dir.starts_with(&work.data_dir) {
        // The folder only held the socket; if it has other files, it stays.
        let _ = fs::remove_dir(&work.socket_dir);
    }
    match fs::remove_dir_all(&work.data_dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::io("remove", &work.data_dir)(error))
        }
        _ => Ok(()),
    }
}

/// New names must survive a power failure.
fn sync(layout: &Layout) -> Result<(), Error> {
    let folder = fs::File::open(&layout.data_dir).and_then(|folder| folder.sync_all());
    folder.map_err(Error::io("write", &layout.data_dir))
}

/// Exchanges the names of two folders, atomically if the system supports it.
fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    match exchange_at_once(one, other) {
        Err(error) if is_unsupported(&error) => {
            let between = other.with_extension("old");
            fs::rename(one, &between)?;
            fs::rename(other, one)?;
            fs::rename(between, other)
        }
        result => result,
    }
}

fn is_unsupported(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EINVAL | libc::ENOSYS | libc::ENOTSUP))
}

#[cfg(target_os = "linux")]
fn exchange_at_once(one: &Path, other: &Path) -> io::Result<()> {
    let (one, other, here) = (c_string(one), c_string(other), libc::AT_FDCWD);
    // SAFETY: a system call with valid strings.
    match unsafe { libc::renameat2(here, one.as_ptr(), here, other.as_ptr(), libc::RENAME_EXCHANGE) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(not(target_os = "linux"))]
fn exchange_at_once(_one: &Path, _other: &Path) -> io::Result<()> {
    Err(io::Error::from_raw_os_error(libc::ENOSYS))
}

/// Size of all files in a folder on disk, in bytes.
fn size_of_folder(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let found = entry.metadata()?;
        bytes += if found.is_dir() { size_of_folder(&entry.path())? } else { found.blocks() * 512 };
    }
    Ok(bytes)
}

/// Free space at a folder for users other than root, in bytes.
///
/// # Errors
/// The system call failed.
pub fn free_space(folder: &Path) -> io::Result<u64> {
    let path = c_string(folder);
    // SAFETY: zeros are a valid value, and the pointers are valid for the call.
    let found = unsafe {
        let mut found: libc::statvfs = std::mem::zeroed();
        if libc::statvfs(path.as_ptr(), &mut found) != 0 {
            return Err(io::Error::last_os_error());
        }
        found
    };
    // Types of the fields differ between systems.
    let (blocks, size): (u64, u64) = (found.f_bavail as _, found.f_frsize as _);
    Ok(blocks * size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_folders_get_each_others_names() {
        let folder = tempfile::tempdir().unwrap();
        let [one, other] = ["one", "other"].map(|name| folder.path().join(name));
        for path in [&one, &other] {
            fs::create_dir(path).unwrap();
            fs::write(path.join(path.file_name().unwrap()), "").unwrap();
        }
        exchange(&one, &other).unwrap();
        assert!(one.join("other").exists() && other.join("one").exists());
    }
}
