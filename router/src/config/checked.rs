//! An organisation whose references are all good, still by name.

use std::collections::BTreeMap;

use blendline_connectors::Secret;
use blendline_rules::{Calendar, RuleSet};
use blendline_wire::org::{QueueSettings, TenantSettings, WorkerSettings};

use super::asks::CheckedQuestion;
use super::company::CompanySignIn;
use super::file::UnitFile;
use super::rules::RulesFile;
use super::users::CheckedUser;
use crate::directory::Role;
use crate::ports::rules::Stage;
use crate::status_word::StatusWord;

/// A tenant whose references are all good. Ids in the settings are zero until the record gives them.
#[derive(Clone, Debug)]
pub struct CheckedTenant {
    /// Its name.
    pub name: String,
    /// True when published secrets are allowed.
    pub demo: bool,
    /// True when a customer is shown who works on his matter.
    pub status_owner: bool,
    /// What customers are asked after their tasks.
    pub(super) question: Option<CheckedQuestion>,
    /// The word by which a customer asks where his matter stands.
    pub(super) status_word: Option<StatusWord>,
    /// Its settings.
    pub settings: TenantSettings,
    /// Its skills.
    pub skills: Vec<String>,
    /// What a queue is like where a rule set does not say otherwise.
    pub(super) queue_defaults: QueueSettings,
    /// What a worker is like, likewise.
    pub(super) worker_defaults: WorkerSettings,
    /// The rule set that the configuration names.
    pub rules: Option<RulesFile>,
    /// The rule set that is live, with its version; its queues and workers are among the others.
    pub(super) routing: Option<(u32, RuleSet)>,
    /// The rule set on trial, with its version, and for whom it decides.
    pub(super) trial: Option<(u32, RuleSet, Stage)>,
    pub(super) units: Vec<UnitFile>,
    pub(super) calendars: Vec<(String, Calendar)>,
    pub(super) queues: Vec<CheckedQueue>,
    /// Its accounts.
    pub accounts: Vec<CheckedAccount>,
    pub(super) workers: Vec<CheckedWorker>,
    pub(super) keys: Vec<CheckedKey>,
    /// Its users at the first start.
    pub users: Vec<CheckedUser>,
    /// How its people sign in with the account of their company, where they do.
    pub company: Option<CompanySignIn>,
}

impl CheckedTenant {
    /// Has a set decide beside the live one, where it is understood.
    pub fn try_beside(&mut self, version: u32, set: Option<RuleSet>, stage: Option<Stage>) {
        self.trial = set.zip(stage).map(|(set, stage)| (version, set, stage));
    }

    /// Whether there is a worker of this name.
    pub fn has_worker(&self, name: &str) -> bool {
        self.workers.iter().any(|worker| worker.name == name)
    }

    /// Whether there is a queue of this name, or one that has its tasks.
    pub fn has_queue_or_heir(&self, name: &str) -> bool {
        self.queues.iter().any(|queue| queue.name == name || queue.heir_of.iter().any(|gone| gone == name))
    }

    /// How many units, calendars, queues, workers and keys there are.
    pub fn counts(&self) -> [usize; 5] {
        [self.units.len(), self.calendars.len(), self.queues.len(), self.workers.len(), self.keys.len()]
    }
}

/// A skill by name and a level.
pub(super) type NamedLevel = (String, u8);

/// A queue and the names it refers to.
#[derive(Clone, Debug)]
pub(super) struct CheckedQueue {
    pub(super) name: String,
    pub(super) unit: Option<String>,
    pub(super) calendar: Option<String>,
    /// Queues that are no more, whose tasks are this one's.
    pub(super) heir_of: Vec<String>,
    /// The groups whose time plans have it, and the part of their hours, in thousandths.
    pub(super) planned: Vec<(String, u32)>,
    pub(super) settings: QueueSettings,
}

/// An account and the names it refers to.
#[derive(Clone, Debug)]
pub struct CheckedAccount {
    /// Its name.
    pub name: String,
    /// Where that stands.
    pub(super) name_span: std::ops::Range<usize>,
    /// Its channel's name.
    pub channel: String,
    /// The platform's id of it.
    pub external_id: String,
    /// The channel's settings.
    pub settings: BTreeMap<String, Secret>,
    pub(super) queue: String,
    pub(super) needs: Vec<NamedLevel>,
    pub(super) target_ms: Option<u64>,
    pub(super) unit: Option<String>,
}

/// A worker and the names he refers to.
#[derive(Clone, Debug)]
pub(super) struct CheckedWorker {
    pub(super) name: String,
    pub(super) queues: Vec<String>,
    pub(super) skills: Vec<NamedLevel>,
    pub(super) unit: Option<String>,
    pub(super) stand_in: Option<String>,
    /// The group whose time plan he works by.
    pub(super) group: Option<String>,
    pub(super) settings: WorkerSettings,
}

/// An access key.
#[derive(Clone, Debug)]
pub(super) struct CheckedKey {
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) worker: Option<String>,
    pub(super) sha256: [u8; 32],
}
