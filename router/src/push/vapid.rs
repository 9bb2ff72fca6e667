//! Who we are to push services (RFC 8292): a key of this installation's, and a token signed with it.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use blendline_wire::Millis;
use reqwest::Url;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::json;

use super::Unsealed;
use crate::ports::devices::PushKeys;

/// For how long a token is good: push services refuse more than a day, and clocks differ.
const TOKEN_S: u64 = 12 * 60 * 60;

/// New keys.
///
/// # Errors
/// When there are no random numbers.
pub fn new_keys(now: Millis) -> Result<PushKeys, Unsealed> {
    let random = SystemRandom::new();
    let private = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)?;
    let pair = pair(private.as_ref())?;
    Ok(PushKeys { public: pair.public_key().as_ref().to_vec(), private: private.as_ref().to_vec(), made_at: now })
}

fn pair(private: &[u8]) -> Result<EcdsaKeyPair, Unsealed> {
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, private, &SystemRandom::new()).map_err(|_| Unsealed)
}

/// The public key as browsers and push services have it.
pub fn public_key(keys: &PushKeys) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(&keys.public)
}

/// Signs for this installation.
pub struct Vapid {
    pair: EcdsaKeyPair,
    public: String,
    contact: String,
}

impl Vapid {
    /// With these keys; `contact` (`mailto:…` or `https://…`) is whom a push service turns to when something is wrong.
    ///
    /// # Errors
    /// When the private key is none.
    pub fn new(keys: &PushKeys, contact: &str) -> Result<Self, Unsealed> {
        Ok(Self { pair: pair(&keys.private)?, public: public_key(keys), contact: contact.to_owned() })
    }

    /// The value of the header `Authorization` for a push service.
    ///
    /// # Errors
    /// When the endpoint has no origin, or there are no random numbers.
    pub fn authorization(&self, endpoint: &Url, now: Millis) -> Result<String, Unsealed> {
        let audience = endpoint.origin().ascii_serialization();
        let claims = json!({ "aud": audience, "exp": now.0 / 1000 + TOKEN_S, "sub": self.contact });
        let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        let signed = format!("{}.{}", part(r#"{"typ":"JWT","alg":"ES256"}"#), part(&claims.to_string()));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes())?;
        let signature = BASE64_URL_SAFE_NO_PAD.encode(signature);
        Ok(format!("vapid t={signed}.{signature}, k={}", self.public))
    }
}
