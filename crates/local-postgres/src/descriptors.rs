//! Closes inherited file descriptors. System calls only, for a child just forked.

use std::io;

/// Highest descriptor to check if no system call closes a range. A process' limit can be a billion, but so
/// many are never open.
const HIGHEST: libc::c_long = 65_536;

/// Closes all descriptors from `first` on.
///
/// # Safety
/// No code in this process uses them any more.
pub(crate) unsafe fn close_from(first: libc::c_int) {
    // SAFETY: a system call on descriptors that are not used any more.
    for_all_from(first, 0, |descriptor| unsafe {
        libc::close(descriptor);
    });
}

/// Marks the descriptors from 3 on as close-on-exec, except `kept`.
///
/// The standard library does so for its own, but this process may have inherited others.
pub(crate) fn pass_on_only(kept: libc::c_int) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    let flag = libc::CLOSE_RANGE_CLOEXEC;
    #[cfg(not(target_os = "linux"))]
    let flag = 0;
    // SAFETY: a system call, harmless on a descriptor that is not open.
    for_all_from(3, flag, |descriptor| unsafe {
        libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC);
    });
    // SAFETY: as above.
    match unsafe { libc::fcntl(kept, libc::F_SETFD, 0) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Uses `close_range` with `flag` (Linux 5.9, with the flag 5.11), or else handles them one by one.
fn for_all_from(first: libc::c_int, flag: libc::c_uint, one: impl Fn(libc::c_int)) {
    #[cfg(target_os = "linux")]
    // SAFETY: a system call; the callers say what may be closed.
    if unsafe { libc::syscall(libc::SYS_close_range, first, libc::c_int::MAX, flag) } == 0 {
        return;
    }
    #[cfg(not(target_os = "linux"))]
    let _ = flag;
    // SAFETY: a system call without memory.
    let limit = unsafe { libc::sysconf(libc::_SC_OPEN_MAX) }.clamp(256, HIGHEST);
    for descriptor in first..libc::c_int::try_from(limit).unwrap_or(256) {
        one(descriptor);
    }
}
