//! The pages that belong to a session: who has none is led to the sign-in page.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use blendline_wire::{CaseId, ImprovementId, TaskId};

use super::auth::{forbidden, session_secret};
use super::problem::Failure;
use super::{Shared, now};
use crate::directory::Role;
use crate::pages::{self, Section, Spoken};
use crate::people::SignedIn;

/// The front door: to one's page, or to the sign-in page.
pub async fn home(State(app): State<Shared>, headers: HeaderMap) -> Result<Redirect, Failure> {
    let role = visitor(&app, &headers).await?.map(|person| person.role);
    Ok(Redirect::to(match role {
        None => "/sign-in",
        Some(Role::Worker) => "/desk",
        Some(_) => "/console",
    }))
}

/// The desk of the worker who is signed in.
pub async fn desk(State(app): State<Shared>, spoken: Spoken, headers: HeaderMap) -> Result<Response, Failure> {
    let person = match known(&app, &headers, "/desk").await? {
        Ok(person) => person,
        Err(elsewhere) => return Ok(elsewhere.into_response()),
    };
    let Some(worker) = &person.worker else {
        return Ok(pages::no_desk(spoken.whole(), &person.display, &person.csrf));
    };
    let page = pages::Page { spoken: spoken.whole(), user: worker, csrf: &person.csrf, push_key: app.push_key() };
    Ok(pages::desk(&page))
}

/// The console, at the first page that one may see.
pub async fn console_home(State(app): State<Shared>, headers: HeaderMap) -> Result<Redirect, Failure> {
    match known(&app, &headers, "/console").await? {
        Ok(person) => {
            let first = Section::first(person.role).ok_or_else(|| no_console(&person))?;
            Ok(Redirect::to(&format!("/console/{}", first.name())))
        }
        Err(elsewhere) => Ok(elsewhere),
    }
}

/// A page of the console.
pub async fn console(
    State(app): State<Shared>,
    spoken: Spoken,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let section = Section::named(&name).ok_or_else(no_page)?;
    in_console(&app, &headers, section, |person| pages::console(&page(spoken, person), person.role, section)).await
}

/// The page of one task.
pub async fn console_task(
    State(app): State<Shared>,
    spoken: Spoken,
    headers: HeaderMap,
    Path(text): Path<String>,
) -> Result<Response, Failure> {
    let id: TaskId = text.parse().map_err(|_| no_page())?;
    let task = id.to_string();
    in_console(&app, &headers, Section::Work, |person| pages::task(&page(spoken, person), person.role, &task)).await
}

/// The page of one case.
pub async fn console_case(
    State(app): State<Shared>,
    spoken: Spoken,
    headers: HeaderMap,
    Path(text): Path<String>,
) -> Result<Response, Failure> {
    let id: CaseId = text.parse().map_err(|_| no_page())?;
    let case = id.to_string();
    in_console(&app, &headers, Section::Cases, |person| pages::case(&page(spoken, person), person.role, &case)).await
}

/// The page of one thing that should change.
pub async fn console_improvement(
    State(app): State<Shared>,
    spoken: Spoken,
    headers: HeaderMap,
    Path(text): Path<String>,
) -> Result<Response, Failure> {
    let id: ImprovementId = text.parse().map_err(|_| no_page())?;
    let id = id.to_string();
    let render = |person: &SignedIn| pages::improvement(&page(spoken, person), person.role, &id);
    in_console(&app, &headers, Section::Improvements, render).await
}

async fn in_console(
    app: &Shared,
    headers: &HeaderMap,
    section: Section,
    render: impl FnOnce(&SignedIn) -> Response,
) -> Result<Response, Failure> {
    match known(app, headers, &format!("/console/{}", section.name())).await? {
        Ok(person) if section.is_for(person.role) => Ok(render(&person)),
        Ok(person) => Err(no_console(&person)),
        Err(elsewhere) => Ok(elsewhere.into_response()),
    }
}

fn page(spoken: Spoken, person: &SignedIn) -> pages::Page<'_> {
    pages::Page { spoken: spoken.whole(), user: &person.display, csrf: &person.csrf, push_key: None }
}

fn no_page() -> Failure {
    let detail = "the console has no such page: /console leads to those that it has";
    Failure::new(StatusCode::NOT_FOUND, "unknown_url", "There is no such address", detail)
}

fn no_console(person: &SignedIn) -> Failure {
    forbidden(format!("{} may not see this page", person.display))
}

/// Where who is signed in changes his password.
pub async fn password(State(app): State<Shared>, spoken: Spoken, headers: HeaderMap) -> Result<Response, Failure> {
    match visitor(&app, &headers).await? {
        Some(person) => Ok(pages::password(spoken.whole(), &person.csrf)),
        None => Ok(Redirect::to("/sign-in?next=/password").into_response()),
    }
}

/// Who is signed in with a password of his own; else where that is mended, and from there to `next`.
pub(super) async fn known(
    app: &Shared,
    headers: &HeaderMap,
    next: &str,
) -> Result<Result<SignedIn, Redirect>, Failure> {
    Ok(match visitor(app, headers).await? {
        None => Err(Redirect::to(&format!("/sign-in?next={next}"))),
        Some(person) if person.must_change => Err(Redirect::to(&format!("/password?next={next}"))),
        Some(person) => Ok(person),
    })
}

async fn visitor(app: &Shared, headers: &HeaderMap) -> Result<Option<SignedIn>, Failure> {
    match session_secret(app, headers) {
        Some(secret) => Ok(app.people().session(now(), &secret).await?),
        None => Ok(None),
    }
}
