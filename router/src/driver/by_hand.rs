//! Somebody says that two open conversations are one matter, or that they are two after all.
//!
//! What comes of it is what comes of a finding ([`crate::driver::same`]): whoever has the first gets the second, and it is
//! remembered in the record. What was parted by hand is joined by no finding again.

use blendline_core::{Answer, Command, Input, Refusal};
use blendline_wire::event::matter::{MattersJoined, MattersParted, SameBy};
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::{ConversationId, Pii};

use crate::driver::step::Stepper;
use crate::handle::{CallError, CallResult, MattersCall, Talking};
use crate::matters;
use crate::notes::{self, Note};
use crate::pages::said;
use crate::ports::register;

/// What is remembered of those whose matters a call is about.
pub(crate) fn wanted(asked: &MattersCall) -> [register::Key; 2] {
    [asked.first.contact, asked.later.contact].map(|contact| matters::key(asked.tenant, contact))
}

impl Stepper<'_> {
    /// Joins or parts two conversations. Saying it again changes nothing again.
    pub(crate) fn matters_call(&mut self, actor: Actor, asked: &MattersCall) -> CallResult {
        let MattersCall { tenant, first, later, joined, .. } = *asked;
        let is_over = |talking: Talking| self.core.conversation(talking.conversation).is_none();
        if is_over(first) || is_over(later) {
            return Err(CallError::Refused(Refusal::WrongState("over")));
        }
        let mut known = self.matters_of(tenant, later.contact);
        let talk = known.talk(later.conversation, later.matter);
        let was_joined = self.overlay.joined.first_of(tenant, later.conversation) == Some(first.conversation);
        if was_joined == joined && (joined || talk.is_apart(first.conversation)) {
            return Ok(Answer::Done);
        }
        if joined {
            talk.join(first.conversation);
        } else {
            talk.part(first.conversation);
        }
        self.put_matters(tenant, later.contact, &known);
        let kind = happened(asked);
        let (account, conversation) = (None, Some(later.conversation));
        self.step(Input::new(actor, Command::Record { tenant, account, conversation, kind: Box::new(kind) }));
        self.note_by_hand(actor, asked, later, first.conversation, 1);
        self.note_by_hand(actor, asked, first, later.conversation, 2);
        let of_now = (tenant, self.now());
        if joined {
            let pairs = self.overlay.joined.join(self.core, of_now, later.conversation, first.conversation);
            self.put_entry(pairs);
            let tasks = [first, later].map(|talking| self.task_at(talking.conversation));
            // Whoever has the first has both; where nobody has it yet, whoever has the later.
            if let Some(held) = tasks.into_iter().flatten().find(|task| self.owner_of(*task).is_some()) {
                self.keep_together(held);
            }
        } else if let Some(pairs) = self.overlay.joined.part(of_now, later.conversation, first.conversation) {
            self.put_entry(pairs);
        }
        Ok(Answer::Done)
    }

    /// Why, for whoever has the one conversation, in a note beside it: no event has anybody's words.
    fn note_by_hand(&mut self, actor: Actor, asked: &MattersCall, at: Talking, other: ConversationId, by_chance: u16) {
        let Some(task) = self.task_at(at.conversation) else { return };
        let key = if asked.joined { "page-matter-joined-by" } else { "page-matter-parted-by" };
        let told = [("conversation", other.to_string()), ("reason", asked.reason.expose().clone())];
        let text = said(asked.lang, key, &told);
        let note = Note {
            matter: at.matter,
            task,
            conversation: Some(at.conversation),
            from: asked.from.clone(),
            worker: asked.worker,
            text: Pii::new(text.chars().take(notes::TEXT_CHARS_MAX).collect()),
            mentions: Vec::new(),
        };
        let (key, entries) = notes::entries(&note, asked.tenant, self.now(), by_chance);
        let (note, mentions) = (hex::encode(key), Vec::new());
        let kind = Box::new(EventKind::NoteAdded { note, in_matter: at.matter, in_task: task, mentions });
        let (tenant, account, conversation) = (asked.tenant, None, Some(at.conversation));
        self.step(Input::new(actor, Command::Record { tenant, account, conversation, kind }));
        entries.into_iter().for_each(|entry| self.put_entry(entry));
    }
}

fn happened(asked: &MattersCall) -> EventKind {
    let MattersCall { first, later, .. } = *asked;
    let (same_by, merged) = (SameBy::Said, first.contact != later.contact);
    let (first, first_matter) = (first.conversation, first.matter);
    if asked.joined {
        EventKind::MattersJoined(MattersJoined { first, first_matter, same_by, merged })
    } else {
        EventKind::MattersParted(MattersParted { first, first_matter })
    }
}
