//! The rows of channels on which one speaks in private.

use serde_json::{Value, json};

use crate::course::{Out, Row};
use crate::platform::{Call, Then};
use crate::sign::{self, SECRET, WHSEC, form, of_form};

const AT_MS: u64 = 1_767_225_600_000;

fn bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

/// The value of one key of a form that we posted.
fn field(call: &Call, name: &str) -> String {
    form(&call.body).into_iter().find(|(key, _)| key == name).map(|(_, value)| value).unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

pub(crate) const META: &[(&str, &str)] = &[
    ("app_secret", SECRET),
    ("verify_token", "word-of-the-shop-0123"),
    ("access_token", "token-of-the-shop-0123"),
    ("base_url", "{platform}"),
];

fn whatsapp(key: &str, value: Value) -> Vec<u8> {
    bytes(
        &json!({"object": "whatsapp_business_account", "entry": [{"id": "9", "changes": [{"field": "messages", "value": {
            "messaging_product": "whatsapp", "metadata": {"phone_number_id": "106540352242922"}, key: [value],
        }}]}]}),
    )
}

fn whatsapp_status(call: &Call, word: &str) -> Vec<u8> {
    let id = format!("wamid.{}", call.effect.unwrap_or(0));
    let ours = &call.json()["biz_opaque_callback_data"];
    whatsapp(
        "statuses",
        json!({"id": id, "status": word, "timestamp": "1767225601", "recipient_id": "972500000017", "biz_opaque_callback_data": ours}),
    )
}

pub(crate) static WHATSAPP_CLOUD: Row = Row {
    channel: "whatsapp_cloud",
    external_id: "106540352242922",
    settings: META,
    query: "",
    said: |n, words| {
        let id = format!("wamid.in{n}");
        whatsapp(
            "messages",
            json!({"from": "972500000017", "id": id, "timestamp": "1767225600", "type": "text", "text": {"body": words}}),
        )
    },
    has_words: true,
    sign: sign::meta,
    out: Some(Out {
        report: Some(whatsapp_status),
        settle: Some(|call| whatsapp_status(call, "sent")),
        unheard: Then::ObeyInSilence,
        ..Out::new(
            "POST /v23.0/106540352242922/messages",
            |call| text(&call.json()["text"]["body"]),
            |_, n| json!({"messages": [{"id": format!("wamid.{n}")}]}),
        )
    }),
};

pub(crate) fn messaging(object: &str, account: &str, peer: &str, ours: bool, what: Value) -> Vec<u8> {
    let (sender, recipient) = if ours { (account, peer) } else { (peer, account) };
    let mut event = json!({"sender": {"id": sender}, "recipient": {"id": recipient}, "timestamp": AT_MS});
    event.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
    bytes(&json!({"object": object, "entry": [{"id": account, "time": AT_MS, "messaging": [event]}]}))
}

fn meta_answer(_: &Call, n: u32) -> Value {
    json!({"recipient_id": "7001002003004", "message_id": format!("m_{n}")})
}

pub(crate) static MESSENGER: Row = Row {
    channel: "messenger",
    external_id: "300400500600",
    settings: META,
    query: "",
    said: |n, words| {
        let message = json!({"message": {"mid": format!("m_in{n}"), "text": words}});
        messaging("page", "300400500600", "7001002003004", false, message)
    },
    has_words: true,
    sign: sign::meta,
    out: Some(Out {
        // The echo carries our own id, which the lost answer would have told.
        settle: Some(|call| {
            let ours = &call.json()["message"]["metadata"];
            let echo = json!({"message": {"mid": "m_echo", "is_echo": true, "metadata": ours, "text": "x"}});
            messaging("page", "300400500600", "7001002003004", true, echo)
        }),
        ..Out::new("POST /v23.0/300400500600/messages", |call| text(&call.json()["message"]["text"]), meta_answer)
    }),
};

pub(crate) static INSTAGRAM: Row = Row {
    channel: "instagram",
    external_id: "17841400000000001",
    settings: META,
    query: "",
    said: |n, words| {
        let message = json!({"message": {"mid": format!("aWd_in{n}"), "text": words}});
        messaging("instagram", "17841400000000001", "6001002003004", false, message)
    },
    has_words: true,
    sign: sign::meta,
    out: Some(Out::new(
        "POST /v23.0/17841400000000001/messages",
        |call| text(&call.json()["message"]["text"]),
        meta_answer,
    )),
};

pub(crate) static TELEGRAM: Row = Row {
    channel: "telegram",
    external_id: "shop_bot",
    settings: &[("secret_token", SECRET), ("bot_token", "12:AbCdEfGhIjKlMnOp"), ("base_url", "{platform}")],
    query: "",
    said: |n, words| {
        let chat = json!({"id": 5_000_000_017_u64, "type": "private", "first_name": "Dana"});
        let from = json!({"id": 5_000_000_017_u64, "is_bot": false, "first_name": "Dana"});
        bytes(&json!({"update_id": 700 + n, "message": {
            "message_id": n, "date": 1_767_225_600, "chat": chat, "from": from, "text": words,
        }}))
    },
    has_words: true,
    sign: sign::telegram,
    out: Some(Out::new(
        "POST /bot12:AbCdEfGhIjKlMnOp/sendMessage",
        |call| text(&call.json()["text"]),
        |_, n| json!({"ok": true, "result": {"message_id": 1_000 + n}}),
    )),
};

fn twilio_status(call: &Call, word: &str) -> Vec<u8> {
    let sid = format!("SM{}", call.effect.unwrap_or(0));
    let fields =
        [("MessageSid", sid.as_str()), ("MessageStatus", word), ("From", "+972550000001"), ("To", "+972500000017")];
    of_form(&fields).into_bytes()
}

pub(crate) static SMS_TWILIO: Row = Row {
    channel: "sms_twilio",
    external_id: "+972550000001",
    settings: &[
        ("auth_token", SECRET),
        ("public_url", sign::TWILIO_URL),
        ("account_sid", "AC01"),
        ("base_url", "{platform}"),
    ],
    query: "",
    said: |n, words| {
        let sid = format!("SMin{n}");
        let fields =
            [("MessageSid", sid.as_str()), ("From", "+972500000017"), ("To", "+972550000001"), ("Body", words)];
        of_form(&fields).into_bytes()
    },
    has_words: true,
    sign: sign::twilio,
    out: Some(Out {
        report: Some(twilio_status),
        ..Out::new(
            "POST /2010-04-01/Accounts/AC01/Messages.json",
            |call| field(call, "Body"),
            |_, n| json!({"sid": format!("SM{n}"), "status": "queued"}),
        )
    }),
};

/// What a program of the company's own is asked to send.
fn content(call: &Call) -> String {
    text(&call.json()["content"]["text"])
}

fn own_answer(_: &Call, n: u32) -> Value {
    json!({"id": format!("x-{n}")})
}

pub(crate) static SMS_GENERIC: Row = Row {
    channel: "sms_generic",
    external_id: "972550000001",
    settings: &[("token", SECRET), ("webhook_secret", WHSEC), ("send_url", "{platform}/sms")],
    query: "",
    said: |n, words| {
        let message =
            json!({"messageId": format!("in-{n}"), "from": "972500000017", "to": "972550000001", "text": words});
        bytes(&json!({"results": [message]}))
    },
    has_words: true,
    sign: sign::bearer,
    out: Some(Out {
        report: Some(|call, word| {
            let id = format!("x-{}", call.effect.unwrap_or(0));
            bytes(&json!({"messageId": id, "from": "972550000001", "to": "972500000017", "status": word}))
        }),
        settle: Some(|call| {
            let ours = &call.json()["id"];
            bytes(&json!({"ref": ours, "from": "972550000001", "to": "972500000017", "deliveryStatus": "DELIVRD"}))
        }),
        ..Out::new("POST /sms", content, own_answer)
    }),
};

/// A company's channel whose receiver knows calls again by `webhook-id`.
pub(crate) static CUSTOM: Row = Row {
    channel: "custom",
    external_id: "portal",
    settings: &[("webhook_secret", WHSEC), ("send_url", "{platform}/send"), ("receiver_deduplicates", "true")],
    query: "",
    said: |n, words| {
        let event = json!({"type": "message", "id": format!("m-{n}"), "from": {"id": "cust-17"}, "text": words});
        bytes(&json!({ "events": [event] }))
    },
    has_words: true,
    sign: sign::standard,
    out: Some(Out {
        key: Some(|call| call.headers["webhook-id"].to_str().unwrap().to_owned()),
        report: Some(|call, word| {
            let ours = &call.json()["id"];
            bytes(&json!({"events": [{"type": "status", "ref": ours, "status": word}]}))
        }),
        ..Out::new("POST /send", content, own_answer)
    }),
};

pub(crate) static VOICE_CALLBACK: Row = Row {
    channel: "voice_callback",
    external_id: "972550000001",
    settings: &[("token", SECRET)],
    query: "",
    said: |n, _| {
        bytes(&json!({
            "uuid": format!("v-{n}"), "status": "unanswered", "direction": "inbound",
            "from": "972500000017", "to": "972550000001", "timestamp": "2026-01-01T00:00:00.000Z",
        }))
    },
    has_words: false,
    sign: sign::bearer,
    out: None,
};
