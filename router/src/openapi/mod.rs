//! The OpenAPI document of everything this program serves (`GET /v1/openapi.json`).
//!
//! Nothing here lists routes. Each table of routes names, beside the handler, a function that says what the route is
//! ([`about::About`]); a route without one does not compile. The table adds what it knows itself: method, path, roles,
//! and the problems that every guarded route may answer with.
//!
//! Suggested reading order: [`about`], [`faults`], [`document`], [`plain`], [`variants`].

pub mod about;
pub mod document;
pub mod faults;
pub mod plain;
#[cfg(test)]
pub(crate) mod tests;
pub mod variants;

use std::sync::LazyLock;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, Method};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};

use self::about::About;

/// A route that takes no key and no session, with what it says of itself. Those that do are [`crate::api::routes`].
pub struct Open<S> {
    /// The method.
    pub method: Method,
    /// The path, with names of its parts in braces.
    pub path: &'static str,
    /// What it is.
    pub about: fn() -> About,
    handler: MethodRouter<S>,
}

impl<S: Clone + Send + Sync + 'static> Open<S> {
    /// A route that reads.
    pub fn get<H, T>(path: &'static str, handler: H, about: fn() -> About) -> Self
    where
        H: axum::handler::Handler<T, S>,
        T: 'static,
    {
        Self { method: Method::GET, path, about, handler: get(handler) }
    }

    /// A route that takes something.
    pub fn post<H, T>(path: &'static str, handler: H, about: fn() -> About) -> Self
    where
        H: axum::handler::Handler<T, S>,
        T: 'static,
    {
        Self { method: Method::POST, path, about, handler: post(handler) }
    }

    /// The same route with something done around its handler.
    #[must_use]
    pub fn around(self, change: impl FnOnce(MethodRouter<S>) -> MethodRouter<S>) -> Self {
        Self { handler: change(self.handler), ..self }
    }

    /// `router` with these routes.
    pub fn add(router: Router<S>, routes: Vec<Self>) -> Router<S> {
        routes.into_iter().fold(router, |router, route| router.route(route.path, route.handler))
    }
}

static DOCUMENT: LazyLock<String> = LazyLock::new(|| serde_json::to_string(&document::document()).unwrap_or_default());

/// Serves the document. It needs no key: it tells of the program, nothing of an installation, and whoever writes a
/// client wants it before he has one.
pub async fn serve() -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, DOCUMENT.as_str()).into_response()
}
