//! Users of a tenant, for those who manage them.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use blendline_wire::Pii;
use blendline_wire::time::Instant;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::auth::{Caller, forbidden};
use super::json::Strict;
use super::page::{Limit, Page, Params};
use super::problem::Failure;
use super::sessions::failure;
use super::{Shared, now};
use crate::directory::Role;
use crate::people::name::folded;
use crate::people::password::{one_time, weakness};
use crate::people::{NewUser, Refused};
use crate::ports::people::{Deed, User, UserChange};

/// A user, without his password's hash.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserInfo {
    /// The name as it was written.
    name: String,
    /// What he may do.
    role: Role,
    /// The worker he is; null for those who take no tasks.
    #[schema(required)]
    worker: Option<String>,
    /// True when he may not sign in.
    disabled: bool,
    /// True until he has chosen a password of his own.
    must_change: bool,
    /// Since when he is known.
    created_at: Instant,
    /// Told once, where it was made here.
    #[serde(skip_serializing_if = "Option::is_none")]
    one_time_password: Option<String>,
}

impl UserInfo {
    fn of(user: User) -> Self {
        let User { display, role, worker, disabled, must_change, created_at, .. } = user;
        Self {
            name: display,
            role,
            worker,
            disabled,
            must_change,
            created_at: Instant(created_at),
            one_time_password: None,
        }
    }
}

/// A user to be added.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserAddition)]
pub struct Addition {
    /// The name to sign in with.
    name: String,
    /// What he may do; not `integrator`, which is for programs.
    role: Role,
    /// The worker he is, for the role `worker`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    worker: Option<String>,
    /// For the first sign-in; without one it is made and told once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<Pii<String>>,
}

/// A change of a user; what is not named stays.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserChange)]
pub struct Change {
    /// What he may do from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
    /// The worker he is from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    worker: Option<String>,
    /// Whether he may not sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    disabled: Option<bool>,
    /// For the next sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<Pii<String>>,
    /// Makes a password for the next sign-in and tells it once.
    #[serde(default)]
    reset_password: bool,
}

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Those after this name.
    #[serde(default)]
    after: String,
    /// How many at most; left out, 50.
    #[serde(default)]
    #[param(inline)]
    limit: Limit,
}

/// All users, by name.
pub async fn list(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(wanted): Params<Wanted>,
) -> Result<Json<Page<UserInfo>>, Failure> {
    let found = app.people().record().users(caller.tenant, &folded(&wanted.after), wanted.limit.0).await?;
    Ok(Json(Page::of(found, wanted.limit, |user: &User| user.name.clone(), UserInfo::of)))
}

/// Adds a user; he must choose a password of his own at his first sign-in.
pub async fn add(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Strict(said): Strict<Addition>,
) -> Result<(StatusCode, Json<UserInfo>), Failure> {
    may_give(&caller, said.role)?;
    known_worker(&app, &caller, said.worker.as_deref())?;
    let made = if said.password.is_none() { Some(one_time().map_err(|error| failure(error.into()))?) } else { None };
    let password = said.password.as_ref().map(|password| password.expose().as_str()).or(made.as_deref());
    let tenant = app.directory().tenants.get(&caller.tenant).cloned().unwrap_or_default();
    let Addition { name, role, worker, .. } = &said;
    let user = NewUser {
        tenant: (caller.tenant, tenant),
        name: name.clone(),
        role: *role,
        worker: worker.clone(),
        must_change: true,
    };
    let added = app.people().add(now(), &caller.actor, user, password.unwrap_or_default()).await.map_err(failure)?;
    Ok((StatusCode::CREATED, Json(UserInfo { one_time_password: made, ..UserInfo::of(added) })))
}

/// Changes a user. His sessions end at once, open connections too.
pub async fn change(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(name): Path<String>,
    Strict(said): Strict<Change>,
) -> Result<Json<UserInfo>, Failure> {
    let compared = folded(&name);
    let user = app.people().record().user(caller.tenant, &compared).await?;
    let user = user.ok_or_else(|| failure(Refused::Absent))?;
    may_give(&caller, user.role)?;
    let own = caller.person.as_ref().is_some_and(|person| person.name == compared);
    if own {
        let detail = "nobody changes his own role or lets himself out: ask another; the password has its own address";
        return Err(Failure::new(StatusCode::CONFLICT, "own_user", "This is your own user", detail));
    }
    known_worker(&app, &caller, said.worker.as_deref())?;
    let role = said.role.unwrap_or(user.role);
    may_give(&caller, role)?;
    let moved = said.role.is_some() || said.worker.is_some();
    // Who stops being a worker is none; who stays one stays the same unless another is named.
    let worker = said.worker.clone().or_else(|| user.worker.clone().filter(|_| role == Role::Worker));
    let (password, made) = new_password(&app, &caller, &user, &said).await?;
    let change = UserChange {
        tenant: caller.tenant,
        name: compared,
        only_if: Some(user.role),
        role: moved.then_some((role, worker)),
        disabled: said.disabled,
        // A new password is for who cannot come in any other way: another account of the company may be his now.
        company: password.is_some().then_some(None),
        password,
    };
    if !moved && change.disabled.is_none() && change.password.is_none() {
        return Err(Failure::bad("/", "name what is to change: role, worker, disabled, password or reset_password"));
    }
    let deed = Deed { at: now(), actor: caller.actor.clone(), what: "user_changed" };
    let changed = app.people().change(&change, &deed).await.map_err(failure)?;
    Ok(Json(UserInfo { one_time_password: made, ..UserInfo::of(changed) }))
}

type NewPassword = (Option<(String, bool)>, Option<String>);

/// The hash of the password that a change sets, and the password itself where it was made here.
async fn new_password(app: &Shared, caller: &Caller, user: &User, said: &Change) -> Result<NewPassword, Failure> {
    let made = if said.reset_password { Some(one_time().map_err(|error| failure(error.into()))?) } else { None };
    let Some(password) = made.as_deref().or(said.password.as_ref().map(|password| password.expose().as_str())) else {
        return Ok((None, None));
    };
    let directory = app.directory();
    let tenant = directory.tenants.get(&caller.tenant).map_or("", String::as_str);
    if let Some(why) = weakness(password, &user.name, tenant) {
        return Err(failure(Refused::Weak(why)));
    }
    let hash = app.people().passwords().hash(password).await.map_err(|error| failure(error.into()))?;
    Ok((Some((hash, true)), made))
}

/// Only an administrator makes, changes or becomes one through others.
fn may_give(caller: &Caller, role: Role) -> Result<(), Failure> {
    if role == Role::Admin && caller.role != Role::Admin {
        return Err(forbidden("only an administrator may do this to an administrator"));
    }
    Ok(())
}

fn known_worker(app: &Shared, caller: &Caller, name: Option<&str>) -> Result<(), Failure> {
    match name {
        Some(name) if app.directory().worker(caller.tenant, name).is_none() => {
            Err(Failure::not_found("worker", format!("no worker is called `{name}`")).at("/worker"))
        }
        _ => Ok(()),
    }
}
