//! The API without a port: the real router of axum over ports that do what a test says.

mod calls;
mod connect;
pub(crate) mod filled;
mod limits;
mod links;
mod ports;
mod roles;
mod sessions;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::middleware::from_fn;
use blendline_wire::Millis;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use self::ports::{Owner, Records, Wire};
use crate::adapters::files::Directory;
use crate::adapters::live::InProcessLive;
use crate::adapters::sqlite::{DataDir, SqliteStore};
use crate::api::{App, Parts, Shared, app};
use crate::chat::ServerSecret;
use crate::config::{Config, resolve};
use crate::doors::Doors;

use crate::decision_link::DecisionLinks;
use crate::openapi::tests::judge::judge;
use crate::outlets::post::Reach;
use crate::people::Gate;
use crate::push::attention::Attentions;
use crate::status::Links;

/// The app secret of the test's account.
const APP_SECRET: &str = "test-app-secret-0123456789";

/// A router over fake ports, with two tenants that have the same names of everything.
pub(crate) struct World {
    pub(crate) router: Router,
    shared: Shared,
    owner: Arc<Owner>,
    wire: Arc<Wire>,
    records: Arc<Records>,
    stop: CancellationToken,
    _scratch: Scratch,
}

/// A directory for the record of people, removed at the end.
struct Scratch(std::path::PathBuf);

impl Scratch {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("blendline-api-{}", uuid::Uuid::now_v7())))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The key of a tenant's role, as [`config`] puts it in.
pub(crate) fn key(tenant: &str, role: &str) -> String {
    format!("blk_{tenant}_{role}")
}

fn config() -> Config {
    let mut text = String::from("[server]\norigins = [\"https://desk.example\"]\n");
    for tenant in ["acme", "other"] {
        let number = if tenant == "acme" { "100" } else { "200" };
        text += &format!(
            r#"
[[tenant]]
name = "{tenant}"
skills = ["hebrew"]
[[tenant.queue]]
name = "front"
side = "front"
[[tenant.account]]
name = "{tenant}"
channel = "whatsapp_cloud"
external_id = "{number}"
queue = "front"
settings = {{ app_secret = "{APP_SECRET}", verify_token = "verify-0123456789", access_token = "token-0123456789" }}
[[tenant.account]]
name = "{tenant}-2"
channel = "whatsapp_cloud"
external_id = "{number}2"
queue = "front"
settings = {{ app_secret = "{APP_SECRET}", verify_token = "verify-0123456789", access_token = "token-0123456789" }}
[[tenant.account]]
name = "{tenant}-3"
channel = "whatsapp_cloud"
external_id = "{number}3"
queue = "front"
settings = {{ app_secret = "another-secret-0123456789", verify_token = "verify-0123456789", access_token = "token-0123456789" }}
[[tenant.worker]]
name = "dana"
queues = ["front"]
[[tenant.worker]]
name = "omer"
queues = ["front"]
"#
        );
        for role in ["integrator", "worker", "supervisor", "operations", "auditor", "admin"] {
            let sha256 = hex::encode(Sha256::digest(key(tenant, role)));
            let worker = if role == "worker" { "worker = \"dana\"\n" } else { "" };
            text += &format!("[[tenant.key]]\nname = \"{role}\"\nrole = \"{role}\"\n{worker}sha256 = \"{sha256}\"\n");
        }
    }
    Config::parse("test.toml", &text, &|_| None).unwrap()
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(config()).await
    }

    async fn with(config: Config) -> Self {
        let records = Arc::new(Records::default());
        let directory = Arc::new(resolve(&config, records.as_ref(), Millis(0)).await.unwrap());
        let wire = Arc::new(Wire::default());
        let (owner, handle) = Owner::start();
        let doors = Doors::single(directory.tenants.keys().copied(), handle);
        let stop = CancellationToken::new();
        let directory_of_people = Scratch::new();
        let people = Arc::new(SqliteStore::open(&DataDir::open(&directory_of_people.0).unwrap()).unwrap());
        let parts = Parts {
            directory: directory.into(),
            rules: people.clone(),
            outlets: people.clone(),
            desks: people.clone(),
            search: people.clone(),
            systems: people.clone(),
            status: Links::new(&ServerSecret::test()),
            decisions: DecisionLinks::new(&ServerSecret::test()),
            reach: Reach::default(),
            push_key: Some("BCVx".to_owned()),
            attentions: Attentions::default(),
            configured: config.tenants,
            doors,
            owners: Default::default(),
            archive: records.clone(),
            broker: wire.clone(),
            files: Arc::new(Directory::new(directory_of_people.0.join("media"))),
            http: client(),
            server: config.server,
            people: Arc::new(Gate::new(people, Arc::new(InProcessLive::default())).unwrap()),
            live: Arc::new(InProcessLive::default()),
            metrics: None,
            stopping: stop.clone(),
        };
        let shared = App::new(parts, crate::api::forward::client().unwrap());
        // Whatever a test asks, the answer must be one that the document describes.
        let router = app(shared.clone()).layer(from_fn(judge));
        Self { router, shared, owner, wire, records, stop, _scratch: directory_of_people }
    }

    /// Sends a request; the answer's status and its JSON (null where there is none).
    async fn send(&self, request: Request<Body>) -> (StatusCode, Value) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    async fn call(&self, key: &str, method: &str, path: &str, body: &str) -> (StatusCode, Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }
}

/// A client that is never used.
fn client() -> reqwest::Client {
    // Another test may have installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}
