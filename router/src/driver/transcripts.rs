//! The latest messages that a worker is shown with a task.
//!
//! A task is shown with all of them or not at all. Whoever is shown a part has seen the last place of it: his verdict would
//! close the task over what the customer wrote before.

use std::collections::{HashMap, HashSet};

use blendline_core::Write;
use blendline_wire::OutboundId;
use blendline_wire::worker::{MESSAGES_SHOWN_MAX, MessageView, TaskView};

use crate::driver::release::{Output, View};
use crate::driver::telemetry;
use crate::payload::StoredMessage;
use crate::ports::store::{Archive, Commit, Transcript};
use crate::receipts;

/// The latest messages of what a commit shows to workers.
#[derive(Default)]
pub(crate) struct Transcripts {
    lines: HashMap<Transcript, Vec<StoredMessage>>,
    /// What is known of those of ours.
    statuses: HashMap<OutboundId, &'static str>,
    /// Those that could not be read.
    unread: HashSet<Transcript>,
}

impl Transcripts {
    /// One read for all; none for what is whole in the batch itself, as every new conversation is.
    pub(crate) async fn read(archive: &dyn Archive, commit: &Commit, outputs: &[Output]) -> Self {
        let mut wanted = HashSet::new();
        for output in outputs {
            let views = match output {
                Output::Task(_, view) => std::slice::from_ref(view),
                Output::Welcome { tasks, .. } => tasks,
                _ => continue,
            };
            wanted.extend(views.iter().filter(|view| view.seq > 0).map(|view| view.transcript));
        }
        if wanted.is_empty() {
            return Self::default();
        }
        let mut lines = in_batch(commit, &wanted);
        wanted.retain(|transcript| lines.get(transcript).is_none_or(|lines| !is_whole(lines)));
        let missing: Vec<Transcript> = wanted.into_iter().collect();
        let mut unread = HashSet::new();
        if !missing.is_empty() {
            match archive.transcripts(&missing, MESSAGES_SHOWN_MAX).await {
                Ok(found) => lines.extend(missing.into_iter().zip(found)),
                Err(error) => {
                    telemetry::transcripts_missing(&error);
                    unread.extend(missing);
                }
            }
        }
        Self { statuses: statuses(archive, &lines).await, lines, unread }
    }

    /// A task as its worker is shown it; `None` where what was said before could not be read.
    pub(crate) fn fill(&self, view: View) -> Option<TaskView> {
        let View { mut task, transcript, seq } = view;
        if self.unread.contains(&transcript) {
            return None;
        }
        let Some(lines) = self.lines.get(&transcript) else { return Some(task) };
        // A later batch may be in the record already; its messages come as frames of their own.
        let shown = lines.iter().filter(|line| line.seq <= seq);
        for line in shown.clone() {
            if let Some(title) = &line.body.title {
                task.title = Some(title.clone());
                task.fields.clone_from(&line.body.fields);
            }
        }
        let skipped = shown.clone().count().saturating_sub(MESSAGES_SHOWN_MAX);
        let status = |line: &StoredMessage| self.statuses.get(&line.outbound?).copied().map(str::to_owned);
        let view = |line: &StoredMessage| MessageView { status: status(line), ..line.clone().view() };
        task.messages = shown.skip(skipped).map(view).collect();
        Some(task)
    }
}

/// What became of our messages among these; nothing is read where there are none, as in every new conversation.
async fn statuses(
    archive: &dyn Archive,
    lines: &HashMap<Transcript, Vec<StoredMessage>>,
) -> HashMap<OutboundId, &'static str> {
    let ours: Vec<_> = lines.values().flatten().filter_map(|line| line.outbound).collect();
    if ours.is_empty() {
        return HashMap::new();
    }
    let letters = archive.letters(&ours).await.unwrap_or_else(|error| {
        telemetry::statuses_missing(&error);
        Vec::new()
    });
    letters.iter().filter_map(|letter| Some((letter.row.id, receipts::word(&letter.row.state)?))).collect()
}

/// True when nothing before the first line has to be shown.
fn is_whole(lines: &[StoredMessage]) -> bool {
    lines.first().is_some_and(|line| line.seq == 1) || lines.len() >= MESSAGES_SHOWN_MAX
}

/// The lines that the batch itself wrote of these transcripts.
fn in_batch(commit: &Commit, wanted: &HashSet<Transcript>) -> HashMap<Transcript, Vec<StoredMessage>> {
    let mut lines: HashMap<Transcript, Vec<StoredMessage>> = HashMap::new();
    for write in &commit.writes {
        let Write::Message(row) = write else { continue };
        let transcript = match (row.conversation, row.task) {
            (Some(conversation), _) => Transcript::Conversation(conversation),
            (None, Some(task)) => Transcript::Task(task),
            (None, None) => continue,
        };
        if let Some(body) = commit.payloads.get(&row.payload).filter(|_| wanted.contains(&transcript)) {
            lines.entry(transcript).or_default().push(StoredMessage {
                seq: row.seq,
                at: row.at,
                author: row.author,
                worker: row.worker,
                outbound: row.outbound,
                body: body.clone(),
            });
        }
    }
    lines
}
