//! The least that two queues and two groups can cost: relative value iteration over every state.

/// Waiting tasks of a queue that are told apart; more are turned away, which at 95 per cent load costs a thousandth or so.
const WAITING: usize = 30;
/// It ends when the bounds of the mean cost are so near, as a part of it.
const NEAR: f64 = 2e-4;
/// It ends after so many rounds in any case.
const ROUNDS: usize = 200_000;

/// Two queues and two groups who serve both. Times are exponential.
pub(crate) struct Case {
    /// Of each group.
    pub(crate) workers: [usize; 2],
    /// Tasks that come to each queue in a minute.
    pub(crate) arrivals: [f64; 2],
    /// What a waiting task of each queue costs in a minute.
    pub(crate) costs: [f64; 2],
    /// By queue, and then by group: how many of its tasks one of them does in a minute.
    pub(crate) speeds: [[f64; 2]; 2],
}

/// What a group does: its workers at tasks of each queue.
type Busy = [usize; 2];

/// All that a group of so many can do, and the place of each.
struct Group {
    all: Vec<Busy>,
    at: Vec<Vec<usize>>,
}

impl Group {
    fn new(workers: usize) -> Self {
        let mut group = Self { all: Vec::new(), at: vec![vec![0; workers + 1]; workers + 1] };
        for one in 0..=workers {
            for other in 0..=workers - one {
                group.at[one][other] = group.all.len();
                group.all.push([one, other]);
            }
        }
        group
    }

    fn place(&self, [one, other]: Busy) -> usize {
        self.at[one][other]
    }
}

/// Everything there is at a moment.
#[derive(Clone, Copy)]
struct State {
    busy: [Busy; 2],
    waiting: [usize; 2],
}

/// The least mean cost in a minute.
pub(crate) fn cost(case: &Case) -> f64 {
    let groups = case.workers.map(Group::new);
    let many = groups[1].all.len();
    let place = |state: &State| {
        let done = groups[0].place(state.busy[0]) * many + groups[1].place(state.busy[1]);
        (done * (WAITING + 1) + state.waiting[0]) * (WAITING + 1) + state.waiting[1]
    };
    let mut states = Vec::new();
    for one in &groups[0].all {
        for two in &groups[1].all {
            for a in 0..=WAITING {
                states.extend((0..=WAITING).map(|b| State { busy: [*one, *two], waiting: [a, b] }));
            }
        }
    }
    // What could be started at once, and what comes next at which rate.
    let starts: Vec<Vec<u32>> =
        states.iter().map(|state| started(case, *state).map(|next| place(&next) as u32).collect()).collect();
    let nexts: Vec<Vec<(f64, u32)>> = states
        .iter()
        .map(|state| followed(case, *state).map(|(rate, next)| (rate, place(&next) as u32)).collect())
        .collect();
    let fastest = case.speeds.iter().flatten().copied().fold(0.0, f64::max);
    let all: f64 = case.arrivals.iter().sum::<f64>() + fastest * (case.workers[0] + case.workers[1]) as f64;
    let (mut values, mut best, mut mean) = (vec![0.0; states.len()], vec![0.0; states.len()], 0.0);
    for round in 0..ROUNDS {
        // Whoever starts something is at a later place: those are known first.
        for at in (0..states.len()).rev() {
            best[at] = starts[at].iter().map(|next| best[*next as usize]).fold(values[at], f64::min);
        }
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        let after: Vec<f64> = (0..states.len())
            .map(|at| {
                let [a, b] = states[at].waiting.map(|waiting| waiting as f64);
                let moves: f64 = nexts[at].iter().map(|(rate, next)| rate * (best[*next as usize] - values[at])).sum();
                let more = (a * case.costs[0] + b * case.costs[1] + moves) / all;
                (low, high) = (f64::min(low, more), f64::max(high, more));
                values[at] + more
            })
            .collect();
        let base = after[0];
        values = after.into_iter().map(|value| value - base).collect();
        mean = (low + high) / 2.0 * all;
        if round % 50 == 0 && (high - low) * all < NEAR * mean {
            break;
        }
    }
    mean
}

/// What it could be after one waiting task starts with somebody.
fn started(case: &Case, state: State) -> impl Iterator<Item = State> {
    let pairs = [(0, 0), (0, 1), (1, 0), (1, 1)].into_iter();
    let free = [0, 1].map(|group| case.workers[group] > state.busy[group].iter().sum::<usize>());
    pairs.filter(move |(group, queue)| free[*group] && state.waiting[*queue] > 0).map(move |(group, queue)| {
        let mut next = state;
        next.busy[group][queue] += 1;
        next.waiting[queue] -= 1;
        next
    })
}

/// What comes next, and how often in a minute.
fn followed(case: &Case, state: State) -> impl Iterator<Item = (f64, State)> {
    let comes = [0, 1].into_iter().map(move |queue| {
        let mut next = state;
        next.waiting[queue] = (state.waiting[queue] + 1).min(WAITING);
        (case.arrivals[queue], next)
    });
    let ends =
        [(0, 0), (0, 1), (1, 0), (1, 1)].into_iter().filter(move |(group, queue)| state.busy[*group][*queue] > 0);
    comes.chain(ends.map(move |(group, queue)| {
        let mut next = state;
        next.busy[group][queue] -= 1;
        (case.speeds[queue][group] * state.busy[group][queue] as f64, next)
    }))
}
