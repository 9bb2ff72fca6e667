//! Requests for an owner who is on another router: handed on to it, answer and WebSocket too.
//!
//! They go with the caller's own key or session, which the owner checks as if the caller had come to it himself, so
//! nothing has to be believed of the router between. What stands in the record is answered by any router.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use blendline_wire::TenantId;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional;

use super::Shared;
use super::body::read_body;
use super::problem::Failure;
use super::server::Place;
use crate::driver::Status;

/// Set by the router that hands a request on: nobody hands it on a second time.
const FORWARDED: HeaderName = HeaderName::from_static("blendline-forwarded");
/// Set by a worker's program that goes to the owner itself when it is told where that is.
const FOLLOWS: HeaderName = HeaderName::from_static(blendline_wire::worker::FOLLOWS_HEADER);
/// How long the owner may take to begin its answer. A long poll takes 25 seconds.
const ANSWER_WITHIN: Duration = Duration::from_secs(40);
const CONNECT_WITHIN: Duration = Duration::from_secs(2);
/// What belongs to one connection and is not handed on, but for an upgrade.
const HOP_BY_HOP: [HeaderName; 5] =
    [header::CONNECTION, header::UPGRADE, header::TE, header::TRAILER, header::TRANSFER_ENCODING];

/// The client for requests to other routers.
///
/// # Errors
/// When the system's certificates cannot be read.
pub fn client() -> reqwest::Result<reqwest::Client> {
    // An error means that somebody chose one before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_WITHIN)
        .tcp_nodelay(true)
        .no_proxy()
        .build()
}

/// Where a request for this tenant's owner must go, where that is not here.
pub(super) fn elsewhere(app: &Shared, tenant: TenantId, headers: &HeaderMap) -> Option<String> {
    let stays = headers.contains_key(FORWARDED) || (is_upgrade(headers) && headers.contains_key(FOLLOWS));
    let status = app.parts.owners.get(&app.parts.doors.shard(tenant)).filter(|_| !stays)?;
    match &*status.borrow() {
        // An embedded owner has no address that anybody could go to.
        Status::Standby { owner: Some(owner) } if owner.contains("://") => Some(owner.clone()),
        _ => None,
    }
}

/// Hands a request on to the router at `owner` and its answer back.
pub(super) async fn forward(app: &Shared, owner: &str, mut request: Request) -> Response {
    let begin = Instant::now();
    let upgrading = is_upgrade(request.headers()).then(|| hyper::upgrade::on(&mut request));
    let place = request.extensions().get::<Arc<Place>>().cloned();
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let (method, url) = (request.method().clone(), format!("{owner}{path}"));
    let mut headers = request.headers().clone();
    let body = match read_body(request, app.limits.body_bytes_max, app.limits.body_timeout).await {
        Ok(body) => body,
        Err(failure) => return failure.into_response(),
    };
    if upgrading.is_none() {
        without_hop_by_hop(&mut headers);
    }
    headers.insert(FORWARDED, HeaderValue::from_static("1"));
    let asking = app.peers.request(method, url).headers(headers).body(body).send();
    let handed = match tokio::time::timeout(ANSWER_WITHIN, asking).await {
        Ok(Ok(answer)) => give_back(app, answer, upgrading, place).await,
        Ok(Err(error)) => Err(error.without_url().to_string()),
        Err(_) => Err("no answer in time".to_owned()),
    };
    let outcome = if handed.is_ok() { "answered" } else { "unreachable" };
    metrics::counter!("blendline_forwarded_total", "outcome" => outcome).increment(1);
    metrics::histogram!("blendline_forward_seconds").record(begin.elapsed());
    handed.unwrap_or_else(|cause| {
        tracing::debug!(owner, cause, "The router that serves the tenant did not answer.");
        Failure::busy(format!("the router that serves this tenant, {owner}, does not answer")).into_response()
    })
}

/// The owner's answer as ours; a WebSocket is joined to his.
async fn give_back(
    app: &Shared,
    mut answer: reqwest::Response,
    upgrading: Option<OnUpgrade>,
    place: Option<Arc<Place>>,
) -> Result<Response, String> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = answer.status();
    std::mem::swap(response.headers_mut(), answer.headers_mut());
    match upgrading.filter(|_| response.status() == StatusCode::SWITCHING_PROTOCOLS) {
        None => {
            without_hop_by_hop(response.headers_mut());
            *response.body_mut() = Body::new(reqwest::Body::from(answer));
        }
        Some(upgrading) => {
            let far = answer.upgrade().await.map_err(|error| error.to_string())?;
            tokio::spawn(join(app.clone(), place, upgrading, far));
        }
    }
    Ok(response)
}

/// Carries bytes both ways until either side ends, or this process does.
async fn join(app: Shared, place: Option<Arc<Place>>, upgrading: OnUpgrade, mut far: reqwest::Upgraded) {
    let open = app.lines.token();
    let Ok(near) = upgrading.await else { return };
    let mut near = TokioIo::new(near);
    metrics::gauge!("blendline_forwarded_lines").increment(1.0);
    tokio::select! {
        // Whoever is cut off connects again; the reason lies in the frames that came through.
        _ = copy_bidirectional(&mut near, &mut far) => {}
        () = app.parts.stopping.cancelled() => {}
    }
    metrics::gauge!("blendline_forwarded_lines").decrement(1.0);
    // Until here the connection counts, against the server's limit and for an orderly end.
    drop((place, open));
}

fn is_upgrade(headers: &HeaderMap) -> bool {
    headers.get(header::UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

fn without_hop_by_hop(headers: &mut HeaderMap) {
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}
