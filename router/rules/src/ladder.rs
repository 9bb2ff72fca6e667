//! What becomes of work that waits: what it takes, and in which queue it stands, step by step.

use crate::model::{Level, Relaxed, RuleSet};

/// A step of a ladder.
#[derive(Clone, Debug)]
pub struct Rung {
    /// After how long, in milliseconds.
    pub after_ms: u64,
    /// What it takes from then on.
    pub needs: Vec<Level>,
    /// The queue that helps out from then on, and whether at once where nobody is there.
    pub to: Option<(String, bool)>,
}

impl RuleSet {
    /// The ladder of work in a queue: its rule's own steps, and those by which its queue, and the queues that help out,
    /// overflow. A rule that says itself where its work goes has no other overflow.
    pub fn ladder(&self, queue: &str, needs: &[Level], relax: &[Relaxed]) -> Vec<Rung> {
        let own = relax.iter().map(|step| {
            let to = step.queue.as_ref().map(|queue| (queue.value.clone(), false));
            (step.after_ms.value, step.needs.as_deref(), to)
        });
        let mut steps: Vec<_> = own.collect();
        if steps.iter().all(|(_, _, to)| to.is_none()) {
            let (mut at, mut after_ms, mut seen) = (queue, 0_u64, vec![queue]);
            while let Some(overflow) = self.queue(at).and_then(|queue| queue.overflow.as_ref()) {
                let to = overflow.to.value.as_str();
                // A circle is a fault of the set; here it must only end.
                if seen.contains(&to) {
                    break;
                }
                after_ms = after_ms.saturating_add(overflow.after_ms.value);
                steps.push((after_ms, None, Some((to.to_owned(), overflow.when_nobody))));
                seen.push(to);
                at = to;
            }
        }
        // Stable: of two at the same time the rule's own comes first.
        steps.sort_by_key(|(after_ms, ..)| *after_ms);
        let mut now = needs.to_vec();
        let rung = |(after_ms, needs, to): (u64, Option<&[Level]>, _)| {
            if let Some(needs) = needs {
                now = needs.to_vec();
            }
            Rung { after_ms, needs: now.clone(), to }
        };
        steps.into_iter().map(rung).collect()
    }

    fn queue(&self, name: &str) -> Option<&crate::model::Queue> {
        self.queues.iter().find(|queue| queue.name.value == name)
    }
}
