//! What a platform posts to us, and why it may be turned away before anything of it is read.

use std::borrow::Cow;
use std::fmt;

/// What the platform posted.
#[derive(Clone, Copy)]
pub struct Webhook<'a> {
    /// The headers as received.
    pub headers: &'a http::HeaderMap,
    /// What follows the `?` of the address, as received; empty where nothing does.
    pub query: &'a str,
    /// The bytes as received: a signature covers exactly these.
    pub body: &'a [u8],
}

impl<'a> Webhook<'a> {
    /// The only value of the header `name` as text; `None` where it is absent, repeated or not text.
    ///
    /// A repeated header is refused because two readers could disagree on which value counts.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?;
        if values.next().is_some() {
            return None;
        }
        value.to_str().ok()
    }

    /// The decoded value of the only parameter `name` of the query; `None` where it is absent or repeated.
    pub fn parameter(&self, name: &str) -> Option<Cow<'a, str>> {
        let mut values = form_urlencoded::parse(self.query.as_bytes()).filter(|(key, _)| key == name);
        let (_, value) = values.next()?;
        values.next().is_none().then_some(value)
    }
}

impl fmt::Debug for Webhook<'_> {
    /// Hides both: headers hold signatures, the body holds what customers wrote.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Webhook({} headers, {} bytes)", self.headers.len(), self.body.len())
    }
}

/// Why a request was not taken for the platform's.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// The signature's header is absent, repeated or of another form.
    #[error("the signature header {0} is absent or not of the documented form")]
    NoSignature(&'static str),
    /// The signature does not match the body.
    #[error("the signature does not match the body: check that the setting {0} is the one of the platform's app")]
    WrongSignature(&'static str),
    /// The handshake's query lacks what the platform always sends.
    #[error("this is no handshake: the query parameter {0} is absent")]
    NoHandshake(&'static str),
    /// The handshake's token is not ours.
    #[error("the token does not match the setting {0}")]
    WrongToken(&'static str),
    /// The account has no secret to check with, so nothing can be believed.
    #[error("the account has no setting {0}, so nothing can be checked: set it")]
    NotConfigured(&'static str),
    /// The signature is right and its time is not ours.
    #[error(
        "the time in {0} is more than five minutes from ours: set the sender's clock, and sign again when sending again"
    )]
    WrongTime(&'static str),
    /// The channel has no handshake.
    #[error("this channel has no handshake")]
    NotSupported,
}

impl Refusal {
    /// A stable word for counters.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NoSignature(_) => "no_signature",
            Self::WrongSignature(_) => "wrong_signature",
            Self::NoHandshake(_) => "no_handshake",
            Self::WrongToken(_) => "wrong_token",
            Self::NotConfigured(_) => "not_configured",
            Self::WrongTime(_) => "wrong_time",
            Self::NotSupported => "not_supported",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_header_is_no_header() {
        let mut headers = http::HeaderMap::new();
        headers.append("x-test", http::HeaderValue::from_static("a"));
        let hook = Webhook { headers: &headers, query: "a=1&b=2&a=3", body: b"" };
        assert_eq!(hook.header("X-Test"), Some("a"));
        assert_eq!((hook.parameter("b").as_deref(), hook.parameter("a")), (Some("2"), None));
        headers.append("x-test", http::HeaderValue::from_static("b"));
        assert_eq!(Webhook { headers: &headers, query: "a=1&b=2&a=3", body: b"" }.header("X-Test"), None);
    }
}
