//! A provider: what it says of itself, its keys, and the exchange of a code for a token.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use reqwest::{RequestBuilder, StatusCode, Url};
use serde::Deserialize;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::Instant;

use super::Refusal;
use super::token::Keys;
use crate::config::{CompanySignIn, is_safe};

/// Where browsers come back to, after the origin of our pages.
pub const BACK: &str = "/sign-in/company/back";
/// How long one answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// The largest answer that is read.
const BYTES_MAX: usize = 256 * 1024;
/// After how long a provider is asked anew who it is and which keys it has.
const KEPT: Duration = Duration::from_secs(60 * 60);
/// How soon keys are asked for again because a token names one that is not known.
const KEYS_AGAIN: Duration = Duration::from_secs(30);
/// How long a provider that did not answer is left alone.
const LEFT_ALONE: Duration = Duration::from_secs(3);
/// How many codes are exchanged at once.
const AT_ONCE: usize = 16;

/// What a provider says of itself (OpenID Connect Discovery, section 3), as far as we use it.
#[derive(Clone, Debug, Deserialize)]
struct Described {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

/// What the token endpoint answers.
#[derive(Deserialize)]
struct Exchanged {
    id_token: String,
}

/// What the browser is sent to the provider with.
pub(super) struct Asked<'a> {
    pub(super) state: &'a str,
    pub(super) nonce: &'a str,
    pub(super) challenge: &'a str,
}

/// One provider.
pub struct Provider {
    issuer: String,
    http: reqwest::Client,
    known: Mutex<Known>,
    line: Semaphore,
}

/// What is known of it.
#[derive(Default)]
struct Known {
    described: Option<(Instant, Arc<Described>)>,
    keys: Option<(Instant, Arc<Keys>)>,
    asked_again: Option<Instant>,
    failed: Option<Instant>,
}

impl Provider {
    /// The provider of these settings; it is asked nothing yet.
    pub(super) fn new(settings: &CompanySignIn, http: reqwest::Client) -> Self {
        let known = Mutex::new(Known::default());
        Self { issuer: settings.issuer.clone(), http, known, line: Semaphore::new(AT_ONCE) }
    }

    /// Where a browser goes to sign in.
    pub(super) async fn authorization_url(&self, to: &CompanySignIn, asked: &Asked<'_>) -> Result<String, Refusal> {
        let described = self.described(&mut *self.known.lock().await).await?;
        let mut url = endpoint(&described.authorization_endpoint)?;
        let mut scope = String::from("openid");
        for more in &to.scopes {
            scope.push(' ');
            scope.push_str(more);
        }
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &to.client_id)
            .append_pair("redirect_uri", &format!("{}{BACK}", to.url))
            .append_pair("scope", &scope)
            .append_pair("state", asked.state)
            .append_pair("nonce", asked.nonce)
            .append_pair("code_challenge", asked.challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(url.into())
    }

    /// The ID token for a code.
    pub(super) async fn exchange(&self, to: &CompanySignIn, code: &str, verifier: &str) -> Result<String, Refusal> {
        let _place = self.line.try_acquire().map_err(|_| Refusal::Busy)?;
        let described = self.described(&mut *self.known.lock().await).await?;
        let request = self.http.post(endpoint(&described.token_endpoint)?);
        match answer(with_code(request, to, takes_basic(&described), (code, verifier))).await {
            Ok((StatusCode::OK, body)) => {
                let read = serde_json::from_slice::<Exchanged>(&body);
                read.map(|exchanged| exchanged.id_token).map_err(|_| Refusal::Provider("it gave no ID token"))
            }
            // RFC 6749, section 5.2, has `invalid_grant` with 400; Glewlwyd says `invalid_code` with 403.
            Ok((StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN, body))
                if says(&body, "invalid_grant") || says(&body, "invalid_code") =>
            {
                Err(Refusal::Used)
            }
            Ok((StatusCode::UNAUTHORIZED, _)) => Err(Refusal::Provider("it does not know our client_id and secret")),
            Ok(_) => Err(Refusal::Provider("its token endpoint refused")),
            Err(refusal) => Err(refusal),
        }
    }

    /// The provider's keys. `again` where a token named one that is not among them: they are asked for once more,
    /// unless that was done a moment ago.
    pub(super) async fn keys(&self, again: bool) -> Result<Arc<Keys>, Refusal> {
        let mut known = self.known.lock().await;
        let now = Instant::now();
        if let Some((at, keys)) = &known.keys {
            let fresh = now.duration_since(*at) < KEPT;
            let tired = known.asked_again.is_some_and(|at| now.duration_since(at) < KEYS_AGAIN);
            if fresh && (!again || tired) {
                return Ok(keys.clone());
            }
        }
        if again {
            known.asked_again = Some(now);
        }
        let described = self.described(&mut known).await?;
        let (status, body) = answer(self.http.get(endpoint(&described.jwks_uri)?)).await?;
        if status != StatusCode::OK {
            return Err(Refusal::Provider("it gives no keys"));
        }
        let keys = Arc::new(Keys::read(&body).ok_or(Refusal::Provider("its keys cannot be read"))?);
        known.keys = Some((now, keys.clone()));
        Ok(keys)
    }

    /// What it says of itself. Whoever asks at the same time waits for the one answer.
    async fn described(&self, known: &mut Known) -> Result<Arc<Described>, Refusal> {
        let now = Instant::now();
        if let Some((at, described)) = &known.described
            && now.duration_since(*at) < KEPT
        {
            return Ok(described.clone());
        }
        if known.failed.is_some_and(|at| now.duration_since(at) < LEFT_ALONE) {
            return Err(Refusal::Provider("it did not answer a moment ago"));
        }
        match self.discover().await {
            Ok(described) => {
                let described = Arc::new(described);
                known.described = Some((now, described.clone()));
                known.failed = None;
                Ok(described)
            }
            Err(refusal) => {
                known.failed = Some(Instant::now());
                Err(refusal)
            }
        }
    }

    async fn discover(&self) -> Result<Described, Refusal> {
        let address = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let (status, body) = answer(self.http.get(address)).await?;
        if status != StatusCode::OK {
            return Err(Refusal::Provider("it has no discovery document"));
        }
        let described: Described =
            serde_json::from_slice(&body).map_err(|_| Refusal::Provider("its discovery document cannot be read"))?;
        // Discovery, section 4.3: exactly the same, or it speaks for somebody else.
        if described.issuer != self.issuer {
            return Err(Refusal::Provider("it calls itself by another issuer"));
        }
        for address in [&described.authorization_endpoint, &described.token_endpoint, &described.jwks_uri] {
            endpoint(address)?;
        }
        Ok(described)
    }
}

/// A request for the token of `code`, with what proves who we are.
fn with_code(
    request: RequestBuilder,
    to: &CompanySignIn,
    basic: bool,
    (code, verifier): (&str, &str),
) -> RequestBuilder {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", code)
        .append_pair("redirect_uri", &format!("{}{BACK}", to.url))
        .append_pair("code_verifier", verifier);
    let mut request = request;
    match &to.client_secret {
        Some(secret) if basic => {
            let pair = format!("{}:{}", encoded(&to.client_id), encoded(secret.expose()));
            request = request.header(AUTHORIZATION, format!("Basic {}", STANDARD.encode(pair)));
        }
        Some(secret) => {
            form.append_pair("client_id", &to.client_id).append_pair("client_secret", secret.expose());
        }
        None => {
            form.append_pair("client_id", &to.client_id);
        }
    }
    request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.finish())
}

/// Left out, it is `client_secret_basic` (Discovery, section 3).
fn takes_basic(described: &Described) -> bool {
    let methods = described.token_endpoint_auth_methods_supported.as_ref();
    methods.is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic"))
}

fn endpoint(address: &str) -> Result<Url, Refusal> {
    let url = Url::parse(address).map_err(|_| Refusal::Provider("one of its addresses is none"))?;
    if is_safe(&url) { Ok(url) } else { Err(Refusal::Provider("one of its addresses is without TLS")) }
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn says(body: &[u8], error: &str) -> bool {
    let read = serde_json::from_slice::<serde_json::Value>(body);
    read.is_ok_and(|body| body.get("error").and_then(|said| said.as_str()) == Some(error))
}

/// Asks, and reads a bounded answer. Nothing of an answer or an address is told on: both may hold secrets.
async fn answer(request: RequestBuilder) -> Result<(StatusCode, Vec<u8>), Refusal> {
    let silent = |_| Refusal::Provider("it cannot be reached");
    let read = async {
        let mut response = request.header(ACCEPT, "application/json").send().await.map_err(silent)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(silent)? {
            if BYTES_MAX < body.len() + chunk.len() {
                return Err(Refusal::Provider("its answer is too long"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok((response.status(), body))
    };
    tokio::time::timeout(ANSWER_WITHIN, read).await.map_err(|_| Refusal::Provider("it takes too long"))?
}
