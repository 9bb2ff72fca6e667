//! A wire between the record and its database that can be cut at a chosen place.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;

/// What the wire does to everybody on it.
#[derive(Default)]
struct Faults {
    /// Answers are thrown away.
    deaf: AtomicBool,
    /// How many more requests are let through before the wire goes silent; negative: all.
    requests: AtomicI64,
}

/// A running wire.
pub(crate) struct Proxy {
    port: u16,
    faults: Arc<Faults>,
    cut: broadcast::Sender<()>,
}

impl Proxy {
    /// A wire to a server on this machine.
    pub(crate) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let faults = Arc::new(Faults { requests: AtomicI64::new(-1), ..Faults::default() });
        let cut = broadcast::Sender::new(1);
        let proxy = Self { port: listener.local_addr().unwrap().port(), faults: faults.clone(), cut: cut.clone() };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { continue };
                let (faults, mut cut) = (faults.clone(), cut.subscribe());
                tokio::spawn(async move {
                    let (from_client, to_client) = client.into_split();
                    let (from_server, to_server) = server.into_split();
                    tokio::select! {
                        _ = cut.recv() => {}
                        () = requests(from_client, to_server, &faults) => {}
                        () = answers(from_server, to_client, &faults) => {}
                    }
                });
            }
        });
        proxy
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// From now on requests arrive and answers do not.
    pub(crate) fn deafen(&self) {
        self.faults.deaf.store(true, Ordering::SeqCst);
    }

    /// Lets `count` more requests through, and then nothing of the rest.
    pub(crate) fn stall_after(&self, count: i64) {
        self.faults.requests.store(count, Ordering::SeqCst);
    }

    /// Ends all connections; new ones work again.
    pub(crate) fn mend(&self) {
        self.faults.deaf.store(false, Ordering::SeqCst);
        self.faults.requests.store(-1, Ordering::SeqCst);
        let _ = self.cut.send(());
    }
}

async fn answers(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, faults: &Faults) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if !faults.deaf.load(Ordering::SeqCst) && to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

/// Passes whole messages on; a `Sync` ends a request.
async fn requests(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, faults: &Faults) {
    // The first message has no kind.
    let mut kind = None;
    loop {
        let Ok(length) = from.read_u32().await else { return };
        let mut message = Vec::from_iter(kind);
        message.extend(length.to_be_bytes());
        let body = message.len();
        message.resize(body + length as usize - 4, 0);
        if from.read_exact(&mut message[body..]).await.is_err() {
            return;
        }
        if faults.requests.load(Ordering::SeqCst) == 0 {
            std::future::pending::<()>().await;
        }
        if to.write_all(&message).await.is_err() {
            return;
        }
        if kind == Some(b'S') && faults.requests.load(Ordering::SeqCst) > 0 {
            faults.requests.fetch_sub(1, Ordering::SeqCst);
        }
        kind = match from.read_u8().await {
            Ok(byte) => Some(byte),
            Err(_) => return,
        };
    }
}
