//! A sign-in on its way: one secret in a cookie, from which everything else is computed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use blendline_wire::TenantId;
use sha2::{Digest, Sha256};

use crate::people::session::{Cookie, same};
use crate::people::{NoRandomness, random};

/// How long somebody may take at the provider's pages, in seconds.
const SECONDS_MAX: u32 = 10 * 60;
/// The longest way back.
const NEXT_BYTES_MAX: usize = 200;

/// A sign-in that was begun in a browser.
#[derive(Clone, Eq, PartialEq)]
pub struct Flight {
    secret: String,
    tenant: TenantId,
    next: String,
}

impl Flight {
    /// A new one. `next` is where to go afterwards: a path of ours, or the front door.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn new(tenant: TenantId, next: &str) -> Result<Self, NoRandomness> {
        let next = if is_path(next) { next } else { "/" };
        Ok(Self { secret: hex::encode(random::<32>()?), tenant, next: next.to_owned() })
    }

    /// The one that a cookie's value is.
    pub fn read(value: &str) -> Option<Self> {
        let mut parts = value.splitn(3, '.');
        let (secret, tenant, next) = (parts.next()?, parts.next()?, parts.next()?);
        let good = secret.len() == 64 && secret.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let tenant = TenantId(tenant.parse().ok()?);
        (good && is_path(next)).then(|| Self { secret: secret.to_owned(), tenant, next: next.to_owned() })
    }

    /// Whose people sign in.
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Where to go afterwards: a path of ours.
    pub fn next(&self) -> &str {
        &self.next
    }

    /// What the provider sends back as it was: only this browser can have begun it.
    pub fn state(&self) -> String {
        self.derived("state")
    }

    /// What the ID token must hold: a token of another sign-in does not.
    pub fn nonce(&self) -> String {
        self.derived("nonce")
    }

    /// What proves to the provider that who exchanges the code also asked for it (RFC 7636).
    pub fn verifier(&self) -> String {
        self.derived("verifier")
    }

    /// What the provider is told of the verifier before.
    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier()))
    }

    /// Whether a state that came back is of this flight.
    pub fn is_of(&self, state: &str) -> bool {
        same(&self.state(), state)
    }

    fn derived(&self, what: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(b"blendline company ");
        hash.update(what);
        hash.update(b" ");
        hash.update(&self.secret);
        hash.update(self.tenant.0.to_be_bytes());
        hex::encode(hash.finalize())
    }
}

/// What may stand in our cookie and in `Location`: a path of this site, and nothing that a browser reads as another's.
fn is_path(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_');
    text.len() <= NEXT_BYTES_MAX && text.starts_with('/') && !text.starts_with("//") && text.bytes().all(plain)
}

/// The name of the cookie, beside that of sessions.
const fn name(cookie: Cookie) -> &'static str {
    if cookie.secure { "__Host-blendline-company" } else { "blendline-company" }
}

/// What `Set-Cookie` says when a flight begins. `Lax`: the browser comes back from another site.
pub fn set(cookie: Cookie, flight: &Flight) -> String {
    let Flight { secret, tenant, next } = flight;
    format!("{}={secret}.{}.{next}; Max-Age={SECONDS_MAX}; {}", name(cookie), tenant.0, cookie.attributes())
}

/// What `Set-Cookie` says when it has ended, well or not: it serves once.
pub fn clear(cookie: Cookie) -> String {
    format!("{}=; Max-Age=0; {}", name(cookie), cookie.attributes())
}

/// The flight among the `Cookie` headers of a request; two of them are as good as none.
pub fn find<'a>(cookie: Cookie, headers: impl Iterator<Item = &'a str>) -> Option<Flight> {
    let pairs = headers.flat_map(|header| header.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(known, _)| *known == name(cookie)).map(|(_, value)| value);
    let value = values.next().filter(|_| values.next().is_none())?;
    Flight::read(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flight_comes_back_from_its_cookie_and_no_other_does() {
        let cookie = Cookie { secure: true };
        let flight = Flight::new(TenantId(7), "/console/board").unwrap();
        let said = set(cookie, &flight);
        assert!(said.starts_with("__Host-blendline-company=") && said.ends_with("Secure; SameSite=Lax"), "{said}");
        let pair = said.split(';').next().unwrap();
        let back = find(cookie, [pair].into_iter()).unwrap();
        assert!(back == flight && back.is_of(&flight.state()));
        assert_eq!((back.tenant(), back.next()), (TenantId(7), "/console/board"));
        assert!(find(cookie, [pair, pair].into_iter()).is_none(), "two are as good as none");
        let other = Flight::new(TenantId(7), "/").unwrap();
        assert!(!other.is_of(&flight.state()));
        // What the provider sees tells nothing of the verifier, and each is its own.
        let all = [flight.state(), flight.nonce(), flight.verifier(), flight.challenge()];
        assert!(all.iter().enumerate().all(|(at, one)| !all[..at].contains(one)));
        let moved = pair.split_once('=').unwrap().1.replace(".7.", ".8.");
        assert!(!Flight::read(&moved).unwrap().is_of(&flight.state()), "a flight is of one tenant");
    }

    #[test]
    fn nobody_is_led_away() {
        for next in ["//evil.example", "https://evil.example", "/\\evil", "desk", "", "/a?b", "/a b", "/a\r\nx: y"] {
            assert_eq!(Flight::new(TenantId(1), next).unwrap().next(), "/", "{next:?}");
        }
    }
}
