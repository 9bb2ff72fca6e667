//! What a review scores, and who may say so.

use std::collections::BTreeMap;

use blendline_wire::{Millis, Pii, WorkerId};

use crate::judgement::{Review, ReviewState};
use crate::rules::Form;

/// The highest score.
pub const SCORE_MAX: u16 = 1_000;

/// The points of each criterion; `None` where it does not apply to this piece.
pub type Given = BTreeMap<String, Option<u8>>;

/// Why something cannot be said of a review.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// There is none of this name.
    Unknown,
    /// It is in another state.
    State(&'static str),
    /// Nobody reviews his own work.
    OwnWork,
    /// The other reviewer of the same piece is the same person.
    SecondEyes,
    /// It is not his to say.
    NotYours,
    /// The rules have no such form any more.
    NoForm(String),
    /// A criterion without points, one that is not of the form, or points that are too many.
    Points(String),
    /// No criterion applies.
    Nothing,
    /// The time to answer is over.
    TooLate,
}

/// The score of these points: the mean of the criteria that apply, each by its weight; nothing where a fatal one failed.
pub fn score(form: &Form, given: &Given) -> Result<u16, Refusal> {
    if let Some(unknown) = given.keys().find(|name| form.criteria.iter().all(|of| of.name != **name)) {
        return Err(Refusal::Points(unknown.clone()));
    }
    let (mut sum, mut weight, mut is_fatal) = (0_u32, 0_u32, false);
    for criterion in &form.criteria {
        let points = given.get(&criterion.name).ok_or_else(|| Refusal::Points(criterion.name.clone()))?;
        let Some(points) = *points else { continue };
        if criterion.points < points {
            return Err(Refusal::Points(criterion.name.clone()));
        }
        let (most, own) = (u32::from(criterion.points.max(1)), u32::from(criterion.weight));
        sum += own * ((u32::from(points) * u32::from(SCORE_MAX) + most / 2) / most);
        weight += own;
        is_fatal |= criterion.fatal && points == 0;
    }
    match weight {
        0 => Err(Refusal::Nothing),
        _ if is_fatal => Ok(0),
        weight => Ok(u16::try_from((sum + weight / 2) / weight).unwrap_or(SCORE_MAX).min(SCORE_MAX)),
    }
}

/// The review once `by` has scored it. `other` is the other review of the same piece, where there is one.
pub fn scored(
    (review, other): (&Review, Option<&Review>),
    form: Option<&Form>,
    by: WorkerId,
    (given, words): (&Given, Option<Pii<String>>),
    now: Millis,
) -> Result<Review, Refusal> {
    if review.state != ReviewState::Waiting {
        return Err(Refusal::State(review.state.as_str()));
    }
    may_review((review, other), by)?;
    let form = form.ok_or_else(|| Refusal::NoForm(review.told.form.clone()))?;
    let mut scored = Review { state: ReviewState::Scored, scored_at: Some(now), words, ..review.clone() };
    scored.told.score_milli = Some(score(form, given)?);
    scored.told.reviewer = Some(by);
    scored.told.reason.clear();
    scored.told.points = given.iter().filter_map(|(name, points)| Some((name.clone(), (*points)?))).collect();
    Ok(scored)
}

/// Whether somebody may review this piece.
pub fn may_review((review, other): (&Review, Option<&Review>), by: WorkerId) -> Result<(), Refusal> {
    if review.told.of_worker == by {
        return Err(Refusal::OwnWork);
    }
    match other.and_then(|other| other.told.reviewer) {
        Some(first) if first == by => Err(Refusal::SecondEyes),
        _ => Ok(()),
    }
}

/// The review once whoever did the work has answered it, which he does once.
pub fn disputed(
    review: &Review,
    by: WorkerId,
    answer: Pii<String>,
    dispute_ms: u64,
    now: Millis,
) -> Result<Review, Refusal> {
    if review.told.of_worker != by {
        return Err(Refusal::NotYours);
    }
    match (review.state, review.scored_at) {
        (ReviewState::Scored, Some(at)) if now < at.plus(dispute_ms) => {
            Ok(Review { state: ReviewState::Disputed, answer: Some(answer), ..review.clone() })
        }
        (ReviewState::Scored, _) => Err(Refusal::TooLate),
        (state, _) => Err(Refusal::State(state.as_str())),
    }
}

/// The review that nobody will make, and why.
pub fn lapsed(review: &Review, reason: &str) -> Review {
    let mut lapsed = Review { state: ReviewState::Lapsed, ..review.clone() };
    lapsed.told.reason = reason.to_owned();
    lapsed
}
