//! Proof that Amazon SNS speaks: RSA over chosen fields, by a certificate that the account keeps.
//!
//! The message names the certificate's URL, but a connector fetches nothing; what an attacker wrote is not believed either.

use ring::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, RsaParameters, UnparsedPublicKey,
};
use serde_json::Value;

use super::der::der;
use super::transfer;
use crate::{Account, Refusal, Webhook, json};

pub(super) const TOPIC_SETTING: &str = "topic_arn";
pub(super) const CERTIFICATES_SETTING: &str = "signing_certificates";
/// SNS puts the signature into the body.
const FIELD: &str = "(field Signature of the body)";

/// Checks topic and signature.
pub(super) fn authenticate(account: &Account, hook: &Webhook<'_>) -> Result<(), Refusal> {
    let mut topics = account.setting_values(TOPIC_SETTING).peekable();
    if topics.peek().is_none() {
        return Err(Refusal::NotConfigured(TOPIC_SETTING));
    }
    let certificates = account.setting(CERTIFICATES_SETTING).ok_or(Refusal::NotConfigured(CERTIFICATES_SETTING))?;
    let root = json::parse(hook.body).map_err(|_| Refusal::NoSignature(FIELD))?;
    let topic = root["TopicArn"].as_str().unwrap_or_default();
    if !topics.any(|known| known == topic) {
        return Err(Refusal::WrongToken(TOPIC_SETTING));
    }
    let algorithm: &RsaParameters = match root["SignatureVersion"].as_str() {
        Some("1") => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
        Some("2") => &RSA_PKCS1_2048_8192_SHA256,
        _ => return Err(Refusal::NoSignature(FIELD)),
    };
    let signature =
        root["Signature"].as_str().map(|text| transfer::base64(text.as_bytes())).ok_or(Refusal::NoSignature(FIELD))?;
    let signed = canonical(&root).ok_or(Refusal::NoSignature(FIELD))?;
    let is_signed_by =
        |key: Vec<u8>| UnparsedPublicKey::new(algorithm, key).verify(signed.as_bytes(), &signature).is_ok();
    if public_keys(certificates).any(is_signed_by) {
        Ok(())
    } else {
        Err(Refusal::WrongSignature(CERTIFICATES_SETTING))
    }
}

/// The text that is signed: names and values of the fields that exist, each on a line.
fn canonical(root: &Value) -> Option<String> {
    let fields: &[&str] = match root["Type"].as_str()? {
        "Notification" => &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
        _ => &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
    };
    let mut out = String::new();
    for field in fields {
        if let Some(value) = root[*field].as_str() {
            out.push_str(field);
            out.push('\n');
            out.push_str(value);
            out.push('\n');
        }
    }
    Some(out)
}

/// True for a URL at an endpoint of SNS, which is where a subscription is confirmed.
pub(super) fn is_amazons(url: &str) -> bool {
    reqwest::Url::parse(url).is_ok_and(|url| {
        let host = url.host_str().unwrap_or_default();
        let region = host
            .strip_prefix("sns.")
            .and_then(|rest| rest.strip_suffix(".amazonaws.com").or_else(|| rest.strip_suffix(".amazonaws.com.cn")));
        let is_region = region.is_some_and(|region| {
            !region.is_empty()
                && region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        });
        url.scheme() == "https"
            && is_region
            && url.port().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    })
}

/// The RSA keys (PKCS #1) of the certificates in a setting: PEM, or their base64 alone, one after the other.
fn public_keys(setting: &str) -> impl Iterator<Item = Vec<u8>> {
    let bare: String = setting.replace("-----BEGIN CERTIFICATE-----", ",").replace("-----END CERTIFICATE-----", ",");
    let coded: Vec<String> =
        bare.split(',').map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).collect();
    coded.into_iter().take(8).filter_map(|text| public_key(&transfer::base64(text.as_bytes())).map(<[u8]>::to_vec))
}

/// The public key in a certificate (RFC 5280, 4.1): the seventh field of its body, after the optional version.
fn public_key(certificate: &[u8]) -> Option<&[u8]> {
    let (_, certificate, _) = der(certificate)?;
    let (_, mut body, _) = der(certificate)?;
    let mut fields = Vec::new();
    while !body.is_empty() && fields.len() < 8 {
        let (tag, content, rest) = der(body)?;
        // Tag 0 is the version.
        if tag != 0xa0 {
            fields.push(content);
        }
        body = rest;
    }
    let (_, _algorithm, key) = der(fields.get(5)?)?;
    let (tag, bits, _) = der(key)?;
    // A bit string begins with the number of its unused bits.
    (tag == 0x03).then_some(())?;
    bits.strip_prefix(&[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_endpoints_of_sns_are_amazons() {
        assert!(is_amazons("https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=x"));
        assert!(is_amazons("https://sns.cn-north-1.amazonaws.com.cn/x"));
        for odd in [
            "http://sns.us-east-1.amazonaws.com/x",
            "https://sns.us-east-1.amazonaws.com.evil.example/x",
            "https://evil.example/sns.us-east-1.amazonaws.com",
            "https://sns.evil.example.amazonaws.com/x",
            "https://sns..amazonaws.com/x",
            "https://sns.us-east-1.amazonaws.com:8443/x",
            "https://a@sns.us-east-1.amazonaws.com/x",
            "x",
        ] {
            assert!(!is_amazons(odd), "{odd}");
        }
    }

    #[test]
    fn damaged_certificates_have_no_key() {
        for odd in [&b""[..], b"\x30", b"\x30\x84\xff\xff\xff\xff", b"\x30\x03\x30\x01\x00"] {
            assert_eq!(public_key(odd), None);
        }
    }
}
