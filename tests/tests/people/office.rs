//! A small office: the real program, a tenant with two workers, and people with browsers.

use std::fs::OpenOptions;
use std::io::Write as _;

use blendline_tests::config::{ADMIN_KEY, Installation, Worker};
use blendline_tests::http::{self, Reply};
use blendline_tests::person::{self, Browser};
use blendline_tests::process::Router;
use serde_json::Value;

/// The roles that people have.
pub(crate) const ROLES: [&str; 5] = ["worker", "supervisor", "operations", "auditor", "admin"];

/// A router of the tests' tenant with the workers noa and dan, and more lines of configuration.
pub(crate) async fn office(what: &str, more: &str) -> Router {
    let mut router = prepared(what, more);
    router.start_again().await;
    router
}

/// The same, not started yet.
pub(crate) fn prepared(what: &str, more: &str) -> Router {
    let mut installation = Installation::new("http://127.0.0.1:1");
    installation.workers = vec![Worker::new("noa", &["care"], 2), Worker::new("dan", &["care"], 2)];
    let router = Router::prepare(what, &installation);
    let mut file = OpenOptions::new().append(true).open(router.config_path()).unwrap();
    writeln!(file, "{more}").unwrap();
    router
}

/// Adds a user through the API and gives his one-time password.
pub(crate) async fn add(router: &Router, name: &str, role: &str) -> String {
    person::add(router.addr, name, role, (role == "worker").then_some("noa")).await
}

/// Adds a user and signs him in with a password of his own.
pub(crate) async fn member(router: &Router, name: &str, role: &str) -> Browser {
    person::member(router.addr, name, role, (role == "worker").then_some("noa")).await
}

/// A call with the key that may do everything.
pub(crate) async fn by_key(router: &Router, method: &str, path: &str, body: &Value) -> Reply {
    let bearer = format!("Bearer {ADMIN_KEY}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    http::once(router.addr, &http::request(method, path, &headers, body.to_string().as_bytes())).await.unwrap()
}
