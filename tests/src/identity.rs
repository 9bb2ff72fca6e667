//! A provider of identity that we play ourselves (OpenID Connect, code flow with PKCE): it asks nobody for a password, and
//! says of whoever comes what the test wants, true or not.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

/// Who the router is there.
pub const CLIENT: &str = "blendline";
/// What proves it; no log may ever hold it.
pub const SECRET: &str = "canary-client-secret-5f3";

/// A running provider; it ends when dropped.
pub struct Provider {
    addr: SocketAddr,
    state: Arc<Mutex<Plan>>,
    task: tokio::task::JoinHandle<()>,
}

/// What it does.
struct Plan {
    issuer: String,
    keys: Vec<(String, Key)>,
    /// The key that signs, whether or not it is among those that are shown.
    signer: (String, Key),
    claims: Value,
    header: Value,
    codes: HashMap<String, Code>,
    asked_for_keys: usize,
    declines: bool,
    spoils: bool,
}

struct Code {
    challenge: String,
    nonce: String,
    redirect: String,
}

#[derive(Clone)]
enum Key {
    P256(Arc<EcdsaKeyPair>),
    Ed25519(Arc<Ed25519KeyPair>),
}

impl Key {
    fn p256() -> Self {
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), &random).unwrap();
        Self::P256(Arc::new(pair))
    }

    fn ed25519() -> Self {
        let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self::Ed25519(Arc::new(Ed25519KeyPair::from_pkcs8(made.as_ref()).unwrap()))
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Self::P256(_) => "ES256",
            Self::Ed25519(_) => "EdDSA",
        }
    }

    fn sign(&self, message: &str) -> String {
        match self {
            Self::P256(pair) => encoded(pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap()),
            Self::Ed25519(pair) => encoded(pair.sign(message.as_bytes())),
        }
    }

    fn shown(&self, kid: &str) -> Value {
        match self {
            Self::P256(pair) => {
                let point = pair.public_key().as_ref();
                json!({ "kty": "EC", "crv": "P-256", "kid": kid, "use": "sig",
                    "x": encoded(&point[1..33]), "y": encoded(&point[33..]) })
            }
            Self::Ed25519(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "kid": kid, "alg": "EdDSA", "x": encoded(pair.public_key()) })
            }
        }
    }
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Provider {
    /// Starts one on a port of its own.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free local port");
        let addr = listener.local_addr().expect("a bound port has an address");
        let first = ("k1".to_owned(), Key::p256());
        let state = Arc::new(Mutex::new(Plan {
            issuer: format!("http://{addr}"),
            // One that we cannot use stands in its place, as with every large provider.
            keys: vec![("other".to_owned(), Key::ed25519()), first.clone()],
            signer: first,
            claims: json!({}),
            header: json!({}),
            codes: HashMap::new(),
            asked_for_keys: 0,
            declines: false,
            spoils: false,
        }));
        let app = Router::new()
            .route("/.well-known/openid-configuration", get(describe))
            .route("/keys", get(keys))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .with_state(state.clone());
        let task = tokio::spawn(async move { axum::serve(listener, app).await.expect("it runs until it is ended") });
        Self { addr, state, task }
    }

    /// Where it is.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its issuer.
    pub fn issuer(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// What it calls itself from now on.
    pub fn call_itself(&self, issuer: &str) {
        self.plan().issuer = issuer.to_owned();
    }

    /// What tokens claim from now on, beside and instead of what is true; null takes a claim away.
    pub fn say(&self, claims: Value) {
        self.plan().claims = claims;
    }

    /// What the heads of tokens say from now on, likewise.
    pub fn head(&self, header: Value) {
        self.plan().header = header;
    }

    /// Signs with a new key from now on, and shows no older one.
    pub fn rotate(&self, kid: &str) {
        let key = (kid.to_owned(), Key::ed25519());
        let mut plan = self.plan();
        plan.keys = vec![key.clone()];
        plan.signer = key;
    }

    /// Signs with a key that it shows to nobody.
    pub fn sign_in_secret(&self, kid: &str) {
        self.plan().signer = (kid.to_owned(), Key::p256());
    }

    /// Whether it changes tokens after they were signed.
    pub fn spoil(&self, spoils: bool) {
        self.plan().spoils = spoils;
    }

    /// Whether it lets nobody in.
    pub fn decline(&self, declines: bool) {
        self.plan().declines = declines;
    }

    /// How often its keys were asked for.
    pub fn asked_for_keys(&self) -> usize {
        self.plan().asked_for_keys
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        lock(&self.state)
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type Shared = State<Arc<Mutex<Plan>>>;

fn lock(plan: &Mutex<Plan>) -> MutexGuard<'_, Plan> {
    plan.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn describe(State(plan): Shared, headers: HeaderMap) -> Json<Value> {
    let host = headers["host"].to_str().unwrap();
    Json(json!({
        "issuer": lock(&plan).issuer,
        "authorization_endpoint": format!("http://{host}/authorize"),
        "token_endpoint": format!("http://{host}/token"),
        "jwks_uri": format!("http://{host}/keys"),
    }))
}

async fn keys(State(plan): Shared) -> Json<Value> {
    let mut plan = lock(&plan);
    plan.asked_for_keys += 1;
    let mut shown: Vec<Value> = plan.keys.iter().map(|(kid, key)| key.shown(kid)).collect();
    shown.push(json!({ "kty": "EC", "crv": "P-521", "kid": "large", "x": "AA", "y": "AA" }));
    Json(json!({ "keys": shown }))
}

async fn authorize(State(plan): Shared, Query(asked): Query<HashMap<String, String>>) -> Response {
    assert_eq!((asked["response_type"].as_str(), asked["client_id"].as_str()), ("code", CLIENT));
    assert_eq!(asked["code_challenge_method"], "S256");
    assert!(asked["scope"].split(' ').any(|scope| scope == "openid"));
    let mut plan = lock(&plan);
    let (redirect, state) = (&asked["redirect_uri"], &asked["state"]);
    if plan.declines {
        return Redirect::to(&format!("{redirect}?error=access_denied&state={state}")).into_response();
    }
    let code = format!("canary-code-{}", plan.codes.len());
    let (challenge, nonce) = (asked["code_challenge"].clone(), asked["nonce"].clone());
    plan.codes.insert(code.clone(), Code { challenge, nonce, redirect: redirect.clone() });
    Redirect::to(&format!("{redirect}?code={code}&state={state}")).into_response()
}

async fn token(State(plan): Shared, headers: HeaderMap, Form(form): Form<HashMap<String, String>>) -> Response {
    let refuse = |status, error: &str| (status, Json(json!({ "error": error }))).into_response();
    let basic = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{SECRET}")));
    if headers.get("authorization").and_then(|value| value.to_str().ok()) != Some(&basic) {
        return refuse(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    let mut plan = lock(&plan);
    // A code is for one exchange.
    let Some(code) = plan.codes.remove(&form["code"]) else { return refuse(StatusCode::BAD_REQUEST, "invalid_grant") };
    let proved = encoded(Sha256::digest(&form["code_verifier"])) == code.challenge;
    if !proved || form["redirect_uri"] != code.redirect || form["grant_type"] != "authorization_code" {
        return refuse(StatusCode::BAD_REQUEST, "invalid_grant");
    }
    Json(json!({ "access_token": "canary-access", "token_type": "Bearer", "id_token": plan.token(&code.nonce) }))
        .into_response()
}

impl Plan {
    fn token(&self, nonce: &str) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let (kid, key) = &self.signer;
        let header = overlaid(json!({ "alg": key.algorithm(), "kid": kid, "typ": "JWT" }), &self.header);
        let claims = json!({
            "iss": self.issuer, "aud": CLIENT, "sub": "canary-sub-1", "nonce": nonce, "iat": now, "exp": now + 300,
        });
        let claims = overlaid(claims, &self.claims);
        let message = format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()));
        let signature = key.sign(&message);
        if self.spoils {
            let raised = overlaid(claims, &json!({ "groups": ["bosses"] }));
            return format!("{}.{}.{signature}", encoded(header.to_string()), encoded(raised.to_string()));
        }
        format!("{message}.{signature}")
    }
}

/// `below` with what `above` says instead.
fn overlaid(below: Value, above: &Value) -> Value {
    let mut all: Map<String, Value> = below.as_object().cloned().unwrap_or_default();
    for (name, value) in above.as_object().into_iter().flatten() {
        if value.is_null() {
            all.remove(name);
        } else {
            all.insert(name.clone(), value.clone());
        }
    }
    all.into()
}
