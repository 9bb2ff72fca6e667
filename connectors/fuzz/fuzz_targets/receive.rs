//! All that strangers can reach of one channel: handshake, signature, age and translation.
//!
//! The channel is the environment's `BLENDLINE_CHANNEL`. What begins with `H:` has, up to the end of that line, what is given
//! as the query and as the value of every header that a channel looks at; the rest, or everything, is the body.
#![no_main]

use std::sync::LazyLock;

use blendline_connectors::{Account, Connector, Secret, SettingKind, Webhook, by_name};
use blendline_wire::{AccountId, Millis};
use libfuzzer_sys::fuzz_target;

const HEADERS: &[&str] = &[
    "authorization",
    "svix-id",
    "svix-signature",
    "svix-timestamp",
    "webhook-id",
    "webhook-signature",
    "webhook-timestamp",
    "x-api-key",
    "x-hub-signature-256",
    "x-li-signature",
    "x-signature",
    "x-telegram-bot-api-secret-token",
    "x-twilio-email-event-webhook-signature",
    "x-twilio-email-event-webhook-timestamp",
    "x-twilio-signature",
    "x-twitter-webhooks-signature",
    "content-type",
];
const NOW: Millis = Millis(1_767_225_600_000);

/// The channel, and an account of it in which everything is set.
static CHANNEL: LazyLock<(&dyn Connector, Account)> = LazyLock::new(|| {
    let name = std::env::var("BLENDLINE_CHANNEL").expect("BLENDLINE_CHANNEL names a channel");
    let connector = by_name(&name).expect("BLENDLINE_CHANNEL names a channel");
    let value = |kind| match kind {
        SettingKind::Url | SettingKind::Origins => "https://shop.example",
        SettingKind::Number => "1",
        SettingKind::Flag => "true",
        SettingKind::Server => "shop.example:587",
        SettingKind::MailAddress | SettingKind::MailAddresses => "care@shop.example",
        SettingKind::OneOf(words) => words.first().copied().unwrap_or_default(),
        SettingKind::Day => "2026-01-01",
        SettingKind::Text => "whsec_c2VjcmV0,secret",
    };
    let settings = connector.settings().iter();
    let account = Account {
        id: AccountId(1),
        name: "main".into(),
        external_id: "1".into(),
        settings: settings.map(|setting| (setting.name.to_owned(), Secret::from(value(setting.kind)))).collect(),
    };
    (connector, account)
});

fuzz_target!(|data: &[u8]| {
    let (connector, account) = &*CHANNEL;
    let (line, body) = match data.strip_prefix(b"H:") {
        Some(rest) => rest.split_at(rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())),
        None => (&b""[..], data),
    };
    let mut headers = http::HeaderMap::new();
    if let Ok(value) = http::HeaderValue::from_bytes(line) {
        headers.extend(HEADERS.iter().map(|name| (http::HeaderName::from_static(name), value.clone())));
    }
    let query = String::from_utf8_lossy(line);
    let hook = Webhook { headers: &headers, query: &query, body };
    let _ = connector.authenticate(account, &hook);
    let _ = connector.check_age(&hook, NOW);
    if !line.is_empty() {
        let pairs: Vec<(String, String)> =
            ["hub.mode", "hub.verify_token", "hub.challenge", "crc_token", "challengeCode"]
                .iter()
                .map(|key| ((*key).to_owned(), query.clone().into_owned()))
                .collect();
        let _ = connector.handshake(account, &pairs);
    }
    let events = connector.normalise(body);
    assert!(events.as_ref().map_or(0, Vec::len) <= 2_000, "a body of bounded length has a bounded number of events");
    for event in events.iter().flatten() {
        let _ = event.duplicate_key();
        event.lifted().expect("every event can be written");
        let carried = connector.carried(body, &event.attachments);
        assert_eq!(carried.len(), event.attachments.len(), "one for each");
    }
});
