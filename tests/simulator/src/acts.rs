//! What the outside does next: one input, drawn from the rows as they are.

use blendline_core::input::{
    Class, Command, DeliveryStatus, InboundMessage, Input, NewItem, Overflow, Relaxation, Settings,
};
use blendline_core::rows::ConversationState;
use blendline_wire::event::Actor;
use blendline_wire::inbound::InboundKind;
use blendline_wire::outbound::{SendFailure, SendOutcome};
use blendline_wire::task::{SkillNeed, Target};
use blendline_wire::{AccountId, ChannelKey, ContactKey, Millis, QueueId, SkillId, TaskId, TenantId, WorkerId};

use super::acts_worker;
use super::rng::Rng;
use super::shape::{self, CHANNELS, HOUR, SKILLS};
use super::world::World;

macro_rules! acts {
    ($($(#[$doc:meta])* $act:ident = ($least:literal, $usual:literal)),+ $(,)?) => {
        /// What can happen next.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum Act {
            $($(#[$doc])* $act),+
        }

        impl Act {
            /// Every act, in the order of the weights.
            pub const ALL: &[Self] = &[$(Self::$act),+];

            /// The least weight, so that no world stands still.
            pub const fn at_least(self) -> u64 {
                match self { $(Self::$act => $least),+ }
            }

            /// How common it is beside the others.
            pub const fn usual(self) -> u64 {
                match self { $(Self::$act => $usual),+ }
            }
        }
    };
}

acts! {
    /// A customer writes.
    Message = (5, 8),
    /// A customer writes several times in the same instant.
    Burst = (0, 2),
    /// Something that joins the transcript only.
    Quiet = (0, 1),
    /// A second delivery.
    Duplicate = (0, 1),
    /// Recorded, and no more; or said to a customer beside the work on his task, or after it.
    Record = (0, 1),
    /// A work item.
    Push = (1, 4),
    /// A work item is taken back.
    Cancel = (0, 1),
    /// A supervisor moves a task.
    Reassign = (0, 1),
    /// A worker connects.
    Attach = (2, 3),
    /// A connection is lost.
    Lost = (0, 1),
    /// A worker leaves.
    Bye = (0, 1),
    /// A presence changes.
    Presence = (0, 1),
    /// An offer is taken.
    Accept = (6, 8),
    /// An offer is not taken.
    Decline = (0, 2),
    /// A worker is still at it.
    Touch = (0, 2),
    /// A worker answers.
    Reply = (2, 4),
    /// A worker says what becomes of a task.
    Settle = (4, 6),
    /// Noting down ends.
    Ready = (0, 1),
    /// A worker begins a conversation.
    Start = (0, 1),
    /// A worker logs a contact.
    Log = (0, 1),
    /// A call under a number that is over.
    Stale = (0, 2),
    /// An attempt to send ends.
    SendResult = (4, 6),
    /// The platform reports.
    Status = (0, 3),
    /// The customer confirms or denies.
    Confirm = (0, 2),
    /// The time to confirm is over.
    ConfirmEnded = (0, 1),
    /// A setting changes.
    Put = (0, 1),
    /// A queue is removed.
    RemoveQueue = (0, 1),
    /// A worker is removed.
    RemoveWorker = (0, 1),
    /// Time passes.
    Tick = (1, 2),
}

const QUIET: [InboundKind; 3] = [InboundKind::Reaction, InboundKind::Edit, InboundKind::Typing];
const STATUSES: [DeliveryStatus; 5] = [
    DeliveryStatus::Sent,
    DeliveryStatus::Failed,
    DeliveryStatus::Delivered,
    DeliveryStatus::Read,
    DeliveryStatus::Played,
];
const ASKING: [InboundKind; 3] = [InboundKind::Message, InboundKind::Postback, InboundKind::Call];

/// The inputs of one act; none when the rows offer nothing to act upon.
pub fn draw(world: &mut World, act: Act) -> Vec<Input> {
    let one = match act {
        Act::Message => message(world, true),
        Act::Burst => return burst(world),
        Act::Quiet => message(world, false),
        // Drawn aside, so that worlds in which it does not happen are as they were.
        Act::Record if Rng::new(!world.steps).percent(60) => tell(world),
        Act::Duplicate | Act::Record => record(world, act),
        Act::Push => push(world),
        Act::Cancel => cancel(world),
        Act::Reassign => reassign(world),
        Act::SendResult => send_result(world),
        Act::Status => status(world),
        Act::Confirm => confirm(world),
        Act::ConfirmEnded => confirm_ended(world),
        Act::Put => Some(put(world)),
        Act::RemoveQueue => remove_queue(world),
        Act::RemoveWorker => remove_worker(world),
        Act::Tick => Some(Input::tick()),
        _ => acts_worker::draw(world, act),
    };
    one.into_iter().collect()
}

/// A tenant that is there.
pub fn tenant(world: &mut World) -> TenantId {
    TenantId(world.rng.between(1, world.shape.tenants))
}

/// A queue of the tenant that is there; rarely, in wild worlds, anyone's.
pub fn queue(world: &mut World, tenant: TenantId) -> Option<QueueId> {
    let wild = world.wild();
    let queues: Vec<QueueId> =
        world.rows.queues.values().filter(|q| wild || q.tenant == tenant).map(|q| q.id).collect();
    world.rng.pick(&queues)
}

/// A worker of the tenant that is there; rarely, in wild worlds, anyone's.
pub fn worker(world: &mut World, tenant: TenantId) -> Option<WorkerId> {
    let wild = world.wild();
    let all = world.rows.workers.values().filter(|w| wild || w.settings.tenant == tenant);
    let ids: Vec<WorkerId> = all.map(|w| w.settings.id).collect();
    world.rng.pick(&ids)
}

/// An account and a contact on it.
pub fn contact(world: &mut World, tenant: TenantId) -> (AccountId, ContactKey) {
    let account = tenant.0 * 10 + world.rng.below(2);
    let contact = u128::from(account) * 1_000 + u128::from(world.rng.below(world.shape.contacts));
    (AccountId(account), ContactKey(contact))
}

fn class(world: &mut World, tenant: TenantId) -> Option<Class> {
    let own: Vec<QueueId> = world.rows.queues.values().filter(|q| q.tenant == tenant).map(|q| q.id).collect();
    let queue = world.rng.pick(&own)?;
    let mut needs = Vec::new();
    if world.rng.percent(world.shape.needs) {
        let skill = SkillId(world.rng.between(1, SKILLS));
        needs.push(SkillNeed { skill, level: world.rng.one([1, 2, 4]) });
    }
    let target_ms = if world.rng.percent(20) { Some(world.rng.one([10_000, HOUR])) } else { None };
    let mut more = Rng::new(!world.steps);
    let relax = if !needs.is_empty() && more.percent(world.shape.relaxes) {
        let lower = |needs: &[SkillNeed]| needs.iter().map(|need| SkillNeed { level: 1, ..*need }).collect();
        let (first, last) = (more.one([0, 1_000, 60_000]), more.one([90_000, HOUR]));
        let help = more.pick(&own).filter(|_| more.percent(50));
        let overflow = help.map(|to| Overflow { to, when_nobody: more.percent(50) });
        let steps = [
            Relaxation { after_ms: first, needs: lower(&needs), ..raised(&mut more, world.shape.raises) },
            Relaxation { after_ms: last, needs: Vec::new(), overflow, ..raised(&mut more, world.shape.raises) },
        ];
        steps.into_iter().take(more.one([1, 2])).collect()
    } else {
        Vec::new()
    };
    let strain = if more.percent(world.shape.relaxes) { more.one([1, 10]) as u8 } else { 0 };
    let channel = if more.percent(world.shape.channels) { more.between(1, CHANNELS.into()) as u32 } else { 0 };
    let channel = ChannelKey(channel);
    Some(Class { queue, needs, relax, target_ms, strain, channel, rule_set: 1, ..Class::default() })
}

/// What more is done about work that waits than asking less.
fn raised(rng: &mut Rng, percent: u64) -> Relaxation {
    let lift_milli = rng.percent(percent).then(|| rng.one([2_000, 4_000]) as u32);
    Relaxation { lift_milli, tell: rng.percent(percent), ..Relaxation::default() }
}

fn message(world: &mut World, asking: bool) -> Option<Input> {
    let tenant = tenant(world);
    let (account, contact) = contact(world, tenant);
    let class = class(world, tenant)?;
    let kind = if asking { world.rng.one(ASKING) } else { world.rng.one(QUIET) };
    // Most webhooks are stepped at once; some waited in the broker.
    let behind = world.rng.one([0, 0, 0, 200, 5_000, 120_000]);
    let received_at = Millis(world.now.0 - behind);
    let payload = world.payload();
    let message = InboundMessage { tenant, account, contact, kind, payload, received_at, class, prior: None };
    Some(Input::new(Actor::Customer, Command::Message(message)))
}

fn burst(world: &mut World) -> Vec<Input> {
    let Some(first) = message(world, true) else { return Vec::new() };
    let mut all = vec![first.clone()];
    for _ in 0..world.rng.between(1, 4) {
        let mut next = first.clone();
        if let Command::Message(message) = &mut next.command {
            message.payload = world.payload();
            message.received_at = world.now;
        }
        all.push(next);
    }
    all
}

fn record(world: &mut World, act: Act) -> Option<Input> {
    let tenant = tenant(world);
    let account = Some(contact(world, tenant).0);
    let kind = InboundKind::Message;
    let command = match (act, world.rng.percent(50)) {
        (Act::Duplicate, _) => Command::Duplicate { tenant, account, kind },
        (_, true) => Command::Discard { tenant, account, kind: InboundKind::Ignored, reason: "not_routed".to_owned() },
        (_, false) => Command::Quarantine { tenant, account, cause: "no json".to_owned() },
    };
    Some(Input::new(Actor::Platform, command))
}

/// We say something to a customer, whether his conversation is open or over; rarely, in wild worlds, as if it were the
/// other. What is said to some fills their lines.
fn tell(world: &mut World) -> Option<Input> {
    let open: Vec<_> = world.rows.conversations.keys().copied().collect();
    let over: Vec<_> = world.rows.ended.keys().copied().collect();
    let is_open = world.rng.percent(50);
    let conversation = world.rng.pick(if is_open { &open } else { &over })?;
    let tenant = world.rows.conversations.get(&conversation).or_else(|| world.rows.ended.get(&conversation))?.tenant;
    let worker = if world.rng.percent(50) { worker(world, tenant) } else { None };
    // What is not looked up here is what somebody sends who believes that it is open.
    let sent_along = world.rng.percent(80);
    let prior = world.rows.ended.get(&conversation).filter(|_| sent_along).cloned().map(Box::new);
    let payload = world.payload();
    Some(world.call(Actor::Rule, Command::Tell { conversation, worker, payload, prior }))
}

fn push(world: &mut World) -> Option<Input> {
    let tenant = tenant(world);
    let mut class = class(world, tenant)?;
    if world.wild() {
        class.queue = queue(world, tenant)?;
    }
    let open: Vec<_> = world.rows.conversations.values().filter(|c| c.tenant == tenant).map(|c| c.id).collect();
    let conversation = if world.rng.percent(15) { world.rng.pick(&open) } else { None };
    let payload = world.payload();
    let matters: Vec<_> = world.rows.ended.values().filter(|c| c.tenant == tenant).map(|c| c.matter).collect();
    let matter = if Rng::new(!world.steps).percent(30) { Rng::new(world.steps).pick(&matters) } else { None };
    let item = NewItem { tenant, class, payload, conversation, matter };
    Some(world.call(Actor::Integrator, Command::Push(item)))
}

fn cancel(world: &mut World) -> Option<Input> {
    let task = any_task(world)?;
    Some(world.call(Actor::Integrator, Command::Cancel { task, reason: "not needed".to_owned() }))
}

fn reassign(world: &mut World) -> Option<Input> {
    let task = any_task(world)?;
    let tenant = world.rows.tasks.get(&task).map_or(TenantId(1), |row| row.tenant);
    let to = target(world, tenant)?;
    Some(world.call(Actor::Operator, Command::Reassign { task, to }))
}

/// A queue or a worker.
pub fn target(world: &mut World, tenant: TenantId) -> Option<Target> {
    if world.rng.percent(50) {
        worker(world, tenant).map(Target::Worker)
    } else {
        queue(world, tenant).map(Target::Queue)
    }
}

/// An open task; rarely, in wild worlds, a closed one.
pub fn any_task(world: &mut World) -> Option<TaskId> {
    let wild = world.wild();
    let ids: Vec<TaskId> = if wild { &world.rows.closed } else { &world.rows.tasks }.keys().copied().collect();
    world.rng.pick(&ids)
}

fn send_result(world: &mut World) -> Option<Input> {
    let (outbound, attempt) = world.outside.take_call(&mut world.rng)?;
    let cause = || SendFailure::new("timeout", "");
    let outcome = match world.rng.below(10) {
        0 => SendOutcome::Retry { after_ms: world.rng.one([0, 1_000, 600_000]), cause: cause() },
        1 => SendOutcome::Unknown { cause: cause() },
        2 => SendOutcome::Failed { cause: cause() },
        _ if world.rng.percent(world.shape.account_down) => SendOutcome::AccountDown { cause: cause() },
        _ => SendOutcome::Sent { external_id: "x".to_owned() },
    };
    Some(Input::new(Actor::Platform, Command::SendResult { outbound, attempt, outcome, prior: None }))
}

fn status(world: &mut World) -> Option<Input> {
    let wild = world.wild();
    let tried: Vec<_> = world.rows.outbound.values().filter(|row| row.attempt > 0).map(|row| row.id).collect();
    let settled: Vec<_> = world.rows.settled.keys().copied().collect();
    let live = wild || world.rng.percent(30);
    let outbound = world.rng.pick(if live { &tried } else { &settled })?;
    let status = world.rng.one(STATUSES);
    Some(Input::new(Actor::Platform, Command::Status { outbound, status, reason: "late".to_owned(), prior: None }))
}

fn confirm(world: &mut World) -> Option<Input> {
    let ids: Vec<_> = world.rows.ended.keys().copied().collect();
    let prior = world.rows.ended.get(&world.rng.pick(&ids)?)?.clone();
    let confirmed = world.rng.percent(50);
    Some(Input::new(Actor::Customer, Command::Confirm { prior: Box::new(prior), confirmed }))
}

fn confirm_ended(world: &mut World) -> Option<Input> {
    let now = world.now;
    let is_due = |state: &ConversationState| matches!(state, ConversationState::Solved { confirm_until, .. } if *confirm_until <= now);
    let due: Vec<_> = world.rows.ended.values().filter(|row| is_due(&row.state)).map(|row| row.id).collect();
    let prior = world.rows.ended.get(&world.rng.pick(&due)?)?.clone();
    Some(Input::new(Actor::System, Command::ConfirmEnded { prior: Box::new(prior) }))
}

fn put(world: &mut World) -> Input {
    let tenant = tenant(world);
    let queues: Vec<_> = world.rows.queues.values().filter(|q| q.tenant == tenant).map(|q| q.id).collect();
    let workers: Vec<_> =
        world.rows.workers.values().filter(|w| w.settings.tenant == tenant).map(|w| w.settings.id).collect();
    let setting = match world.rng.below(4) {
        0 => Settings::Tenant(shape::tenant_settings(&mut world.rng, tenant)),
        1 => Settings::Calendar(shape::calendar(&mut world.rng, blendline_wire::CalendarId(tenant.0))),
        2 => match world.rng.pick(&queues) {
            Some(id) => Settings::Queue(world.shape.queue(&mut world.rng, tenant, id.0)),
            None => Settings::Tenant(shape::tenant_settings(&mut world.rng, tenant)),
        },
        _ => {
            let first = WorkerId(tenant.0 * 100);
            let id = world.rng.pick(&workers).unwrap_or(first);
            Settings::Worker(shape::worker_settings(&mut world.rng, tenant, id, &world.shape))
        }
    };
    world.call(Actor::Operator, Command::Put(setting))
}

fn remove_queue(world: &mut World) -> Option<Input> {
    if !world.rng.percent(15) {
        return None;
    }
    let tenant = tenant(world);
    let own: Vec<QueueId> = world.rows.queues.values().filter(|q| q.tenant == tenant).map(|q| q.id).collect();
    let (queue, heir) = (world.rng.pick(&own)?, world.rng.pick(&own)?);
    (own.len() > 1 && (queue != heir || world.wild()))
        .then(|| world.call(Actor::Operator, Command::RemoveQueue { queue, heir }))
}

fn remove_worker(world: &mut World) -> Option<Input> {
    let tenant = tenant(world);
    let worker = worker(world, tenant)?;
    world.rng.percent(15).then(|| world.call(Actor::Operator, Command::RemoveWorker { worker }))
}
