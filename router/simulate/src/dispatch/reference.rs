//! The baselines: what simple dispatchers do, in as few lines as can be checked by eye and against closed forms.

use std::collections::VecDeque;

use super::{Dispatcher, Move};
use crate::draws::Stream;
use crate::plan::Plan;
use crate::scenario::{PolicyName, Side};

/// A fixed threshold, first come first served, or a static priority.
pub(crate) struct Reference<'a> {
    plan: &'a Plan,
    waiting: Vec<VecDeque<(f64, usize)>>,
    hands: Vec<Hand>,
    /// How many slots each running job takes.
    taken: Vec<u32>,
    luck: Stream,
    /// Whether back work may start in the one state between two whole reserves; drawn when that state is entered.
    lucky: bool,
}

struct Hand {
    group: usize,
    present: bool,
    used: u32,
    idle_since: f64,
}

impl<'a> Reference<'a> {
    pub(crate) fn new(plan: &'a Plan, workers: &[(usize, bool)], seed: u64) -> Self {
        let hand =
            |(group, present): &(usize, bool)| Hand { group: *group, present: *present, used: 0, idle_since: 0.0 };
        Self {
            plan,
            waiting: vec![VecDeque::new(); plan.queues.len()],
            hands: workers.iter().map(hand).collect(),
            taken: Vec::new(),
            luck: Stream::new(seed, 1 << 40),
            lucky: true,
        }
    }

    /// The queues with somebody waiting, best first.
    fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> =
            self.plan.order.iter().copied().filter(|queue| !self.waiting[*queue].is_empty()).collect();
        if self.plan.policy == PolicyName::FcfsLongestIdle {
            order.sort_by(|one, other| self.waiting[*one][0].0.total_cmp(&self.waiting[*other][0].0));
        }
        order
    }

    /// The least loaded, then longest idle worker who can take a task of this queue.
    fn worker_for(&self, queue: usize) -> Option<usize> {
        let able = |(_, hand): &(usize, &Hand)| {
            let group = &self.plan.groups[hand.group];
            hand.present
                && group.queues.contains(&queue)
                && hand.used + self.plan.queues[queue].slots_of(group) <= group.slots
        };
        let worker = self.hands.iter().enumerate().filter(able);
        worker
            .min_by(|(_, one), (_, other)| one.used.cmp(&other.used).then(one.idle_since.total_cmp(&other.idle_since)))
            .map(|(worker, _)| worker)
    }

    /// Free slots of everybody who serves the front line.
    fn free_front(&self) -> u32 {
        let fronts = |hand: &&Hand| {
            let queues = &self.plan.groups[hand.group].queues;
            hand.present && queues.iter().any(|queue| self.plan.queues[*queue].side == Side::Front)
        };
        self.hands.iter().filter(fronts).map(|hand| self.plan.groups[hand.group].slots - hand.used).sum()
    }

    /// Whether the threshold lets back work start that takes so many slots.
    fn allowed(&self, slots: u32) -> bool {
        if self.plan.policy != PolicyName::Threshold {
            return true;
        }
        let left = f64::from(self.free_front()) - f64::from(slots);
        left >= self.plan.reserve.ceil() || left >= self.plan.reserve.floor() && self.lucky
    }

    fn match_all(&mut self, now: f64, moves: &mut Vec<Move>) {
        loop {
            let choice = self.order().into_iter().find_map(|queue| {
                let worker = self.worker_for(queue)?;
                let slots = self.plan.queues[queue].slots_of(&self.plan.groups[self.hands[worker].group]);
                let allowed = self.plan.queues[queue].side == Side::Front || self.allowed(slots);
                allowed.then_some((queue, worker, slots))
            });
            let Some((queue, worker, slots)) = choice else { return };
            let Some((_, job)) = self.waiting[queue].pop_front() else { return };
            self.hands[worker].used += slots;
            if self.taken.len() <= job {
                self.taken.resize(job + 1, 0);
            }
            self.taken[job] = slots;
            self.hands[worker].idle_since = now;
            moves.push(Move::Start { job, worker, why: None });
        }
    }

    /// Draws anew for the state between two whole reserves, entered when a slot came free.
    fn entered(&mut self) {
        let rest = self.plan.reserve - self.plan.reserve.floor();
        self.lucky = rest < self.luck.unit();
    }
}

impl Dispatcher for Reference<'_> {
    fn arrive(&mut self, now: f64, job: usize, queue: usize, moves: &mut Vec<Move>) {
        self.waiting[queue].push_back((now, job));
        self.match_all(now, moves);
    }

    fn finish(&mut self, now: f64, job: usize, worker: usize, moves: &mut Vec<Move>) {
        let slots = self.taken[job];
        self.hands[worker].used -= slots;
        self.hands[worker].idle_since = now;
        self.entered();
        self.match_all(now, moves);
    }

    fn leave(&mut self, now: f64, job: usize, queue: usize, moves: &mut Vec<Move>) {
        self.waiting[queue].retain(|(_, waiting)| *waiting != job);
        self.match_all(now, moves);
    }

    fn staff(&mut self, now: f64, worker: usize, present: bool, moves: &mut Vec<Move>) {
        self.hands[worker].present = present;
        self.hands[worker].idle_since = now;
        self.match_all(now, moves);
    }

    fn tick(&mut self, _: f64, _: &mut Vec<Move>) {}

    fn deadline(&self) -> Option<f64> {
        None
    }

    fn reserve(&self, _: usize) -> f64 {
        if self.plan.policy == PolicyName::Threshold { self.plan.reserve } else { 0.0 }
    }
}
