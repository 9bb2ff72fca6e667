//! Everything that can happen, by name.

use serde::{Deserialize, Serialize};

use super::Decision;
use super::{authority, case, external, improvement, matter, promise, quality};
use crate::ids::{AccountId, ConversationId, Lease, MatterId, OutboundId, QueueId, SessionId, TaskId, WorkerId};
use crate::inbound::InboundKind;
use crate::task::{ClockRule, Label, ParkReason, Presence, SkillNeed, Target, TaskKind, WithdrawReason};
use crate::time::Millis;

/// What happened. A new kind is a new variant; a field is never given another meaning.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum EventKind {
    /// A message was taken into its conversation.
    MessageReceived {
        /// Its place in the conversation.
        seq: u64,
        /// What kind of message.
        kind: InboundKind,
        /// The account it came through.
        account: AccountId,
    },
    /// A second delivery of something already taken in, by the platform or by the queue after a crash: no second effect.
    MessageDuplicate {
        /// What kind it was.
        kind: InboundKind,
    },
    /// An event that routes nothing was kept out, and why.
    MessageDiscarded {
        /// What kind it was.
        kind: InboundKind,
        /// A stable word: `unknown_account`, `not_routed`, `echo`, …
        reason: String,
    },
    /// A message did not join the conversation that it names, and why.
    ThreadRefused {
        /// A stable word: `reply_address_of_another`, `thread_of_another`.
        reason: String,
    },
    /// A person agreed to be written to without having asked, or withdrew.
    ConsentChanged {
        /// Who, as an opaque mark of the channel and his address on it: the same in every event of his.
        subject: String,
        /// For what: `all`, `service`, `marketing`, …
        purpose: String,
        /// Whether he agrees.
        granted: bool,
        /// Where it is known from: `word`, `platform`, `complaint`, or what the caller said.
        source: String,
    },
    /// A customer was told something by itself; `reply_queued` of the same instant is what.
    NoticeSent {
        /// The notice, as the rules name it.
        notice: String,
        /// What asked for it: `received`, `closed`, `waiting`, `callback`, `window`.
        moment: String,
    },
    /// A customer was asked whether what he wanted is solved; `reply_queued` of the same instant is how.
    ConfirmationAsked {
        /// The task that was finished.
        of_task: TaskId,
        /// Who finished it.
        of_worker: WorkerId,
        /// The queue it was in.
        of_queue: QueueId,
    },
    /// A customer was asked whether he was content; `reply_queued` of the same instant is how.
    SatisfactionAsked {
        /// The task that was finished.
        of_task: TaskId,
        /// Who finished it.
        of_worker: WorkerId,
        /// The queue it was in.
        of_queue: QueueId,
        /// The customer, as an opaque mark: the same in every such event of his.
        customer: String,
    },
    /// A customer said whether he was content.
    SatisfactionAnswered {
        /// The task that he was asked about.
        of_task: TaskId,
        /// Who finished it.
        of_worker: WorkerId,
        /// The queue it was in.
        of_queue: QueueId,
        /// The customer, as an opaque mark.
        customer: String,
        /// From 1 to 5.
        score: u8,
        /// Whether he said more than that.
        said_more: bool,
        /// The task that was opened for whoever is responsible, where the answer was low, or one of the good ones that are
        /// looked at.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        follow_up: Option<TaskId>,
        /// True where it was opened for a good answer: one of the share of them that are looked at.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        sampled: bool,
        /// The manager whom that task is for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        manager: Option<WorkerId>,
    },
    /// A customer asked by the tenant's word where his matter stands, and was answered; `reply_queued` of the same instant
    /// is what.
    StatusTold {
        /// The stage that he was told: `received`, `in_work`, `checking`, `later`, `waits_for_you`, `done`, `ended`.
        stage: String,
    },
    /// Rules on trial would send something, or have sent it, another way than the live rules.
    RulesDiffered {
        /// The version on trial.
        trial: u32,
        /// Whether it decided.
        acted: bool,
        /// The live rule; left out where none applies.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        live_rule: Option<String>,
        /// Its queue.
        live_queue: QueueId,
        /// The rule on trial; left out where none applies.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trial_rule: Option<String>,
        /// Its queue.
        trial_queue: QueueId,
    },
    /// A file that came with a message was fetched from the platform.
    MediaStored {
        /// Its opaque name.
        media: String,
        /// Its size.
        bytes: u64,
        /// What it is by what it holds.
        mime: String,
    },
    /// A file that came with a message could not be fetched.
    MediaFailed {
        /// Its opaque name.
        media: String,
        /// A stable word: `gone`, `too_large`, `forbidden`, …
        reason: String,
    },
    /// Two addresses were said to be one person's, or not to be after all.
    PersonsLinked {
        /// The one, as an opaque mark.
        one: String,
        /// The other, likewise.
        other: String,
        /// True: joined. False: parted.
        joined: bool,
    },
    /// A colleague wrote a note about a matter; the customer is not told.
    NoteAdded {
        /// Its opaque name.
        note: String,
        /// The matter.
        in_matter: MatterId,
        /// The task at which it was written.
        in_task: TaskId,
        /// Whom it mentions.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        mentions: Vec<WorkerId>,
    },
    /// A worker has seen a note that mentions him.
    MentionSeen {
        /// The note.
        note: String,
        /// Who.
        worker: WorkerId,
    },
    /// A worker who does not look at his desk is told of something by a notice on his devices.
    WorkerNotified {
        /// Who.
        worker: WorkerId,
        /// Of what: `offer`, `assigned`, `returned`, `mention`.
        what: String,
        /// The task it is about.
        in_task: TaskId,
        /// On how many devices.
        devices: u32,
    },
    /// How an account is has changed, by what the platform answered.
    AccountHealth {
        /// Which.
        account: AccountId,
        /// `fine`, `limited`, `unreachable`, `credentials_refused`, `misconfigured`, `locked`.
        state: String,
        /// A stable word for the cause; empty while all is well.
        reason: String,
    },
    /// What could not be read was put aside whole.
    Quarantined {
        /// Why it could not be read.
        // The event itself has a `cause`: two of one name cannot be read back.
        #[serde(rename = "fault")]
        cause: String,
    },
    /// A conversation began.
    ConversationOpened {
        /// The account it is on.
        account: AccountId,
    },
    /// A solved conversation came back within the window.
    ConversationReopened {
        /// True when the customer said that it was not solved.
        denied: bool,
    },
    /// A task came to be.
    TaskCreated {
        /// What it is made of.
        kind: TaskKind,
        /// Its queue.
        queue: QueueId,
        /// When its first response is due.
        due_at: Millis,
        /// The task that asked for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<TaskId>,
        /// What the rules say of it; left out where no rule decided.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        label: Option<Box<Label>>,
    },
    /// A task went over to a queue that helps its own out; it keeps its place and its target.
    TaskOverflowed {
        /// Its queue.
        from: QueueId,
        /// The one that helps out.
        to: QueueId,
        /// A stable word: `time`, it waited too long; `nobody`, nobody was there.
        why: String,
    },
    /// A message joined an open task, which keeps its place in line.
    TaskMerged {
        /// The message's place in the conversation.
        seq: u64,
    },
    /// A task could not be taken: the queue is full.
    TaskRejected {
        /// The full queue.
        queue: QueueId,
    },
    /// A task was shown to a worker.
    TaskOffered {
        /// To whom.
        worker: WorkerId,
        /// Under which number.
        lease: Lease,
        /// Until when.
        until: Millis,
        /// Why.
        decision: Decision,
    },
    /// A worker has a task.
    TaskAssigned {
        /// Who.
        worker: WorkerId,
        /// Under which number.
        lease: Lease,
        /// Why; left out when he accepted an offer, which has the reason.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        decision: Option<Decision>,
    },
    /// A worker said no.
    OfferDeclined {
        /// Who.
        worker: WorkerId,
        /// Why, in his words or from a list.
        reason: String,
    },
    /// An offer or assignment ended without the worker's doing.
    TaskWithdrawn {
        /// From whom.
        worker: WorkerId,
        /// Why.
        reason: WithdrawReason,
    },
    /// The first response of a task, and whether it kept the target.
    FirstResponse {
        /// From the first unanswered message to the answer, in milliseconds.
        after_ms: u64,
        /// True when it was later than the target.
        late: bool,
    },
    /// A waiting task passed its target. Once per task.
    TargetMissed {
        /// When it was due.
        due_at: Millis,
    },
    /// A task was put aside.
    TaskParked {
        /// Why.
        reason: ParkReason,
        /// When it comes back by itself.
        until: Millis,
        /// What its target does meanwhile.
        clock: ClockRule,
    },
    /// Nobody had a task for so long that less will do.
    NeedsRelaxed {
        /// What it takes from now on.
        needs: Vec<SkillNeed>,
    },
    /// A task that was put aside came back.
    TaskWoken {
        /// A stable word: `time`, `customer`, `answer`, `worker`.
        why: String,
    },
    /// A task was passed on.
    TaskTransferred {
        /// Who had it, or put it aside.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<WorkerId>,
        /// To whom.
        to: Target,
    },
    /// A task was handed over because of an absence.
    TaskHandedOver {
        /// From whom.
        from: WorkerId,
        /// To whom; left out, back to the queue.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<WorkerId>,
    },
    /// A worker asked for a piece of work.
    RequestOpened {
        /// The task that does it.
        child: TaskId,
        /// Of whom.
        to: Target,
        /// What the parent's target does meanwhile.
        clock: ClockRule,
    },
    /// A task that waited for so long counts for more than others that are as urgent.
    TaskRaised {
        /// How many times, in thousandths.
        times_milli: u32,
    },
    /// A piece of work was answered.
    RequestAnswered {
        /// The task that did it.
        child: TaskId,
    },
    /// A piece of work is not needed any more.
    RequestWithdrawn {
        /// The task that was doing it.
        child: TaskId,
    },
    /// A worker was reminded of a task he is silent on.
    WorkerReminded {
        /// Who.
        worker: WorkerId,
    },
    /// A supervisor was told of a task nobody answers.
    SupervisorTold {
        /// Who was silent last.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        worker: Option<WorkerId>,
    },
    /// We say it is done.
    TaskSolved {
        /// By whom.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        worker: Option<WorkerId>,
        /// How, from a list of the tenant's.
        disposition: String,
    },
    /// A worker said that it should not or cannot be done.
    TaskRefused {
        /// By whom.
        worker: WorkerId,
        /// Why.
        reason: String,
    },
    /// The customer says it is done.
    TaskConfirmed,
    /// The customer did not say.
    TaskUnconfirmed,
    /// The customer says it is not done.
    TaskDenied,
    /// Taken back by whoever opened it.
    TaskCancelled {
        /// A stable word.
        reason: String,
    },
    /// Noting down began.
    WrapUpStarted {
        /// Until when at the latest.
        until: Millis,
    },
    /// Noting down, or a rest, ended.
    WrapUpEnded,
    /// A worker rests: he is given nothing new.
    RestStarted {
        /// After which task.
        after: TaskId,
        /// Until when, unless he says sooner that he is ready.
        until: Millis,
        /// A stable word: `run`, he worked without a breath; `abusive`, the customer was.
        why: String,
    },
    /// A worker connected.
    WorkerAttached {
        /// Under which number.
        session: SessionId,
    },
    /// A worker's connection was lost, and the grace time is over.
    WorkerLost,
    /// A worker left in order.
    WorkerDetached,
    /// A worker's presence changed.
    WorkerPresence {
        /// To what.
        presence: Presence,
        /// Why, in his words or from a list.
        reason: String,
    },
    /// A reply is durable and waits to be sent.
    ReplyQueued {
        /// Which.
        outbound: OutboundId,
        /// Its place in the conversation.
        seq: u64,
    },
    /// A conversation that began in public goes on in private, by a reply that the platform took.
    MovedToPrivate {
        /// Which reply.
        outbound: OutboundId,
        /// Where the customer's private answer joins: this conversation, unless he has another open one in private.
        into: ConversationId,
    },
    /// What a visitor of a web chat had not seen went to him by mail.
    ReplyMailed {
        /// Which reply.
        outbound: OutboundId,
        /// By which mail account.
        account: AccountId,
    },
    /// The platform took a reply.
    ReplySent {
        /// Which.
        outbound: OutboundId,
        /// At which try.
        attempt: u32,
    },
    /// A reply will be tried again.
    ReplyDelayed {
        /// Which.
        outbound: OutboundId,
        /// The next try.
        attempt: u32,
        /// When.
        #[serde(rename = "next_at")]
        at: Millis,
        /// A stable word.
        reason: String,
    },
    /// A reply was not sent and will not be.
    ReplyFailed {
        /// Which.
        outbound: OutboundId,
        /// A stable word.
        reason: String,
    },
    /// Nobody can say whether a reply was sent.
    ReplyUnknown {
        /// Which.
        outbound: OutboundId,
        /// A stable word.
        reason: String,
    },
    /// The platform reported on a reply.
    ReplyStatus {
        /// Which.
        outbound: OutboundId,
        /// `sent`, `delayed`, `delivered`, `read`, `played`, `failed`.
        status: String,
    },
    /// A contact (call, visit, counter) was logged by a worker.
    ContactLogged {
        /// `call`, `visit`, `counter`, …
        medium: String,
        /// How long it took, in milliseconds.
        duration_ms: u64,
    },
    /// A case was opened.
    CaseOpened(Box<case::CaseOpened>),
    /// A case went from one stage to another.
    CaseMoved(Box<case::CaseMoved>),
    /// A field of a case has another value.
    CaseFieldSet(case::CaseFieldSet),
    /// A case has another owner.
    CaseAssigned(case::CaseAssigned),
    /// A case waits.
    CasePaused(case::CasePaused),
    /// A case waits no more.
    CaseResumed(case::CaseResumed),
    /// A case is over.
    CaseClosed(Box<case::CaseClosed>),
    /// A case that was over is not.
    CaseReopened(Box<case::CaseReopened>),
    /// The customer said that a case is solved.
    CaseConfirmed(case::CaseConfirmed),
    /// A case belongs to something else.
    CaseLinked(case::CaseLinked),
    /// A stage's work has a task, or none.
    CaseWork(case::CaseWork),
    /// What a stage says was said, or could not be.
    CaseTold(case::CaseTold),
    /// A stretch of a case that the company measures is over.
    CaseMeasured(case::CaseMeasured),
    /// A decision was asked for that its asker may not make alone.
    DecisionAsked(Box<authority::DecisionTold>),
    /// A task asks somebody who may for his decision.
    DecisionRouted(Box<authority::DecisionTold>),
    /// The first of two persons agreed.
    DecisionApproved(Box<authority::DecisionTold>),
    /// It was decided: the amount is given.
    DecisionGranted(Box<authority::DecisionTold>),
    /// Somebody who may said no.
    DecisionDenied(Box<authority::DecisionTold>),
    /// It is not wanted any more.
    DecisionWithdrawn(Box<authority::DecisionTold>),
    /// What was given was taken back; the amount is below zero.
    DecisionReversed(Box<authority::DecisionTold>),
    /// Nobody may decide this: nothing was written but this event.
    DecisionRefused(Box<authority::DecisionTold>),
    /// A case will probably miss its stage's target.
    CaseAtRisk(Box<promise::CaseAtRisk>),
    /// A stage at risk went up the organisation's tree.
    CaseEscalated(promise::CaseEscalated),
    /// A stage's task was due to come again, before what is fresher.
    CaseResurfaced(promise::CaseResurfaced),
    /// A task was opened beside a stage's own.
    CaseAside(promise::CaseAside),
    /// Something was promised to a customer.
    PromiseMade(Box<promise::PromiseMade>),
    /// A promise may not be kept.
    PromiseAtRisk(promise::PromiseAtRisk),
    /// A promise was kept.
    PromiseKept(promise::PromiseKept),
    /// A promise was broken.
    PromiseBroken(promise::PromiseBroken),
    /// A promise does not hold any more.
    PromiseWithdrawn(promise::PromiseWithdrawn),
    /// A customer came again with a matter that was closed.
    MatterRepeated(matter::MatterRepeated),
    /// Two open conversations of one customer are one matter.
    MattersJoined(matter::MattersJoined),
    /// Two conversations that were held together are two matters after all.
    MattersParted(matter::MattersParted),
    /// Somebody of another unit agreed to what a unit may not do alone with a complaint about it.
    CaseAgreed(Box<case::CaseAgreed>),
    /// A case stands still, or goes on, because of another case of its customer.
    CaseHeld(case::CaseHeld),
    /// A finished piece of work is to be reviewed.
    ReviewDrawn(Box<quality::ReviewTold>),
    /// A review waits for somebody who may make it, and why: nobody is given his own work.
    ReviewHeld(Box<quality::ReviewTold>),
    /// A piece of work was reviewed.
    Reviewed(Box<quality::ReviewTold>),
    /// Whoever did the work answered its review.
    ReviewDisputed(Box<quality::ReviewTold>),
    /// Nobody reviews a piece that was drawn: its task was cancelled, or could not be opened.
    ReviewLapsed(Box<quality::ReviewTold>),
    /// A request of one worker's was answered by another: the answer can be rated.
    AnswerGiven(Box<quality::AnswerTold>),
    /// Whoever asked said how the answer was.
    AnswerRated(Box<quality::AnswerTold>),
    /// Work came back to where it had been done.
    WorkSentBack(Box<quality::SentBackTold>),
    /// An event of another system was applied to cases.
    ExternalApplied(Box<external::ExternalTold>),
    /// An event of another system waits for those before it.
    ExternalWaiting(Box<external::ExternalTold>),
    /// An event of another system was put aside for a person to look at.
    ExternalParked(Box<external::ExternalTold>),
    /// An event of another system that had been put aside was dropped by a person.
    ExternalDropped(Box<external::ExternalTold>),
    /// Another system told a newer version of a customer or an order.
    RecordSynced(external::RecordSynced),
    /// Something that should change was written down.
    ImprovementOpened(Box<improvement::ImprovementOpened>),
    /// More speaks for something that should change.
    ImprovementEvidence(improvement::ImprovementEvidence),
    /// Two of them say the same.
    ImprovementJoined(improvement::ImprovementJoined),
    /// One says something else after all.
    ImprovementParted(improvement::ImprovementJoined),
    /// Another manager is to answer it.
    ImprovementAssigned(improvement::ImprovementAssigned),
    /// A manager answered it.
    ImprovementAnswered(improvement::ImprovementAnswered),
    /// It was begun, done, or opened again.
    ImprovementMoved(improvement::ImprovementMoved),
    /// Its answer, or what was promised, is late: it went up the organisation's tree, or stands at the top of it.
    ImprovementEscalated(improvement::ImprovementEscalated),
    /// What it is measured by was measured.
    ImprovementMeasured(Box<improvement::ImprovementMeasured>),
    /// A setting of the organisation changed.
    SettingsChanged {
        /// What: `tenant`, `queue`, `worker`, `account`, `calendar`.
        what: String,
        /// Its opaque id.
        #[serde(rename = "setting")]
        id: String,
    },
}
