//! Every route with the roles that may use it, in one place.

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, post};

use super::auth::{Guard, guard};
use super::problem::Failure;
use super::{Shared, connect, conversations, health, items, operations, poll, queues, tasks, webhooks, work, workers};
use crate::directory::Role;
use crate::directory::Role::{Admin, Auditor, Integrator, Operations, Supervisor, Worker};

/// A route of the API.
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, with names of its parts in braces.
    pub path: &'static str,
    /// Who may.
    pub roles: &'static [Role],
    handler: MethodRouter<Shared>,
}

const READ: &[Role] = &[Integrator, Supervisor, Operations, Auditor, Admin];
const READ_OR_WORK: &[Role] = &[Integrator, Worker, Supervisor, Operations, Auditor, Admin];
const WATCH: &[Role] = &[Supervisor, Operations, Auditor, Admin];
const OPERATE: &[Role] = &[Operations, Auditor, Admin];
const PUSH: &[Role] = &[Integrator, Supervisor, Admin];
const MOVE: &[Role] = &[Supervisor, Admin];
const WORK: &[Role] = &[Worker, Admin];
const STAND: &[Role] = &[Worker, Supervisor, Admin];

/// Every route that takes a key.
pub fn routes() -> Vec<Route> {
    let get = |path, roles, handler| Route { method: Method::GET, path, roles, handler };
    let post = |path, roles, handler| Route { method: Method::POST, path, roles, handler };
    vec![
        post("/v1/items", PUSH, self::post(items::push)),
        get("/v1/tasks", READ_OR_WORK, self::get(tasks::list)),
        get("/v1/tasks/{id}", READ_OR_WORK, self::get(tasks::one)),
        Route { method: Method::DELETE, path: "/v1/tasks/{id}", roles: PUSH, handler: delete(tasks::cancel) },
        get("/v1/tasks/{id}/messages", READ_OR_WORK, self::get(tasks::messages)),
        post("/v1/tasks/{id}/transfer", MOVE, self::post(tasks::transfer)),
        post("/v1/tasks/{id}/accept", WORK, self::post(work::accept)),
        post("/v1/tasks/{id}/decline", WORK, self::post(work::decline)),
        post("/v1/tasks/{id}/reply", WORK, self::post(work::reply)),
        post("/v1/tasks/{id}/settle", WORK, self::post(work::settle)),
        get("/v1/conversations", READ, self::get(conversations::list)),
        post("/v1/conversations", WORK, self::post(conversations::start)),
        get("/v1/conversations/{id}", READ, self::get(conversations::one)),
        get("/v1/conversations/{id}/messages", READ, self::get(conversations::messages)),
        post("/v1/logged-contacts", WORK, self::post(conversations::log)),
        get("/v1/queues", READ_OR_WORK, self::get(queues::list)),
        get("/v1/queues/{name}", READ_OR_WORK, self::get(queues::one)),
        get("/v1/workers", WATCH, self::get(workers::list)),
        get("/v1/workers/connect", WORK, self::get(connect::connect)),
        post("/v1/workers/{name}/poll", WORK, self::post(poll::poll)),
        post("/v1/workers/{name}/presence", STAND, self::post(workers::presence)),
        get("/v1/outbox", WATCH, self::get(operations::outbox)),
        get("/v1/events", OPERATE, self::get(operations::events)),
        get("/v1/quarantine", OPERATE, self::get(operations::quarantine)),
    ]
}

/// The whole API as a service that needs no port.
pub fn app(shared: Shared) -> Router {
    let mut router = Router::new();
    for route in routes() {
        let guarded = Guard { app: shared.clone(), roles: route.roles };
        let handler = route.handler.layer(from_fn_with_state(guarded, guard)).layer(from_fn(quiet_headers));
        router = router.route(route.path, handler);
    }
    router
        .route("/v1/webhooks/{channel}/{account}", get(webhooks::handshake).post(webhooks::receive))
        .route("/livez", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .fallback(unknown_path)
        .method_not_allowed_fallback(unknown_method)
        .with_state(shared)
}

/// What the API answers is for the caller alone: no cache keeps it and no browser guesses its type.
async fn quiet_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

async fn unknown_path() -> Response {
    let detail = "there is no such address: see the list of routes in the README";
    Failure::new(StatusCode::NOT_FOUND, "unknown_url", "There is no such address", detail).into_response()
}

async fn unknown_method() -> Response {
    let detail = "the header Allow of this answer names the methods of this address";
    let title = "This address has no such method";
    Failure::new(StatusCode::METHOD_NOT_ALLOWED, "unknown_method", title, detail).into_response()
}
