//! Whether anybody can do the work: a queue or rule that nobody can serve would only be found out by customers.

use super::Sense;
use crate::fault::Span;
use crate::model::{Level, Queue, Rule, Worker};

pub(super) fn check(sense: &mut Sense<'_>) {
    let set = sense.set;
    // Rules are often written before the first worker is hired; nobody at all is no slip of the pen.
    if set.groups.is_empty() {
        return;
    }
    let mut unserved = Vec::new();
    for queue in &set.queues {
        let serving = serving(sense, queue);
        let name = &queue.name.value;
        let Some(most) = serving.iter().map(|worker| worker.capacity()).max() else {
            unserved.push(name.as_str());
            let hint = "add it to the `queues` of a group";
            sense.faults.error(
                "unserved",
                &queue.name.span,
                format!("no group with workers serves the queue `{name}`"),
                hint,
            );
            continue;
        };
        let weight = queue.task_weight();
        if most < weight {
            unserved.push(name.as_str());
            let span = queue.task_weight.as_ref().map_or(&queue.name.span, |weight| &weight.span);
            let message = format!("a task of `{name}` weighs {weight}, above every capacity of its workers ({most})");
            sense.faults.error(
                "too_heavy",
                span,
                message,
                format!("lower `task_weight`, or give a worker a capacity of {weight}"),
            );
        }
    }
    for group in &set.groups {
        let most = group.workers.iter().map(Worker::capacity).max().unwrap_or_default();
        let weights = group.workers.first().map(|worker| worker.weights.as_slice()).unwrap_or_default();
        for (channel, weight) in weights.iter().filter(|(_, weight)| most < *weight) {
            let (name, of) = (&channel.value, &group.name.value);
            let message = format!("a task by `{name}` weighs {weight}, above every capacity of `{of}` ({most})");
            let hint = format!("lower it, or give a worker a capacity of {weight}");
            sense.faults.error("too_heavy", &channel.span, message, hint);
        }
    }
    for rule in &set.rules {
        let Some(queue) = sense.queues.get(rule.queue.value.as_str()).copied() else { continue };
        if unserved.contains(&rule.queue.value.as_str()) {
            continue;
        }
        let able: Vec<&Worker> =
            serving(sense, queue).into_iter().filter(|worker| queue.task_weight() <= worker.capacity()).collect();
        if able.iter().any(|worker| can_all(worker, &rule.needs)) {
            helpers(sense, rule);
            continue;
        }
        let (span, message, hint) = missing(&rule.needs, &able, &rule.queue.value, &rule.queue.span);
        sense.faults.error("unserved", &span, message, hint);
    }
}

fn can_all(worker: &Worker, needs: &[Level]) -> bool {
    needs.iter().all(|(skill, level)| *level <= worker.level(&skill.value))
}

/// A queue that helps out and has nobody who can do this work makes it wait longer, where its own people could have it.
fn helpers(sense: &mut Sense<'_>, rule: &Rule) {
    for rung in sense.set.ladder(&rule.queue.value, &rule.needs, &rule.relax) {
        let Some((to, _)) = &rung.to else { continue };
        let Some(queue) = sense.queues.get(to.as_str()).copied() else { continue };
        if serving(sense, queue).into_iter().any(|worker| can_all(worker, &rung.needs)) {
            continue;
        }
        let name = &rule.name.value;
        let message = format!("work of the rule `{name}` overflows to `{to}`, where nobody can do it");
        let hint = "give a worker there the skills, or say in `relax` what will do by then: `needs: {}`";
        sense.faults.warning("unserved_overflow", &rule.name.span, message, hint);
        return;
    }
}

/// The workers of all groups that serve a queue.
fn serving<'a>(sense: &Sense<'a>, queue: &Queue) -> Vec<&'a Worker> {
    let groups =
        sense.set.groups.iter().filter(|group| group.queues.iter().any(|served| served.value == queue.name.value));
    groups.flat_map(|group| &group.workers).collect()
}

/// What nobody of them has: a skill, a level, or all of it in one person.
fn missing(needs: &[Level], able: &[&Worker], queue: &str, queue_span: &Span) -> (Span, String, String) {
    for (skill, wanted) in needs {
        let best = able.iter().map(|worker| worker.level(&skill.value)).max().unwrap_or_default();
        if best == 0 {
            let message = format!("no worker of `{queue}` has the skill `{}`", skill.value);
            return (skill.span.clone(), message, "give it to one of them, or send this to another queue".into());
        }
        if best < *wanted {
            let message =
                format!("no worker of `{queue}` has `{}` at level {wanted}: the best has {best}", skill.value);
            return (skill.span.clone(), message, format!("lower it to {best}, or train one of them"));
        }
    }
    let all = needs.iter().map(|(skill, level)| format!("{} {level}", skill.value)).collect::<Vec<_>>().join(" and ");
    let message = format!("no single worker of `{queue}` has {all}");
    (queue_span.clone(), message, "somebody has each of it, nobody all of it".into())
}
