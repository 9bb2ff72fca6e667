//! The rule set that a tenant's configuration names, and what it adds to the tenant.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use blendline_cases::check::Place;
use blendline_rules::did_you_mean;
use blendline_rules::fault::{Faults, Placed};
use blendline_rules::model::{self, Blending, RuleSet};
use blendline_wire::ChannelKey;
use blendline_wire::org::{Blend, ChannelWeight, QueueSettings, TenantSettings};

use super::authority;
use super::checked::{CheckedQueue, CheckedTenant, CheckedWorker, NamedLevel};
use super::error::{ConfigError, Source};
use super::file::TenantFile;
use crate::rules;

/// A rule set in a file of its own, without errors.
#[derive(Clone, Debug)]
pub struct RulesFile {
    /// The file.
    pub path: PathBuf,
    /// What it says.
    pub text: String,
    /// What that means.
    pub set: RuleSet,
}

/// Reads the rule set of a tenant, where its configuration names one. Its path counts from the configuration's folder.
pub(super) fn read(source: &Source<'_>, tenant: &TenantFile) -> Result<Option<RulesFile>, ConfigError> {
    let Some(named) = &tenant.rules else { return Ok(None) };
    let folder = Path::new(source.file).parent().unwrap_or(Path::new(""));
    let path = folder.join(named.get_ref());
    let text = std::fs::read_to_string(&path).map_err(|error| {
        let hint = "the path counts from the folder of this file";
        source.error(named.span(), format!("{} cannot be read: {error}", path.display()), hint)
    })?;
    let accounts = tenant.account.iter().map(|account| account.name.get_ref().clone()).collect();
    let checked = blendline_rules::check(&path.display().to_string(), &text, &rules::world(Some(accounts)));
    match checked.set {
        Some(set) => Ok(Some(RulesFile { path, text, set })),
        None => {
            let message = format!("the rule set has errors\n\n{}", checked.faults);
            Err(source.error(named.span(), message.trim_end(), format!("blendline rules check {}", path.display())))
        }
    }
}

/// The tenant with the skills, calendars, queues and workers of a rule set, which routes its messages from now on.
///
/// What does not go together with the configuration is added to `faults`.
pub fn joined(tenant: &CheckedTenant, version: u32, set: &RuleSet, faults: &mut Faults) -> CheckedTenant {
    let mut joined = tenant.clone();
    for skill in &set.skills {
        if !joined.skills.contains(&skill.value) {
            joined.skills.push(skill.value.clone());
        }
    }
    for (name, calendar) in &set.calendars {
        if joined.calendars.iter().any(|(known, _)| known == name) {
            both(faults, "calendar", name, &calendar.span);
        } else {
            joined.calendars.push((name.clone(), calendar.value.clone()));
        }
    }
    for queue in &set.queues {
        if joined.queues.iter().any(|known| known.name == queue.name.value) {
            both(faults, "queue", &queue.name.value, &queue.name.span);
        } else {
            joined.queues.push(checked(queue, &tenant.queue_defaults));
        }
    }
    for group in &set.groups {
        for worker in &group.workers {
            join_worker(&mut joined, worker, group);
        }
        for (planned, percent) in &group.time_plan {
            let queue = joined.queues.iter_mut().find(|queue| queue.name == planned.value);
            queue.into_iter().for_each(|queue| queue.planned.push((group.name.value.clone(), percent * 10)));
        }
    }
    for account in &tenant.accounts {
        if !joined.queues.iter().any(|queue| queue.name == account.queue) {
            let message =
                format!("the account `{}` has the queue `{}`, which is not here", account.name, account.queue);
            let hint = "keep the queue, or give the account another one in the configuration first";
            faults.error("account_queue", &(0..1), message, hint);
        }
    }
    units_of_cases(tenant, set, faults);
    authority::check(&joined, set, faults);
    approvals_due(&mut joined, set);
    reviews_due(&mut joined, set);
    blend(&mut joined.settings, set.blending);
    joined.routing = Some((version, set.clone()));
    joined
}

/// How long an answer to a question of authority may take is its queue's target.
fn approvals_due(tenant: &mut CheckedTenant, set: &RuleSet) {
    let Some(approvals) = &set.authority.authority.approvals else { return };
    let queue = tenant.queues.iter_mut().find(|queue| queue.name == approvals.queue);
    if let (Some(queue), Some(target_ms)) = (queue, approvals.target_ms) {
        queue.settings.target_ms = target_ms;
    }
}

/// How long a review may take is its queue's target.
fn reviews_due(tenant: &mut CheckedTenant, set: &RuleSet) {
    let Some((name, Some(target_ms))) = set.quality.as_ref().and_then(|rules| rules.quality.reviews.as_ref()) else {
        return;
    };
    let queue = tenant.queues.iter_mut().find(|queue| queue.name == *name);
    queue.into_iter().for_each(|queue| queue.settings.target_ms = *target_ms);
}

/// Units are the configuration's: case types may name those that are there.
fn units_of_cases(tenant: &CheckedTenant, set: &RuleSet, faults: &mut Faults) {
    let known = || tenant.units.iter().map(|unit| unit.name.get_ref().as_str());
    for case in &set.cases {
        if case.kind.about.is_some() && known().count() < 2 {
            let message = format!("nobody of another unit could agree that a case of `{}` is over", case.kind.name);
            let hint = "configure at least two units, with workers in each";
            faults.error("nobody_agrees", &case.span, message, hint);
        }
        for stage in &case.kind.stages {
            let Some(unit) = stage.unit.as_deref().filter(|unit| known().all(|known| known != *unit)) else { continue };
            let span = case.span(&Place::Stage(stage.name.clone(), "unit"));
            faults.error("unknown_name", span, format!("there is no unit `{unit}`"), did_you_mean(unit, known()));
        }
    }
}

/// What holds for all queues and workers.
fn blend(settings: &mut TenantSettings, said: Blending) {
    settings.reserve_milli = said.reserve_milli.unwrap_or(settings.reserve_milli);
    settings.reserve_max_milli = said.reserve_max_milli.or(settings.reserve_max_milli);
    settings.stickiness_ms = said.stickiness_ms.unwrap_or(settings.stickiness_ms);
    settings.reopen_window_ms = said.reopen_ms.unwrap_or(settings.reopen_window_ms);
    settings.confirm_window_ms = said.confirm_ms.unwrap_or(settings.confirm_window_ms);
}

fn both(faults: &mut Faults, what: &str, name: &str, span: &std::ops::Range<usize>) {
    let message = format!("the configuration has a {what} `{name}` too");
    faults.error("in_both", span, message, "take it out of one of the two");
}

fn checked(queue: &model::Queue, defaults: &QueueSettings) -> CheckedQueue {
    let never_at_zero = |given: Option<u64>, default: Option<u64>| given.map_or(default, |ms| (0 < ms).then_some(ms));
    CheckedQueue {
        name: queue.name.value.clone(),
        unit: None,
        calendar: queue.calendar.as_ref().map(|calendar| calendar.value.clone()),
        heir_of: queue.heir_of.iter().map(|gone| gone.value.clone()).collect(),
        planned: Vec::new(),
        settings: QueueSettings {
            side: queue.side,
            target_ms: queue.target_ms.as_ref().map_or(defaults.target_ms, |target| target.value),
            weight_milli: queue.weight_milli.unwrap_or(defaults.weight_milli),
            task_weight: queue.task_weight.as_ref().map_or(defaults.task_weight, |weight| weight.value),
            waiting_weight_percent: queue.waiting_weight_percent.unwrap_or(defaults.waiting_weight_percent),
            offer_ms: queue.offer_ms.unwrap_or(defaults.offer_ms),
            wrap_up_ms: queue.wrap_up_ms.unwrap_or(defaults.wrap_up_ms),
            remind_ms: never_at_zero(queue.remind_ms, defaults.remind_ms),
            take_back_ms: never_at_zero(queue.take_back_ms, defaults.take_back_ms),
            supervisor_ms: never_at_zero(queue.supervisor_ms, defaults.supervisor_ms),
            interruptible: queue.interruptible.unwrap_or(defaults.interruptible),
            tasks_max: queue.tasks_max.unwrap_or(defaults.tasks_max),
            blend: Blend {
                goal: queue.goal.unwrap_or(defaults.blend.goal),
                worth_milli: queue.worth_milli.unwrap_or(defaults.blend.worth_milli),
                share_window_ms: queue.share_window_ms.unwrap_or(defaults.blend.share_window_ms),
                share_milli: queue.protected_percent.as_ref().map_or(0, |share| share.value * 10),
            },
            ..defaults.clone()
        },
    }
}

/// A worker of a group is the configured one of that name, who may have queues and skills of his own, or a new one.
fn join_worker(tenant: &mut CheckedTenant, worker: &model::Worker, group: &model::Group) {
    let name = &worker.name.value;
    if !tenant.workers.iter().any(|known| known.name == *name) {
        tenant.workers.push(CheckedWorker {
            name: name.clone(),
            queues: Vec::new(),
            skills: Vec::new(),
            unit: None,
            stand_in: None,
            group: None,
            settings: tenant.worker_defaults.clone(),
        });
    }
    let Some(known) = tenant.workers.iter_mut().find(|known| known.name == *name) else { return };
    known.group = (!group.time_plan.is_empty()).then(|| group.name.value.clone());
    known.queues.extend(group.queues.iter().map(|queue| queue.value.clone()));
    known.queues.sort_unstable();
    known.queues.dedup();
    let mut skills: BTreeMap<String, u8> = known.skills.drain(..).collect();
    skills.extend(worker.skills.iter().map(|(skill, level)| (skill.value.clone(), *level)));
    known.skills = skills.into_iter().collect::<Vec<NamedLevel>>();
    known.settings.capacity = worker.capacity.unwrap_or(known.settings.capacity);
    known.settings.accept = worker.accept.unwrap_or(known.settings.accept);
    let weight = |(channel, weight): &(Placed<String>, u32)| {
        let channel = ChannelKey::of(&channel.value);
        ChannelWeight { channel, weight: *weight }
    };
    known.settings.weights = worker.weights.iter().map(weight).collect();
    let (burden, own) = (&mut known.settings.burden, worker.burden);
    burden.run_max = own.run_max.and_then(|most| u16::try_from(most).ok()).unwrap_or(burden.run_max);
    burden.breath_ms = own.breath_ms.unwrap_or(burden.breath_ms);
    burden.abuse_pause_ms = own.abuse_pause_ms.unwrap_or(burden.abuse_pause_ms);
    burden.cost = own.cost.unwrap_or(burden.cost);
}
