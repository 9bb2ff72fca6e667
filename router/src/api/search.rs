//! Search over what was said: by words, names, numbers and names of files, for each caller in what he may see.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use blendline_rules::normal::{normal, without_prefixes};
use blendline_wire::time::Instant;
use blendline_wire::worker::Author;
use blendline_wire::{ConversationId, MatterId, Pii, TaskId};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Shared;
use super::auth::Caller;
use super::page::{Limit, Page, Params, parsed};
use super::problem::Failure;
use super::tasks::owned;
use crate::directory::Role;
use crate::notes::{self, Note};
use crate::ports::register::Key;
use crate::ports::search::{Hit, Line, Term, Wanted};
use crate::search::asked;

/// The longest that one may type, in characters.
const TYPED_CHARS_MAX: usize = 200;
/// The lines of so many tasks of a worker are looked through, some thousands; whoever had more finds by the words.
const FEW_TASKS: usize = 500;
/// So many characters stand before and behind what was found.
const AROUND_CHARS: usize = 80;

/// What to look for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Typed {
    /// Words, at most 200 characters. All of them must be there; the last may be the beginning of one.
    #[param(value_type = String)]
    q: Pii<String>,
    /// What was said before this one.
    #[serde(default, deserialize_with = "after")]
    after: Option<u64>,
    /// How many at most; left out, 50.
    #[serde(default)]
    #[param(inline)]
    limit: Limit,
}

fn after<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    parsed(deserializer, "what an answer gave as `next`").map(Some)
}

/// A line that was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Found)]
pub struct FoundInfo {
    /// The task in which it was said.
    #[schema(required)]
    task: Option<TaskId>,
    /// The conversation, where it is one's.
    #[schema(required)]
    conversation: Option<ConversationId>,
    /// When.
    at: Instant,
    /// Who said it; null for a note, and where a task was found by its id.
    #[schema(required)]
    from: Option<Author>,
    /// His name, where it is known.
    #[schema(required)]
    name: Option<Pii<String>>,
    /// What stands around what was found.
    text: Pii<String>,
    /// The names of files that came with it.
    files: Vec<Pii<String>>,
    /// True: a colleague's note, which no customer sees.
    note: bool,
}

/// Finds what was said, the newest first.
pub async fn find(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(typed): Params<Typed>,
) -> Result<Json<Page<FoundInfo>>, Failure> {
    let text = typed.q.expose().trim();
    if text.is_empty() || TYPED_CHARS_MAX < text.chars().count() {
        return Err(Failure::bad("q", "give 1 to 200 characters to look for"));
    }
    if let Ok(task) = text.parse::<TaskId>() {
        return by_id(&app, &caller, task).await;
    }
    let all_of = asked(text);
    if all_of.is_empty() {
        return Ok(Json(Page { items: Vec::new(), next: None }));
    }
    let worker = caller.worker.filter(|_| caller.role == Role::Worker);
    let limit = typed.limit.0;
    let wanted = Wanted { tenant: caller.tenant, all_of, worker, few_tasks: FEW_TASKS, before: typed.after, limit };
    let hits = app.search().find(&wanted).await?;
    let places: Vec<(u64, u64)> = hits.iter().map(|hit| (hit.transcript, hit.seq)).collect();
    let lines = app.search().lines(&places).await?;
    let mut lines: HashMap<(u64, u64), Line> =
        lines.into_iter().map(|line| ((line.transcript, line.message.seq), line)).collect();
    let next = hits.last().filter(|_| hits.len() == limit).map(|hit| hit.id.to_string());
    let mut notes = notes_of(&app, &caller, &hits, &lines).await?;
    let info = |hit: &Hit| match lines.remove(&(hit.transcript, hit.seq)) {
        Some(line) => Some(info(hit, line, &wanted.all_of)),
        None => Some(noted(hit, notes.remove(&(hit.transcript, hit.seq))?, &wanted.all_of)),
    };
    Ok(Json(Page { items: hits.iter().filter_map(info).collect(), next }))
}

/// The notes among what was found: what is no line of a transcript.
async fn notes_of(
    app: &Shared,
    caller: &Caller,
    hits: &[Hit],
    lines: &HashMap<(u64, u64), Line>,
) -> Result<HashMap<(u64, u64), Note>, Failure> {
    let missing = hits.iter().filter(|hit| !lines.contains_key(&(hit.transcript, hit.seq)));
    let keys: Vec<Key> = missing.map(|hit| notes::key_of(caller.tenant, MatterId(hit.transcript), hit.seq)).collect();
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let found = notes::of_keys(app.archive(), &keys).await?;
    Ok(found.into_iter().map(|kept| ((kept.what.matter.0, notes::stamp(&kept.key)), kept.what)).collect())
}

fn noted(hit: &Hit, note: Note, all_of: &[Vec<Term>]) -> FoundInfo {
    FoundInfo {
        task: hit.task,
        conversation: note.conversation,
        at: Instant(hit.at),
        from: None,
        name: Some(note.from.into()),
        text: around(note.text.expose(), all_of).into(),
        files: Vec::new(),
        note: true,
    }
}

async fn by_id(app: &Shared, caller: &Caller, task: TaskId) -> Result<Json<Page<FoundInfo>>, Failure> {
    let items = match owned(app, caller, task).await {
        Ok(task) => vec![FoundInfo {
            task: Some(task.id),
            conversation: task.conversation,
            at: Instant(task.created_at),
            from: None,
            name: None,
            text: String::new().into(),
            files: Vec::new(),
            note: false,
        }],
        Err(failure) if failure.problem.status == 404 => Vec::new(),
        Err(failure) => return Err(failure),
    };
    Ok(Json(Page { items, next: None }))
}

fn info(hit: &Hit, line: Line, all_of: &[Vec<Term>]) -> FoundInfo {
    let body = line.message.body;
    let text = body.text.or(body.title).unwrap_or_default();
    let is_of_task = hit.task.is_some_and(|task| task.0 == hit.transcript);
    FoundInfo {
        task: hit.task,
        conversation: (!is_of_task).then_some(ConversationId(hit.transcript)),
        at: Instant(hit.at),
        from: Some(line.message.author),
        name: body.name,
        text: around(text.expose(), all_of).into(),
        files: body.attachments.into_iter().filter_map(|file| file.filename).collect(),
        note: false,
    }
}

/// The part of a text around the first word that was looked for, or its beginning.
fn around(text: &str, all_of: &[Vec<Term>]) -> String {
    let is_meant = |word: &str| {
        let plain = normal(word);
        let forms = || plain.split(' ').flat_map(without_prefixes);
        all_of
            .iter()
            .flatten()
            .any(|term| forms().any(|form| if term.begins { form.starts_with(&term.word) } else { *form == term.word }))
    };
    let word = text.split_whitespace().find(|word| is_meant(word));
    let at = word.map_or(0, |word| word.as_ptr() as usize - text.as_ptr() as usize);
    let before = text[..at].char_indices().rev().nth(AROUND_CHARS - 1).map_or(0, |(index, _)| index);
    let after = text[at..].char_indices().nth(AROUND_CHARS).map_or(text.len(), |(index, _)| at + index);
    let (begins, ends) = (if before == 0 { "" } else { "…" }, if after == text.len() { "" } else { "…" });
    format!("{begins}{}{ends}", &text[before..after])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_around_a_word_is_shown_whatever_its_form() {
        let long = format!("{} הַהֶחְזֵר {}", "א ".repeat(200), "ב ".repeat(200));
        let part = around(&long, &asked("החזר"));
        assert!(part.starts_with('…') && part.ends_with('…') && part.contains("הַהֶחְזֵר"), "{part}");
        assert!(part.chars().count() <= 2 * AROUND_CHARS + 2);
        assert_eq!(around("Where is it?", &asked("elsewhere")), "Where is it?");
        assert_eq!(around("", &asked("x")), "");
    }
}
