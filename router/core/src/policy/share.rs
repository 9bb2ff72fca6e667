//! The part of its workers' hours that a back queue is promised, kept over a sliding window.

use blendline_wire::Millis;
use serde::{Deserialize, Serialize};

/// Into how many parts the window is cut: so much of it is forgotten at once.
const PARTS: usize = 8;
/// What was missed is made up for within this part of the window.
const MADE_UP_WITHIN: u64 = 4;

/// What was promised to a queue and what it had, over the last [`PARTS`] parts of the window.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Share {
    /// When the part at hand began.
    pub since: Millis,
    /// Until when it is reckoned.
    pub until: Millis,
    /// What its workers could carry while its tasks waited, in weight times milliseconds; the part at hand first.
    pub could: [u64; PARTS],
    /// What its own tasks took of that.
    pub had: [u64; PARTS],
}

/// What a promise is kept by at an instant.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Promise {
    /// The part of its workers' hours, in thousandths.
    pub share_milli: u32,
    /// Over how long, in milliseconds.
    pub window_ms: u64,
    /// What its workers carry together, in units of the weights.
    pub slots: u64,
    /// What its own tasks take of it.
    pub busy: u64,
    /// Whether tasks wait that could be worked on: nothing is owed to an empty queue.
    pub waits: bool,
}

impl Promise {
    fn part_ms(&self) -> u64 {
        (self.window_ms / PARTS as u64).max(1)
    }
}

impl Share {
    /// The same, reckoned until `now`: since it was reckoned last the promise has been like this.
    pub fn at(&self, now: Millis, promise: &Promise) -> Self {
        let mut share = *self;
        let part = promise.part_ms();
        if now.since(share.until) > promise.window_ms {
            // Nothing of what was before lies in the window.
            share = Self { since: Millis(now.0.saturating_sub(promise.window_ms)), ..Self::default() };
            share.until = share.since;
        }
        while share.until < now {
            // A window that became shorter: the part at hand is over already.
            let ends = share.since.plus(part).max(share.until);
            let to = now.min(ends);
            let ms = to.since(share.until);
            if promise.waits {
                share.could[0] = share.could[0].saturating_add(promise.slots.saturating_mul(ms));
            }
            share.had[0] = share.had[0].saturating_add(promise.busy.saturating_mul(ms));
            share.until = to;
            if to == ends {
                share.could.rotate_right(1);
                share.had.rotate_right(1);
                (share.could[0], share.had[0], share.since) = (0, 0, ends);
            }
        }
        share
    }

    /// When the part at hand ends.
    pub fn part_ends(&self, promise: &Promise) -> Millis {
        self.since.plus(promise.part_ms())
    }

    /// Whether one more task is owed to the queue: what its tasks take is less than its share, and what it missed within
    /// the window spread over a quarter of it. What it had beyond its share is counted in its disfavour alike.
    pub fn is_owed(&self, promise: &Promise) -> bool {
        let sum = |parts: &[u64; PARTS]| parts.iter().map(|part| i128::from(*part)).sum::<i128>();
        let milli = i128::from(promise.share_milli);
        let missed = sum(&self.could) * milli - sum(&self.had) * 1_000;
        let made_up = missed * i128::from(MADE_UP_WITHIN) / i128::from(promise.window_ms.max(1));
        i128::from(promise.busy) * 1_000 < i128::from(promise.slots) * milli + made_up
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROMISE: Promise = Promise { share_milli: 100, window_ms: 3_600_000, slots: 2_000, busy: 0, waits: true };

    /// Whoever starts a task whenever one is owed, each of `task_ms`: the part of the hours it had in each window.
    fn parts_had(task_ms: u64, busy_before: u64) -> Vec<u64> {
        let (mut share, mut running) = (Share::default(), vec![0; busy_before as usize]);
        let mut log: Vec<u64> = Vec::new();
        for minute in 0..600 {
            let now = Millis(minute * 60_000);
            running.retain(|until: &u64| now.0 < *until);
            loop {
                let promise = Promise { busy: running.len() as u64 * 100, ..PROMISE };
                share = share.at(now, &promise);
                if !share.is_owed(&promise) {
                    break;
                }
                running.push(now.0 + task_ms);
            }
            log.push(running.len() as u64 * 100 * 60_000);
            share = share.at(now.plus(60_000), &Promise { busy: running.len() as u64 * 100, ..PROMISE });
        }
        log.windows(60).map(|hour| hour.iter().sum::<u64>() * 1_000 / (2_000 * 3_600_000)).collect()
    }

    #[test]
    fn every_window_has_its_share_and_hardly_more() {
        for task_ms in [60_000, 4 * 60_000, 16 * 60_000] {
            let parts = parts_had(task_ms, 0);
            let (least, most) = (parts.iter().min().copied(), parts.iter().max().copied());
            assert!(least >= Some(95) && most <= Some(135), "{task_ms}: {least:?} to {most:?} thousandths");
        }
    }

    #[test]
    fn what_it_had_in_advance_counts_and_what_is_long_ago_does_not() {
        let rich = Share::default().at(Millis(3_600_000), &Promise { busy: 1_000, ..PROMISE });
        assert!(!rich.is_owed(&PROMISE));
        let later = rich.at(Millis(2 * 3_600_000), &PROMISE);
        assert!(later.is_owed(&PROMISE));
        let long = rich.at(Millis(40 * 3_600_000), &PROMISE);
        assert_eq!(long.until, Millis(40 * 3_600_000));
        let all_night = rich.at(Millis(40 * 3_600_000), &Promise { waits: false, ..PROMISE });
        assert_eq!((all_night.could, all_night.had), ([0; PARTS], [0; PARTS]));
    }

    #[test]
    fn a_window_that_becomes_shorter_counts_no_time_twice() {
        let long = Share::default().at(Millis(7 * 3_600_000 + 400_000), &Promise { busy: 300, ..PROMISE });
        let short = Promise { window_ms: 60_000, busy: 300, ..PROMISE };
        let (before, now) = (long.had.iter().sum::<u64>(), long.until.plus(1_000));
        let after = long.at(now, &short);
        assert_eq!((after.until, after.had[0]), (now, 300 * 1_000));
        assert!(after.had.iter().sum::<u64>() <= before + 300 * 1_000, "{long:?} {after:?}");
    }

    #[test]
    fn no_number_is_too_large() {
        let most = Promise { share_milli: 1_000, window_ms: u64::MAX, slots: u64::MAX, busy: u64::MAX, waits: true };
        let share = Share::default().at(Millis(u64::MAX / 2), &most);
        assert!(!share.is_owed(&most));
        let none = Promise { window_ms: 0, ..most };
        _ = Share::default().at(Millis(1_000), &none).is_owed(&none);
    }
}
