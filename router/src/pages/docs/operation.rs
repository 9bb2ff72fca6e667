//! One operation: what it takes, what it answers, and how to try it.

use maud::{Markup, html};
use serde_json::Value;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::{Content, RefOr, Required, Response, Schema};

use super::{Entry, Names, schema, words};

/// The whole of it.
pub(super) fn section(entry: &Entry<'_>, names: Names<'_>) -> Markup {
    let operation = entry.operation;
    let parameters: Vec<&Parameter> = operation.parameters.iter().flatten().filter_map(whole).collect();
    let body = body(entry);
    html! {
        section class="operation" id=(entry.id()) {
            h3 { (entry.summary()) a class="anchor" href=(format!("#{}", entry.id())) aria-label="Link to this" { "#" } }
            p class="address" {
                span class="method" { (entry.method) } " "
                code { (entry.path) }
            }
            (words::blocks(operation.description.as_deref().unwrap_or_default(), names))
            @if !parameters.is_empty() {
                h4 { "Takes" }
                dl { @for parameter in &parameters { (place(parameter, names)) } }
            }
            @if let Some(body) = body {
                h4 { "Body" }
                @if let Some(schema) = &body.schema { p { (schema::short(schema)) } }
            }
            @if let Some(line) = curl(entry, body) {
                pre { code { (line) } }
            }
            h4 { "Answers" }
            dl {
                @for (status, response) in &operation.responses.responses {
                    @if let Some(response) = names.response(response) { (answer(status, response, names)) }
                }
            }
        }
    }
}

fn whole<T>(item: &RefOr<T>) -> Option<&T> {
    match item {
        RefOr::T(item) => Some(item),
        RefOr::Ref(_) => None,
    }
}

fn body<'a>(entry: &'a Entry<'_>) -> Option<&'a Content> {
    let body = entry.operation.request_body.as_ref().and_then(whole)?;
    body.content.values().next().and_then(whole)
}

fn place(parameter: &Parameter, names: Names<'_>) -> Markup {
    html! {
        dt {
            code { (parameter.name) }
            @if matches!(parameter.required, Required::True) { (schema::mark()) }
        }
        dd {
            span class="kind" {
                @if matches!(parameter.parameter_in, ParameterIn::Query) { "query, " }
                @if let Some(schema) = &parameter.schema { (schema::short(schema)) }
            }
            (words::line(parameter.description.as_deref().unwrap_or_default(), names))
        }
    }
}

fn answer(status: &str, response: &Response, names: Names<'_>) -> Markup {
    let json = response.content.get("application/json").and_then(whole);
    html! {
        dt { code { (status) } }
        dd {
            @if let Some(schema) = json.and_then(|content| content.schema.as_ref()).filter(|it| is_named(it)) {
                span class="kind" { (schema::short(schema)) }
            }
            (words::blocks(&response.description, names))
            @for (name, header) in &response.headers {
                @if let RefOr::T(header) = header {
                    p { "Header " code { (name) } ": " (words::line(header.description.as_deref().unwrap_or_default(), names)) }
                }
            }
            @if let Some(example) = json.and_then(|content| content.example.as_ref()) {
                details { summary { "as it may look" } pre { code { (pretty(example)) } } }
            }
        }
    }
}

fn is_named(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::Ref(_))
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// The line that tries it; `None` for a WebSocket, which curl cannot speak.
fn curl(entry: &Entry<'_>, body: Option<&Content>) -> Option<String> {
    if entry.operation.responses.responses.contains_key("101") {
        return None;
    }
    let mut line = String::from("curl -s");
    if entry.method != "GET" && !(entry.method == "POST" && body.is_some()) {
        line += " -X ";
        line += entry.method;
    }
    line += &format!(" \"$URL{}\"", entry.path.replace('{', "$").replace('}', ""));
    let security = serde_json::to_value(&entry.operation.security).unwrap_or_default();
    for (scheme, credential) in [("key", "$KEY"), ("visitor", "$TOKEN")] {
        if security.pointer("/0").and_then(|first| first.get(scheme)).is_some() {
            line += &format!(" \\\n  -H \"Authorization: Bearer {credential}\"");
        }
    }
    if let Some(example) = body.and_then(|body| body.example.as_ref()) {
        line += " \\\n  -H 'Content-Type: application/json' \\\n  -d '";
        // A quote inside a quoted word ends it, stands alone, and begins it again.
        line += &pretty(example).replace('\'', r"'\''");
        line += "'";
    }
    Some(line)
}
