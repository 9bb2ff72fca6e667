//! Answers to requests, which whoever asked rates by one tap.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use blendline_quality::judgement::{Answer, Judgement, Kind};
use blendline_wire::event::quality::AnswerRating;
use blendline_wire::{Pii, TaskId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Shared;
use super::auth::Caller;
use super::decision_list::some_task;
use super::decisions::{checked_note, decider};
use super::json::Strict;
use super::page::{Page, Params, id};
use super::problem::Failure;
use super::review_view::{self, AnswerInfo};
use super::reviews::{judgement, say};
use crate::directory::Role;
use crate::handle::{JudgeCall, Says};
use crate::ports::judgements::JudgementsWanted;

/// Which answers to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct AnswersWanted {
    /// Those that this task waited for.
    #[serde(deserialize_with = "some_task")]
    #[param(inline, required = true, value_type = TaskId)]
    task: Option<TaskId>,
}

/// The answers that a task waited for, in the order in which they came.
pub async fn list(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(AnswersWanted { task }): Params<AnswersWanted>,
) -> Result<Json<Page<AnswerInfo>>, Failure> {
    let task = super::tasks::owned(&app, &caller, task.unwrap_or_default()).await?.id;
    let wanted = JudgementsWanted { tasks: vec![task], ..JudgementsWanted::default() };
    let mut found = app.archive().judgements_wanted(&wanted).await?;
    found.sort_by_key(Judgement::at);
    let directory = app.directory();
    let of_tenant = found.into_iter().filter(|found| found.tenant() == caller.tenant).filter_map(answer);
    let items = of_tenant.map(|answer| review_view::answer(answer, &directory)).collect();
    Ok(Json(Page { items, next: None }))
}

fn answer(judgement: Judgement) -> Option<Answer> {
    match judgement {
        Judgement::Answer(answer) => Some(*answer),
        _ => None,
    }
}

/// How an answer was.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerRated {
    /// How.
    rating: AnswerRating,
    /// Who says it; left out, the worker whose key or session it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    worker: Option<String>,
    /// Words besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    words: Option<Pii<String>>,
}

/// Rates an answer. Who changes his mind says it again.
pub async fn rate(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
    Strict(AnswerRated { rating, worker, words }): Strict<AnswerRated>,
) -> Result<Json<AnswerInfo>, Failure> {
    let unknown = || Failure::not_found("answer", "no answer has this id");
    let name = id("answer", &text)?;
    let found = judgement(&app, caller.tenant, name).await?.filter(|found| found.kind() == Kind::Answer);
    let found = found.and_then(answer).ok_or_else(unknown)?;
    let concerns = caller.role != Role::Worker || caller.worker == Some(found.told.asker);
    if !concerns {
        return Err(unknown());
    }
    let directory = app.directory();
    let by = decider(&caller, &directory, worker.as_deref())?;
    let says = Says::Rate(rating, checked_note(words, "/words")?);
    let call = JudgeCall { tenant: caller.tenant, judgement: name, beside: None, by, says };
    say(&app, &caller, call).await?;
    let rated = judgement(&app, caller.tenant, name).await?.and_then(answer).ok_or_else(unknown)?;
    Ok(Json(review_view::answer(rated, &directory)))
}
