//! A small office: the real program, a tenant with two workers, and people with browsers.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use blendline_tests::api::Api;
use blendline_tests::config::{ADMIN_KEY, Installation, Worker};
use blendline_tests::http::{self, Reply};
use blendline_tests::process::Router;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// The page that our requests say they come from: that of the host they are sent to.
pub(crate) const OWN_PAGE: &str = "http://blendline.test";
/// A password that nobody objects to.
pub(crate) const PASSWORD: &str = "four horses eat lemons";
const TOO_LONG: Duration = Duration::from_secs(20);

/// The roles that people have.
pub(crate) const ROLES: [&str; 5] = ["worker", "supervisor", "operations", "auditor", "admin"];

/// A router of the tests' tenant with the workers noa and dan, and more lines of configuration.
pub(crate) async fn office(what: &str, more: &str) -> Router {
    let mut router = prepared(what, more);
    router.start_again().await;
    router
}

/// The same, not started yet.
pub(crate) fn prepared(what: &str, more: &str) -> Router {
    let mut installation = Installation::new("http://127.0.0.1:1");
    installation.workers = vec![Worker::new("noa", &["care"], 2), Worker::new("dan", &["care"], 2)];
    let router = Router::prepare(what, &installation);
    let mut file = OpenOptions::new().append(true).open(router.config_path()).unwrap();
    writeln!(file, "{more}").unwrap();
    router
}

/// Adds a user through the API and gives his one-time password.
pub(crate) async fn add(router: &Router, name: &str, role: &str) -> String {
    let worker = (role == "worker").then_some("noa");
    let body = json!({ "name": name, "role": role, "worker": worker });
    let reply = Api::admin(router.addr).post("/v1/users", &body).await.unwrap();
    assert_eq!(reply.status, 201, "{}", reply.text());
    reply.json()["one_time_password"].as_str().unwrap().to_owned()
}

/// Adds a user and signs him in with a password of his own.
pub(crate) async fn member(router: &Router, name: &str, role: &str) -> Browser {
    let first = add(router, name, role).await;
    let mut browser = Browser::sign_in(router.addr, name, &first).await.unwrap();
    let change = json!({ "old": first, "new": PASSWORD });
    let reply = browser.send("POST", "/v1/sessions/current/password", &change).await;
    assert_eq!(reply.status, 204, "{}", reply.text());
    browser.keep(&reply).await;
    browser
}

/// A call with the key that may do everything.
pub(crate) async fn by_key(router: &Router, method: &str, path: &str, body: &Value) -> Reply {
    let bearer = format!("Bearer {ADMIN_KEY}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    http::once(router.addr, &http::request(method, path, &headers, body.to_string().as_bytes())).await.unwrap()
}

/// Somebody's browser with a session.
pub(crate) struct Browser {
    pub(crate) addr: SocketAddr,
    /// `name=value`, as the browser sends it.
    pub(crate) cookie: String,
    /// The token of his page.
    pub(crate) csrf: String,
    /// What `Set-Cookie` said.
    pub(crate) set_cookie: String,
}

impl Browser {
    /// Signs in, and asks who it is.
    pub(crate) async fn sign_in(addr: SocketAddr, name: &str, password: &str) -> Result<Self, Reply> {
        let reply = sign_in(addr, "acme", name, password).await;
        if reply.status != 204 {
            return Err(reply);
        }
        let mut browser = Self { addr, cookie: String::new(), csrf: String::new(), set_cookie: String::new() };
        browser.keep(&reply).await;
        Ok(browser)
    }

    /// Takes the cookie of an answer, and its token.
    pub(crate) async fn keep(&mut self, reply: &Reply) {
        self.set_cookie = reply.header("set-cookie").expect("a cookie").to_owned();
        self.cookie = self.set_cookie.split(';').next().unwrap().to_owned();
        let current = self.get("/v1/sessions/current").await;
        assert_eq!(current.status, 200, "{}", current.text());
        self.csrf = current.json()["csrf"].as_str().unwrap().to_owned();
    }

    /// Asks for something.
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.raw("GET", path, &[], &json!(null)).await
    }

    /// Sends something as the browser's own page would.
    pub(crate) async fn send(&self, method: &str, path: &str, body: &Value) -> Reply {
        self.raw(method, path, &[("origin", OWN_PAGE), ("x-blendline-csrf", &self.csrf)], body).await
    }

    /// Sends something with these headers and the cookie, which a browser adds for any page of the site.
    pub(crate) async fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Reply {
        let mut all = vec![("cookie", self.cookie.as_str()), ("content-type", "application/json")];
        all.extend_from_slice(headers);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        http::once(self.addr, &http::request(method, path, &all, body.as_bytes())).await.unwrap()
    }

    /// Opens the worker's connection of a page at `origin`.
    pub(crate) async fn connect(&self, origin: Option<&str>) -> Result<Socket, u16> {
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
    pub(crate) async fn desk(&self, worker: &str) -> Socket {
        let mut socket = self.connect(Some(&format!("http://{}", self.addr))).await.unwrap();
        socket.say(&json!({ "type": "hello", "version": 1, "worker": worker, "accept": "offer" })).await;
        assert_eq!(socket.hear().await["type"], "welcome");
        socket
    }
}

/// Tries to sign in.
pub(crate) async fn sign_in(addr: SocketAddr, tenant: &str, name: &str, password: &str) -> Reply {
    let body = json!({ "tenant": tenant, "name": name, "password": password }).to_string();
    let headers = [("origin", OWN_PAGE), ("content-type", "application/json"), ("x-blendline-csrf", "1")];
    http::once(addr, &http::request("POST", "/v1/sessions", &headers, body.as_bytes())).await.unwrap()
}

/// A worker's connection.
pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub(crate) async fn say(&mut self, frame: &Value) {
        self.0.send(Message::text(frame.to_string())).await.unwrap();
    }

    pub(crate) async fn hear(&mut self) -> Value {
        let message = tokio::time::timeout(TOO_LONG, self.0.next()).await.unwrap().unwrap().unwrap();
        serde_json::from_str(message.to_text().unwrap()).unwrap_or_else(|_| panic!("{message:?}"))
    }

    /// What is said before the end, and the close code.
    pub(crate) async fn ended(&mut self) -> (Vec<Value>, u16) {
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
