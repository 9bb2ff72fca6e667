//! What a world of the tests has.

use std::collections::BTreeMap;

use blendline_authority::{Kind, Line};
use blendline_cases::Case;
use blendline_cases::case::StageRun;
use blendline_cases::systems::{ExternalEvent, Held, HeldState, Parked};
use blendline_core::PayloadId;
use blendline_core::rows::{Conversation, ConversationState, OutboundRow, OutboundState, Task, TaskState};
use blendline_improvements::{Improvement, Opening, Settings, Terms, apply};
use blendline_quality::{Answer, Judgement, Review, ReviewState};
use blendline_wire::event::authority::DecisionTold;
use blendline_wire::event::case::CaseLinks;
use blendline_wire::event::improvement::ImprovementSource;
use blendline_wire::event::quality::{AnswerTold, ReviewTold};
use blendline_wire::outbound::Content;
use blendline_wire::task::{Side, TaskKind};
use blendline_wire::{
    AccountId, CaseId, ContactKey, ConversationId, DecisionId, ExternalId, ImprovementId, JudgementId, Lease, MatterId,
    Millis, OutboundId, TaskId, TenantId, WorkerId,
};

use super::World;
use crate::driver::keys;
use crate::driver::synced::record_key;
use crate::handle::Records;
use crate::media::{MediaFile, MediaState};
use crate::ports::desks::Canned;
use crate::ports::outlets::{Endpoint, EndpointState};
use crate::ports::people::Deed;
use crate::ports::register;
use crate::ports::store::{Letter, QuarantineRow};
use crate::ports::systems::SystemKeys;

/// A task of the tenant `acme`, which the worker has.
pub(crate) fn task(world: &World, worker: &str) -> Task {
    let directory = world.shared.directory();
    let tenant = tenant(world, "acme");
    Task {
        id: TaskId(7),
        tenant,
        kind: TaskKind::Conversation,
        queue: directory.queue(tenant, "front").unwrap(),
        side: Side::Front,
        state: TaskState::active(directory.worker(tenant, worker).unwrap()),
        lease: Lease(2),
        matter: MatterId(8),
        conversation: Some(ConversationId(9)),
        account: None,
        channel: Default::default(),
        needs: Default::default(),
        created_at: Millis(1),
        earned_at: Millis(1),
        target_ms: 1,
        due_at: Millis(2),
        missed: false,
        unanswered: true,
        asked: None,
        seq: 0,
        rule_set: 0,
        worked_ms: 0,
        more: Default::default(),
    }
}

pub(super) fn tenant(world: &World, name: &str) -> TenantId {
    let directory = world.shared.directory();
    let tenants: BTreeMap<_, _> = directory.tenants.iter().map(|(id, name)| (name.as_str(), *id)).collect();
    tenants[name]
}

/// A decision that waits, of acme's.
fn asked(tenant: TenantId, asker: WorkerId) -> Line {
    let told = DecisionTold {
        decision: DecisionId(7),
        line: 1,
        action: "credit".into(),
        currency: "ILS".into(),
        minor: 1_250,
        asker,
        decider: None,
        holder: None,
        grant: None,
        second: None,
        second_holder: None,
        contact: None,
        of_case: None,
        of_task: None,
        approval: None,
        to: None,
        version: 1,
        alone: 0,
        reason: String::new(),
    };
    let key = "k".to_owned();
    Line { tenant, at: Millis(1), kind: Kind::Asked, told, key, conversation: None, matter: None, note: None }
}

/// A review of a worker's work, and an answer that he can rate.
fn judged(tenant: TenantId, dana: WorkerId) -> [Judgement; 2] {
    let told = ReviewTold { review: JudgementId(7), of_worker: dana, score_milli: Some(900), ..ReviewTold::default() };
    let review = Review {
        tenant,
        at: Millis(1),
        told,
        conversation: None,
        matter: None,
        state: ReviewState::Scored,
        scored_at: Some(Millis(1)),
        words: None,
        answer: None,
    };
    let told = AnswerTold { answer: JudgementId(8), asker: dana, ..AnswerTold::default() };
    let (matter, conversation, rated_at, words) = (MatterId(8), None, None, None);
    let answer = Answer { tenant, at: Millis(1), told, matter, conversation, rated_at, words };
    [Judgement::Review(Box::new(review)), Judgement::Answer(Box::new(answer))]
}

fn told(tenant: TenantId) -> Held {
    let event = ExternalEvent {
        tenant,
        system: "delivery".into(),
        id: "d-1".into(),
        reference: "SO-1".into(),
        sequence: Some(1),
        kind: "delivered".into(),
        at: Millis(1),
        fields: BTreeMap::new(),
        links: CaseLinks::default(),
        language: String::new(),
    };
    let state = HeldState::Parked(Parked::new("unknown_reference", "SO-1"));
    Held { id: ExternalId(7), came_at: Millis(1), event, state }
}

pub(crate) fn fill(world: &World) {
    let task = task(world, "dana");
    let conversation = Conversation {
        id: ConversationId(9),
        tenant: task.tenant,
        account: AccountId(1),
        contact: ContactKey(1),
        matter: MatterId(8),
        state: ConversationState::Open { task: task.id },
        seq: 1,
        opened_at: Millis(1),
        heard_at: None,
        last_worker: Some((WorkerId(1), Millis(1))),
    };
    let file = MediaFile {
        account: AccountId(1),
        conversation: Some(conversation.id),
        kind: "image".into(),
        reference: "x".to_owned().into(),
        claimed: None,
        filename: None,
        state: MediaState::Pending,
    };
    let quarantined = QuarantineRow {
        id: 3,
        tenant: task.tenant,
        account: Some(AccountId(1)),
        channel: "whatsapp_cloud".into(),
        at: Millis(1),
        cause: "line 1".into(),
        raw: b"{".to_vec(),
    };
    world.records.quarantine.lock().unwrap().push(quarantined);
    let case = Case {
        id: CaseId(7),
        tenant: task.tenant,
        case_type: "parcel".into(),
        version: 1,
        language: "en".into(),
        opened_at: Millis(1),
        earned_at: Millis(1),
        stage: StageRun {
            name: "looking".into(),
            entered_at: Millis(1),
            due_at: None,
            paused: None,
            stood_ms: 0,
            warned_at: None,
            escalated: 0,
            resurfaced: 0,
            held: None,
        },
        owner: world.shared.directory().worker(task.tenant, "dana"),
        closed: None,
        fields: BTreeMap::new(),
        links: CaseLinks::default(),
        task: None,
        trail: BTreeMap::new(),
        moves: 0,
        promises: Vec::new(),
        agreed: None,
        told_at: Vec::new(),
        tells_at: None,
        look_at: None,
    };
    world.records.cases.lock().unwrap().insert(case.id, case);
    let dana = world.shared.directory().worker(task.tenant, "dana").unwrap();
    world.records.ledger.lock().unwrap().push(asked(task.tenant, dana));
    let (kind, body) = (
        register::Kind::Synced,
        blendline_wire::Pii::new(serde_json::json!({ "version": 1, "record": { "version": 1 } })),
    );
    world.records.judgements.lock().unwrap().extend(judged(task.tenant, dana));
    let key = record_key(task.tenant, "crm", Records::Customers, "C-7");
    world.records.entries.lock().unwrap().push(register::Entry { kind, key, tenant: task.tenant, at: Millis(1), body });
    world.records.externals.lock().unwrap().push(told(task.tenant));
    // The one that is asked for, and the one that is written down: nothing is committed here.
    let written = keys::improvement(task.tenant, "k");
    let kept = [ImprovementId(7), written].map(|id| Improvement { id, ..improvement(task.tenant, dana) });
    world.records.improvements.lock().unwrap().extend(kept);
    world.records.entries.lock().unwrap().push(file.entry([7; 16], task.tenant, Millis(1)));
    let row = OutboundRow {
        id: OutboundId(5),
        tenant: task.tenant,
        account: AccountId(1),
        conversation: conversation.id,
        contact: ContactKey(1),
        seq: 1,
        task: Some(task.id),
        worker: task.state.holder(),
        payload: PayloadId(1),
        queued_at: Millis(1),
        window_until: None,
        attempt: 1,
        state: OutboundState::Failed { reason: "undeliverable".into() },
    };
    let content = Content::Text { text: "t".into() };
    world.records.letters.lock().unwrap().push(Letter { row, content, to: "x".into(), thread: None, answers: None });
    world.records.tasks.lock().unwrap().insert(task.id, task);
    world.records.conversations.lock().unwrap().insert(conversation.id, conversation);
}

/// An improvement that dana is to answer.
fn improvement(tenant: TenantId, owner: WorkerId) -> Improvement {
    let settings = Settings::default();
    let terms = Terms { settings: &settings, managers: &[owner], members: 0, into: None };
    let opening = Opening {
        id: ImprovementId(7),
        tenant,
        source: ImprovementSource::Audit,
        title: "t".into(),
        text: None,
        queue: None,
        topic: None,
        unit: None,
        evidence: Default::default(),
        writer: None,
    };
    apply(&terms, None, blendline_improvements::Command::Open(Box::new(opening)), Millis(1)).unwrap().improvement
}

/// An endpoint of acme's, unless it is there.
pub(super) async fn add_endpoint(world: &World) {
    let endpoint = Endpoint {
        tenant: *world.shared.directory().tenants.iter().find(|(_, name)| *name == "acme").unwrap().0,
        name: "dana".into(),
        version: 1,
        url: "https://127.0.0.1:1/".into(),
        kinds: Vec::new(),
        reference: None,
        keys: Vec::new(),
        created_at: Millis(1),
        state: EndpointState::WELL,
    };
    world.shared.outlets().put_endpoint(&endpoint, None).await.unwrap();
}

/// A key of a system of acme's, unless it is there.
pub(super) async fn add_system(world: &World) {
    let keys = SystemKeys {
        tenant: tenant(world, "acme"),
        system: "crm".into(),
        version: 1,
        keys: Vec::new(),
        created_at: Millis(1),
    };
    let deed = Deed { at: Millis(1), actor: "key admin".into(), what: "system_key_added" };
    world.shared.systems().put_system(&keys, &deed).await.unwrap();
}

/// A ready answer of acme's, unless it is there.
pub(super) async fn add_canned(world: &World) {
    let canned = Canned {
        tenant: tenant(world, "acme"),
        name: "dana".into(),
        version: 1,
        title: "t".into(),
        text: "t".into(),
        queue: None,
        language: None,
        then: Vec::new(),
        hotkey: None,
        changed_at: Millis(1),
    };
    let deed = Deed { at: Millis(1), actor: "key admin".into(), what: "canned_answer_changed" };
    world.shared.desks().put_canned(&canned, &deed).await.unwrap();
}
