//! The HTTP side of the fake platform.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use hyper::body::Incoming;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};

use super::{Behaviour, Call, Report, State, Times, Told};
use crate::machine::unix_ms;

/// Larger than any message the platform takes.
const BODY_MAX: usize = 1024 * 1024;

/// The connection is to end without an answer.
#[derive(Debug)]
struct HangUp;

impl fmt::Display for HangUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the script says to hang up")
    }
}

impl std::error::Error for HangUp {}

pub(super) async fn serve(listener: tokio::net::TcpListener, state: Arc<State>) {
    // Connections end with the server, so that a stopped platform is one that does not answer.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        let _ = stream.set_nodelay(true);
        let state = Arc::clone(&state);
        connections.spawn(async move {
            let service = hyper::service::service_fn(move |request| handle(Arc::clone(&state), request));
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn handle(state: Arc<State>, request: Request<Incoming>) -> Result<Response<Body>, HangUp> {
    let path = request.uri().path().to_owned();
    if request.method() == Method::GET && path == "/_calls" {
        return Ok(answer(StatusCode::OK, &summary(&state)));
    }
    let mut parts = path.trim_matches('/').split('/');
    let (Some(version), Some(number), Some("messages"), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Ok(refusal(404, 100, "Unknown path components"));
    };
    if request.method() != Method::POST || !version.starts_with('v') {
        return Ok(refusal(400, 100, "Unsupported request"));
    }
    let bearer = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    if bearer.and_then(|value| value.strip_prefix("Bearer ")) != Some(&state.options.token) {
        return Ok(refusal(401, 190, "Invalid OAuth access token"));
    }
    let number = number.to_owned();
    let Ok(bytes) = to_bytes(Body::new(request.into_body()), BODY_MAX).await else {
        return Err(HangUp);
    };
    let Ok(body) = serde_json::from_slice::<Value>(&bytes) else {
        return Ok(refusal(400, 100, "The body is not JSON"));
    };
    if body["messaging_product"] != "whatsapp" {
        return Ok(refusal(400, 100, "The parameter messaging_product is required."));
    }
    if body["status"] == "read" {
        return Ok(answer(StatusCode::OK, &json!({ "success": true })));
    }
    take(&state, number, body).await
}

async fn take(state: &State, number: String, body: Value) -> Result<Response<Body>, HangUp> {
    let behaviour = behaviour(state, &body);
    let effect = !matches!(behaviour, Behaviour::Refuse { .. } | Behaviour::Drop);
    let (wamid, to) = record(state, number, body, &behaviour, effect);
    match behaviour {
        Behaviour::Drop | Behaviour::DropAfterEffect => return Err(HangUp),
        Behaviour::TimeoutAfterEffect => std::future::pending::<()>().await,
        Behaviour::Delay(time) => tokio::time::sleep(time).await,
        Behaviour::Refuse { status, code } => return Ok(refusal(status, code, "Refused by the script")),
        Behaviour::Answer => {}
    }
    let body = json!({
        "messaging_product": "whatsapp",
        "contacts": [{ "input": to, "wa_id": to }],
        "messages": [{ "id": wamid, "message_status": "accepted" }],
    });
    Ok(answer(StatusCode::OK, &body))
}

fn behaviour(state: &State, body: &Value) -> Behaviour {
    let mut script = state.script.lock().unwrap();
    if script.is_empty() {
        return Behaviour::Answer;
    }
    let text = body.to_string();
    let message = body["biz_opaque_callback_data"].as_str().unwrap_or_default();
    for (line, seen) in script.iter_mut().filter(|(line, _)| text.contains(&line.containing)) {
        let applies = match &mut line.times {
            Times::Count(0) => false,
            Times::Count(left) => {
                *left -= 1;
                true
            }
            Times::OncePerMessage => seen.insert(message.to_owned()),
        };
        if applies {
            return line.then.clone();
        }
    }
    Behaviour::Answer
}

/// Writes the call down before anything is answered, and gives the message's id and its recipient.
fn record(state: &State, number: String, body: Value, behaviour: &Behaviour, effect: bool) -> (String, String) {
    let to = body["to"].as_str().or_else(|| body["recipient"].as_str()).unwrap_or_default().to_owned();
    let callback = body["biz_opaque_callback_data"].as_str().map(str::to_owned);
    if let (true, Some(told)) = (effect, &state.options.told) {
        let text = body["text"]["body"].as_str().unwrap_or_default().to_owned();
        let _ = told.send(Told { at: Instant::now(), text });
    }
    let mut ledger = state.ledger.lock().unwrap();
    ledger.given += 1;
    let wamid = format!("wamid.HBgMOTcyFAKEGRAPH{:016x}AA==", ledger.given);
    if effect {
        *ledger.effects.entry(callback.clone().unwrap_or_default()).or_default() += 1;
    }
    if state.options.keep_bodies {
        ledger.calls.push(Call {
            at_ms: unix_ms(),
            phone_number_id: number.clone(),
            to: to.clone(),
            callback: callback.clone(),
            body,
            wamid: effect.then(|| wamid.clone()),
            behaviour: behaviour.clone(),
        });
    }
    drop(ledger);
    if let (true, true, Some(reports)) = (effect, reported(state, &wamid), &state.reports) {
        for status in ["sent", "delivered", "read"] {
            let (phone_number_id, wamid, to, callback) = (number.clone(), wamid.clone(), to.clone(), callback.clone());
            let _ = reports.send(Report { phone_number_id, wamid, to, callback, status });
        }
    }
    state.calls.send_modify(|calls| *calls += 1);
    (wamid, to)
}

/// The same for all statuses of one message: a platform that lost one message's reports lost them all.
fn reported(state: &State, wamid: &str) -> bool {
    let percent = state.options.statuses.as_ref().map_or(0, |statuses| statuses.percent);
    let sum = wamid.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    (sum >> 3) % 100 < percent
}

fn summary(state: &State) -> Value {
    let ledger = state.ledger.lock().unwrap();
    let twice = ledger.effects.values().filter(|count| **count > 1).count();
    json!({ "calls": ledger.given, "messages": ledger.effects.len(), "sent_twice": twice,
        "bodies": ledger.calls.iter().rev().take(100).map(|call| &call.body).collect::<Vec<_>>() })
}

/// A Graph error as the platform words it; rate limits come with 429 or 400, so `status` is the script's choice.
fn refusal(status: u16, code: i64, message: &str) -> Response<Body> {
    let body = json!({ "error": {
        "message": format!("(#{code}) {message}"), "type": "OAuthException", "code": code,
        "error_data": { "messaging_product": "whatsapp", "details": message }, "fbtrace_id": "Az8or2yhqkZfEZ-_4Qn_Bam",
    }});
    answer(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), &body)
}

fn answer(status: StatusCode, body: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", hyper::header::HeaderValue::from_static("application/json"));
    response
}

/// How long a status webhook waits before it is tried again; Meta's own pauses are longer and grow.
pub(super) const AGAIN: Duration = Duration::from_millis(50);
