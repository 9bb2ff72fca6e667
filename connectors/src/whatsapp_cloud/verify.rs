//! Proof that Meta speaks: the handshake of a subscription and the signature of a body (CHANNELS.md section 1).

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use crate::{Account, Refusal, Webhook};

/// The header; the older `X-Hub-Signature` (SHA-1) comes too and proves nothing.
const HEADER: &str = "X-Hub-Signature-256";
const PREFIX: &str = "sha256=";

/// Longer challenges are not Meta's, which sends a number; what is echoed to strangers is kept small.
const CHALLENGE_BYTES_MAX: usize = 256;

/// Answers `hub.challenge` to whoever knows the token.
pub(super) fn handshake(account: &Account, query: &[(String, String)]) -> Result<String, Refusal> {
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

/// Checks the signature against every secret of the account, so that a secret can be changed without a gap.
pub(super) fn authenticate(account: &Account, hook: &Webhook<'_>) -> Result<(), Refusal> {
    let mut secrets = account.setting_values("app_secret").peekable();
    if secrets.peek().is_none() {
        return Err(Refusal::NotConfigured("app_secret"));
    }
    let header =
        hook.header(HEADER).and_then(|value| value.strip_prefix(PREFIX)).ok_or(Refusal::NoSignature(HEADER))?;
    let mut given = [0; 32];
    hex::decode_to_slice(header, &mut given).map_err(|_| Refusal::NoSignature(HEADER))?;
    // No early exit: the time taken tells nothing about which secret matched.
    let matches = secrets.fold(Choice::from(0), |any, secret| any | signature(secret, hook.body).ct_eq(&given));
    if bool::from(matches) { Ok(()) } else { Err(Refusal::WrongSignature("app_secret")) }
}

fn signature(secret: &str, body: &[u8]) -> [u8; 32] {
    // HMAC takes a key of any length; the zero signature is never reached and would match nothing.
    Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_or([0; 32], |mut mac| {
        mac.update(body);
        mac.finalize().into_bytes().into()
    })
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
        authenticate(&account(&[("app_secret", secrets)]), &Webhook { headers: &headers, body })
    }

    fn signed(secret: &str) -> String {
        format!("sha256={}", hex::encode(signature(secret, BODY)))
    }

    #[test]
    fn the_signature_is_the_documented_one() {
        // RFC 4231, test case 2.
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hex::encode(signature("Jefe", b"what do ya want for nothing?")), expected);
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
        let hook = Webhook { headers: &headers, body: BODY };
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
