//! Accepts connections, within bounds, and ends them in order.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection;
use super::session::Offer;
use crate::api::server::Places;
use crate::intake::Intake;
use crate::mail::senders::Senders;
use crate::mail::{Recipients, telemetry, tls};

/// How long accepting rests after a failure such as too many open files.
const ACCEPT_REST: Duration = Duration::from_millis(50);
/// How often it is looked whether the certificate was renewed.
const CERTIFICATE_EVERY: Duration = Duration::from_secs(60 * 60);

/// On what terms mail is taken.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Our name, as the certificate and the MX record have it.
    pub hostname: String,
    /// The files of the certificates and of the key, in PEM; without them there is no STARTTLS.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// The largest mail.
    pub size_max: usize,
    /// Recipients of one mail.
    pub recipients_max: usize,
    /// Connections at once.
    pub connections_max: usize,
    /// Connections at once from one address.
    pub connections_per_ip_max: usize,
    /// Memory for mails that are coming in, in all.
    pub buffer_bytes_max: usize,
    /// Mail servers of our own: what they say of the sender's authentication is believed.
    pub trusted_relays: Vec<IpAddr>,
    /// Name servers that are asked about the senders of all other mail; without any those of the system.
    pub resolvers: Vec<SocketAddr>,
    /// How long talks may take to end when the program does.
    pub stop_grace: Duration,
}

/// A listener before it serves.
pub struct Listener {
    listener: TcpListener,
    house: Arc<House>,
    terms: Terms,
}

/// What every connection needs.
pub(super) struct House {
    pub(super) offer: Arc<Offer>,
    pub(super) intake: Intake,
    /// One permit for each KiB of mail in memory.
    pub(super) room: Arc<Semaphore>,
    pub(super) trusted_relays: Vec<IpAddr>,
    pub(super) senders: Senders,
    pub(super) stop: CancellationToken,
    acceptor: RwLock<Option<TlsAcceptor>>,
}

impl House {
    /// What TLS begins with; `None` where there is no certificate.
    pub(super) fn acceptor(&self) -> Option<TlsAcceptor> {
        self.acceptor.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Listener {
    /// Listens on what was bound. The error says which file cannot be used.
    pub fn new(
        listener: TcpListener,
        terms: Terms,
        recipients: Recipients,
        intake: Intake,
        stop: CancellationToken,
    ) -> Result<Self, String> {
        let server = terms.tls.as_ref().map(|(certificate, key)| tls::server(certificate, key)).transpose()?;
        let offer = Offer {
            hostname: terms.hostname.clone(),
            size_max: terms.size_max,
            recipients_max: terms.recipients_max,
            starttls: server.is_some(),
            recipients,
        };
        let house = House {
            offer: Arc::new(offer),
            intake,
            room: Arc::new(Semaphore::new((terms.buffer_bytes_max / 1024).min(Semaphore::MAX_PERMITS))),
            trusted_relays: terms.trusted_relays.clone(),
            senders: Senders::new(&terms.resolvers),
            stop,
            acceptor: RwLock::new(server.map(TlsAcceptor::from)),
        };
        Ok(Self { listener, house: Arc::new(house), terms })
    }

    /// Where it listens.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until it is stopped; mails that are being given then may end for a while.
    pub async fn run(self) {
        let places = Places::new(self.terms.connections_max, self.terms.connections_per_ip_max);
        let talks = TaskTracker::new();
        let mut renewal = tokio::time::interval(CERTIFICATE_EVERY);
        loop {
            let accepted = tokio::select! {
                () = self.house.stop.cancelled() => break,
                _ = renewal.tick() => {
                    self.renew_certificate();
                    continue;
                }
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let Some(place) = places.take(peer.ip().to_canonical()) else {
                        connection::turn_away(&self.house, stream);
                        continue;
                    };
                    let house = self.house.clone();
                    talks.spawn(async move { connection::talk(&house, stream, place.address()).await });
                }
                Err(error) => {
                    tracing::warn!(%error, "an SMTP connection could not be accepted");
                    tokio::time::sleep(ACCEPT_REST).await;
                }
            }
        }
        drop(self.listener);
        talks.close();
        if tokio::time::timeout(self.terms.stop_grace, talks.wait()).await.is_err() {
            tracing::warn!(open = talks.len(), "SMTP clients were still there after the grace time");
        }
    }

    /// Certificates are renewed every few weeks, and nobody wants to start the router anew for it.
    fn renew_certificate(&self) {
        let Some((certificate, key)) = &self.terms.tls else { return };
        match tls::server(certificate, key) {
            Ok(server) => {
                let mut acceptor = self.house.acceptor.write().unwrap_or_else(PoisonError::into_inner);
                *acceptor = Some(TlsAcceptor::from(server));
            }
            Err(cause) => telemetry::certificate_refused(&cause),
        }
    }
}
