//! Whether reviewers judge alike: from pieces that two of them reviewed without knowing of each other.

use std::collections::BTreeMap;

use blendline_wire::WorkerId;

use crate::judgement::Review;

/// Scores that are no further apart agree.
pub const AGREED_MILLI: u16 = 100;
/// A reviewer's leniency is shrunk as if so many more pairs had shown none.
pub const SHRINK: i64 = 5;

/// How alike reviewers judge.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Calibration {
    /// How many pieces two have reviewed.
    pub pairs: u32,
    /// On how many of a thousand they agreed.
    pub agreed_milli: u32,
    /// How far they were apart on the mean.
    pub apart_milli: u32,
    /// How each judges beside the others, the most lenient first.
    pub reviewers: Vec<Leniency>,
}

/// How one judges beside the others.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Leniency {
    /// Who.
    pub reviewer: WorkerId,
    /// How many pieces he reviewed beside another.
    pub pairs: u32,
    /// How much higher than the other he scores on the mean, shrunk towards nothing where pairs are few; below zero where he
    /// is the stricter.
    pub milli: i32,
}

/// How alike those judge who made these reviews.
pub fn calibration<'a>(reviews: impl IntoIterator<Item = &'a Review>) -> Calibration {
    let mut pieces: BTreeMap<String, Vec<(WorkerId, u16)>> = BTreeMap::new();
    for review in reviews {
        if let Some(scored) = review.told.reviewer.zip(review.score()) {
            pieces.entry(review.piece()).or_default().push(scored);
        }
    }
    let (mut pairs, mut agreed, mut apart) = (0_u32, 0_u32, 0_u32);
    let mut sums: BTreeMap<WorkerId, (i64, i64)> = BTreeMap::new();
    for piece in pieces.values() {
        let [one, other] = piece.as_slice() else { continue };
        let distance = one.1.abs_diff(other.1);
        pairs += 1;
        agreed += u32::from(distance <= AGREED_MILLI);
        apart += u32::from(distance);
        for (own, beside) in [(one, other), (other, one)] {
            let sum = sums.entry(own.0).or_default();
            *sum = (sum.0 + i64::from(own.1) - i64::from(beside.1), sum.1 + 1);
        }
    }
    let leniency = |(reviewer, (sum, count)): (WorkerId, (i64, i64))| Leniency {
        reviewer,
        pairs: u32::try_from(count).unwrap_or(u32::MAX),
        milli: i32::try_from(sum / (count + SHRINK)).unwrap_or_default(),
    };
    let mut reviewers: Vec<Leniency> = sums.into_iter().map(leniency).collect();
    reviewers.sort_by_key(|reviewer| std::cmp::Reverse(reviewer.milli));
    let of_pairs = |sum: u32| sum.checked_div(pairs).unwrap_or_default();
    Calibration { pairs, agreed_milli: of_pairs(agreed * 1_000), apart_milli: of_pairs(apart), reviewers }
}
