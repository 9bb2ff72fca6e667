//! What the ledger says of the limits themselves: approvals that are nearly always granted ask for a higher one.

use std::collections::BTreeMap;

use blendline_wire::WorkerId;

use crate::line::{Decision, Kind, Line, State};

/// How many approvals tell something.
pub const APPROVALS_MIN: u32 = 10;
/// How many of a hundred must have been granted.
pub const GRANTED_PERCENT_MIN: u32 = 95;

/// A higher limit that the ledger speaks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Proposal {
    /// Whose.
    pub worker: WorkerId,
    /// Of what.
    pub action: String,
    /// The currency; empty where the action is counted.
    pub currency: String,
    /// How many of his wishes somebody decided.
    pub decided: u32,
    /// How many of them were granted.
    pub granted: u32,
    /// How much he could decide alone when he asked last, in minor units.
    pub alone: i64,
    /// The limit that would have made nine of ten of those approvals needless, in minor units.
    pub limit: i64,
}

/// The limits that these lines speak for, the most often asked first. Lines of one decision stand in their order.
pub fn proposals<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Vec<Proposal> {
    let mut decisions: BTreeMap<_, Decision> = BTreeMap::new();
    for line in lines {
        match decisions.get_mut(&line.told.decision) {
            Some(decision) => decision.add(line.clone()),
            None => drop(Decision::of([line]).map(|decision| decisions.insert(decision.id(), decision))),
        }
    }
    let mut asked: BTreeMap<(WorkerId, &str, &str), Vec<&Decision>> = BTreeMap::new();
    // What was granted at once was not asked of anybody, and what was taken back was granted first.
    for decision in decisions.values().filter(|decision| decision.first.kind == Kind::Asked) {
        let told = &decision.first.told;
        asked.entry((told.asker, &told.action, &told.currency)).or_default().push(decision);
    }
    let mut proposals: Vec<Proposal> = asked.into_iter().filter_map(|(of, decided)| proposal(of, &decided)).collect();
    proposals.sort_by_key(|proposal| std::cmp::Reverse(proposal.decided));
    proposals
}

fn proposal((worker, action, currency): (WorkerId, &str, &str), asked: &[&Decision]) -> Option<Proposal> {
    let ended = |decision: &&&Decision| matches!(decision.state(), State::Granted | State::Denied);
    let decided = asked.iter().filter(ended).count();
    let mut amounts: Vec<i64> = asked
        .iter()
        .filter(|decision| decision.state() == State::Granted)
        .map(|decision| decision.first.told.minor)
        .collect();
    amounts.sort_unstable();
    let (decided, granted) = (u32::try_from(decided).ok()?, u32::try_from(amounts.len()).ok()?);
    if decided < APPROVALS_MIN || granted * 100 < decided * GRANTED_PERCENT_MIN {
        return None;
    }
    let limit = *amounts.get((amounts.len() * 9).div_ceil(10).saturating_sub(1))?;
    let latest = asked.iter().max_by_key(|decision| decision.first.at)?;
    let alone = latest.first.told.alone;
    let (action, currency) = (action.to_owned(), currency.to_owned());
    (alone < limit).then_some(Proposal { worker, action, currency, decided, granted, alone, limit })
}
