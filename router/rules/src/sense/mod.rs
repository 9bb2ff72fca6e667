//! Whether the parts of a set make sense together: names that are not there, work that nobody can do, rules that never
//! apply, circles.

mod authority;
mod cases;
mod quality;
mod reach;
mod serving;
mod systems;

use std::collections::{BTreeMap, BTreeSet};

use blendline_core::limits::RELAXATIONS_MAX;
use blendline_wire::task::Side;

use crate::fault::{Faults, Placed};
use crate::fields::World;
use crate::model::{Group, Level, OFFER_MS, Queue, Relaxed, RuleSet};
use crate::spell::did_you_mean;

/// Adds what is wrong to `faults`.
pub(crate) fn check(set: &RuleSet, world: &World, faults: &mut Faults) {
    let mut sense = Sense::new(set, faults);
    sense.names();
    sense.overflows();
    sense.hours();
    sense.shares();
    sense.relaxing();
    sense.ladders();
    serving::check(&mut sense);
    reach::check(set, sense.faults);
    cases::check(set, world, sense.faults);
    authority::check(set, sense.faults);
    systems::check(set, sense.faults);
    quality::check(set, sense.faults);
}

struct Sense<'a> {
    set: &'a RuleSet,
    queues: BTreeMap<&'a str, &'a Queue>,
    skills: BTreeSet<&'a str>,
    faults: &'a mut Faults,
}

impl<'a> Sense<'a> {
    fn new(set: &'a RuleSet, faults: &'a mut Faults) -> Self {
        let queues = set.queues.iter().map(|queue| (queue.name.value.as_str(), queue)).collect();
        let skills = set.skills.iter().map(|skill| skill.value.as_str()).collect();
        Self { set, queues, skills, faults }
    }

    /// Every name that is used is there.
    fn names(&mut self) {
        let mut gone = BTreeSet::new();
        for queue in &self.set.queues {
            if let Some(calendar) = &queue.calendar {
                self.calendar(calendar);
            }
            for heir_of in &queue.heir_of {
                if self.queues.contains_key(heir_of.value.as_str()) {
                    let message = format!("the queue `{}` is still there", heir_of.value);
                    self.faults.error("heir", &heir_of.span, message, "remove it, or take it out of `heir_of`");
                }
                if !gone.insert(heir_of.value.as_str()) {
                    let message = format!("the queue `{}` has two heirs", heir_of.value);
                    self.faults.error("heir", &heir_of.span, message, "a queue that is no more has one heir");
                }
            }
            if let Some(overflow) = &queue.overflow {
                self.queue(&overflow.to);
            }
        }
        let mut workers: BTreeMap<&str, &str> = BTreeMap::new();
        for group in &self.set.groups {
            group.queues.iter().for_each(|queue| self.queue(queue));
            group.time_plan.iter().for_each(|(queue, _)| self.queue(queue));
            for worker in &group.workers {
                self.levels(&worker.skills);
                if let Some(first) = workers.insert(&worker.name.value, &group.name.value) {
                    let message = format!("`{}` is in the group `{first}` already", worker.name.value);
                    self.faults.error("twice", &worker.name.span, message, "a worker is in one group");
                }
            }
        }
        for rule in &self.set.rules {
            self.queue(&rule.queue);
            self.levels(&rule.needs);
            for step in &rule.relax {
                self.levels(step.needs.as_deref().unwrap_or_default());
                step.queue.iter().for_each(|queue| self.queue(queue));
            }
        }
        if let Some(solved) = &self.set.solved {
            solved.queues.iter().for_each(|queue| self.queue(queue));
        }
        for notice in &self.set.notices {
            notice.queues.iter().for_each(|queue| self.queue(queue));
            if let Some(calendar) = &notice.calendar {
                self.calendar(calendar);
            }
        }
    }

    fn calendar(&mut self, used: &Placed<String>) {
        if !self.set.calendars.contains_key(&used.value) {
            let hint = did_you_mean(&used.value, self.set.calendars.keys().map(String::as_str));
            self.faults.error("unknown_name", &used.span, format!("there is no calendar `{}`", used.value), hint);
        }
    }

    fn queue(&mut self, used: &Placed<String>) {
        if !self.queues.contains_key(used.value.as_str()) {
            let hint = did_you_mean(&used.value, self.queues.keys().copied());
            self.faults.error("unknown_name", &used.span, format!("there is no queue `{}`", used.value), hint);
        }
    }

    fn levels(&mut self, levels: &[Level]) {
        for (skill, _) in levels {
            if !self.skills.contains(skill.value.as_str()) {
                let hint = did_you_mean(&skill.value, self.skills.iter().copied());
                self.faults.error("unknown_name", &skill.span, format!("there is no skill `{}`", skill.value), hint);
            }
        }
    }

    /// No work goes round in a circle.
    fn overflows(&mut self) {
        for queue in &self.set.queues {
            let Some(overflow) = &queue.overflow else { continue };
            let mut path = vec![queue.name.value.as_str()];
            let mut next = Some(overflow.to.value.as_str());
            while let Some(name) = next {
                if name == path[0] {
                    let circle = path.iter().chain(&[name]).copied().collect::<Vec<_>>().join(" → ");
                    let message = format!("work would go round in a circle: {circle}");
                    self.faults.error("circle", &overflow.to.span, message, "let the last of them keep its work");
                    break;
                }
                // A circle further on is told where it closes.
                if path.contains(&name) {
                    break;
                }
                path.push(name);
                next = self.queues.get(name).and_then(|queue| queue.overflow.as_ref()).map(|to| to.to.value.as_str());
            }
            if let Some(to) = self.queues.get(overflow.to.value.as_str())
                && to.side != queue.side
            {
                let message = format!("`{}` is on the other side", overflow.to.value);
                self.faults.error("wrong_side", &overflow.to.span, message, "work overflows within its office");
            }
        }
    }

    /// A promise that the hours do not let anybody keep.
    fn hours(&mut self) {
        for (name, calendar) in &self.set.calendars {
            if !calendar.value.ever_opens() {
                let message = format!("the calendar `{name}` is never open");
                self.faults.error("never_open", &calendar.span, message, "give it hours on at least one day");
            }
        }
        for queue in &self.set.queues {
            let offer_ms = queue.offer_ms.unwrap_or(OFFER_MS);
            if let Some(target) = queue.target_ms.as_ref().filter(|target| target.value < offer_ms) {
                let message = format!(
                    "the target of {} cannot be kept: a worker has {} to accept",
                    shown(target.value),
                    shown(offer_ms)
                );
                self.faults.error("impossible_target", &target.span, message, "raise `target`, or lower `offer`");
            }
        }
        for rule in &self.set.rules {
            let Some(queue) = self.queues.get(rule.queue.value.as_str()) else { continue };
            let offer_ms = queue.offer_ms.unwrap_or(OFFER_MS);
            if let Some(target) = rule.target_ms.as_ref().filter(|target| target.value < offer_ms) {
                let message = format!(
                    "the target of {} cannot be kept: a worker of `{}` has {} to accept",
                    shown(target.value),
                    rule.queue.value,
                    shown(offer_ms)
                );
                self.faults.error(
                    "impossible_target",
                    &target.span,
                    message,
                    "raise `target`, or lower `offer` of the queue",
                );
            }
            if let Some((open, at)) = self.only_when_closed(rule, queue) {
                let message =
                    format!("this applies only while `{open}` is closed, and the queue works in those hours only");
                let hint = "its messages wait until it opens again; send them to a queue that works then";
                self.faults.warning("closed_hours", &at, message, hint);
            }
        }
    }

    /// The calendar of a rule's queue, where the rule asks for that to be closed.
    fn only_when_closed(&self, rule: &'a crate::model::Rule, queue: &Queue) -> Option<(&'a str, crate::fault::Span)> {
        let calendar = queue.calendar.as_ref()?;
        let at = self.set.calendars.keys().position(|name| *name == calendar.value)?;
        let condition = rule.when.as_ref()?;
        let name = self.set.calendars.keys().nth(at)?;
        condition.asks_closed(at).then(|| (name.as_str(), rule.queue.span.clone()))
    }

    /// What queues are sure of is at most all of their workers' time.
    fn shares(&mut self) {
        for queue in &self.set.queues {
            if let Some(share) = queue.protected_percent.as_ref().filter(|_| queue.side == Side::Front) {
                let message = format!("`{}` is a front queue", queue.name.value);
                self.faults.error("wrong_side", &share.span, message, "shares are protected for the back office");
            }
        }
        for group in &self.set.groups {
            self.time_plan(group);
            let shares = group
                .queues
                .iter()
                .filter_map(|queue| self.queues.get(queue.value.as_str())?.protected_percent.as_ref());
            // What all who serve a queue promise it counts for the group as well, if its own plan does not give it more.
            let planned = group.time_plan.iter().map(|(queue, percent)| {
                let own = self.queues.get(queue.value.as_str()).and_then(|queue| queue.protected_percent.as_ref());
                (queue.span.clone(), percent.saturating_sub(own.map_or(0, |own| own.value)))
            });
            let shares: Vec<_> = shares.map(|share| (share.span.clone(), share.value)).chain(planned).collect();
            let sum: u32 = shares.iter().map(|(_, percent)| percent).sum();
            if 100 < sum
                && let Some((last, _)) = shares.last()
            {
                let message =
                    format!("the protected shares of the queues of `{}` are {sum} % together", group.name.value);
                self.faults.error("shares", last, message, "a group has 100 % of its time");
            }
        }
    }

    /// A group plans its time for back work that it does.
    fn time_plan(&mut self, group: &Group) {
        for (queue, _) in &group.time_plan {
            let Some(known) = self.queues.get(queue.value.as_str()) else { continue };
            if known.side == Side::Front {
                let message = format!("`{}` is a front queue", queue.value);
                let hint = "plan the back office, administration and training: the rest of the time is the customers'";
                self.faults.error("wrong_side", &queue.span, message, hint);
            } else if !group.queues.iter().any(|served| served.value == queue.value) {
                let message = format!("`{}` does not serve `{}`", group.name.value, queue.value);
                self.faults.error("not_served", &queue.span, message, "add it to the `queues` of the group");
            }
        }
    }

    /// A step takes less than the one before it.
    fn relaxing(&mut self) {
        for rule in &self.set.rules {
            let mut before: &[Level] = &rule.needs;
            for Relaxed { after_ms: after, needs, .. } in &rule.relax {
                let Some(needs) = needs else { continue };
                let level = |name: &str| before.iter().find(|(skill, _)| skill.value == name).map(|(_, level)| *level);
                for (skill, wanted) in needs {
                    if level(&skill.value).is_none_or(|had| had < *wanted) {
                        let message =
                            format!("after {} this takes more of `{}` than before", shown(after.value), skill.value);
                        self.faults.error(
                            "relax",
                            &skill.span,
                            message,
                            "a step lowers a level, or leaves a skill out",
                        );
                    }
                }
                before = needs;
            }
        }
    }

    /// A ladder that is longer than the scheduler keeps.
    fn ladders(&mut self) {
        for rule in &self.set.rules {
            let count = self.set.ladder(&rule.queue.value, &rule.needs, &rule.relax).len();
            if RELAXATIONS_MAX < count {
                let message = format!(
                    "with the overflow of its queue this rule has {count} steps, and at most {RELAXATIONS_MAX} are kept"
                );
                self.faults.error(
                    "too_many",
                    &rule.name.span,
                    message,
                    "fewer steps in `relax`, or fewer queues in a row",
                );
            }
        }
    }
}

/// A duration as people write it.
pub(crate) fn shown(ms: u64) -> String {
    match ms {
        ms if ms % 1_000 != 0 => format!("{ms}ms"),
        ms if ms % 60_000 != 0 => format!("{}s", ms / 1_000),
        ms if ms % 3_600_000 != 0 => format!("{}m", ms / 60_000),
        ms => format!("{}h", ms / 3_600_000),
    }
}
