//! Everything that can be wrong with an organisation before the record is asked.

use std::collections::{BTreeMap, BTreeSet};

use blendline_connectors::{Secret, Setting};
use blendline_wire::TenantId;
use blendline_wire::org::TenantSettings;
use toml::Spanned;

use super::checked::{CheckedAccount, CheckedKey, CheckedQueue, CheckedTenant, CheckedWorker, NamedLevel};
use super::error::{ConfigError, Source, did_you_mean};
use super::file::{AccountFile, Defaults, File, KeyFile, QueueFile, SettingValue, TenantFile, WorkerFile};
use super::rules::{self, RulesFile};
use super::secret;
use super::tuned::{queue_defaults, queue_settings, worker_settings};
use super::users::users;
use super::{asks, blend, calendar, company, handover};
use crate::directory::Role;

pub(super) type Checked<T> = Result<T, ConfigError>;

/// Checks every tenant.
pub(super) fn organisation(
    source: &Source<'_>,
    file: &File,
    below: &Defaults,
    env: &dyn Fn(&str) -> Option<String>,
) -> Checked<Vec<CheckedTenant>> {
    unique(source, "tenant", file.tenant.iter().map(|tenant| &tenant.name))?;
    let mut webhooks = BTreeMap::new();
    let mut keys = BTreeSet::new();
    let mut tenants = Vec::new();
    for tenant in &file.tenant {
        let rules = rules::read(source, tenant)?;
        let scope = Scope::of(source, tenant, rules.as_ref())?;
        for account in &tenant.account {
            let address = (account.channel.get_ref().clone(), account.name.get_ref().clone());
            if webhooks.insert(address, ()).is_some() {
                let message = "this channel has an account of this name already";
                let hint = "names are parts of webhook addresses: give each account of a channel its own";
                return Err(source.error(account.name.span(), message, hint));
            }
        }
        let checked = scope.tenant(&file.defaults, below, env)?;
        for (key, written) in checked.keys.iter().zip(&tenant.key) {
            if !keys.insert(key.sha256) {
                return Err(source.error(
                    written.sha256.span(),
                    "two keys are the same",
                    "make one: blendline key new",
                ));
            }
        }
        tenants.push(CheckedTenant { rules, ..checked });
    }
    Ok(tenants)
}

fn unique<'a>(
    source: &Source<'_>,
    what: &str,
    names: impl Iterator<Item = &'a Spanned<String>>,
) -> Checked<BTreeSet<&'a str>> {
    let mut seen = BTreeSet::new();
    for name in names {
        let text = name.get_ref().as_str();
        let good = !text.is_empty()
            && text.len() <= 64
            && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
        if !good {
            let hint = "use letters, digits, `-`, `_` and `.`, at most 64 bytes";
            return Err(source.error(name.span(), format!("this is no name for a {what}"), hint));
        }
        if !seen.insert(text) {
            let message = format!("there is a {what} `{text}` already");
            return Err(source.error(name.span(), message, "names are unique within a tenant"));
        }
    }
    Ok(seen)
}

/// One tenant and the names that are known in it.
struct Scope<'a> {
    source: &'a Source<'a>,
    tenant: &'a TenantFile,
    skills: BTreeSet<&'a str>,
    units: BTreeSet<&'a str>,
    calendars: BTreeSet<&'a str>,
    queues: BTreeSet<&'a str>,
    workers: BTreeSet<&'a str>,
}

impl<'a> Scope<'a> {
    fn of(source: &'a Source<'a>, tenant: &'a TenantFile, rules: Option<&'a RulesFile>) -> Checked<Self> {
        unique(source, "key", tenant.key.iter().map(|key| &key.name))?;
        unique(source, "account", tenant.account.iter().map(|account| &account.name))?;
        let mut scope = Self {
            source,
            tenant,
            skills: unique(source, "skill", tenant.skills.iter())?,
            units: unique(source, "unit", tenant.unit.iter().map(|unit| &unit.name))?,
            calendars: unique(source, "calendar", tenant.calendar.iter().map(|calendar| &calendar.name))?,
            queues: unique(source, "queue", tenant.queue.iter().map(|queue| &queue.name))?,
            workers: unique(source, "worker", tenant.worker.iter().map(|worker| &worker.name))?,
        };
        // What the rule set names is as good as what stands in this file.
        if let Some(RulesFile { set, .. }) = rules {
            scope.skills.extend(set.skills.iter().map(|skill| skill.value.as_str()));
            scope.queues.extend(set.queues.iter().map(|queue| queue.name.value.as_str()));
            scope.workers.extend(set.workers().map(|worker| worker.name.value.as_str()));
        }
        Ok(scope)
    }

    fn tenant(
        &self,
        defaults: &Defaults,
        below: &Defaults,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Checked<CheckedTenant> {
        let written = self.tenant;
        let tuning = written.tuning().or(&defaults.tenant).or(&below.tenant);
        let settings = TenantSettings {
            id: TenantId(0),
            reopen_window_ms: given("tenant.reopen_window_ms", tuning.reopen_window_ms)?,
            confirm_window_ms: given("tenant.confirm_window_ms", tuning.confirm_window_ms)?,
            stickiness_ms: given("tenant.stickiness_ms", tuning.stickiness_ms)?,
            reserve_milli: given("tenant.reserve_milli", tuning.reserve_milli)?,
            reserve_max_milli: Some(given("tenant.reserve_max_milli", tuning.reserve_max_milli)?),
            open_tasks_max: given("tenant.open_tasks_max", tuning.open_tasks_max)?,
        };
        if settings.reserve_max_milli.is_some_and(|most| most < settings.reserve_milli) {
            let hint = format!("give at least {}; with just that the reserve is fixed", settings.reserve_milli);
            return Err(self.source.error(written.name.span(), "reserve_max_milli is below reserve_milli", hint));
        }
        let mut calendars = Vec::new();
        for calendar in &written.calendar {
            calendars.push((calendar.name.get_ref().clone(), calendar::read(self.source, calendar)?));
        }
        self.units()?;
        self.heirs()?;
        let each_queue = written.queue.iter().map(|queue| self.queue(queue, defaults, below));
        let each_worker = written.worker.iter().map(|worker| self.worker(worker, defaults, below));
        let queues = each_queue.collect::<Checked<Vec<_>>>()?;
        let workers = each_worker.collect::<Checked<Vec<_>>>()?;
        let each_account = written.account.iter().map(|account| self.account(account, env));
        let accounts = each_account.collect::<Checked<Vec<_>>>()?;
        let keys = written.key.iter().map(|key| self.key(key)).collect::<Checked<Vec<_>>>()?;
        let users = users(self.source, written.name.get_ref(), &written.user, &self.workers, env)?;
        let company = written.oidc.as_ref().map(|written| company::check(self.source, written, env)).transpose()?;
        let question = written.satisfaction.as_ref();
        let question = question.map(|question| asks::question(self.source, question, &self.queues)).transpose()?;
        let word = written.status_word.as_ref();
        let status_word = word.map(|word| asks::status_word(self.source, word, written.status_owner)).transpose()?;
        blend::promises_fit(self.source, &written.worker, &queues)?;
        self.somebody_can_serve(&queues, &workers, &accounts)?;
        Ok(CheckedTenant {
            name: written.name.get_ref().clone(),
            demo: written.demo,
            status_owner: written.status_owner,
            question,
            status_word,
            settings,
            skills: self.skills.iter().map(|&name| name.to_owned()).collect(),
            queue_defaults: queue_defaults(defaults, below)?,
            worker_defaults: worker_settings(&defaults.worker.or(&below.worker))?,
            rules: None,
            routing: None,
            trial: None,
            units: written.unit.clone(),
            calendars,
            queues,
            accounts,
            workers,
            keys,
            users,
            company,
        })
    }

    fn units(&self) -> Checked<()> {
        for unit in &self.tenant.unit {
            self.known("unit", &self.units, unit.parent.as_ref())?;
            self.known("worker", &self.workers, unit.manager.as_ref())?;
            let mut above = unit.parent.as_ref();
            let mut steps = 0;
            while let Some(parent) = above {
                steps += 1;
                if self.tenant.unit.len() < steps {
                    let hint = "the unit at the top has no parent";
                    return Err(self.source.error(parent.span(), "these units stand above one another", hint));
                }
                let next = self.tenant.unit.iter().find(|other| other.name.get_ref() == parent.get_ref());
                above = next.and_then(|unit| unit.parent.as_ref());
            }
        }
        Ok(())
    }

    /// A queue that is no more has one heir.
    fn heirs(&self) -> Checked<()> {
        let gone = || self.tenant.queue.iter().flat_map(|queue| &queue.heir_of);
        unique(self.source, "queue that is no more", gone())?;
        match gone().find(|gone| self.queues.contains(gone.get_ref().as_str())) {
            Some(there) => {
                let message = format!("the queue `{}` is still there", there.get_ref());
                Err(self.source.error(there.span(), message, "remove it, or take it out of `heir_of`"))
            }
            None => Ok(()),
        }
    }

    fn queue(&self, queue: &QueueFile, defaults: &Defaults, below: &Defaults) -> Checked<CheckedQueue> {
        let tuning = queue.tuning().or(&defaults.queue).or(&below.queue);
        let settings = queue_settings(queue.side, &tuning, blend::of(self.source, queue, &tuning)?)?;
        let at = || queue.name.span();
        for (key, bad) in [
            ("target_ms", settings.target_ms == 0),
            ("weight_milli", settings.weight_milli == 0),
            ("task_weight", settings.task_weight == 0),
            ("offer_ms", settings.offer_ms == 0),
            ("tasks_max", settings.tasks_max == 0),
        ] {
            if bad {
                return Err(self.source.error(at(), format!("{key} is 0"), "give at least 1"));
            }
        }
        if 100 < settings.waiting_weight_percent {
            return Err(self.source.error(at(), "waiting_weight_percent is above 100", "give 0 to 100"));
        }
        Ok(CheckedQueue {
            name: queue.name.get_ref().clone(),
            unit: self.known("unit", &self.units, queue.unit.as_ref())?,
            calendar: self.known("calendar", &self.calendars, queue.calendar.as_ref())?,
            heir_of: queue.heir_of.iter().map(|gone| gone.get_ref().clone()).collect(),
            planned: Vec::new(),
            settings,
        })
    }

    fn worker(&self, worker: &WorkerFile, defaults: &Defaults, below: &Defaults) -> Checked<CheckedWorker> {
        let mut queues = BTreeSet::new();
        for queue in &worker.queues {
            queues.extend(self.known("queue", &self.queues, Some(queue))?);
        }
        if worker.stand_in.as_ref().is_some_and(|other| other.get_ref() == worker.name.get_ref()) {
            return Err(self.source.error(worker.name.span(), "he stands in for himself", "name another worker"));
        }
        Ok(CheckedWorker {
            name: worker.name.get_ref().clone(),
            queues: queues.into_iter().collect(),
            skills: self.levels(&worker.skills)?,
            unit: self.known("unit", &self.units, worker.unit.as_ref())?,
            stand_in: self.known("worker", &self.workers, worker.stand_in.as_ref())?,
            group: None,
            settings: worker_settings(&worker.tuning().or(&defaults.worker).or(&below.worker))?,
        })
    }

    fn account(&self, account: &AccountFile, env: &dyn Fn(&str) -> Option<String>) -> Checked<CheckedAccount> {
        let channel = account.channel.get_ref();
        let Some(connector) = blendline_connectors::by_name(channel) else {
            let names = blendline_connectors::all().iter().map(|connector| connector.name());
            let hint = did_you_mean(channel, names);
            return Err(self.source.error(account.channel.span(), format!("there is no channel `{channel}`"), hint));
        };
        let mut settings = BTreeMap::new();
        for (key, value) in &account.settings {
            let text = match value.get_ref() {
                SettingValue::Flag(flag) => flag.to_string(),
                SettingValue::Number(number) => number.to_string(),
                SettingValue::List(all) => all.join(","),
                SettingValue::Text(text) => secret::fetch(text, env)
                    .map_err(|(message, hint)| self.source.error(value.span(), message, hint))?,
            };
            let is_ours = |setting: &Setting| setting.secret && !setting.chosen_elsewhere && setting.name == key;
            // While a secret is being changed, its setting holds both.
            let weak = || text.split(',').find_map(|one| secret::weakness(one.trim(), self.tenant.demo));
            if let Some(why) = connector.settings().iter().any(is_ours).then(weak).flatten() {
                return Err(self.source.error(value.span(), why, secret::CURE));
            }
            settings.insert(key.clone(), Secret::new(text));
        }
        blendline_connectors::check_settings(connector, &settings).map_err(|error| {
            let at = account.settings.get(&error.key).map_or(account.name.span(), Spanned::span);
            self.source.error(at, format!("settings.{}", error.key), error.hint)
        })?;
        handover::check(self.source, self.tenant, account)?;
        Ok(CheckedAccount {
            name: account.name.get_ref().clone(),
            name_span: account.name.span(),
            channel: channel.clone(),
            external_id: account.external_id.get_ref().clone(),
            settings,
            queue: self.known("queue", &self.queues, Some(&account.queue))?.unwrap_or_default(),
            needs: self.levels(&account.needs)?,
            target_ms: account.target_ms,
            unit: self.known("unit", &self.units, account.unit.as_ref())?,
        })
    }

    fn key(&self, key: &KeyFile) -> Checked<CheckedKey> {
        let mut sha256 = [0; 32];
        hex::decode_to_slice(key.sha256.get_ref(), &mut sha256).map_err(|_| {
            let hint = "64 hexadecimal digits; `blendline key new` prints a key and its sha256";
            self.source.error(key.sha256.span(), "this is no SHA-256", hint)
        })?;
        if let Some(worker) = key.worker.as_ref().filter(|_| key.role != Role::Worker) {
            let hint = "a key that speaks for one worker has the role `worker`";
            return Err(self.source.error(worker.span(), "only keys of role worker speak for one worker", hint));
        }
        if !self.tenant.demo && secret::PUBLISHED_KEYS.contains(&key.sha256.get_ref().as_str()) {
            let hint = "make one of your own: blendline key new";
            return Err(self.source.error(key.sha256.span(), "this key is published: it is the demo's", hint));
        }
        let worker = self.known("worker", &self.workers, key.worker.as_ref())?;
        Ok(CheckedKey { name: key.name.get_ref().clone(), role: key.role, worker, sha256 })
    }

    fn known(&self, what: &str, names: &BTreeSet<&str>, used: Option<&Spanned<String>>) -> Checked<Option<String>> {
        let Some(used) = used else { return Ok(None) };
        if names.contains(used.get_ref().as_str()) {
            return Ok(Some(used.get_ref().clone()));
        }
        let hint = did_you_mean(used.get_ref(), names.iter().copied());
        Err(self.source.error(used.span(), format!("there is no {what} `{}`", used.get_ref()), hint))
    }

    fn levels(&self, written: &BTreeMap<Spanned<String>, Spanned<u8>>) -> Checked<Vec<NamedLevel>> {
        let mut levels = Vec::new();
        for (skill, level) in written {
            if !(1..=10).contains(level.get_ref()) {
                return Err(self.source.error(level.span(), "a level is from 1 to 10", "1 can do it, 10 teaches it"));
            }
            levels.extend(self.known("skill", &self.skills, Some(skill))?.map(|name| (name, *level.get_ref())));
        }
        Ok(levels)
    }

    /// A queue that nobody can ever serve would only be found out by customers.
    fn somebody_can_serve(
        &self,
        queues: &[CheckedQueue],
        workers: &[CheckedWorker],
        accounts: &[CheckedAccount],
    ) -> Checked<()> {
        // Webhooks are often connected before the first worker is hired; nobody at all is no slip of the pen.
        if workers.is_empty() {
            return Ok(());
        }
        let serving = |queue: &CheckedQueue| {
            let name = queue.name.clone();
            workers.iter().filter(move |worker| worker.queues.contains(&name))
        };
        for (queue, written) in queues.iter().zip(&self.tenant.queue) {
            let most = serving(queue).map(|worker| worker.settings.capacity).max();
            let weight = queue.settings.task_weight;
            let (message, hint) = match most {
                None => ("no worker serves this queue".to_owned(), "add it to the `queues` of a worker".to_owned()),
                Some(most) if most < weight => (
                    format!("a task of this queue weighs {weight}, above every capacity of its workers ({most})"),
                    format!("lower `task_weight`, or give a worker a capacity of {weight}"),
                ),
                Some(_) => continue,
            };
            return Err(self.source.error(written.name.span(), message, hint));
        }
        for (account, written) in accounts.iter().zip(&self.tenant.account) {
            let Some(queue) = queues.iter().find(|queue| queue.name == account.queue) else { continue };
            let able = serving(queue).any(|worker| {
                let has = |need: &NamedLevel| worker.skills.iter().any(|has| has.0 == need.0 && need.1 <= has.1);
                queue.settings.task_weight <= worker.settings.capacity && account.needs.iter().all(has)
            });
            if !able {
                let message = format!("no worker of the queue `{}` has what this account needs", account.queue);
                let hint = "lower `needs`, or give a worker of that queue the skills and the capacity";
                return Err(self.source.error(written.name.span(), message, hint));
            }
        }
        Ok(())
    }
}

pub(super) fn given<T>(key: &str, value: Option<T>) -> Checked<T> {
    value.ok_or_else(|| ConfigError {
        file: super::DEFAULTS_NAME.into(),
        line: 0,
        column: 0,
        key: format!("defaults.{key}"),
        message: "has no default".into(),
        hint: "set it in your file".into(),
    })
}
