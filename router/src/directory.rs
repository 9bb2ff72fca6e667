//! What is configured, by name and by handle. Immutable: a change makes a new one, and [`Directories`] gives the latest.

use std::collections::BTreeMap;
use std::sync::Arc;

use blendline_connectors::Account;
use blendline_core::input::{Class, Settings};
use blendline_rules::Calendar;
use blendline_wire::org::Unit;
use blendline_wire::{AccountId, CalendarId, QueueId, SkillId, TenantId, UnitId, WorkerId};
use tokio::sync::watch;

use crate::rules::Routing;
use crate::rules::trial::Trial;
use crate::satisfaction::Question;
use crate::status_word::StatusWord;

/// How many units above one another are looked at.
const UNITS_UP_MAX: usize = 32;

/// The configured organisation, resolved to handles.
#[derive(Debug, Default)]
pub struct Directory {
    /// Tenants by handle.
    pub tenants: BTreeMap<TenantId, String>,
    /// Accounts by handle.
    pub accounts: BTreeMap<AccountId, AccountEntry>,
    /// (tenant, name) of queues by handle.
    pub queues: BTreeMap<QueueId, (TenantId, String)>,
    /// Queues that are no more, with the one that has each one's tasks.
    pub heirs: BTreeMap<QueueId, QueueId>,
    /// (tenant, name) of workers by handle.
    pub workers: BTreeMap<WorkerId, (TenantId, String)>,
    /// (tenant, name) of skills by handle.
    pub skills: BTreeMap<SkillId, (TenantId, String)>,
    /// Units of the organisation's tree by handle.
    pub units: BTreeMap<UnitId, Unit>,
    /// Working hours by handle, to be compiled anew as time goes on.
    pub calendars: BTreeMap<CalendarId, Calendar>,
    /// The live rule set of each tenant that has one.
    pub rules: BTreeMap<TenantId, Routing>,
    /// The rule set on trial of each tenant that has one.
    pub trials: BTreeMap<TenantId, Trial>,
    /// What each tenant asks its customers after their tasks, where it does.
    pub questions: BTreeMap<TenantId, Question>,
    /// The word of each tenant by which customers ask where their matter stands, where it has one.
    pub status_words: BTreeMap<TenantId, StatusWord>,
    /// Access keys by the SHA-256 of the whole key.
    pub keys: BTreeMap<[u8; 32], KeyEntry>,
    /// What the core is told at start: every setting, tenants first, then calendars, accounts, queues, workers.
    pub settings: Vec<Settings>,
}

/// Where the latest directory is found. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Directories(watch::Receiver<Arc<Directory>>);

impl Directories {
    /// The place of a directory that whoever holds the sender puts another in.
    pub fn changing(first: Arc<Directory>) -> (watch::Sender<Arc<Directory>>, Self) {
        let (sender, receiver) = watch::channel(first);
        (sender, Self(receiver))
    }

    /// The latest.
    pub fn now(&self) -> Arc<Directory> {
        self.0.borrow().clone()
    }

    /// The latest, where it is another than the one that was taken last.
    pub fn take_new(&mut self) -> Option<Arc<Directory>> {
        self.0.has_changed().is_ok_and(|changed| changed).then(|| self.0.borrow_and_update().clone())
    }
}

impl From<Arc<Directory>> for Directories {
    /// One that never changes.
    fn from(directory: Arc<Directory>) -> Self {
        Self::changing(directory).1
    }
}

/// A configured account.
#[derive(Debug)]
pub struct AccountEntry {
    /// Whose.
    pub tenant: TenantId,
    /// The channel's name.
    pub channel: String,
    /// What the connector needs: the configured name, the platform's id, secrets.
    pub account: Account,
    /// Where its messages go unless a rule says otherwise.
    pub class: Class,
}

impl AccountEntry {
    /// True where customers may speak in public.
    pub fn is_public(&self) -> bool {
        blendline_connectors::by_name(&self.channel).is_some_and(|connector| connector.capabilities().public)
    }
}

/// A configured access key.
#[derive(Clone, Debug)]
pub struct KeyEntry {
    /// Whose.
    pub tenant: TenantId,
    /// What it is called in logs.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The only worker it may speak for; `None`: any of the tenant's.
    pub worker: Option<WorkerId>,
}

/// What a credential may do. Each has one.
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Deserialize, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Pushes items, reads tasks and conversations.
    Integrator,
    /// Takes tasks.
    Worker,
    /// Moves tasks, sees queues and workers.
    Supervisor,
    /// Sees everything of the tenant, changes settings.
    Operations,
    /// Sees everything of the tenant, changes nothing.
    Auditor,
    /// Everything.
    Admin,
}

impl Directory {
    /// Who answers for a unit of this name, and for those above it, the nearest first.
    pub fn managers(&self, tenant: TenantId, unit: &str) -> Vec<WorkerId> {
        let mut found = Vec::new();
        let mut at = self.units.values().find(|known| known.tenant == tenant && known.name == unit);
        // A tree is never so deep; a circle would be.
        for _ in 0..UNITS_UP_MAX {
            let Some(unit) = at else { break };
            found.extend(unit.manager.filter(|manager| !found.contains(manager)));
            at = unit.parent.and_then(|parent| self.units.get(&parent));
        }
        found
    }

    /// The names of a unit and of those above it, the nearest first.
    pub fn units_up(&self, unit: UnitId) -> Vec<String> {
        let mut found = Vec::new();
        let mut at = self.units.get(&unit);
        for _ in 0..UNITS_UP_MAX {
            let Some(unit) = at else { break };
            found.push(unit.name.clone());
            at = unit.parent.and_then(|parent| self.units.get(&parent));
        }
        found
    }

    /// The unit that a worker belongs to.
    pub fn unit_of(&self, worker: WorkerId) -> Option<UnitId> {
        self.settings.iter().find_map(|setting| match setting {
            Settings::Worker(settings) if settings.id == worker => settings.unit,
            _ => None,
        })
    }

    /// The mail account by which visitors of this chat are answered when they are gone.
    pub fn mails_for(&self, chat: AccountId) -> Option<(AccountId, &AccountEntry)> {
        let chat = self.accounts.get(&chat)?;
        let name = chat.account.setting("mail_account")?;
        let is_mail = |entry: &AccountEntry| {
            blendline_connectors::by_name(&entry.channel).is_some_and(|connector| connector.is_mail())
        };
        let of_name =
            |entry: &AccountEntry| entry.tenant == chat.tenant && entry.account.name == name && is_mail(entry);
        self.accounts.iter().find(|(_, entry)| of_name(entry)).map(|(id, entry)| (*id, entry))
    }

    /// How long an answer may stay unseen in this chat before it goes by mail, in milliseconds.
    pub fn mails_after_ms(&self, chat: AccountId) -> u64 {
        let given = self.accounts.get(&chat).and_then(|entry| entry.account.setting("mail_after_s")?.parse().ok());
        given.unwrap_or(120_u64).saturating_mul(1_000)
    }

    /// The chats whose visitors are answered by mail when they are gone.
    pub fn chats_with_mail(&self) -> impl Iterator<Item = (TenantId, AccountId)> {
        self.accounts.iter().filter(|(id, _)| self.mails_for(**id).is_some()).map(|(id, entry)| (entry.tenant, *id))
    }

    /// The hours of a queue, where it has any.
    pub fn hours_of(&self, queue: QueueId) -> Option<&Calendar> {
        let calendar = self.settings.iter().find_map(|setting| match setting {
            Settings::Queue(settings) if settings.id == queue => settings.calendar,
            _ => None,
        });
        self.calendars.get(&calendar?)
    }

    /// The queue of this name.
    pub fn queue(&self, tenant: TenantId, name: &str) -> Option<QueueId> {
        self.queues.iter().find(|(_, (owner, known))| *owner == tenant && known == name).map(|(id, _)| *id)
    }

    /// The skill of this name.
    pub fn skill(&self, tenant: TenantId, name: &str) -> Option<SkillId> {
        self.skills.iter().find(|(_, (owner, known))| *owner == tenant && known == name).map(|(id, _)| *id)
    }

    /// The worker of this name.
    pub fn worker(&self, tenant: TenantId, name: &str) -> Option<WorkerId> {
        self.workers.iter().find(|(_, (owner, known))| *owner == tenant && known == name).map(|(id, _)| *id)
    }

    /// The account of this channel and name, as webhook addresses give them.
    pub fn account(&self, channel: &str, name: &str) -> Option<(AccountId, &AccountEntry)> {
        self.accounts
            .iter()
            .find(|(_, entry)| entry.channel == channel && entry.account.name == name)
            .map(|(id, entry)| (*id, entry))
    }
}
