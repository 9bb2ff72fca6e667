//! Posts spans to a collector as OTLP over HTTP says, in its JSON form
//! (<https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>): ids in hex, 64-bit numbers as text.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use anyhow::Context as _;
use reqwest::{StatusCode, Url, header};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{RECORDER, Recorder, Span, WAITING_MAX};
use crate::config::Traces;
use crate::patience::BackOff;

/// Spans of one post.
const BATCH_MAX: usize = 512;
/// How long a span waits for others.
const GATHER: Duration = Duration::from_millis(500);
const CONNECT_WITHIN: Duration = Duration::from_secs(2);
const POST_WITHIN: Duration = Duration::from_secs(5);
/// How often a post is made that the collector is too busy for.
const TRIES_MAX: u32 = 4;
/// `STATUS_CODE_ERROR`.
const FAILED: u8 = 2;

/// Begins to record, where the configuration names a collector; what waits is posted before the `chores` end.
///
/// # Errors
/// When there can be no HTTP client.
pub fn start(config: &Traces, chores: &TaskTracker, stop: &CancellationToken) -> anyhow::Result<()> {
    let Some(url) = config.url.clone() else { return Ok(()) };
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_WITHIN)
        .timeout(POST_WITHIN)
        .no_proxy()
        .build()
        .context("the HTTP client for traces")?;
    let (spans, waiting) = mpsc::channel(WAITING_MAX);
    let one_in = u64::from(config.sample_one_in.max(1));
    // A process has one recorder; a second start changes nothing.
    if RECORDER.set(Recorder { spans, one_in, came: AtomicU64::new(0) }).is_ok() {
        chores.spawn(export(http, url, waiting, stop.clone()));
    }
    Ok(())
}

pub(super) fn count(outcome: &'static str, spans: usize) {
    metrics::counter!("blendline_spans_total", "outcome" => outcome).increment(spans as u64);
}

async fn export(http: reqwest::Client, url: Url, mut waiting: mpsc::Receiver<Span>, stop: CancellationToken) {
    let mut spans = Vec::with_capacity(BATCH_MAX);
    while stop.run_until_cancelled(waiting.recv_many(&mut spans, BATCH_MAX)).await.is_some() {
        // Few posts with many spans cost the collector least; whoever looks at traces does not look at once.
        let gathering =
            async { while spans.len() < BATCH_MAX && waiting.recv_many(&mut spans, BATCH_MAX).await > 0 {} };
        let _ = stop.run_until_cancelled(timeout(GATHER, gathering)).await;
        post(&http, &url, &spans, TRIES_MAX).await;
        spans.clear();
    }
    // What ended with the program's last work; one try, for a collector that is away must not hold up the end.
    while let Ok(span) = waiting.try_recv() {
        spans.push(span);
    }
    if !spans.is_empty() {
        post(&http, &url, &spans, 1).await;
    }
}

async fn post(http: &reqwest::Client, url: &Url, spans: &[Span], tries: u32) {
    let body = body(spans).to_string();
    let mut back_off = BackOff::default();
    let mut failed = String::new();
    for _ in 0..tries {
        let asking = http.post(url.clone()).header(header::CONTENT_TYPE, "application/json").body(body.clone()).send();
        match asking.await {
            Ok(answer) if answer.status().is_success() => return count("exported", spans.len()),
            Ok(answer) => {
                failed = format!("status {}", answer.status().as_u16());
                if !may_be_tried_again(answer.status()) {
                    break;
                }
            }
            Err(error) => failed = error.without_url().to_string(),
        }
        back_off.wait().await;
    }
    count("failed", spans.len());
    tracing::warn!(
        spans = spans.len(),
        cause = failed,
        "The collector of traces did not take spans; they are dropped."
    );
}

/// What the protocol calls retryable.
fn may_be_tried_again(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 502..=504)
}

/// An `ExportTraceServiceRequest`.
fn body(spans: &[Span]) -> Value {
    let resource = [("service.name", "blendline"), ("service.version", env!("CARGO_PKG_VERSION"))].map(attribute);
    let spans: Vec<Value> = spans.iter().map(span).collect();
    let scope = json!({ "name": "blendline", "version": env!("CARGO_PKG_VERSION") });
    let scopes = [json!({ "scope": scope, "spans": spans })];
    json!({ "resourceSpans": [{ "resource": { "attributes": resource }, "scopeSpans": scopes }] })
}

fn span(span: &Span) -> Value {
    let mut json = json!({
        "traceId": format!("{:032x}", span.context.trace),
        "spanId": format!("{:016x}", span.context.span),
        "name": span.name,
        "kind": span.kind as u8,
        "startTimeUnixNano": span.begin_ns.to_string(),
        "endTimeUnixNano": span.end_ns.to_string(),
        "attributes": span.attributes.iter().map(|(key, value)| attribute((*key, value.as_str()))).collect::<Vec<_>>(),
    });
    if let Some(parent) = span.parent {
        json["parentSpanId"] = format!("{parent:016x}").into();
    }
    if let Some(failure) = &span.failure {
        json["status"] = json!({ "code": FAILED, "message": failure });
    }
    json
}

fn attribute((key, value): (&str, &str)) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}
