//! Limits the number of malloc arenas.

/// Limits glibc to one arena per core. Its default is eight per core, and each keeps the memory of its
/// largest request: after some summaries and exports the server held 83 MB instead of 58. Call it before
/// threads are started.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn share_heaps() {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let heaps = libc::c_int::try_from(cores).unwrap_or(libc::c_int::MAX);
    // SAFETY: mallopt sets a limit of the allocator, and takes no pointer.
    let is_set = unsafe { libc::mallopt(libc::M_ARENA_MAX, heaps) } == 1;
    if !is_set {
        tracing::debug!("the allocator takes no limit of its heaps");
    }
}

/// Other allocators have no arenas.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn share_heaps() {}
