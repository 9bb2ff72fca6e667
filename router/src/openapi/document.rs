//! The document, put together from the tables of routes.

use std::collections::BTreeMap;

use axum::http::Method;
use serde_json::json;
use utoipa::PartialSchema as _;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, OperationBuilder};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Components, Content, HttpMethod, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Paths, Ref, RefOr, Response,
    ResponseBuilder, Schema, SecurityRequirement, Server,
};

use super::about::{About, Credentials, Tag};
use super::faults::{self, Fault};
use super::{plain, variants};
use crate::directory::Role;
use crate::people::session::{CSRF_HEADER, Cookie};
use crate::{api, chat, pages};
use blendline_wire::Problem;

/// What a reader must know before the first request.
const INTRODUCTION: &str = "\
Blendline turns what customers write, and what other systems push in, into tasks and gives each to the right worker.

- **Who calls.** A program sends `Authorization: Bearer KEY`; a key has one tenant and one role. People's browsers have a \
session cookie, and send the page's token with everything that changes something. Each operation lists its roles.
- **Problems.** Whatever is wrong is answered by an RFC 9457 document: `code` is a stable word for programs, `field` \
names the place, `detail` the cure. Another tenant's things look like none at all: 404.
- **Bodies** are strict: an unknown or doubled field is refused, so a typing error never acts.
- **Lists** take `limit` (1 to 200) and `after`, and give `items` and `next`; give `next` as the following `after`.
- **Repeating** a call is safe where it has a key (`external_ref`, `key`) or a lease: the same again has no second effect.
- **Ids** such as `tsk_7` are opaque: compare them, never take them apart.
- **Times** are RFC 3339 text, and Unix milliseconds in the frames of workers, visitors, events and the audit log.
- **New fields and words** may come in answers: a client ignores what it does not know.";

/// Every route with what it says of itself, roles and common problems included.
pub fn routes() -> Vec<(Method, &'static str, About)> {
    let guarded = api::routes::routes().into_iter().map(|route| {
        let changes = !route.method.is_safe();
        let mut about = (route.about)();
        about.credentials = Credentials::Roles(route.roles, changes);
        about = about.fails(&[faults::UNAUTHORIZED, faults::FORBIDDEN, faults::RATE_LIMITED, faults::BUSY]);
        about = if changes { about.fails(&[faults::CSRF, faults::FOREIGN_PAGE]) } else { about };
        about = if route.early { about } else { about.fails(&[faults::MUST_CHANGE]) };
        (route.method, route.path, about)
    });
    let mut all: Vec<_> = guarded.collect();
    all.extend(api::routes::open_routes().into_iter().map(|route| (route.method, route.path, (route.about)())));
    all.extend(chat::routes().into_iter().map(|route| (route.method, route.path, (route.about)())));
    all.extend(pages::routes::<()>().into_iter().map(|route| (route.method, route.path, (route.about)())));
    all
}

/// The whole document.
pub fn document() -> OpenApi {
    let license = LicenseBuilder::new().name("Apache License 2.0").identifier(Some("Apache-2.0")).build();
    let info = InfoBuilder::new()
        .title("Blendline")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(INTRODUCTION))
        .license(Some(license));
    let tags = Tag::ALL.map(|tag| {
        let (name, says) = tag.words();
        utoipa::openapi::tag::TagBuilder::new().name(name).description(Some(says)).build()
    });
    let mut components = Components::new();
    for (name, scheme) in security_schemes() {
        components.add_security_scheme(name, scheme);
    }
    components.schemas.insert("Problem".to_owned(), Problem::schema());
    let mut paths = Paths::new();
    for (method, path, about) in routes() {
        components.schemas.extend(about.schemas.iter().cloned());
        let operation = operation(&about, &mut components.responses);
        // In axum `{*path}` is the rest of a path; here every part has a plain name.
        paths.add_path_operation(path.replace("{*", "{"), vec![http_method(&method)], operation);
    }
    variants::name_all(&mut components.schemas);
    let builder = OpenApiBuilder::new().info(info.build()).servers(Some([Server::new("/")])).paths(paths);
    let mut api = builder.components(Some(components)).tags(Some(tags)).build();
    plain::inline(&mut api);
    api
}

fn http_method(method: &Method) -> HttpMethod {
    match *method {
        Method::POST => HttpMethod::Post,
        Method::PUT => HttpMethod::Put,
        Method::PATCH => HttpMethod::Patch,
        Method::DELETE => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

fn operation(about: &About, problems: &mut BTreeMap<String, RefOr<Response>>) -> Operation {
    let mut builder = OperationBuilder::new()
        .operation_id(Some(about.id))
        .tag(about.tag.words().0)
        .summary(Some(about.summary))
        .description(description(about))
        .request_body(about.body.clone())
        .securities(Some(security(about.credentials)));
    for parameter in &about.parameters {
        builder = builder.parameter(parameter.clone());
    }
    for (status, response) in &about.answers {
        builder = builder.response(status.to_string(), response.clone());
    }
    for (status, faults) in by_status(&about.faults) {
        let codes: Vec<&str> = faults.iter().map(|fault| fault.code).collect();
        let name = codes.join("_or_");
        problems.entry(name.clone()).or_insert_with(|| problem(&faults).into());
        builder = builder.response(status.to_string(), Ref::from_response_name(name));
    }
    builder.build()
}

/// The faults of each status, by code.
pub fn by_status(faults: &[Fault]) -> BTreeMap<u16, Vec<Fault>> {
    let mut sorted = BTreeMap::<u16, Vec<Fault>>::new();
    for fault in faults {
        sorted.entry(fault.status).or_default().push(*fault);
    }
    for faults in sorted.values_mut() {
        faults.sort_unstable();
        faults.dedup();
    }
    sorted
}

fn description(about: &About) -> Option<String> {
    let roles = match about.credentials {
        Credentials::Roles(roles, _) => {
            let names: Vec<String> = roles.iter().map(|role| format!("`{}`", role_name(*role))).collect();
            format!("Roles: {}.", names.join(", "))
        }
        Credentials::None | Credentials::Visitor => String::new(),
    };
    let parts: Vec<&str> = [about.text, &roles].into_iter().filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join("\n\n"))
}

/// A role as configuration and document write it.
pub fn role_name(role: Role) -> String {
    format!("{role:?}").to_lowercase()
}

/// Names of roles stand where OAuth has scopes, as OpenAPI 3.1 allows.
fn security(credentials: Credentials) -> Vec<SecurityRequirement> {
    match credentials {
        Credentials::None => Vec::new(),
        Credentials::Visitor => vec![SecurityRequirement::new("visitor", [""; 0])],
        Credentials::Roles(roles, changes) => {
            let roles: Vec<String> = roles.iter().map(|role| role_name(*role)).collect();
            let session = SecurityRequirement::new("session", roles.clone());
            let session = if changes { session.add("page", [""; 0]) } else { session };
            vec![SecurityRequirement::new("key", roles), session]
        }
    }
}

fn security_schemes() -> [(&'static str, SecurityScheme); 4] {
    let bearer = |says: &str| {
        SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(says)).build())
    };
    let cookie = Cookie { secure: true }.name();
    [
        ("key", bearer("A program's key, as `blendline key new` makes it; its hash stands in the configuration.")),
        ("visitor", bearer("A visitor's token, from `POST /v1/chat/{account}/sessions`.")),
        (
            "session",
            SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
                cookie,
                "A person's session, from `POST /v1/sessions`; where `server.cookie_secure` is false: `blendline`.",
            ))),
        ),
        (
            "page",
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(
                CSRF_HEADER,
                "The session's token against foreign pages: `csrf` of `GET /v1/sessions/current`.",
            ))),
        ),
    ]
}

fn problem(faults: &[Fault]) -> Response {
    let lines: Vec<String> = faults.iter().map(|fault| format!("- `{}`: {}", fault.code, fault.says)).collect();
    let mut content = Content::new(Some(Ref::from_schema_name("Problem")));
    content.example = faults.first().map(|fault| {
        let Fault { status, code, says } = fault;
        json!({ "type": format!("/problems/{code}"), "title": says, "status": status, "detail": says, "code": code })
    });
    let mut response =
        ResponseBuilder::new().description(lines.join("\n")).content("application/problem+json", content).build();
    if faults.iter().any(|fault| matches!(fault.status, 429 | 503)) {
        let header = HeaderBuilder::new().schema(Some(u64::schema())).description(Some("In seconds."));
        response.headers.insert("Retry-After".to_owned(), header.build().into());
    }
    response
}

/// Every named schema that some route mentions, as often as it is mentioned.
pub fn named_schemas() -> Vec<(String, RefOr<Schema>)> {
    routes().into_iter().flat_map(|(_, _, about)| about.schemas).collect()
}
