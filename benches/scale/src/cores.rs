//! Which cores the client has, and which its servers: none together, as on machines of their own.
//!
//! Left to itself, a kernel puts the two on one core or on two, for as long as it likes; an answer takes three times as
//! long between two, and what a client and a server do beside it counts for so much more on one.

#[cfg(target_os = "linux")]
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The cores of both; `None` where there is one only, or no way to choose.
#[derive(Clone, Copy)]
pub(crate) struct Cores(#[cfg(target_os = "linux")] Option<Apart>);

#[cfg(target_os = "linux")]
#[derive(Clone, Copy)]
struct Apart {
    client: CpuSet,
    servers: CpuSet,
}

#[cfg(target_os = "linux")]
impl Cores {
    /// Gives this thread, and all that come from it, the last core.
    pub(crate) fn apart() -> Self {
        let all = sched_getaffinity(None).unwrap();
        let mut cores = (0..CpuSet::MAX_CPU).filter(|core| all.is_set(*core));
        let Some(last) = cores.next_back().filter(|_| all.count() > 1) else { return Self(None) };
        let (mut client, mut servers) = (CpuSet::new(), all);
        client.set(last);
        servers.unset(last);
        sched_setaffinity(None, &client).unwrap();
        Self(Some(Apart { client, servers }))
    }

    /// Starts a server where the client is not.
    pub(crate) fn for_servers<T>(self, start: impl FnOnce() -> T) -> T {
        let Some(Apart { client, servers }) = self.0 else { return start() };
        // A process begins on the cores of the thread that makes it.
        sched_setaffinity(None, &servers).unwrap();
        let started = start();
        sched_setaffinity(None, &client).unwrap();
        started
    }
}

#[cfg(not(target_os = "linux"))]
impl Cores {
    pub(crate) const fn apart() -> Self {
        Self()
    }

    pub(crate) fn for_servers<T>(self, start: impl FnOnce() -> T) -> T {
        start()
    }
}
