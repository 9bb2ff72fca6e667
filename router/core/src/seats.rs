//! Where workers stand: among the ready, and in the pools of the queues they serve.

use blendline_wire::WorkerId;

use crate::blocks::Marked;
use crate::desk::Pool;
use crate::ready::Place;
use crate::scheduler::{Scheduler, Step};

impl Scheduler {
    /// Takes a worker off the ready lists and out of the pools.
    pub(crate) fn unseat(&mut self, id: WorkerId) {
        self.set_place(id, None);
        let Some(desk) = self.workers.get_mut(&id) else { return };
        let Some(part) = desk.part.take() else { return };
        for queue in desk.homes.iter().chain(desk.promised.iter()) {
            let Some(pool) = self.pools.get_mut(queue) else { continue };
            pool.change(&Pool::default(), &part);
            if pool.workers == 0 {
                self.pools.remove(queue);
            }
        }
        let costs = desk.costs;
        self.member_counts(id, &Pool::default(), &part);
        if costs {
            self.server_counts(id, &Pool::default(), &part);
        }
    }

    /// Counts a worker in the pools as he is now. His place among the ready follows when somebody looks for one: most
    /// who get room are given work at once.
    pub(crate) fn seat(&mut self, step: &mut Step<'_>, id: WorkerId) {
        let Some(desk) = self.workers.get(&id) else { return };
        step.todo.moved.insert(id);
        let free = desk.row.capacity.saturating_sub(desk.load);
        let part = Pool {
            workers: 1,
            slots: desk.row.capacity.into(),
            free: free.into(),
            back: desk.back.into(),
            soft: desk.soft.into(),
            shared: u32::from(desk.homes.len() > 1),
        };
        let counts = !desk.homes.is_empty() || !desk.promised.is_empty();
        let (part, before) = (Some(part).filter(|_| desk.is_ready() && counts), desk.part);
        if before == part {
            return;
        }
        if before.map(|part| part.slots) != part.map(|part| part.slots) {
            step.todo.stale.extend(desk.fronts.iter().copied());
            let promised = desk.promised.clone();
            promised.iter().for_each(|queue| self.reckon_share(step, *queue));
        }
        let Some(desk) = self.workers.get_mut(&id) else { return };
        desk.part = part;
        // More may be free, or fewer of whom so many are to be kept free.
        step.todo.slack.insert(desk.row.settings.tenant);
        let (after, before) = (part.unwrap_or_default(), before.unwrap_or_default());
        for queue in desk.homes.iter().chain(desk.promised.iter()) {
            let pool = self.pools.or_default(*queue);
            pool.change(&after, &before);
            if pool.workers == 0 {
                self.pools.remove(queue);
            }
        }
        let costs = desk.costs;
        self.member_counts(id, &after, &before);
        if costs {
            self.server_counts(id, &after, &before);
        }
    }

    /// Puts the workers who changed at their right places among the ready, or off them.
    pub(crate) fn seat_moved(&mut self, step: &mut Step<'_>) {
        while let Some(id) = step.todo.moved.pop_first() {
            let place = self.workers.get(&id).and_then(|desk| desk.place());
            self.set_place(id, place);
        }
    }

    /// Puts a worker at a place among the ready, or off them.
    fn set_place(&mut self, id: WorkerId, place: Option<Place>) {
        let Some(desk) = self.workers.get_mut(&id).filter(|desk| desk.ready != place) else { return };
        let before = std::mem::replace(&mut desk.ready, place);
        for queue in &desk.row.settings.queues {
            let ready = self.index.ready.or_default(*queue);
            before.iter().for_each(|place| _ = ready.remove(place.key()));
            place.iter().for_each(|place| ready.insert(*place));
            if ready.is_empty() {
                self.index.ready.remove(queue);
            }
        }
    }
}
