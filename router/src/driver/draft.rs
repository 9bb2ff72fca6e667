//! What waits to be decided together, and what has to be looked up for it.

use blendline_cases::Command as CaseCommand;
use blendline_cases::systems::ExternalEvent;
use blendline_core::Command;
use blendline_core::input::Settings;
use blendline_improvements::Topic;
use blendline_wire::event::Actor;
use blendline_wire::inbound::{InboundEvent, InboundKind};
use blendline_wire::outbound::SendResult;
use blendline_wire::task::{AcceptMode, Presence};
use blendline_wire::trace::TraceContext;
use blendline_wire::worker::ServerFrame;
use blendline_wire::{
    AccountId, CaseId, ConversationId, ImprovementId, JudgementId, Millis, OutboundId, QueueId, SessionId, TaskId,
    TenantId, WorkerId,
};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::consent;
use crate::directory::Directory;
use crate::driver::consent::Said;
use crate::driver::keys::{self, Key};
use crate::driver::mail::report;
use crate::driver::mail::thread::Named;
use crate::driver::{by_hand, cases, externals, improvements, synced};
use crate::handle::{Call, CallResult, Verdict};
use crate::persons;
use crate::ports::register::Entry;
use crate::ports::store::{QuarantineRow, Wanted};

/// Something that waits to be decided.
pub(crate) enum Item {
    /// A setting came to be or changed.
    Put(Settings),
    /// A queue is no more; the other is its heir.
    RemoveQueue(QueueId, QueueId),
    /// A worker is no more.
    RemoveWorker(WorkerId),
    /// Something to be kept in the register.
    Enter(Entry),
    /// One event of a webhook.
    Happening(Box<Happening>),
    /// What could not be read.
    Quarantine(QuarantineRow),
    /// What became of an attempt to send.
    Result(SendResult),
    /// Somebody waits for an answer.
    Call {
        /// Who is behind it.
        actor: Actor,
        /// What is asked.
        call: Box<Call>,
        /// Where the answer goes.
        reply: oneshot::Sender<CallResult>,
    },
    /// A worker connects.
    Attach(Box<Attach>),
    /// A worker was silent too long.
    Lost(WorkerId, SessionId),
    /// A conversation's time to confirm is over.
    ConfirmEnded(ConversationId),
    /// An event of another system waited long enough for those before it.
    ExternalDue(Box<ExternalEvent>),
    /// A case may have something that is about to break.
    LookAtCase(CaseId),
    /// The time of an improvement may have come.
    LookAtImprovement(ImprovementId),
    /// Too many customers come again with something.
    TooManyRepeats(TenantId, Topic),
    /// A review may go to somebody.
    LookAtReview(TaskId),
    /// The platform's window of a conversation, in which the customer waits, is about to close.
    WindowCloses(TenantId, ConversationId),
}

/// A worker connects.
pub(crate) struct Attach {
    pub(crate) worker: WorkerId,
    pub(crate) session: SessionId,
    pub(crate) accept: Option<AcceptMode>,
    pub(crate) capacity: Option<u32>,
    pub(crate) presence: Presence,
    pub(crate) frames: mpsc::Sender<ServerFrame>,
}

/// How something came in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Came {
    /// When, by our clock.
    pub(crate) at: Millis,
    /// The trace that it is a part of, where one is recorded.
    pub(crate) trace: Option<TraceContext>,
}

/// One event of a webhook, with the hashes to look it up by.
pub(crate) struct Happening {
    pub(crate) tenant: TenantId,
    pub(crate) account: Option<AccountId>,
    pub(crate) came: Came,
    pub(crate) event: InboundEvent,
    /// Recognises a second delivery.
    pub(crate) key: Option<Key>,
    /// Of [`places_of`], in its order.
    pub(crate) addresses: Vec<Key>,
    /// What a mail names that it may belong to.
    pub(crate) named: Option<Named>,
    /// What it says of consent.
    pub(crate) said: Option<Said>,
    /// Nobody is to answer it: it answers a question of ours, or was answered by itself.
    pub(crate) beside: bool,
}

/// Where the other side is known from now on: addresses, each with its thread; all belong to one contact, the first
/// names it.
///
/// With a mail it is the root of its thread and the mail itself, for either may be all that the next one names.
/// The same holds in public where a thread has no name but what is answered.
/// In a group it is the group that we speak with, whoever of it wrote. Where the platform names nobody, as with reviews
/// and pointers to what was said in public, it is the thread.
pub(crate) fn places_of(event: &InboundEvent) -> Vec<(&str, Option<&str>)> {
    let key = &event.conversation_key;
    let peer = key.peer.as_deref().or(event.sender_id.as_deref()).or(key.thread.as_deref());
    let alone = !matches!(event.chat_type.as_deref(), Some("group" | "supergroup" | "channel"));
    let others = if alone { event.sender_alt_ids.as_slice() } else { &[] };
    let thread = key.thread.as_deref();
    let others = others.iter().map(String::as_str).filter(|other| Some(*other) != peer).map(|other| (other, thread));
    let own = match &event.mail {
        Some(mail) => mail.message_id.as_deref(),
        None if event.visibility.is_some() && thread.is_some() && thread == event.reply_to.as_deref() => {
            event.external_message_id.as_deref().filter(|_| event.kind.wants_answer())
        }
        None => None,
    };
    let own = own.filter(|own| Some(*own) != thread);
    let own = own.and_then(|own| Some((peer?, Some(own))));
    peer.map(|peer| (peer, thread)).into_iter().chain(others).chain(own).chain(named_by_itself(event)).collect()
}

/// What is said in public is a place of its own, which has no address: who changes, removes or hides it later may not be
/// named, or be somebody else.
fn named_by_itself(event: &InboundEvent) -> Option<(&str, Option<&str>)> {
    let id = match event.kind {
        InboundKind::Edit | InboundKind::Delete | InboundKind::Moderation => event.target_message_id.as_deref(),
        kind if kind.wants_answer() && event.visibility.is_some() => event.external_message_id.as_deref(),
        _ => None,
    };
    id.map(|id| ("", Some(id)))
}

/// With whom a message of ours was seen in private.
pub(crate) fn private_peer(event: &InboundEvent) -> Option<&str> {
    let key = &event.conversation_key;
    key.peer.as_deref().filter(|_| event.kind == InboundKind::Echo && key.thread.is_none())
}

/// The answer a customer gave by a button of ours: which conversation, and whether its matter is solved.
pub(crate) fn confirmation(event: &InboundEvent) -> Option<(ConversationId, bool)> {
    // Some platforms bring a pressed button as a message; none lets anybody write what a button says to programs.
    if !matches!(event.kind, InboundKind::Postback | InboundKind::Message) {
        return None;
    }
    let (verb, conversation) = event.payload.as_ref()?.expose().strip_prefix("blendline:")?.split_once(':')?;
    let confirmed = match verb {
        "confirm" => true,
        "deny" => false,
        _ => return None,
    };
    Some((conversation.parse().ok()?, confirmed))
}

/// True when the body held the same happening before: connectors set the later one aside under this name.
pub(crate) fn is_repeated(event: &InboundEvent) -> bool {
    event.kind == InboundKind::Ignored && event.event.as_deref() == Some("repeated")
}

/// The message of ours that an event reports on: by our own id where the platform gave it back, else by its own.
pub(crate) fn reported(event: &InboundEvent) -> (Option<OutboundId>, Option<&str>) {
    let ours = event.outbound_ref.as_deref().and_then(|text| text.parse().ok());
    let last = event.target_message_ids.last();
    (ours, event.target_message_id.as_ref().or(event.external_message_id.as_ref()).or(last).map(String::as_str))
}

/// What waits to be decided together.
#[derive(Default)]
pub(crate) struct Draft {
    pub(crate) items: Vec<Item>,
    /// What to look up for them.
    pub(crate) wanted: Wanted,
    /// Broker deliveries that are settled by it.
    pub(crate) acks: Vec<u64>,
    /// Connections that ended.
    pub(crate) ended: Vec<SessionId>,
    /// True when a deadline of the core is due.
    pub(crate) ticking: bool,
    /// Since when there is anything in it.
    pub(crate) begun: Option<Instant>,
}

impl Draft {
    /// True when there is nothing to decide and nothing to pass on.
    pub(crate) fn is_empty(&self) -> bool {
        !self.ticking && self.items.is_empty() && self.acks.is_empty() && self.ended.is_empty()
    }

    /// True when nothing has to be looked up.
    pub(crate) fn wants_nothing(&self) -> bool {
        self.wanted.is_empty()
    }

    /// Adds an event.
    pub(crate) fn happening(
        &mut self,
        tenant: TenantId,
        (channel, account): (&str, Option<AccountId>),
        came: Came,
        event: InboundEvent,
    ) {
        let key = event.duplicate_key().map(|text| keys::event(tenant, account, &text));
        self.wanted.keys.extend(key);
        let (mut addresses, mut named, mut said) = (Vec::new(), None, None);
        if account.is_some() {
            said = Said::of(&event);
        }
        if let Some(said) = &said {
            said.want(tenant, channel, &mut self.wanted);
        }
        if let Some(account) = account {
            if event.is_of_ours() {
                addresses.extend(private_peer(&event).map(|peer| keys::address(tenant, account, peer, None)));
                self.wanted.addresses.extend_from_slice(&addresses);
                let (ours, external) = reported(&event);
                self.wanted.outbound.extend(report::named(&event).map(|(id, _)| id));
                match (ours, external) {
                    (Some(ours), _) => self.wanted.outbound.push(ours),
                    (None, Some(external)) => self.wanted.external.push((account, external.to_owned())),
                    (None, None) => {}
                }
            } else {
                let key = |(text, thread)| keys::address(tenant, account, text, thread);
                addresses.extend(places_of(&event).into_iter().map(key));
                self.wanted.addresses.extend_from_slice(&addresses);
                named = Named::of(tenant, account, &event);
                if let Some(named) = &named {
                    named.want(account, &mut self.wanted);
                }
                self.wanted.conversations.extend(confirmation(&event).map(|(id, _)| id));
                self.wanted.cases.extend(cases::pressed(&event).map(|(id, _)| id));
            }
        }
        let happening = Happening { tenant, account, came, event, key, addresses, named, said, beside: false };
        self.items.push(Item::Happening(Box::new(happening)));
    }

    /// Adds what became of an attempt to send.
    pub(crate) fn result(&mut self, result: SendResult) {
        self.wanted.outbound.push(result.id);
        let place = result.private.as_ref();
        let hash = place.map(|place| keys::address(place.tenant, place.account, place.peer.expose(), None));
        self.wanted.addresses.extend(hash);
        self.items.push(Item::Result(result));
    }

    /// Adds a call.
    pub(crate) fn call(
        &mut self,
        actor: Actor,
        call: Box<Call>,
        reply: oneshot::Sender<CallResult>,
        directory: &Directory,
    ) {
        let asked = match &*call {
            Call::Doubtful { call, .. } => call,
            call => call,
        };
        match asked {
            Call::Reply { task, reply, .. } | Call::Resend { task, reply, .. } => {
                self.wanted.keys.push(keys::reply(*task, &reply.key))
            }
            Call::Settle { task, replies, .. } => {
                self.wanted.keys.extend(replies.iter().map(|reply| keys::reply(*task, &reply.key)));
            }
            Call::Push { tenant, external_ref, .. } => self.wanted.keys.push(keys::push(*tenant, external_ref)),
            Call::Start { account, to, reply, .. } => {
                if let Some(entry) = directory.accounts.get(account) {
                    let address = keys::address(entry.tenant, *account, to.expose(), None);
                    self.wanted.addresses.push(address);
                    self.wanted.keys.push(keys::start(address, &reply.key));
                    let medium = consent::medium(&entry.channel);
                    self.wanted.entries.push(consent::subject(entry.tenant, medium, to.expose()));
                }
            }
            Call::Log { worker, key, .. } => self.wanted.keys.extend(key.iter().map(|key| keys::log(*worker, key))),
            Call::Consent { tenant, medium, address, .. } => {
                self.wanted.entries.push(consent::subject(*tenant, medium, address.expose()));
            }
            Call::Link { tenant, one, other, .. } => {
                self.wanted.entries.push(persons::link_key(*tenant, one, other));
            }
            Call::Case(asked) => {
                self.wanted.cases.push(asked.case);
                if let CaseCommand::Open { links, .. } = &asked.command {
                    self.wanted.conversations.extend(links.conversation);
                }
                self.wanted.keys.push(keys::case_call(asked.case, &asked.key));
            }
            Call::Matters(asked) => self.wanted.entries.extend(by_hand::wanted(asked)),
            Call::Improve(asked) => improvements::want(asked, &mut self.wanted),
            Call::Sync(asked) => synced::want(asked, &mut self.wanted),
            Call::External(asked) => externals::want(&asked.event, &mut self.wanted),
            // A doubtful call holds no other; what a decision wants depends on the time.
            Call::Plain(_)
            | Call::Decide(_)
            | Call::Judge(_)
            | Call::Quarantine(_)
            | Call::Take { .. }
            | Call::Note { .. }
            | Call::Remark { .. }
            | Call::Doubtful { .. } => {}
        }
        self.items.push(Item::Call { actor, call, reply });
    }

    /// Adds an event of another system that waited long enough.
    pub(crate) fn external_due(&mut self, event: Box<ExternalEvent>) {
        externals::want(&event, &mut self.wanted);
        self.items.push(Item::ExternalDue(event));
    }

    /// Adds a case that is to be looked at.
    pub(crate) fn look_at_case(&mut self, case: CaseId) {
        self.wanted.cases.push(case);
        self.items.push(Item::LookAtCase(case));
    }

    /// Adds an improvement that is to be looked at.
    pub(crate) fn look_at_improvement(&mut self, improvement: ImprovementId) {
        self.wanted.improvements.push(improvement);
        self.items.push(Item::LookAtImprovement(improvement));
    }

    /// Adds what too many customers come again with.
    pub(crate) fn too_many_repeats(&mut self, tenant: TenantId, topic: Topic) {
        self.wanted.improvements.push(improvements::of_repeats(tenant, &topic));
        self.items.push(Item::TooManyRepeats(tenant, topic));
    }

    /// Adds a review that may go to somebody.
    pub(crate) fn look_at_review(&mut self, task: TaskId, review: JudgementId) {
        self.wanted.judgements.ids.push(review);
        self.items.push(Item::LookAtReview(task));
    }

    /// Adds a conversation whose time to confirm seems to be over.
    pub(crate) fn confirm_ended(&mut self, conversation: ConversationId) {
        self.wanted.conversations.push(conversation);
        self.items.push(Item::ConfirmEnded(conversation));
    }
}

/// What a call says of a task: enough to tell a repeated one from a late one when the task is closed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct About {
    pub(crate) task: TaskId,
    pub(crate) worker: WorkerId,
    pub(crate) lease: blendline_wire::Lease,
    /// True when it says that the task is solved.
    pub(crate) solves: bool,
}

impl About {
    /// `None` for calls that are not about a task one holds.
    pub(crate) fn of(call: &Call) -> Option<Self> {
        let (worker, task, lease, solves) = match call {
            Call::Doubtful { call, .. } => return Self::of(call),
            Call::Settle { worker, task, lease, verdict, .. } => {
                (worker, task, lease, matches!(verdict, Verdict::Done { .. }))
            }
            Call::Reply { worker, task, lease, .. }
            | Call::Plain(
                Command::Accept { worker, task, lease }
                | Command::Decline { worker, task, lease, .. }
                | Command::Touch { worker, task, lease },
            ) => (worker, task, lease, false),
            _ => return None,
        };
        Some(Self { task: *task, worker: *worker, lease: *lease, solves })
    }
}
