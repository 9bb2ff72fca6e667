//! The rows of mail by webhook. What goes out by SMTP is in `mail_raw`; there are tests with real servers beside (`mail_servers`).

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use serde_json::json;

use crate::course::Row;
use crate::sign::{self, Headers, SECRET, WHSEC, of_form, sha256};

/// Mails as they are come by SMTP: `mail_raw`.
pub(crate) const ELSEWHERE: &[&str] = &["email_raw"];

/// The second mail answers the first, so they are of one thread.
const REFERENCES: [&str; 2] = ["", "<m1@example.org>"];

pub(crate) static MAILGUN: Row = Row {
    channel: "email_mailgun",
    external_id: "support@example.com",
    settings: &[("signing_key", SECRET)],
    query: "",
    said: |n, words| {
        let id = format!("<m{n}@example.org>");
        let headers = json!([
            ["From", "Dana <dana@example.org>"],
            ["To", "support@example.com"],
            ["Subject", "Order 1042"],
            ["Message-Id", id],
            ["References", REFERENCES[n as usize - 1]],
        ]);
        let (timestamp, token) = ("1767225600", format!("token-{n}"));
        let signature = hex::encode(sha256(SECRET.as_bytes(), &[timestamp.as_bytes(), token.as_bytes()]));
        let fields = [
            ("recipient", "support@example.com"),
            ("timestamp", timestamp),
            ("token", &token),
            ("signature", &signature),
            ("message-headers", &headers.to_string()),
            ("body-plain", words),
        ];
        of_form(&fields).into_bytes()
    },
    has_words: true,
    sign: |_| vec![("content-type", "application/x-www-form-urlencoded".to_owned())],
    out: None,
};

pub(crate) static POSTMARK: Row = Row {
    channel: "email_postmark",
    external_id: "support@example.com",
    settings: &[("basic_auth", "shop:the-secret-of-the-shop")],
    query: "",
    said: |n, words| {
        let id = json!({"Name": "Message-ID", "Value": format!("<m{n}@example.org>")});
        let references = json!({"Name": "References", "Value": REFERENCES[n as usize - 1]});
        let body = json!({
            "FromFull": {"Email": "dana@example.org", "Name": "Dana"}, "ToFull": [{"Email": "support@example.com"}],
            "OriginalRecipient": "support@example.com", "Subject": "Order 1042", "MessageID": format!("p-{n}"),
            "TextBody": words, "Headers": [id, references],
        });
        body.to_string().into_bytes()
    },
    has_words: true,
    sign: sign::basic,
    out: None,
};

/// A key pair of P-256 that signs for SendGrid here.
const SCALAR: &str = "cc6057176915a060b3a407e2f87566719f37f1e04cf201abedc78c2cb4c7f9c9";
const POINT: &str = "044ae216c64db03056c3a39943fd73d98b3fb385cbbf96885b7649cd8c76a7f0b336b15f5a0e5cf69da1198b72840e299f7d98daa3a2ae9f866de0a9485c77c865";

fn sendgrid(body: &[u8]) -> Headers {
    let (scalar, point) = (hex::decode(SCALAR).unwrap(), hex::decode(POINT).unwrap());
    let random = SystemRandom::new();
    let signing = &ECDSA_P256_SHA256_ASN1_SIGNING;
    let pair = EcdsaKeyPair::from_private_key_and_public_key(signing, &scalar, &point, &random).unwrap();
    let at = "1767225600";
    let signature = pair.sign(&random, &[at.as_bytes(), body].concat()).unwrap();
    vec![
        ("x-twilio-email-event-webhook-signature", BASE64_STANDARD.encode(signature)),
        ("x-twilio-email-event-webhook-timestamp", at.to_owned()),
        ("content-type", "multipart/form-data; boundary=x".to_owned()),
    ]
}

pub(crate) static SENDGRID: Row = Row {
    channel: "email_sendgrid",
    external_id: "support@example.com",
    // The point in base64, which SendGrid shows with a prefix that says what it is.
    settings: &[(
        "verification_key",
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAESuIWxk2wMFbDo5lD/XPZiz+zhcu/lohbdknNjHan8LM2sV9aDlz2naEZi3KEDimffZjao6Kun4Zt4KlIXHfIZQ==",
    )],
    query: "",
    said: |n, words| {
        let mail = format!(
            "From: Dana <dana@example.org>\r\nTo: support@example.com\r\nSubject: Order 1042\r\n\
             Message-ID: <m{n}@example.org>\r\nReferences: {}\r\n\r\n{words}\r\n",
            REFERENCES[n as usize - 1]
        );
        let fields = [("envelope", r#"{"to":["support@example.com"]}"#), ("SPF", "pass"), ("email", &mail)];
        let part = |(name, value): (&str, &str)| {
            format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        (fields.map(part).concat() + "--x--\r\n").into_bytes()
    },
    has_words: true,
    sign: sendgrid,
    out: None,
};

/// The certificate that signed what lies beside it.
pub(crate) const SES_SETTINGS: &[(&str, &str)] = &[
    ("topic_arn", "arn:aws:sns:eu-west-1:111111111111:mail"),
    ("signing_certificates", include_str!("sns/certificate.pem")),
];

pub(crate) static SES: Row = Row {
    channel: "email_ses",
    external_id: "support@example.com",
    settings: SES_SETTINGS,
    query: "",
    // Signed once and for all; the words are within.
    said: |n, _| {
        if n == 1 { &include_bytes!("sns/first.json")[..] } else { include_bytes!("sns/second.json") }.to_vec()
    },
    has_words: true,
    // SNS does not say that it is JSON.
    sign: |_| vec![("content-type", "text/plain; charset=UTF-8".to_owned())],
    out: None,
};

/// Resend's webhook has no words: they are fetched where there is an API key (`mail_files`).
pub(crate) static RESEND: Row = Row {
    channel: "email_resend",
    external_id: "support@example.com",
    settings: &[("signing_secret", WHSEC)],
    query: "",
    said: |n, _| resend(n),
    has_words: false,
    sign: sign::standard,
    out: None,
};

/// Resend's webhook of the mail `n`.
pub(crate) fn resend(n: u32) -> Vec<u8> {
    let data = json!({
        "email_id": format!("re-{n}"), "created_at": "2026-01-01T00:00:00.000Z", "from": "Dana <dana@example.org>",
        "to": ["support@example.com"], "subject": "Order 1042", "message_id": format!("<m{n}@example.org>"),
        "headers": {"references": REFERENCES[n as usize - 1]}, "attachments": [],
    });
    json!({"type": "email.received", "created_at": "2026-01-01T00:00:00.000Z", "data": data}).to_string().into_bytes()
}
