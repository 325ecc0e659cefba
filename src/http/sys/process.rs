//! What the system tells about the process; where it tells nothing, nothing is told.

/// Bytes of memory that the process has in use.
pub(in crate::http) fn resident() -> Option<u64> {
    #[cfg(target_os = "linux")]
    {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(kilobytes << 10)
    }
    #[cfg(not(target_os = "linux"))]
    None
}

/// Descriptors that the process has open.
pub(in crate::http) fn descriptors() -> Option<u64> {
    #[cfg(target_os = "linux")]
    {
        // The folder that is being read is one of them.
        Some((std::fs::read_dir("/proc/self/fd").ok()?.count() as u64).saturating_sub(1))
    }
    #[cfg(not(target_os = "linux"))]
    None
}
