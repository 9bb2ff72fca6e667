//! People: users, sessions, and the log of what was done to them. Each change and its audit entry are one transaction.

use async_trait::async_trait;
use blendline_wire::{Millis, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::store::StoreError;
use crate::directory::Role;

/// The record of users, sessions and audit.
#[async_trait]
pub trait People: Send + Sync + 'static {
    /// The user whose compared name is `name`.
    async fn user(&self, tenant: TenantId, name: &str) -> Result<Option<User>, StoreError>;

    /// Users of a tenant by compared name, above `after`, at most `limit`.
    async fn users(&self, tenant: TenantId, after: &str, limit: usize) -> Result<Vec<User>, StoreError>;

    /// Adds a user. `None` when the name is taken.
    async fn add_user(&self, user: &User, by: &Deed) -> Result<Option<User>, StoreError>;

    /// Changes a user and ends all his sessions.
    async fn change_user(&self, change: &UserChange, by: &Deed) -> Result<Changed, StoreError>;

    /// Opens a session; sessions that are over by `limits` are dropped, and the user's oldest beyond the most.
    ///
    /// `None` when the user is gone, disabled, or has another password than the one that was checked.
    async fn open_session(&self, opening: &Opening, by: &Deed) -> Result<Option<Opened>, StoreError>;

    /// The session with this hash and its user, whether or not it is over.
    async fn session(&self, hash: &[u8; 32]) -> Result<Option<(SessionRow, User)>, StoreError>;

    /// Notes that a session was used.
    async fn touch_session(&self, hash: &[u8; 32], at: Millis) -> Result<(), StoreError>;

    /// Ends one session. False when it was over already.
    async fn end_session(&self, hash: &[u8; 32], by: &Deed) -> Result<bool, StoreError>;

    /// Notes in the audit log what is about to be done to something else than users and sessions.
    async fn note(&self, tenant: TenantId, subject: &str, change: (Value, Value), by: &Deed) -> Result<(), StoreError>;

    /// The audit log of a tenant by number, above `after`, at most `limit`.
    async fn audit(&self, tenant: TenantId, after: u64, limit: usize) -> Result<Vec<AuditEntry>, StoreError>;

    /// The last entry of a tenant's audit log as it was noted beside the log; `None` before the first.
    async fn audit_head(&self, tenant: TenantId) -> Result<Option<AuditHead>, StoreError>;
}

/// A person who may sign in.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub struct User {
    /// Whose.
    pub tenant: TenantId,
    /// The name by which he is compared: NFKC, case-folded.
    pub name: String,
    /// The name as it was written, to be shown.
    pub display: String,
    /// What he may do.
    pub role: Role,
    /// The configured worker he is; `None` for those who take no tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<String>,
    /// The password's Argon2id hash in PHC form.
    pub password: String,
    /// True until he has chosen a password of his own.
    #[serde(default)]
    pub must_change: bool,
    /// True when he may not sign in.
    #[serde(default)]
    pub disabled: bool,
    /// Since when he is known.
    pub created_at: Millis,
    /// The account of his company that is his: a hash of the provider and its name for him. `None` until he came by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
}

impl std::fmt::Debug for User {
    /// Without the hash: a log must not feed a password guesser.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("tenant", &self.tenant).field("name", &self.name).finish_non_exhaustive()
    }
}

/// A change of one user. What is `None` stays.
#[derive(Clone, Default)]
pub struct UserChange {
    /// Whose.
    pub tenant: TenantId,
    /// Which user, by compared name.
    pub name: String,
    /// Only if he has this role still: whoever may change a worker may perhaps not change an administrator.
    pub only_if: Option<Role>,
    /// The new role and worker.
    pub role: Option<(Role, Option<String>)>,
    /// Whether he may sign in.
    pub disabled: Option<bool>,
    /// The new password's hash, and whether he must choose another.
    pub password: Option<(String, bool)>,
    /// The account of his company that is his from now on; `Some(None)` unties him from the one he has.
    pub company: Option<Option<String>>,
}

/// What became of a change.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Changed {
    /// The user as he is now.
    Done(User),
    /// There is no such user.
    Absent,
    /// His role is another by now.
    Meanwhile,
}

/// Who did what, for the audit log.
#[derive(Clone, Debug)]
pub struct Deed {
    /// When.
    pub at: Millis,
    /// Who: `user dana`, `key crm`, `command line`.
    pub actor: String,
    /// What: `user_added`, `user_changed`, `password_changed`, `signed_in`, `signed_out`, `task_transfer`, ….
    pub what: &'static str,
}

/// A session to open.
#[derive(Clone)]
pub struct Opening {
    /// Whose.
    pub tenant: TenantId,
    /// The user, by compared name.
    pub name: String,
    /// The password hash that was checked: a password that was changed meanwhile opens nothing.
    pub password: String,
    /// The SHA-256 of the session's secret.
    pub hash: [u8; 32],
    /// When.
    pub at: Millis,
    /// When sessions are over.
    pub limits: SessionLimits,
}

/// When sessions are over, and how many a user may have.
#[derive(Clone, Copy, Debug)]
pub struct SessionLimits {
    /// After how long without use, in milliseconds.
    pub idle_ms: u64,
    /// After how long in any case, in milliseconds.
    pub total_ms: u64,
    /// The most of one user; the oldest go first.
    pub per_user: usize,
}

/// What opening a session did besides.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Opened {
    /// How many older sessions of the user ended for it.
    pub ended: usize,
}

/// A session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SessionRow {
    /// When it was opened.
    pub opened_at: Millis,
    /// When it was last used, to the minute.
    pub seen_at: Millis,
}

/// One entry of the audit log.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct AuditEntry {
    /// Its number within the tenant, from 1 without a gap.
    pub seq: u64,
    /// When.
    pub at: Millis,
    /// Whose log.
    pub tenant: TenantId,
    /// Who did it.
    pub actor: String,
    /// What was done.
    pub what: String,
    /// To whom or what.
    pub subject: String,
    /// How it was before, without secrets; null where it was not.
    pub before: Value,
    /// How it is after, without secrets; null where it is not any more.
    pub after: Value,
    /// The hash of the entry before, in hexadecimal; zeros for the first.
    pub prev: String,
    /// The hash of this entry, in hexadecimal.
    pub hash: String,
}

/// The end of an audit log.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, ToSchema)]
pub struct AuditHead {
    /// The number of the last entry.
    pub seq: u64,
    /// Its hash, in hexadecimal.
    pub hash: String,
}
