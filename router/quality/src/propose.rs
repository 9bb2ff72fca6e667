//! What reviews of decisions say of the limits themselves. Nothing of it is applied by itself.

use std::collections::BTreeMap;

use blendline_wire::{Millis, WorkerId};

use crate::figures::{Figure, figure};
use crate::judgement::Review;
use crate::rules::Quality;

/// How many reviewed pieces tell something.
pub const PIECES_MIN: usize = 20;

/// Another limit that reviews speak for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Proposal {
    /// Whose.
    pub worker: WorkerId,
    /// Of what.
    pub action: String,
    /// The currency; empty where the action is counted.
    pub currency: String,
    /// True: a higher one.
    pub up: bool,
    /// What the scores of his decisions say.
    pub figure: Figure,
    /// How much he could decide alone when the latest was made, in minor units.
    pub alone: i64,
    /// The limit proposed: a quarter more, or a quarter less.
    pub limit: i64,
}

/// The limits that these reviews speak for, those to be lowered first.
pub fn proposals<'a>(quality: &Quality, reviews: impl IntoIterator<Item = &'a Review>) -> Vec<Proposal> {
    let mut of: BTreeMap<(WorkerId, &str, &str), Vec<&Review>> = BTreeMap::new();
    for review in reviews.into_iter().filter(|review| review.told.of_decision.is_some()) {
        let told = &review.told;
        of.entry((told.of_worker, &told.action, &told.currency)).or_default().push(review);
    }
    let mut proposals: Vec<Proposal> = of.into_iter().filter_map(|(of, all)| proposal(quality, of, &all)).collect();
    proposals.sort_by_key(|proposal| (proposal.up, proposal.figure.score));
    proposals
}

fn proposal(
    quality: &Quality,
    (worker, action, currency): (WorkerId, &str, &str),
    reviews: &[&Review],
) -> Option<Proposal> {
    let pieces = by_piece(reviews);
    let figure = figure(&pieces).filter(|figure| PIECES_MIN <= figure.count)?;
    let failed = pieces.iter().any(|(_, score)| *score == 0);
    let up = match figure {
        _ if quality.up <= figure.low && !failed => true,
        _ if figure.high < quality.down => false,
        _ => return None,
    };
    let latest = reviews.iter().filter(|review| review.told.alone.is_some()).max_by_key(|review| review.at)?;
    let alone = latest.told.alone.filter(|alone| 0 < *alone)?;
    let quarter = (alone / 4).max(1);
    let limit = if up { alone.saturating_add(quarter) } else { (alone - quarter).max(0) };
    Some(Proposal { worker, action: action.to_owned(), currency: currency.to_owned(), up, figure, alone, limit })
}

/// When each piece was scored, and how: of two reviews the mean, or nothing where one of them found it failed.
fn by_piece(reviews: &[&Review]) -> Vec<(Millis, u16)> {
    let mut pieces: BTreeMap<String, Vec<(Millis, u16)>> = BTreeMap::new();
    for review in reviews {
        pieces.entry(review.piece()).or_default().extend(review.scored_at.zip(review.score()));
    }
    let one = |scores: Vec<(Millis, u16)>| {
        let at = scores.iter().map(|(at, _)| *at).max()?;
        let count = u32::try_from(scores.len()).ok()?;
        let sum: u32 = scores.iter().map(|(_, score)| u32::from(*score)).sum();
        let failed = scores.iter().any(|(_, score)| *score == 0);
        Some((at, if failed { 0 } else { u16::try_from(sum / count).ok()? }))
    };
    pieces.into_values().filter_map(one).collect()
}
