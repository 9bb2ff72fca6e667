//! A push service and the browser behind it: it checks who posts (RFC 8292), opens what it got (RFC 8291), and refuses as a
//! test wants. Written from the RFCs and not from our own code, so that both sides do not share a mistake.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::signature::{self, ECDSA_P256_SHA256_FIXED};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::sync::watch;

/// The longest a test waits for a push.
const WITHIN: Duration = Duration::from_secs(30);

/// What was posted.
#[derive(Clone, Debug)]
pub struct Pushed {
    /// To which device.
    pub device: String,
    /// What its browser reads.
    pub text: Value,
    /// The headers, by name.
    pub headers: HeaderMap,
    /// How long the body was.
    pub length: usize,
    /// The key of whoever posted.
    pub key: String,
    /// What was claimed of him.
    pub claims: Value,
    /// What it was answered.
    pub status: u16,
}

#[derive(Default)]
struct Course {
    pushed: Vec<Pushed>,
    /// What the next posts are answered, with how many seconds of patience.
    answers: Vec<(u16, Option<u64>)>,
}

#[derive(Clone)]
struct Shared {
    course: Arc<Mutex<Course>>,
    count: watch::Sender<usize>,
    origin: String,
}

impl Shared {
    fn course(&self) -> MutexGuard<'_, Course> {
        self.course.lock().expect("no test panicked in between")
    }
}

/// A running push service; it ends when dropped.
pub struct PushService {
    addr: SocketAddr,
    shared: Shared,
    task: tokio::task::JoinHandle<()>,
}

impl PushService {
    /// Starts it on a port of its own.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let addr = listener.local_addr().expect("its address");
        let shared = Shared { course: Arc::default(), count: watch::Sender::new(0), origin: format!("http://{addr}") };
        let app = Router::new().route("/send/{device}", post(take)).with_state(shared.clone());
        let task = tokio::spawn(async move { drop(axum::serve(listener, app).await) });
        Self { addr, shared, task }
    }

    /// What a browser's subscription says: its endpoint and keys. The device's name makes its keys.
    pub fn subscription(&self, device: &str) -> Value {
        let public = private_key(device).compute_public_key().expect("a public key");
        let keys = json!({
            "p256dh": BASE64_URL_SAFE_NO_PAD.encode(public),
            "auth": BASE64_URL_SAFE_NO_PAD.encode(auth(device)),
        });
        json!({ "endpoint": format!("http://{}/send/{device}", self.addr), "keys": keys })
    }

    /// The next posts are answered so, each once; afterwards as usual.
    pub fn answers(&self, answers: &[(u16, Option<u64>)]) {
        self.shared.course().answers = answers.iter().rev().copied().collect();
    }

    /// All posts so far.
    pub fn pushed(&self) -> Vec<Pushed> {
        self.shared.course().pushed.clone()
    }

    /// Waits until there are so many posts, and gives all.
    pub async fn until(&self, what: &str, count: usize) -> Vec<Pushed> {
        let mut changed = self.shared.count.subscribe();
        let waited = tokio::time::timeout(WITHIN, changed.wait_for(|posts| *posts >= count)).await;
        assert!(waited.is_ok(), "{what}: {:?}", self.pushed());
        self.pushed()
    }
}

impl Drop for PushService {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The key of a device: always the same for one name. The library has none that agrees twice, so it is made each time.
#[expect(deprecated, reason = "nothing else makes a key of known bytes, and this is no secret")]
fn private_key(device: &str) -> EphemeralPrivateKey {
    let bytes = mac(b"the key of", device.as_bytes());
    let fixed = ring::test::rand::FixedSliceRandom { bytes: &bytes };
    EphemeralPrivateKey::generate(&ECDH_P256, &fixed).expect("nearly any 32 bytes are a key")
}

fn auth(device: &str) -> [u8; 16] {
    let whole = mac(b"the secret of", device.as_bytes());
    std::array::from_fn(|index| whole[index])
}

fn mac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length will do");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

async fn take(
    State(shared): State<Shared>,
    Path(device): Path<String>,
    headers: HeaderMap,
    mut body: Bytes,
) -> Response {
    let said = headers["authorization"].to_str().expect("text");
    let (token, key) = said.strip_prefix("vapid t=").and_then(|said| said.split_once(", k=")).expect("RFC 8292");
    let claims = verified(token, key);
    assert_eq!(claims["aud"], shared.origin.as_str(), "the token is for another service");
    let length = body.len();
    let text = opened(&device, &mut body);
    let (status, patience) = {
        let mut course = shared.course();
        let (status, patience) = course.answers.pop().unwrap_or((201, None));
        let key = key.to_owned();
        course.pushed.push(Pushed { device, text, headers, length, key, claims, status });
        (status, patience)
    };
    shared.count.send_modify(|count| *count += 1);
    let status = StatusCode::from_u16(status).expect("a status");
    match patience {
        Some(seconds) => (status, [("retry-after", seconds.to_string())]).into_response(),
        None => status.into_response(),
    }
}

fn decoded(text: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(text).expect("base64url")
}

/// The claims of a token, whose signature must be that of `key`.
fn verified(token: &str, key: &str) -> Value {
    let (signed, by) = token.rsplit_once('.').expect("a token");
    let key = signature::UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, decoded(key));
    key.verify(signed.as_bytes(), &decoded(by)).expect("signed by whoever says so");
    serde_json::from_slice(&decoded(signed.split_once('.').expect("two parts").1)).expect("claims")
}

/// What a browser reads: RFC 8188's header, RFC 8291's keys, the text before its padding.
fn opened(device: &str, body: &mut Bytes) -> Value {
    let salt = body.split_to(16);
    let record = u32::from_be_bytes(body.split_to(4).as_ref().try_into().expect("four bytes"));
    let sender = usize::from(body.split_to(1)[0]);
    let sender = body.split_to(sender);
    assert!(body.len() <= record as usize, "more than one record");
    let own = private_key(device);
    let own_public = own.compute_public_key().expect("a public key");
    let theirs = UnparsedPublicKey::new(&ECDH_P256, sender.as_ref());
    let shared = agree_ephemeral(own, &theirs, <[u8]>::to_vec).expect("a point");
    let combined = mac(&auth(device), &shared);
    let info = [b"WebPush: info\0", own_public.as_ref(), sender.as_ref(), &[1]].concat();
    let secret = mac(&salt, &mac(&combined, &info));
    let key = mac(&secret, b"Content-Encoding: aes128gcm\0\x01");
    let nonce = mac(&secret, b"Content-Encoding: nonce\0\x01");
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key[..16]).expect("a key"));
    let nonce = Nonce::try_assume_unique_for_key(&nonce[..12]).expect("a nonce");
    let mut sealed = body.to_vec();
    let text = key.open_in_place(nonce, Aad::empty(), &mut sealed).expect("sealed for this device");
    let end = text.iter().rposition(|byte| *byte != 0).expect("an end");
    assert_eq!(text[end], 2, "the last record ends with a two");
    serde_json::from_slice(&text[..end]).expect("JSON")
}
