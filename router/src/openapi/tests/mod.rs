//! The document is what is committed, describes every route and nothing else, and says what is true.

pub(crate) mod judge;
mod samples;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::Value;
use tower::ServiceExt as _;

use self::judge::{DOCUMENT, fits, resolve, step};
use super::document::{document, named_schemas, role_name, routes};
use crate::api;
use crate::api::tests::key;

const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

#[test]
fn the_committed_document_is_this_programs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let text = serde_json::to_string_pretty(&document()).unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = committed.lines().zip(text.lines()).position(|(old, new)| old != new);
    let line = differs.unwrap_or_else(|| committed.lines().count().min(text.lines().count())) + 1;
    assert!(committed == text, "{} differs from line {line} on: UPDATE=1 cargo test rewrites it", path.display());
}

/// The operations of the document by path, as (method, operation).
fn operations() -> BTreeMap<&'static str, Vec<(String, &'static Value)>> {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let of_path = |item: &'static Value| {
        item.as_object().unwrap().iter().map(|(method, operation)| (method.to_uppercase(), operation)).collect()
    };
    paths.iter().map(|(path, item)| (path.as_str(), of_path(item))).collect()
}

/// Everything the program serves, as `serve` puts it together.
async fn whole_app() -> (api::tests::World, Router) {
    let world = api::tests::World::new().await;
    let chat = crate::chat::tests::World::new("", "").await;
    let router = world.router.clone().merge(chat.app);
    (world, router)
}

/// A path of this template that names something, or nothing that matters.
fn path(template: &str) -> String {
    let name = if template.starts_with("/v1/chat") { "site" } else { "acme" };
    template.replace("{id}", "tsk_7").replace("{account}", name).replace(['{', '}'], "")
}

#[tokio::test]
async fn every_described_method_is_served_and_no_other() {
    let (_world, router) = whole_app().await;
    for (template, described) in operations() {
        for method in METHODS {
            let request = Request::builder().method(&method).uri(path(template)).body(Body::empty()).unwrap();
            let served = router.clone().oneshot(request).await.unwrap().status() != 405;
            let is_described = described.iter().any(|(known, _)| known == method.as_str());
            assert_eq!(served, is_described, "{method} {template}");
        }
    }
}

#[test]
fn the_document_is_the_tables_of_routes() {
    let served: BTreeSet<(String, String)> =
        routes().iter().map(|(method, path, _)| (path.replace("{*", "{"), method.as_str().to_owned())).collect();
    let described: BTreeSet<(String, String)> = operations()
        .into_iter()
        .flat_map(|(path, methods)| methods.into_iter().map(move |(method, _)| (path.to_owned(), method)))
        .collect();
    assert_eq!(served, described);
    assert_eq!(routes().len(), served.len(), "a route stands twice in the tables");
}

/// A route that is no line of a table would be in no document: nothing else may add one.
#[test]
fn no_route_is_added_past_the_tables() {
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut adders = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            // Cut in two, so that this file is not found by itself.
            if text.contains(concat!(".rou", "te(")) || text.contains(concat!(".nest", "(")) {
                adders.push(path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display().to_string());
            }
        }
    }
    adders.sort();
    // The second is the platform of the demo, which is no part of the program's own API.
    assert_eq!(adders, ["src/api/routes.rs", "src/cli/platform.rs", "src/openapi/mod.rs"]);
}

#[test]
fn roles_are_those_of_the_table() {
    for route in api::routes::routes() {
        let method = route.method.as_str().to_lowercase();
        let operation = &DOCUMENT["paths"][route.path][&method];
        let roles: Vec<String> = route.roles.iter().map(|role| role_name(*role)).collect();
        let place = format!("{method} {}", route.path);
        assert_eq!(operation["security"][0]["key"], Value::from(roles.clone()), "{place}");
        assert_eq!(operation["security"][1]["session"], Value::from(roles.clone()), "{place}");
        assert_eq!(operation["security"][1].get("page").is_some(), !route.method.is_safe(), "{place}");
        let text = operation["description"].as_str().unwrap();
        assert!(roles.iter().all(|role| text.contains(&format!("`{role}`"))), "{place}: {text}");
    }
}

#[test]
fn operations_have_names_places_and_words() {
    let mut ids = BTreeSet::new();
    for (path, methods) in operations() {
        for (method, operation) in methods {
            let place = format!("{method} {path}");
            let id = operation["operationId"].as_str().unwrap();
            assert!(id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{place}: {id}");
            assert!(ids.insert(id), "{id} is the name of two operations");
            assert!(!operation["summary"].as_str().unwrap().ends_with('.'), "{place}: a summary is no sentence");
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let named: BTreeSet<&str> = parameters
                .filter(|parameter| parameter["in"] == "path")
                .map(|parameter| parameter["name"].as_str().unwrap())
                .collect();
            let braced = path.split('{').skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
            assert_eq!(named, braced, "{place}");
        }
    }
}

#[test]
fn references_lead_somewhere_and_every_schema_is_used() {
    let text = DOCUMENT.to_string();
    let mut used = BTreeSet::new();
    for reference in text.split("\"$ref\":\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(DOCUMENT.pointer(reference).is_some(), "{reference} leads nowhere");
        used.insert(reference);
    }
    // The frames of the WebSockets are named in the text only: an OpenAPI operation has no place for them.
    let in_text = ["ClientFrame", "ChatHello", "ChatFrame"];
    for name in DOCUMENT["components"]["schemas"].as_object().unwrap().keys() {
        let is_used = used.contains(format!("/components/schemas/{name}").as_str());
        assert!(is_used || in_text.contains(&name.as_str()), "nothing uses {name}");
    }
}

#[test]
fn words_are_for_readers_of_the_document() {
    let text = DOCUMENT.to_string();
    for (leftover, why) in [
        ("[`", "a link of rustdoc"),
        ("DESIGN.md", "a file nobody has"),
        ("blendline_wire", "Rust"),
        ("`None`", "Rust"),
    ] {
        assert!(
            !text.contains(leftover),
            "{why}: …{}",
            text.split(leftover).nth(1).unwrap_or_default().get(..80).unwrap()
        );
    }
    let mut open = vec![(String::new(), &*DOCUMENT)];
    while let Some((place, value)) = open.pop() {
        match value {
            Value::Object(fields) => {
                let properties = place.ends_with("/properties");
                for (name, field) in fields {
                    let bare = properties && field.get("description").is_none() && field.get("$ref").is_none();
                    let tag = field["enum"].as_array().is_some_and(|words| words.len() == 1);
                    let referring = ["oneOf", "allOf"].iter().any(|of| field.get(of).is_some());
                    assert!(!bare || tag || referring, "{place}/{name} has no words");
                    open.push((format!("{place}/{name}"), field));
                }
            }
            Value::Array(items) => {
                open.extend(items.iter().enumerate().map(|(index, item)| (format!("{place}/{index}"), item)));
            }
            _ => {}
        }
    }
}

#[test]
fn two_types_never_share_a_name() {
    let mut known = BTreeMap::new();
    for (name, schema) in named_schemas() {
        let schema = serde_json::to_value(schema).unwrap();
        let other = known.entry(name.clone()).or_insert_with(|| schema.clone());
        assert_eq!(*other, schema, "two types are called {name}");
    }
}

/// The places of all contents with an example, with what they are of.
fn examples() -> Vec<(String, &'static str, String)> {
    let mut found = Vec::new();
    for (path, methods) in operations() {
        for (method, operation) in methods {
            let place = format!("/paths{}{}", step(path), step(&method.to_lowercase()));
            let responses = operation["responses"].as_object().unwrap().keys();
            let answers = responses.map(|status| resolve(&format!("{place}/responses/{status}")));
            for of in answers.chain([format!("{place}/requestBody")]) {
                for media_type in DOCUMENT.pointer(&of).and_then(|it| it["content"].as_object()).into_iter().flatten() {
                    found.push((method.clone(), path, format!("{of}/content{}", step(media_type.0))));
                }
            }
        }
    }
    found
}

#[test]
fn examples_are_as_their_schemas_say() {
    let mut count = 0;
    for (method, path, content) in examples() {
        let Some(example) = DOCUMENT.pointer(&content).and_then(|content| content.get("example")) else { continue };
        if let Err(error) = fits(&format!("{content}/schema"), example) {
            panic!("{method} {path}, {content}: {error}");
        }
        count += 1;
    }
    assert!(200 < count, "only {count} examples");
}

#[tokio::test]
async fn example_bodies_are_understood() {
    let (_world, router) = whole_app().await;
    let mut count = 0;
    for (method, template, content) in examples() {
        let body = DOCUMENT.pointer(&content).and_then(|content| content.get("example"));
        let Some(body) = body.filter(|_| content.contains("/requestBody/")) else { continue };
        let request = Request::builder()
            .method(method.as_str())
            .uri(path(template))
            .header("authorization", format!("Bearer {}", key("acme", "admin")))
            .header("content-type", "application/json")
            .header("origin", crate::chat::tests::SHOP);
        let request = match template {
            // Signing in is for our own pages.
            "/v1/sessions" => Request::post(template).header("content-type", "application/json"),
            _ => request,
        };
        let response = router.clone().oneshot(request.body(Body::from(body.to_string())).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        let problem: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        // A worker must be named where the key is bound to none, and about sessions a key is told so.
        let known = ["/worker", "Cookie"].iter().any(|field| problem["field"] == *field);
        assert!(known || ![400, 413, 415].contains(&status), "{method} {template}: {status} {problem}");
        count += 1;
    }
    assert_eq!(count, 62, "bodies");
}
