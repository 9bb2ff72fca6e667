//! The pages that belong to a session: who has none is led to the sign-in page.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};

use super::auth::session_secret;
use super::problem::Failure;
use super::{Shared, now};
use crate::pages::{self, Spoken};
use crate::people::SignedIn;

/// The front door: to one's page, or to the sign-in page.
pub async fn home() -> Redirect {
    // The desk knows who may see it.
    Redirect::to("/desk")
}

/// The desk of the worker who is signed in.
pub async fn desk(State(app): State<Shared>, spoken: Spoken, headers: HeaderMap) -> Result<Response, Failure> {
    let Some(person) = visitor(&app, &headers).await? else {
        return Ok(Redirect::to("/sign-in?next=/desk").into_response());
    };
    if person.must_change {
        return Ok(Redirect::to("/password?next=/desk").into_response());
    }
    let Some(worker) = &person.worker else {
        return Ok(pages::no_desk(spoken.whole(), &person.display, &person.csrf));
    };
    Ok(pages::desk(&pages::Page { spoken: spoken.whole(), user: worker, csrf: &person.csrf }))
}

/// Where who is signed in changes his password.
pub async fn password(State(app): State<Shared>, spoken: Spoken, headers: HeaderMap) -> Result<Response, Failure> {
    match visitor(&app, &headers).await? {
        Some(person) => Ok(pages::password(spoken.whole(), &person.csrf)),
        None => Ok(Redirect::to("/sign-in?next=/password").into_response()),
    }
}

async fn visitor(app: &Shared, headers: &HeaderMap) -> Result<Option<SignedIn>, Failure> {
    match session_secret(app, headers) {
        Some(secret) => Ok(app.people().session(now(), &secret).await?),
        None => Ok(None),
    }
}
