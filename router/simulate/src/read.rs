//! From text to a plan: refused with place and cure, or made ready.

use crate::plan::{Group, Law, Plan, Queue, Rates, Target};
use crate::problem::{Problem, did_you_mean, unknown_word};
use crate::scenario::{self, Draw, PolicyName, Scenario, Side, SlotsUsed};

/// How many workers, slots and replications a scenario may ask for: more would not end.
const WORKERS_MAX: u32 = 20_000;
const SLOTS_MAX: u32 = 100;
const GROUPS_MAX: usize = 200;
const QUEUES_MAX: usize = 200;
const REPLICATIONS_MAX: u64 = 1_000_000;

/// A plan, and what is doubtful about it.
#[derive(Clone, Debug)]
pub struct Ready {
    /// What to run.
    pub plan: Plan,
    /// What a person should know before he believes the result.
    pub warnings: Vec<Problem>,
}

/// Reads a scenario. `policy` overrides the file's.
///
/// # Errors
/// The first thing that is wrong, with place and cure.
pub fn read(file: &str, text: &str, policy: Option<PolicyName>) -> Result<Ready, Problem> {
    let mut json = serde_json::Deserializer::from_str(text);
    let mut scenario: Scenario =
        serde_path_to_error::deserialize(&mut json).map_err(|error| unreadable(file, &error))?;
    json.end().map_err(|error| Problem {
        file: file.to_owned(),
        at: Some((error.line(), error.column())),
        path: String::new(),
        message: "there is more text after the scenario".to_owned(),
        hint: "one file holds one JSON object".to_owned(),
    })?;
    if let Some(policy) = policy {
        scenario.policy.name = policy;
    }
    let reader = Reader { file };
    let plan = reader.plan(&scenario)?;
    let warnings = crate::load::doubts(file, &plan);
    Ok(Ready { plan, warnings })
}

fn unreadable(file: &str, error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let inner = error.inner();
    let text = inner.to_string();
    let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
    let hint = unknown_word(message).map(|(word, known)| did_you_mean(word, known.into_iter()));
    Problem {
        file: file.to_owned(),
        at: Some((inner.line(), inner.column())),
        path: error.path().to_string(),
        message: message.to_owned(),
        hint: hint.unwrap_or_default(),
    }
}

struct Reader<'a> {
    file: &'a str,
}

impl Reader<'_> {
    fn problem(&self, path: impl Into<String>, message: impl Into<String>, hint: impl Into<String>) -> Problem {
        Problem { file: self.file.to_owned(), at: None, path: path.into(), message: message.into(), hint: hint.into() }
    }

    /// A number above zero, or from zero.
    fn number(&self, path: String, value: f64, zero: bool) -> Result<f64, Problem> {
        if value.is_finite() && (0.0 < value || zero && value == 0.0) {
            return Ok(value);
        }
        let least = if zero { "from 0" } else { "above 0" };
        Err(self.problem(
            path,
            format!("{value} is out of range"),
            format!("a number {least}, in the file's time_unit"),
        ))
    }

    fn part(&self, path: String, value: f64, whole: f64) -> Result<f64, Problem> {
        if (0.0..=whole).contains(&value) {
            return Ok(value / whole);
        }
        Err(self.problem(path, format!("{value} is out of range"), format!("a number from 0 to {whole}")))
    }

    fn plan(&self, scenario: &Scenario) -> Result<Plan, Problem> {
        let unit = scenario.time_unit.ms();
        let horizon = self.number("horizon".into(), scenario.horizon, false)? * unit;
        let warmup = self.number("warmup".into(), scenario.warmup, true)? * unit;
        if horizon <= warmup {
            return Err(self.problem("warmup", "nothing is left to measure", "make it shorter than the horizon"));
        }
        if !(1..=REPLICATIONS_MAX).contains(&scenario.replications) {
            let hint = format!("from 1 to {REPLICATIONS_MAX}");
            return Err(self.problem("replications", "out of range", hint));
        }
        for (what, count, most) in
            [("groups", scenario.groups.len(), GROUPS_MAX), ("queues", scenario.queues.len(), QUEUES_MAX)]
        {
            if !(1..=most).contains(&count) {
                return Err(self.problem(what, format!("{count} of them"), format!("from 1 to {most}")));
            }
        }
        self.distinct("groups", scenario.groups.iter().map(|group| group.name.as_str()))?;
        self.distinct("queues", scenario.queues.iter().map(|queue| queue.name.as_str()))?;
        let groups = scenario.groups.iter().enumerate().map(|(place, group)| self.group(scenario, place, group));
        let groups: Vec<Group> = groups.collect::<Result<_, _>>()?;
        let queues = scenario.queues.iter().enumerate().map(|(place, queue)| self.queue(scenario, place, queue));
        let queues: Vec<Queue> = queues.collect::<Result<_, _>>()?;
        self.somebody_serves(scenario, &groups)?;
        let (reserve, order) = self.policy(scenario)?;
        Ok(Plan {
            name: scenario.name.clone(),
            seed: scenario.seed,
            unit_ms: unit,
            horizon,
            warmup,
            replications: scenario.replications,
            drain: scenario.drain,
            groups,
            queues,
            policy: scenario.policy.name,
            reserve,
            order,
        })
    }

    fn distinct<'a>(&self, what: &str, names: impl Iterator<Item = &'a str>) -> Result<(), Problem> {
        let mut seen = std::collections::BTreeSet::new();
        for (place, name) in names.enumerate() {
            if !seen.insert(name) {
                let message = format!("\"{name}\" is there twice");
                return Err(self.problem(format!("{what}[{place}].name"), message, "give each a name of its own"));
            }
        }
        Ok(())
    }

    fn group(&self, scenario: &Scenario, place: usize, group: &scenario::Group) -> Result<Group, Problem> {
        let path = |key: &str| format!("groups[{place}].{key}");
        let unit = scenario.time_unit.ms();
        if !(1..=SLOTS_MAX).contains(&group.slots) {
            return Err(self.problem(path("slots"), "out of range", format!("from 1 to {SLOTS_MAX}")));
        }
        let workers = group.staff.iter().map(|(_, workers)| *workers).chain([group.workers]).max().unwrap_or(0);
        if !(1..=WORKERS_MAX).contains(&workers) {
            return Err(self.problem(path("workers"), "out of range", format!("from 1 to {WORKERS_MAX}")));
        }
        if !group.slot_rates.is_empty() && group.slot_rates.len() != group.slots as usize {
            let message = format!("{} speeds for {} slots", group.slot_rates.len(), group.slots);
            return Err(self.problem(path("slot_rates"), message, "one total speed for each number of tasks at once"));
        }
        let rate = |(place, rate): (usize, &f64)| self.number(path(&format!("slot_rates[{place}]")), *rate, false);
        let rates: Vec<f64> = group.slot_rates.iter().enumerate().map(rate).collect::<Result<_, _>>()?;
        let pace = |tasks: usize| rates.get(tasks - 1).map_or(1.0, |rate| rate / tasks as f64);
        let mut staff = Vec::new();
        for (number, (at, workers)) in group.staff.iter().enumerate() {
            let at = self.number(path(&format!("staff[{number}]")), *at, true)? * unit;
            if staff.last().is_some_and(|(before, _)| *before >= at) {
                return Err(self.problem(
                    path("staff"),
                    "the times do not rise",
                    "sort them, each later than the last",
                ));
            }
            staff.push((at, *workers));
        }
        let able = |(_, queue): &(usize, &scenario::Queue)| {
            group.sides.contains(&queue.side) && queue.skills.iter().all(|skill| group.skills.contains(skill))
        };
        Ok(Group {
            name: group.name.clone(),
            workers,
            slots: group.slots,
            paces: (1..=group.slots as usize).map(pace).collect(),
            queues: scenario.queues.iter().enumerate().filter(able).map(|(queue, _)| queue).collect(),
            staff,
        })
    }

    fn queue(&self, scenario: &Scenario, place: usize, queue: &scenario::Queue) -> Result<Queue, Problem> {
        let path = |key: &str| format!("queues[{place}].{key}");
        let unit = scenario.time_unit.ms();
        let arrivals = match (&queue.arrivals, &queue.backlog) {
            (Some(arrivals), None) => Some(self.rates(&path("arrivals"), arrivals, unit)?),
            (None, Some(_)) => None,
            _ => {
                let message = "a queue has arrivals or a backlog, one of them";
                return Err(self.problem(
                    path("arrivals"),
                    message,
                    "\"arrivals\": {\"rate\": 1} or \"backlog\": \"endless\"",
                ));
            }
        };
        let busyness = queue.arrivals.as_ref().and_then(|arrivals| arrivals.busyness);
        if let Some(busyness) = busyness {
            self.number(path("arrivals.busyness.gamma_shape"), busyness.gamma_shape, false)?;
        }
        let service =
            scenario.groups.iter().map(|group| self.law_of(&path("service"), &queue.service, &group.name, unit));
        let patience = queue.patience.as_ref().map(|patience| self.law_of(&path("patience"), patience, "", unit));
        let most = scenario.groups.iter().map(|group| group.slots).max().unwrap_or(1);
        let slots = match queue.slots_used {
            SlotsUsed::All => None,
            SlotsUsed::Count(count) if count <= most => Some(count),
            SlotsUsed::Count(count) => {
                let message = format!("nobody has {count} slots");
                return Err(self.problem(path("slots_used"), message, format!("at most {most}, or \"all\"")));
            }
        };
        Ok(Queue {
            name: queue.name.clone(),
            side: queue.side,
            arrivals,
            busyness: busyness.map(|busyness| busyness.gamma_shape),
            service: service.collect::<Result<_, _>>()?,
            patience: patience.transpose()?,
            target: queue.target.map(|target| self.target(&path("target"), target, unit)).transpose()?,
            weight: self.number(path("weight"), queue.weight, false)?,
            slots,
            interruptible: queue.interruptible,
            resume_cost: self.number(path("resume_cost"), queue.resume_cost, true)? * unit,
            holding_cost: self.number(path("holding_cost"), queue.holding_cost, true)? / unit,
            reward: self.number(path("reward"), queue.reward, true)?,
            protected_share: self.part(path("protected_share"), queue.protected_share, 1.0)?,
        })
    }

    fn target(&self, path: &str, target: scenario::Target, unit: f64) -> Result<Target, Problem> {
        match (target.within, target.percent, target.mean_wait) {
            (Some(within), Some(percent), None) => Ok(Target::Within {
                ms: self.number(format!("{path}.within"), within, true)? * unit,
                part: self.part(format!("{path}.percent"), percent, 100.0)?,
            }),
            (None, None, Some(mean)) => {
                Ok(Target::MeanWait { ms: self.number(format!("{path}.mean_wait"), mean, false)? * unit })
            }
            _ => Err(self.problem(
                path,
                "no target of a known form",
                "{\"within\": T, \"percent\": p} or {\"mean_wait\": m}",
            )),
        }
    }

    fn rates(&self, path: &str, arrivals: &scenario::Arrivals, unit: f64) -> Result<Rates, Problem> {
        let number = |key: &str, value: f64, zero| self.number(format!("{path}.{key}"), value, zero);
        match (arrivals.rate, &arrivals.sinusoid, &arrivals.piecewise, &arrivals.times) {
            (Some(rate), None, None, None) => Ok(Rates::Constant(number("rate", rate, true)? / unit)),
            (None, Some(wave), None, None) => Ok(Rates::Sinusoid {
                base: number("sinusoid.base", wave.base, true)? / unit,
                amplitude: wave.amplitude / unit,
                period: number("sinusoid.period", wave.period, false)? * unit,
                phase: wave.phase,
            }),
            (None, None, Some(steps), None) => {
                let mut compiled: Vec<(f64, f64)> = Vec::new();
                for (step, (from, rate)) in steps.iter().enumerate() {
                    let key = format!("piecewise[{step}]");
                    let from = number(&key, *from, true)? * unit;
                    if compiled.last().is_some_and(|(before, _)| *before >= from) {
                        return Err(self.problem(format!("{path}.{key}"), "the times do not rise", "sort them"));
                    }
                    compiled.push((from, number(&key, *rate, true)? / unit));
                }
                let period = arrivals.period.map(|period| number("period", period, false)).transpose()?;
                Ok(Rates::Steps { steps: compiled, period: period.map(|period| period * unit) })
            }
            (None, None, None, Some(times)) => {
                if let Some(place) = times.windows(2).position(|pair| pair[0] > pair[1]) {
                    return Err(self.problem(format!("{path}.times[{}]", place + 1), "the times fall", "sort them"));
                }
                let time =
                    |(place, at): (usize, &f64)| number(&format!("times[{place}]"), *at, true).map(|at| at * unit);
                Ok(Rates::Times(times.iter().enumerate().map(time).collect::<Result<_, _>>()?))
            }
            _ => Err(self.problem(path, "no arrivals of a known form", "one of rate, sinusoid, piecewise, times")),
        }
    }

    /// The law that holds for a group.
    fn law_of(&self, path: &str, draw: &Draw, group: &str, unit: f64) -> Result<Law, Problem> {
        let number = |key: &str, value: f64| self.number(format!("{path}.{key}"), value, false);
        Ok(match draw {
            Draw::Exponential(mean) => Law::Exponential { mean: number("exponential", *mean)? * unit },
            Draw::Gamma(law) => {
                Law::Gamma { mean: number("gamma.mean", law.mean)? * unit, shape: number("gamma.shape", law.shape)? }
            }
            Draw::Lognormal(law) => {
                Law::Lognormal { mean: number("lognormal.mean", law.mean)? * unit, cv: number("lognormal.cv", law.cv)? }
            }
            Draw::Uniform(from, to) if from < to => Law::Uniform {
                from: self.number(format!("{path}.uniform[0]"), *from, true)? * unit,
                to: number("uniform[1]", *to)? * unit,
            },
            Draw::Uniform(..) => {
                return Err(self.problem(
                    format!("{path}.uniform"),
                    "the bounds are not in order",
                    "the smaller first",
                ));
            }
            Draw::Deterministic(value) => Law::Deterministic { value: number("deterministic", *value)? * unit },
            Draw::ByGroup(laws) => {
                let Some(law) = laws.get(group) else {
                    let message = format!("no law for the group \"{group}\"");
                    return Err(self.problem(
                        format!("{path}.by_group"),
                        message,
                        did_you_mean(group, laws.keys().map(String::as_str)),
                    ));
                };
                if matches!(law, Draw::ByGroup(_)) {
                    return Err(self.problem(
                        format!("{path}.by_group.{group}"),
                        "a group within a group",
                        "name a law",
                    ));
                }
                self.law_of(&format!("{path}.by_group.{group}"), law, group, unit)?
            }
        })
    }

    /// Every queue has a group that can serve it.
    fn somebody_serves(&self, scenario: &Scenario, groups: &[Group]) -> Result<(), Problem> {
        for (place, queue) in scenario.queues.iter().enumerate() {
            for (number, skill) in queue.skills.iter().enumerate() {
                if !scenario.groups.iter().any(|group| group.skills.contains(skill)) {
                    let known = scenario.groups.iter().flat_map(|group| &group.skills).map(String::as_str);
                    let path = format!("queues[{place}].skills[{number}]");
                    return Err(self.problem(
                        path,
                        format!("nobody has the skill \"{skill}\""),
                        did_you_mean(skill, known),
                    ));
                }
            }
            let fits = |group: &Group| {
                let slots = match queue.slots_used {
                    SlotsUsed::All => group.slots,
                    SlotsUsed::Count(count) => count,
                };
                group.queues.contains(&place) && slots <= group.slots
            };
            if !groups.iter().any(fits) {
                let side = if queue.side == Side::Front { "front" } else { "back" };
                let message = format!("no group can serve \"{}\"", queue.name);
                let hint = format!("give a group all its skills, the side \"{side}\" and slots enough");
                return Err(self.problem(format!("queues[{place}]"), message, hint));
            }
        }
        Ok(())
    }

    fn policy(&self, scenario: &Scenario) -> Result<(f64, Vec<usize>), Problem> {
        let policy = &scenario.policy;
        let reserve = self.number("policy.reserve".into(), policy.reserve.unwrap_or(0.0), true)?;
        if policy.name == PolicyName::Threshold && policy.reserve.is_none() {
            return Err(self.problem(
                "policy.reserve",
                "a threshold needs a reserve",
                "\"reserve\": 3.3 mixes 3 and 4",
            ));
        }
        let mut order = Vec::new();
        for (place, name) in policy.order.iter().enumerate() {
            let path = format!("policy.order[{place}]");
            let Some(queue) = scenario.queues.iter().position(|queue| queue.name == *name) else {
                let known = scenario.queues.iter().map(|queue| queue.name.as_str());
                return Err(self.problem(path, format!("no queue \"{name}\""), did_you_mean(name, known)));
            };
            if order.contains(&queue) {
                return Err(self.problem(path, format!("\"{name}\" is there twice"), "name each queue once"));
            }
            order.push(queue);
        }
        // Who is not named comes after, front before back.
        let mut rest: Vec<usize> = (0..scenario.queues.len()).filter(|queue| !order.contains(queue)).collect();
        rest.sort_by_key(|queue| (scenario.queues[*queue].side == Side::Back, *queue));
        order.extend(rest);
        Ok((reserve, order))
    }
}
