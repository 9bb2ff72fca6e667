//! The server: our own accept loop, because the framework's has no limit on heads, silence or connections.
//!
//! HTTP/1.1 only, on purpose: the automatic builder speaks HTTP/2 in clear text even when told not to.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service as _;

use crate::config::Server;

/// How long accepting rests after a failure such as too many open files.
const ACCEPT_REST: Duration = Duration::from_millis(50);

/// Serves `app` on `listener` until `stop`, then lets running requests end for a while.
pub async fn serve(listener: TcpListener, app: Router, limits: &Server, stop: CancellationToken) {
    let places = Places::new(limits.connections_max, limits.connections_per_ip_max);
    let connections = TaskTracker::new();
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(limits.head_timeout_ms))
        .max_headers(limits.headers_max)
        .max_header_size(limits.head_bytes_max)
        .max_buf_size(limits.head_bytes_max.max(64 * 1024));
    // Not `pipeline_flush`: with it the library never writes the 400 and 431 that it answers by itself.
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let Some(place) = places.take(peer.ip().to_canonical()) else {
                    metrics::counter!("blendline_connections_refused_total").increment(1);
                    continue;
                };
                let peer = Peer { address: peer, place: Arc::new(place) };
                connections.spawn(one(builder.clone(), stream, peer, app.clone(), stop.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_REST).await;
            }
        }
    }
    connections.close();
    let grace = Duration::from_millis(limits.stop_grace_ms);
    if tokio::time::timeout(grace, connections.wait()).await.is_err() {
        tracing::warn!(open = connections.len(), "connections were still open after the grace time");
    }
}

/// Who is connected, and the place he takes.
struct Peer {
    address: SocketAddr,
    place: Arc<Place>,
}

async fn one(builder: http1::Builder, stream: TcpStream, peer: Peer, app: Router, stop: CancellationToken) {
    let Peer { address, place } = peer;
    // Answers are small and complete: waiting for more to send would only add to the delay.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%address, %error, "no TCP_NODELAY");
    }
    let service =
        hyper::service::service_fn(move |request: Request<Incoming>| answer(app.clone(), place.clone(), request));
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service).with_upgrades());
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.as_mut().await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%address, %error, "a connection ended early");
    }
}

async fn answer(mut app: Router, place: Arc<Place>, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let mut request = request.map(Body::new);
    // A WebSocket outlives the connection's own service and keeps its place.
    request.extensions_mut().insert(place);
    app.call(request).await
}

/// Places for connections, in all and for each address.
#[derive(Clone)]
pub(crate) struct Places(Arc<Mutex<Taken>>);

struct Taken {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
    all_max: usize,
    by_address_max: usize,
}

impl Places {
    pub(crate) fn new(all_max: usize, by_address_max: usize) -> Self {
        Self(Arc::new(Mutex::new(Taken { all: 0, by_address: HashMap::new(), all_max, by_address_max })))
    }

    /// A place for a connection from `address`.
    pub(crate) fn take(&self, address: IpAddr) -> Option<Place> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let from_there = taken.by_address.get(&address).copied().unwrap_or_default();
        if taken.all_max <= taken.all || taken.by_address_max <= from_there {
            return None;
        }
        taken.all += 1;
        taken.by_address.insert(address, from_there + 1);
        Some(Place { places: self.clone(), address })
    }
}

/// One connection's place, given back when dropped.
pub struct Place {
    places: Places,
    address: IpAddr,
}

impl Place {
    /// Who has it.
    pub const fn address(&self) -> IpAddr {
        self.address
    }

    /// How many are taken by now.
    pub(crate) fn taken(&self) -> usize {
        self.places.0.lock().unwrap_or_else(PoisonError::into_inner).all
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        match taken.by_address.get(&self.address).copied() {
            Some(count) if 1 < count => {
                taken.by_address.insert(self.address, count - 1);
            }
            _ => {
                taken.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_run_out_and_come_back() {
        let places = Places::new(2, 1);
        let (one, two, three) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into(), [10, 0, 0, 3].into());
        let first = places.take(one).unwrap();
        assert!(places.take(one).is_none(), "one address took two places of one");
        let _second = places.take(two).unwrap();
        assert!(places.take(three).is_none(), "three connections took two places");
        drop(first);
        assert!(places.take(three).is_some());
        assert!(places.0.lock().unwrap().by_address.len() < 3);
    }
}
