//! The least that can accept a webhook: HMAC, JSON, a confirmed publish to a quorum queue, pipelined over one channel.
//!
//! What the router's own intake is measured against: it knows one account, one queue, and no duplicates.
#![allow(clippy::expect_used, reason = "a measuring tool: what breaks must stop the run and say where")]

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use clap::Parser;
use hmac::{Hmac, KeyInit, Mac};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties};
use serde::Deserialize;
use sha2::Sha256;

/// Answers `POST /v1/webhooks/whatsapp_cloud/{account}` with 200 when RabbitMQ has confirmed the body.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where to listen.
    #[arg(long)]
    listen: SocketAddr,
    /// RabbitMQ.
    #[arg(long)]
    broker: String,
    /// The queue, declared as a quorum queue.
    #[arg(long, default_value = "bare")]
    queue: String,
    /// The accounts' secrets by name, as JSON.
    #[arg(long, env = "ACCOUNT_SECRETS")]
    secrets: String,
}

struct Intake {
    secrets: HashMap<String, String>,
    channel: Channel,
    queue: String,
}

/// What any handler would have to look at.
#[derive(Deserialize)]
struct Webhook {
    entry: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    changes: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
    value: Value,
}

#[derive(Deserialize)]
struct Value {
    #[serde(default)]
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    id: String,
    from: String,
}

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    let properties = ConnectionProperties::default();
    let connection = Connection::connect(&arguments.broker, properties).await.expect("RabbitMQ takes a connection");
    let channel = connection.create_channel().await.expect("a channel");
    channel.confirm_select(ConfirmSelectOptions::default()).await.expect("a channel that confirms");
    let mut table = FieldTable::default();
    table.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    let declared = channel.queue_declare(arguments.queue.as_str().into(), QueueDeclareOptions::durable(), table).await;
    declared.expect("a quorum queue");
    let secrets = serde_json::from_str(&arguments.secrets).expect("secrets by account");
    let intake = Arc::new(Intake { secrets, channel, queue: arguments.queue });
    let app = Router::new().route("/v1/webhooks/whatsapp_cloud/{account}", post(accept)).with_state(intake);
    let listener = tokio::net::TcpListener::bind(arguments.listen).await.expect("the address is free");
    axum::serve(listener, app).await.expect("the server runs until it is ended");
}

async fn accept(
    State(intake): State<Arc<Intake>>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let Some(secret) = intake.secrets.get(&account) else { return StatusCode::NOT_FOUND };
    let given = headers.get("x-hub-signature-256").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let given = given.strip_prefix("sha256=").and_then(|digits| hex::decode(digits).ok()).unwrap_or_default();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(&body);
    if mac.verify_slice(&given).is_err() {
        return StatusCode::UNAUTHORIZED;
    }
    let Ok(webhook) = serde_json::from_slice::<Webhook>(&body) else { return StatusCode::BAD_REQUEST };
    let mut messages = webhook.entry.iter().flat_map(|entry| &entry.changes).flat_map(|change| &change.value.messages);
    if !messages.all(|message| !message.id.is_empty() && !message.from.is_empty()) {
        return StatusCode::BAD_REQUEST;
    }
    let properties = BasicProperties::default().with_delivery_mode(2);
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let queue = intake.queue.as_str().into();
    match intake.channel.basic_publish("".into(), queue, options, &body, properties).await {
        Ok(confirm) => match confirm.await {
            Ok(Confirmation::Ack(None)) => StatusCode::OK,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        },
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}
