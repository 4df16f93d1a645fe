//! Connections: taking them, serving them, and letting them end.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tower::Service as _;
use tracing::{debug, error, info, warn};

use crate::shutdown::Signals;

/// How long a client may take to send the head of a request, and a connection may lie idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// The most bytes that are read ahead, and so the most that the head of a request may have.
const HEAD_LIMIT: usize = 64 * 1024;

/// How long requests may go on after we were told to stop; as long as one may take at all.
const GRACE: Duration = Duration::from_secs(30);

/// Serves connections until a signal comes; then takes no more, and returns when the requests under
/// way are answered, the grace is over, or a second signal comes.
pub(super) async fn serve(listener: TcpListener, router: Router, signals: &mut Signals) {
    let connections = GracefulShutdown::new();
    tokio::select! {
        () = accept(&listener, &router, &connections) => {}
        () = signals.next() => {}
    }
    drop(listener);
    info!("stopping: no more requests are taken; those under way are finished");
    tokio::select! {
        ended = timeout(GRACE, connections.shutdown()) => {
            if ended.is_err() {
                warn!("some requests were not finished after {GRACE:?}");
            }
        }
        () = signals.next() => warn!("told to stop at once: some requests may not be finished"),
    }
}

async fn accept(listener: &TcpListener, router: &Router, connections: &GracefulShutdown) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                tokio::spawn(connection(stream, peer, router.clone(), connections.watcher()));
            }
            Err(error) if is_of_one_connection(error.kind()) => {}
            Err(error) => {
                // Out of file descriptors, say: connections that end make room.
                error!(%error, "cannot take connections");
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// Serves one connection to its end.
async fn connection(stream: TcpStream, peer: SocketAddr, router: Router, watcher: Watcher) {
    // An answer is written at once and whole: there is nothing to wait for. Failing costs time only.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().call(request)
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_LIMIT)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(served).await {
        debug!(%peer, %error, "a connection broke off");
    }
}

/// The client gave up before we took its connection.
fn is_of_one_connection(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}
