//! What only one device can read (RFC 8291 over RFC 8188's `aes128gcm`): the push service in between sees a length.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use ring::rand::{self, SystemRandom};

use super::Unsealed;

/// The length of every text with its padding: a length must not tell which notice it is. Push services take 4,096 bytes.
pub const PADDED: usize = 1_024;
/// The record's size in the header. There is one record, which is smaller.
const RECORD: u32 = 4_096;
/// What ends the text in the last record; zeros follow it.
const END: u8 = 2;
/// A point of P-256, uncompressed.
const POINT: usize = 65;
/// The secret that a device shares with us.
const AUTH: usize = 16;

/// Whose device it is for: its keys.
#[derive(Clone, Eq, PartialEq)]
pub struct Recipient {
    /// Its public key.
    pub public: [u8; POINT],
    /// The secret that it shares with us.
    pub auth: [u8; AUTH],
}

impl Recipient {
    /// The keys as a browser gives them, in base64url.
    ///
    /// # Errors
    /// With the name of the one that is none.
    pub fn read(p256dh: &str, auth: &str) -> Result<Self, &'static str> {
        // Some browsers pad, and some do not.
        let decoded = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).unwrap_or_default();
        let public = decoded(p256dh).try_into().map_err(|_| "p256dh")?;
        let auth = decoded(auth).try_into().map_err(|_| "auth")?;
        let read = Self { public, auth };
        // Whether it is a point of the curve is found by using it.
        seal(&read, b"").map(|_| read).map_err(|Unsealed| "p256dh")
    }
}

/// Seals `text`, of at most [`PADDED`] − 1 bytes; what is longer is refused.
///
/// # Errors
/// When the recipient's key is none, or there are no random numbers.
pub fn seal(to: &Recipient, text: &[u8]) -> Result<Vec<u8>, Unsealed> {
    let random = SystemRandom::new();
    let own = EphemeralPrivateKey::generate(&ECDH_P256, &random)?;
    let own_public = own.compute_public_key()?;
    let salt = rand::generate(&random)?.expose();
    let padded = padded(text)?;
    let theirs = UnparsedPublicKey::new(&ECDH_P256, &to.public);
    agree_ephemeral(own, &theirs, |shared| seal_with(shared, own_public.as_ref(), to, salt, padded))?
}

fn padded(text: &[u8]) -> Result<Vec<u8>, Unsealed> {
    if PADDED <= text.len() {
        return Err(Unsealed);
    }
    let mut padded = Vec::with_capacity(PADDED + AES_128_GCM.tag_len());
    padded.extend_from_slice(text);
    padded.push(END);
    padded.resize(PADDED, 0);
    Ok(padded)
}

/// The whole body, from the secret that both sides agreed upon.
pub(super) fn seal_with(
    shared: &[u8],
    own_public: &[u8],
    to: &Recipient,
    salt: [u8; 16],
    mut text: Vec<u8>,
) -> Result<Vec<u8>, Unsealed> {
    let (key, nonce) = derive(shared, own_public, to, &salt)?;
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key)?);
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut text)?;
    let mut body = Vec::with_capacity(salt.len() + 4 + 1 + own_public.len() + text.len());
    body.extend_from_slice(&salt);
    body.extend_from_slice(&RECORD.to_be_bytes());
    body.push(u8::try_from(own_public.len()).map_err(|_| Unsealed)?);
    body.extend_from_slice(own_public);
    body.append(&mut text);
    Ok(body)
}

/// The content encryption key and the nonce (RFC 8291, section 3.4).
fn derive(shared: &[u8], own_public: &[u8], to: &Recipient, salt: &[u8; 16]) -> Result<([u8; 16], [u8; 12]), Unsealed> {
    let combined = Salt::new(HKDF_SHA256, &to.auth).extract(shared);
    let input: [u8; 32] = expand(&combined, &[b"WebPush: info\0", &to.public, own_public])?;
    let secret = Salt::new(HKDF_SHA256, salt).extract(&input);
    let key = expand(&secret, &[b"Content-Encoding: aes128gcm\0"])?;
    let nonce = expand(&secret, &[b"Content-Encoding: nonce\0"])?;
    Ok((key, nonce))
}

fn expand<const LENGTH: usize>(secret: &Prk, info: &[&[u8]]) -> Result<[u8; LENGTH], Unsealed> {
    let mut expanded = [0; LENGTH];
    secret.expand(info, Bytes(LENGTH))?.fill(&mut expanded)?;
    Ok(expanded)
}

struct Bytes(usize);

impl KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}
