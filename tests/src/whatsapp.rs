//! Webhooks as the WhatsApp Cloud API sends them, signed with the app's secret.
//!
//! The shapes follow Meta's documentation of the `messages` field; the values are ours.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::seed::Seed;

/// A number of ours at the platform.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Number {
    /// The name of the account in our configuration, as the webhook's address gives it.
    pub account: String,
    /// The platform's id of the number.
    pub phone_number_id: String,
    /// The app's secret: signs what the platform sends.
    pub app_secret: String,
}

impl Number {
    /// The number `index` of a test installation.
    pub fn test(index: usize) -> Self {
        Self {
            account: format!("line-{index}"),
            phone_number_id: (106_540_352_242_900 + index as u64).to_string(),
            app_secret: format!("the-app-secret-of-line-{index}"),
        }
    }

    /// The path of this account's webhook.
    pub fn path(&self) -> String {
        format!("/v1/webhooks/whatsapp_cloud/{}", self.account)
    }

    /// The whole signed request that brings `body`.
    pub fn request(&self, body: &[u8]) -> Vec<u8> {
        let signature = sign(&self.app_secret, body);
        let headers = [("content-type", "application/json"), ("x-hub-signature-256", signature.as_str())];
        crate::http::request("POST", &self.path(), &headers, body)
    }
}

/// One message of a customer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Said {
    /// The customer's number.
    pub from: String,
    /// The platform's id of the message.
    pub wamid: String,
    /// What was said.
    pub text: String,
    /// Unix seconds, as the platform counts.
    pub at_s: u64,
}

/// `sha256=` and the HMAC-SHA256 of the raw body under the app's secret, in hex.
pub fn sign(app_secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(app_secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// A webhook with these messages, in this order, each in a change of its own as the platform batches them.
pub fn messages(number: &Number, said: &[Said]) -> Vec<u8> {
    let changes = said.iter().map(|one| change(number, one, None)).collect();
    envelope(changes)
}

/// A webhook with one message, padded to about `size` bytes by the fields of a click-to-WhatsApp advert.
pub fn padded(number: &Number, said: &Said, size: usize) -> Vec<u8> {
    let bare = envelope(vec![change(number, said, Some(""))]);
    let filler: String = "Spring offer: repairs at home within two days. ".chars().cycle().take(size).collect();
    let missing = size.saturating_sub(bare.len());
    envelope(vec![change(number, said, Some(&filler[..missing]))])
}

fn change(number: &Number, said: &Said, advert: Option<&str>) -> Value {
    let mut message = json!({
        "from": said.from, "id": said.wamid, "timestamp": said.at_s.to_string(),
        "type": "text", "text": { "body": said.text },
    });
    if let Some(body) = advert {
        message["referral"] = json!({
            "source_url": "https://fb.me/3cr4Wqqkv", "source_id": "120226305854810726", "source_type": "ad",
            "headline": "Repairs at home", "body": body, "media_type": "image",
            "ctwa_clid": "Aff-n8ZTODiE79d22KtAwQKj9e_mIEOOj27vDVwFjN80dp4_0NiNhEgpGo0AHemvuSoifXaytfTzcchptiErTKCqTrJ5",
        });
    }
    let mut value = head(number);
    value["contacts"] = json!([{ "profile": { "name": "Noa Levi" }, "wa_id": said.from }]);
    value["messages"] = json!([message]);
    json!({ "value": value, "field": "messages" })
}

/// A webhook that reports `status` (`sent`, `delivered`, `read`, `failed`) on a message of ours.
pub fn status(number: &Number, wamid: &str, to: &str, callback: Option<&str>, status: &str) -> Vec<u8> {
    let mut report = json!({
        "id": wamid, "status": status, "timestamp": (crate::machine::unix_ms() / 1000).to_string(),
        "recipient_id": to,
    });
    if let Some(data) = callback {
        report["biz_opaque_callback_data"] = data.into();
    }
    let mut value = head(number);
    value["statuses"] = json!([report]);
    envelope(vec![json!({ "value": value, "field": "messages" })])
}

fn head(number: &Number) -> Value {
    json!({
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": "97235550100", "phone_number_id": number.phone_number_id },
    })
}

fn envelope(changes: Vec<Value>) -> Vec<u8> {
    let body = json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": "102290129340398", "changes": changes }],
    });
    escaped(&body.to_string()).into_bytes()
}

/// JSON with everything outside ASCII escaped: the form Meta sends and signs.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut units = [0; 2];
    for letter in text.chars() {
        if letter.is_ascii() {
            out.push(letter);
        } else {
            for unit in letter.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

/// Things customers say, right to left and left to right.
pub const SENTENCES: [&str; 8] = [
    "שלום, ההזמנה שלי עוד לא הגיעה",
    "Hello, my order has not arrived yet",
    "אפשר לדבר עם נציג בבקשה? 🙏",
    "The invoice shows the wrong amount",
    "מתי מגיע הטכנאי? מספר הזמנה 4471-ב׳",
    "I would like to change my delivery address",
    "תודה רבה, זה עובד עכשיו",
    "Is the store in חיפה open on Friday?",
];

/// Makes customers and what they say.
#[derive(Debug)]
pub struct Customers {
    seed: Seed,
    made: u64,
    run: u64,
}

impl Customers {
    /// A source of messages whose ids do not meet those of a source with another `run`.
    pub const fn new(seed: Seed, run: u64) -> Self {
        Self { seed, made: 0, run }
    }

    /// The number of customer `index`.
    pub fn phone(index: u64) -> String {
        format!("9725{:08}", 10_000_000 + index)
    }

    /// The next message of customer `index`. Its text begins with its own count, so that it can be known again.
    pub fn says(&mut self, index: u64) -> Said {
        self.made += 1;
        let sentence = self.seed.pick(&SENTENCES);
        Said {
            from: Self::phone(index),
            // The platform's form: a prefix, base64 of binary, padding. To us it is opaque.
            wamid: format!("wamid.HBgMOTcy{:08x}FQIAEhgW{:08x}{:04x}AA==", self.run, self.made, index % 65_536),
            text: format!("#{} {sentence}", self.made),
            at_s: crate::machine::unix_ms() / 1000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_padded_body_has_the_asked_size_and_parses() {
        let number = Number::test(1);
        let said = Customers::new(Seed::new(1), 1).says(7);
        let body = padded(&number, &said, 1024);
        assert_eq!(body.len(), 1024);
        let read: Value = serde_json::from_slice(&body).unwrap();
        let message = &read["entry"][0]["changes"][0]["value"]["messages"][0];
        assert_eq!(message["text"]["body"], said.text.as_str());
        assert!(body.is_ascii(), "Meta escapes everything outside ASCII");
    }

    #[test]
    fn a_signature_is_the_known_one() {
        // RFC 4231, test case 2.
        assert_eq!(
            sign("Jefe", b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
