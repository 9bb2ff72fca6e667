//! How each platform proves that it speaks.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use blendline_tests::machine::unix_ms;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;

/// The secret of every platform here.
pub(crate) const SECRET: &str = "the-secret-of-the-shop";
/// The secret of Standard Webhooks.
pub(crate) const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// Where Twilio was told to call.
pub(crate) const TWILIO_URL: &str = "https://shop.example/v1/webhooks/twilio";

/// Headers of a webhook.
pub(crate) type Headers = Vec<(&'static str, String)>;

pub(crate) fn sha256(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

pub(crate) fn meta(body: &[u8]) -> Headers {
    vec![("x-hub-signature-256", format!("sha256={}", hex::encode(sha256(SECRET.as_bytes(), &[body]))))]
}

pub(crate) fn x(body: &[u8]) -> Headers {
    let signature = BASE64_STANDARD.encode(sha256(SECRET.as_bytes(), &[body]));
    vec![("x-twitter-webhooks-signature", format!("sha256={signature}"))]
}

pub(crate) fn telegram(_: &[u8]) -> Headers {
    vec![("x-telegram-bot-api-secret-token", SECRET.to_owned())]
}

pub(crate) fn linkedin(body: &[u8]) -> Headers {
    vec![("x-li-signature", hex::encode(sha256(SECRET.as_bytes(), &[b"hmacsha256=", body])))]
}

pub(crate) fn bearer(_: &[u8]) -> Headers {
    vec![("authorization", format!("Bearer {SECRET}"))]
}

pub(crate) fn basic(_: &[u8]) -> Headers {
    vec![("authorization", format!("Basic {}", BASE64_STANDARD.encode(format!("shop:{SECRET}"))))]
}

/// Nothing in the headers: the proof lies in the body or in the address.
pub(crate) fn elsewhere(_: &[u8]) -> Headers {
    Vec::new()
}

pub(crate) fn twilio(body: &[u8]) -> Headers {
    let text = String::from_utf8(body.to_vec()).unwrap();
    let mut fields: Vec<(String, String)> = form(&text);
    fields.sort();
    let mut mac = Hmac::<Sha1>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(TWILIO_URL.as_bytes());
    fields.iter().for_each(|(name, value)| mac.update(format!("{name}{value}").as_bytes()));
    let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
    vec![("x-twilio-signature", signature), ("content-type", "application/x-www-form-urlencoded".to_owned())]
}

/// The pairs of a form.
pub(crate) fn form(text: &str) -> Vec<(String, String)> {
    let url = reqwest::Url::parse(&format!("http://form.test/?{text}")).unwrap();
    url.query_pairs().into_owned().collect()
}

/// A form of these pairs.
pub(crate) fn of_form(pairs: &[(&str, &str)]) -> String {
    let mut url = reqwest::Url::parse("http://form.test/").unwrap();
    url.query_pairs_mut().extend_pairs(pairs);
    url.query().unwrap().to_owned()
}

pub(crate) fn standard(body: &[u8]) -> Headers {
    let (id, at) = ("delivery-1", (unix_ms() / 1000).to_string());
    let key = BASE64_STANDARD.decode(WHSEC.strip_prefix("whsec_").unwrap()).unwrap();
    let signature = BASE64_STANDARD.encode(sha256(&key, &[id.as_bytes(), b".", at.as_bytes(), b".", body]));
    vec![
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", at),
        ("webhook-signature", format!("v1,AAAA v1,{signature}")),
    ]
}
