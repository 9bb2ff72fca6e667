//! What workers and other systems ask for. Nothing that was done is done again when it is asked for again.

use blendline_core::input::{NewItem, Verdict as CoreVerdict};
use blendline_core::{Answer, Command, Input, PayloadId, Refusal};
use blendline_wire::event::Actor;
use blendline_wire::outbound::SendFailure;
use blendline_wire::task::Target;
use blendline_wire::worker::Reply;
use blendline_wire::{ConversationId, Pii, TaskId, WorkerId};
use tokio::sync::oneshot;

use crate::consent::{self, Consents};
use crate::driver::cases::finished;
use crate::driver::draft::{About, Attach};
use crate::driver::keys::{self, Key};
use crate::driver::release::Output;
use crate::driver::sent_back::cause_of;
use crate::driver::step::Stepper;
use crate::handle::{Call, CallError, CallResult, Verdict};
use crate::payload::MessageBody;
use crate::persons::{Identity, Known};
use crate::ports::register::Entry;
use crate::ports::store::NewAddress;
use crate::take::in_the_way;

/// A duplicate key and what is kept beside it.
type Keyed = (Key, Vec<u8>);

/// A command made of a call, and what to keep when it is done.
pub(crate) struct Prepared {
    pub(crate) command: Command,
    /// Dropped when the core refuses.
    pub(super) payloads: Vec<PayloadId>,
    /// Kept when it does not, each with the beginning of its value.
    pub(super) keys: Vec<Keyed>,
    address: Option<NewAddress>,
    pub(crate) entries: Vec<Entry>,
}

impl Prepared {
    pub(crate) fn plain(command: Command) -> Self {
        Self { command, payloads: Vec::new(), keys: Vec::new(), address: None, entries: Vec::new() }
    }
}

impl Stepper<'_> {
    pub(crate) fn call(&mut self, actor: Actor, call: Call, reply: oneshot::Sender<CallResult>) {
        let call = match call {
            Call::Case(asked) => {
                let answer = self.case_call(actor, *asked);
                return self.batch.outputs.push(Output::Answer(reply, answer));
            }
            Call::External(asked) => {
                let answer = self.external_call(actor, *asked);
                return self.batch.outputs.push(Output::Answer(reply, answer));
            }
            Call::Improve(asked) => {
                let answer = self.improve_call(actor, *asked);
                return self.batch.outputs.push(Output::Answer(reply, answer));
            }
            Call::Sync(asked) => {
                let answer = self.sync_call(actor, *asked);
                return self.batch.outputs.push(Output::Answer(reply, answer));
            }
            Call::Quarantine(row) => {
                self.quarantine(*row);
                return self.batch.outputs.push(Output::Answer(reply, Ok(Answer::Done)));
            }
            Call::Matters(asked) => {
                let answer = self.matters_call(actor, &asked);
                return self.batch.outputs.push(Output::Answer(reply, answer));
            }
            Call::Decide(asked) => {
                let answer = self.decide_call(actor, *asked);
                return self.batch.outputs.push(Output::Answer(reply, answer));
            }
            Call::Judge(asked) => {
                let answer = self.judge_call(*asked);
                return self.batch.outputs.push(Output::Answer(reply, answer));
            }
            call => call,
        };
        let about = About::of(&call);
        let (cause, noting) = (cause_of(&call), self.noting(&call));
        let mut prepared = match self.prepare(call) {
            Ok(prepared) => prepared,
            Err(answer) => return self.batch.outputs.push(Output::Answer(reply, answer)),
        };
        if let Some(error) = self.refused(actor, &prepared.command) {
            prepared.payloads.into_iter().for_each(|payload| self.batch.drop_payload(payload));
            return self.batch.outputs.push(Output::Answer(reply, Err(error)));
        }
        let (done, passing) = (self.finishing(&prepared.command), self.passing(&prepared.command, cause));
        let unmade = self.reviews_left_by(&prepared.command);
        let ending = self.ending(&prepared.command);
        let (finishes, left_over) = (finished(&prepared.command), self.left_by(&prepared.command));
        self.ask(actor, &mut prepared);
        let Prepared { command, payloads, keys, address, entries } = prepared;
        let left = match &command {
            Command::Bye { session, .. } => Some(*session),
            _ => None,
        };
        let call = Some(self.batch.call());
        let answer = self.step(Input { call, actor, command }).answer;
        self.batch.outputs.extend(left.map(Output::Ended));
        match answer {
            Some(Ok(answer)) => {
                for (key, mut value) in keys {
                    value.extend_from_slice(&ids_of(&answer));
                    self.overlay.add_key(key, value.clone());
                    self.batch.add_key(key, value);
                }
                if let Some(address) = address {
                    self.overlay.add_contact(address.hash, address.contact);
                    self.batch.commit.addresses.push(address);
                }
                for entry in entries {
                    self.put_entry(entry);
                }
                if let Some(ending) = ending {
                    self.end_matter(ending);
                }
                if let Some((task, disposition)) = finishes {
                    self.finish_stage(actor, task, disposition);
                }
                self.lapse(actor, left_over);
                self.lapse_reviews(unmade);
                if let Some(passing) = passing {
                    self.passed(passing);
                }
                if let Some(done) = done {
                    self.finished_work(done);
                }
                if let Some(opening) = noting {
                    self.note_with_verdict(actor, opening);
                }
                self.batch.outputs.push(Output::Answer(reply, Ok(answer)));
            }
            refused => {
                for payload in payloads {
                    self.batch.drop_payload(payload);
                }
                self.batch.outputs.push(match (refused, about) {
                    (Some(Err(Refusal::UnknownTask)), Some(about)) => Output::Late(reply, about),
                    (Some(Err(refusal)), _) => Output::Answer(reply, Err(CallError::Refused(refusal))),
                    // The core answers every call in the same step; silence would leave the caller waiting for ever.
                    _ => Output::Answer(reply, Err(CallError::Unavailable("the call was not answered".into()))),
                });
            }
        }
    }

    /// Why a command is refused before the core hears of it: what it would give to whoever may not have it, or leave undone.
    fn refused(&self, actor: Actor, command: &Command) -> Option<CallError> {
        if let Some(refusal) = self.kept_from(command) {
            return Some(CallError::Judgement(refusal));
        }
        if let Err(refusal) = self.may_finish(actor, command) {
            return Some(CallError::Case(refusal));
        }
        let undecided = self.undecided(command).map(CallError::Undecided);
        undecided.or_else(|| self.unreviewed(command).map(CallError::Unreviewed))
    }

    /// The command of a call, or its answer when there is nothing to do.
    fn prepare(&mut self, call: Call) -> Result<Prepared, CallResult> {
        match call {
            Call::Plain(command) => Ok(Prepared::plain(command)),
            Call::Doubtful { call, cause } => self.doubtful(*call, cause),
            Call::Reply { worker, task, lease, reply } => {
                let (key, value) = self.unsaid(task, &reply)?;
                let payload = self.reply_payload(worker, reply);
                let command = Command::Reply { worker, task, lease, payload };
                Ok(Prepared { payloads: vec![payload], keys: vec![(key, value)], ..Prepared::plain(command) })
            }
            Call::Resend { worker, task, conversation, reply } => {
                let keyed = self.unsaid(task, &reply)?;
                let payload = self.reply_payload(worker, reply);
                let command = Command::Tell { conversation, worker: Some(worker), payload, prior: None };
                Ok(Prepared { payloads: vec![payload], keys: vec![keyed], ..Prepared::plain(command) })
            }
            Call::Settle { worker, task, lease, verdict, replies, seen, .. } => {
                let (fresh, keys) = self.new_replies(task, replies)?;
                let replies: Vec<_> = fresh.into_iter().map(|reply| self.reply_payload(worker, reply)).collect();
                let mut payloads = replies.clone();
                let verdict = self.verdict(worker, verdict, &mut payloads);
                let command = Command::Settle { worker, task, lease, verdict, replies, seen };
                Ok(Prepared { payloads, keys, ..Prepared::plain(command) })
            }
            Call::Push { tenant, class, by_rules, origin, external_ref, title, text, fields, conversation } => {
                let key = keys::push(tenant, &external_ref);
                if let Some(task) = self.overlay.key(&key).and_then(|value| number(value, 0)) {
                    return Err(Ok(Answer::Known(TaskId(task))));
                }
                let item = Some(origin);
                let mut body = MessageBody { title: Some(title), text, fields, item, ..MessageBody::default() };
                let class = self.class_of_item(tenant, class, by_rules, &body).ok_or(Err(CallError::NoRule))?;
                body.tags = class.label.as_ref().map(|label| label.tags.clone()).unwrap_or_default();
                let payload = self.batch.payload(body);
                let command = Command::Push(NewItem { tenant, class, payload, conversation, matter: None });
                Ok(Prepared { payloads: vec![payload], keys: vec![(key, Vec::new())], ..Prepared::plain(command) })
            }
            Call::Take { worker, task } => {
                let row = self.core.task(task).ok_or(Err(CallError::Refused(Refusal::UnknownTask)))?;
                match in_the_way(self.core, self.now(), worker, row) {
                    Some(why) => Err(Err(CallError::NotTaken(why))),
                    None => Ok(Prepared::plain(Command::Reassign { task, to: Target::Worker(worker) })),
                }
            }
            start @ Call::Start { .. } => self.start(start),
            known @ (Call::Consent { .. } | Call::Link { .. } | Call::Note { .. } | Call::Remark { .. }) => {
                self.noted(known)
            }
            // Answered before anything is prepared.
            Call::Case(_)
            | Call::External(_)
            | Call::Sync(_)
            | Call::Quarantine(_)
            | Call::Decide(_)
            | Call::Matters(_)
            | Call::Judge(_)
            | Call::Improve(_) => Err(Err(CallError::Unavailable("this is no task's".into()))),
            Call::Log { worker, queue, medium, duration_ms, note, key } => {
                let key = key.map(|own| keys::log(worker, &own));
                if let Some(task) = key.and_then(|key| number(self.overlay.key(&key)?, 0)) {
                    return Err(Ok(Answer::Known(TaskId(task))));
                }
                let payload = self.note(worker, note);
                let command = Command::Log { worker, queue, medium, duration_ms, payload };
                let keys = key.into_iter().map(|key| (key, Vec::new())).collect();
                Ok(Prepared { payloads: vec![payload], keys, ..Prepared::plain(command) })
            }
        }
    }

    /// What was said in private before is answered as it was then.
    fn doubtful(&mut self, call: Call, cause: SendFailure) -> Result<Prepared, CallResult> {
        let (task, replies) = match &call {
            Call::Reply { task, reply, .. } => (*task, std::slice::from_ref(reply)),
            Call::Settle { task, replies, .. } => (*task, replies.as_slice()),
            _ => return Err(Err(CallError::NotSent(cause))),
        };
        for reply in replies.iter().filter(|reply| reply.privately || reply.purpose.is_some()) {
            if self.new_reply(task, reply)?.is_some() {
                return Err(Err(CallError::NotSent(cause)));
            }
        }
        self.prepare(call)
    }

    /// The key of a reply and what is kept beside it; `None` when it was said before.
    fn new_reply(&self, task: TaskId, reply: &Reply) -> Result<Option<Keyed>, CallResult> {
        let key = keys::reply(task, &reply.key);
        let content = keys::content(&reply.content);
        match self.overlay.key(&key) {
            None => Ok(Some((key, content.to_vec()))),
            Some(known) if known.starts_with(&content) => Ok(None),
            Some(_) => Err(Err(CallError::KeyReused)),
        }
    }

    /// The same, or the answer of the time when it was said.
    fn unsaid(&self, task: TaskId, reply: &Reply) -> Result<Keyed, CallResult> {
        if let Some(new) = self.new_reply(task, reply)? {
            return Ok(new);
        }
        // Its place is kept behind its words; what was said together with a verdict has none.
        let known = self.overlay.key(&keys::reply(task, &reply.key));
        let place = known.and_then(|value| number(value, size_of::<Key>()));
        Err(Ok(place.map_or(Answer::Done, Answer::Said)))
    }

    /// Those of several replies that were not said before, in this call or another, each with its key.
    fn new_replies(&self, task: TaskId, replies: Vec<Reply>) -> Result<(Vec<Reply>, Vec<Keyed>), CallResult> {
        let (mut fresh, mut keys) = (Vec::with_capacity(replies.len()), Vec::<Keyed>::with_capacity(replies.len()));
        for reply in replies {
            let Some(new) = self.new_reply(task, &reply)? else { continue };
            match keys.iter().find(|(key, _)| *key == new.0) {
                Some((_, value)) if *value != new.1 => return Err(Err(CallError::KeyReused)),
                Some(_) => {}
                None => {
                    keys.push(new);
                    fresh.push(reply);
                }
            }
        }
        Ok((fresh, keys))
    }

    fn start(&mut self, call: Call) -> Result<Prepared, CallResult> {
        let Call::Start { worker, account, to, queue, reply, subject, purpose } = call else {
            return Err(Err(CallError::Unavailable("this begins nothing".into())));
        };
        let Some(entry) = self.directory.accounts.get(&account) else {
            return Err(Err(CallError::Refused(Refusal::UnknownAccount)));
        };
        let hash = keys::address(entry.tenant, account, to.expose(), None);
        let key = keys::start(hash, &reply.key);
        let content = keys::content(&reply.content);
        if let Some(known) = self.overlay.key(&key) {
            let again = || Some((number(known, content.len())?, number(known, content.len() + 8)?));
            return Err(match again().filter(|_| known.starts_with(&content)) {
                Some((conversation, task)) => Ok(Answer::Conversation(ConversationId(conversation), TaskId(task))),
                None => Err(CallError::KeyReused),
            });
        }
        let consents =
            self.overlay.entry(&consent::subject(entry.tenant, consent::medium(&entry.channel), to.expose()));
        let consents = consents.and_then(Consents::read);
        if !consents.map_or_else(|| consent::allowed_unasked(&purpose), |consents| consents.allow(&purpose)) {
            return Err(Err(CallError::NoConsent(purpose)));
        }
        let known = self.overlay.contact(&hash);
        let contact = known.unwrap_or_else(|| keys::contact(hash));
        let tenant = entry.tenant;
        let identity = Identity::of(&entry.channel, to.expose());
        let person = Known::Contact { identity, contact, account }.entry(entry.tenant, self.now());
        let new = NewAddress { hash, contact, tenant, account, address: to, thread: None, name: None };
        let entries = if known.is_none() { vec![person] } else { Vec::new() };
        let address = known.is_none().then_some(new);
        let prior = self.overlay.latest(contact).cloned().map(Box::new);
        let name = self.name_of(worker);
        let purpose = Some(purpose);
        let body = MessageBody { name, title: subject, purpose, ..MessageBody::reply(reply.content) };
        let payload = self.batch.payload(body);
        let command = Command::Start { worker, account, contact, queue, prior, payload };
        Ok(Prepared {
            payloads: vec![payload],
            keys: vec![(key, content.to_vec())],
            address,
            entries,
            ..Prepared::plain(command)
        })
    }

    fn verdict(&mut self, worker: WorkerId, verdict: Verdict, payloads: &mut Vec<PayloadId>) -> CoreVerdict {
        let mut note = |text| {
            let payload = self.note(worker, text);
            payloads.push(payload);
            payload
        };
        match verdict {
            Verdict::Done { disposition, note: text } => CoreVerdict::Done { disposition, note: text.map(note) },
            Verdict::Snooze { for_ms, reason, clock } => CoreVerdict::Snooze { for_ms, reason, clock },
            Verdict::Transfer { to, note: text, .. } => CoreVerdict::Transfer { to, note: text.map(note) },
            Verdict::Request { to, note: text, clock } => CoreVerdict::Request { to, note: note(text), clock },
            Verdict::Refuse { reason } => CoreVerdict::Refuse { reason },
        }
    }

    fn reply_payload(&mut self, worker: WorkerId, reply: Reply) -> PayloadId {
        let (name, privately, purpose) = (self.name_of(worker), reply.privately, reply.purpose);
        self.batch.payload(MessageBody { name, privately, purpose, ..MessageBody::reply(reply.content) })
    }

    fn note(&mut self, worker: WorkerId, text: Pii<String>) -> PayloadId {
        let name = self.name_of(worker);
        self.batch.payload(MessageBody { name, ..MessageBody::note(text) })
    }

    fn name_of(&self, worker: WorkerId) -> Option<Pii<String>> {
        self.directory.workers.get(&worker).map(|(_, name)| Pii::new(name.clone()))
    }

    pub(crate) fn attach(&mut self, attach: Attach) {
        let Attach { worker, session, accept, capacity, presence, frames } = attach;
        let call = Some(self.batch.call());
        let command = Command::Attach { worker, session, accept, capacity, presence };
        // The welcome goes before the frames that the same step asks for.
        let place = self.batch.outputs.len();
        let output = match self.step(Input { call, actor: Actor::Worker(worker), command }).answer {
            Some(Ok(Answer::Welcome { tasks })) => {
                let tasks = tasks.into_iter().filter_map(|(task, lease, offered)| self.view(task, lease, offered));
                Output::Welcome { session, frames, tasks: tasks.collect() }
            }
            _ => {
                self.batch.refused.push((worker, session));
                Output::Refused(frames)
            }
        };
        self.batch.outputs.insert(place, output);
    }
}

/// The numbers an answer brought, as they are kept beside a key.
fn ids_of(answer: &Answer) -> Vec<u8> {
    match answer {
        Answer::Said(seq) => seq.to_be_bytes().to_vec(),
        Answer::Task(task) | Answer::Known(task) => task.0.to_be_bytes().to_vec(),
        Answer::Conversation(conversation, task) => [conversation.0.to_be_bytes(), task.0.to_be_bytes()].concat(),
        Answer::Done | Answer::Welcome { .. } => Vec::new(),
    }
}

/// The number at this place of a value.
fn number(value: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(value.get(at..at + 8)?.try_into().ok()?))
}
