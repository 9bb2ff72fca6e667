//! What is known of a worker from his reviews: how many were drawn this week, and how they came out.

use std::collections::BTreeMap;

use blendline_wire::{JudgementId, Millis};

use crate::draw::{WEEK_MS, week_began};
use crate::judgement::{Review, ReviewState};
use crate::rules::DAY_MS;

/// What is older tells nothing.
pub const STANDING_MS: u64 = 90 * DAY_MS;
/// How many pieces are a score that authority may depend on.
pub const QUALITY_MIN: usize = 5;
/// Of so many of the latest it is the mean.
const LATEST: usize = 20;
/// Of so many the score of late.
const OF_LATE: usize = 5;

/// What is known of a worker.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// When pieces were drawn, each once.
    drawn: BTreeMap<(Millis, JudgementId), ()>,
    /// When reviews were scored, and how.
    scores: BTreeMap<(Millis, JudgementId), u16>,
}

impl Standing {
    /// Takes up a review as it is now, and forgets what tells nothing any more.
    pub fn take(&mut self, review: &Review, now: Millis) {
        let id = review.told.review;
        // A review that never came to be counts for no week; of two reviews of one piece the first counts.
        match review.state {
            ReviewState::Lapsed => drop(self.drawn.remove(&(review.at, id))),
            _ if review.told.seat == 1 => drop(self.drawn.insert((review.at, id), ())),
            _ => {}
        }
        if let Some((at, score)) = review.scored_at.zip(review.score()) {
            self.scores.insert((at, id), score);
        }
        let (week, old) = (now.0.saturating_sub(2 * WEEK_MS), now.0.saturating_sub(STANDING_MS));
        self.drawn = self.drawn.split_off(&(Millis(week), JudgementId(0)));
        self.scores = self.scores.split_off(&(Millis(old), JudgementId(0)));
    }

    /// How many pieces were drawn in the week of this instant.
    pub fn drawn_in_week(&self, now: Millis) -> u32 {
        u32::try_from(self.drawn.range((week_began(now), JudgementId(0))..).count()).unwrap_or(u32::MAX)
    }

    /// How many reviews were scored.
    pub fn scored(&self, now: Millis) -> usize {
        self.latest(now).count()
    }

    /// The score of late, from 0 to 1000.
    pub fn late(&self, now: Millis) -> Option<u16> {
        mean(self.latest(now).take(OF_LATE))
    }

    /// The score that authority may depend on, in per cent; none from little.
    pub fn quality(&self, now: Millis) -> Option<u8> {
        let score = mean(self.latest(now).take(LATEST)).filter(|_| QUALITY_MIN <= self.scored(now))?;
        u8::try_from(score / 10).ok()
    }

    fn latest(&self, now: Millis) -> impl Iterator<Item = u16> {
        let since = Millis(now.0.saturating_sub(STANDING_MS));
        self.scores.range((since, JudgementId(0))..).rev().map(|(_, score)| *score)
    }
}

fn mean(scores: impl Iterator<Item = u16>) -> Option<u16> {
    let (sum, count) = scores.fold((0_u32, 0_u32), |(sum, count), score| (sum + u32::from(score), count + 1));
    let mean = sum.checked_div(count)?;
    u16::try_from(mean).ok()
}
