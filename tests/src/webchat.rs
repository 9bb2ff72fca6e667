//! A visitor by hand: what the widget says and hears, and what it never would.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::config::Site;
use crate::http::{self, Reply};

/// The longest a test waits for a frame.
const FRAME_WITHIN: Duration = Duration::from_secs(20);

/// An id of a message, as the widget makes them.
pub fn client_id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    format!("0198c5a4-7b1e-7c3d-9f00-{:012x}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Who the company's page says its user is.
pub fn identity(user: &str, secret: &str) -> Value {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(user.as_bytes());
    json!({ "user_id": user, "name": format!("User {user}"), "hmac": hex::encode(mac.finalize().into_bytes()) })
}

/// The same with the address at which he is answered when he is gone.
pub fn identity_with_mail(user: &str, email: &str, secret: &str) -> Value {
    let mut signed = identity(&format!("{user}\n{email}"), secret);
    signed["user_id"] = user.into();
    signed["email"] = email.into();
    signed
}

/// One visitor's session on one chat.
#[derive(Clone, Debug)]
pub struct Session {
    addr: SocketAddr,
    account: String,
    /// The page he is on.
    pub origin: String,
    /// What opens sockets.
    pub token: String,
    /// Who he is.
    pub visitor: String,
}

impl Session {
    /// Opens a session as the widget does; `ask` may hold a token and an identity.
    pub async fn open(addr: SocketAddr, site: &Site, ask: &Value) -> Self {
        let reply = Self::ask(addr, &site.account, &site.origin, ask).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let body = reply.json();
        let text = |name: &str| body[name].as_str().unwrap_or_else(|| panic!("no {name} in {body}")).to_owned();
        let (account, origin) = (site.account.clone(), site.origin.clone());
        Self { addr, account, origin, token: text("token"), visitor: text("visitor") }
    }

    /// Asks for a session from whatever page.
    pub async fn ask(addr: SocketAddr, account: &str, origin: &str, ask: &Value) -> Reply {
        let headers = [("origin", origin), ("content-type", "application/json")];
        let request =
            http::request("POST", &format!("/v1/chat/{account}/sessions"), &headers, ask.to_string().as_bytes());
        http::once(addr, &request).await.expect("an answer")
    }

    /// A long poll.
    pub async fn poll(&self, after: Option<&str>, wait_s: u64) -> Reply {
        let after = after.map_or_else(String::new, |after| format!("after={after}&"));
        self.call("GET", &format!("?{after}wait={wait_s}"), b"").await
    }

    /// Says something by the long poll's other half.
    pub async fn post(&self, client_id: &str, text: &str) -> Reply {
        self.call("POST", "", json!({ "client_id": client_id, "text": text }).to_string().as_bytes()).await
    }

    /// Says whether it is solved, by the long poll's other half.
    pub async fn word(&self, client_id: &str, confirmed: bool) -> Reply {
        self.call("POST", "", json!({ "client_id": client_id, "confirmed": confirmed }).to_string().as_bytes()).await
    }

    /// Says anything else by the long poll's other half.
    pub async fn post_frame(&self, body: &Value) -> Reply {
        self.call("POST", "", body.to_string().as_bytes()).await
    }

    async fn call(&self, method: &str, query: &str, body: &[u8]) -> Reply {
        let bearer = format!("Bearer {}", self.token);
        let headers = [("origin", self.origin.as_str()), ("authorization", bearer.as_str())];
        let path = format!("/v1/chat/{}/messages{query}", self.account);
        http::once(self.addr, &http::request(method, &path, &headers, body)).await.expect("an answer")
    }

    /// Opens a socket and says hello; reads on after the cursor `after`.
    pub async fn connect(&self, after: Option<&str>) -> Guest {
        self.connect_through(TcpSocket::new_v4().expect("a socket"), after).await
    }

    /// The same through a socket of one's own making.
    pub async fn connect_through(&self, socket: TcpSocket, after: Option<&str>) -> Guest {
        let mut guest = self.upgrade(socket).await.expect("a socket");
        guest.send(&json!({ "type": "hello", "token": self.token, "after": after })).await;
        guest.cursor = after.map(str::to_owned);
        guest
    }

    /// Opens a socket and says nothing.
    pub async fn upgrade(&self, socket: TcpSocket) -> Result<Guest, Error> {
        let mut request = format!("ws://{}/v1/chat/{}/connect", self.addr, self.account).into_client_request()?;
        request.headers_mut().insert("origin", self.origin.parse().expect("an origin is a header value"));
        let stream = socket.connect(self.addr).await?;
        stream.set_nodelay(true)?;
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await?;
        Ok(Guest { socket, cursor: None })
    }
}

/// One socket of a visitor.
#[derive(Debug)]
pub struct Guest {
    socket: WebSocketStream<TcpStream>,
    /// The cursor of the last message he has.
    pub cursor: Option<String>,
}

impl Guest {
    /// Sends a frame.
    pub async fn send(&mut self, frame: &Value) {
        self.send_text(&frame.to_string()).await;
    }

    /// Sends any text; whoever is closed while he sends finds out when he reads.
    pub async fn send_text(&mut self, text: &str) {
        let _ = self.socket.send(Message::text(text)).await;
    }

    /// Says something under an id.
    pub async fn say(&mut self, client_id: &str, text: &str) {
        self.send(&json!({ "type": "message", "client_id": client_id, "text": text })).await;
    }

    /// The next frame, or the code the socket was closed with (1006 when it just ended).
    pub async fn next(&mut self) -> Result<Value, u16> {
        let next = self.read();
        let frame = tokio::time::timeout(FRAME_WITHIN, next).await.expect("a frame within 20 s")?;
        if let Some(cursor) = frame["cursor"].as_str() {
            self.cursor = Some(cursor.to_owned());
        }
        Ok(frame)
    }

    async fn read(&mut self) -> Result<Value, u16> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).expect("frames are JSON")),
                Some(Ok(Message::Close(close))) => return Err(close.map_or(1005, |close| close.code.into())),
                None | Some(Err(_)) => return Err(1006),
                Some(Ok(_)) => {}
            }
        }
    }

    /// Reads, and so answers pings, for as long as the socket lives; gives the close code.
    pub async fn idle(&mut self) -> u16 {
        loop {
            if let Err(code) = self.read().await {
                return code;
            }
        }
    }

    /// The next frame that `pick` wants; others are passed over.
    pub async fn until(&mut self, what: &str, pick: impl Fn(&Value) -> bool) -> Value {
        let mut seen = Vec::new();
        loop {
            match self.next().await {
                Ok(frame) if pick(&frame) => return frame,
                Ok(frame) => seen.push(frame),
                Err(code) => panic!("no {what}: closed with {code} after {seen:#?}"),
            }
        }
    }

    /// The next frame of a type.
    pub async fn of(&mut self, kind: &str) -> Value {
        self.until(kind, |frame| frame["type"] == kind).await
    }

    /// The texts of the next `count` messages.
    pub async fn texts(&mut self, count: usize) -> Vec<String> {
        let mut texts = Vec::new();
        while texts.len() < count {
            texts.push(self.of("message").await["text"].as_str().expect("a message has a text").to_owned());
        }
        texts
    }

    /// Waits for the state.
    pub async fn state(&mut self, state: &str) {
        self.until(state, |frame| frame["type"] == "state" && frame["state"] == state).await;
    }

    /// Reads to the end and gives the close code.
    pub async fn closed(&mut self) -> u16 {
        loop {
            if let Err(code) = self.next().await {
                return code;
            }
        }
    }
}
