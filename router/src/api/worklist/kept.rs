//! The views of open work that people keep for themselves, with how many tasks each shows.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use blendline_core::Scheduler;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::Shared;
use super::super::auth::Caller;
use super::super::json::Strict;
use super::super::page::Page;
use super::super::problem::{Failure, of_call};
use super::{Asked, Filter, Short, his_own, is_none, seen};
use crate::ports::desks::{VIEWS_MAX, View};

/// The longest name of a view, in bytes.
const NAME_BYTES_MAX: usize = 60;

/// A view that somebody keeps.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkView)]
pub struct ViewInfo {
    /// What he calls it.
    name: String,
    /// What it shows.
    filter: Filter,
    /// How many there are now; null where it names what is not there any more.
    #[schema(required)]
    count: Option<usize>,
    /// How many more there may be: the record was not read yet for their tags and language. The next call reads on.
    #[serde(skip_serializing_if = "is_none")]
    unread: usize,
}

/// The views of whoever asks, by name, each with how many tasks it shows now.
pub async fn views(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
) -> Result<Json<Page<ViewInfo>>, Failure> {
    let directory = app.directory();
    let kept = app.desks().views(caller.tenant, &caller.actor).await?;
    let filters: Vec<Filter> = kept.iter().map(|view| Filter::deserialize(&view.filter).unwrap_or_default()).collect();
    let asked = filters.iter().map(|filter| Asked::of(filter, caller.tenant, &directory).ok()).collect();
    let counts = counts(&app, &caller, asked).await?;
    let info = |((view, filter), (count, unread)): ((View, Filter), (Option<usize>, usize))| ViewInfo {
        name: view.name,
        filter,
        count,
        unread,
    };
    Ok(Json(Page { items: kept.into_iter().zip(filters).zip(counts).map(info).collect(), next: None }))
}

/// How many tasks each of some filters takes, and how many more it may take; `None` where it names what is not there.
async fn counts(
    app: &Shared,
    caller: &Caller,
    asked: Vec<Option<Asked>>,
) -> Result<Vec<(Option<usize>, usize)>, Failure> {
    let (tenant, own, rows) = (caller.tenant, his_own(caller), asked.clone());
    // In one pass over the tasks: how many each view takes by their rows, and which are to be looked at in the record.
    let look = move |core: &Scheduler| {
        let mut counts: Vec<(Option<usize>, usize)> = rows.iter().map(|asked| (asked.as_ref().map(|_| 0), 0)).collect();
        let mut open: Vec<(Short, Vec<usize>)> = Vec::new();
        for task in seen(core, tenant, own) {
            let mut of = Vec::new();
            for (place, asked) in rows.iter().enumerate() {
                let Some(asked) = asked.as_ref().filter(|asked| asked.takes(task)) else { continue };
                match &mut counts[place].0 {
                    Some(count) if !asked.wants_origin() => *count += 1,
                    _ => of.push(place),
                }
            }
            if !of.is_empty() {
                open.push((Short::of(task), of));
            }
        }
        (counts, open)
    };
    let seen = app.door(tenant).look(look).await;
    let (mut counts, open) = seen.map_err(|error| of_call(error, tenant, &app.directory()))?;
    let (shorts, of): (Vec<Short>, Vec<Vec<usize>>) = open.into_iter().unzip();
    let origins = app.origins().read(app.archive(), &shorts).await?;
    for (origin, places) in origins.into_iter().zip(of) {
        for place in places {
            let Some((Some(count), unread)) = counts.get_mut(place) else { continue };
            match (&origin, &asked[place]) {
                (None, _) => *unread += 1,
                (Some(origin), Some(asked)) if asked.takes_origin(origin) => *count += 1,
                _ => {}
            }
        }
    }
    Ok(counts)
}

/// Keeps a view under a name, in the place of the one that had it.
pub async fn put_view(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(name): Path<String>,
    Strict(filter): Strict<Filter>,
) -> Result<StatusCode, Failure> {
    let name = name.trim().to_owned();
    if name.is_empty() || NAME_BYTES_MAX < name.len() || name.contains(char::is_control) {
        return Err(Failure::bad("/name", "a view has a name of 1 to 60 bytes"));
    }
    Asked::of(&filter, caller.tenant, &app.directory())?;
    let kept = app.desks().views(caller.tenant, &caller.actor).await?;
    if VIEWS_MAX <= kept.len() && kept.iter().all(|view| view.name != name) {
        return Err(Failure::bad("/", format!("nobody keeps more than {VIEWS_MAX} views: remove one")));
    }
    let filter = serde_json::to_value(&filter).unwrap_or_default();
    let view = View { tenant: caller.tenant, owner: caller.actor.clone(), name, filter };
    app.desks().put_view(&view).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets a view.
pub async fn remove_view(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(name): Path<String>,
) -> Result<StatusCode, Failure> {
    if !name.contains('\0') {
        app.desks().remove_view(caller.tenant, &caller.actor, &name).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
