//! The reference of the API as a page, rendered from the OpenAPI document itself.
//!
//! It is plain HTML: no script, nothing from elsewhere, the same strict policy as every page. The viewers that exist are
//! scripts of 860 KB and more that want inline styles and a Trusted Types policy that lets every text become markup, on
//! the very origin that has the desk's session; for reading, finding and printing none of that is needed, and for trying
//! out each operation has its curl line. It needs no session, for the document needs none.

mod operation;
mod schema;
mod words;

use std::sync::LazyLock;

use axum::http::HeaderMap;
use axum::response::Response;
use maud::{Markup, html};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{Components, OpenApi, RefOr, Response as Answer, Schema};

use super::language::Lang;
use super::{assets, shell};
use crate::openapi::about::Tag;
use crate::openapi::document::document;

static PAGE: LazyLock<String> = LazyLock::new(|| markup(&document()).into_string());

/// Serves it.
pub(super) async fn serve(asked: HeaderMap) -> Response {
    assets::answer(&asked, "text/html; charset=utf-8", "no-cache", PAGE.as_bytes())
}

/// The named things of the document.
#[derive(Clone, Copy)]
struct Names<'a>(&'a Components);

impl<'a> Names<'a> {
    fn response(self, response: &'a RefOr<Answer>) -> Option<&'a Answer> {
        match response {
            RefOr::T(response) => Some(response),
            RefOr::Ref(reference) => match self.0.responses.get(name_of(&reference.ref_location))? {
                RefOr::T(response) => Some(response),
                RefOr::Ref(_) => None,
            },
        }
    }

    fn schemas(self) -> impl Iterator<Item = (&'a str, &'a Schema)> {
        self.0.schemas.iter().filter_map(|(name, schema)| match schema {
            RefOr::T(schema) => Some((name.as_str(), schema)),
            RefOr::Ref(_) => None,
        })
    }
}

/// The last part of a reference.
fn name_of(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or_default()
}

/// An operation and where it stands.
struct Entry<'a> {
    method: &'static str,
    path: &'a str,
    operation: &'a Operation,
}

impl Entry<'_> {
    fn id(&self) -> &str {
        self.operation.operation_id.as_deref().unwrap_or_default()
    }

    fn summary(&self) -> &str {
        self.operation.summary.as_deref().unwrap_or_default()
    }

    fn is_in(&self, tag: Tag) -> bool {
        self.operation.tags.iter().flatten().any(|name| name == tag.words().0)
    }
}

fn entries(api: &OpenApi) -> Vec<Entry<'_>> {
    let mut entries = Vec::new();
    for (path, item) in &api.paths.paths {
        let PathItem { get, post, patch, delete, .. } = item;
        for (method, operation) in [("GET", get), ("POST", post), ("PATCH", patch), ("DELETE", delete)] {
            entries.extend(operation.as_ref().map(|operation| Entry { method, path, operation }));
        }
    }
    entries
}

/// The page of this document.
fn markup(api: &OpenApi) -> Markup {
    let Some(components) = &api.components else { return html! {} };
    let (names, entries) = (Names(components), entries(api));
    let title = format!("{} API {}", api.info.title, api.info.version);
    let head = html! { link rel="stylesheet" href=(assets::url("docs.css")); };
    let body = html! {
        a class="skip" href="#reference" { "To the reference" }
        nav aria-label="Contents" {
            p { (shell::brand()) }
            p { a href="/v1/openapi.json" { "openapi.json" } }
            @for tag in Tag::ALL {
                details open {
                    summary { (tag.words().0) }
                    ul {
                        @for entry in entries.iter().filter(|entry| entry.is_in(tag)) {
                            li { a href=(format!("#{}", entry.id())) { (entry.summary()) } }
                        }
                    }
                }
            }
            details {
                summary { "types" }
                ul { @for (name, _) in names.schemas() { li { a href=(format!("#type-{name}")) { (name) } } } }
            }
        }
        main id="reference" {
            header {
                h1 { (title) }
                (words::blocks(api.info.description.as_deref().unwrap_or_default(), names))
            }
            @for tag in Tag::ALL {
                section class="group" id=(format!("tag-{}", tag.words().0)) {
                    h2 { (tag.words().0) }
                    p { (tag.words().1) }
                    @for entry in entries.iter().filter(|entry| entry.is_in(tag)) { (operation::section(entry, names)) }
                }
            }
            section class="group" id="types" {
                h2 { "types" }
                p { "What bodies are made of. A field with a mark " (schema::mark()) " is always there." }
                @for (name, schema) in names.schemas() { (schema::section(name, schema, names)) }
            }
        }
    };
    shell::page(Lang::En, &title, "docs", &head, &body)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn everything_is_on_the_page_and_every_link_leads_there() {
        let api = document();
        let page = markup(&api).into_string();
        let quoted = |start: &str| -> BTreeSet<&str> {
            page.split(start).skip(1).filter_map(|rest| rest.split('"').next()).collect()
        };
        let places = quoted(" id=\"");
        for link in quoted(" href=\"#") {
            assert!(places.contains(link), "#{link} leads nowhere");
        }
        let operations = entries(&api);
        assert!(operations.iter().all(|entry| places.contains(entry.id())));
        assert_eq!(page.matches("class=\"operation\"").count(), operations.len(), "each in one group");
        let named = Names(api.components.as_ref().unwrap()).schemas().count();
        assert_eq!(page.matches("class=\"type\"").count(), named);
    }

    #[test]
    fn it_is_plain_and_asks_nobody_else() {
        let page = markup(&document()).into_string();
        for never in ["<script", "<style", " style=", "src=\"http", "href=\"http", "@import"] {
            assert!(!page.contains(never), "{never}");
        }
        // The line to try has an example in it that is quoted for a shell.
        assert!(page.contains("curl -s &quot;$URL/v1/tasks/$id/settle&quot;"));
    }
}
