//! `flock` on a file. Such a lock belongs to the open file, ends when the last copy of its descriptor is
//! closed, and so never outlives the processes that hold it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::Error;
use crate::layout::Layout;

/// Polling interval while waiting for a condition.
pub(crate) const POLL: Duration = Duration::from_millis(10);

/// Mode of a file lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// With others.
    Shared,
    /// Alone.
    Exclusive,
}

/// An open lock file, locked or not.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// Opens `path`, a file of the data folder, and creates it if needed.
    ///
    /// No other user can open it, and so none can hold a server hostage by locking it.
    pub(crate) fn open(layout: &Layout, path: &Path) -> Result<Lock, Error> {
        // Reading is enough for flock. The standard library adds `O_CLOEXEC`.
        let file = layout.open_own(OpenOptions::new().read(true), path)?;
        Ok(Lock { file, path: path.to_path_buf() })
    }

    /// Takes the lock, or changes its mode; `false` if others prevent that now. In that case a lock held
    /// before is lost.
    pub(crate) fn attempt(&self, mode: Mode) -> Result<bool, Error> {
        let operation = match mode {
            Mode::Shared => libc::LOCK_SH,
            Mode::Exclusive => libc::LOCK_EX,
        };
        loop {
            // SAFETY: a system call on a descriptor that `file` keeps open.
            if unsafe { libc::flock(self.file.as_raw_fd(), operation | libc::LOCK_NB) } == 0 {
                return Ok(true);
            }
            let error = io::Error::last_os_error();
            match error.kind() {
                io::ErrorKind::WouldBlock => return Ok(false),
                io::ErrorKind::Interrupted => {}
                _ => return Err(Error::io("lock", &self.path)(error)),
            }
        }
    }

    /// Takes the lock as soon as others let it; `false` if they do not within `limit`.
    pub(crate) fn wait(&self, mode: Mode, limit: Duration) -> Result<bool, Error> {
        let deadline = Instant::now() + limit;
        loop {
            if self.attempt(mode)? {
                return Ok(true);
            }
            if Instant::now() >= deadline {
                return Ok(false);
            }
            std::thread::sleep(POLL);
        }
    }

    /// Whether the file still has its name. If somebody has deleted it, others lock another file.
    pub(crate) fn is_current(&self) -> bool {
        self.file.metadata().is_ok_and(|found| found.nlink() > 0)
    }

    /// The descriptor, for a child that shall share the lock.
    pub(crate) fn descriptor(&self) -> RawFd {
        self.file.as_raw_fd()
    }
}
