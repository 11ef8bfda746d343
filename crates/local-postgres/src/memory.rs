//! Size of a server's shared buffers.

use std::fs;

/// MiB: PostgreSQL's default, which starts everywhere.
const LEAST: u64 = 128;
/// MiB. Enough for the indexes of ten million calls, and little beside what a machine has that could give
/// more.
const MOST: u64 = 1024;

/// The setting `shared_buffers`: a quarter of the memory that there is, as PostgreSQL's documentation
/// advises, within bounds. The server takes it as it needs it.
pub(crate) fn shared_buffers() -> String {
    let read = |path: &str| fs::read_to_string(path).ok();
    // A container may have less: cgroups, version 2 and 1.
    let files = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let of_container = files.iter().filter_map(|path| read(path)?.trim().parse().ok());
    format!("shared_buffers={}MB", buffers(of_machine().into_iter().chain(of_container).min()))
}

/// MiB, for so many bytes of memory.
fn buffers(memory: Option<u64>) -> u64 {
    memory.map_or(LEAST, |bytes| (bytes / 4 / 1024 / 1024).clamp(LEAST, MOST))
}

/// Bytes of memory that the machine has. Asked of the kernel and not read from `/proc/meminfo`, which a
/// hardened service does not see.
fn of_machine() -> Option<u64> {
    // SAFETY: system calls without pointers.
    let (pages, size) = unsafe { (libc::sysconf(libc::_SC_PHYS_PAGES), libc::sysconf(libc::_SC_PAGESIZE)) };
    u64::try_from(pages).ok()?.checked_mul(u64::try_from(size).ok()?).filter(|bytes| *bytes > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_of_the_memory_is_taken_within_bounds() {
        let gib = 1024 * 1024 * 1024;
        assert_eq!(
            [Some(64 * gib), Some(2 * gib), Some(gib / 8), Some(0), None].map(buffers),
            [1024, 512, 128, 128, 128]
        );
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_memory_of_the_machine_is_known() {
        let text = fs::read_to_string("/proc/meminfo").unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:")).unwrap();
        let kilobytes: u64 = line.trim().strip_suffix(" kB").unwrap().parse().unwrap();
        assert_eq!(of_machine(), Some(kilobytes * 1024));
    }
}
