//! How long stages really take, and the chance that one misses its target.
//!
//! It is learnt from events alone ([`Forecast::happened`]) and from looks at what still goes on ([`Forecast::looked`]), and may
//! be lost: it is built anew from the log. Of each stage of a type, of the unit that answers for it and of the time of the
//! week in which it began there is the share that ends in each bin of a logarithmic scale of opening hours, so what is
//! asked is conditional on the time already spent: the chance to miss is S(target) / S(used). Where little was seen the
//! narrower kind leans on the wider, and the widest on the target; and all ends faster or slower by the pace of late.

mod bins;
mod cell;

use std::collections::BTreeMap;

use blendline_wire::event::EventKind;
use blendline_wire::event::case::{StageEntered, StageLeft};
use blendline_wire::event::promise::{Chance, LearntOf};
use blendline_wire::{CaseId, Millis};

use bins::{BINS, begins, bin, part};
use cell::{Cell, Pace, Wary};

/// Stages of types that are learnt at most.
const STAGES_MAX: usize = 2_000;
/// Units of one stage.
const UNITS_MAX: usize = 64;
/// Stays that are followed at most; of others nothing is learnt.
const STAYS_MAX: usize = 200_000;
/// As if the wider kind had been seen so often, in each bin: of a stage, of a unit, of a season.
const WEIGHTS: [f64; 3] = [3.0, 6.0, 10.0];
/// So many were seen to their end before a kind is named as the one that something was learnt of.
const SEEN_ENOUGH: f64 = 8.0;
/// Nothing is certain, either way.
const HAZARD: (f64, f64) = (1e-4, 0.98);
/// The pace forgets half in as long as a target takes, within these bounds, in milliseconds.
const PACE_MS: (u64, u64) = (2 * 3_600_000, 24 * 3_600_000);

const HOUR_MS: u64 = 3_600_000;

/// A time of the week: the day, and which quarter of it. It is told by UTC: that is the same shift for all of a company.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Season(u8, u8);

impl Season {
    fn of(at: Millis) -> Self {
        let quarters = at.0 / (6 * HOUR_MS);
        Self((quarters / 4 % 7) as u8, (quarters % 4) as u8)
    }
}

/// A stage that is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The name of the case's type.
    pub case_type: &'a str,
    /// The stage.
    pub stage: &'a str,
    /// The unit that answers for it.
    pub unit: Option<&'a str>,
    /// Since when it is there.
    pub entered_at: Millis,
    /// How much of its target's opening hours it used, in milliseconds.
    pub used_ms: u64,
    /// The target, in milliseconds.
    pub target_ms: u64,
    /// From which chance on it is warned, in parts of a thousand, before that is made more wary.
    pub warns_milli: u32,
}

/// What was seen of one company's stages.
#[derive(Clone, Debug, Default)]
pub struct Forecast {
    stages: BTreeMap<(String, String), OfStage>,
    stays: BTreeMap<CaseId, Stay>,
}

#[derive(Clone, Debug, Default)]
struct OfStage {
    /// The target that it had last, for what was never seen.
    target_ms: u64,
    whole: Cell,
    units: BTreeMap<String, OfUnit>,
    wary: Wary,
}

#[derive(Clone, Debug, Default)]
struct OfUnit {
    whole: Cell,
    seasons: BTreeMap<Season, Cell>,
    pace: Pace,
}

/// A case that is in a stage.
#[derive(Clone, Debug)]
struct Stay {
    of: (String, String),
    unit: String,
    season: Season,
    /// The first bin that is not counted yet.
    counted: usize,
    warned: bool,
}

impl Forecast {
    /// Takes up what happened.
    pub fn happened(&mut self, at: Millis, event: &EventKind) {
        match event {
            EventKind::CaseOpened(event) => self.begin(event.case, &event.case_type, &event.entered, at),
            EventKind::CaseMoved(event) => {
                self.end(event.case, &event.left, at);
                self.begin(event.case, &event.case_type, &event.entered, at);
            }
            EventKind::CaseReopened(event) => self.begin(event.case, &event.case_type, &event.entered, at),
            EventKind::CaseAtRisk(event) => {
                if let Some(stay) = self.stays.get_mut(&event.case) {
                    stay.warned = true;
                }
            }
            _ => {}
        }
    }

    fn begin(&mut self, case: CaseId, case_type: &str, entered: &StageEntered, at: Millis) {
        let Some(due) = entered.due_at else { return };
        let of = (case_type.to_owned(), entered.stage.clone());
        let has_room = self.stages.len() < STAGES_MAX || self.stages.contains_key(&of);
        if STAYS_MAX <= self.stays.len() || !has_room {
            return;
        }
        let known = self.stages.entry(of.clone()).or_default();
        if known.target_ms == 0 {
            known.target_ms = due.since(at).max(1);
        }
        let unit = entered.responsible.clone().unwrap_or_default();
        self.stays.insert(case, Stay { of, unit, season: Season::of(at), counted: 0, warned: false });
    }

    fn end(&mut self, case: CaseId, left: &StageLeft, at: Millis) {
        let Some(stay) = self.stays.remove(&case).filter(|stay| stay.of.1 == left.stage) else { return };
        let Some(known) = self.stages.get_mut(&stay.of) else { return };
        known.count(&stay, bin(left.used_ms), true, at);
        if stay.warned {
            known.wary.learn(left.late);
        }
    }

    /// A case was looked at: so far its stage went on, and is not over.
    pub fn looked(&mut self, case: CaseId, used_ms: u64, target_ms: u64, at: Millis) {
        let Some(stay) = self.stays.get_mut(&case) else { return };
        let Some(known) = self.stages.get_mut(&stay.of) else { return };
        known.target_ms = target_ms.max(1);
        let now_in = bin(used_ms);
        known.count(stay, now_in, false, at);
        stay.counted = stay.counted.max(now_in);
    }

    /// The chance that a stage misses its target, and what it is made of.
    pub fn chance(&self, asked: &Asked<'_>, now: Millis) -> Chance {
        let known = self.stages.get(&(asked.case_type.to_owned(), asked.stage.to_owned()));
        let unit = known.and_then(|known| known.units.get(asked.unit.unwrap_or_default()));
        let season = Season::of(asked.entered_at);
        let target_ms = asked.target_ms.max(1);
        let pace = unit.map_or(1.0, |unit| unit.pace.is(now, half_ms(target_ms)));
        let hazard = |bin| {
            let usual = hazard(known, unit, season, target_ms, bin, now);
            (usual * pace).clamp(HAZARD.0, HAZARD.1)
        };
        let miss = if target_ms <= asked.used_ms { 1.0 } else { stays(asked.used_ms, target_ms, hazard) };
        let (learnt_of, seen) = learnt_of(known, unit, season, now);
        Chance {
            miss_milli: milli(miss),
            warns_milli: known
                .map_or(asked.warns_milli, |known| known.wary.warns(asked.warns_milli, asked.used_ms, target_ms)),
            used_ms: asked.used_ms,
            target_ms: asked.target_ms,
            median_left_ms: median(asked.used_ms, hazard).map(|at| at.saturating_sub(asked.used_ms)),
            learnt_of,
            seen: seen as u32,
            pace_milli: milli(pace),
        }
    }
}

impl OfStage {
    /// Counts a stay up to a bin; `over`: it ended in that one.
    fn count(&mut self, stay: &Stay, until: usize, over: bool, at: Millis) {
        let room = self.units.len() < UNITS_MAX || self.units.contains_key(&stay.unit);
        for bin in stay.counted..until + usize::from(over) {
            let left = over && bin == until;
            let usual = hazard(Some(self), self.units.get(&stay.unit), stay.season, self.target_ms.max(1), bin, at);
            self.whole.count(bin, left, at);
            if room {
                let unit = self.units.entry(stay.unit.clone()).or_default();
                unit.whole.count(bin, left, at);
                unit.seasons.entry(stay.season).or_default().count(bin, left, at);
                unit.pace.count(usual, left, at, half_ms(self.target_ms));
            }
        }
    }
}

fn half_ms(target_ms: u64) -> u64 {
    target_ms.clamp(PACE_MS.0, PACE_MS.1)
}

/// The share of those there at the beginning of a bin that leave in it, usually.
fn hazard(
    known: Option<&OfStage>,
    unit: Option<&OfUnit>,
    season: Season,
    target_ms: u64,
    bin: usize,
    now: Millis,
) -> f64 {
    let cells =
        [known.map(|known| &known.whole), unit.map(|unit| &unit.whole), unit.and_then(|it| it.seasons.get(&season))];
    let wider = expected(target_ms, bin);
    cells.into_iter().zip(WEIGHTS).fold(wider, |wider, (cell, weight)| {
        cell.map_or(wider, |cell| cell.hazard(bin, wider, weight, now)).clamp(HAZARD.0, HAZARD.1)
    })
}

/// The same where nothing was seen: one of ten misses a target that somebody set, and half need a third of it.
fn expected(target_ms: u64, bin: usize) -> f64 {
    let odds = |ms: u64| {
        let share = 3.0 * ms as f64 / target_ms as f64;
        1.0 + share * share
    };
    1.0 - odds(begins(bin)) / odds(begins(bin + 1))
}

/// The chance that who has stayed so long stays until then.
fn stays(used_ms: u64, until_ms: u64, hazard: impl Fn(usize) -> f64) -> f64 {
    let (first, last) = (bin(used_ms), bin(until_ms));
    let mut chance = 1.0;
    for at in first..=last {
        let from = if at == first { part(used_ms, at) } else { 0.0 };
        let until = if at == last { part(until_ms, at) } else { 1.0 };
        let hazard = hazard(at);
        // Within a bin ends are spread evenly.
        chance *= (1.0 - hazard * until) / (1.0 - hazard * from);
    }
    chance.clamp(0.0, 1.0)
}

/// Until when half of those who stayed so long have left; `None` beyond all bins.
fn median(used_ms: u64, hazard: impl Fn(usize) -> f64) -> Option<u64> {
    let first = bin(used_ms);
    let mut chance = 1.0;
    for at in first..BINS - 1 {
        let from = if at == first { part(used_ms, at) } else { 0.0 };
        let hazard = hazard(at);
        let begun = 1.0 - hazard * from;
        let then = chance * (1.0 - hazard) / begun;
        if then <= 0.5 {
            let passed = (1.0 - 0.5 * begun / chance) / hazard;
            let (begins, ends) = (begins(at), begins(at + 1));
            return Some(begins + ((ends - begins) as f64 * passed.clamp(0.0, 1.0)) as u64);
        }
        chance = then;
    }
    None
}

/// The narrowest kind that was seen often enough, and how often.
fn learnt_of(known: Option<&OfStage>, unit: Option<&OfUnit>, season: Season, now: Millis) -> (LearntOf, f64) {
    let cells = [
        (LearntOf::Season, unit.and_then(|unit| unit.seasons.get(&season))),
        (LearntOf::Unit, unit.map(|unit| &unit.whole)),
        (LearntOf::Stage, known.map(|known| &known.whole)),
    ];
    let mut seen = cells.into_iter().filter_map(|(of, cell)| Some((of, cell?.ended(now))));
    seen.find(|(_, ended)| SEEN_ENOUGH <= *ended).unwrap_or_default()
}

fn milli(share: f64) -> u32 {
    (share * 1_000.0).round() as u32
}

#[cfg(test)]
mod tests;
