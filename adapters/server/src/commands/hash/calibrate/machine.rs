//! What the machine has.

use std::num::NonZeroUsize;

/// What hashing may take of this machine.
pub(super) struct Machine {
    pub(super) cores: usize,
    /// The most memory that there is for one hash, when each core has one.
    pub(super) most_memory_kib: u32,
}

impl Machine {
    pub(super) fn this() -> Self {
        let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN).get();
        let most_memory_kib = free_memory_kib().map_or(u32::MAX, |free| share(free, cores));
        Self { cores, most_memory_kib }
    }
}

/// What one core may have of the free memory, half of which is left to everything else.
fn share(free_kib: u64, cores: usize) -> u32 {
    let cores = u64::try_from(cores).unwrap_or(u64::MAX).max(1);
    u32::try_from(free_kib / 2 / cores).unwrap_or(u32::MAX)
}

/// How much memory there is to be had, where that is told: on Linux, also within a container.
fn free_memory_kib() -> Option<u64> {
    let read = |path| std::fs::read_to_string(path).ok();
    let of_machine = read("/proc/meminfo").and_then(|text| available(&text));
    let of_container = read("/sys/fs/cgroup/memory.max").and_then(|text| bytes(&text));
    of_machine.into_iter().chain(of_container).min()
}

fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// `None` also for `max`, which is no limit.
fn bytes(limit: &str) -> Option<u64> {
    limit.trim().parse::<u64>().ok().map(|bytes| bytes / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_as_linux_tells_it() {
        let meminfo = "MemTotal:       24686000 kB\nMemAvailable:   12345678 kB\nBuffers: 1 kB\n";
        assert_eq!(available(meminfo), Some(12_345_678));
        assert_eq!(available("MemTotal: 1 kB\n"), None);
        assert_eq!((bytes("1073741824\n"), bytes("max\n")), (Some(1024 * 1024), None));
    }

    #[test]
    fn half_of_the_memory_is_shared_among_the_cores() {
        assert_eq!(share(1024 * 1024, 2), 256 * 1024);
        assert_eq!(share(u64::MAX, 1), u32::MAX);
        assert_eq!(share(1024, 0), 512);
    }
}
