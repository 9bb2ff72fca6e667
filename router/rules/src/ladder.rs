//! What becomes of work that waits: what it takes, and in which queue it stands, step by step.

use crate::model::{Level, Priority, Relaxed, RuleSet};

/// A step of a ladder.
#[derive(Clone, Debug)]
pub struct Rung {
    /// After how long, in milliseconds.
    pub after_ms: u64,
    /// What it takes from then on.
    pub needs: Vec<Level>,
    /// The queue that helps out from then on, and whether at once where nobody is there.
    pub to: Option<(String, bool)>,
    /// What it counts for from then on; `None`: what it did before.
    pub priority: Option<Priority>,
    /// True where a supervisor is told.
    pub notify: bool,
}

/// A step before it is known what its task takes by then.
#[derive(Default)]
struct Raw<'a> {
    after_ms: u64,
    needs: Option<&'a [Level]>,
    to: Option<(String, bool)>,
    priority: Option<Priority>,
    notify: bool,
}

impl<'a> Raw<'a> {
    fn of(step: &'a Relaxed) -> Self {
        Raw {
            after_ms: step.after_ms.value,
            needs: step.needs.as_deref(),
            to: step.queue.as_ref().map(|queue| (queue.value.clone(), false)),
            priority: step.priority,
            notify: step.notify,
        }
    }
}

impl RuleSet {
    /// The ladder of work in a queue: its rule's own steps, those of its queue, and those by which its queue, and the
    /// queues that help out, overflow. A rule that says itself where its work goes has no other overflow.
    pub fn ladder(&self, queue: &str, needs: &[Level], relax: &[Relaxed]) -> Vec<Rung> {
        let mut steps: Vec<Raw<'_>> = relax.iter().map(Raw::of).collect();
        steps.extend(self.queue(queue).into_iter().flat_map(|queue| &queue.escalate).map(Raw::of));
        if steps.iter().all(|step| step.to.is_none()) {
            let (mut at, mut after_ms, mut seen) = (queue, 0_u64, vec![queue]);
            while let Some(overflow) = self.queue(at).and_then(|queue| queue.overflow.as_ref()) {
                let to = overflow.to.value.as_str();
                // A circle is a fault of the set; here it must only end.
                if seen.contains(&to) {
                    break;
                }
                after_ms = after_ms.saturating_add(overflow.after_ms.value);
                let to_it = Some((to.to_owned(), overflow.when_nobody));
                steps.push(Raw { after_ms, to: to_it, ..Raw::default() });
                seen.push(to);
                at = to;
            }
        }
        // Stable: of two at the same time the rule's own comes first.
        steps.sort_by_key(|step| step.after_ms);
        let mut now = needs.to_vec();
        let rung = |step: Raw<'_>| {
            if let Some(needs) = step.needs {
                now = needs.to_vec();
            }
            let Raw { after_ms, to, priority, notify, .. } = step;
            Rung { after_ms, needs: now.clone(), to, priority, notify }
        };
        steps.into_iter().map(rung).collect()
    }

    fn queue(&self, name: &str) -> Option<&crate::model::Queue> {
        self.queues.iter().find(|queue| queue.name.value == name)
    }
}
