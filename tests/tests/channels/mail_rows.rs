//! The rows of mail by webhook. What goes out by SMTP, and what comes in by SMTP and IMAP, has tests with real servers.

use serde_json::json;

use crate::course::Row;
use crate::sign::{self, SECRET, of_form, sha256};

/// Mail channels without a row: their signatures and bodies are tested beside the connectors.
pub(crate) const ELSEWHERE: &[&str] = &["email_raw", "email_resend", "email_sendgrid", "email_ses"];

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
