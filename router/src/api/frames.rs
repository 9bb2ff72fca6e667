//! From what a worker says, with names, to what the owner is asked, with handles.

use blendline_core::Command;
use blendline_improvements::limits::TITLE_CHARS_MAX;
use blendline_quality::rules::CAUSES;
use blendline_wire::task::Target;
use blendline_wire::worker::{self as wire, ClientFrame, TargetName};
use blendline_wire::{Pii, SessionId, TaskId, TenantId, WorkerId};

use super::improvements::said;
use super::items::unknown_queue;
use super::problem::Failure;
use crate::directory::Directory;
use crate::handle::{Call, Verdict, WrapUp};

/// Who speaks on a connection.
#[derive(Clone, Copy, Debug)]
pub struct Speaker {
    /// Whose worker.
    pub tenant: TenantId,
    /// Which.
    pub worker: WorkerId,
    /// On which connection.
    pub session: SessionId,
}

/// What a frame asks for.
#[derive(Debug)]
pub enum Asked {
    /// Only that he is there, and whether his page is out of sight, where it says that.
    Here(Option<bool>),
    /// To be greeted, which happens once, at the beginning.
    Hello,
    /// A call; answered under its number where it has one.
    Call(Option<u64>, Call),
    /// A call that names what is not there.
    Wrong(u64, Failure),
    /// A decision, which wants to be looked up first.
    Decide(u64, TaskId, wire::DecisionWish),
    /// To leave.
    Bye(Call),
}

/// What `frame` asks for.
pub fn asked(directory: &Directory, speaker: Speaker, frame: ClientFrame) -> Asked {
    let Speaker { tenant, worker, session } = speaker;
    let plain = |call, command| Asked::Call(Some(call), Call::Plain(command));
    match frame {
        ClientFrame::Hello { .. } => Asked::Hello,
        ClientFrame::Heartbeat { hidden } => Asked::Here(hidden),
        ClientFrame::Presence { call, presence, reason } => plain(call, Command::Presence { worker, presence, reason }),
        ClientFrame::Accept { call, task, lease } => plain(call, Command::Accept { worker, task, lease }),
        ClientFrame::Decline { call, task, lease, reason } => {
            plain(call, Command::Decline { worker, task, lease, reason })
        }
        ClientFrame::Ready { call, task } => plain(call, Command::Ready { worker, task }),
        ClientFrame::Reply { call, task, lease, reply } => {
            Asked::Call(Some(call), Call::Reply { worker, task, lease, reply })
        }
        ClientFrame::Settle { call, task, lease, verdict: said, replies, seen, improve } => {
            let named = verdict(directory, tenant, said).and_then(|verdict| Ok((verdict, wrap_up(improve)?)));
            match named {
                Ok((verdict, improve)) => {
                    Asked::Call(Some(call), Call::Settle { worker, task, lease, verdict, replies, seen, improve })
                }
                Err(failure) => Asked::Wrong(call, failure),
            }
        }
        ClientFrame::Decide { call, task, wish } => Asked::Decide(call, task, wish),
        ClientFrame::Touch { task, lease } => Asked::Call(None, Call::Plain(Command::Touch { worker, task, lease })),
        ClientFrame::Bye => Asked::Bye(Call::Plain(Command::Bye { worker, session })),
    }
}

/// A verdict with handles for names.
pub fn verdict(directory: &Directory, tenant: TenantId, said: wire::Verdict) -> Result<Verdict, Failure> {
    Ok(match said {
        wire::Verdict::Done { disposition, note } => Verdict::Done { disposition, note },
        wire::Verdict::Snooze { for_ms, reason, clock } => Verdict::Snooze { for_ms, reason, clock },
        wire::Verdict::Transfer { to, note, cause } => {
            let to = target(directory, tenant, &to, "/verdict/to")?;
            Verdict::Transfer { to, note, cause: known_cause(directory, tenant, cause, "/verdict/cause")? }
        }
        wire::Verdict::Request { to, note, clock } => {
            Verdict::Request { to: target(directory, tenant, &to, "/verdict/to")?, note, clock }
        }
        wire::Verdict::Refuse { reason } => Verdict::Refuse { reason },
    })
}

/// What should change, where a worker notes it; what the rules say of it is looked up later.
pub fn wrap_up(improve: Option<Pii<String>>) -> Result<Option<Box<WrapUp>>, Failure> {
    let Some(title) = improve else { return Ok(None) };
    said(&title, TITLE_CHARS_MAX, "/improve")?;
    Ok(Some(Box::new(WrapUp { title, topic: None })))
}

/// A cause for sending work back, which is a word of the tenant's.
pub fn known_cause(
    directory: &Directory,
    tenant: TenantId,
    cause: Option<String>,
    place: &str,
) -> Result<Option<String>, Failure> {
    let quality = directory.rules.get(&tenant).and_then(|routing| routing.quality.as_ref());
    let own = || quality.into_iter().flat_map(|quality| quality.causes.keys().map(String::as_str));
    match cause {
        Some(cause) if !CAUSES.iter().copied().chain(own()).any(|known| known == cause) => {
            let known: Vec<&str> = CAUSES.iter().copied().chain(own()).collect();
            Err(Failure::bad(place, format!("no cause is called `{cause}`: give one of {}", known.join(", "))))
        }
        cause => Ok(cause),
    }
}

/// A target with a handle for its name.
pub fn target(directory: &Directory, tenant: TenantId, to: &TargetName, place: &str) -> Result<Target, Failure> {
    match to {
        TargetName::Queue(name) => {
            let found = directory.queue(tenant, name).map(Target::Queue);
            found.ok_or_else(|| unknown_queue(directory, tenant, name, &format!("{place}/queue")))
        }
        TargetName::Worker(name) => directory.worker(tenant, name).map(Target::Worker).ok_or_else(|| {
            Failure::not_found("worker", format!("no worker is called `{name}`")).at(format!("{place}/worker"))
        }),
    }
}
