//! The way of a case: where it has been, where it is, and where it goes from there if nothing happens.

use crate::case::Case;
use crate::types::{CaseType, Stage};

/// Where a stage lies on the way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Lies {
    /// It has been there.
    Done,
    /// It is there.
    Here,
    /// It goes there next, or after that.
    Ahead,
}

/// The stages on the way of a case, in the order in which it comes to them. What its type does not have any more is left
/// out.
///
/// Ahead lies the usual way: the first move of the text out of each stage.
pub fn way<'a>(kind: &'a CaseType, case: &Case) -> Vec<(&'a Stage, Lies)> {
    let here = case.stage.name.as_str();
    let mut ahead: Vec<&Stage> = Vec::new();
    let mut at = here;
    while let Some(next) = kind.moves_from(at).find_map(|step| kind.stage(&step.to)) {
        // Where the usual way leads back, it is over.
        if next.name == here || ahead.iter().any(|known| known.name == next.name) {
            break;
        }
        at = &next.name;
        ahead.push(next);
    }
    let mut been: Vec<_> = case.trail.iter().map(|(name, first_at)| (*first_at, name)).collect();
    been.sort_unstable();
    let is_ahead = |name: &str| case.is_open() && ahead.iter().any(|stage| stage.name == name);
    let done = been.into_iter().filter(|(_, name)| *name != here && !is_ahead(name));
    let done = done.filter_map(|(_, name)| kind.stage(name)).map(|stage| (stage, Lies::Done));
    let current = kind.stage(here).map(|stage| (stage, Lies::Here));
    let ahead = ahead.iter().filter(|_| case.is_open()).map(|stage| (*stage, Lies::Ahead));
    done.chain(current).chain(ahead).collect()
}
