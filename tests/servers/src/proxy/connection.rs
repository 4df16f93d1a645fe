//! One connection: two sockets, and a thread for each way.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, PoisonError};
use std::thread;

use super::{Behaviour, Direction, Shared};

#[derive(Debug)]
pub(super) struct Connection {
    client: TcpStream,
    server: TcpStream,
}

impl Connection {
    /// Connects a client to the server, and forwards from then on.
    pub(super) fn open(shared: &Arc<Shared>, client: TcpStream) -> io::Result<()> {
        client.set_nonblocking(false)?;
        let target = shared.lock().target;
        let server = TcpStream::connect(target)?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let connection = Arc::new(Self { client, server });
        let mut state = shared.lock();
        if state.target != target {
            // Led elsewhere while it was made: it ends here, and whoever comes again is led there.
            return Ok(());
        }
        state.connections.push(Arc::downgrade(&connection));
        drop(state);
        for direction in [Direction::Requests, Direction::Answers] {
            let (shared, connection) = (Arc::clone(shared), Arc::clone(&connection));
            thread::Builder::new()
                .name("proxied".to_owned())
                .spawn(move || connection.forward(direction, &shared))?;
        }
        Ok(())
    }

    pub(super) fn close(&self) {
        let _ = self.client.shutdown(Shutdown::Both);
        let _ = self.server.shutdown(Shutdown::Both);
    }

    pub(super) fn close_half(&self, direction: Direction) {
        let _ = self.ends(direction).1.shutdown(Shutdown::Write);
    }

    const fn ends(&self, direction: Direction) -> (&TcpStream, &TcpStream) {
        match direction {
            Direction::Requests => (&self.client, &self.server),
            Direction::Answers => (&self.server, &self.client),
        }
    }

    /// Forwards one way until either side is done.
    fn forward(&self, direction: Direction, shared: &Shared) {
        let (mut from, mut to) = self.ends(direction);
        let mut counted = Counted::default();
        let mut buffer = [0; 16 * 1024];
        while let Ok(read) = from.read(&mut buffer)
            && let Some(piece) = buffer.get(..read)
            && !piece.is_empty()
        {
            let passes = counted.passes(direction, read, shared);
            let passed = piece.get(..passes).unwrap_or(piece);
            if to.write_all(passed).is_err() || passes < read || counted.is_spent {
                return self.close();
            }
        }
        // The other way may go on.
        self.close_half(direction);
    }
}

/// How much went through since the behaviour was last changed.
#[derive(Default)]
struct Counted {
    since: u64,
    bytes: u64,
    is_spent: bool,
}

impl Counted {
    /// Waits as long as bytes are held back; how many of them then go through.
    fn passes(&mut self, direction: Direction, bytes: usize, shared: &Shared) -> usize {
        let mut state = shared.lock();
        loop {
            match state.behaviour {
                Behaviour::Forward => return bytes,
                Behaviour::Delay(by) => {
                    drop(state);
                    thread::sleep(by);
                    return bytes;
                }
                Behaviour::Freeze => {
                    state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
                Behaviour::Cut { direction: cut, .. } if cut != direction => return bytes,
                Behaviour::Cut { after, once, .. } => {
                    if self.since != state.changes {
                        *self = Self { since: state.changes, ..Self::default() };
                    }
                    let left = usize::try_from(after.saturating_sub(self.bytes));
                    let passes = bytes.min(left.unwrap_or(usize::MAX));
                    self.bytes = self.bytes.saturating_add(u64::try_from(passes).unwrap_or(0));
                    self.is_spent = self.bytes >= after;
                    if self.is_spent && once {
                        state.behaviour = Behaviour::Forward;
                    }
                    return passes;
                }
            }
        }
    }
}
