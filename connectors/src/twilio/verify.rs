//! Proof that Twilio speaks: the address it calls and the form it posts, signed with the account's token.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::Url;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::form::Form;
use crate::signature::{any_secret, hmac_sha1};
use crate::{Account, Refusal, Webhook};

const HEADER: &str = "X-Twilio-Signature";
const SECRET: &str = "auth_token";
const ADDRESS: &str = "public_url";

/// Checks the signature. The address is the configured one, for behind a proxy nothing in the request can be believed.
pub(crate) fn authenticate(account: &Account, hook: &Webhook<'_>) -> Result<(), Refusal> {
    if account.setting(SECRET).is_none() {
        return Err(Refusal::NotConfigured(SECRET));
    }
    let address = account.setting(ADDRESS).ok_or(Refusal::NotConfigured(ADDRESS))?;
    let header = hook.header(HEADER).ok_or(Refusal::NoSignature(HEADER))?;
    let given = BASE64_STANDARD.decode(header).map_err(|_| Refusal::NoSignature(HEADER))?;
    let address = match hook.query {
        "" => address.to_owned(),
        query if !address.contains('?') => format!("{address}?{query}"),
        _ => address.to_owned(),
    };
    let fields = match hook.parameter("bodySHA256") {
        // Of a body that is no form only the hash is signed, as part of the address.
        Some(hash) if !is_form(hook) => {
            let same = hex::encode(Sha256::digest(hook.body)).as_bytes().ct_eq(hash.to_ascii_lowercase().as_bytes());
            if !bool::from(same) {
                return Err(Refusal::WrongSignature(SECRET));
            }
            String::new()
        }
        _ => signed_fields(hook.body),
    };
    let addresses = with_and_without_port(&address);
    any_secret(account, SECRET, |secret| {
        addresses.iter().fold(Choice::from(0), |any, address| {
            any | hmac_sha1(secret, &[address.as_bytes(), fields.as_bytes()]).ct_eq(given.as_slice())
        })
    })
}

fn is_form(hook: &Webhook<'_>) -> bool {
    hook.header("content-type").is_none_or(|kind| kind.starts_with("application/x-www-form-urlencoded"))
}

/// Names and values one after the other, sorted; what is there twice counts once.
fn signed_fields(body: &[u8]) -> String {
    let form = Form::read(body);
    let mut pairs: Vec<&(String, String)> = form.pairs().iter().collect();
    pairs.sort();
    pairs.dedup();
    pairs.into_iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]).collect()
}

/// Twilio signs some addresses with the standard port written out and some without it.
fn with_and_without_port(address: &str) -> Vec<String> {
    let mut addresses = vec![address.to_owned()];
    if let Ok(url) = Url::parse(address)
        && let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default())
    {
        let (bare, full) = (format!("{}://{host}", url.scheme()), format!("{}://{host}:{port}", url.scheme()));
        if let Some(rest) = address.strip_prefix(&full) {
            addresses.push(format!("{bare}{rest}"));
        } else if let Some(rest) = address.strip_prefix(&bare) {
            addresses.push(format!("{full}{rest}"));
        }
    }
    addresses
}

#[cfg(test)]
mod tests {
    use blendline_wire::AccountId;
    use http::{HeaderMap, HeaderValue};

    use super::*;
    use crate::Secret;

    const URL: &str = "https://shop.example/hooks/sms?tenant=7";
    const BODY: &[u8] =
        b"To=%2B972500000001&From=%2B972500000002&Body=%D7%A9%D7%9C%D7%95%D7%9D&MessageSid=SM1&To=%2B972500000001";

    fn signed(address: &str) -> String {
        let text = format!("{address}BodyשלוםFrom+972500000002MessageSidSM1To+972500000001");
        BASE64_STANDARD.encode(hmac_sha1("t0ken", &[text.as_bytes()]))
    }

    fn check(public_url: &str, signature: &str, query: &str, body: &[u8], kind: &'static str) -> Result<(), Refusal> {
        let settings = [("auth_token", "old, t0ken"), ("public_url", public_url)];
        let account = Account {
            id: AccountId(1),
            name: "sms".into(),
            external_id: "+972500000001".into(),
            settings: settings.iter().map(|(key, value)| ((*key).to_owned(), Secret::from(*value))).collect(),
        };
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, HeaderValue::from_str(signature).unwrap());
        headers.insert("content-type", HeaderValue::from_static(kind));
        authenticate(&account, &Webhook { headers: &headers, query, body })
    }

    #[test]
    fn the_address_and_the_sorted_fields_are_signed() {
        let form = "application/x-www-form-urlencoded; charset=UTF-8";
        let bare = "https://shop.example/hooks/sms";
        assert_eq!(check(URL, &signed(URL), "tenant=7", BODY, form), Ok(()));
        assert_eq!(check(bare, &signed(URL), "tenant=7", BODY, form), Ok(()));
        assert_eq!(check(URL, &signed(&URL.replace("example", "example:443")), "tenant=7", BODY, form), Ok(()));
        let wrong = Err(Refusal::WrongSignature(SECRET));
        assert_eq!(check(URL, &signed(URL), "tenant=7", b"To=1", form), wrong);
        assert_eq!(check(URL, &signed("http://shop.example"), "tenant=7", BODY, form), wrong);
        assert_eq!(check(URL, "", "tenant=7", BODY, form), wrong);
        assert_eq!(check(URL, "no base64!", "tenant=7", BODY, form), Err(Refusal::NoSignature(HEADER)));
        assert_eq!(check("", &signed(URL), "tenant=7", BODY, form), Err(Refusal::NotConfigured(ADDRESS)));
    }

    #[test]
    fn of_a_body_that_is_no_form_the_hash_is_signed() {
        let body = br#"{"CallSid":"CA1"}"#;
        let query = format!("bodySHA256={}", hex::encode(Sha256::digest(body)));
        let bare = "https://shop.example/hooks/voice";
        let signature = BASE64_STANDARD.encode(hmac_sha1("t0ken", &[format!("{bare}?{query}").as_bytes()]));
        assert_eq!(check(bare, &signature, &query, body, "application/json"), Ok(()));
        assert_eq!(check(bare, &signature, &query, b"{}", "application/json"), Err(Refusal::WrongSignature(SECRET)));
    }
}
