//! `blendline serve --demo`: a tenant, a worker who echoes, and a platform of our own that shows what it was sent.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use blendline_connectors::Secret;
use blendline_worker::{BoxError, Runtime, Task, Verdict, Worker};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::people::DemoUser;
use crate::api::now;
use crate::config::{Config, ConfigError};
use crate::directory::Directory;

/// The demo's configuration, and what errors call it.
const TEXT: &str = include_str!("../../../deploy/demo.toml");
const NAME: &str = "deploy/demo.toml";
/// The demo's app secret, as the file has it.
const APP_SECRET: &str = "blendline-demo-app-secret";
/// The echo worker's key, as the file has it.
const WORKER_KEY: &str = "blk_de300002_d39bfc0086c15c416c21f0c0bd24ad2dbb147068c97be064c35705eff7a4c430";
/// The demo's number, as the file has it.
const PHONE_NUMBER_ID: &str = "106540352242922";
/// The demo's web chat, as the file has it.
const CHAT: &str = "demo-site";
/// How many sent messages the platform keeps.
const KEPT_MAX: usize = 200;

/// The demo's configuration; the environment wins over it as over any file.
pub(super) fn config() -> Result<Config, ConfigError> {
    Config::parse(NAME, TEXT, &|name| std::env::var(name).ok())
}

/// Points every account that has a platform and names none at our own.
pub(super) fn send_to(directory: &mut Directory, address: SocketAddr) {
    let has_platform = |channel: &str| {
        let connector = blendline_connectors::by_name(channel);
        connector.is_some_and(|it| it.settings().iter().any(|setting| setting.name == "base_url"))
    };
    for entry in directory.accounts.values_mut().filter(|entry| has_platform(&entry.channel)) {
        let base_url = || Secret::new(format!("http://{address}/demo/graph"));
        entry.account.settings.entry("base_url".to_owned()).or_insert_with(base_url);
    }
}

/// The worker who echoes, over the same connection and SDK as everybody's, until `stop`.
pub(super) async fn work(address: SocketAddr, stop: CancellationToken) {
    let runtime = Runtime::builder(format!("http://{address}"), WORKER_KEY).name("echo").build();
    if let Err(error) = runtime.run(Echo, async move { stop.cancelled().await }).await {
        tracing::error!(%error, "the echo worker ended");
    }
}

/// Says again what the customer said.
struct Echo;

#[async_trait]
impl Worker for Echo {
    async fn work(&self, task: &Task) -> Result<Verdict, BoxError> {
        // A pushed item has no customer to answer.
        if task.view().conversation.is_none() {
            return Ok(Verdict::done().with_disposition("done"));
        }
        let words = format!("You said: {}", task.text().expose());
        Ok(Verdict::done().with_reply(words).with_disposition("echoed"))
    }
}

type Sent = Arc<Mutex<VecDeque<Value>>>;

/// A platform that takes every message, shows it, and lists what it took.
pub fn platform() -> Router {
    Router::new()
        .route("/demo/graph/messages", get(list))
        .route("/demo/graph/{version}/{number}/messages", post(take))
        .with_state(Sent::default())
}

async fn list(State(sent): State<Sent>) -> Json<Value> {
    let sent = sent.lock().unwrap_or_else(PoisonError::into_inner);
    Json(json!({ "items": sent.iter().collect::<Vec<_>>() }))
}

async fn take(
    State(sent): State<Sent>,
    Path((_, number)): Path<(String, String)>,
    Json(body): Json<Value>,
) -> (StatusCode, Json<Value>) {
    let id = format!("wamid.DEMO{}", uuid::Uuid::now_v7().simple());
    let to = body["to"].as_str().unwrap_or_default().to_owned();
    let text = body["text"]["body"].as_str().unwrap_or("(no text)").to_owned();
    // The demo is the one place that shows what is said: its customers are made up.
    let shown = super::print::<std::io::Error>(|out| writeln!(out, "  reply to {to}: {text}"));
    if let Err(error) = shown {
        tracing::debug!(%error, "the terminal is gone");
    }
    let mut sent = sent.lock().unwrap_or_else(PoisonError::into_inner);
    if sent.len() == KEPT_MAX {
        sent.pop_front();
    }
    sent.push_back(json!({ "id": id, "from": number, "body": body }));
    let contacts = json!([{ "input": to, "wa_id": to }]);
    (StatusCode::OK, Json(json!({ "messaging_product": "whatsapp", "contacts": contacts, "messages": [{ "id": id }] })))
}

/// Says how to send the first message, with a right signature, and where to see the reply.
pub(super) fn explain(address: SocketAddr, users: &[DemoUser]) -> anyhow::Result<()> {
    let at = now();
    let body = first_message(&format!("wamid.DEMO-IN-{}", at.0), at.0 / 1000);
    let signature = super::sign::signature(APP_SECRET, body.as_bytes())?;
    super::print(|out| {
        writeln!(out, "\nBlendline is ready on http://{address}. Send a customer's message:\n")?;
        writeln!(
            out,
            "curl -i http://{address}/v1/webhooks/whatsapp_cloud/demo -H 'Content-Type: application/json' \
             -H 'X-Hub-Signature-256: {signature}' --data-binary '{body}'\n"
        )?;
        writeln!(out, "The echo worker's reply appears here, and is listed by:\n")?;
        writeln!(out, "curl -s http://{address}/demo/graph/messages\n")?;
        writeln!(out, "Sent twice, the message is a recorded duplicate. Other words need another signature:")?;
        writeln!(out, "  blendline sign --secret {APP_SECRET} FILE")?;
        writeln!(out, "\nWrite as a customer in one window, answer as a worker in another:\n")?;
        writeln!(out, "  http://{address}/chat/{CHAT}")?;
        writeln!(out, "  http://{address}/desk\n")?;
        writeln!(out, "Sign in to the tenant demo with a name and the password of this start:\n")?;
        for DemoUser { name, does, password } in users {
            writeln!(out, "  {name}  {password}  {does}")?;
        }
        writeln!(out, "\nCtrl-C ends it.\n")?;
        Ok(())
    })
}

/// A customer's first words, as WhatsApp would post them.
fn first_message(id: &str, seconds: u64) -> String {
    let message = json!({
        "from": "972500000001", "id": id, "timestamp": seconds.to_string(),
        "type": "text", "text": { "body": "Hello, is anybody there?" },
    });
    let value = json!({
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": "15550000000", "phone_number_id": PHONE_NUMBER_ID },
        "contacts": [{ "profile": { "name": "Test Customer" }, "wa_id": "972500000001" }],
        "messages": [message],
    });
    let change = json!({ "field": "messages", "value": value });
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "0", "changes": [change] }] }).to_string()
}
