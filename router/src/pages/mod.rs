//! The pages people live in: desk, console, sign-in and chat, with their scripts, styles and texts, all in the binary.
//!
//! What needs no session ([`router`]) is served from here: assets, the chat widget and its page.
//! The rest is rendered for the code that knows the session or the configuration: [`desk`], [`sign_in`]. No page has an inline script or style
//! (the policy of [`headers`] forbids both), and no sentence of the desk lives in a script: its scripts clone
//! `<template>` elements that were rendered in the page's language.

mod about;
mod assets;
mod away;
mod case_parts;
mod chat;
mod company;
mod console;
mod decide;
mod desk;
mod desk_answers;
mod desk_authority;
mod desk_forms;
mod desk_macros;
mod desk_notes;
mod desk_parts;
mod desk_quality;
mod desk_worklist;
mod docs;
mod headers;
mod journey_parts;
mod language;
mod search;
mod shell;
mod sign_in;
mod status;
mod texts;
mod transcript;
mod widget;
mod work_views;

#[cfg(test)]
mod tests;

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;

pub use self::company::CompanyDoor;
pub use self::console::Section;
pub use self::decide::{Asked, StepUp};
pub use self::language::{Lang, Spoken};
pub use self::status::{Pledge, Shown, ShownCase};
pub use self::texts::said;
pub use self::transcript::{Part, Printed, SpokenLine, Voice};
use crate::directory::Role;
use crate::openapi::Open;
use crate::people::company::Refusal;

/// What a page that belongs to somebody is rendered with.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// The language, and whether the visitor asked for it just now.
    pub spoken: Spoken,
    /// The name of who is signed in; on the desk the configured one of the worker, which it says in its hello.
    pub user: &'a str,
    /// What the page's scripts send as `X-Blendline-CSRF` with every call that changes something.
    pub csrf: &'a str,
    /// The key with which the desk's browser subscribes to notices, where the installation sends any.
    pub push_key: Option<&'a str>,
}

/// The routes that need no session, for any state.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Vec<Open<S>> {
    vec![
        Open::get("/chat/widget.js", widget::serve, about::widget),
        Open::get("/chat/{account}", chat::serve, about::chat),
        Open::get("/desk-worker.js", away::worker, about::desk_worker),
        Open::get("/desk/away", away::serve, about::desk_away),
        Open::get("/docs", docs::serve, about::docs),
        Open::get("/assets/{version}/{*path}", assets::serve, about::asset),
    ]
}

/// These routes as a service.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Open::add(Router::new(), routes())
}

/// The desk of `page.user`.
pub fn desk(page: &Page<'_>) -> Response {
    away::allow_worker(headers::page(page.spoken, desk::markup(page)))
}

/// What a device of a worker's shows: `what` is the word of the notice, `queue` the name of the task's queue.
pub fn notice(lang: Lang, what: &str, queue: &str) -> String {
    desk::notice(lang.whole(), what, queue)
}

/// The console's page `section`, as somebody with this role sees it.
pub fn console(page: &Page<'_>, role: Role, section: Section) -> Response {
    headers::page(page.spoken, console::markup(page, role, section))
}

/// The console's page of the task `id`.
pub fn task(page: &Page<'_>, role: Role, id: &str) -> Response {
    headers::page(page.spoken, console::task(page, role, id))
}

/// The console's page of the case `id`.
pub fn case(page: &Page<'_>, role: Role, id: &str) -> Response {
    headers::page(page.spoken, console::case(page, role, id))
}

/// The console's page of the improvement `id`.
pub fn improvement(page: &Page<'_>, role: Role, id: &str) -> Response {
    headers::page(page.spoken, console::improvement(page, role, id))
}

/// Where a matter stands, for the customer.
pub fn status(spoken: Spoken, shown: &Shown) -> Response {
    headers::page(spoken, status::markup(spoken, shown))
}

/// What is asked of whoever has the link.
pub fn decide(spoken: Spoken, asked: &Asked) -> Response {
    headers::page(spoken, decide::markup(spoken, asked))
}

/// What stands where such a link does not work (any more).
pub fn decide_over(spoken: Spoken) -> Response {
    headers::page(spoken, decide::over(spoken))
}

/// What stands where a link does not work (any more).
pub fn status_over(spoken: Spoken) -> Response {
    headers::page(spoken, status::over(spoken))
}

/// One matter, to be printed.
pub fn transcript(page: &Page<'_>, printed: &Printed) -> Response {
    headers::page(page.spoken, transcript::markup(page, printed))
}

/// What stands where the desk would be, for who is signed in as `name` and is no worker: refused, and what to do.
pub fn no_desk(spoken: Spoken, name: &str, csrf: &str) -> Response {
    let mut response = headers::page(spoken, sign_in::no_desk(spoken.lang, name, csrf));
    *response.status_mut() = StatusCode::FORBIDDEN;
    response
}

/// The page to choose a password of one's own.
pub fn password(spoken: Spoken, csrf: &str) -> Response {
    headers::page(spoken, sign_in::password(spoken.lang, csrf))
}

/// The sign-in page with these ways in.
pub fn sign_in(spoken: Spoken, door: &CompanyDoor) -> Response {
    headers::page(spoken, sign_in::markup(spoken.lang, door))
}

/// Why somebody who came back from his company's provider was not let in.
pub fn company_refused(spoken: Spoken, refusal: Refusal) -> Response {
    headers::page(spoken, company::refused(spoken, refusal))
}
