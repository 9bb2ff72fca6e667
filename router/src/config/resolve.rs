//! From names to handles: the record gives each name a number once and for good.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use blendline_connectors::Account;
use blendline_core::input::{Class, Settings};
use blendline_rules::Calendar;
use blendline_wire::org::{
    AccountSettings, CalendarSettings, Planned, QueueSettings, SkillLevel, Unit, WorkerSettings,
};
use blendline_wire::task::SkillNeed;
use blendline_wire::{AccountId, CalendarId, GroupId, Millis, QueueId, SkillId, TenantId, UnitId, WorkerId};

use super::checked::{CheckedAccount, CheckedQueue, CheckedTenant, CheckedWorker, NamedLevel};
use super::{Config, authority};
use crate::directory::{AccountEntry, Directory, KeyEntry};
use crate::ports::store::{Archive, StoreError};
use crate::rules::trial::Trial;
use crate::rules::{LiveAuthority, Names, Routing};
use crate::satisfaction::Question;

/// Where handles begin that the record never gave.
const NOT_RECORDED: u64 = 1 << 40;

/// The directory of this configuration; calendars are compiled from `now` on.
pub async fn resolve(config: &Config, archive: &dyn Archive, now: Millis) -> Result<Directory, StoreError> {
    resolve_some(config.tenants.iter(), archive, now).await
}

/// The directory of some of a configuration's tenants, as the owner of their shard knows them.
pub async fn resolve_some<'a>(
    tenants: impl Iterator<Item = &'a CheckedTenant> + Clone,
    archive: &dyn Archive,
    now: Millis,
) -> Result<Directory, StoreError> {
    let names: Vec<(String, String)> = tenants.clone().flat_map(names_of).collect();
    let numbers = archive.handles(&names).await?;
    Ok(with_handles(tenants, Handles(names.into_iter().zip(numbers).collect()), now))
}

/// The directory of one tenant without a record: handles from 1, in the order of its names. For what only tries things.
pub fn resolve_alone(tenant: &CheckedTenant, now: Millis) -> Directory {
    let handles = Handles(names_of(tenant).into_iter().zip(1..).collect());
    with_handles(std::iter::once(tenant), handles, now)
}

/// The directory of one tenant with the handles that the record has. A name that has none there gets one that is nobody
/// else's, for the time being: trying something leaves no trace.
pub async fn resolve_as_recorded(
    tenant: &CheckedTenant,
    archive: &dyn Archive,
    now: Millis,
) -> Result<Directory, StoreError> {
    let names = names_of(tenant);
    let kinds: BTreeSet<&str> = names.iter().map(|(kind, _)| kind.as_str()).collect();
    let mut known = HashMap::new();
    for kind in kinds {
        let of_kind = archive.names(kind).await?;
        known.extend(of_kind.into_iter().map(|(name, handle)| ((kind.to_owned(), name), handle)));
    }
    let with_handle = |(at, name): (u64, (String, String))| {
        let handle = known.get(&name).copied().unwrap_or(NOT_RECORDED + at);
        (name, handle)
    };
    let handles = Handles((0..).zip(names).map(with_handle).collect());
    Ok(with_handles(std::iter::once(tenant), handles, now))
}

fn with_handles<'a>(tenants: impl Iterator<Item = &'a CheckedTenant>, handles: Handles, now: Millis) -> Directory {
    let mut directory = Directory::default();
    let mut later = Later::default();
    for tenant in tenants {
        let scope =
            Scope { tenant: &tenant.name, id: TenantId(handles.get("tenant", &tenant.name, "")), handles: &handles };
        scope.put(tenant, now, &mut directory, &mut later);
    }
    // The core wants to know a thing before another refers to it.
    for part in [later.calendars, later.accounts, later.queues, later.workers] {
        directory.settings.extend(part);
    }
    directory
}

/// Settings by kind, to be told after all tenants.
#[derive(Default)]
struct Later {
    calendars: Vec<Settings>,
    accounts: Vec<Settings>,
    queues: Vec<Settings>,
    workers: Vec<Settings>,
}

fn names_of(tenant: &CheckedTenant) -> Vec<(String, String)> {
    let own = |kind: &'static str, name: &str| (kind.to_owned(), full(&tenant.name, name));
    let mut names = vec![("tenant".to_owned(), full(&tenant.name, ""))];
    names.extend(tenant.skills.iter().map(|name| own("skill", name)));
    names.extend(tenant.units.iter().map(|unit| own("unit", unit.name.get_ref())));
    names.extend(tenant.calendars.iter().map(|(name, _)| own("calendar", name)));
    names.extend(tenant.queues.iter().map(|queue| own("queue", &queue.name)));
    names.extend(tenant.queues.iter().flat_map(|queue| &queue.heir_of).map(|name| own("queue", name)));
    names.extend(tenant.accounts.iter().map(|account| own("account", &account_name(account))));
    names.extend(tenant.workers.iter().map(|worker| own("worker", &worker.name)));
    let planned = tenant.queues.iter().flat_map(|queue| &queue.planned);
    names.extend(planned.map(|(group, _)| own("group", group)));
    names
}

fn full(tenant: &str, name: &str) -> String {
    if name.is_empty() { tenant.to_owned() } else { format!("{tenant}/{name}") }
}

fn account_name(account: &CheckedAccount) -> String {
    format!("{}/{}", account.channel, account.name)
}

struct Handles(HashMap<(String, String), u64>);

impl Handles {
    /// Every name was asked for by [`names_of`], so zero is never seen.
    fn get(&self, kind: &str, tenant: &str, name: &str) -> u64 {
        self.0.get(&(kind.to_owned(), full(tenant, name))).copied().unwrap_or_default()
    }
}

struct Scope<'a> {
    tenant: &'a str,
    id: TenantId,
    handles: &'a Handles,
}

impl Scope<'_> {
    fn put(&self, tenant: &CheckedTenant, now: Millis, directory: &mut Directory, later: &mut Later) {
        directory.tenants.insert(self.id, tenant.name.clone());
        directory
            .settings
            .push(Settings::Tenant(blendline_wire::org::TenantSettings { id: self.id, ..tenant.settings.clone() }));
        for skill in &tenant.skills {
            directory.skills.insert(self.skill(skill), (self.id, skill.clone()));
        }
        for unit in &tenant.units {
            let id = self.unit(unit.name.get_ref());
            let named = |name: &Option<toml::Spanned<String>>| name.as_ref().map(|name| name.get_ref().clone());
            directory.units.insert(
                id,
                Unit {
                    id,
                    tenant: self.id,
                    name: unit.name.get_ref().clone(),
                    parent: named(&unit.parent).map(|name| self.unit(&name)),
                    manager: named(&unit.manager).map(|name| self.worker(&name)),
                    location: unit.location.clone(),
                    valid_from: None,
                    valid_until: None,
                },
            );
        }
        if let Some((version, set)) = &tenant.routing {
            let known = |name: &str| tenant.queues.iter().find(|queue| queue.name == name);
            let names = Names {
                queue: &|queue| self.queue(queue),
                skill: &|skill| self.skill(skill),
                target_ms: &|queue| known(queue).map_or(u64::MAX, |queue| queue.settings.target_ms),
            };
            let mut routing = Routing::new((*version, set), tenant.settings.reopen_window_ms, &names);
            if !set.authority.authority.is_empty() {
                let company = authority::company(tenant, set, |name| self.worker(name));
                routing.authority = Some(LiveAuthority::new(set, company));
            }
            directory.rules.insert(self.id, routing);
            if let Some((version, tried, stage)) = &tenant.trial {
                let routing = Routing::new((*version, tried), tenant.settings.reopen_window_ms, &names);
                let group = |name: &str| set.groups.iter().find(|group| group.name.value == name);
                let queues_of = |name: &str| {
                    let queues = group(name).into_iter().flat_map(|group| &group.queues);
                    queues.map(|queue| self.queue(&queue.value)).collect()
                };
                directory.trials.insert(self.id, Trial::new(routing, stage.clone(), queues_of));
            }
        }
        for (name, calendar) in &tenant.calendars {
            let id = self.calendar(name);
            later.calendars.push(compile(id, calendar, now));
            directory.calendars.insert(id, calendar.clone());
        }
        self.put_asks(tenant, directory);
        for account in &tenant.accounts {
            self.put_account(account, directory, later);
        }
        for queue in &tenant.queues {
            later.queues.push(self.put_queue(queue, directory));
        }
        for worker in &tenant.workers {
            later.workers.push(self.put_worker(worker, directory));
        }
        for key in &tenant.keys {
            let worker = key.worker.as_ref().map(|name| self.worker(name));
            let entry = KeyEntry { tenant: self.id, name: key.name.clone(), role: key.role, worker };
            directory.keys.insert(key.sha256, entry);
        }
    }

    /// What customers are asked and told by themselves. A queue that is no more asks nothing.
    fn put_asks(&self, tenant: &CheckedTenant, directory: &mut Directory) {
        directory.status_words.extend(tenant.status_word.clone().map(|word| (self.id, word)));
        let Some(written) = &tenant.question else { return };
        let known = |name: &String| tenant.queues.iter().any(|queue| queue.name == *name).then(|| self.queue(name));
        let follow_up = written.follow_up.as_ref();
        let question = Question {
            queues: written.queues.iter().filter_map(known).collect(),
            every_ms: written.every_ms,
            answer_ms: written.answer_ms,
            not_after: written.not_after.clone(),
            low: written.low,
            follow_up: follow_up.and_then(|(queue, target_ms)| Some((known(queue)?, *target_ms))),
            texts: written.texts.clone(),
        };
        directory.questions.insert(self.id, question);
    }

    fn put_account(&self, account: &CheckedAccount, directory: &mut Directory, later: &mut Later) {
        let Some(connector) = blendline_connectors::by_name(&account.channel) else { return };
        let id = AccountId(self.handles.get("account", self.tenant, &account_name(account)));
        let capabilities = connector.capabilities();
        let entry = Account {
            id,
            name: account.name.clone(),
            external_id: account.external_id.clone(),
            settings: account.settings.clone(),
        };
        later.accounts.push(Settings::Account(AccountSettings {
            id,
            tenant: self.id,
            channel: account.channel.as_str().into(),
            unit: account.unit.as_ref().map(|name| self.unit(name)),
            window_ms: capabilities.window_ms,
            idempotent_send: connector.idempotent_send(&entry),
            commit_is_send: capabilities.commit_is_send,
        }));
        let mut needs: Vec<SkillNeed> =
            account.needs.iter().map(|(skill, level)| SkillNeed { skill: self.skill(skill), level: *level }).collect();
        needs.sort_unstable();
        directory.accounts.insert(
            id,
            AccountEntry {
                tenant: self.id,
                channel: account.channel.clone(),
                account: entry,
                class: Class {
                    queue: self.queue(&account.queue),
                    needs,
                    target_ms: account.target_ms,
                    ..Class::default()
                },
            },
        );
    }

    fn put_queue(&self, queue: &CheckedQueue, directory: &mut Directory) -> Settings {
        let id = self.queue(&queue.name);
        directory.queues.insert(id, (self.id, queue.name.clone()));
        directory.heirs.extend(queue.heir_of.iter().map(|gone| (self.queue(gone), id)));
        let part = |(name, share_milli): &(String, u32)| Planned { group: self.group(name), share_milli: *share_milli };
        let mut planned: Vec<Planned> = queue.planned.iter().map(part).collect();
        planned.sort_unstable_by_key(|part| part.group);
        Settings::Queue(QueueSettings {
            id,
            tenant: self.id,
            unit: queue.unit.as_ref().map(|name| self.unit(name)),
            calendar: queue.calendar.as_ref().map(|name| self.calendar(name)),
            planned,
            ..queue.settings.clone()
        })
    }

    fn put_worker(&self, worker: &CheckedWorker, directory: &mut Directory) -> Settings {
        let id = self.worker(&worker.name);
        directory.workers.insert(id, (self.id, worker.name.clone()));
        let level = |(skill, level): &NamedLevel| SkillLevel { skill: self.skill(skill), level: *level };
        let mut skills: Vec<SkillLevel> = worker.skills.iter().map(level).collect();
        skills.sort_unstable();
        let mut queues: Vec<QueueId> = worker.queues.iter().map(|name| self.queue(name)).collect();
        queues.sort_unstable();
        Settings::Worker(WorkerSettings {
            id,
            tenant: self.id,
            unit: worker.unit.as_ref().map(|name| self.unit(name)),
            group: worker.group.as_ref().map(|name| self.group(name)),
            skills,
            queues,
            stand_in: worker.stand_in.as_ref().map(|name| self.worker(name)),
            paces_milli: Vec::new(),
            ..worker.settings.clone()
        })
    }

    fn skill(&self, name: &str) -> SkillId {
        SkillId(self.handles.get("skill", self.tenant, name))
    }

    fn unit(&self, name: &str) -> UnitId {
        UnitId(self.handles.get("unit", self.tenant, name))
    }

    fn group(&self, name: &str) -> GroupId {
        GroupId(self.handles.get("group", self.tenant, name))
    }

    fn calendar(&self, name: &str) -> CalendarId {
        CalendarId(self.handles.get("calendar", self.tenant, name))
    }

    fn queue(&self, name: &str) -> QueueId {
        QueueId(self.handles.get("queue", self.tenant, name))
    }

    fn worker(&self, name: &str) -> WorkerId {
        WorkerId(self.handles.get("worker", self.tenant, name))
    }
}

/// What the core is told of a calendar.
fn compile(id: CalendarId, calendar: &Calendar, now: Millis) -> Settings {
    Settings::Calendar(CalendarSettings { id, open: calendar.open(now) })
}

/// All calendars, compiled anew from `now` on; to be told to the core once a day.
pub fn calendars(calendars: &BTreeMap<CalendarId, Calendar>, now: Millis) -> Vec<Settings> {
    calendars.iter().map(|(id, calendar)| compile(*id, calendar, now)).collect()
}
