//! What workers do next.

use blendline_core::input::{Command, Input, Verdict};
use blendline_core::limits::{PARK_MS_MAX, REPLIES_MAX};
use blendline_core::rows::{Task, TaskState};
use blendline_wire::event::Actor;
use blendline_wire::task::{AcceptMode, ClockRule, ParkReason, Presence};
use blendline_wire::{Lease, SessionId, TaskId, WorkerId};

use super::acts::{self, Act};
use super::rng::Rng;
use super::shape::{DAY, HOUR};
use super::world::World;

/// The input of a worker's act; none when the rows offer nothing to act upon.
pub fn draw(world: &mut World, act: Act) -> Option<Input> {
    match act {
        Act::Attach => attach(world),
        Act::Lost | Act::Bye => leave(world, act),
        Act::Presence => presence(world),
        Act::Accept => {
            let (worker, task, lease) = owned(world, |row| matches!(row.state, TaskState::Offered { .. }))?;
            Some(by(world, worker, Command::Accept { worker, task, lease }))
        }
        Act::Decline => {
            let (worker, task, lease) = owned(world, |row| matches!(row.state, TaskState::Offered { .. }))?;
            Some(by(world, worker, Command::Decline { worker, task, lease, reason: "busy".to_owned() }))
        }
        Act::Touch => {
            let (worker, task, lease) = owned(world, is_active)?;
            Some(by(world, worker, Command::Touch { worker, task, lease }))
        }
        Act::Reply => {
            let (worker, task, lease) = owned(world, is_active)?;
            let payload = world.payload();
            Some(by(world, worker, Command::Reply { worker, task, lease, payload }))
        }
        Act::Settle => {
            let (worker, task, lease) = owned(world, is_active)?;
            settle(world, worker, task, lease)
        }
        Act::Stale => stale(world),
        Act::Ready => ready(world),
        Act::Start => start(world),
        Act::Log => log(world),
        _ => None,
    }
}

const fn is_active(row: &Task) -> bool {
    matches!(row.state, TaskState::Active { .. })
}

/// A call in a worker's name.
pub fn by(world: &mut World, worker: WorkerId, command: Command) -> Input {
    world.call(Actor::Worker(worker), command)
}

fn owned(world: &mut World, wanted: fn(&Task) -> bool) -> Option<(WorkerId, TaskId, Lease)> {
    let rows = world.rows.tasks.values().filter(|row| wanted(row));
    let all: Vec<_> = rows.filter_map(|row| Some((row.state.owner()?, row.id, row.lease))).collect();
    world.rng.pick(&all)
}

fn attach(world: &mut World) -> Option<Input> {
    let tenant = acts::tenant(world);
    let away: Vec<WorkerId> =
        world.rows.workers.values().filter(|row| row.session.is_none()).map(|row| row.settings.id).collect();
    let worker = match world.rng.pick(&away) {
        Some(worker) => worker,
        // A second connection of somebody who is there already.
        None if world.rng.percent(30) => acts::worker(world, tenant)?,
        None => return None,
    };
    let accept = world.rng.one([None, None, Some(AcceptMode::Auto), Some(AcceptMode::Offer)]);
    let capacity = world.rng.one([None, None, Some(100), Some(1_000)]);
    let presence = world.rng.one([Presence::Ready, Presence::Ready, Presence::Ready, Presence::Busy]);
    Some(attach_as(world, worker, accept, capacity, presence))
}

/// A worker's new connection.
pub fn attach_as(
    world: &mut World,
    worker: WorkerId,
    accept: Option<AcceptMode>,
    capacity: Option<u32>,
    presence: Presence,
) -> Input {
    let session = world.outside.new_session();
    by(world, worker, Command::Attach { worker, session, accept, capacity, presence })
}

fn leave(world: &mut World, act: Act) -> Option<Input> {
    let there: Vec<(WorkerId, SessionId)> =
        world.rows.workers.values().filter_map(|row| Some((row.settings.id, row.session?))).collect();
    let (worker, mut session) = world.rng.pick(&there)?;
    if world.rng.percent(20) {
        // The news of an older connection comes late.
        session = SessionId(session.0.saturating_sub(1));
    }
    let command = if act == Act::Lost { Command::Lost { worker, session } } else { Command::Bye { worker, session } };
    Some(if act == Act::Lost { Input::new(Actor::System, command) } else { by(world, worker, command) })
}

fn presence(world: &mut World) -> Option<Input> {
    let tenant = acts::tenant(world);
    let worker = acts::worker(world, tenant)?;
    use Presence as P;
    let presence = world.rng.one([P::Ready, P::Ready, P::Busy, P::Away, P::Draining]);
    Some(by(world, worker, Command::Presence { worker, presence, reason: "lunch".to_owned() }))
}

fn clock(world: &mut World) -> ClockRule {
    world.rng.one([ClockRule::Runs, ClockRule::Stops])
}

fn settle(world: &mut World, worker: WorkerId, task: TaskId, lease: Lease) -> Option<Input> {
    let tenant = world.rows.tasks.get(&task)?.tenant;
    let has_customer = world.rows.tasks.get(&task)?.conversation.is_some();
    let note = Some(world.payload());
    let asks = world.rng.percent(world.shape.asking);
    let verdict = match if asks { 6 } else { world.rng.below(10) } {
        0..=3 => {
            let word = if Rng::new(!world.steps).percent(20) { "abusive" } else { "answered" };
            Verdict::Done { disposition: word.to_owned(), note }
        }
        4 => {
            let too_long = PARK_MS_MAX + 1;
            let long = if world.wild() { too_long } else { PARK_MS_MAX };
            let for_ms = world.rng.one([0, 30_000, HOUR, HOUR, DAY, long]);
            let reason = world.rng.one([ParkReason::Customer, ParkReason::Time, ParkReason::Colleague]);
            Verdict::Snooze { for_ms, reason, clock: clock(world) }
        }
        5 => Verdict::Transfer { to: acts::target(world, tenant)?, note },
        6..=8 => {
            let to = acts::target(world, tenant)?;
            Verdict::Request { to, note: world.payload(), clock: clock(world) }
        }
        _ => Verdict::Refuse { reason: "not mine".to_owned() },
    };
    let count = if !has_customer && !world.wild() {
        0
    } else if world.wild() {
        REPLIES_MAX as u64 + 1
    } else {
        world.rng.one([0, 0, 1, 3])
    };
    let replies = (0..count).map(|_| world.payload()).collect();
    let last = world.rows.tasks.get(&task)?.conversation.and_then(|id| world.rows.conversations.get(&id));
    let last = last.map_or(0, |row| row.seq);
    let seen = world.rng.one([None, Some(last), Some(last), Some(last.saturating_sub(1)), Some(0)]);
    Some(by(world, worker, Command::Settle { worker, task, lease, verdict, replies, seen }))
}

fn stale(world: &mut World) -> Option<Input> {
    let (worker, task, lease) = world.outside.remembered(&mut world.rng)?;
    let tenant = acts::tenant(world);
    let (worker, lease) = match world.rng.below(3) {
        0 => (worker, lease),
        1 => (acts::worker(world, tenant)?, lease),
        _ => (worker, Lease(lease.0.wrapping_add(1))),
    };
    let command = match world.rng.below(5) {
        0 => Command::Accept { worker, task, lease },
        1 => Command::Decline { worker, task, lease, reason: "late".to_owned() },
        2 => Command::Touch { worker, task, lease },
        3 => Command::Reply { worker, task, lease, payload: world.payload() },
        _ => {
            let verdict = Verdict::Done { disposition: "late".to_owned(), note: None };
            Command::Settle { worker, task, lease, verdict, replies: Vec::new(), seen: None }
        }
    };
    Some(by(world, worker, command))
}

fn ready(world: &mut World) -> Option<Input> {
    let noting: Vec<(WorkerId, TaskId)> = world
        .rows
        .workers
        .values()
        .flat_map(|row| row.wrap_ups.iter().map(|wrap| (row.settings.id, wrap.0)).collect::<Vec<_>>())
        .collect();
    let (worker, task) = world.rng.pick(&noting)?;
    Some(by(world, worker, Command::Ready { worker, task }))
}

fn start(world: &mut World) -> Option<Input> {
    let tenant = acts::tenant(world);
    let worker = acts::worker(world, tenant)?;
    let queue = acts::queue(world, tenant)?;
    let (account, contact) = acts::contact(world, tenant);
    let payload = world.payload();
    Some(by(world, worker, Command::Start { worker, account, contact, queue, prior: None, payload }))
}

fn log(world: &mut World) -> Option<Input> {
    let tenant = acts::tenant(world);
    let worker = acts::worker(world, tenant)?;
    let queue = acts::queue(world, tenant)?;
    let payload = world.payload();
    let command = Command::Log { worker, queue, medium: "call".to_owned(), duration_ms: 60_000, payload };
    Some(by(world, worker, command))
}
