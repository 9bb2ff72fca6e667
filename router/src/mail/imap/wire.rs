//! The connection: TLS as the account wants it, and a bound on what one answer may bring.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use async_imap::Client;
use blendline_connectors::email::mailbox::{Mailbox, Security};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::Lost;

const CONNECT_WITHIN: Duration = Duration::from_secs(20);

/// Whatever the bytes go through.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug> Stream for T {}

/// How many bytes may still come before the next command; the client library itself would keep half a gigabyte.
#[derive(Clone, Debug, Default)]
pub(super) struct Allowance(Arc<AtomicUsize>);

impl Allowance {
    /// Before each command: how much its answer may have.
    pub(super) fn set(&self, bytes: usize) {
        self.0.store(bytes, Ordering::Relaxed);
    }

    fn spend(&self, bytes: usize) -> io::Result<()> {
        let spent = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes));
        spent.map(drop).map_err(|_| io::Error::new(io::ErrorKind::FileTooLarge, "the answer is too long"))
    }
}

/// A connection that counts what comes.
#[derive(Debug)]
pub(super) struct Wire {
    stream: Box<dyn Stream>,
    allowance: Allowance,
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let polled = Pin::new(&mut this.stream).poll_read(context, buffer);
        match polled {
            Poll::Ready(Ok(())) => Poll::Ready(this.allowance.spend(buffer.filled().len() - before)),
            other => other,
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

/// Connects and takes the greeting; `tls` is whom we believe.
pub(super) async fn connect(
    mailbox: &Mailbox<'_>,
    tls: &Arc<ClientConfig>,
    allowance: Allowance,
) -> Result<Client<Wire>, Lost> {
    let connected = async {
        let tcp =
            TcpStream::connect((mailbox.host, mailbox.port)).await.map_err(|error| Lost::Unreachable(error.kind()))?;
        let stream: Box<dyn Stream> = match mailbox.security {
            Security::Implicit => Box::new(secure(Box::new(tcp), mailbox.host, tls).await?),
            Security::StartTls | Security::None => Box::new(tcp),
        };
        let mut client = greeted(Wire { stream, allowance: allowance.clone() }).await?;
        if mailbox.security == Security::StartTls {
            let refused = |_| Lost::Tls("it does not offer STARTTLS".to_owned());
            client.run_command_and_check_ok("STARTTLS", None).await.map_err(refused)?;
            // What came in clear after the answer is dropped with the client.
            let plain = client.into_inner().stream;
            let stream = Box::new(secure(plain, mailbox.host, tls).await?);
            client = Client::new(Wire { stream, allowance });
        }
        Ok(client)
    };
    timeout(CONNECT_WITHIN, connected).await.unwrap_or(Err(Lost::Silent))
}

async fn greeted(wire: Wire) -> Result<Client<Wire>, Lost> {
    let mut client = Client::new(wire);
    match client.read_response().await {
        Ok(Some(_)) => Ok(client),
        Ok(None) => Err(Lost::Unreachable(io::ErrorKind::UnexpectedEof)),
        Err(error) => Err(Lost::Unreachable(error.kind())),
    }
}

async fn secure(
    stream: Box<dyn Stream>,
    host: &str,
    tls: &Arc<ClientConfig>,
) -> Result<tokio_rustls::client::TlsStream<Box<dyn Stream>>, Lost> {
    let name = ServerName::try_from(host.to_owned()).map_err(|error| Lost::Tls(error.to_string()))?;
    TlsConnector::from(tls.clone()).connect(name, stream).await.map_err(|error| match error.get_ref() {
        // Its words are about the certificate.
        Some(_) => Lost::Tls(error.to_string()),
        None => Lost::Unreachable(error.kind()),
    })
}
