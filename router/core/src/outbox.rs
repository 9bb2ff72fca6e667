//! Messages of ours until they are final: every change of one goes through here, and its account's post box follows.

use blendline_wire::OutboundId;

use crate::effect::Write;
use crate::rows::{OutboundRow, OutboundState};
use crate::scheduler::{PostBox, Scheduler, Step};

impl Scheduler {
    /// Enters a message of ours.
    pub(crate) fn add_outbound(&mut self, step: &mut Step<'_>, row: OutboundRow) {
        let id = row.id;
        self.enter_outbound(&row);
        step.todo.posting.insert(row.account);
        self.outbound.insert(id, Box::new(row));
        step.todo.dirty_outbound.insert(id);
    }

    /// What is derived from a message of ours, when it is entered in the order of the numbers.
    pub(crate) fn enter_outbound(&mut self, row: &OutboundRow) {
        let line = self.letters.or_default(row.conversation);
        line.push_back(row.id);
        let first = line.len() == 1;
        self.count_outbound(row, first, true);
        self.index.add_outbound(row);
    }

    /// Changes a message of ours. When it becomes final its row is written, it leaves the core, and the next of its
    /// conversation moves up.
    pub(crate) fn edit_outbound(&mut self, step: &mut Step<'_>, id: OutboundId, change: impl FnOnce(&mut OutboundRow)) {
        let Some(mut row) = self.outbound.remove(&id) else { return };
        let first = self.letters.get(&row.conversation).and_then(|line| line.front()) == Some(&id);
        self.count_outbound(&row, first, false);
        self.index.remove_outbound(&row);
        change(&mut row);
        step.todo.posting.insert(row.account);
        if !row.state.is_final() {
            self.count_outbound(&row, first, true);
            self.index.add_outbound(&row);
            self.outbound.insert(id, row);
            step.todo.dirty_outbound.insert(id);
            return;
        }
        step.todo.dirty_outbound.remove(id);
        let mut next = None;
        if let Some(line) = self.letters.get_mut(&row.conversation) {
            line.retain(|waiting| *waiting != id);
            next = line.front().copied().filter(|_| first);
            if line.is_empty() {
                self.letters.remove(&row.conversation);
            }
        }
        if let Some(next) = next.and_then(|next| self.outbound.get(&next)).cloned() {
            self.count_outbound(&next, true, true);
        }
        step.write(Write::Outbound(row));
    }

    /// Counts a message of ours in or out of its account's post box. Only the first of a conversation can be handed
    /// over. A box with nothing in it is not kept.
    fn count_outbound(&mut self, row: &OutboundRow, first: bool, enters: bool) {
        let post = self.post.entry(row.account).or_default();
        match (&row.state, enters) {
            (OutboundState::Handed { .. }, true) => post.handed += 1,
            (OutboundState::Handed { .. }, false) => post.handed -= 1,
            (OutboundState::Queued, true) if first => {
                post.ready.insert(row.id);
            }
            (OutboundState::Queued, false) if first => {
                post.ready.remove(&row.id);
            }
            _ => {}
        }
        if *post == PostBox::default() {
            self.post.remove(&row.account);
        }
    }
}
