//! Proof that Meta speaks: the handshake of a subscription and the signature of a body (CHANNELS.md section 1).

use subtle::ConstantTimeEq;

use crate::signature::{any_secret, hmac_sha256};
use crate::{Account, Refusal, Webhook};

/// The header; the older `X-Hub-Signature` (SHA-1) comes too and proves nothing.
const HEADER: &str = "X-Hub-Signature-256";
const PREFIX: &str = "sha256=";

/// Longer challenges are not Meta's, which sends a number; what is echoed to strangers is kept small.
const CHALLENGE_BYTES_MAX: usize = 256;

/// Answers `hub.challenge` to whoever knows the token.
pub(crate) fn handshake(account: &Account, query: &[(String, String)]) -> Result<String, Refusal> {
    // Some gateways turn dots into underscores.
    let parameter = |name: &'static str, gateway_name: &str| {
        let pair = query.iter().find(|(key, _)| key == name || key == gateway_name);
        pair.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty()).ok_or(Refusal::NoHandshake(name))
    };
    if parameter("hub.mode", "hub_mode")? != "subscribe" {
        return Err(Refusal::NoHandshake("hub.mode=subscribe"));
    }
    let given = parameter("hub.verify_token", "hub_verify_token")?;
    let challenge = parameter("hub.challenge", "hub_challenge")?;
    let expected = account.setting("verify_token").ok_or(Refusal::NotConfigured("verify_token"))?;
    if !bool::from(expected.as_bytes().ct_eq(given.as_bytes())) {
        return Err(Refusal::WrongToken("verify_token"));
    }
    if CHALLENGE_BYTES_MAX < challenge.len() {
        return Err(Refusal::NoHandshake("hub.challenge of a documented length"));
    }
    Ok(challenge.to_owned())
}

/// Checks the signature over the raw body.
pub(crate) fn authenticate(account: &Account, hook: &Webhook<'_>) -> Result<(), Refusal> {
    if account.setting("app_secret").is_none() {
        return Err(Refusal::NotConfigured("app_secret"));
    }
    let header =
        hook.header(HEADER).and_then(|value| value.strip_prefix(PREFIX)).ok_or(Refusal::NoSignature(HEADER))?;
    let mut given = [0; 32];
    hex::decode_to_slice(header, &mut given).map_err(|_| Refusal::NoSignature(HEADER))?;
    any_secret(account, "app_secret", |secret| hmac_sha256(secret, &[hook.body]).ct_eq(&given))
}

#[cfg(test)]
mod tests {
    use blendline_wire::AccountId;
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::*;
    use crate::Secret;

    const BODY: &[u8] = br#"{"object":"whatsapp_business_account","entry":[]}"#;

    fn account(settings: &[(&str, &str)]) -> Account {
        Account {
            id: AccountId(1),
            name: "support".into(),
            external_id: "100".into(),
            settings: settings.iter().map(|(key, value)| ((*key).to_owned(), Secret::from(*value))).collect(),
        }
    }

    fn check(secrets: &str, header: &'static str, value: &str, body: &[u8]) -> Result<(), Refusal> {
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_bytes(header.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
        authenticate(&account(&[("app_secret", secrets)]), &Webhook { headers: &headers, query: "", body })
    }

    fn signed(secret: &str) -> String {
        format!("sha256={}", hex::encode(hmac_sha256(secret, &[BODY])))
    }

    #[test]
    fn a_right_signature_passes_with_any_of_the_secrets() {
        assert_eq!(check("one", HEADER, &signed("one"), BODY), Ok(()));
        assert_eq!(check("new, one", HEADER, &signed("one"), BODY), Ok(()));
        assert_eq!(
            check("one", "x-hub-signature-256", &signed("one").replace('a', "A").replace("shA", "sha"), BODY),
            Ok(())
        );
    }

    #[test]
    fn everything_else_is_refused() {
        let wrong = Err(Refusal::WrongSignature("app_secret"));
        let none = Err(Refusal::NoSignature(HEADER));
        assert_eq!(check("two", HEADER, &signed("one"), BODY), wrong);
        assert_eq!(check("one", HEADER, &signed("one"), b"{}"), wrong);
        assert_eq!(check("one", HEADER, &format!("sha256={}", "0".repeat(64)), BODY), wrong);
        assert_eq!(check("one", HEADER, &signed("one")["sha256=".len()..], BODY), none);
        assert_eq!(check("one", HEADER, &signed("one")[..40], BODY), none);
        assert_eq!(check("one", HEADER, "sha256=", BODY), none);
        assert_eq!(check("one", "x-hub-signature", &signed("one"), BODY), none);
        assert_eq!(check(" , ", HEADER, &signed(""), BODY), Err(Refusal::NotConfigured("app_secret")));
    }

    #[test]
    fn a_second_signature_header_is_refused() {
        let mut headers = HeaderMap::new();
        headers.append(HEADER, HeaderValue::from_str(&signed("other")).unwrap());
        headers.append(HEADER, HeaderValue::from_str(&signed("one")).unwrap());
        let hook = Webhook { headers: &headers, query: "", body: BODY };
        assert_eq!(authenticate(&account(&[("app_secret", "one")]), &hook), Err(Refusal::NoSignature(HEADER)));
    }

    #[test]
    fn the_handshake_echoes_the_challenge_to_who_knows_the_token() {
        let account = account(&[("verify_token", "t0ken")]);
        let ask = |pairs: &[(&str, &str)]| {
            let query: Vec<_> = pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
            handshake(&account, &query)
        };
        let (mode, token, challenge) =
            (("hub.mode", "subscribe"), ("hub.verify_token", "t0ken"), ("hub.challenge", "1158201444"));
        assert_eq!(ask(&[mode, challenge, token]), Ok("1158201444".to_owned()));
        let gateway = [("hub_mode", "subscribe"), ("hub_verify_token", "t0ken"), ("hub_challenge", "7")];
        assert_eq!(ask(&gateway), Ok("7".to_owned()));
        assert_eq!(ask(&[mode, challenge, ("hub.verify_token", "t0ke")]), Err(Refusal::WrongToken("verify_token")));
        assert_eq!(ask(&[mode, challenge]), Err(Refusal::NoHandshake("hub.verify_token")));
        assert_eq!(ask(&[mode, token]), Err(Refusal::NoHandshake("hub.challenge")));
        assert_eq!(ask(&[("hub.mode", "x"), challenge, token]), Err(Refusal::NoHandshake("hub.mode=subscribe")));
    }

    #[test]
    fn without_a_token_nobody_is_believed() {
        let query = [("hub.mode", "subscribe"), ("hub.verify_token", ""), ("hub.challenge", "7")];
        let query: Vec<_> = query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        assert_eq!(handshake(&account(&[]), &query), Err(Refusal::NoHandshake("hub.verify_token")));
        let query: Vec<_> =
            query.into_iter().map(|(key, value)| (key, if value.is_empty() { "x".into() } else { value })).collect();
        assert_eq!(handshake(&account(&[]), &query), Err(Refusal::NotConfigured("verify_token")));
    }
}
