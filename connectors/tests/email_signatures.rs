//! Who may bring us mails: each provider's proof, right and wrong.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use blendline_connectors::{Account, Refusal, Secret, Webhook, by_name};
use blendline_wire::AccountId;
use http::{HeaderMap, HeaderName, HeaderValue};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

fn check(channel: &str, settings: &[(&str, &str)], headers: &[(&str, &str)], body: &[u8]) -> Result<(), Refusal> {
    let account = Account {
        id: AccountId(1),
        name: String::new(),
        external_id: String::new(),
        settings: settings.iter().map(|(key, value)| ((*key).to_owned(), Secret::from(*value))).collect(),
    };
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
    }
    by_name(channel).unwrap().authenticate(&account, &Webhook { headers: &map, query: "", body })
}

/// Standard base64 with padding.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |chunk: &[u8]| {
        let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        (0..4).map(move |i| (i, DIGITS[(bits >> (18 - 6 * i) & 63) as usize] as char)).collect::<Vec<_>>()
    };
    let digits = |chunk: &[u8]| {
        let digits = group(chunk);
        digits.into_iter().map(|(i, digit)| if chunk.len() < i { '=' } else { digit }).collect::<String>()
    };
    bytes.chunks(3).map(digits).collect()
}

#[test]
fn without_a_secret_nobody_is_believed() {
    for (channel, setting) in [
        ("email_mailgun", "signing_key"),
        ("email_sendgrid", "verification_key"),
        ("email_postmark", "basic_auth"),
        ("email_ses", "topic_arn"),
        ("email_resend", "signing_secret"),
    ] {
        assert_eq!(check(channel, &[], &[], b"a=b"), Err(Refusal::NotConfigured(setting)), "{channel}");
    }
    assert_eq!(check("email_raw", &[], &[], b"a=b"), Err(Refusal::NotSupported));
}

#[test]
fn mailgun_signs_time_and_token() {
    // hex(HMAC-SHA256("app-secret-open", "1461261330" + token)), computed with Python's hmac.
    let body = |signature: &str| {
        format!("timestamp=1461261330&token=06c96bafc3f42a66b9edd546347a2fe18dc23461fe80dc52f0&signature={signature}")
    };
    let right = "b3ee01104b9faaa795a488d244fd9557075ec13b7f88a3edb08009e22f3a288d";
    let ask = |key: &str, body: &str| check("email_mailgun", &[("signing_key", key)], &[], body.as_bytes());
    assert_eq!(ask("app-secret-open", &body(right)), Ok(()));
    assert_eq!(ask("new, app-secret-open", &body(right)), Ok(()));
    let notice = format!(
        r#"{{"signature":{{"timestamp":"1461261330","token":"06c96bafc3f42a66b9edd546347a2fe18dc23461fe80dc52f0","signature":"{right}"}}}}"#
    );
    assert_eq!(ask("app-secret-open", &notice), Ok(()));
    assert_eq!(ask("other", &body(right)), Err(Refusal::WrongSignature("signing_key")));
    assert_eq!(ask("app-secret-open", &body(&"0".repeat(64))), Err(Refusal::WrongSignature("signing_key")));
    // A field that is there twice could be read either way.
    assert!(ask("app-secret-open", &format!("{}&token=x", body(right))).is_err());
    assert!(ask("app-secret-open", &body("xyz")).is_err());
    assert!(ask("app-secret-open", "a=b").is_err());
}

#[test]
fn sendgrid_signs_time_and_body_with_its_key() {
    let random = SystemRandom::new();
    let secret = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, secret.as_ref(), &random).unwrap();
    // The key as SendGrid shows it: a SubjectPublicKeyInfo, whose last 65 bytes are the point.
    let prefix = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
    let key = base64(&[hex::decode(prefix).unwrap(), pair.public_key().as_ref().to_vec()].concat());
    let signature = base64(pair.sign(&random, b"1717571553headers=x").unwrap().as_ref());
    let ask = |key: &str, time: &str, signature: &str, body: &[u8]| {
        let headers =
            [("X-Twilio-Email-Event-Webhook-Signature", signature), ("X-Twilio-Email-Event-Webhook-Timestamp", time)];
        check("email_sendgrid", &[("verification_key", key)], &headers, body)
    };
    assert_eq!(ask(&key, "1717571553", &signature, b"headers=x"), Ok(()));
    assert!(ask(&key, "1717571554", &signature, b"headers=x").is_err());
    assert!(ask(&key, "1717571553", &signature, b"headers=y").is_err());
    assert!(ask(&key, "1717571553", "", b"headers=x").is_err());
    assert!(ask("AAAA", "1717571553", &signature, b"headers=x").is_err());
    assert!(check("email_sendgrid", &[("verification_key", &key)], &[], b"headers=x").is_err());
}

#[test]
fn postmark_knows_the_password() {
    let ask =
        |value: &str| check("email_postmark", &[("basic_auth", "user:pass word")], &[("Authorization", value)], b"");
    assert_eq!(ask(&format!("Basic {}", base64(b"user:pass word"))), Ok(()));
    assert_eq!(ask(&format!("Basic {}", base64(b"user:password"))), Err(Refusal::WrongToken("basic_auth")));
    assert!(ask("Bearer x").is_err());
    assert!(ask("").is_err());
}

#[test]
fn resend_signs_as_standard_webhooks_do() {
    // The vector of the Standard Webhooks specification's reference libraries.
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let body = br#"{"test": 2432232314}"#;
    let right = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    let ask = |secret: &str, signature: &str, body: &[u8]| {
        let headers = [
            ("svix-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
            ("svix-timestamp", "1614265330"),
            ("svix-signature", signature),
        ];
        check("email_resend", &[("signing_secret", secret)], &headers, body)
    };
    assert_eq!(ask(secret, right, body), Ok(()));
    assert_eq!(ask(&format!("whsec_AAAA,{secret}"), &format!("v1,AAAA v2,x {right}"), body), Ok(()));
    assert_eq!(ask(secret, right, b"{}"), Err(Refusal::WrongSignature("signing_secret")));
    assert!(ask("whsec_AAAA", right, body).is_err());
    assert!(ask(secret, "", body).is_err());
    assert!(ask(secret, "v1,", body).is_err());
}

#[test]
fn sns_signs_with_the_kept_certificate() {
    let certificate = include_str!("sns/certificate.pem");
    let topic = "arn:aws:sns:us-east-1:111111111111:mail";
    let ask = |topic: &str, certificates: &str, body: &str| {
        check("email_ses", &[("topic_arn", topic), ("signing_certificates", certificates)], &[], body.as_bytes())
    };
    for body in [include_str!("sns/version_1.json"), include_str!("sns/version_2.json")] {
        assert_eq!(ask(topic, certificate, body), Ok(()));
        assert_eq!(ask(&format!("other, {topic}"), &format!("{certificate}\n{certificate}"), body), Ok(()));
        assert_eq!(ask("other", certificate, body), Err(Refusal::WrongToken("topic_arn")));
        let changed = body.replace("Received", "received");
        assert_eq!(ask(topic, certificate, &changed), Err(Refusal::WrongSignature("signing_certificates")));
        assert!(ask(topic, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", body).is_err());
        assert!(ask(topic, certificate, &body.replace("\"SignatureVersion\"", "\"x\"")).is_err());
    }
    assert!(ask(topic, certificate, "no JSON").is_err());
    assert_eq!(
        check("email_ses", &[("topic_arn", topic)], &[], b"{}"),
        Err(Refusal::NotConfigured("signing_certificates"))
    );
}
