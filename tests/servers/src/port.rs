use std::fs::{File, create_dir_all};
use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};

use crate::Error;

/// Below what systems give to outgoing connections, one of which could otherwise take the port of a server that is
/// down for a moment.
const FIRST: u16 = 15_000;
const COUNT: u16 = 17_000;

/// A port on 127.0.0.1 that is nobody else's, among all processes that ask here, as long as this lives.
///
/// Who has it may listen there, end, and listen there again.
#[derive(Debug)]
pub struct Port {
    number: u16,
    /// Locked. The system unlocks it when the process dies.
    _lock: File,
}

impl Port {
    /// One on which nobody listens.
    ///
    /// # Errors
    /// When there is none, or no directory for temporary files.
    pub fn free() -> Result<Self, Error> {
        let user = rustix::process::getuid().as_raw();
        let locks = std::env::temp_dir().join(format!("testudo-test-ports-{user}"));
        create_dir_all(&locks).map_err(Error::at(&locks))?;
        let random = RandomState::new().hash_one(std::process::id());
        let start = u16::try_from(random % u64::from(COUNT)).unwrap_or_default();
        (0..COUNT)
            .map(|step| FIRST + (start + step) % COUNT)
            .find_map(|number| {
                let lock = File::create(locks.join(number.to_string())).ok()?;
                lock.try_lock().ok()?;
                TcpListener::bind((Ipv4Addr::LOCALHOST, number)).ok()?;
                Some(Self { number, _lock: lock })
            })
            .ok_or_else(|| Error::failed("a free port on 127.0.0.1", "there is none"))
    }

    /// Which one it is.
    #[must_use]
    pub const fn number(&self) -> u16 {
        self.number
    }
}
