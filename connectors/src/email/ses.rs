//! Amazon SES, whose mails come through SNS: an envelope with a text, which is JSON, in which the mail is a text.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use blendline_wire::inbound::{Attachment, InboundEvent, InboundKind};
use blendline_wire::{Millis, Pii};
use reqwest::Url;
use serde_json::Value;

use super::header::Headers;
use super::provider::{Parsed, malformed};
use super::{content, event, provider, sns, transfer};
use crate::aws::{self, Keys, Signed, sign};
use crate::{Account, Carried, FetchError, Malformed, Setting, fetch, json};

/// The largest mail that is fetched; SES takes 40 MB with everything encoded.
const MAIL_BYTES_MAX: usize = 32 * 1024 * 1024;

/// What is needed to fetch mails that SES put into S3, as it does with all above 150 KB.
pub(super) const SETTINGS: [Setting; 3] = [
    Setting {
        name: "s3_region",
        doc: "the region of the bucket into which SES puts mails: such as eu-west-1; without it only mails within the notification have their words",
        ..Setting::TEXT
    },
    Setting { name: "s3_access_key", doc: "the id of a key that may get objects of that bucket", ..Setting::TEXT },
    Setting { name: "s3_secret_key", secret: true, doc: "the secret of that key", ..Setting::TEXT },
];

pub(super) fn normalise(body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
    let root = json::parse(body)?;
    match root["Type"].as_str() {
        Some("Notification") => {}
        Some("SubscriptionConfirmation" | "UnsubscribeConfirmation") => return Ok(vec![subscription(&root)]),
        Some(_) => return Err(malformed("/Type", "expected a message of SNS")),
        // With raw delivery there is no envelope.
        None if !root["notificationType"].is_null() || !root["mail"].is_null() => {
            return Ok(vec![notification(&root, None)]);
        }
        None => return Err(malformed("/Type", "expected a message of SNS")),
    }
    let Some(text) = root["Message"].as_str() else { return Err(malformed("/Message", "expected a text")) };
    let id = json::text(&root["MessageId"]);
    let Ok(inner) = json::parse(text.as_bytes()) else {
        // "Successfully validated SNS topic …" is a sentence.
        let event = InboundEvent {
            kind: InboundKind::Ignored,
            event: Some("validation".to_owned()),
            dedup_key: id,
            ..InboundEvent::default()
        };
        return Ok(vec![event]);
    };
    Ok(vec![notification(&inner, id)])
}

fn notification(inner: &Value, sns_id: Option<String>) -> InboundEvent {
    let kind = inner["notificationType"].as_str().or_else(|| inner["eventType"].as_str()).unwrap_or_default();
    let id = json::text(&inner["mail"]["messageId"]);
    if kind != "Received" {
        return provider::notice(kind, id, inner);
    }
    let mut event = event::of_raw(&mail_in(inner)).unwrap_or_else(|| pointer(inner));
    if let Some(mail) = &mut event.mail {
        let verdict = |name: &str| match inner["receipt"][name]["status"].as_str() {
            Some("GRAY") => Some("none".to_owned()),
            Some(word) => Some(word.to_owned()),
            None => None,
        };
        provider::authentication(
            mail,
            "amazonses.com",
            verdict("spfVerdict"),
            verdict("dkimVerdict"),
            verdict("dmarcVerdict"),
        );
    }
    event.provider_message_id = id.or(sns_id);
    let recipient =
        json::text(&inner["receipt"]["recipients"][0]).or_else(|| json::text(&inner["mail"]["destination"][0]));
    provider::delivered(&mut event, recipient.as_deref());
    event
}

/// The mail itself, as far as it came along.
fn mail_in(inner: &Value) -> Vec<u8> {
    let content = inner["content"].as_str().unwrap_or_default();
    let is_base64 =
        inner["receipt"]["action"]["encoding"].as_str().is_some_and(|one| one.eq_ignore_ascii_case("base64"));
    if is_base64 { transfer::base64(content.as_bytes()) } else { content.as_bytes().to_vec() }
}

/// The notification with the mail inside, where it lies in S3: a signed call of the bucket that the receipt names.
pub(super) async fn completed(
    account: &Account,
    body: &[u8],
    now: Millis,
    http: &reqwest::Client,
) -> Result<Option<Vec<u8>>, FetchError> {
    let [region, access, secret] = SETTINGS.each_ref().map(|setting| account.setting(setting.name));
    let (Some(region), Some(access), Some(secret)) = (region, access, secret) else { return Ok(None) };
    let Ok(mut root) = json::parse(body) else { return Ok(None) };
    let enveloped = root["Message"].as_str().and_then(|text| json::parse(text.as_bytes()).ok());
    let is_enveloped = enveloped.is_some();
    let mut inner = enveloped.unwrap_or_else(|| root.clone());
    let action = &inner["receipt"]["action"];
    let place = (action["bucketName"].as_str(), action["objectKey"].as_str());
    let (true, (Some(bucket), Some(key))) = (inner["content"].is_null(), place) else { return Ok(None) };
    let own = format!("https://s3.{region}.amazonaws.com");
    let mut url = Url::parse(account.setting("base_url").unwrap_or(&own))
        .map_err(|_| FetchError::Settings("s3_region is no region".to_owned()))?;
    url.set_path(&aws::path(bucket, key));
    let keys = Keys { access, secret, region };
    let Signed { date, content, authorization } = sign(&keys, "GET", &url, b"", now);
    let request = http.get(url).header("x-amz-date", date).header("x-amz-content-sha256", content);
    let mail = fetch::ours(request.header("authorization", authorization), MAIL_BYTES_MAX).await?.bytes;
    inner["content"] = BASE64_STANDARD.encode(mail).into();
    inner["receipt"]["action"]["encoding"] = "BASE64".into();
    if is_enveloped {
        root["Message"] = inner.to_string().into();
        inner = root;
    }
    Ok(Some(inner.to_string().into_bytes()))
}

/// The files, which are within the mail.
pub(super) fn carried(body: &[u8], attachments: &[Attachment]) -> Carried {
    let root = json::parse(body).unwrap_or_default();
    let inner = root["Message"].as_str().and_then(|text| json::parse(text.as_bytes()).ok());
    content::carried(&mail_in(inner.as_ref().unwrap_or(&root)), attachments)
}

/// A mail that lies in S3: its header is here, its body must be fetched.
fn pointer(inner: &Value) -> InboundEvent {
    let fields = json::items(&inner["mail"]["headers"])
        .iter()
        .filter_map(|field| Some((json::text(&field["name"])?, json::text(&field["value"]).unwrap_or_default())));
    let headers = Headers::from_pairs(fields);
    let parsed = Parsed { headers, plain: None, html: None, attachments: Vec::new(), inline: Vec::new() };
    let mut event = provider::of_parsed(parsed);
    event.needs_fetch = true;
    let action = &inner["receipt"]["action"];
    if let (Some(bucket), Some(key)) = (json::text(&action["bucketName"]), json::text(&action["objectKey"])) {
        event.payload = Some(Pii::new(format!("s3://{bucket}/{key}")));
    }
    event
}

/// Somebody subscribed this URL to a topic. It is confirmed by calling the URL, which is passed on only if it is Amazon's.
fn subscription(root: &Value) -> InboundEvent {
    let url = json::text(&root["SubscribeURL"]).filter(|url| sns::is_amazons(url));
    InboundEvent {
        kind: InboundKind::AccountEvent,
        is_status_or_echo: true,
        event: root["Type"]
            .as_str()
            .map(|name| if name.starts_with('U') { "unsubscribed" } else { "subscription" }.to_owned()),
        field: json::text(&root["TopicArn"]),
        needs_fetch: url.is_some(),
        payload: url.map(Pii::new),
        dedup_key: json::text(&root["MessageId"]),
        ..InboundEvent::default()
    }
}
