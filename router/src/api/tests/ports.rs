//! Ports that do what a test says.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use blendline_authority::Line;
use blendline_cases::Case;
use blendline_cases::systems::Held;
use blendline_core::rows::{Conversation, OutboundRow, Task};
use blendline_core::{Answer, Scheduler};
use blendline_improvements::Improvement;
use blendline_quality::Judgement;
use blendline_wire::event::Event;
use blendline_wire::outbound::Content;
use blendline_wire::worker::ServerFrame;
use blendline_wire::{
    AccountId, CaseId, ContactKey, ConversationId, ExternalId, ImprovementId, MatterId, Millis, OutboundId, Pii,
    SessionId, TaskId, TenantId, WorkerId,
};
use tokio::sync::{mpsc, watch};

use crate::fakes::{judgements, ledger};
use crate::handle::{Call, CallResult, Handle, Request};
use crate::payload::{MessageBody, StoredMessage};
use crate::ports::broker::{Broker, BrokerError, Subscription};
use crate::ports::external::{ExternalFilter, Externals};
use crate::ports::happenings::Happenings;
use crate::ports::improvements::{ImprovementFilter, Improvements};
use crate::ports::judgements::{JudgementFilter, JudgementPlace, Judgements, JudgementsWanted};
use crate::ports::ledger::{Ledger, LedgerFilter, LinePlace, LinesWanted};
use crate::ports::register;
use crate::ports::store::{
    Archive, CaseCount, CaseFilter, Following, KnownAddress, Letter, QuarantineRow, StoreError, TaskFilter, Transcript,
};

/// An owner who notes what he is asked and answers what he was told to.
pub(super) struct Owner {
    calls: Mutex<Vec<String>>,
    answer: Mutex<Option<CallResult>>,
    /// How often somebody attached and left.
    pub(super) comings: watch::Sender<(u32, u32)>,
    pub(super) frames: Mutex<Option<mpsc::Sender<ServerFrame>>>,
}

impl Owner {
    pub(super) fn start() -> (Arc<Self>, Handle) {
        let (requests, mut inbox) = mpsc::channel(64);
        let owner = Arc::new(Self {
            calls: Mutex::default(),
            answer: Mutex::default(),
            comings: watch::Sender::new((0, 0)),
            frames: Mutex::default(),
        });
        let serving = owner.clone();
        tokio::spawn(async move {
            let core = Scheduler::new(0, 1);
            while let Some(request) = inbox.recv().await {
                serving.serve(request, &core);
            }
        });
        (owner, Handle::new(requests))
    }

    fn serve(&self, request: Request, core: &Scheduler) {
        match request {
            Request::Call { actor, call, reply } => {
                self.calls.lock().unwrap().push(format!("{actor:?} {call:?}"));
                let usual = if matches!(*call, Call::Push { .. }) { Answer::Task(TaskId(7)) } else { Answer::Done };
                let answer = self.answer.lock().unwrap().clone().unwrap_or(Ok(usual));
                let _ = reply.send(answer);
            }
            Request::Attach { session, frames, .. } => {
                let welcome = ServerFrame::Welcome { session, heartbeat_ms: 1000, tasks: Vec::new() };
                // Noted first: whoever has heard the welcome may look for the line.
                *self.frames.lock().unwrap() = Some(frames.clone());
                frames.try_send(welcome).unwrap();
                self.comings.send_modify(|(came, _)| *came += 1);
            }
            Request::Gone { .. } => self.comings.send_modify(|(_, left)| *left += 1),
            Request::Heard { worker: WorkerId(_), session: SessionId(_) } => {}
            Request::Look(look) => look(core),
        }
    }

    pub(super) fn answers(&self, answer: CallResult) {
        *self.answer.lock().unwrap() = Some(answer);
    }

    pub(super) fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }
}

/// A broker that keeps what is published, or refuses it.
#[derive(Default)]
pub(super) struct Wire {
    pub(super) published: Mutex<Vec<Vec<u8>>>,
    pub(super) refusal: Mutex<Option<BrokerError>>,
    /// True: never confirms.
    pub(super) silent: Mutex<bool>,
}

#[async_trait]
impl Broker for Wire {
    async fn publish(&self, queue: &str, body: Vec<u8>) -> Result<(), BrokerError> {
        assert_eq!(queue, "inbound.0");
        if *self.silent.lock().unwrap() {
            std::future::pending::<()>().await;
        }
        if let Some(refusal) = self.refusal.lock().unwrap().clone() {
            return Err(refusal);
        }
        self.published.lock().unwrap().push(body);
        Ok(())
    }

    async fn subscribe(&self, _: &str, _: usize) -> Result<Subscription, BrokerError> {
        Err(BrokerError::Unavailable("nobody consumes here".into()))
    }

    async fn depth(&self, _: &str) -> Result<u64, BrokerError> {
        Ok(0)
    }
}

/// The record: whatever a test put there.
#[derive(Default)]
pub(super) struct Records {
    names: Mutex<BTreeMap<(String, String), u64>>,
    pub(super) tasks: Mutex<BTreeMap<TaskId, Task>>,
    pub(super) conversations: Mutex<BTreeMap<ConversationId, Conversation>>,
    pub(super) letters: Mutex<Vec<Letter>>,
    pub(super) entries: Mutex<Vec<register::Entry>>,
    pub(super) quarantine: Mutex<Vec<QuarantineRow>>,
    pub(super) cases: Mutex<BTreeMap<CaseId, Case>>,
    pub(super) ledger: Mutex<Vec<Line>>,
    pub(super) externals: Mutex<Vec<Held>>,
    pub(super) judgements: Mutex<Vec<Judgement>>,
    pub(super) improvements: Mutex<Vec<Improvement>>,
}

#[async_trait]
impl Ledger for Records {
    async fn lines(&self, wanted: &LinesWanted) -> Result<Vec<Line>, StoreError> {
        Ok(ledger::lines(&self.ledger.lock().unwrap(), wanted))
    }

    async fn ledger(
        &self,
        tenant: TenantId,
        filter: &LedgerFilter,
        after: Option<LinePlace>,
        limit: usize,
    ) -> Result<Vec<Line>, StoreError> {
        Ok(ledger::listed(&self.ledger.lock().unwrap(), tenant, filter, after, limit))
    }
}

#[async_trait]
impl Judgements for Records {
    async fn judgements_wanted(&self, wanted: &JudgementsWanted) -> Result<Vec<Judgement>, StoreError> {
        Ok(judgements::judgements(self.judgements.lock().unwrap().iter(), wanted))
    }

    async fn judgements(
        &self,
        tenant: TenantId,
        filter: &JudgementFilter,
        after: Option<JudgementPlace>,
        limit: usize,
    ) -> Result<Vec<Judgement>, StoreError> {
        Ok(judgements::listed(self.judgements.lock().unwrap().iter(), tenant, filter, after, limit))
    }
}

#[async_trait]
impl Externals for Records {
    async fn external(&self, id: ExternalId) -> Result<Option<Held>, StoreError> {
        Ok(self.externals.lock().unwrap().iter().find(|held| held.id == id).cloned())
    }

    async fn externals(
        &self,
        tenant: TenantId,
        _: &ExternalFilter,
        _: Option<ExternalId>,
        _: usize,
    ) -> Result<Vec<Held>, StoreError> {
        let of_tenant = |held: &&Held| held.event.tenant == tenant;
        Ok(self.externals.lock().unwrap().iter().filter(of_tenant).cloned().collect())
    }

    async fn externals_due(&self, _: u16, _: Millis, _: usize) -> Result<Vec<Held>, StoreError> {
        Ok(Vec::new())
    }

    async fn cases_bearing(&self, _: TenantId, _: &str) -> Result<Vec<CaseId>, StoreError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl Happenings for Records {
    async fn conversations_of(&self, contacts: &[ContactKey], _: usize) -> Result<Vec<Conversation>, StoreError> {
        let conversations = self.conversations.lock().unwrap();
        Ok(conversations.values().filter(|row| contacts.contains(&row.contact)).cloned().collect())
    }

    async fn happened(&self, _: TenantId, _: &[MatterId], _: usize) -> Result<Vec<Event>, StoreError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl Improvements for Records {
    async fn improvements(&self, ids: &[ImprovementId]) -> Result<Vec<Improvement>, StoreError> {
        Ok(crate::fakes::improvements::some(self.improvements.lock().unwrap().iter(), ids))
    }

    async fn list_improvements(
        &self,
        tenant: TenantId,
        filter: &ImprovementFilter,
        _: Option<ImprovementId>,
        _: usize,
    ) -> Result<Vec<Improvement>, StoreError> {
        let is_asked = |it: &&Improvement| it.tenant == tenant && filter.takes(it);
        Ok(self.improvements.lock().unwrap().iter().filter(is_asked).cloned().collect())
    }

    async fn improvements_to_look_at(&self, _: u16, _: Millis, _: usize) -> Result<Vec<ImprovementId>, StoreError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl Archive for Records {
    async fn transcripts(&self, of: &[Transcript], _: usize) -> Result<Vec<Vec<StoredMessage>>, StoreError> {
        let line = StoredMessage {
            seq: 1,
            at: Millis(1),
            author: blendline_wire::worker::Author::Customer,
            worker: None,
            outbound: None,
            body: MessageBody::reply(Content::Text { text: Pii::from("hi") }),
        };
        Ok(of.iter().map(|_| vec![line.clone()]).collect())
    }

    async fn said_since(&self, of: &[(Transcript, Millis)], _: usize) -> Result<Vec<Vec<StoredMessage>>, StoreError> {
        Ok(vec![Vec::new(); of.len()])
    }

    async fn letters(&self, ids: &[OutboundId]) -> Result<Vec<Letter>, StoreError> {
        let letters = self.letters.lock().unwrap();
        Ok(letters.iter().filter(|letter| ids.contains(&letter.row.id)).cloned().collect())
    }

    async fn task(&self, id: TaskId) -> Result<Option<Task>, StoreError> {
        Ok(self.tasks.lock().unwrap().get(&id).cloned())
    }

    async fn case(&self, id: CaseId) -> Result<Option<Case>, StoreError> {
        Ok(self.cases.lock().unwrap().get(&id).cloned())
    }

    async fn cases(&self, _: TenantId, _: &CaseFilter, _: Option<CaseId>, _: usize) -> Result<Vec<Case>, StoreError> {
        Ok(Vec::new())
    }

    async fn case_counts(&self, _: TenantId, _: &CaseFilter) -> Result<Vec<CaseCount>, StoreError> {
        Ok(Vec::new())
    }

    async fn cases_to_look_at(&self, _: u16, _: Millis, _: usize) -> Result<Vec<CaseId>, StoreError> {
        Ok(Vec::new())
    }

    async fn promising(
        &self,
        _: TenantId,
        _: Millis,
        _: Option<(Millis, CaseId)>,
        _: usize,
    ) -> Result<Vec<Case>, StoreError> {
        Ok(Vec::new())
    }

    async fn conversation(&self, id: ConversationId) -> Result<Option<Conversation>, StoreError> {
        Ok(self.conversations.lock().unwrap().get(&id).cloned())
    }

    async fn tasks(
        &self,
        tenant: TenantId,
        _: &TaskFilter,
        after: TaskId,
        limit: usize,
    ) -> Result<Vec<Task>, StoreError> {
        let tasks = self.tasks.lock().unwrap();
        let found = tasks.values().filter(|task| task.tenant == tenant && after < task.id);
        Ok(found.take(limit).cloned().collect())
    }

    async fn conversations(
        &self,
        tenant: TenantId,
        _: ConversationId,
        limit: usize,
    ) -> Result<Vec<Conversation>, StoreError> {
        let conversations = self.conversations.lock().unwrap();
        Ok(conversations.values().filter(|row| row.tenant == tenant).take(limit).cloned().collect())
    }

    async fn events(&self, _: TenantId, _: u64, _: usize) -> Result<Vec<Event>, StoreError> {
        Err(StoreError::Unavailable("the disk is away".into()))
    }

    async fn outbox(&self, _: TenantId, _: bool, _: OutboundId, _: usize) -> Result<Vec<OutboundRow>, StoreError> {
        Ok(Vec::new())
    }

    async fn said_lately(&self, _: TenantId, _: AccountId, _: usize) -> Result<Vec<OutboundRow>, StoreError> {
        Ok(Vec::new())
    }

    async fn confirm_ended(&self, _: u16, _: Millis, _: usize) -> Result<Vec<Conversation>, StoreError> {
        Ok(Vec::new())
    }

    async fn heard_lately(&self, _: u16, _: AccountId, _: Millis, _: usize) -> Result<Vec<StoredMessage>, StoreError> {
        Ok(Vec::new())
    }

    async fn quarantined(&self, _: TenantId, _: usize) -> Result<Vec<QuarantineRow>, StoreError> {
        Ok(Vec::new())
    }

    async fn quarantined_one(&self, tenant: TenantId, id: u64) -> Result<Option<QuarantineRow>, StoreError> {
        Ok(self.quarantine.lock().unwrap().iter().find(|row| row.tenant == tenant && row.id == id).cloned())
    }

    async fn entries(&self, keys: &[register::Key]) -> Result<Vec<register::Entry>, StoreError> {
        Ok(self.entries.lock().unwrap().iter().filter(|entry| keys.contains(&entry.key)).cloned().collect())
    }

    async fn failed(&self, _: TenantId, _: OutboundId, _: usize) -> Result<Vec<OutboundRow>, StoreError> {
        Ok(Vec::new())
    }

    async fn entries_of(
        &self,
        _: TenantId,
        _: register::Kind,
        _: Option<register::Key>,
        _: usize,
    ) -> Result<Vec<register::Entry>, StoreError> {
        Ok(Vec::new())
    }

    async fn addresses_of(&self, _: ContactKey, _: usize) -> Result<Vec<KnownAddress>, StoreError> {
        Ok(Vec::new())
    }

    async fn contact_at(&self, _: [u8; 16]) -> Result<Option<ContactKey>, StoreError> {
        Ok(None)
    }

    async fn follow(
        &self,
        _: AccountId,
        _: ContactKey,
        _: Option<(ConversationId, u64)>,
        _: usize,
    ) -> Result<Following, StoreError> {
        Ok(Following::default())
    }

    async fn handles(&self, names: &[(String, String)]) -> Result<Vec<u64>, StoreError> {
        let mut known = self.names.lock().unwrap();
        let mut numbers = Vec::new();
        for name in names {
            let next = known.len() as u64 + 1;
            numbers.push(*known.entry(name.clone()).or_insert(next));
        }
        Ok(numbers)
    }

    async fn names(&self, kind: &str) -> Result<Vec<(String, u64)>, StoreError> {
        let known = self.names.lock().unwrap();
        let of_kind = known.iter().filter(|((known, _), _)| known == kind);
        Ok(of_kind.map(|((_, name), handle)| (name.clone(), *handle)).collect())
    }

    async fn journal(
        &self,
        _: u16,
        _: Millis,
        _: u64,
        _: usize,
    ) -> Result<Vec<crate::ports::store::JournalRow>, StoreError> {
        Ok(Vec::new())
    }

    async fn shards(&self, tenants: &[TenantId], _: u16) -> Result<Vec<u16>, StoreError> {
        Ok(vec![0; tenants.len()])
    }
}
