//! One post to an endpoint, and who may be posted to.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use blendline_connectors::{sign_webhook, webhook_secret};
use blendline_wire::{Millis, Pii};
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{StatusCode, Url};
use serde_json::Value;

use crate::media::public::{PublicOnly, is_public};
use crate::ports::outlets::{Endpoint, SigningKey};

/// How long a post may take in all.
const POST_WITHIN: Duration = Duration::from_secs(15);
/// The longest URL of an endpoint.
const URL_BYTES_MAX: usize = 2_048;

/// Who may be posted to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reach {
    /// Also `http://`.
    pub plain_http: bool,
    /// Also loopback and private networks.
    pub private: bool,
}

impl Reach {
    /// Why nothing is posted there.
    pub fn refuses(self, text: &str) -> Option<&'static str> {
        if text.len() > URL_BYTES_MAX {
            return Some("the URL is too long: at most 2048 bytes");
        }
        let Ok(url) = Url::parse(text) else { return Some("this is no URL: give it whole, with https://") };
        match url.scheme() {
            "https" => {}
            "http" if self.plain_http => {}
            _ => return Some("begin it with https://: anybody on the way could read what is posted"),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Some("a name or password in the URL would be shown with it: the signature says who we are");
        }
        if self.private {
            return None;
        }
        // Of a name the resolver finds public addresses alone; an address is not resolved.
        match url.host_str().map(|host| host.trim_matches(['[', ']'])) {
            None | Some("") => Some("name a host"),
            Some(host) => match host.parse::<IpAddr>() {
                Ok(address) if !is_public(address) => Some("this address is not of the public internet"),
                _ if host.trim_end_matches('.').eq_ignore_ascii_case("localhost") => Some("this is the machine itself"),
                _ => None,
            },
        }
    }

    /// A client that reaches no further.
    ///
    /// # Errors
    /// When there can be no client.
    pub fn client(self) -> anyhow::Result<reqwest::Client> {
        let rules = blendline_connectors::http_client_rules().timeout(POST_WITHIN);
        let rules = if self.private { rules } else { rules.dns_resolver(Arc::new(PublicOnly)) };
        rules.build().context("the HTTP client for webhooks")
    }
}

/// What came of a post.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// It was answered with a 2xx.
    Taken,
    /// It was not; the words say why.
    Refused(String),
    /// The receiver says that it is not there any more (410).
    Gone,
}

/// Posts `body` as `id`, once. What the receiver says beside the status is not read.
pub async fn post(
    http: &reqwest::Client,
    reach: Reach,
    endpoint: &Endpoint,
    id: &str,
    now: Millis,
    body: &Value,
) -> Outcome {
    // The configuration may have changed since it was set up.
    if let Some(why) = reach.refuses(&endpoint.url) {
        return Outcome::Refused(why.to_owned());
    }
    let body = body.to_string();
    let live = endpoint.keys.iter().filter(|key| key.is_live(now));
    let secrets = live.map(|SigningKey { secret, .. }| secret.expose().as_str());
    let Some(headers) = sign_webhook(secrets, id, now, body.as_bytes()) else {
        return Outcome::Refused("there is no key to sign with: rotate".to_owned());
    };
    let mut call = http.post(&endpoint.url).header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in headers {
        call = call.header(name, value);
    }
    match call.body(body).send().await {
        Ok(answer) => match answer.status() {
            status if status.is_success() => Outcome::Taken,
            StatusCode::GONE => Outcome::Gone,
            status => Outcome::Refused(format!("answered {}", status.as_u16())),
        },
        Err(error) => Outcome::Refused(unanswered(&error).to_owned()),
    }
}

/// In words that name neither address nor body.
fn unanswered(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke"
    }
}

/// A new signing key; `None` when the system has no randomness to give.
pub fn new_secret() -> Option<Pii<String>> {
    let mut random = [0; 32];
    rustls::crypto::ring::default_provider().secure_random.fill(&mut random).ok()?;
    Some(webhook_secret(&random).into())
}
