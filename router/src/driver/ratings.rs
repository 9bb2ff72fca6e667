//! The answer to the question after a finished task: taken up beside the conversation, and what follows from it.

use blendline_core::input::{Class, NewItem};
use blendline_core::{Answer, Command, Input};
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::org::FieldValue;
use blendline_wire::task::Target;
use blendline_wire::{AccountId, ContactKey, Pii, QueueId, TaskId, TenantId, WorkerId};

use crate::directory::{AccountEntry, Directory};
use crate::driver::draft::{Draft, Happening, Item};
use crate::driver::step::Stepper;
use crate::notes::{self, Note};
use crate::payload::{ItemOrigin, MessageBody};
use crate::ports::register;
use crate::satisfaction::{self, Asked, PURPOSE, Question, asked_key, is_sampled, speaks_alone};

/// An answer to a question of ours.
pub(crate) struct Rated {
    contact: ContactKey,
    asked: Asked,
    answer: satisfaction::Answer,
}

/// A message read as an answer; of a mail what stands above the quote.
fn said(happening: &Happening) -> Option<satisfaction::Answer> {
    let event = &happening.event;
    let written = event.mail.as_ref().and_then(|mail| mail.stripped_reply.as_ref()).or(event.text.as_ref())?;
    satisfaction::read(written.expose())
}

impl Draft {
    /// What is known of whoever may be answering a question of ours.
    pub(crate) fn answered_questions(
        &self,
        directory: &Directory,
        contact_of: impl Fn(&Happening) -> Option<ContactKey>,
    ) -> Vec<register::Key> {
        let may_answer = |happening: &Happening| {
            let known = directory.questions.contains_key(&happening.tenant) && speaks_alone(&happening.event);
            known && (satisfaction::pressed(&happening.event).is_some() || said(happening).is_some())
        };
        let happenings = self.items.iter().filter_map(|item| match item {
            Item::Happening(happening) => Some(&**happening),
            _ => None,
        });
        let asked = |happening: &Happening| Some(asked_key(happening.tenant, contact_of(happening)?));
        happenings.filter(|happening| may_answer(happening)).filter_map(asked).collect()
    }
}

impl Stepper<'_> {
    /// What somebody says, where it answers a question of ours.
    pub(crate) fn rated(&self, happening: &Happening, entry: &AccountEntry) -> Option<Rated> {
        let (event, tenant) = (&happening.event, entry.tenant);
        let question = self.directory.questions.get(&tenant).filter(|_| speaks_alone(event))?;
        let contact = happening.addresses.iter().find_map(|address| self.overlay.contact(address))?;
        let asked: Asked = satisfaction::known(self.overlay.entry(&asked_key(tenant, contact))?)?;
        if asked.answered.is_some() || asked.at.plus(question.answer_ms) <= self.now() {
            return None;
        }
        let answer = match satisfaction::pressed(event) {
            Some(pressed) => {
                let (_, score) = pressed.filter(|(conversation, _)| *conversation == asked.conversation)?;
                satisfaction::Answer { score, words: None }
            }
            // While he talks with somebody again, a number is meant for that person.
            None if self.core.conversation_of(contact).is_some() => return None,
            None => said(happening)?,
        };
        Some(Rated { contact, asked, answer })
    }

    /// Takes an answer up: it is kept in its conversation and opens nothing there. A low one becomes a task for whoever is
    /// responsible; what was said beyond the number reaches him, else the worker it is about, else whoever has the next
    /// task of this customer, for it is then a message like any other.
    pub(crate) fn take_rating(
        &mut self,
        mut happening: Happening,
        account: AccountId,
        entry: &AccountEntry,
        rated: Rated,
    ) {
        let Rated { contact, mut asked, answer } = rated;
        let (tenant, directory) = (entry.tenant, self.directory);
        let Some(question) = directory.questions.get(&tenant) else { return };
        let low = answer.score <= question.low;
        let sampled = !low && satisfaction::GOOD <= answer.score && is_sampled(asked.task, self.sample_milli(tenant));
        let (follow_up, manager) =
            if low || sampled { self.follow_up(question, &happening, &asked, &answer) } else { (None, None) };
        let sampled = sampled && follow_up.is_some();
        // Praise is the worker's, whoever else looks at it.
        let reader = answer.words.as_ref().filter(|_| follow_up.is_none() || sampled);
        if let Some(words) = &answer.words {
            self.improve_by_answer(tenant, &entry.channel, &asked, (answer.score, words));
        }
        let has_worker = directory.workers.contains_key(&asked.worker);
        happening.beside = reader.is_none() || has_worker;
        if happening.event.payload.take().is_some() {
            happening.event.text = Some(Pii::new(satisfaction::stars(answer.score)));
        }
        self.message(happening, account, entry);
        if let Some(words) = reader.filter(|_| has_worker) {
            self.pass_words_on(tenant, &asked, answer.score, words);
        }
        let kind = Box::new(EventKind::SatisfactionAnswered {
            of_task: asked.task,
            of_worker: asked.worker,
            of_queue: asked.queue,
            customer: satisfaction::mark(tenant, contact),
            score: answer.score,
            said_more: answer.words.is_some(),
            follow_up,
            sampled,
            manager,
        });
        let (account, conversation) = (Some(account), Some(asked.conversation));
        self.step(Input::new(Actor::Customer, Command::Record { tenant, account, conversation, kind }));
        asked.answered = Some(answer.score);
        self.put_entry(satisfaction::entry(asked_key(tenant, contact), tenant, self.now(), &asked));
    }

    /// So many of a thousand good answers are followed up as low ones are.
    fn sample_milli(&self, tenant: TenantId) -> u32 {
        self.directory.rules.get(&tenant).map_or(0, |routing| routing.matters.sample_milli)
    }

    /// The task by which whoever is responsible writes to him, and the manager it is for, where he is there; nothing where
    /// no queue is named, or it takes no more.
    fn follow_up(
        &mut self,
        question: &Question,
        happening: &Happening,
        asked: &Asked,
        answer: &satisfaction::Answer,
    ) -> (Option<TaskId>, Option<WorkerId>) {
        let Some((queue, target_ms)) = question.follow_up else { return (None, None) };
        let (tenant, directory, event) = (happening.tenant, self.directory, &happening.event);
        let stars = satisfaction::stars(answer.score);
        let queue_name = directory.queues.get(&asked.queue).map_or("", |(_, name)| name);
        let worker = directory.workers.get(&asked.worker).map_or("", |(_, name)| name);
        let text = |text: &str| Some(FieldValue::Text(Pii::new(text.to_owned())));
        let address = event.conversation_key.peer.as_deref().or(event.sender_id.as_deref());
        // Whom he is to write to, and where to read what happened: the conversation itself is over.
        let fields = [
            ("customer", event.sender_name.as_ref().and_then(|name| text(name.expose()))),
            ("address", address.and_then(text)),
            ("score", Some(FieldValue::Number(i64::from(answer.score)))),
            ("task", text(&asked.task.to_string())),
            ("queue", text(queue_name)),
            ("worker", text(worker)),
        ];
        let fields = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let body = MessageBody {
            title: Some(Pii::new(format!("{stars} {queue_name}, {worker}"))),
            text: answer.words.clone().map(Pii::new),
            fields: fields.collect(),
            item: Some(Box::new(ItemOrigin { kind: PURPOSE.to_owned(), source: "blendline".to_owned() })),
            ..MessageBody::default()
        };
        let class = Class { queue, target_ms, ..Class::default() };
        let class = directory.rules.get(&tenant).map_or_else(|| class.clone(), |routing| routing.sent(class.clone()));
        let payload = self.batch.payload(body);
        let command =
            Command::Push(NewItem { tenant, class, payload, conversation: Some(asked.conversation), matter: None });
        let call = Some(self.batch.call());
        match self.step(Input { call, actor: Actor::Rule, command }).answer {
            Some(Ok(Answer::Task(task))) => (Some(task), self.pass_to_manager(task, (queue, asked))),
            _ => {
                self.batch.drop_payload(payload);
                (None, None)
            }
        }
    }

    /// Gives the task to the nearest manager of the unit whose queue the customer was in, of those who serve the task's own
    /// queue and are there; he is not asked about himself. Where none is, it stays in its queue.
    fn pass_to_manager(&mut self, task: TaskId, (queue, asked): (QueueId, &Asked)) -> Option<WorkerId> {
        let row = self.core.queue(asked.queue)?;
        let unit = self.directory.units.get(&row.unit?)?;
        let serves =
            |worker: &WorkerId| self.core.worker(*worker).is_some_and(|row| row.settings.queues.contains(&queue));
        let mut managers = self.directory.managers(row.tenant, &unit.name);
        managers.retain(|manager| *manager != asked.worker && serves(manager));
        let nearest = self.nearest(task, &managers)?;
        if self.core.task(task)?.state.owner() != Some(nearest) {
            let to = Target::Worker(nearest);
            self.step(Input::new(Actor::Rule, Command::Reassign { task, to }));
        }
        Some(nearest)
    }

    /// Puts what was said beyond the number before the worker it is about: a note on the matter that mentions him.
    fn pass_words_on(&mut self, tenant: TenantId, asked: &Asked, score: u8, words: &str) {
        let stars = satisfaction::stars(score);
        let text: String = format!("{stars} {words}").chars().take(notes::TEXT_CHARS_MAX).collect();
        let note = Note {
            matter: asked.matter,
            task: asked.task,
            conversation: Some(asked.conversation),
            from: stars,
            worker: None,
            text: Pii::new(text),
            mentions: vec![asked.worker],
        };
        // One matter has one answer in a millisecond: nothing has to keep two apart.
        let (key, entries) = notes::entries(&note, tenant, self.now(), 0);
        let kind = Box::new(EventKind::NoteAdded {
            note: hex::encode(key),
            in_matter: asked.matter,
            in_task: asked.task,
            mentions: note.mentions,
        });
        let conversation = Some(asked.conversation);
        self.step(Input::new(Actor::Customer, Command::Record { tenant, account: None, conversation, kind }));
        for entry in entries {
            self.put_entry(entry);
        }
    }
}
