//! A simulated retailer: some weeks of cases, with planted delays. Early warnings must come before the breaches, early enough
//! to do something, and not oftener in vain than with reason.
//!
//! The world knows nothing of how the forecast works, and the forecast learns nothing of the world but events and looks.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::print_stdout, reason = "a test tells its figures")]

use std::collections::BTreeMap;

use blendline_cases::forecast::Asked;
use blendline_cases::types::{CaseType, Move, Stage, Warn, Words};
use blendline_cases::{Case, Command, Forecast, Terms, apply, spent};
use blendline_wire::event::case::{CaseLinks, CaseMover, CaseOutcome};
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::org::CalendarSettings;
use blendline_wire::task::ClockRule;
use blendline_wire::{CalendarId, CaseId, Millis, TenantId};
use jiff::tz::TimeZone;

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// Sunday.
const BEGIN: Millis = Millis(1_749_945_600_000);
const DAYS: u64 = 42;
/// Until then the forecast learns, and nothing is judged.
const JUDGED_FROM: u64 = 14 * DAY;

/// Random numbers from a seed alone (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A length of which every second is shorter than `median`, skewed as the lengths of work are.
    fn length(&mut self, median_ms: u64, spread: f64) -> u64 {
        let normal: f64 = (0..12).map(|_| self.share()).sum::<f64>() - 6.0;
        (median_ms as f64 * (normal * spread).exp()) as u64
    }
}

/// A stage of the world: what it is called, its target and how long it takes, in opening hours.
struct Work {
    stage: &'static str,
    unit: &'static str,
    target_ms: u64,
    median_ms: u64,
    spread: f64,
    office: bool,
}

const WORK: [Work; 3] = [
    Work { stage: "checking", unit: "service", target_ms: 2 * HOUR, median_ms: 40 * MINUTE, spread: 0.5, office: true },
    Work {
        stage: "locating",
        unit: "warehouse",
        target_ms: 4 * HOUR,
        median_ms: 80 * MINUTE,
        spread: 0.55,
        office: true,
    },
    Work { stage: "delivering", unit: "courier", target_ms: 2 * DAY, median_ms: 20 * HOUR, spread: 0.4, office: false },
];

/// Something that goes wrong for a while: by how much the work of a stage is slower then.
struct Delay {
    stage: &'static str,
    from: Millis,
    until: Millis,
    slower: f64,
}

/// What is planted: a warehouse that slows, a courier that stalls, a unit with a sick day; each some times.
fn delays(dice: &mut Dice) -> Vec<Delay> {
    let kinds = [("locating", 8 * HOUR, 2.6), ("delivering", 3 * DAY, 2.4), ("checking", 10 * HOUR, 3.0)];
    let mut planted = Vec::new();
    for week in 0..DAYS / 7 {
        for (stage, lasts_ms, slower) in kinds {
            if dice.share() < 0.75 {
                let from = BEGIN.plus(week * 7 * DAY + dice.next() % 5 * DAY + (6 + dice.next() % 4) * HOUR);
                planted.push(Delay { stage, from, until: from.plus(lasts_ms), slower });
            }
        }
    }
    planted
}

fn kind() -> CaseType {
    let words = |text: &str| Words(BTreeMap::from([("en".to_owned(), text.to_owned())]));
    let mut stages: Vec<Stage> = WORK
        .iter()
        .map(|work| Stage {
            name: work.stage.into(),
            words: words(work.stage),
            target_ms: Some(work.target_ms),
            calendar: work.office.then(|| "office".to_owned()),
            queue: Some(work.unit.into()),
            unit: Some(work.unit.into()),
            warn: Warn::default(),
            clock: ClockRule::Runs,
            ..Stage::default()
        })
        .collect();
    stages.push(Stage {
        name: "solved".into(),
        words: words("Solved"),
        closes: Some(CaseOutcome::Solved),
        ..Stage::default()
    });
    let steps = stages.windows(2).map(|pair| Move {
        from: pair[0].name.clone(),
        to: pair[1].name.clone(),
        by: vec![CaseMover::Worker],
        needs: Vec::new(),
        on: Some("done".into()),
    });
    let moves = steps.collect();
    CaseType {
        name: "delivery".into(),
        words: words("Delivery"),
        first: "checking".into(),
        stages,
        moves,
        ..CaseType::default()
    }
}

/// Open from eight to eighteen on five days of the week.
fn office() -> CalendarSettings {
    let days = (0..DAYS + 30).filter(|day| day % 7 < 5);
    let open = days.map(|day| (BEGIN.plus(day * DAY + 8 * HOUR), BEGIN.plus(day * DAY + 18 * HOUR)));
    CalendarSettings { id: CalendarId(1), open: open.collect() }
}

#[derive(Debug, Default)]
struct Figures {
    stays: u32,
    breaches: u32,
    warned_in_time: u32,
    alarms_true: u32,
    alarms_false: u32,
    /// The shares of targets that were left when it was warned with reason.
    leads: Vec<f64>,
}

impl Figures {
    fn recall(&self) -> f64 {
        f64::from(self.warned_in_time) / f64::from(self.breaches.max(1))
    }

    fn false_for_a_true(&self) -> f64 {
        f64::from(self.alarms_false) / f64::from(self.alarms_true.max(1))
    }

    fn median_lead(&mut self) -> f64 {
        self.leads.sort_by(f64::total_cmp);
        self.leads.get(self.leads.len() / 2).copied().unwrap_or_default()
    }
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Next {
    Opens,
    Ends(u32),
    Looks(u32),
}

struct World {
    dice: Dice,
    kind: CaseType,
    calendars: BTreeMap<String, CalendarSettings>,
    delays: Vec<Delay>,
    forecast: Forecast,
    cases: BTreeMap<CaseId, Case>,
    /// The share of its target that was left when a stage was warned of.
    warned: BTreeMap<CaseId, f64>,
    agenda: BTreeMap<(Millis, CaseId, Next), ()>,
    figures: Figures,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let delays = delays(&mut dice);
        let calendars = BTreeMap::from([("office".to_owned(), office())]);
        Self {
            dice,
            kind: kind(),
            calendars,
            delays,
            forecast: Forecast::default(),
            cases: BTreeMap::new(),
            warned: BTreeMap::new(),
            agenda: BTreeMap::new(),
            figures: Figures::default(),
        }
    }

    fn run(mut self) -> Figures {
        // A dozen an hour in office hours, fewer in the afternoon.
        let mut id = 0;
        for (opens, closes) in office().open.into_iter().filter(|(opens, _)| opens.since(BEGIN) < DAYS * DAY) {
            let mut at = opens;
            while at < closes {
                let late = opens.plus(5 * HOUR) < at;
                at = at.plus(self.dice.length(if late { 7 * MINUTE } else { 4 * MINUTE }, 0.8));
                id += 1;
                self.agenda.insert((at, CaseId(id), Next::Opens), ());
            }
        }
        while let Some(((at, id, next), ())) = self.agenda.pop_first() {
            self.happens(at, id, next);
        }
        self.figures
    }

    fn happens(&mut self, at: Millis, id: CaseId, next: Next) {
        let moves = self.cases.get(&id).map_or(0, |case| case.moves);
        let command = match next {
            Next::Opens => Command::Open {
                id,
                tenant: TenantId(1),
                language: "en".into(),
                links: CaseLinks::default(),
                owner: None,
                fields: BTreeMap::new(),
                earned_at: None,
            },
            Next::Ends(of) if of == moves => Command::Finish { disposition: "done".into() },
            Next::Looks(of) if of == moves => self.looked(id, at),
            // Of a stage that was left before.
            Next::Ends(_) | Next::Looks(_) => return,
        };
        let zone = TimeZone::UTC;
        let terms = Terms {
            kind: &self.kind,
            version: 1,
            calendars: &self.calendars,
            zone: &zone,
            managers: &[],
            company: Default::default(),
        };
        let change = apply(&terms, self.cases.get(&id), Actor::System, &command, at);
        // A worker finishes a stage; a clock looks.
        let change = match (change, next) {
            (Err(_), Next::Ends(_)) => {
                apply(&terms, self.cases.get(&id), Actor::Operator, &command, at).expect("it can be finished")
            }
            (change, _) => change.expect("it can be done"),
        };
        for event in &change.events {
            self.forecast.happened(at, event);
            match event {
                EventKind::CaseAtRisk(risk) => {
                    let left = risk.chance.target_ms - risk.chance.used_ms;
                    self.warned.insert(id, left as f64 / risk.chance.target_ms as f64);
                }
                EventKind::CaseMoved(moved) => self.judge(id, moved.left.entered_at, moved.left.late),
                _ => {}
            }
        }
        let entered =
            change.events.iter().any(|event| matches!(event, EventKind::CaseOpened(_) | EventKind::CaseMoved(_)));
        let case = change.case;
        if entered && case.is_open() {
            let ends = self.ends(&case.stage.name, at);
            self.agenda.insert((ends, id, Next::Ends(case.moves)), ());
        }
        if let Some(look) = case.look_at {
            self.agenda.insert((look, id, Next::Looks(case.moves)), ());
        }
        self.cases.insert(id, case);
    }

    /// What the owner of cases does when one is to be looked at.
    fn looked(&mut self, id: CaseId, at: Millis) -> Command {
        let zone = TimeZone::UTC;
        let terms = Terms {
            kind: &self.kind,
            version: 1,
            calendars: &self.calendars,
            zone: &zone,
            managers: &[],
            company: Default::default(),
        };
        let case = &self.cases[&id];
        let Some((used_ms, target_ms)) = spent(&terms, case, at) else { return Command::Look { chance: None } };
        self.forecast.looked(id, used_ms, target_ms, at);
        let stage = self.kind.stage(&case.stage.name).unwrap();
        let asked = Asked {
            case_type: &case.case_type,
            stage: &stage.name,
            unit: stage.unit.as_deref(),
            entered_at: case.stage.entered_at,
            used_ms,
            target_ms,
            warns_milli: stage.warn.at_milli,
        };
        Command::Look { chance: Some(self.forecast.chance(&asked, at)) }
    }

    /// When the work of a stage ends that begins now: slower while something is wrong with it.
    fn ends(&mut self, stage: &str, from: Millis) -> Millis {
        let work = WORK.iter().find(|work| work.stage == stage).unwrap();
        let mut left = self.dice.length(work.median_ms, work.spread) as f64;
        let step = 5 * MINUTE;
        let mut at = from;
        loop {
            let open = !work.office
                || self.calendars["office"].open.iter().any(|(opens, closes)| *opens <= at && at < *closes);
            let wrong = self.delays.iter().find(|delay| delay.stage == stage && delay.from <= at && at < delay.until);
            let done = if open { step as f64 / wrong.map_or(1.0, |delay| delay.slower) } else { 0.0 };
            if left <= done {
                return at.plus(step.min((left * wrong.map_or(1.0, |delay| delay.slower)) as u64).max(1));
            }
            left -= done;
            at = at.plus(step);
        }
    }

    fn judge(&mut self, id: CaseId, entered_at: Millis, late: bool) {
        let lead = self.warned.remove(&id);
        if entered_at.since(BEGIN) < JUDGED_FROM {
            return;
        }
        let figures = &mut self.figures;
        figures.stays += 1;
        figures.breaches += u32::from(late);
        figures.alarms_true += u32::from(late && lead.is_some());
        figures.alarms_false += u32::from(!late && lead.is_some());
        if let Some(lead) = lead.filter(|_| late) {
            figures.leads.push(lead);
            figures.warned_in_time += u32::from(0.1 <= lead);
        }
    }
}

#[test]
fn warnings_come_before_the_breaches_and_not_oftener_in_vain_than_with_reason() {
    for seed in 1..=6 {
        let mut figures = World::new(seed).run();
        let (recall, vain, lead) = (figures.recall(), figures.false_for_a_true(), figures.median_lead());
        println!(
            "seed {seed}: {} stages, {} breaches, {:.1} % of them warned of in time, {:.2} false alarms for each true one, \
             {:.0} % of the target left in every second",
            figures.stays,
            figures.breaches,
            recall * 100.0,
            vain,
            lead * 100.0
        );
        assert!(100 <= figures.breaches, "seed {seed}: too few breaches to judge by");
        assert!(0.8 <= recall, "seed {seed}: {recall}");
        assert!(vain <= 1.0, "seed {seed}: {vain}");
    }
}
