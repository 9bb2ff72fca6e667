//! Where platforms post. The busiest path of the program: a signature, a translation, one durable message.

use axum::extract::{Path, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use blendline_connectors::{Refusal, Webhook};

use super::body::read_body;
use super::problem::Failure;
use super::{Shared, now};
use crate::intake::{Endpoint, NotTaken};
use crate::traces::{self, Span};

/// Answers the platform's GET handshake.
pub async fn handshake(
    State(app): State<Shared>,
    Path((channel, account)): Path<(String, String)>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let endpoint = endpoint(&app, &channel, &account)?;
    let answer = app.intake.handshake(endpoint, &query).map_err(|refusal| {
        let status = StatusCode::FORBIDDEN;
        Failure::new(status, refusal.reason(), "The handshake was refused", refusal.to_string())
    })?;
    // Never as a page, for it holds what the caller sent.
    let kind = (header::CONTENT_TYPE, endpoint.handshake_type());
    Ok(([kind, (header::X_CONTENT_TYPE_OPTIONS, "nosniff")], answer).into_response())
}

/// Takes one webhook; 200 means that what it held is durable.
pub async fn receive(
    State(app): State<Shared>,
    Path((channel, account)): Path<(String, String)>,
    mut request: Request,
) -> Result<StatusCode, Failure> {
    let endpoint = endpoint(&app, &channel, &account)?;
    let headers = std::mem::take(request.headers_mut());
    let span = traces::incoming("webhook", &headers)
        .map(|span| span.with("blendline.channel", &channel).with("blendline.account", &account));
    // The body's reader looks at these two; the connector sees all of them.
    for name in [header::CONTENT_ENCODING, header::CONTENT_LENGTH] {
        if let Some(value) = headers.get(&name) {
            request.headers_mut().insert(name, value.clone());
        }
    }
    let query = request.uri().query().unwrap_or_default().to_owned();
    let body = read_body(request, endpoint.body_bytes_max(), app.limits.body_timeout).await?;
    let hook = Webhook { headers: &headers, query: &query, body: &body };
    let taken = app.intake.take(endpoint, hook, now(), span.as_ref().map(Span::context)).await;
    if let Some(span) = span {
        span.end(taken.as_ref().err().map(|cause| cause.word().to_owned()));
    }
    match taken {
        Ok(_) => Ok(StatusCode::OK),
        Err(NotTaken::Refused(refusal)) => Err(refused(&refusal)),
        Err(NotTaken::Malformed(malformed)) => {
            let (status, title) = (StatusCode::BAD_REQUEST, "The body cannot be read, and nothing of it was kept");
            Err(Failure::new(status, "malformed", title, malformed.detail).at(malformed.place))
        }
        Err(cause @ (NotTaken::Busy(_) | NotTaken::TooMany | NotTaken::NotKept(_) | NotTaken::NotFetched(_))) => {
            Err(Failure::busy(format!("{cause}: send it again")))
        }
    }
}

fn endpoint(app: &Shared, channel: &str, account: &str) -> Result<Endpoint, Failure> {
    app.intake.endpoint(channel, account).ok_or_else(|| {
        let detail = "no account of this channel has this name: compare with `blendline config check`";
        Failure::new(StatusCode::NOT_FOUND, "unknown_url", "There is no such address", detail)
    })
}

fn refused(refusal: &Refusal) -> Failure {
    Failure::new(StatusCode::UNAUTHORIZED, refusal.reason(), "The signature was refused", refusal.to_string())
}
