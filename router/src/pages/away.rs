//! What the desk shows while the router is away: a page for everybody alike, which the browser keeps, and the service worker
//! that shows it.

use std::sync::LazyLock;

use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use maud::{Markup, html};

use super::language::{Lang, Spoken};
use super::texts::text;
use super::{assets, headers, shell};

/// The policy of the desk: the one of every page, but that one policy may name the address of its service worker.
const DESK_POLICY: &str = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; \
     frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types blendline-desk-worker";

/// The worker's script with the number of this build: another build's is another script to the browser.
static WORKER: LazyLock<String> =
    LazyLock::new(|| include_str!("assets/desk-worker.js").replace("{build}", assets::version()));

/// Lets the desk have its worker.
pub(super) fn allow_worker(mut desk: Response) -> Response {
    desk.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(DESK_POLICY));
    desk
}

/// What makes the desk an app that can be installed.
pub(super) fn manifest() -> Markup {
    html! {
        link rel="manifest" href=(assets::url("desk.webmanifest"));
        link rel="apple-touch-icon" href=(assets::url("icon-192.png"));
        meta name="theme-color" content="#0f6b66";
    }
}

/// Serves the worker. It stands at the root: a worker may not look after more than what lies below it.
pub(super) async fn worker(asked: HeaderMap) -> Response {
    assets::answer(&asked, "text/javascript; charset=utf-8", "no-cache", WORKER.as_bytes())
}

/// Serves the page. Whoever asks is the worker: the choice of language is not remembered.
pub(super) async fn serve(spoken: Spoken) -> Response {
    headers::page(Spoken { asked: false, ..spoken }, markup(spoken.lang.whole()))
}

/// The page.
pub(super) fn markup(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    let head = html! { script type="module" src=(assets::url("desk-away.js")) {} };
    let body = html! {
        main class="door" {
            (shell::brand())
            h1 { (t("desk-away-title")) }
            p { (t("desk-away-kept")) }
            p class="why" role="status" { (t("desk-away-again")) }
            button type="button" class="primary" id="now" { (t("desk-away-now")) }
        }
    };
    shell::page(lang, &format!("{} · Blendline", t("desk-title")), "entrance", &head, &body)
}
