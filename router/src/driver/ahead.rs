//! What the items of a draft are about, so that the core can look ahead at it.

use blendline_core::{AHEAD, Command};
use blendline_wire::{TaskId, WorkerId};

use crate::driver::draft::Item;
use crate::handle::Call;

/// The workers and tasks that items name, of as many items together as the core looks ahead.
pub(crate) fn named(items: &[Item]) -> Vec<Vec<(WorkerId, TaskId)>> {
    items.chunks(AHEAD).map(|items| items.iter().filter_map(named_by).collect()).collect()
}

/// The worker who says something of a task, and the task.
fn named_by(item: &Item) -> Option<(WorkerId, TaskId)> {
    let Item::Call { call, .. } = item else { return None };
    match &**call {
        Call::Reply { worker, task, .. }
        | Call::Settle { worker, task, .. }
        | Call::Plain(
            Command::Accept { worker, task, .. }
            | Command::Decline { worker, task, .. }
            | Command::Touch { worker, task, .. }
            | Command::Ready { worker, task },
        ) => Some((*worker, *task)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use blendline_core::Input;
    use blendline_wire::Lease;
    use blendline_wire::event::Actor;

    use super::*;

    fn touched(number: u64) -> Item {
        let (worker, task) = (WorkerId(number), TaskId(number));
        let call = Box::new(Call::Plain(Command::Touch { worker, task, lease: Lease(1) }));
        Item::Call { actor: Actor::Worker(worker), call, reply: tokio::sync::oneshot::channel().0 }
    }

    #[test]
    fn each_part_of_a_draft_names_its_own() {
        let Input { command, actor, .. } = Input::tick();
        let tick = Item::Call { actor, call: Box::new(Call::Plain(command)), reply: tokio::sync::oneshot::channel().0 };
        let items: Vec<Item> = std::iter::once(tick).chain((1..=AHEAD as u64).map(touched)).collect();
        let of = |numbers: std::ops::RangeInclusive<u64>| -> Vec<_> {
            numbers.map(|number| (WorkerId(number), TaskId(number))).collect()
        };
        let last = AHEAD as u64;
        assert_eq!(named(&items), [of(1..=last - 1), of(last..=last)]);
    }
}
