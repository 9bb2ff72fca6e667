//! Work items that other systems push in.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use blendline_core::Answer;
use blendline_core::input::{Class, Relaxation};
use blendline_core::limits::RELAXATIONS_MAX;
use blendline_wire::org::{FieldValue, Fields};
use blendline_wire::task::SkillNeed;
use blendline_wire::{ConversationId, Pii, QueueId, TenantId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::Caller;
use super::json::Strict;
use super::problem::{Failure, of_call};
use super::tasks::owned;
use super::{Shared, view};
use crate::config::did_you_mean;
use crate::directory::Directory;
use crate::handle::Call;
use crate::payload::ItemOrigin;

/// What the caller's own reference and title may hold at most, in bytes.
const REFERENCE_MAX: usize = 200;
const TITLE_MAX: usize = 1000;
const STRAIN_MAX: u8 = 10;
/// Characters of what kind an item is, and of where it came from.
const WORD_MAX: usize = 100;

/// A work item.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The queue's name; left out, the rules send it, and what is said here besides counts before what they say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    queue: Option<String>,
    /// What kind of item it is, for rules: `item.kind`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100)]
    kind: Option<String>,
    /// The system that pushes it, for rules: `item.source`; left out, the name of its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100)]
    source: Option<String>,
    /// The caller's own id of it, 1 to 200 bytes: pushing it twice makes one task.
    #[schema(min_length = 1, max_length = 200)]
    external_ref: String,
    /// What it is about, in one line of at most 1000 bytes.
    title: Pii<String>,
    /// The rest of it.
    #[serde(default)]
    text: Option<Pii<String>>,
    /// What the tenant records about it.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, FieldValue>)]
    fields: Fields,
    /// Skills that it takes, each with the lowest level that will do, 1 to 10.
    #[serde(default)]
    skills: BTreeMap<String, u8>,
    /// What will do instead once it has waited for so long, in order; at most eight steps.
    #[serde(default)]
    #[schema(max_items = 8)]
    relax: Vec<RelaxedSkills>,
    /// How soon it should be responded to, in milliseconds; left out, the queue's target counts.
    #[serde(default)]
    #[schema(minimum = 1)]
    target_ms: Option<u64>,
    /// How hard it is on whoever does it, 0 to 10: such items are spread over those who can do them.
    #[serde(default)]
    #[schema(maximum = 10)]
    strain: u8,
    /// The conversation it belongs to, so that it belongs to the same matter.
    #[serde(default)]
    conversation: Option<ConversationId>,
}

/// Less will do after a while: optional skills are left out, and levels lowered.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RelaxedSkills {
    /// How long after it was pushed in, in milliseconds.
    after_ms: u64,
    /// The skills that it takes from then on, each with the lowest level that will do, 1 to 10.
    skills: BTreeMap<String, u8>,
}

/// Pushes a work item in: 201. Pushing the same reference again gives the same task: 200.
pub async fn push(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Strict(item): Strict<Item>,
) -> Result<Response, Failure> {
    check_lengths(&item)?;
    let class = classify(&item, caller.tenant, &app.directory())?;
    if let Some(id) = item.conversation {
        super::conversations::owned(&app, &caller, id).await.map_err(|failure| failure.at("/conversation"))?;
    }
    let call = Call::Push {
        tenant: caller.tenant,
        class,
        by_rules: item.queue.is_none(),
        origin: Box::new(ItemOrigin {
            kind: item.kind.unwrap_or_default(),
            source: item
                .source
                .unwrap_or_else(|| caller.actor.strip_prefix("key ").unwrap_or(&caller.actor).to_owned()),
        }),
        external_ref: item.external_ref,
        title: item.title,
        text: item.text,
        fields: item.fields,
        conversation: item.conversation,
    };
    let answer = app.door(caller.tenant).call(caller.actor(), call).await;
    let (status, id) = match answer.map_err(|error| of_call(error, caller.tenant, &app.directory()))? {
        Answer::Task(id) => (StatusCode::CREATED, id),
        Answer::Known(id) => (StatusCode::OK, id),
        _ => return Err(Failure::busy("the owner gave no task: try again")),
    };
    let task = owned(&app, &caller, id).await?;
    let mut response = (status, Json(view::task(task, &app.directory()))).into_response();
    if let Ok(location) = HeaderValue::try_from(format!("/v1/tasks/{id}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

fn check_lengths(item: &Item) -> Result<(), Failure> {
    if item.external_ref.is_empty() || REFERENCE_MAX < item.external_ref.len() {
        let detail = "give your system's own id of this item, 1 to 200 bytes: pushing it twice makes one task";
        return Err(Failure::bad("/external_ref", detail));
    }
    for (place, word) in [("/kind", &item.kind), ("/source", &item.source)] {
        if word.as_ref().is_some_and(|word| word.is_empty() || WORD_MAX < word.chars().count()) {
            return Err(Failure::bad(place, "give 1 to 100 characters, or leave it out"));
        }
    }
    let title = item.title.expose();
    if title.trim().is_empty() || TITLE_MAX < title.len() {
        return Err(Failure::bad("/title", "give one line that says what it is about, at most 1000 bytes"));
    }
    Ok(())
}

fn classify(item: &Item, tenant: TenantId, directory: &Directory) -> Result<Class, Failure> {
    let queue = match &item.queue {
        Some(name) => directory.queue(tenant, name).ok_or_else(|| unknown_queue(directory, tenant, name, "/queue"))?,
        None => QueueId(0),
    };
    let needs = needs_of(&item.skills, "/skills", tenant, directory)?;
    if RELAXATIONS_MAX < item.relax.len() {
        return Err(Failure::bad("/relax", format!("give at most {RELAXATIONS_MAX} steps")));
    }
    let mut relax = Vec::with_capacity(item.relax.len());
    for (place, step) in item.relax.iter().enumerate() {
        if relax.last().is_some_and(|last: &Relaxation| step.after_ms <= last.after_ms) {
            return Err(Failure::bad(
                format!("/relax/{place}/after_ms"),
                "each step comes later than the one before it",
            ));
        }
        let needs = needs_of(&step.skills, &format!("/relax/{place}/skills"), tenant, directory)?;
        relax.push(Relaxation { after_ms: step.after_ms, needs, ..Relaxation::default() });
    }
    if item.target_ms == Some(0) {
        return Err(Failure::bad("/target_ms", "give at least 1, or leave it to the queue"));
    }
    if STRAIN_MAX < item.strain {
        return Err(Failure::bad("/strain", "give 0 to 10"));
    }
    Ok(Class { queue, needs, relax, target_ms: item.target_ms, strain: item.strain, ..Class::default() })
}

/// Skills and levels by name, sorted.
fn needs_of(
    skills: &BTreeMap<String, u8>,
    at: &str,
    tenant: TenantId,
    directory: &Directory,
) -> Result<Vec<SkillNeed>, Failure> {
    let mut needs = Vec::new();
    for (name, level) in skills {
        let place = || format!("{at}/{name}");
        let skill = directory
            .skill(tenant, name)
            .ok_or_else(|| Failure::not_found("skill", format!("no skill is called `{name}`")).at(place()))?;
        if !(1..=10).contains(level) {
            return Err(Failure::bad(place(), "a level is from 1 to 10"));
        }
        needs.push(SkillNeed { skill, level: *level });
    }
    needs.sort_unstable();
    Ok(needs)
}

/// There is no such queue; the nearest name is offered.
pub fn unknown_queue(directory: &Directory, tenant: TenantId, name: &str, place: &str) -> Failure {
    let known = directory.queues.values().filter(|(owner, _)| *owner == tenant).map(|(_, name)| name.as_str());
    Failure::not_found("queue", format!("no queue is called `{name}`: {}", did_you_mean(name, known))).at(place)
}
