//! Somebody with a browser: a session's cookie, a page's token, and the connection that a desk opens.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::api::Api;
use crate::http::{self, Reply};

/// The page that our requests say they come from: that of the host they are sent to.
pub const OWN_PAGE: &str = "http://blendline.test";
/// A password that nobody objects to.
pub const PASSWORD: &str = "four horses eat lemons";
/// The longest a test waits for a frame.
const TOO_LONG: Duration = Duration::from_secs(20);

/// Adds a user through the API and gives his one-time password; `worker` is who he is with the role worker.
pub async fn add(addr: SocketAddr, name: &str, role: &str, worker: Option<&str>) -> String {
    let body = json!({ "name": name, "role": role, "worker": worker });
    let reply = Api::admin(addr).post("/v1/users", &body).await.unwrap();
    assert_eq!(reply.status, 201, "{}", reply.text());
    reply.json()["one_time_password"].as_str().unwrap().to_owned()
}

/// Adds a user and signs him in with a password of his own.
pub async fn member(addr: SocketAddr, name: &str, role: &str, worker: Option<&str>) -> Browser {
    let first = add(addr, name, role, worker).await;
    let mut browser = Browser::sign_in(addr, name, &first).await.unwrap();
    let change = json!({ "old": first, "new": PASSWORD });
    let reply = browser.send("POST", "/v1/sessions/current/password", &change).await;
    assert_eq!(reply.status, 204, "{}", reply.text());
    browser.keep(&reply).await;
    browser
}

/// Somebody's browser with a session.
#[derive(Clone, Debug)]
pub struct Browser {
    /// Where the router is.
    pub addr: SocketAddr,
    /// `name=value`, as the browser sends it.
    pub cookie: String,
    /// The token of his page.
    pub csrf: String,
    /// What `Set-Cookie` said.
    pub set_cookie: String,
}

impl Browser {
    /// Signs in, and asks who it is.
    pub async fn sign_in(addr: SocketAddr, name: &str, password: &str) -> Result<Self, Reply> {
        let reply = sign_in(addr, "acme", name, password).await;
        if reply.status != 204 {
            return Err(reply);
        }
        let mut browser = Self { addr, cookie: String::new(), csrf: String::new(), set_cookie: String::new() };
        browser.keep(&reply).await;
        Ok(browser)
    }

    /// Takes the cookie of an answer, and its token.
    pub async fn keep(&mut self, reply: &Reply) {
        self.set_cookie = reply.header("set-cookie").expect("a cookie").to_owned();
        self.cookie = self.set_cookie.split(';').next().unwrap().to_owned();
        let current = self.get("/v1/sessions/current").await;
        assert_eq!(current.status, 200, "{}", current.text());
        self.csrf = current.json()["csrf"].as_str().unwrap().to_owned();
    }

    /// Asks for something.
    pub async fn get(&self, path: &str) -> Reply {
        self.raw("GET", path, &[], &json!(null)).await
    }

    /// Sends something as the browser's own page would.
    pub async fn send(&self, method: &str, path: &str, body: &Value) -> Reply {
        self.raw(method, path, &[("origin", OWN_PAGE), ("x-blendline-csrf", &self.csrf)], body).await
    }

    /// Sends something with these headers and the cookie, which a browser adds for any page of the site.
    pub async fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Reply {
        let mut all = vec![("cookie", self.cookie.as_str()), ("content-type", "application/json")];
        all.extend_from_slice(headers);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        http::once(self.addr, &http::request(method, path, &all, body.as_bytes())).await.unwrap()
    }

    /// Opens the worker's connection of a page at `origin`.
    pub async fn connect(&self, origin: Option<&str>) -> Result<Socket, u16> {
        let mut request = format!("ws://{}/v1/workers/connect", self.addr).into_client_request().unwrap();
        request.headers_mut().insert("cookie", self.cookie.parse().unwrap());
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().unwrap());
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Socket(socket)),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// The desk's connection, greeted.
    pub async fn desk(&self, worker: &str) -> Socket {
        let mut socket = self.connect(Some(&format!("http://{}", self.addr))).await.unwrap();
        socket.say(&json!({ "type": "hello", "version": 1, "worker": worker, "accept": "offer" })).await;
        assert_eq!(socket.hear().await["type"], "welcome");
        socket
    }
}

/// Tries to sign in.
pub async fn sign_in(addr: SocketAddr, tenant: &str, name: &str, password: &str) -> Reply {
    let body = json!({ "tenant": tenant, "name": name, "password": password }).to_string();
    let headers = [("origin", OWN_PAGE), ("content-type", "application/json"), ("x-blendline-csrf", "1")];
    http::once(addr, &http::request("POST", "/v1/sessions", &headers, body.as_bytes())).await.unwrap()
}

/// A worker's connection.
#[derive(Debug)]
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Says a frame.
    pub async fn say(&mut self, frame: &Value) {
        self.0.send(Message::text(frame.to_string())).await.unwrap();
    }

    /// The next frame.
    pub async fn hear(&mut self) -> Value {
        let message = tokio::time::timeout(TOO_LONG, self.0.next()).await.unwrap().unwrap().unwrap();
        serde_json::from_str(message.to_text().unwrap()).unwrap_or_else(|_| panic!("{message:?}"))
    }

    /// Says a frame, if anybody is there.
    pub async fn try_say(&mut self, frame: &Value) -> Result<(), Error> {
        self.0.send(Message::text(frame.to_string())).await
    }

    /// Reads what comes, however long that takes; the close code when it ends (1006 when it just ended).
    pub async fn read(&mut self) -> Result<(), u16> {
        match self.0.next().await {
            Some(Ok(Message::Close(close))) => Err(close.map_or(1005, |close| close.code.into())),
            None | Some(Err(_)) => Err(1006),
            Some(Ok(_)) => Ok(()),
        }
    }

    /// What is said before the end, and the close code.
    pub async fn ended(&mut self) -> (Vec<Value>, u16) {
        let mut frames = Vec::new();
        loop {
            match tokio::time::timeout(TOO_LONG, self.0.next()).await.expect("the end within 20 s") {
                Some(Ok(Message::Close(Some(frame)))) => return (frames, frame.code.into()),
                Some(Ok(Message::Text(text))) => frames.push(serde_json::from_str(&text).unwrap()),
                Some(Ok(_)) => {}
                other => panic!("no close frame: {other:?}"),
            }
        }
    }
}
