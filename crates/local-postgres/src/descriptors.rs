//! Open files that a child must not have. System calls only, for a child just forked.

use std::io;

/// Highest descriptor to check where no system call closes a range. The limit of a process can be a billion,
/// but nobody opens that many.
const HIGHEST: libc::c_long = 65_536;

/// Closes all descriptors from `first` on.
///
/// # Safety
/// Nobody in this process uses them any more.
pub(crate) unsafe fn close_from(first: libc::c_int) {
    // SAFETY: a system call on descriptors that nobody uses.
    for_all_from(first, 0, |descriptor| unsafe {
        libc::close(descriptor);
    });
}

/// Of the descriptors from 3 on, lets the next program have `kept` only.
///
/// The standard library asks for that itself, but this process may have got others from its own parent.
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

/// Does it at once with `close_range` and `flag` (Linux 5.9, with the flag 5.11), else one by one.
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
