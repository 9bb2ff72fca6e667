//! Whether what the company wrote of quality makes sense. Each problem has its place and its cure.

use std::collections::BTreeSet;

use blendline_wire::flaw::Flaw;

use crate::rules::{CRITERIA_MAX, Form, Quality, Risk};

/// What the text may name that is not its own.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The queues.
    pub queues: BTreeSet<String>,
    /// Those who serve the queue of reviews.
    pub reviewers: BTreeSet<String>,
    /// All who work.
    pub workers: BTreeSet<String>,
    /// The actions that some grant gives.
    pub actions: BTreeSet<String>,
}

/// Where a problem is.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Place {
    /// The whole section.
    Whole,
    /// A key of the section.
    Key(&'static str),
    /// A form, and the key in it.
    Form(String, &'static str),
}

/// A problem.
pub type Problem = Flaw<Place>;

/// The words of problems that only quality has.
pub const CODES: &[&str] = &["no_criteria", "nobody_reviews"];

/// All that is wrong with the text.
pub fn check(quality: &Quality, around: &Surroundings) -> Vec<Problem> {
    let mut problems = Vec::new();
    for form in &quality.forms {
        problems.extend(form_problems(form, around));
        let twin = quality.forms.iter().find(|other| (&other.action, &other.queue) == (&form.action, &form.queue));
        if let Some(twin) = twin.filter(|twin| twin.name != form.name) {
            let message = format!("`{}` is never used: `{}` is of the same work", form.name, twin.name);
            problems.push(Problem::new(at(form, ""), "twice", message, "take one of them out"));
        }
    }
    if quality.most < quality.least {
        let message = format!("at least {} and at most {} cannot both hold", quality.least, quality.most);
        problems.push(Problem::new(Place::Key("most"), "out_of_range", message, "raise `most`, or lower `least`"));
    }
    if quality.up <= quality.down {
        let message = "a score would speak for a higher limit and for a lower one".to_owned();
        problems.push(Problem::new(Place::Key("up"), "out_of_range", message, "`up` is above `down`"));
    }
    problems.extend(reviewing(quality, around));
    problems
}

fn reviewing(quality: &Quality, around: &Surroundings) -> Option<Problem> {
    let Some((queue, _)) = &quality.reviews else {
        let message = "nobody reviews what is drawn".to_owned();
        let cure = "`reviews: {queue: reviews, target: 1d}`";
        return (!quality.forms.is_empty()).then(|| Problem::new(Place::Whole, "nobody_reviews", message, cure));
    };
    if !around.queues.contains(queue) {
        return Some(Problem::unknown(Place::Key("reviews"), "queue", queue, &around.queues));
    }
    let (message, cure) = match around.reviewers.len() {
        0 => ("nobody serves the queue of reviews", "let a group serve it"),
        // Somebody's own work is reviewed by somebody else.
        1 if around.workers.is_subset(&around.reviewers) => {
            ("the only worker would review himself", "let somebody else serve the queue of reviews")
        }
        1 if 0 < quality.twice_milli => {
            ("one worker serves the queue of reviews, and `twice` wants two", "let a second one serve it")
        }
        _ => return None,
    };
    Some(Problem::new(Place::Key("reviews"), "nobody_reviews", message.to_owned(), cure))
}

fn form_problems(form: &Form, around: &Surroundings) -> Vec<Problem> {
    let mut problems = Vec::new();
    if form.criteria.is_empty() {
        let message = format!("the form `{}` has no criteria", form.name);
        let cure = "`criteria: {grounds: {points: 5, weight: 3, fatal: true}}`";
        problems.push(Problem::new(at(form, "criteria"), "no_criteria", message, cure));
    }
    if CRITERIA_MAX < form.criteria.len() {
        let message = format!("at most {CRITERIA_MAX} criteria");
        problems.push(Problem::new(at(form, "criteria"), "too_many", message, "join some: nobody fills in so many"));
    }
    match (&form.action, &form.queue) {
        (None, None) => {
            let message = format!("the form `{}` is of no work", form.name);
            problems.push(Problem::new(
                at(form, ""),
                "missing_key",
                message,
                "`of: {action: credit}` or `of: {queue: front}`",
            ));
        }
        (action, queue) => {
            let action = action.as_ref().filter(|action| !around.actions.contains(*action));
            problems.extend(action.map(|action| Problem::unknown(at(form, "of"), "action", action, &around.actions)));
            let queue = queue.as_ref().filter(|queue| !around.queues.contains(*queue));
            problems.extend(queue.map(|queue| Problem::unknown(at(form, "of"), "queue", queue, &around.queues)));
        }
    }
    if form.risks.contains_key(&Risk::Amount) && form.large.is_none() {
        let message = "it is not said from where on an amount is a risk".to_owned();
        problems.push(Problem::new(at(form, "risks"), "missing_key", message, "`large: 20000`, in whole minor units"));
    }
    let of_decisions = [Risk::Amount, Risk::Near];
    if form.action.is_none() && form.risks.keys().any(|risk| of_decisions.contains(risk)) {
        let message = "only decisions have an amount".to_owned();
        problems.push(Problem::new(at(form, "risks"), "not_here", message, "take `amount` and `near` out"));
    }
    problems
}

fn at(form: &Form, key: &'static str) -> Place {
    Place::Form(form.name.clone(), key)
}
