//! Taking connections, or not.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::Shared;
use super::connection::Connection;
use crate::Port;

/// How often it is looked whether somebody came, or whether nobody may come any more.
const LOOK_EVERY: Duration = Duration::from_millis(2);

pub(super) fn on(port: &Port) -> io::Result<(TcpListener, SocketAddr)> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port.number()));
    Ok((listen(address)?, address))
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Takes connections until the proxy is dropped. While it refuses them, its port is closed.
pub(super) fn accept(shared: &Arc<Shared>, listener: TcpListener, address: SocketAddr) {
    let mut listener = Some(listener);
    loop {
        let (over, refuses) = {
            let state = shared.lock();
            (state.over, state.refuses)
        };
        if over {
            return;
        }
        if refuses {
            listener = None;
        } else if listener.is_none() {
            listener = listen(address).ok();
        }
        match listener.as_ref().map(TcpListener::accept) {
            // Whom the server does not take is closed again.
            Some(Ok((client, _))) => drop(Connection::open(shared, client)),
            _ => thread::sleep(LOOK_EVERY),
        }
    }
}
