//! Proof that the gateway speaks, in whichever way it can: a signature, a password, or a word.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use subtle::{Choice, ConstantTimeEq};

use crate::signature::{any_secret, hmac_sha1, hmac_sha256};
use crate::{Account, Refusal, Setting, Webhook};

/// What an account may prove itself by; the first that is configured counts: signature, password, word.
pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        name: "token",
        secret: true,
        doc: "a word that is given as `Authorization: Bearer`, as X-Api-Key or as ?token= in the address; several, separated by commas, while it is being changed",
        ..Setting::TEXT
    },
    Setting { name: "basic_user", doc: "the user name of basic authentication", ..Setting::TEXT },
    Setting {
        name: "basic_password",
        secret: true,
        doc: "the password of basic authentication; several, separated by commas, while it is being changed",
        ..Setting::TEXT
    },
    Setting {
        name: "hmac_secret",
        secret: true,
        doc: "the key of the HMAC over the raw body; several, separated by commas, while it is being changed",
        ..Setting::TEXT
    },
    Setting { name: "hmac_header", default: "X-Signature", doc: "the header that holds the HMAC", ..Setting::TEXT },
    Setting { name: "hmac_algorithm", default: "sha256", doc: "sha256 or sha1", ..Setting::TEXT },
    Setting { name: "hmac_encoding", default: "hex", doc: "hex or base64", ..Setting::TEXT },
];

/// Checks what the account is configured to be proved by.
pub(crate) fn authenticate(account: &Account, hook: &Webhook<'_>) -> Result<(), Refusal> {
    if account.setting("hmac_secret").is_some() {
        return signed(account, hook);
    }
    if account.setting("basic_password").is_some() {
        return by_password(account, hook);
    }
    if account.setting("token").is_none() {
        return Err(Refusal::NotConfigured("token"));
    }
    let authorization = hook.header("Authorization").and_then(|value| value.strip_prefix("Bearer "));
    let given = authorization.or_else(|| hook.header("X-Api-Key")).map(Into::into);
    let given = given.or_else(|| hook.parameter("token")).ok_or(Refusal::NoSignature("Authorization"))?;
    any_secret(account, "token", |token| token.as_bytes().ct_eq(given.as_bytes()))
}

fn signed(account: &Account, hook: &Webhook<'_>) -> Result<(), Refusal> {
    let none = Refusal::NoSignature("hmac_header");
    let header = hook.header(account.setting("hmac_header").unwrap_or("X-Signature")).ok_or(none)?;
    let sha1 = account.setting("hmac_algorithm") == Some("sha1");
    // Some write the algorithm before the value.
    let value = header.strip_prefix(if sha1 { "sha1=" } else { "sha256=" }).unwrap_or(header);
    let given = if account.setting("hmac_encoding") == Some("base64") {
        BASE64_STANDARD.decode(value).map_err(|_| none)?
    } else {
        hex::decode(value).map_err(|_| none)?
    };
    any_secret(account, "hmac_secret", |secret| match sha1 {
        true => hmac_sha1(secret, &[hook.body]).ct_eq(given.as_slice()),
        false => hmac_sha256(secret, &[hook.body]).ct_eq(given.as_slice()),
    })
}

fn by_password(account: &Account, hook: &Webhook<'_>) -> Result<(), Refusal> {
    let none = Refusal::NoSignature("Authorization");
    let encoded = hook.header("Authorization").and_then(|value| value.strip_prefix("Basic ")).ok_or(none)?;
    let given = BASE64_STANDARD.decode(encoded).map_err(|_| none)?;
    let user = account.setting("basic_user").unwrap_or_default();
    any_secret(account, "basic_password", |password| -> Choice {
        format!("{user}:{password}").as_bytes().ct_eq(given.as_slice())
    })
}

#[cfg(test)]
mod tests {
    use blendline_wire::AccountId;
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::*;
    use crate::Secret;

    fn check(settings: &[(&str, &str)], header: (&str, &str), query: &str) -> Result<(), Refusal> {
        let account = Account {
            id: AccountId(1),
            name: "sms".into(),
            external_id: "2020".into(),
            settings: settings.iter().map(|(key, value)| ((*key).to_owned(), Secret::from(*value))).collect(),
        };
        let mut headers = HeaderMap::new();
        if !header.0.is_empty() {
            let name = HeaderName::from_bytes(header.0.as_bytes()).unwrap();
            headers.insert(name, HeaderValue::from_str(header.1).unwrap());
        }
        authenticate(&account, &Webhook { headers: &headers, query, body: b"what do ya want for nothing?" })
    }

    #[test]
    fn a_word_may_come_in_three_places() {
        let word = [("token", "old, w0rd")];
        assert_eq!(check(&word, ("authorization", "Bearer w0rd"), ""), Ok(()));
        assert_eq!(check(&word, ("x-api-key", "old"), ""), Ok(()));
        assert_eq!(check(&word, ("", ""), "a=b&token=w0rd"), Ok(()));
        assert_eq!(check(&word, ("", ""), "token=w0rd&token=x"), Err(Refusal::NoSignature("Authorization")));
        assert_eq!(check(&word, ("", ""), "token=word"), Err(Refusal::WrongSignature("token")));
        assert_eq!(check(&[], ("", ""), "token=w0rd"), Err(Refusal::NotConfigured("token")));
    }

    #[test]
    fn a_password_and_a_signature_are_checked_where_configured() {
        let basic = [("basic_user", "gate"), ("basic_password", "s3cret"), ("token", "w0rd")];
        assert_eq!(check(&basic, ("authorization", "Basic Z2F0ZTpzM2NyZXQ="), ""), Ok(()));
        assert_eq!(check(&basic, ("authorization", "Bearer w0rd"), ""), Err(Refusal::NoSignature("Authorization")));
        assert_eq!(
            check(&basic, ("authorization", "Basic Z2F0ZTp4"), ""),
            Err(Refusal::WrongSignature("basic_password"))
        );
        // RFC 2202 and RFC 4231, test case 2.
        let sha1 = [("hmac_secret", "Jefe"), ("hmac_algorithm", "sha1"), ("hmac_header", "X-Hash")];
        assert_eq!(check(&sha1, ("x-hash", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"), ""), Ok(()));
        let sha256 = [("hmac_secret", "Jefe"), ("hmac_encoding", "base64")];
        let right = "sha256=W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=";
        assert_eq!(check(&sha256, ("x-signature", right), ""), Ok(()));
        assert_eq!(check(&sha256, ("x-signature", "AAAA"), ""), Err(Refusal::WrongSignature("hmac_secret")));
        assert_eq!(check(&sha256, ("x-signature", "?"), ""), Err(Refusal::NoSignature("hmac_header")));
    }
}
