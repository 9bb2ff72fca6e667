//! What holds of every draw, score and proposal.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use std::collections::BTreeMap;

use blendline_quality::calibrate::calibration;
use blendline_quality::draw::{Facts, WEEK_MS, chance, draw, falls, week_began};
use blendline_quality::figures::{Drift, figure};
use blendline_quality::judgement::{Review, ReviewState, id};
use blendline_quality::propose::{PIECES_MIN, proposals};
use blendline_quality::rules::{Criterion, Form, Quality, Risk};
use blendline_quality::score::{Refusal, disputed, score, scored};
use blendline_quality::standing::{QUALITY_MIN, Standing};
use blendline_wire::event::quality::ReviewTold;
use blendline_wire::{DecisionId, JudgementId, Millis, Pii, TenantId, WorkerId};
use proptest::prelude::*;

const TENANT: TenantId = TenantId(1);
/// A Monday.
const MONDAY: Millis = Millis(1_764_547_200_000);

fn criterion(name: &str, points: u8, weight: u8, fatal: bool) -> Criterion {
    Criterion { name: name.into(), words: Default::default(), points, weight, fatal }
}

fn form(share_milli: u32) -> Form {
    let criteria = vec![criterion("grounds", 5, 3, true), criterion("tone", 4, 1, false)];
    Form { name: "credit".into(), action: Some("credit".into()), share_milli, criteria, ..Form::default() }
}

fn review(piece: u128, seat: u8, at: u64) -> Review {
    let decision = DecisionId(piece);
    let told = ReviewTold {
        review: id(TENANT, &["review", &decision.to_string(), &seat.to_string()]),
        seat,
        form: "credit".into(),
        of_worker: WorkerId(1),
        of_decision: Some(decision),
        action: "credit".into(),
        currency: "ILS".into(),
        alone: Some(10_000),
        ..ReviewTold::default()
    };
    Review {
        tenant: TENANT,
        at: Millis(at),
        told,
        conversation: None,
        matter: None,
        state: ReviewState::Waiting,
        scored_at: None,
        words: None,
        answer: None,
    }
}

fn reviewed(piece: u128, seat: u8, by: u64, milli: u16) -> Review {
    let mut review = review(piece, seat, MONDAY.0 + u64::try_from(piece).unwrap());
    review.told.reviewer = Some(WorkerId(by));
    review.told.score_milli = Some(milli);
    Review { state: ReviewState::Scored, scored_at: Some(review.at), ..review }
}

#[test]
fn of_many_pieces_the_share_is_drawn_and_always_the_same() {
    let drawn = |milli| (0..20_000).filter(|n| falls(TENANT, &["draw", &n.to_string()], milli)).count();
    assert_eq!((drawn(0), drawn(1_000)), (0, 20_000));
    assert!((1_800..2_200).contains(&drawn(100)), "{}", drawn(100));
    assert_eq!(drawn(100), drawn(100));
    let elsewhere = |n: &u32| falls(TenantId(2), &["draw", &n.to_string()], 100);
    let here = |n: &u32| falls(TENANT, &["draw", &n.to_string()], 100);
    let both = (0..20_000).filter(|n| here(n) && elsewhere(n)).count();
    assert!(both < 400, "another company draws others: {both}");
}

#[test]
fn risks_multiply_the_share_and_are_named() {
    let risks = [(Risk::Amount, 3), (Risk::Near, 2), (Risk::New, 2), (Risk::Complaint, 5)].into();
    let form = Form { large: Some(20_000), risks, ..form(20) };
    let (quality, standing) = (Quality::default(), Standing::default());
    let chance = |facts| chance((&quality, &form), facts, &standing, MONDAY);
    assert_eq!(chance(Facts::default()), (vec!["new"], 40));
    let near = Facts { minor: Some(9_000), alone: Some(10_000), complaint: false };
    assert_eq!(chance(near), (vec!["near", "new"], 80));
    let all = Facts { minor: Some(20_000), alone: Some(20_000), complaint: true };
    assert_eq!(chance(all), (vec!["amount", "near", "new", "complaint"], 1_000));
}

#[test]
fn a_week_has_its_least_and_its_most() {
    let week = |quality: &Quality, share, pieces: u64| {
        let (form, mut standing, mut drawn) = (form(share), Standing::default(), 0);
        for n in 0..pieces {
            let now = Millis(MONDAY.0 + WEEK_MS * n / pieces);
            let piece = DecisionId(n.into());
            if draw((quality, &form), (TENANT, &piece.to_string()), Facts::default(), &standing, now).is_some() {
                drawn += 1;
                standing.take(&review(n.into(), 1, now.0), now);
            }
        }
        drawn
    };
    let quality = Quality { least: 3, most: 5, ..Quality::default() };
    assert_eq!(week(&quality, 0, 100), 3, "chance drew none");
    assert_eq!(week(&quality, 1_000, 100), 5, "chance drew all");
    assert_eq!(week_began(Millis(MONDAY.0 + WEEK_MS - 1)), MONDAY);
    assert_eq!(week_began(MONDAY), MONDAY);
}

#[test]
fn a_score_is_the_weighted_mean_and_nothing_where_a_fatal_criterion_failed() {
    let form = form(100);
    let given = |grounds, tone| [("grounds".to_owned(), grounds), ("tone".to_owned(), tone)].into();
    assert_eq!(score(&form, &given(Some(5), Some(4))), Ok(1_000));
    assert_eq!(score(&form, &given(Some(4), Some(2))), Ok(725));
    assert_eq!(score(&form, &given(Some(0), Some(4))), Ok(0));
    assert_eq!(score(&form, &given(None, Some(2))), Ok(500));
    assert_eq!(score(&form, &given(None, None)), Err(Refusal::Nothing));
    assert_eq!(score(&form, &given(Some(6), None)), Err(Refusal::Points("grounds".into())));
    assert_eq!(score(&form, &BTreeMap::new()), Err(Refusal::Points("grounds".into())));
    assert_eq!(score(&form, &[("else".to_owned(), None)].into()), Err(Refusal::Points("else".into())));
}

#[test]
fn nobody_reviews_himself_nor_a_piece_twice_and_answers_once() {
    let form = form(100);
    let given = [("grounds".to_owned(), Some(5)), ("tone".to_owned(), Some(4))].into();
    let (one, other) = (review(1, 1, 0), reviewed(1, 2, 3, 900));
    assert_eq!(one.other_seat(), other.told.review);
    let by = |worker| scored((&one, Some(&other)), Some(&form), WorkerId(worker), (&given, None), MONDAY);
    assert_eq!(by(1), Err(Refusal::OwnWork));
    assert_eq!(by(3), Err(Refusal::SecondEyes));
    let done = by(2).unwrap();
    assert_eq!((done.score(), done.told.reviewer), (Some(1_000), Some(WorkerId(2))));
    let again = scored((&done, None), Some(&form), WorkerId(2), (&given, None), MONDAY);
    assert_eq!(again, Err(Refusal::State("scored")));

    let says = |review: &Review, worker, now| disputed(review, WorkerId(worker), Pii::new("No.".into()), 1_000, now);
    assert_eq!(says(&one, 1, MONDAY), Err(Refusal::State("waiting")));
    assert_eq!(says(&done, 2, MONDAY), Err(Refusal::NotYours));
    assert_eq!(says(&done, 1, MONDAY + 1_000), Err(Refusal::TooLate));
    let answered = says(&done, 1, MONDAY + 999).unwrap();
    assert_eq!(answered.score(), Some(1_000), "an answer changes no score");
    assert_eq!(says(&answered, 1, MONDAY + 999), Err(Refusal::State("disputed")));
}

#[test]
fn a_score_drifts_only_where_that_is_sure() {
    let scores = |of: &[u16]| (0_u64..).map(Millis).zip(of.iter().copied()).collect::<Vec<_>>();
    let drift = |of: &[u16]| figure(&scores(of)).unwrap().drift;
    assert_eq!(drift(&[900; 19]), Drift::Unknown);
    assert_eq!(drift(&[900; 20]), Drift::Steady);
    assert_eq!(drift(&[[900_u16; 10], [840; 10]].concat()), Drift::Steady, "it may be chance");
    assert_eq!(drift(&[[900_u16; 10], [700; 10]].concat()), Drift::Down);
    assert_eq!(drift(&[[700_u16; 10], [900; 10]].concat()), Drift::Up);
    assert_eq!(figure(&[]), None);
    let one = figure(&scores(&[800])).unwrap();
    assert_eq!((one.low, one.high), (0, 1_000), "one score says nothing of the others");
}

#[test]
fn reviewers_are_compared_on_what_both_reviewed() {
    // The third is always a hundred higher than the second; the fourth reviewed nothing beside anybody.
    let mut reviews = vec![reviewed(99, 1, 4, 100)];
    for piece in 0..5 {
        reviews.extend([reviewed(piece, 1, 2, 700), reviewed(piece, 2, 3, 900)]);
    }
    let found = calibration(&reviews);
    assert_eq!((found.pairs, found.agreed_milli, found.apart_milli), (5, 0, 200));
    let told: Vec<_> = found.reviewers.iter().map(|of| (of.reviewer.0, of.pairs, of.milli)).collect();
    assert_eq!(told, [(3, 5, 100), (2, 5, -100)], "half of the difference, for five pairs are few");
}

#[test]
fn authority_is_proposed_from_many_sure_scores() {
    let quality = Quality::default();
    let all = |count: u128, milli| (0..count).map(|piece| reviewed(piece, 1, 2, milli)).collect::<Vec<_>>();
    let limits = |reviews: &[Review]| -> Vec<(bool, i64)> {
        proposals(&quality, reviews).iter().map(|proposal| (proposal.up, proposal.limit)).collect()
    };
    assert!(limits(&all(19, 1_000)).is_empty(), "little tells nothing");
    assert_eq!(limits(&all(20, 1_000)), [(true, 12_500)]);
    assert_eq!(limits(&all(20, 500)), [(false, 7_500)]);
    assert!(limits(&all(20, 800)).is_empty());
    let mut failed = all(60, 1_000);
    failed.push(reviewed(60, 1, 2, 0));
    assert!(limits(&failed).is_empty(), "one that failed is enough to wait");
    // Two reviews of one piece are one piece.
    let twice: Vec<Review> =
        (0..10).flat_map(|piece| [reviewed(piece, 1, 2, 1_000), reviewed(piece, 2, 3, 1_000)]).collect();
    assert!(limits(&twice).is_empty());
}

#[test]
fn quality_is_a_mean_of_late_and_none_from_little() {
    let mut standing = Standing::default();
    for piece in 0..u128::try_from(QUALITY_MIN).unwrap() {
        assert_eq!(standing.quality(MONDAY), None);
        standing.take(&reviewed(piece, 1, 2, 875), MONDAY);
    }
    assert_eq!(standing.quality(MONDAY), Some(87));
    assert_eq!(standing.quality(Millis(MONDAY.0 + 100 * 86_400_000)), None, "what is old tells nothing");
}

proptest! {
    #[test]
    fn no_score_is_out_of_bounds(
        criteria in prop::collection::vec((1_u8..=10, 1_u8..=100, any::<bool>(), prop::option::of(0_u8..=12)), 1..20),
    ) {
        let of = |(n, (points, weight, fatal, _)): (usize, &(u8, u8, bool, Option<u8>))| {
            criterion(&n.to_string(), *points, *weight, *fatal)
        };
        let form = Form { criteria: criteria.iter().enumerate().map(of).collect(), ..Form::default() };
        let given = criteria.iter().enumerate().map(|(n, (.., points))| (n.to_string(), *points)).collect();
        if let Ok(score) = score(&form, &given) {
            prop_assert!(score <= 1_000);
        }
    }

    #[test]
    fn what_chance_draws_depends_on_no_order(names in prop::collection::vec("[a-z]{1,8}", 1..50), milli in 0_u32..=1_000) {
        let drawn = |names: &[String]| -> BTreeMap<String, bool> {
            names.iter().map(|name| (name.clone(), falls(TENANT, &["draw", name], milli))).collect()
        };
        let mut other = names.clone();
        other.reverse();
        prop_assert_eq!(drawn(&names), drawn(&other));
    }

    #[test]
    fn figures_stay_within_the_scale_and_little_proposes_nothing(scores in prop::collection::vec(0_u16..=1_000, 1..60)) {
        let placed: Vec<_> = (0..).map(Millis).zip(scores.iter().copied()).collect();
        let figure = figure(&placed).unwrap();
        prop_assert!(figure.low <= figure.score && figure.score <= figure.high && figure.high <= 1_000);
        let reviews: Vec<Review> = (0..).zip(&scores).map(|(piece, milli)| reviewed(piece, 1, 2, *milli)).collect();
        prop_assert!(PIECES_MIN <= scores.len() || proposals(&Quality::default(), &reviews).is_empty());
    }
}

#[test]
fn names_are_one_for_one_piece() {
    assert_ne!(id(TENANT, &["review", "a", "1"]), id(TENANT, &["review", "a1"]));
    assert_ne!(id(TENANT, &["a"]), id(TenantId(2), &["a"]));
    assert_ne!(id(TENANT, &["a"]), JudgementId(0));
}
