//! Memory that threads keep.

/// Has the threads share one heap per core. By itself glibc makes eight per core, and each keeps what its
/// largest request took: an API that had answered some summaries and exports held 83 MB instead of 58. To be
/// called before there are threads.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn share_heaps() {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let heaps = libc::c_int::try_from(cores).unwrap_or(libc::c_int::MAX);
    // SAFETY: it sets a limit of the allocator, and no pointer is involved.
    let is_set = unsafe { libc::mallopt(libc::M_ARENA_MAX, heaps) } == 1;
    if !is_set {
        tracing::debug!("the allocator takes no limit of its heaps");
    }
}

/// Other allocators have no such heaps.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn share_heaps() {}
