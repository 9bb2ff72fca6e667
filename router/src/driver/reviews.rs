//! Reviews at the owner of their shard: what is drawn becomes a task of the queue of reviews, and what its reviewer says of it is
//! committed with the event of it. To whom it goes, [`super::reviewers`] decides.

use std::collections::{BTreeMap, HashMap};

use blendline_core::input::{Class, NewItem, Verdict};
use blendline_core::{Answer, Command, Input, Scheduler};
use blendline_quality::judgement::{Judgement, Kind, Review, ReviewState};
use blendline_quality::score::{self, Refusal};
use blendline_quality::standing::{STANDING_MS, Standing};
use blendline_wire::event::Actor;
use blendline_wire::org::FieldValue;
use blendline_wire::task::Label;
use blendline_wire::{JudgementId, Millis, Pii, QueueId, TaskId, TenantId, WorkerId};

use crate::directory::Directory;
use crate::driver::quality::quality_of;
use crate::driver::reviewers::KEPT;
use crate::driver::step::Stepper;
use crate::handle::{CallError, CallResult, JudgeCall, Says};
use crate::payload::{ItemOrigin, MessageBody};
use crate::ports::judgements::{JudgementFilter, JudgementPlace};
use crate::ports::store::{Archive, StoreError};
use crate::rules::LiveAuthority;

/// How many judgements are read at once, and reviews of one company at most.
const PAGE: usize = 1_000;
const REVIEWS_MAX: usize = 200_000;

/// How workers were reviewed, and who reviews what.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standings {
    of: HashMap<WorkerId, Standing>,
    /// The reviews that wait, by the tasks of whoever is to make them.
    pub(crate) reviewing: BTreeMap<TaskId, Reviewing>,
}

/// A review that waits.
#[derive(Clone, Debug)]
pub(crate) struct Reviewing {
    pub(crate) review: JudgementId,
    /// Who may not make it: whoever did the work, and whoever has made the other review of it.
    pub(crate) not_by: Vec<WorkerId>,
    /// The other review of the same piece, where there is one.
    pub(crate) beside: JudgementId,
    /// Why it waits, as it was told last; empty where it waits as any task does.
    pub(crate) why: String,
}

impl Reviewing {
    /// Who did the work.
    pub(crate) fn of_worker(&self) -> Option<WorkerId> {
        self.not_by.first().copied()
    }
}

impl Standings {
    /// What the record tells of these companies.
    pub(crate) async fn read(archive: &dyn Archive, tenants: &[TenantId], now: Millis) -> Result<Self, StoreError> {
        let mut standings = Self::default();
        let since = Some(Millis(now.0.saturating_sub(STANDING_MS)));
        let filter = JudgementFilter { kind: Some(Kind::Review), since, ..JudgementFilter::default() };
        for tenant in tenants {
            let (mut after, mut reviews) = (None, Vec::new());
            for _ in 0..REVIEWS_MAX / PAGE {
                let page = archive.judgements(*tenant, &filter, after, PAGE).await?;
                after = page.last().map(JudgementPlace::of);
                let is_last = page.len() < PAGE;
                reviews.extend(page.into_iter().filter_map(|judgement| match judgement {
                    Judgement::Review(review) => Some(review),
                    _ => None,
                }));
                if is_last {
                    break;
                }
            }
            // What waits is known before those who made the other review of the same piece.
            reviews.sort_by_key(|review| review.told.reviewer.is_some());
            reviews.iter().for_each(|review| standings.take(review, now));
        }
        Ok(standings)
    }

    /// Takes up a review as it is now.
    pub(crate) fn take(&mut self, review: &Review, now: Millis) {
        let told = &review.told;
        self.of.entry(told.of_worker).or_default().take(review, now);
        if let Some(task) = told.by_task {
            if review.state == ReviewState::Waiting {
                let beside = review.other_seat();
                let before = self.reviewing.remove(&task).map(|before| before.not_by);
                let not_by = before.unwrap_or_else(|| vec![told.of_worker]);
                let why = told.reason.clone();
                self.reviewing.insert(task, Reviewing { review: told.review, not_by, beside, why });
            } else {
                self.reviewing.remove(&task);
            }
        }
        if let Some(reviewer) = told.reviewer {
            let other = self.reviewing.values_mut().find(|waiting| waiting.review == review.other_seat());
            other.into_iter().for_each(|waiting| waiting.not_by.push(reviewer));
        }
    }

    /// What is known of a worker.
    pub(crate) fn of(&self, worker: WorkerId) -> Standing {
        self.of.get(&worker).cloned().unwrap_or_default()
    }
}

impl Stepper<'_> {
    /// The scores that authority depends on, where it does.
    pub(crate) fn scores(&self, live: &LiveAuthority) -> BTreeMap<WorkerId, u8> {
        if !live.asks_for_quality() {
            return BTreeMap::new();
        }
        let score = |worker| Some((worker, self.overlay.standings.of.get(&worker)?.quality(self.now())?));
        live.company.people().filter_map(score).collect()
    }

    /// Asks for a review of what was drawn.
    pub(crate) fn ask_review(&mut self, review: Review, twice: bool) {
        let queue = queue_of_reviews(self.directory, review.tenant);
        let kept = queue.is_some_and(|queue| self.is_to_be_kept(&review, queue, twice));
        let task = self.open_review(review, (kept, false));
        task.filter(|_| kept).into_iter().for_each(|task| self.place_review(task));
    }

    /// Opens the task of whoever is to review this, and writes that it was drawn. It may be kept from the line, and may have
    /// been opened before.
    pub(crate) fn open_review(&mut self, review: Review, (kept, again): (bool, bool)) -> Option<TaskId> {
        let tenant = review.tenant;
        let (quality, rule_set) = quality_of(self.directory, tenant)?;
        let queue = quality.reviews.as_ref().and_then(|(queue, _)| self.directory.queue(tenant, queue));
        let queue = queue?;
        let payload = self.batch.payload(self.review_body(&review));
        let label = Label { rule: "quality".to_owned(), tags: Vec::new(), case_type: None };
        let needs = if kept { vec![KEPT] } else { Vec::new() };
        let class = Class { queue, needs, label: Some(Box::new(label)), rule_set, ..Class::default() };
        let class = self.directory.rules.get(&tenant).map_or(class.clone(), |routing| routing.sent(class));
        // What the customer wants done has no part in it.
        let item = NewItem { tenant, class, payload, conversation: None, matter: None };
        let call = Some(self.batch.call());
        let opened = self.step(Input { call, actor: Actor::Rule, command: Command::Push(item) }).answer;
        let Some(Ok(Answer::Task(task))) = opened else {
            self.batch.drop_payload(payload);
            if !again {
                self.put_review(Actor::Rule, review.clone());
            }
            self.put_review(Actor::Rule, score::lapsed(&review, "queue_full"));
            return None;
        };
        let mut review = review;
        review.told.by_task = Some(task);
        if again {
            self.renew_review(review);
        } else {
            self.put_review(Actor::Rule, review);
        }
        Some(task)
    }

    /// The review that a command would leave unmade: it finishes the task that asks for it.
    pub(crate) fn unreviewed(&self, command: &Command) -> Option<JudgementId> {
        let Command::Settle { task, verdict: Verdict::Done { .. }, .. } = command else { return None };
        self.overlay.standings.reviewing.get(task).map(|waiting| waiting.review)
    }

    /// The reviews that a command would leave with nobody to make them.
    pub(crate) fn reviews_left_by(&self, command: &Command) -> Vec<JudgementId> {
        let Command::Cancel { task, .. } = command else { return Vec::new() };
        self.overlay.standings.reviewing.get(task).map(|waiting| waiting.review).into_iter().collect()
    }

    /// Those of these reviews whose task is over are not made.
    pub(crate) fn lapse_reviews(&mut self, reviews: Vec<JudgementId>) {
        for id in reviews {
            let Some(Judgement::Review(review)) = self.overlay.judgement(id) else { continue };
            let is_over = review.told.by_task.is_some_and(|task| self.core.task(task).is_none());
            if is_over && review.state == ReviewState::Waiting {
                let lapsed = score::lapsed(review, "task_over");
                self.put_review(Actor::System, lapsed);
            }
        }
    }

    /// What is said of somebody's work. Said again it changes nothing again.
    pub(crate) fn judge_call(&mut self, asked: JudgeCall) -> CallResult {
        let known = self.overlay.judgement(asked.judgement).filter(|known| known.tenant() == asked.tenant).cloned();
        let said = match (known, asked.says) {
            (Some(Judgement::Review(review)), Says::Score(given, words)) => {
                self.score_review(*review, asked.beside, asked.by, (given, words))
            }
            (Some(Judgement::Review(review)), Says::Answer(answer)) => self.answer_review(&review, asked.by, answer),
            (Some(Judgement::Answer(answer)), Says::Rate(rating, words)) => {
                self.rate_answer(*answer, asked.by, rating, words)
            }
            _ => Err(Refusal::Unknown),
        };
        said.map(|()| Answer::Done).map_err(CallError::Judgement)
    }

    fn score_review(
        &mut self,
        review: Review,
        beside: Option<JudgementId>,
        by: WorkerId,
        (given, words): (score::Given, Option<Pii<String>>),
    ) -> Result<(), Refusal> {
        let other = beside.and_then(|id| self.overlay.judgement(id)).cloned();
        let other = match &other {
            Some(Judgement::Review(other)) => Some(&**other),
            _ => None,
        };
        if review.state == ReviewState::Waiting {
            score::may_review((&review, other), by)?;
        }
        let owner = review.told.by_task.and_then(|task| self.core.task(task)).and_then(|row| row.state.owner());
        if review.state == ReviewState::Waiting && owner.is_some_and(|owner| owner != by) {
            return Err(Refusal::NotYours);
        }
        let form = quality_of(self.directory, review.tenant).and_then(|(quality, _)| quality.form(&review.told.form));
        let scored = score::scored((&review, other), form, by, (&given, words), self.now())?;
        let (task, milli) = (scored.told.by_task, scored.told.score_milli.unwrap_or_default());
        self.put_review(Actor::Worker(by), scored);
        if let Some(task) = task {
            self.end_review(task, by, milli);
        }
        Ok(())
    }

    fn answer_review(&mut self, review: &Review, by: WorkerId, answer: Pii<String>) -> Result<(), Refusal> {
        let dispute_ms = quality_of(self.directory, review.tenant)
            .map_or_else(|| blendline_quality::Quality::default().dispute_ms, |(quality, _)| quality.dispute_ms);
        let disputed = score::disputed(review, by, answer, dispute_ms, self.now())?;
        self.put_review(Actor::Worker(by), disputed);
        Ok(())
    }

    /// It is reviewed: the task that asked for it is over.
    fn end_review(&mut self, task: TaskId, by: WorkerId, milli: u16) {
        let Some(row) = self.core.task(task) else { return };
        if !row.state.is_active_with(by) {
            let reason = "reviewed".to_owned();
            self.step(Input::new(Actor::Worker(by), Command::Cancel { task, reason }));
            return;
        }
        let lease = row.lease;
        let payload = self.batch.payload(MessageBody::note(Pii::new(format!("{milli}/1000"))));
        let verdict = Verdict::Done { disposition: "reviewed".to_owned(), note: Some(payload) };
        let command = Command::Settle { worker: by, task, lease, verdict, replies: Vec::new(), seen: None };
        let call = Some(self.batch.call());
        let done = self.step(Input { call, actor: Actor::Worker(by), command }).answer;
        if !matches!(done, Some(Ok(_))) {
            self.batch.drop_payload(payload);
        }
    }

    /// Writes a review with its event.
    pub(crate) fn put_review(&mut self, actor: Actor, review: Review) {
        let (tenant, conversation, kind) = (review.tenant, review.conversation, Box::new(review.event()));
        self.step(Input::new(actor, Command::Record { tenant, account: None, conversation, kind }));
        self.overlay.standings.take(&review, self.batch.commit.now);
        self.put_judgement(Judgement::Review(Box::new(review)));
    }

    /// Writes a review anew of which nothing is told: its task tells it.
    pub(crate) fn renew_review(&mut self, review: Review) {
        self.overlay.standings.take(&review, self.batch.commit.now);
        self.put_judgement(Judgement::Review(Box::new(review)));
    }

    /// Writes what is said of somebody's work.
    pub(crate) fn put_judgement(&mut self, judgement: Judgement) {
        self.overlay.add_judgement(judgement.clone());
        self.batch.put_judgement(judgement);
    }

    /// What whoever reviews reads.
    fn review_body(&self, review: &Review) -> MessageBody {
        let told = &review.told;
        let text = |text: String| FieldValue::Text(Pii::new(text));
        let worker = self.directory.workers.get(&told.of_worker).map(|(_, name)| name.clone()).unwrap_or_default();
        let fields = [
            ("review".to_owned(), text(told.review.to_string())),
            ("form".to_owned(), text(told.form.clone())),
            ("worker".to_owned(), text(worker.clone())),
        ];
        let what = if told.action.is_empty() { &told.form } else { &told.action };
        MessageBody {
            title: Some(Pii::new(format!("{what}: {worker}"))),
            fields: fields.into(),
            item: Some(Box::new(ItemOrigin { kind: "review".to_owned(), source: "quality".to_owned() })),
            ..MessageBody::default()
        }
    }
}

/// The queue of a company's reviews.
pub(crate) fn queue_of_reviews(directory: &Directory, tenant: TenantId) -> Option<QueueId> {
    let (quality, _) = quality_of(directory, tenant)?;
    directory.queue(tenant, &quality.reviews.as_ref()?.0)
}

/// The review that a task asks for, if it is of the queue of reviews.
pub(crate) fn may_review(directory: &Directory, core: &Scheduler, task: TaskId) -> bool {
    core.task(task).is_some_and(|row| queue_of_reviews(directory, row.tenant) == Some(row.queue))
}
