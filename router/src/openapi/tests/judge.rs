//! Holds real answers against the document: status, media type, body, and the code of a problem.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::LazyLock;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::Response;
use boon::{Compiler, Draft, SchemaIndex, Schemas};
use serde_json::Value;

use crate::openapi::document::document;

/// The document as its readers have it.
pub(crate) static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::to_value(document()).unwrap());

const ADDRESS: &str = "https://blendline.example/openapi.json";

/// Compiled schemas, each by its place in the document.
struct Bench {
    compiler: Compiler,
    schemas: Schemas,
    known: HashMap<String, SchemaIndex>,
}

impl Bench {
    fn new() -> Self {
        let mut compiler = Compiler::new();
        compiler.set_default_draft(Draft::V2020_12);
        compiler.enable_format_assertions();
        compiler.add_resource(ADDRESS, DOCUMENT.clone()).unwrap();
        Self { compiler, schemas: Schemas::new(), known: HashMap::new() }
    }
}

thread_local! {
    /// One for each thread, as the compiler cannot be shared.
    static BENCH: RefCell<Bench> = RefCell::new(Bench::new());
}

/// Whether `value` is as the schema at `place`, a JSON pointer into the document, says.
pub(crate) fn fits(place: &str, value: &Value) -> Result<(), String> {
    BENCH.with_borrow_mut(|Bench { compiler, schemas, known }| {
        let index = *known.entry(place.to_owned()).or_insert_with(|| {
            // A pointer is a part of an address here.
            let place = place.replace('{', "%7B").replace('}', "%7D");
            compiler.compile(&format!("{ADDRESS}#{place}"), schemas).unwrap()
        });
        schemas.validate(value, index).map_err(|error| format!("{error:#}\nin {value:#}"))
    })
}

/// One more step of a JSON pointer.
pub(crate) fn step(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// Where `place` leads, references followed.
pub(crate) fn resolve(place: &str) -> String {
    match DOCUMENT.pointer(place).and_then(|found| found["$ref"].as_str()) {
        Some(reference) => resolve(reference.strip_prefix('#').unwrap()),
        None => place.to_owned(),
    }
}

/// The template of the document that `path` is of; the one with the fewest names in braces where there are several.
fn template(path: &str) -> Option<&'static str> {
    let matches = |template: &&String| {
        let (mut path, mut parts) = (path.split('/'), template.split('/'));
        loop {
            match (path.next(), parts.next()) {
                (None, None) => return true,
                (Some(one), Some(part)) if one == part || part.starts_with('{') && !one.is_empty() => {}
                (Some(_), None) => return template.starts_with("/assets/"),
                _ => return false,
            }
        }
    };
    let templates = DOCUMENT["paths"].as_object().unwrap().keys().filter(matches);
    templates.min_by_key(|template| template.matches('{').count()).map(String::as_str)
}

/// What is wrong with an answer.
fn check(method: &Method, path: &str, answer: (u16, &str, &[u8])) -> Result<(), String> {
    let (status, media_type, body) = answer;
    let json = || serde_json::from_slice::<Value>(body).map_err(|error| error.to_string());
    let Some(template) = template(path) else {
        return if json()?["code"] == "unknown_url" { Ok(()) } else { Err("an address that is not described".into()) };
    };
    let operation = format!("/paths{}{}", step(template), step(&method.as_str().to_lowercase()));
    if DOCUMENT.pointer(&operation).is_none() {
        let refused = status == 405 || *method == Method::OPTIONS;
        return if refused { Ok(()) } else { Err("a method that is not described".into()) };
    }
    let response = resolve(&format!("{operation}/responses/{status}"));
    let Some(described) = DOCUMENT.pointer(&response) else { return Err("a status that is not described".into()) };
    let Some(contents) = described["content"].as_object() else {
        return if body.is_empty() { Ok(()) } else { Err("a body that is not described".into()) };
    };
    let media_type = media_type.split(';').next().unwrap_or_default();
    if !contents.contains_key(media_type) && !template.starts_with("/assets/") {
        return Err(format!("the media type {media_type:?}, which is not described"));
    }
    if !media_type.ends_with("json") {
        return Ok(());
    }
    let value = json()?;
    fits(&format!("{response}/content{}/schema", step(media_type)), &value)?;
    let code = value["code"].as_str().map(|code| format!("`{code}`"));
    match code.filter(|_| media_type == "application/problem+json") {
        Some(code) if !described["description"].as_str().unwrap().contains(&code) => {
            Err(format!("the problem {code}, which is not described"))
        }
        _ => Ok(()),
    }
}

/// Stands around the app in all tests of the API: an answer that the document does not describe ends the test.
pub(crate) async fn judge(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let (head, body) = next.run(request).await.into_parts();
    let bytes = to_bytes(body, 8 << 20).await.unwrap();
    let media_type = head.headers.get(header::CONTENT_TYPE).map_or("", |value| value.to_str().unwrap());
    if let Err(error) = check(&method, &path, (head.status.as_u16(), media_type, &bytes)) {
        panic!("{method} {path} answered {} with {error}", head.status);
    }
    Response::from_parts(head, Body::from(bytes))
}
