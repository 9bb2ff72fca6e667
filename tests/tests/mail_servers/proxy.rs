//! A way to a server that somebody can close.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// Passes bytes on until a command with certain words comes; that one, and what follows it, it keeps.
pub(crate) struct Proxy {
    is_open: Arc<AtomicBool>,
    held: Arc<Notify>,
}

impl Proxy {
    /// A way from one port to another that closes at `words`.
    pub(crate) async fn start(from: u16, to: u16, words: &'static [u8]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", from)).await.unwrap();
        let proxy = Self { is_open: Arc::new(AtomicBool::new(false)), held: Arc::new(Notify::new()) };
        let (is_open, held) = (proxy.is_open.clone(), proxy.held.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", to)).await else { continue };
                tokio::spawn(pass(client, server, words, is_open.clone(), held.clone()));
            }
        });
        proxy
    }

    /// Waits until a command was kept.
    pub(crate) async fn held(&self) {
        tokio::time::timeout(std::time::Duration::from_secs(30), self.held.notified()).await.unwrap();
    }

    /// Keeps nothing any more.
    pub(crate) fn open(&self) {
        self.is_open.store(true, Ordering::SeqCst);
    }
}

async fn pass(client: TcpStream, server: TcpStream, words: &[u8], is_open: Arc<AtomicBool>, held: Arc<Notify>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let back = tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let count = from_client.read(&mut bytes).await.unwrap_or(0);
        if count == 0 {
            break;
        }
        let said = &bytes[..count];
        if !is_open.load(Ordering::SeqCst) && said.windows(words.len()).any(|window| window == words) {
            held.notify_one();
            // Until the client goes away.
            while from_client.read(&mut bytes).await.is_ok_and(|count| 0 < count) {}
            break;
        }
        if to_server.write_all(said).await.is_err() {
            break;
        }
    }
    back.abort();
}
