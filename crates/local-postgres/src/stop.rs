//! Stops a server.
//!
//! All code here also runs in a child forked from a program with threads. Another thread may have held the
//! allocator's lock at the fork, so nothing here allocates: system calls on strings prepared before.

use std::ffi::{CStr, CString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::layout::Layout;
use crate::lock::POLL;

/// Interval of repeated stop requests. The first may be too early, before the server has a process number.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// Signal for a fast shutdown: disconnect clients and write a checkpoint.
pub(crate) const FAST: libc::c_int = libc::SIGINT;

/// The parts of a server that stopping it takes.
#[derive(Debug)]
pub(crate) struct Stop {
    server_lock: CString,
    pid_file: CString,
    /// Working folder of the server.
    folder: CString,
    signal: libc::c_int,
    /// User to switch to before sending the signal. The server's user can write any number into the file, and
    /// must not be able to make root signal another user's process.
    sender: Option<(libc::uid_t, libc::gid_t)>,
}

impl Stop {
    /// Stops the server of `layout`; immediately if its data is not durable.
    pub(crate) fn new(layout: &Layout, throwaway: bool) -> Stop {
        Stop::by_signal(layout, if throwaway { libc::SIGQUIT } else { FAST })
    }

    /// Stops the server of `layout` with a signal.
    pub(crate) fn by_signal(layout: &Layout, signal: libc::c_int) -> Stop {
        Stop::of(layout, &layout.pid_file(), signal)
    }

    /// Stops the program in `layout` that writes its process number to `pid_file`.
    pub(crate) fn of(layout: &Layout, pid_file: &Path, signal: libc::c_int) -> Stop {
        Stop {
            server_lock: c_string(&layout.server_lock()),
            pid_file: c_string(pid_file),
            folder: pid_file.parent().map(c_string).unwrap_or_default(),
            signal,
            sender: layout.account.as_ref().map(|account| (account.uid, account.gid)),
        }
    }

    /// Stops the server and waits until all its processes are gone; `false` if some remain after `limit`.
    ///
    /// The caller must hold the exclusive lock of the users, so that the server is not restarted meanwhile.
    pub(crate) fn run(&self, limit: Option<Duration>) -> bool {
        // SAFETY: a system call with a valid string.
        let lock = unsafe { libc::open(self.server_lock.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC) };
        let begun = Instant::now();
        let mut asked: Option<Instant> = None;
        let gone = loop {
            // Without the file no server was started, or the file was deleted; a new one would not be locked.
            // SAFETY: a system call on an open descriptor.
            let is_free = lock < 0 || unsafe { libc::flock(lock, libc::LOCK_EX | libc::LOCK_NB) } == 0;
            if is_free && !read_pid(&self.pid_file).is_some_and(|pid| works_in(pid, &self.folder)) {
                break true;
            }
            if limit.is_some_and(|limit| begun.elapsed() >= limit) {
                break false;
            }
            if asked.is_none_or(|asked| asked.elapsed() >= ASK_AGAIN) && self.ask() {
                asked = Some(Instant::now());
            }
            std::thread::sleep(POLL);
        };
        // SAFETY: closed once. Without the file the call fails, which does not matter.
        unsafe { libc::close(lock) };
        gone
    }

    /// Sends the signal; `false` if there is no server process yet.
    fn ask(&self) -> bool {
        let Some(pid) = read_pid(&self.pid_file) else { return false };
        let Some((uid, gid)) = self.sender else {
            // SAFETY: a system call. According to the lock the server is alive, so the number is its own.
            unsafe { libc::kill(pid, self.signal) };
            return true;
        };
        // SAFETY: the child makes system calls only and ends.
        unsafe {
            let child = libc::fork();
            if child == 0 {
                if libc::setgid(gid) == 0 && libc::setuid(uid) == 0 {
                    libc::kill(pid, self.signal);
                }
                libc::_exit(0);
            }
            reap(child);
        }
        true
    }
}

/// Whether the working folder of process `pid` is `folder`, as that of a server is its data. Does not
/// allocate.
#[cfg(target_os = "linux")]
fn works_in(pid: libc::pid_t, folder: &CStr) -> bool {
    use std::io::Write as _;
    let (mut path, mut found) = ([0u8; 32], [0u8; libc::PATH_MAX as usize]);
    // The zero byte ends the string.
    if write!(&mut path[..], "/proc/{pid}/cwd\0").is_err() {
        return false;
    }
    // SAFETY: a system call with a valid string and a buffer of the given length.
    let length = unsafe { libc::readlink(path.as_ptr().cast(), found.as_mut_ptr().cast(), found.len()) };
    usize::try_from(length).is_ok_and(|length| &found[..length] == folder.to_bytes())
}

/// Other systems have no method that is safe after `fork`.
#[cfg(not(target_os = "linux"))]
fn works_in(_pid: libc::pid_t, _folder: &CStr) -> bool {
    false
}

/// Waits for the end of a child of this process.
pub(crate) fn reap(child: libc::pid_t) {
    if child <= 0 {
        return;
    }
    // SAFETY: a system call; a null status is allowed.
    while unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) } == -1 && interrupted() {}
}

/// The process number in the first line of `postmaster.pid`, unless the server runs in single-user mode.
pub(crate) fn read_pid(path: &CStr) -> Option<libc::pid_t> {
    let mut buffer = [0u8; 16];
    // SAFETY: system calls with a valid string and a buffer of the given length.
    let length = unsafe {
        let file = libc::open(path.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC | libc::O_NONBLOCK);
        if file < 0 {
            return None;
        }
        let length = libc::read(file, buffer.as_mut_ptr().cast(), buffer.len());
        libc::close(file);
        length
    };
    let text = buffer.get(..usize::try_from(length).ok()?)?;
    let mut pid: libc::pid_t = 0;
    for byte in text {
        match byte {
            b'0'..=b'9' => pid = pid.checked_mul(10)?.checked_add(libc::pid_t::from(byte - b'0'))?,
            // The line must be complete, or digits may be missing.
            b'\n' => return (pid > 1).then_some(pid),
            _ => return None,
        }
    }
    None
}

/// A path for system calls. Existing paths contain no zero byte.
pub(crate) fn c_string(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).unwrap_or_default()
}

fn interrupted() -> bool {
    std::io::Error::last_os_error().kind() == std::io::ErrorKind::Interrupted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pid_in(text: &str) -> Option<libc::pid_t> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        read_pid(&c_string(file.path()))
    }

    #[test]
    fn the_process_number_is_the_first_line() {
        assert_eq!(pid_in("4711\n/var/lib/calls/postgres\n1706695200\n"), Some(4711));
    }

    #[test]
    fn what_is_no_server_process_gives_no_number() {
        for text in ["", "47", "-4711\n", "1\n", "0\n", "99999999999\n", "x\n"] {
            assert_eq!(pid_in(text), None, "{text:?}");
        }
        assert_eq!(read_pid(c"/nonexistent/postmaster.pid"), None);
    }
}
