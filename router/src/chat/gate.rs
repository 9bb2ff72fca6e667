//! Before every route: which account, which page, which address; and what a browser must be told about it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::origin::{self, Page};
use super::site::Site;
use super::{Chat, Shared, telemetry, token};
use crate::api::now;
use crate::api::problem::Failure;
use crate::api::server::Place;

/// What the handlers know of a request when it reaches them.
#[derive(Clone)]
pub(super) struct Visit {
    pub(super) site: Arc<Site>,
    pub(super) page: Page,
    pub(super) client: IpAddr,
}

/// Lets through what comes from a page that may, and answers in a way that the page may read.
pub(super) async fn gate(
    State(chat): State<Shared>,
    Path(account): Path<String>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(site) = chat.sites.get(&account).cloned() else {
        return Failure::not_found("account", "no web chat has this name").into_response();
    };
    let page = origin::page(request.headers(), &site.origins, &chat.own_origins);
    if page == Page::Foreign {
        telemetry::refused("foreign_origin");
        return vary(foreign().into_response());
    }
    let peer = request.extensions().get::<Arc<Place>>().map_or(Ipv4Addr::UNSPECIFIED.into(), |place| place.address());
    let client = origin::client(request.headers(), peer, &chat.limits.trusted_proxies);
    let preflight = request.method() == Method::OPTIONS;
    request.extensions_mut().insert(Visit { site, page: page.clone(), client });
    let mut response = vary(next.run(request).await);
    if let Page::Allowed(origin) = page {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after"));
        if preflight {
            for (name, value) in [
                (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
                (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type"),
                (header::ACCESS_CONTROL_MAX_AGE, "600"),
            ] {
                headers.insert(name, HeaderValue::from_static(value));
            }
        }
    }
    response
}

/// No cache keeps an answer, least of all for another page.
fn vary(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("origin"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The page may not.
pub(super) fn foreign() -> Failure {
    let detail = "this page may not use the chat: add its origin to the account's `allowed_origins`";
    Failure::new(StatusCode::FORBIDDEN, "foreign_origin", "This page may not do that", detail).at("Origin")
}

/// What a browser asks before it asks.
pub(super) async fn preflight() -> StatusCode {
    StatusCode::NO_CONTENT
}

impl Chat {
    /// Whose token the request bears.
    pub(super) fn bearer(&self, site: &Site, headers: &HeaderMap) -> Result<token::Visitor, Failure> {
        let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given =
            value.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let opened = given.and_then(|(_, text)| token::open(site.token_key(), text.trim(), now()));
        opened.map(|opened| opened.visitor).ok_or_else(bad_token)
    }
}

/// The token opens nothing (any more).
pub(super) fn bad_token() -> Failure {
    telemetry::refused("bad_token");
    let detail = "this token is not ours or its time is over: open a session";
    Failure::new(StatusCode::UNAUTHORIZED, "bad_token", "A session is needed", detail).at("Authorization")
}
