//! One connection: the socket, what is written to it, and how it is opened.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use blendline_wire::Problem;
use blendline_wire::worker::{ClientFrame, FOLLOWS_HEADER, ServerFrame};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode, Uri, header};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Bytes, Error as SocketError, Message, Utf8Bytes};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};

use crate::book::encode;
use crate::error::RunError;

/// The place of the worker protocol below a router's base URL.
const PATH: &str = "/v1/workers/connect";
/// How long connecting, upgrading and the welcome may take together.
const DIAL_MAX: Duration = Duration::from_secs(10);
/// How long the router may take to read our last words.
const CLOSE_MAX: Duration = Duration::from_secs(2);
/// A welcome lists everything a worker owns with its latest messages, so it may be large; more than this is a fault.
const FRAME_BYTES_MAX: usize = 64 << 20;
/// What may wait for a router that does not read. Beyond it the connection is given up.
const WRITE_BYTES_MAX: usize = 64 << 20;
/// So many frames are written without a flush at most, however busy reading is.
const UNFLUSHED_MAX: usize = 256;

/// Where and as whom to connect.
#[derive(Clone)]
pub(crate) struct Address {
    request: Request,
    tls: Option<Arc<rustls::ClientConfig>>,
}

impl Address {
    /// Checks `url` and `key` before anything is sent.
    pub(crate) fn new(url: &str, key: &str) -> Result<Self, RunError> {
        let uri = socket_uri(url)?;
        let secure = uri.scheme_str() == Some("wss");
        let wrong = |detail: String| RunError::Url { url: url.to_owned(), detail };
        let mut request = uri.into_client_request().map_err(|error| wrong(error.to_string()))?;
        let mut bearer = HeaderValue::try_from(format!("Bearer {key}")).map_err(|_| RunError::KeyText)?;
        bearer.set_sensitive(true);
        request.headers_mut().insert(header::AUTHORIZATION, bearer);
        let tls = if secure { Some(Arc::new(tls_config()?)) } else { None };
        Ok(Self { request, tls })
    }

    /// True when everything is under TLS.
    pub(crate) const fn is_secure(&self) -> bool {
        self.tls.is_some()
    }

    /// The same, for a program that goes to the owner when it is told where that is.
    pub(crate) fn following(mut self) -> Self {
        self.request.headers_mut().insert(FOLLOWS_HEADER, HeaderValue::from_static("1"));
        self
    }

    /// Whether it is for such a program.
    #[cfg(test)]
    pub(crate) fn follows(&self) -> bool {
        self.request.headers().contains_key(FOLLOWS_HEADER)
    }

    /// Host and port, for the log.
    pub(crate) fn host(&self) -> String {
        self.request.uri().authority().map_or_else(String::new, ToString::to_string)
    }
}

/// Why there is no connection.
pub(crate) enum DialError {
    /// Trying again changes nothing.
    Final(RunError),
    /// The router knows the key but will not have this worker; its words.
    Refused(String),
    /// Trying again may help; the text is for the log.
    Again(String),
}

/// What a connection brings.
pub(crate) enum LinkEvent {
    /// A frame of the router.
    Frame(Box<ServerFrame>),
    /// Something else that shows the router is there.
    Alive,
    /// The router will not have this worker: its words.
    Refused(String),
    /// The connection is gone; the text is for the log.
    Lost(String),
}

/// An open connection.
pub(crate) struct Link {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    unflushed: usize,
    yielded: bool,
}

/// Connects, says `hello` and waits for the welcome or a goodbye, whichever the router says first.
pub(crate) async fn dial(address: Address, hello: ClientFrame) -> Result<(Link, ServerFrame), DialError> {
    let opened = tokio::time::timeout(DIAL_MAX, async {
        let config = WebSocketConfig::default()
            .max_message_size(Some(FRAME_BYTES_MAX))
            .max_frame_size(Some(FRAME_BYTES_MAX))
            .max_write_buffer_size(WRITE_BYTES_MAX);
        let connector = address.tls.map_or(Connector::Plain, Connector::Rustls);
        let (socket, _) =
            connect_async_tls_with_config(address.request, Some(config), true, Some(connector)).await.map_err(sort)?;
        let mut link = Link { socket, unflushed: 0, yielded: false };
        link.write(encode(&hello)).map_err(DialError::Again)?;
        loop {
            match link.next().await {
                LinkEvent::Frame(frame) => {
                    if matches!(*frame, ServerFrame::Welcome { .. } | ServerFrame::Goodbye { .. }) {
                        return Ok((link, *frame));
                    }
                }
                LinkEvent::Alive => {}
                LinkEvent::Refused(why) => return Err(DialError::Refused(why)),
                LinkEvent::Lost(why) => return Err(DialError::Again(why)),
            }
        }
    });
    opened.await.unwrap_or_else(|_| Err(DialError::Again("the router did not answer in time".to_owned())))
}

impl Link {
    /// Puts frames into the write buffer. They leave with the next [`Self::next`] that finds nothing to read.
    pub(crate) fn write(&mut self, frames: impl IntoIterator<Item = Utf8Bytes>) -> Result<(), String> {
        for text in frames {
            self.put(Message::Text(text))?;
        }
        Ok(())
    }

    /// Asks the router for a sign of life: every WebSocket end answers a ping.
    pub(crate) fn ping(&mut self) -> Result<(), String> {
        self.put(Message::Ping(Bytes::new()))
    }

    /// The next event. What was written is flushed on the way, once for all of it. Cancel safe.
    pub(crate) async fn next(&mut self) -> LinkEvent {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Sends what is left and waits until the router has read it, for a bounded time.
    pub(crate) async fn close(mut self) {
        let closing = async {
            if self.socket.close(None).await.is_ok() {
                // The router's own close says that it has read everything before ours.
                while let Some(Ok(message)) = self.socket.next().await {
                    if message.is_close() {
                        break;
                    }
                }
            }
        };
        if tokio::time::timeout(CLOSE_MAX, closing).await.is_err() {
            tracing::debug!("The router did not confirm the end of the connection in time.");
        }
    }

    fn put(&mut self, message: Message) -> Result<(), String> {
        self.unflushed += 1;
        // Tungstenite takes a message at any time up to its buffer's limit, so `poll_ready` is not needed.
        Pin::new(&mut self.socket).start_send(message).map_err(|error| error.to_string())
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<LinkEvent> {
        if self.unflushed > UNFLUSHED_MAX
            && let Poll::Ready(Err(why)) = self.poll_flush(cx)
        {
            return Poll::Ready(LinkEvent::Lost(why));
        }
        if let Poll::Ready(read) = Pin::new(&mut self.socket).poll_next(cx) {
            return Poll::Ready(sort_read(read));
        }
        if self.unflushed == 0 {
            return Poll::Pending;
        }
        // One turn for the tasks that were just woken: what they say leaves in the same packet.
        if !self.yielded {
            self.yielded = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        match self.poll_flush(cx) {
            Poll::Ready(Err(why)) => Poll::Ready(LinkEvent::Lost(why)),
            _ => Poll::Pending,
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), String>> {
        let flushed = self.socket.poll_flush_unpin(cx).map_err(|error| error.to_string());
        if flushed.is_ready() {
            self.unflushed = 0;
            self.yielded = false;
        }
        flushed
    }
}

fn sort_read(read: Option<Result<Message, SocketError>>) -> LinkEvent {
    match read {
        Some(Ok(Message::Text(text))) => match serde_json::from_str(&text) {
            Ok(frame) => LinkEvent::Frame(Box::new(frame)),
            Err(error) => {
                // A newer router may say what we do not know. The text is not logged: it may be a customer's.
                tracing::warn!(
                    line = error.line(),
                    column = error.column(),
                    "A frame of the router was not understood."
                );
                LinkEvent::Alive
            }
        },
        Some(Ok(Message::Close(Some(close)))) if close.code == CloseCode::Policy => {
            LinkEvent::Refused(close.reason.to_string())
        }
        Some(Ok(Message::Close(close))) => LinkEvent::Lost(
            close.map_or_else(|| "the router closed the connection".to_owned(), |close| close.to_string()),
        ),
        Some(Ok(_)) => LinkEvent::Alive,
        Some(Err(error)) => LinkEvent::Lost(error.to_string()),
        None => LinkEvent::Lost("the router closed the connection".to_owned()),
    }
}

/// Sorts why a connection was not opened.
fn sort(error: SocketError) -> DialError {
    match error {
        SocketError::Http(response) => {
            let status = response.status();
            let body = response.body().as_deref().unwrap_or_default();
            let detail = serde_json::from_slice::<Problem>(body)
                .map_or_else(|_| status.canonical_reason().unwrap_or("no reason given").to_owned(), |told| told.detail);
            match status {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                    DialError::Final(RunError::Key { status: status.as_u16(), detail })
                }
                StatusCode::NOT_FOUND => {
                    DialError::Again(format!("HTTP 404 ({detail}): is this URL a Blendline router's, without a path?"))
                }
                _ => DialError::Again(format!("HTTP {}: {detail}", status.as_u16())),
            }
        }
        error => DialError::Again(error.to_string()),
    }
}

/// `http(s)://host/base` and `ws(s)://host/base` both lead to `ws(s)://host/base/v1/workers/connect`.
fn socket_uri(url: &str) -> Result<Uri, RunError> {
    let wrong = |detail: &str| RunError::Url { url: url.to_owned(), detail: detail.to_owned() };
    let (scheme, rest) = url.split_once("://").ok_or_else(|| wrong("it has no scheme"))?;
    let scheme = match scheme {
        "http" | "ws" => "ws",
        "https" | "wss" => "wss",
        _ => return Err(wrong("its scheme is none of http, https, ws, wss")),
    };
    if rest.contains(['?', '#', '@']) {
        return Err(wrong("it has a query, a fragment or a password"));
    }
    let base = rest.trim_end_matches('/');
    let base = base.strip_suffix(PATH).unwrap_or(base);
    if base.is_empty() {
        return Err(wrong("it names no host"));
    }
    format!("{scheme}://{base}{PATH}").parse().map_err(|_| wrong("it cannot be read"))
}

/// Ring and the machine's own roots, whatever other providers the program has compiled in.
fn tls_config() -> Result<rustls::ClientConfig, RunError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = rustls::RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        let detail = found.errors.first().map_or_else(|| "no root certificates found".to_owned(), ToString::to_string);
        return Err(RunError::Tls { detail });
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| RunError::Tls { detail: error.to_string() })?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_router_leads_to_its_socket() {
        for (url, socket) in [
            ("http://127.0.0.1:8080", "ws://127.0.0.1:8080/v1/workers/connect"),
            ("https://router.example/", "wss://router.example/v1/workers/connect"),
            ("wss://router.example/blendline/", "wss://router.example/blendline/v1/workers/connect"),
            ("ws://[::1]:8080/v1/workers/connect", "ws://[::1]:8080/v1/workers/connect"),
        ] {
            assert_eq!(socket_uri(url).unwrap().to_string(), socket);
        }
    }

    #[test]
    fn a_wrong_url_names_its_fault() {
        for (url, fault) in [
            ("127.0.0.1:8080", "no scheme"),
            ("ftp://router.example", "none of http"),
            ("http://", "no host"),
            ("http://router.example/?a=b", "a query"),
            ("http://a b", "cannot be read"),
        ] {
            let error = socket_uri(url).unwrap_err().to_string();
            assert!(error.contains(fault), "{url}: {error}");
        }
    }

    #[test]
    fn the_key_is_hidden_and_checked() {
        let address = Address::new("http://127.0.0.1:8080", "CANARY-5f3").unwrap();
        assert!(!format!("{:?}", address.request).contains("CANARY-5f3"));
        assert_eq!(Address::new("http://127.0.0.1:8080", "a\nb").err(), Some(RunError::KeyText));
    }
}
