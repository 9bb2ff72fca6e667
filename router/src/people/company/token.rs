//! ID tokens: their signature (RFC 7515) and what they must say (OpenID Connect Core, section 3.1.3.7).
//!
//! By `ring` alone. The three algorithms below are all there is: a token that names another, `none` or one with a shared
//! secret among them, is refused before anything else of it is read.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use blendline_wire::Millis;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Refusal;
use super::provider::Provider;
use crate::config::CompanySignIn;
use crate::people::session::same;

/// The longest token that is read.
const BYTES_MAX: usize = 64 * 1024;
/// The most keys of a provider that are kept.
const KEYS_MAX: usize = 64;
/// How far the two clocks may be apart, in seconds.
const SKEW_SECONDS: i64 = 60;

/// What a token claims.
pub type Claims = Map<String, Value>;

/// An algorithm that we take.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Algorithm {
    Rs256,
    Es256,
    EdDsa,
}

impl Algorithm {
    fn named(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::Rs256),
            "ES256" => Some(Self::Es256),
            "EdDSA" | "Ed25519" => Some(Self::EdDsa),
            _ => None,
        }
    }
}

/// A key of a provider, good for one algorithm.
#[derive(Clone, Debug)]
enum Key {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// The point, uncompressed.
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

impl Key {
    const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Rsa { .. } => Algorithm::Rs256,
            Self::P256(_) => Algorithm::Es256,
            Self::Ed25519(_) => Algorithm::EdDsa,
        }
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Rsa { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
            }
            Self::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
            }
            Self::Ed25519(point) => UnparsedPublicKey::new(&ED25519, point).verify(message, signature).is_ok(),
        }
    }
}

/// The keys of a provider with their names.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys(Vec<(Option<String>, Key)>);

/// A key as a provider shows it (RFC 7517, RFC 7518 section 6, RFC 8037).
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Keys {
    /// Reads a provider's set; keys that we cannot use are left out. `None` when it is no set.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let set: Set = serde_json::from_slice(body).ok()?;
        let each = set.keys.into_iter().filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
        Some(Self(each.filter_map(usable).take(KEYS_MAX).collect()))
    }

    /// The keys that a token of this header may be signed with.
    fn fitting(&self, kid: Option<&str>, algorithm: Algorithm) -> Vec<&Key> {
        let fits = |(name, key): &&(Option<String>, Key)| {
            key.algorithm() == algorithm && (kid.is_none() || kid == name.as_deref())
        };
        self.0.iter().filter(fits).map(|(_, key)| key).collect()
    }
}

fn usable(jwk: Jwk) -> Option<(Option<String>, Key)> {
    if jwk.purpose.as_deref().is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    let bytes = |text: Option<String>| URL_SAFE_NO_PAD.decode(text?.trim_end_matches('=')).ok();
    let key = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("RSA", _) => Key::Rsa { n: bytes(jwk.n)?, e: bytes(jwk.e)? },
        ("EC", Some("P-256")) => {
            let (x, y) = (bytes(jwk.x)?, bytes(jwk.y)?);
            let whole = x.len() == 32 && y.len() == 32;
            Key::P256(whole.then(|| [&[4], x.as_slice(), y.as_slice()].concat())?)
        }
        ("OKP", Some("Ed25519")) => Key::Ed25519(bytes(jwk.x)?),
        _ => return None,
    };
    let meant = jwk.alg.as_deref().is_none_or(|name| Algorithm::named(name) == Some(key.algorithm()));
    meant.then_some((jwk.kid, key))
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

/// What a token claims, once its signature, issuer, audience, time and nonce are good.
pub(super) async fn verify(
    provider: &Provider,
    settings: &CompanySignIn,
    token: &str,
    (now, nonce): (Millis, &str),
) -> Result<Claims, Refusal> {
    if BYTES_MAX < token.len() {
        return Err(Refusal::Unbelieved("it is too long"));
    }
    let (message, signature) = token.rsplit_once('.').ok_or(Refusal::Unbelieved("it is no token"))?;
    let (head, body) = message.split_once('.').ok_or(Refusal::Unbelieved("it is no token"))?;
    let header: Header = part(head)?;
    let algorithm = Algorithm::named(&header.alg).ok_or(Refusal::Unbelieved("its algorithm is not one of ours"))?;
    if header.crit.is_some() {
        return Err(Refusal::Unbelieved("it asks for what we do not know"));
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Refusal::Unbelieved("it is no token"))?;
    let kid = header.kid.as_deref();
    let mut keys = provider.keys(false).await?;
    if keys.fitting(kid, algorithm).is_empty() {
        keys = provider.keys(true).await?;
    }
    let fitting = keys.fitting(kid, algorithm);
    if fitting.is_empty() {
        return Err(Refusal::Unbelieved("the provider has no such key"));
    }
    if !fitting.iter().any(|key| key.verifies(message.as_bytes(), &signature)) {
        return Err(Refusal::Unbelieved("its signature is wrong"));
    }
    let claims: Claims = part(body)?;
    check(settings, &claims, now, nonce)?;
    Ok(claims)
}

fn check(settings: &CompanySignIn, claims: &Claims, now: Millis, nonce: &str) -> Result<(), Refusal> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(&settings.issuer) {
        return Err(Refusal::Unbelieved("another issued it"));
    }
    let us = settings.client_id.as_str();
    let (meant, several) = match claims.get("aud") {
        Some(Value::String(one)) => (one == us, false),
        Some(Value::Array(all)) => (all.iter().any(|one| one.as_str() == Some(us)), 1 < all.len()),
        _ => (false, false),
    };
    let azp = text("azp");
    if !meant || azp.is_some_and(|azp| azp != us) || (several && azp.is_none()) {
        return Err(Refusal::Unbelieved("it is for somebody else"));
    }
    if !text("nonce").is_some_and(|said| same(said, nonce)) {
        return Err(Refusal::Unbelieved("it is of another sign-in"));
    }
    // Claims of time may have a fraction (RFC 7519, section 2); a number out of range is cut off to the largest.
    let seconds = |name: &str| claims.get(name).and_then(Value::as_f64).map(|seconds| seconds as i64);
    let now = i64::try_from(now.0 / 1000).unwrap_or(i64::MAX);
    let until = seconds("exp").ok_or(Refusal::Unbelieved("it has no end"))?;
    let begun = seconds("iat").max(seconds("nbf")).unwrap_or(now);
    if until.saturating_add(SKEW_SECONDS) <= now || now.saturating_add(SKEW_SECONDS) < begun {
        return Err(Refusal::Clock);
    }
    if text("sub").is_none_or(str::is_empty) {
        return Err(Refusal::Unbelieved("it names nobody"));
    }
    Ok(())
}

fn part<T: for<'de> Deserialize<'de>>(encoded: &str) -> Result<T, Refusal> {
    let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| Refusal::Unbelieved("it is no token"))?;
    serde_json::from_slice(&bytes).map_err(|_| Refusal::Unbelieved("it is no token"))
}
