//! Signature Version 4 of AWS, as far as calls of S3 need it: there is no SDK for five calls.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>

use std::fmt::Write as _;

use blendline_wire::Millis;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use reqwest::Url;
use sha2::{Digest as _, Sha256};

/// Who signs, and for where.
#[derive(Clone, Copy)]
pub struct Keys<'a> {
    /// The id of the access key.
    pub access: &'a str,
    /// Its secret.
    pub secret: &'a str,
    /// The region that is called.
    pub region: &'a str,
}

/// The headers of a signed call.
#[derive(Debug, Eq, PartialEq)]
pub struct Signed {
    /// `x-amz-date`
    pub date: String,
    /// `x-amz-content-sha256`
    pub content: String,
    /// `authorization`
    pub authorization: String,
}

/// What is signed of the headers; `host` is what the client makes of the URL.
const HEADERS: &str = "host;x-amz-content-sha256;x-amz-date";

/// Signs a call of S3 at the instant `now`. The path of `url` must be encoded as [`path`] does.
pub fn sign(keys: &Keys<'_>, method: &str, url: &Url, body: &[u8], now: Millis) -> Signed {
    let at = Timestamp::from_millisecond(i64::try_from(now.0).unwrap_or(i64::MAX)).unwrap_or(Timestamp::MAX);
    let date = at.strftime("%Y%m%dT%H%M%SZ").to_string();
    let scope = format!("{}/{}/s3/aws4_request", &date[..8], keys.region);
    let content = hex::encode(Sha256::digest(body));
    let host = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    };
    let request = format!(
        "{method}\n{path}\n{query}\nhost:{host}\nx-amz-content-sha256:{content}\nx-amz-date:{date}\n\n{HEADERS}\n{content}",
        path = url.path(),
        query = query(url),
    );
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex::encode(Sha256::digest(request)));
    let mut key = format!("AWS4{}", keys.secret).into_bytes();
    for part in scope.split('/') {
        key = hmac(&key, part);
    }
    let signature = hex::encode(hmac(&key, &text));
    let authorization =
        format!("AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={HEADERS}, Signature={signature}", keys.access);
    Signed { date, content, authorization }
}

/// The path of an object in a bucket that is addressed by path; of the bucket itself, where `key` is empty.
pub fn path(bucket: &str, key: &str) -> String {
    let parts = std::iter::once(bucket).chain(key.split('/')).filter(|_| !key.is_empty()).map(encoded);
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() { format!("/{}", encoded(bucket)) } else { format!("/{}", parts.join("/")) }
}

/// The pairs by name, each encoded as AWS does: everything but letters, digits and `-._~`.
fn query(url: &Url) -> String {
    let mut pairs: Vec<String> =
        url.query_pairs().map(|(name, value)| format!("{}={}", encoded(&name), encoded(&value))).collect();
    pairs.sort_unstable();
    pairs.join("&")
}

fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to memory cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    // HMAC takes keys of every length.
    Hmac::<Sha256>::new_from_slice(key).map_or_else(
        |_| Vec::new(),
        |mut mac| {
            mac.update(text.as_bytes());
            mac.finalize().into_bytes().to_vec()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: Keys<'_> = Keys {
        access: "AKIAIOSFODNN7EXAMPLE",
        secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        region: "us-east-1",
    };

    /// The last example of Amazon's page on signing by header: a list of objects.
    #[test]
    fn amazons_example_is_signed_as_amazon_does() {
        let url = Url::parse("https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J").unwrap();
        let signed = sign(&KEYS, "GET", &url, b"", Millis(1_369_353_600_000));
        assert_eq!(signed.date, "20130524T000000Z");
        assert_eq!(signed.content, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        let signature = "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7";
        assert!(signed.authorization.ends_with(&format!("Signature={signature}")), "{}", signed.authorization);
    }

    #[test]
    fn a_port_is_part_of_the_host_and_values_are_encoded() {
        let url = Url::parse("http://127.0.0.1:9000/b?prefix=a/b c&list-type=2").unwrap();
        assert_eq!(query(&url), "list-type=2&prefix=a%2Fb%20c");
        let now = Millis(1_795_665_600_000);
        let other = Url::parse("http://127.0.0.1:9001/b?prefix=a/b c&list-type=2").unwrap();
        assert_eq!((path("b", "").as_str(), path("b", "a b/c+d=é").as_str()), ("/b", "/b/a%20b/c%2Bd%3D%C3%A9"));
        let mut odd = url.clone();
        odd.set_path(&path("b", "a b/c+d=é"));
        assert_eq!(odd.path(), path("b", "a b/c+d=é"), "a URL leaves it as it is");
        assert_ne!(sign(&KEYS, "GET", &url, b"", now), sign(&KEYS, "GET", &other, b"", now));
    }
}
