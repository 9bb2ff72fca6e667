//! Whether the work that comes can be done by those who are there.

use crate::plan::{Plan, Queue};
use crate::problem::Problem;

/// How many queues are looked at in all combinations.
const QUEUES_LOOKED_AT: usize = 12;

/// What is doubtful: sets of queues that bring more work than all who can serve any of them can do.
pub(crate) fn doubts(file: &str, plan: &Plan) -> Vec<Problem> {
    let coming: Vec<usize> = (0..plan.queues.len()).filter(|queue| plan.queues[*queue].arrivals.is_some()).collect();
    let coming = &coming[..coming.len().min(QUEUES_LOOKED_AT)];
    let mut worst: Option<(f64, Vec<usize>)> = None;
    for set in 1u32..1 << coming.len() {
        let queues: Vec<usize> =
            coming.iter().enumerate().filter(|(bit, _)| set & (1 << bit) != 0).map(|(_, queue)| *queue).collect();
        let work: f64 = queues.iter().map(|queue| work_of(plan, *queue)).sum();
        let load = work / capacity_for(plan, &queues);
        let leaves = queues.iter().any(|queue| plan.queues[*queue].patience.is_some());
        if load >= 1.0 && !leaves && worst.as_ref().is_none_or(|(most, _)| load > *most) {
            worst = Some((load, queues));
        }
    }
    let Some((load, queues)) = worst else { return Vec::new() };
    let names: Vec<&str> = queues.iter().map(|queue| plan.queues[*queue].name.as_str()).collect();
    vec![Problem {
        file: file.to_owned(),
        at: None,
        path: queues.iter().map(|queue| format!("queues[{queue}]")).collect::<Vec<_>>().join(", "),
        message: format!(
            "unstable: {} bring {:.0} % of what all who can serve them can do; the wait grows without end",
            names.join(" and "),
            load * 100.0
        ),
        hint: "more workers with their skills, a lower rate, or patience after which tasks leave".to_owned(),
    }]
}

/// Slots that a queue's work fills on the mean, where it is done quickest.
fn work_of(plan: &Plan, place: usize) -> f64 {
    let queue: &Queue = &plan.queues[place];
    let rate = queue.arrivals.as_ref().map_or(0.0, |rates| rates.mean(plan.horizon));
    let able = plan.groups.iter().enumerate().filter(|(_, group)| group.queues.contains(&place));
    let least = able
        .map(|(number, group)| {
            let slots = queue.slots_of(group);
            let full = (group.slots / slots).max(1) as usize;
            queue.service[number].mean() * f64::from(slots) / group.paces[full - 1]
        })
        .fold(f64::INFINITY, f64::min);
    rate * least
}

fn capacity_for(plan: &Plan, queues: &[usize]) -> f64 {
    let able = plan.groups.iter().filter(|group| group.queues.iter().any(|queue| queues.contains(queue)));
    able.map(|group| {
        let end = plan.horizon;
        let mean = if group.staff.is_empty() {
            f64::from(group.workers)
        } else {
            let ends = group.staff.iter().skip(1).map(|(from, _)| *from).chain([end]);
            group
                .staff
                .iter()
                .zip(ends)
                .map(|((from, n), to)| f64::from(*n) * (to.min(end) - from).max(0.0))
                .sum::<f64>()
                / end
        };
        mean * f64::from(group.slots)
    })
    .sum()
}
