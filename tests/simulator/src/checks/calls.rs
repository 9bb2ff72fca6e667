//! What callers get: one answer each, fences (I5), and what a good call must bring about.

use blendline_core::effect::{Answer, Refusal, Release};
use blendline_core::input::{Command, NewItem, Verdict};
use blendline_core::limits::{PARK_MS_MAX, REPLIES_MAX};
use blendline_core::rows::{Closed, ConversationState, Task, TaskState};
use blendline_wire::task::{Presence, TaskKind};
use blendline_wire::{Lease, TaskId, WorkerId};

use super::{Memory, Step};
use crate::verdict::{Check, ensure};
use crate::world::answer_of;

pub(super) fn check(memory: &Memory, step: &Step<'_>) -> Check {
    let answers: Vec<_> = step
        .releases()
        .filter_map(|release| match release {
            Release::Answer { call, .. } => Some(*call),
            _ => None,
        })
        .collect();
    let expected: Vec<_> = step.input.call.into_iter().collect();
    ensure!(answers == expected, "one answer", "the call is {expected:?}, the answers {answers:?}");
    let Some(result) = answer_of(step.effects) else { return lost(step) };
    if let Err(refusal) = result {
        let changed = !step.was_due && !step.changes.is_empty();
        ensure!(!changed, "I5", "refused with {refusal:?}, and changed {:?}", step.changes);
    }
    match &step.input.command {
        Command::Accept { worker, task, lease }
        | Command::Decline { worker, task, lease, .. }
        | Command::Touch { worker, task, lease }
        | Command::Reply { worker, task, lease, .. }
        | Command::Settle { worker, task, lease, .. } => leased(memory, step, *worker, *task, *lease, result),
        Command::Attach { worker, session, .. } if result.is_ok() => {
            let row = step.rows.workers.get(worker);
            ensure!(row.is_some_and(|row| row.session == Some(*session)), "attach", "{worker} is {row:?}");
            Ok(())
        }
        Command::Presence { worker, presence: Presence::Away, .. } if result.is_ok() => gone(step, *worker),
        Command::RemoveWorker { worker } if result.is_ok() => gone(step, *worker),
        Command::Cancel { task, .. } if result.is_ok() => {
            let row = step.after(*task);
            let how = row.is_some_and(|row| matches!(row.state, TaskState::Closed { how: Closed::Cancelled, .. }));
            ensure!(how, "cancel", "{task} is {row:?}");
            Ok(())
        }
        Command::Start { worker, .. } => start(step, *worker, result),
        Command::Tell { .. } if result.is_ok() => told(step),
        Command::Push(item) if result.is_ok() => pushed(step, item),
        Command::Bye { .. } => lost(step),
        Command::RemoveQueue { queue, .. } if result.is_ok() => {
            ensure!(!step.rows.queues.contains_key(queue), "remove queue", "{queue} is still there");
            Ok(())
        }
        _ => Ok(()),
    }
}

/// What is said to a customer is one line and one message of ours, where he writes now; his work stays as it was, and
/// what is over stays over.
fn told(step: &Step<'_>) -> Check {
    let Command::Tell { conversation, payload, prior, .. } = &step.input.command else { return Ok(()) };
    let new: Vec<_> =
        step.changes.outbound.values().filter(|(old, row)| old.is_none() && row.payload == *payload).collect();
    let lines: Vec<_> = step.messages().filter(|line| line.payload == *payload).collect();
    let ([(_, row)], [line]) = (&new[..], &lines[..]) else {
        ensure!(false, "told", "{conversation}: {} messages and {} lines", new.len(), lines.len());
        return Ok(());
    };
    let at = (row.conversation, row.seq, row.task);
    ensure!((line.conversation, line.seq, line.task) == (Some(at.0), at.1, at.2), "told", "{line:?} is not {row:?}");
    let open = step.rows.conversations.values().find(|open| open.contact == row.contact);
    if let Some(open) = open {
        ensure!(open.id == row.conversation, "told", "{} is open, and it was said in {}", open.id, row.conversation);
    }
    let was_over = prior.as_ref().filter(|prior| prior.id == row.conversation);
    if let (Some(was), Some(now)) = (was_over, step.rows.ended.get(&row.conversation)) {
        ensure!(was.state == now.state && now.seq == was.seq + 1, "told", "from {was:?} to {now:?}");
    }
    for (old, new) in step.changes.tasks.values().filter(|_| !step.was_due) {
        let is_same = old.as_ref().is_some_and(|old| {
            (&old.state, old.lease, old.earned_at, old.unanswered)
                == (&new.state, new.lease, new.earned_at, new.unanswered)
        });
        ensure!(is_same, "told", "what was said made {old:?} {new:?}");
    }
    Ok(())
}

/// An item belongs to the matter that it was pushed for.
fn pushed(step: &Step<'_>, item: &NewItem) -> Check {
    let Some(Ok(Answer::Task(task))) = answer_of(step.effects) else { return Ok(()) };
    let Some(row) = step.after(*task) else { return Ok(()) };
    let talk =
        item.conversation.and_then(|id| step.rows.conversations.get(&id)).filter(|talk| talk.tenant == item.tenant);
    let wanted = talk.map(|talk| talk.matter).or(item.matter);
    ensure!(wanted.is_none_or(|wanted| wanted == row.matter), "pushed", "{task} is of {}, not {wanted:?}", row.matter);
    Ok(())
}

/// I5: a call under a number that is not the live one is refused; one under the live number is heard.
fn leased(
    memory: &Memory,
    step: &Step<'_>,
    who: WorkerId,
    id: TaskId,
    lease: Lease,
    result: &Result<Answer, Refusal>,
) -> Check {
    let Some(task) = step.before(id) else {
        ensure!(result.is_err(), "I5", "{id} does not exist, and the call was heard");
        return Ok(());
    };
    let live = task.state.owner() == Some(who) && task.lease == lease;
    // What fell due is done before the input: the number may have come to be in this very step.
    let newer = step.was_due && lease > task.lease;
    if says_again(step, who, task, lease) && result.is_ok() {
        ensure!(step.was_due || step.changes.is_empty(), "settle", "said again, and changed {:?}", step.changes);
        return Ok(());
    }
    if !live && !newer {
        ensure!(result.is_err(), "I5", "{who} has not {id} under {lease:?} ({:?}), and was heard", task.state);
        if let Err(Refusal::Fenced { lease: now, owner }) = result
            && !step.was_due
        {
            let same = *now == task.lease && *owner == task.state.owner();
            ensure!(same, "I5", "fenced by {now:?} of {owner:?}, the row says {:?} of {:?}", task.lease, task.state);
        }
        return Ok(());
    }
    if step.was_due || newer {
        return Ok(());
    }
    live_call(memory, step, who, task, result)
}

/// Whether a worker says of a task that he put aside under this number that he puts it aside, as after a lost answer.
fn says_again(step: &Step<'_>, who: WorkerId, task: &Task, lease: Lease) -> bool {
    let Command::Settle { verdict, .. } = &step.input.command else { return false };
    let same = matches!(
        (&task.state, verdict),
        (TaskState::Parked { .. }, Verdict::Snooze { .. }) | (TaskState::Requesting { .. }, Verdict::Request { .. })
    );
    same && task.state.holder() == Some(who) && task.lease == lease
}

fn live_call(memory: &Memory, step: &Step<'_>, who: WorkerId, task: &Task, result: &Result<Answer, Refusal>) -> Check {
    let active = matches!(task.state, TaskState::Active { .. });
    let id = task.id;
    let Some(after) = step.after(id) else { return Ok(()) };
    let mine = after.state.owner() == Some(who) && after.lease == task.lease;
    match &step.input.command {
        Command::Accept { .. } if !active => {
            ensure!(result.is_ok(), "accept", "{id}: {result:?}");
            ensure!(mine && matches!(after.state, TaskState::Active { .. }), "accept", "{id} is {:?}", after.state);
        }
        Command::Decline { .. } if !active => {
            ensure!(result.is_ok() && !mine, "decline", "{id}: {result:?}, {:?}", after.state);
            let noted = after.declined.iter().any(|(worker, until)| *worker == who && *until > step.now);
            ensure!(noted, "I10 declined", "{id} does not remember that {who} declined: {:?}", after.declined);
        }
        Command::Touch { .. } if active => ensure!(result.is_ok() && mine, "touch", "{id}: {result:?}"),
        Command::Reply { .. } if active => {
            ensure!(result.is_ok() || !mine || refused_reply(result), "reply", "{id}: {result:?}");
            ensure!(task.conversation.is_some() || result.is_err(), "reply", "{id} has no customer: {result:?}");
        }
        Command::Settle { verdict: Verdict::Done { .. } | Verdict::Snooze { .. }, .. }
            if active && memory.unread(step, id).is_some() =>
        {
            let open = !matches!(after.state, TaskState::Closed { .. } | TaskState::Parked { .. });
            ensure!(open && after.unanswered, "unread", "{id} was settled over an unread message: {after:?}");
            let his = after.state.owner() == Some(who) || after.directed.is_some_and(|(worker, _)| worker == who);
            ensure!(his, "unread", "{id} has an unread message, and is not {who}'s: {after:?}");
        }
        Command::Settle { verdict, replies, .. } if active => {
            settled(step, task, after, verdict, replies.len(), result)?
        }
        // Asked again, as after a lost answer.
        Command::Accept { .. } => ensure!(mine, "accept", "{id} is {:?}", after.state),
        _ => ensure!(result.is_err(), "wrong state", "{id} is {}: {result:?}", task.state.name()),
    }
    Ok(())
}

const fn refused_reply(result: &Result<Answer, Refusal>) -> bool {
    matches!(result, Err(Refusal::TooMany(_) | Refusal::NoConversation | Refusal::WrongState(_)))
}

fn settled(
    step: &Step<'_>,
    before: &Task,
    after: &Task,
    verdict: &Verdict,
    replies: usize,
    result: &Result<Answer, Refusal>,
) -> Check {
    let id = before.id;
    let too_many = replies > REPLIES_MAX;
    let nobody = replies > 0 && before.conversation.is_none();
    ensure!(!(too_many || nobody) || result.is_err(), "settle", "{id} with {replies} replies: {result:?}");
    let moved = after.state != before.state || after.lease != before.lease;
    ensure!(result.is_err() || moved, "settle", "{id} is settled by {verdict:?}, and is what it was: {after:?}");
    if too_many || nobody || replies > 0 && result.is_err() {
        return Ok(());
    }
    match verdict {
        Verdict::Done { .. } => {
            let solved = matches!(after.state, TaskState::Closed { how: Closed::Solved, .. });
            ensure!(result.is_ok() && solved, "settle", "{id} is done: {result:?}, {:?}", after.state);
            ended(step, after)?;
        }
        Verdict::Snooze { for_ms, .. } => {
            let legal = (1..=PARK_MS_MAX).contains(for_ms);
            ensure!(legal == result.is_ok(), "settle", "{id} for {for_ms} ms: {result:?}");
        }
        Verdict::Refuse { .. } => {
            ensure!(result.is_ok(), "settle", "{id} is refused: {result:?}");
        }
        Verdict::Request { .. } if result.is_ok() => {
            let children = after.children.len();
            ensure!(children == before.children.len() + 1, "requests", "{id} has {children} requests after one more");
        }
        Verdict::Transfer { .. } | Verdict::Request { .. } => {}
    }
    Ok(())
}

/// A conversation whose task is solved waits to be confirmed, for as long as the tenant says.
fn ended(step: &Step<'_>, task: &Task) -> Check {
    let Some(id) = task.conversation.filter(|_| task.kind == TaskKind::Conversation) else { return Ok(()) };
    let Some(tenant) = step.rows.tenants.get(&task.tenant) else { return Ok(()) };
    let row = step.rows.ended.get(&id);
    let right = row.is_some_and(|row| match row.state {
        ConversationState::Solved { at, task: last, queue, earned_at, confirm_until } => {
            (at, last, queue, earned_at) == (step.now, task.id, task.queue, task.earned_at)
                && confirm_until == step.now.plus(tenant.confirm_window_ms)
        }
        _ => false,
    });
    ensure!(right, "solved", "{id} is {row:?} after {task:?}");
    Ok(())
}

/// Whoever is gone holds nothing.
fn gone(step: &Step<'_>, worker: WorkerId) -> Check {
    let held = step.rows.held_by(worker);
    ensure!(held.is_empty(), "absence", "{worker} is gone and holds {held:?}");
    let waits = step.rows.tasks.values().find(|task| {
        matches!(task.state, TaskState::Waiting)
            && task.directed.is_some_and(|(who, until)| who == worker && until > step.now)
    });
    ensure!(waits.is_none(), "absence", "{worker} is gone and {waits:?} waits for him alone");
    Ok(())
}

/// A connection that ended takes what was on it with it; news of an older one changes nothing.
fn lost(step: &Step<'_>) -> Check {
    let (Command::Lost { worker, session } | Command::Bye { worker, session }) = &step.input.command else {
        return Ok(());
    };
    let now = step.rows.workers.get(worker);
    let before = step.changes.workers.get(worker).map_or(now, Option::as_ref);
    if before.and_then(|row| row.session) == Some(*session) {
        let owned = step.rows.tasks.values().find(|task| task.state.owner() == Some(*worker));
        ensure!(owned.is_none(), "I8 dead owner", "{worker} is gone and has {owned:?}");
        ensure!(now.is_some_and(|row| row.session.is_none()), "I8 dead owner", "{worker} is gone and {now:?}");
    } else {
        ensure!(step.was_due || step.changes.is_empty(), "stale session", "{session} is over, yet {:?}", step.changes);
    }
    Ok(())
}

fn start(step: &Step<'_>, worker: WorkerId, result: &Result<Answer, Refusal>) -> Check {
    let Ok(Answer::Conversation(conversation, task)) = result else {
        ensure!(result.is_err(), "start", "answered with {result:?}");
        return Ok(());
    };
    let row = step.after(*task);
    let his = row.is_some_and(|row| row.state.is_active_with(worker) && row.conversation == Some(*conversation));
    ensure!(his, "start", "{worker} began {conversation}, and {row:?}");
    Ok(())
}
