//! Finished work at the owner of its shard: whether it is drawn for review, and how whoever asked for it finds it.

use blendline_authority::line::Kind as Step;
use blendline_authority::{Command as Asked, Decision};
use blendline_core::input::Verdict;
use blendline_core::rows::TaskState;
use blendline_core::{Command, Input, Scheduler};
use blendline_quality::draw::{Drawn, Facts, draw};
use blendline_quality::judgement::{Answer, Judgement, Review, ReviewState, id};
use blendline_quality::rules::{Form, Quality, Risk};
use blendline_quality::score::Refusal;
use blendline_wire::event::quality::{AnswerRating, AnswerTold, ReviewTold};
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::{ConversationId, MatterId, Millis, Pii, QueueId, TaskId, TenantId, WorkerId};

use crate::directory::Directory;
use crate::driver::draft::{Draft, Item};
use crate::driver::reviews::{Standings, may_review, queue_of_reviews};
use crate::driver::sent_back::passed_key;
use crate::driver::step::Stepper;
use crate::handle::{self, Call};

/// What a company's rules say of quality, and their version.
pub(crate) fn quality_of(directory: &Directory, tenant: TenantId) -> Option<(&Quality, u32)> {
    let routing = directory.rules.get(&tenant)?;
    Some((routing.quality.as_ref()?, routing.version))
}

/// A task that a command finishes.
pub(crate) struct Finishing {
    tenant: TenantId,
    task: TaskId,
    queue: QueueId,
    worker: WorkerId,
    matter: MatterId,
    conversation: Option<ConversationId>,
    /// The task that waits for it, and who asked.
    asked: Option<(TaskId, WorkerId)>,
    created_at: Millis,
    missed: bool,
}

impl Draft {
    /// Asks for what is known of work that is finished, judged, passed on or cancelled.
    pub(crate) fn want_judgements(&mut self, directory: &Directory, core: &Scheduler, standings: &Standings) {
        let wanted = &mut self.wanted;
        for item in &self.items {
            let Item::Call { call, .. } = item else { continue };
            let call = match &**call {
                Call::Doubtful { call, .. } => call,
                call => call,
            };
            match call {
                Call::Judge(asked) => wanted.judgements.ids.extend(asked.beside.iter().chain([&asked.judgement])),
                Call::Settle { task, verdict, .. } => {
                    if matches!(verdict, handle::Verdict::Transfer { .. })
                        && let Some(row) = core.task(*task)
                    {
                        wanted.entries.push(passed_key(row.tenant, *task));
                    }
                    let row = core.task(*task).filter(|row| asks_for_complaints(directory, row.tenant));
                    wanted.case_matters.extend(row.map(|row| row.matter));
                }
                Call::Decide(asked) if asks_for_complaints(directory, asked.tenant) => {
                    if let Asked::Ask(asking) = &asked.command {
                        wanted.case_matters.extend(asking.matter);
                    }
                }
                Call::Plain(Command::Cancel { task, .. }) if may_review(directory, core, *task) => {
                    wanted.judgements.ids.extend(standings.reviewing.get(task).map(|waiting| waiting.review));
                }
                _ => {}
            }
        }
    }
}

/// Whether a complaint makes any piece of a company's work likelier to be drawn.
fn asks_for_complaints(directory: &Directory, tenant: TenantId) -> bool {
    let quality = quality_of(directory, tenant);
    quality.is_some_and(|(quality, _)| quality.forms.iter().any(|form| form.risks.contains_key(&Risk::Complaint)))
}

impl Stepper<'_> {
    /// The work that a command is about to finish.
    pub(crate) fn finishing(&self, command: &Command) -> Option<Finishing> {
        let Command::Settle { worker, task, verdict: Verdict::Done { .. }, .. } = command else { return None };
        let row = self.core.task(*task)?;
        let asked = row.parent.and_then(|parent| match self.core.task(parent)?.state {
            TaskState::Requesting { worker: Some(asker), .. } => Some((parent, asker)),
            _ => None,
        });
        Some(Finishing {
            tenant: row.tenant,
            task: *task,
            queue: row.queue,
            worker: *worker,
            matter: row.matter,
            conversation: row.conversation,
            asked,
            created_at: row.created_at,
            missed: row.missed || row.due_at < self.now(),
        })
    }

    /// Work is finished: whoever asked for it may say how it was, and it may be drawn for review.
    pub(crate) fn finished_work(&mut self, done: Finishing) {
        // It may have come back to its worker with what he had not read.
        if self.core.task(done.task).is_some() {
            return;
        }
        if let Some((parent, asker)) = done.asked.filter(|(_, asker)| *asker != done.worker) {
            self.put_given_answer(&done, parent, asker);
        }
        let Some((quality, version)) = quality_of(self.directory, done.tenant) else { return };
        let name = self.directory.queues.get(&done.queue).map(|(_, name)| name.as_str()).unwrap_or_default();
        let Some(form) = quality.for_task(name) else { return };
        let facts = Facts { complaint: self.complains(done.tenant, done.matter), ..Facts::default() };
        let told = ReviewTold {
            of_worker: done.worker,
            of_queue: Some(done.queue),
            of_unit: self.core.queue(done.queue).and_then(|queue| queue.unit),
            of_task: Some(done.task),
            version,
            ..ReviewTold::default()
        };
        self.draw_work((quality, form), (done.tenant, done.conversation, Some(done.matter)), facts, told);
    }

    /// A decision was made by a person: it may be drawn for review.
    pub(crate) fn decided_work(&mut self, decision: &Decision) {
        let (first, last) = (&decision.first, &decision.last);
        let Some((quality, version)) = quality_of(self.directory, first.tenant) else { return };
        let made = matches!(last.kind, Step::Granted | Step::Denied);
        let Some(decider) = last.told.decider.filter(|_| made) else { return };
        let queue = first.told.of_task.and_then(|task| self.core.task(task)).map(|row| row.queue);
        let name = queue.and_then(|queue| self.directory.queues.get(&queue)).map(|(_, name)| name.as_str());
        let Some(form) = quality.for_decision(&first.told.action, name) else { return };
        // What is known is how much the asker may decide alone.
        let alone = Some(first.told.alone).filter(|_| decider == first.told.asker);
        let complaint = first.matter.is_some_and(|matter| self.complains(first.tenant, matter));
        let facts = Facts { minor: Some(first.told.minor), alone, complaint };
        let told = ReviewTold {
            of_worker: decider,
            of_queue: queue,
            of_unit: queue.and_then(|queue| self.core.queue(queue)).and_then(|queue| queue.unit),
            of_task: first.told.of_task,
            of_decision: Some(decision.id()),
            of_case: first.told.of_case,
            action: first.told.action.clone(),
            currency: first.told.currency.clone(),
            minor: Some(first.told.minor),
            alone,
            version,
            ..ReviewTold::default()
        };
        self.draw_work((quality, form), (first.tenant, first.conversation, first.matter), facts, told);
    }

    /// Draws a piece, or does not.
    fn draw_work(
        &mut self,
        (quality, form): (&Quality, &Form),
        (tenant, conversation, matter): (TenantId, Option<ConversationId>, Option<MatterId>),
        facts: Facts,
        told: ReviewTold,
    ) {
        // Reviews are not reviewed.
        if told.of_queue.is_some() && told.of_queue == queue_of_reviews(self.directory, tenant) {
            return;
        }
        let (now, state) = (self.now(), ReviewState::Waiting);
        let (scored_at, words, answer) = (None, None, None);
        let review = Review { tenant, at: now, told, conversation, matter, state, scored_at, words, answer };
        let piece = review.piece();
        let standing = self.overlay.standings.of(review.told.of_worker);
        let Some(drawn) = draw((quality, form), (tenant, &piece), facts, &standing, now) else { return };
        let Drawn { risks, chance_milli, twice } = drawn;
        for seat in 1..=if twice { 2_u8 } else { 1 } {
            let mut review = review.clone();
            review.told.review = id(tenant, &["review", &piece, &seat.to_string()]);
            review.told.form.clone_from(&form.name);
            review.told.seat = seat;
            review.told.risks = risks.iter().map(|risk| (*risk).to_owned()).collect();
            review.told.chance_milli = chance_milli;
            if self.overlay.judgement(review.told.review).is_none() {
                self.ask_review(review, twice);
            }
        }
    }

    /// Whether a complaint is open in a matter: a case that is about a unit.
    fn complains(&self, tenant: TenantId, matter: MatterId) -> bool {
        let Some(routing) = self.directory.rules.get(&tenant) else { return false };
        let about = |case_type: &str| routing.cases.get(case_type).is_some_and(|kind| kind.about.is_some());
        self.overlay.cases_of_matter(matter).into_iter().any(|case| about(&case.case_type))
    }

    fn put_given_answer(&mut self, done: &Finishing, parent: TaskId, asker: WorkerId) {
        let (tenant, now) = (done.tenant, self.now());
        let told = AnswerTold {
            answer: id(tenant, &["answer", &done.task.to_string()]),
            of_task: done.task,
            of_worker: done.worker,
            of_queue: done.queue,
            of_unit: self.core.queue(done.queue).and_then(|queue| queue.unit),
            for_task: parent,
            asker,
            after_ms: now.since(done.created_at),
            missed: done.missed,
            rating: None,
        };
        let conversation = self.core.task(parent).and_then(|row| row.conversation);
        let (rated_at, words, matter) = (None, None, done.matter);
        let answer = Answer { tenant, at: now, told, matter, conversation, rated_at, words };
        let kind = EventKind::AnswerGiven(Box::new(answer.told.clone()));
        self.put_answer(Actor::Worker(done.worker), answer, kind);
    }

    /// Whoever asked says how the answer was. He may change his mind, and each time is an event.
    pub(crate) fn rate_answer(
        &mut self,
        mut answer: Answer,
        by: WorkerId,
        rating: AnswerRating,
        words: Option<Pii<String>>,
    ) -> Result<(), Refusal> {
        if answer.told.asker != by {
            return Err(Refusal::NotYours);
        }
        if answer.told.rating == Some(rating) && (words.is_none() || answer.words == words) {
            return Ok(());
        }
        answer.told.rating = Some(rating);
        answer.rated_at = Some(self.now());
        answer.words = words.or(answer.words);
        let kind = EventKind::AnswerRated(Box::new(answer.told.clone()));
        self.put_answer(Actor::Worker(by), answer, kind);
        Ok(())
    }

    fn put_answer(&mut self, actor: Actor, answer: Answer, kind: EventKind) {
        let (tenant, conversation, kind) = (answer.tenant, answer.conversation, Box::new(kind));
        self.step(Input::new(actor, Command::Record { tenant, account: None, conversation, kind }));
        self.put_judgement(Judgement::Answer(Box::new(answer)));
    }
}
