//! What the wire really holds, against its schema: types whose form comes from `serde` attributes.

use blendline_core::PayloadId;
use blendline_core::input::DeliveryStatus;
use blendline_core::rows::{Closed, Conversation, ConversationState, OutboundRow, OutboundState, Task, TaskState};
use blendline_wire::event::authority::DecisionTold;
use blendline_wire::event::case::{
    CaseAssigned, CaseFieldSet, CaseMoved, CaseMover, CaseValue, StageEntered, StageLeft,
};
use blendline_wire::event::external::ExternalTold;
use blendline_wire::event::quality::{AnswerRating, AnswerTold, ReviewTold, SentBackTold};
use blendline_wire::event::{Activity, Actor, Because, Decision, Event, EventKind};
use blendline_wire::inbound::InboundKind;
use blendline_wire::org::FieldValue;
use blendline_wire::outbound::{Content, TemplateButton, TemplateButtonKind, TemplateHeader};
use blendline_wire::task::{ClockRule, Label, ParkReason, Side, SkillNeed, Target, TaskKind, WithdrawReason};
use blendline_wire::worker::{
    Author, ClientFrame, DecisionWish, MessageView, Reply, ServerFrame, TargetName, TaskView, Verdict,
};
use blendline_wire::{
    AccountId, CaseId, ContactKey, ConversationId, DecisionId, EventId, ExternalId, Lease, MatterId, Millis,
    OutboundId, Problem, QueueId, SessionId, SkillId, TaskId, TenantId, UnitId, WorkerId,
};
use serde::Serialize;

use super::judge::fits;
use crate::api::view;
use crate::directory::Directory;
use crate::ports::store::QuarantineRow;

#[track_caller]
fn holds<T: Serialize>(name: &str, samples: impl IntoIterator<Item = T>) {
    for sample in samples {
        let value = serde_json::to_value(sample).unwrap();
        if let Err(error) = fits(&format!("/components/schemas/{name}"), &value) {
            panic!("{name}: {error}");
        }
    }
}

fn event(kind: EventKind, actor: Actor) -> Event {
    Event {
        id: EventId(1),
        at: Millis(9),
        tenant: TenantId(1),
        kind,
        actor,
        activity: Activity::BackOffice,
        unit: Some(UnitId(2)),
        matter: Some(MatterId(3)),
        conversation: None,
        task: Some(TaskId(5)),
        side: Some(Side::Back),
        channel: Some("webchat".into()),
        cause: Some(EventId(6)),
        rule_set: 7,
    }
}

fn told() -> ExternalTold {
    ExternalTold {
        external: ExternalId(7),
        system: "delivery".into(),
        given_id: "dlv-88-3".into(),
        external_kind: "delivered".into(),
        reference: "SO-1017".into(),
        sequence: Some(3),
        happened_at: Millis(1),
        cases: vec![CaseId(7)],
        reason: "no_move".into(),
    }
}

fn decided() -> DecisionTold {
    DecisionTold {
        decision: DecisionId(7),
        line: 3,
        action: "credit".into(),
        currency: "ILS".into(),
        minor: 1_250,
        asker: WorkerId(1),
        decider: Some(WorkerId(2)),
        holder: Some(WorkerId(2)),
        grant: Some("managers".into()),
        second: Some(WorkerId(3)),
        second_holder: Some(WorkerId(3)),
        contact: Some(ContactKey(9)),
        of_case: Some(CaseId(7)),
        of_task: Some(TaskId(7)),
        approval: Some(TaskId(8)),
        to: Some(WorkerId(2)),
        version: 3,
        alone: 1_000,
        reason: "too_much".into(),
    }
}

fn moved() -> CaseMoved {
    CaseMoved {
        case: CaseId(7),
        case_type: "parcel".into(),
        version: 3,
        left: StageLeft {
            stage: "looking".into(),
            entered_at: Millis(1),
            ran_ms: 2,
            stood_ms: 3,
            used_ms: 2,
            due_at: Some(Millis(9)),
            late: false,
        },
        entered: StageEntered { stage: "solved".into(), due_at: None, responsible: None, waits_for: String::new() },
        by: CaseMover::Customer,
        disposition: None,
        owner: Some(WorkerId(3)),
    }
}

fn label() -> Label {
    Label { rule: "refund".into(), tags: vec!["money".into()], case_type: Some("return".into()) }
}

fn reviewed() -> ReviewTold {
    let points = [("tone".to_owned(), 4)].into();
    ReviewTold { score_milli: Some(800), reviewer: Some(WorkerId(3)), points, ..ReviewTold::default() }
}

#[test]
fn events() {
    let (worker, lease, queue, outbound) = (WorkerId(3), Lease(2), QueueId(4), OutboundId(8));
    let decision = Decision { waited_ms: 1, urgency_milli: 2, because: Because::Sticky, ..Decision::default() };
    let kinds = [
        EventKind::MessageReceived { seq: 1, kind: InboundKind::ReviewEdit, account: AccountId(1) },
        EventKind::Quarantined { cause: "line 1".into() },
        EventKind::CaseMoved(Box::new(moved())),
        EventKind::DecisionGranted(Box::new(decided())),
        EventKind::ExternalParked(Box::new(told())),
        EventKind::Reviewed(Box::new(reviewed())),
        EventKind::ReviewHeld(Box::new(ReviewTold { reason: "nobody_else".into(), ..reviewed() })),
        EventKind::AnswerRated(Box::new(AnswerTold { rating: Some(AnswerRating::Late), ..AnswerTold::default() })),
        EventKind::WorkSentBack(Box::new(SentBackTold { cause: "wrong".into(), ..SentBackTold::default() })),
        EventKind::CaseFieldSet(CaseFieldSet {
            case: CaseId(7),
            field: "credit".into(),
            filled: true,
            value: Some(CaseValue::Money { minor: 1_250, currency: "ILS".into() }),
        }),
        EventKind::CaseAssigned(CaseAssigned { case: CaseId(7), from: None, to: Some(worker) }),
        EventKind::ReplyDelayed { outbound, attempt: 2, at: Millis(7), reason: "rate_limited".into() },
        EventKind::SettingsChanged { what: "queue".into(), id: "que_1".into() },
        EventKind::TaskCreated {
            kind: TaskKind::Item,
            queue,
            due_at: Millis(3),
            parent: Some(TaskId(1)),
            label: Some(Box::new(label())),
        },
        EventKind::TaskOverflowed { from: queue, to: queue, why: "time".into() },
        EventKind::TaskOffered { worker, lease, until: Millis(4), decision },
        EventKind::TaskAssigned { worker, lease, decision: None },
        EventKind::TaskWithdrawn { worker, reason: WithdrawReason::QueueRemoved },
        EventKind::TaskTransferred { from: None, to: Target::Queue(queue) },
        EventKind::TaskParked { reason: ParkReason::Approval, until: Millis(1), clock: ClockRule::Stops },
        EventKind::SatisfactionAsked { of_task: TaskId(1), of_worker: worker, of_queue: queue, customer: "ab".into() },
        EventKind::SatisfactionAnswered {
            of_task: TaskId(1),
            of_worker: worker,
            of_queue: queue,
            customer: "ab".into(),
            score: 2,
            said_more: true,
            follow_up: Some(TaskId(2)),
            sampled: true,
            manager: Some(worker),
        },
        EventKind::ConfirmationAsked { of_task: TaskId(1), of_worker: worker, of_queue: queue },
        EventKind::StatusTold { stage: "received".into() },
        EventKind::WrapUpEnded,
        EventKind::RestStarted { after: TaskId(1), until: Millis(2), why: "run".into() },
        EventKind::TaskRaised { times_milli: 4_000 },
        EventKind::NeedsRelaxed { needs: vec![SkillNeed { skill: SkillId(1), level: 1 }] },
    ];
    let actors = [Actor::System, Actor::Worker(worker), Actor::Platform];
    let events: Vec<Event> =
        kinds.into_iter().zip(actors.into_iter().cycle()).map(|(kind, actor)| event(kind, actor)).collect();
    for event in &events {
        // A field of a kind that is called like one of the event's own would be there twice.
        let text = serde_json::to_string(event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&text).ok().as_ref(), Some(event), "{text}");
    }
    holds("Event", events);
}

fn view() -> TaskView {
    let message = MessageView {
        seq: 1,
        at: Millis(1),
        from: Author::Customer,
        name: Some("דנה".into()),
        text: None,
        payload: None,
        attachments: vec![blendline_wire::inbound::Attachment { kind: "image".into(), ..Default::default() }],
        mail: Some(Box::new(blendline_wire::mail::MailLine { subject: Some("s".into()), ..Default::default() })),
        kind: Some(blendline_wire::inbound::InboundKind::Edit),
        id: Some("1".into()),
        target: Some("2".into()),
        visibility: Some("public".into()),
        permalink: Some("https://social.example/1".into()),
        status: Some("read".into()),
        reach: Some(blendline_wire::Reach { followers: Some(9), ..Default::default() }),
    };
    let fields =
        [("paid", FieldValue::Flag(true)), ("order", FieldValue::Number(-1)), ("note", FieldValue::Text("x".into()))];
    TaskView {
        id: TaskId(1),
        lease: Lease(2),
        offered: true,
        until: Some(Millis(3)),
        why: Some(Because::Sticky),
        kind: TaskKind::Conversation,
        side: Side::Front,
        queue: "care".into(),
        matter: MatterId(4),
        conversation: Some(ConversationId(5)),
        parent: None,
        earned_at: Millis(6),
        due_at: Millis(7),
        title: Some("t".into()),
        fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        messages: vec![message],
    }
}

#[test]
fn frames_of_workers() {
    let (task, lease) = (TaskId(1), Lease(2));
    holds(
        "ServerFrame",
        [
            ServerFrame::Welcome { session: SessionId(1), heartbeat_ms: 5, tasks: vec![view()] },
            ServerFrame::Offer { task: view() },
            ServerFrame::Message { task, lease, message: view().messages.remove(0) },
            ServerFrame::Withdrawn { task, lease, reason: WithdrawReason::Silent },
            ServerFrame::ReplyStatus {
                task,
                outbound: OutboundId(1),
                status: "sent".into(),
                seq: Some(1),
                detail: None,
            },
            ServerFrame::Answer { call: 1, problem: None, seq: Some(3) },
            ServerFrame::Answer { call: 1, problem: Some(Problem::new(409, "fenced", "t", "d").at("/x")), seq: None },
            ServerFrame::Goodbye { reason: "elsewhere".into(), at: Some("https://two.example".into()) },
        ],
    );
    let contents = [
        Content::Text { text: "שלום".into() },
        Content::Template {
            name: "n".into(),
            language: "he".into(),
            parameters: vec!["1".into()],
            header: Some(Box::new(TemplateHeader::Text { text: "1".into() })),
            buttons: vec![TemplateButton { index: 0, kind: TemplateButtonKind::Url, value: "1".into() }],
        },
        Content::Media { kind: "image".into(), link: "l".into(), caption: None, filename: Some("f".into()) },
        Content::Buttons { text: "t".into(), buttons: vec![("yes".into(), "Yes".into())] },
    ];
    let replies = contents.into_iter().map(|content| Reply::new("k", content)).collect::<Vec<_>>();
    let (to, clock) = (TargetName::Worker("dana".into()), ClockRule::Runs);
    let verdicts = [
        Verdict::Done { disposition: String::new(), note: Some("n".into()) },
        Verdict::Snooze { for_ms: 1, reason: ParkReason::Customer, clock },
        Verdict::Transfer { to: TargetName::Queue("care".into()), note: None, cause: Some("misrouted".into()) },
        Verdict::Request { to, note: "n".into(), clock },
        Verdict::Refuse { reason: "r".into() },
    ];
    let settled = verdicts.into_iter().map(|verdict| ClientFrame::Settle {
        improve: Some("The form asks twice".into()),
        call: 7,
        task,
        lease,
        verdict,
        replies: replies.clone(),
        seen: Some(3),
    });
    let wish = DecisionWish {
        key: "k".into(),
        action: "credit".into(),
        minor: 1_250,
        currency: Some("ILS".into()),
        reason: Some("r".into()),
    };
    let decide = ClientFrame::Decide { call: 8, task, wish };
    let others =
        [ClientFrame::Heartbeat { hidden: Some(true) }, ClientFrame::Bye, ClientFrame::Touch { task, lease }, decide];
    holds("ClientFrame", settled.chain(others));
}

#[test]
fn frames_of_visitors() {
    holds("ChatFrame", crate::chat::tests::frames());
}

#[tokio::test]
async fn rows_as_callers_see_them() {
    let world = crate::api::tests::World::new().await;
    let (task, directory) = (crate::api::tests::filled::task(&world, "dana"), Directory::default());
    let (worker, until, since, at) = (WorkerId(1), Millis(5), Millis(1), Millis(9));
    let states = [
        TaskState::Waiting,
        TaskState::Offered { worker, until, because: Because::LeastLoaded },
        TaskState::active(worker),
        TaskState::Parked { worker: None, reason: ParkReason::Time, since, until, clock: ClockRule::Runs },
        TaskState::Interrupted { worker: Some(worker), since, until: Millis(3) },
        TaskState::Requesting { worker: Some(worker), since, clock: ClockRule::Stops },
        TaskState::Closed { at, how: Closed::Cancelled, worker: Some(worker) },
    ];
    holds("Task", states.map(|state| view::task(Task { state, ..task.clone() }, &directory)));
    let conversation = Conversation {
        id: ConversationId(9),
        tenant: TenantId(1),
        account: AccountId(1),
        contact: ContactKey(1),
        matter: MatterId(8),
        state: ConversationState::Open { task: TaskId(7) },
        seq: 3,
        opened_at: at,
        heard_at: Some(at),
        last_worker: Some((worker, at)),
    };
    let solved = ConversationState::Solved {
        at,
        task: TaskId(7),
        queue: QueueId(1),
        earned_at: since,
        confirm_until: Millis::MAX,
    };
    let states = [
        conversation.state.clone(),
        solved,
        ConversationState::Confirmed { at },
        ConversationState::Unconfirmed { at },
    ];
    holds(
        "Conversation",
        states.map(|state| view::conversation(Conversation { state, ..conversation.clone() }, &directory)),
    );
    let outbound = OutboundRow {
        id: OutboundId(1),
        tenant: TenantId(1),
        account: AccountId(1),
        conversation: ConversationId(9),
        contact: ContactKey(1),
        seq: 4,
        task: Some(TaskId(7)),
        worker: Some(worker),
        payload: PayloadId(1),
        queued_at: at,
        window_until: None,
        attempt: 1,
        state: OutboundState::Queued,
    };
    let states = [
        OutboundState::Queued,
        OutboundState::Handed { at },
        OutboundState::Delayed { until },
        OutboundState::Sent { status: DeliveryStatus::Sent },
        OutboundState::Failed { reason: "undeliverable".into() },
        OutboundState::Unknown { reason: "timeout".into() },
    ];
    holds("Outbound", states.map(|state| view::outbound(OutboundRow { state, ..outbound.clone() }, &directory)));
    let row = QuarantineRow {
        id: 0,
        tenant: TenantId(1),
        account: None,
        channel: "webchat".into(),
        at,
        cause: "line 1".into(),
        raw: vec![0xff],
    };
    holds("Quarantined", [view::quarantine(row, &directory)]);
}

#[test]
fn what_is_not_so_is_refused() {
    for (name, wrong) in [
        ("Item", serde_json::json!({ "queue": "q", "external_ref": "r", "title": "t", "titel": "t" })),
        ("Verdict", serde_json::json!({ "verdict": "gone" })),
        ("Event", serde_json::json!({ "id": "evt_1" })),
        ("TaskView", serde_json::json!([])),
    ] {
        assert!(fits(&format!("/components/schemas/{name}"), &wrong).is_err(), "{name} takes {wrong}");
    }
}
