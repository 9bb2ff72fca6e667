//! Improvements at the owner of their shard: what is asked of one is decided by [`blendline_improvements::apply`], and its events
//! and what people are told of it are committed with it.

use std::collections::BTreeMap;

use blendline_core::{Answer, Command, Input};
use blendline_improvements::limits::{TEXT_CHARS_MAX, TITLE_CHARS_MAX};
use blendline_improvements::{
    Beyond, Change, Command as Improve, Effect, Evidence, Improvement, Opening, Refusal, Settings, Terms, Topic,
    Writer, apply,
};
use blendline_rules::normal::language;
use blendline_wire::event::improvement::ImprovementSource;
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::worker::ServerFrame;
use blendline_wire::{ImprovementId, Millis, Pii, TenantId, WorkerId};

use crate::driver::keys;
use crate::driver::release::Output;
use crate::driver::step::Stepper;
use crate::handle::{CallError, CallResult, ImproveCall};
use crate::notes::{self, Note};
use crate::pages::{Lang, said};
use crate::ports::store::Wanted;
use crate::satisfaction::{Asked, stars};

/// Asks for what a call is about.
pub(super) fn want(asked: &ImproveCall, wanted: &mut Wanted) {
    wanted.improvements.push(asked.improvement);
    if let Improve::Join { into } = &asked.command {
        wanted.improvements.push(*into);
    }
}

/// The improvement of what too many customers come again with: one for each queue and topic.
pub(super) fn of_repeats(tenant: TenantId, (queue, topic): &Topic) -> ImprovementId {
    keys::improvement(tenant, &format!("repeats\u{1f}{}\u{1f}{topic}", queue.0))
}

impl Stepper<'_> {
    /// What is asked of an improvement from outside. Written down again under the same key, it is the same one.
    pub(crate) fn improve_call(&mut self, actor: Actor, asked: ImproveCall) -> CallResult {
        let ImproveCall { tenant, improvement, command } = asked;
        let known = self.overlay.improvement(improvement).filter(|known| known.tenant == tenant);
        if let (Improve::Open(opening), Some(known)) = (&command, known) {
            let is_same = (&known.title, &known.text, known.source) == (&opening.title, &opening.text, opening.source);
            return if is_same { Ok(Answer::Done) } else { Err(CallError::KeyReused) };
        }
        self.improve(actor, tenant, improvement, command).map_err(CallError::Improvement)?;
        Ok(Answer::Done)
    }

    /// The time of an improvement may have come.
    pub(crate) fn look_at_improvement(&mut self, id: ImprovementId) {
        let Some(known) = self.overlay.improvement(id) else { return };
        let tenant = known.tenant;
        // One that belongs to another by now is that one's.
        let _ = self.improve(Actor::System, tenant, id, Improve::Look);
    }

    /// Too many customers come again with something: it is written down, or speaks for what was.
    pub(crate) fn too_many_repeats(&mut self, tenant: TenantId, topic: &Topic) {
        let Some(beyond) = self.overlay.again.beyond(self.directory, tenant, topic, self.now()) else { return };
        let (id, (queue, topic)) = (of_repeats(tenant, topic), topic.clone());
        let Beyond { since, of, repeats } = beyond;
        let count: u64 = repeats.values().sum();
        let since = since.to_rfc3339();
        let words = Some(Pii::new(format!("{count}/{of}, {since}")));
        let evidence = Evidence { contacts: repeats, words, ..Evidence::default() };
        let known = self.overlay.improvement(id).map(|known| known.status.is_over() && known.group.is_none());
        let command = match known {
            None => {
                let name = self.directory.queues.get(&queue).map_or("", |(_, name)| name);
                let title = Pii::new(format!("\u{21ba} {topic} ({name})"));
                let (source, queue, topic) = (ImprovementSource::Repeat, Some(queue), Some(topic));
                Improve::Open(Box::new(Opening {
                    id,
                    tenant,
                    source,
                    title,
                    text: None,
                    queue,
                    topic,
                    unit: None,
                    evidence,
                    writer: None,
                }))
            }
            Some(is_over) => {
                if is_over {
                    let _ = self.improve(Actor::Rule, tenant, id, Improve::Reopen);
                }
                Improve::Add { evidence: Box::new(evidence), writer: None }
            }
        };
        if let Err(refusal) = self.improve(Actor::Rule, tenant, id, command) {
            tracing::warn!(?refusal, "Repeat contacts could not be written down as an improvement.");
        }
    }

    /// A customer's answer is low, and he says why.
    pub(crate) fn improve_by_answer(
        &mut self,
        tenant: TenantId,
        channel: &str,
        asked: &Asked,
        (score, words): (u8, &str),
    ) {
        let low = self.directory.rules.get(&tenant).and_then(|routing| routing.improvements.low);
        if low.is_none_or(|low| low < score) {
            return;
        }
        let id = keys::improvement(tenant, &format!("answer\u{1f}{}\u{1f}{}", asked.task.0, asked.at.0));
        let line = words.lines().next().unwrap_or_default();
        let title: String = format!("{} {line}", stars(score)).chars().take(TITLE_CHARS_MAX).collect();
        let text = words.chars().take(TEXT_CHARS_MAX).collect();
        let evidence = Evidence {
            task: Some(asked.task),
            matter: Some(asked.matter),
            conversation: Some(asked.conversation),
            contacts: BTreeMap::from([(channel.to_owned(), 1)]),
            ..Evidence::default()
        };
        let opening = Opening {
            id,
            tenant,
            source: ImprovementSource::Feedback,
            title: Pii::new(title),
            text: Some(Pii::new(text)),
            queue: Some(asked.queue),
            topic: None,
            unit: None,
            evidence,
            writer: None,
        };
        let opened = self.improve(Actor::Customer, tenant, id, Improve::Open(Box::new(opening)));
        if let Err(refusal) = opened {
            tracing::warn!(?refusal, "A customer's answer could not be written down as an improvement.");
        }
    }

    /// Decides what is asked of one, and does what comes of it.
    pub(super) fn improve(
        &mut self,
        actor: Actor,
        tenant: TenantId,
        id: ImprovementId,
        mut command: Improve,
    ) -> Result<(), Refusal> {
        let default = Settings::default();
        let settings = self.directory.rules.get(&tenant).map_or(&default, |routing| &routing.improvements);
        let known = self.overlay.improvement(id).filter(|known| known.tenant == tenant);
        if let Improve::Open(opening) = &mut command {
            opening.unit = self.unit_of(opening, settings);
        }
        let unit = match &command {
            Improve::Open(opening) => opening.unit.clone(),
            _ => known.and_then(|known| known.unit.clone()),
        };
        let managers = unit.map(|unit| self.directory.managers(tenant, &unit)).unwrap_or_default();
        let members = self.overlay.members(id).len();
        let into = match &command {
            Improve::Join { into } => self.overlay.improvement(*into),
            _ => None,
        };
        let into = into.map(|other| (other, self.overlay.members(other.id).len()));
        let terms = Terms { settings, managers: &managers, members, into };
        let change = apply(&terms, known, command, self.now())?;
        self.change_improvement(actor, change);
        Ok(())
    }

    /// The unit that something is about: what was said, else its queue's, its writer's, the one that the rules name, or the top.
    fn unit_of(&self, opening: &Opening, settings: &Settings) -> Option<String> {
        let name = |unit| self.directory.units.get(&unit).map(|unit| unit.name.clone());
        let of_queue = || opening.queue.and_then(|queue| self.core.queue(queue)?.unit).and_then(name);
        let of_writer = || {
            let writer = opening.writer.as_ref()?.worker;
            self.core.worker(writer)?.settings.unit.and_then(name)
        };
        let top = || {
            let mut units = self.directory.units.values();
            units.find(|unit| unit.tenant == opening.tenant && unit.parent.is_none()).map(|unit| unit.name.clone())
        };
        let said = opening.unit.clone();
        said.or_else(of_queue).or_else(of_writer).or_else(|| settings.unit.clone()).or_else(top)
    }

    fn change_improvement(&mut self, actor: Actor, change: Change) {
        let Change { improvement, events, effects } = change;
        for kind in events {
            let (tenant, kind) = (improvement.tenant, Box::new(kind));
            let conversation = improvement.evidence.iter().find_map(|evidence| evidence.conversation);
            self.step(Input::new(actor, Command::Record { tenant, account: None, conversation, kind }));
        }
        self.overlay.put_improvement(improvement.clone());
        self.batch.put_improvement(improvement.clone());
        for effect in effects {
            match effect {
                Effect::TellOwner => self.tell_owner(&improvement),
                Effect::TellWriters => self.tell_writers(&improvement),
            }
        }
    }

    /// The manager who is to answer reads it where the first contact behind it is.
    fn tell_owner(&mut self, of: &Improvement) {
        let anchor = of.evidence.iter().find(|evidence| evidence.task.is_some() && evidence.matter.is_some());
        let (Some(owner), Some(anchor)) = (of.owner, anchor) else { return };
        let key = if of.climbs == 0 { "page-improvement-waits" } else { "page-improvement-climbed" };
        let due = self.local(of.tenant, of.due_at);
        let told = [("title", of.title.expose().clone()), ("due", due)];
        let text = said(lang(of), key, &told);
        let place =
            Writer { worker: owner, task: anchor.task, matter: anchor.matter, conversation: anchor.conversation };
        self.note_of_improvement(of, &place, text, 0);
    }

    /// Whoever wrote it, or what belongs to it, reads at his own task what became of it.
    fn tell_writers(&mut self, of: &Improvement) {
        let first = of.group.and_then(|group| self.overlay.improvement(group)).unwrap_or(of).clone();
        let members = if of.group.is_some() { Vec::new() } else { self.overlay.members(of.id) };
        let whom: Vec<(Improvement, Writer)> = [of]
            .into_iter()
            .chain(members)
            .flat_map(|it| it.writers.iter().map(|writer| (it.clone(), writer.clone())))
            .collect();
        for (at, (own, writer)) in (1..).zip(whom) {
            let text = self.became(&first, &own);
            self.note_of_improvement(&own, &writer, text, at);
        }
    }

    /// What became of one, in the language of whoever wrote his own.
    fn became(&self, of: &Improvement, own: &Improvement) -> String {
        let name = |worker: &WorkerId| self.directory.workers.get(worker).map_or("", |(_, name)| name).to_owned();
        let mut told = vec![("title", own.title.expose().clone())];
        if let (Some(before), Some(after), true) = (&of.before, &of.after, of.status.is_over() && of.answer.is_some())
            && of.status == blendline_wire::event::improvement::ImprovementStatus::Done
        {
            told.extend([("before", thousandths(before.milli)), ("after", thousandths(after.milli))]);
            return said(lang(own), "page-improvement-done", &told);
        }
        let Some(answer) = &of.answer else { return String::new() };
        told.extend([("by", name(&answer.by)), ("words", answer.words.expose().clone())]);
        match answer.do_by {
            Some(day) => {
                told.push(("day", self.local(of.tenant, day)));
                said(lang(own), "page-improvement-planned", &told)
            }
            None => said(lang(own), "page-improvement-declined", &told),
        }
    }

    fn local(&self, tenant: TenantId, at: Millis) -> String {
        let utc = jiff::tz::TimeZone::UTC;
        let zone = self.directory.rules.get(&tenant).map_or(&utc, |routing| &routing.zone);
        blendline_cases::local(at, zone).unwrap_or_default()
    }

    /// Tells somebody by a note that mentions him; `at` tells what is said in the same millisecond apart.
    fn note_of_improvement(&mut self, of: &Improvement, whom: &Writer, text: String, at: u16) {
        let (Some(task), Some(matter)) = (whom.task, whom.matter) else { return };
        let text = Pii::new(text.chars().take(notes::TEXT_CHARS_MAX).collect::<String>());
        let (from, conversation) = ("\u{2692}".to_owned(), whom.conversation);
        let mentions = vec![whom.worker];
        let note = Note { matter, task, conversation, from, worker: None, text, mentions };
        let by_chance = of.id.0.to_be_bytes();
        let by_chance = u16::from_be_bytes([by_chance[0], by_chance[1]]).wrapping_add(at);
        let (key, entries) = notes::entries(&note, of.tenant, self.now(), by_chance);
        let number = hex::encode(key);
        let kind = Box::new(EventKind::NoteAdded {
            note: number.clone(),
            in_matter: matter,
            in_task: task,
            mentions: note.mentions.clone(),
        });
        let command = Command::Record { tenant: of.tenant, account: None, conversation, kind };
        self.step(Input::new(Actor::Rule, command));
        entries.into_iter().for_each(|entry| self.put_entry(entry));
        let frame = ServerFrame::Noted { note: number, task, from: note.from, text: note.text, mentioned: true };
        self.batch.outputs.push(Output::Told(whom.worker, frame));
    }
}

/// Who wrote in Hebrew is told in Hebrew.
fn lang(of: &Improvement) -> Lang {
    if language(of.title.expose()) == "he" { Lang::He } else { Lang::En }
}

/// A figure as people read it.
fn thousandths(milli: u64) -> String {
    let (whole, part) = (milli / 1_000, milli % 1_000);
    if part == 0 { whole.to_string() } else { format!("{whole}.{part:03}") }
}
