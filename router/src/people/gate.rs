//! Signing in and out, and the management of users: everything that needs the record, the passwords and the throttle.

use std::net::IpAddr;
use std::sync::Arc;

use blendline_wire::{Millis, TenantId};
use bytes::Bytes;

use super::password::{BYTES_MAX, HashError, Passwords, weakness};
use super::session::{LIMITS, SEEN_EVERY_MS, Secret};
use super::throttle::Throttle;
use super::{NoRandomness, name};
use crate::directory::Role;
use crate::ports::live::{Live, session_topic};
use crate::ports::people::{Changed, Deed, Opening, People, SessionRow, User, UserChange};
use crate::ports::store::StoreError;

/// Where people come in.
pub struct Gate {
    record: Arc<dyn People>,
    live: Arc<dyn Live>,
    passwords: Passwords,
    throttle: Throttle,
}

/// Somebody who wants to sign in, as he says.
#[derive(Clone, Copy, Debug)]
pub struct SignIn<'a> {
    /// The tenant's name, and its handle where there is such a tenant.
    pub tenant: (&'a str, Option<TenantId>),
    /// His name.
    pub name: &'a str,
    /// From where he comes.
    pub from: IpAddr,
}

/// Somebody with a session.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignedIn {
    /// Whose.
    pub tenant: TenantId,
    /// The name by which he is compared.
    pub name: String,
    /// The name to show.
    pub display: String,
    /// What he may do.
    pub role: Role,
    /// The configured worker he is.
    pub worker: Option<String>,
    /// True until he has chosen a password of his own.
    pub must_change: bool,
    /// The hash of his session's secret.
    pub session: [u8; 32],
    /// What his pages send with every change.
    pub csrf: String,
}

/// A user to be added.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Whose, by handle and by name.
    pub tenant: (TenantId, String),
    /// His name as it is to be shown.
    pub name: String,
    /// What he may do.
    pub role: Role,
    /// The configured worker he is; exactly those with the role of a worker are one.
    pub worker: Option<String>,
    /// True when he must choose another password first.
    pub must_change: bool,
}

/// Why somebody was not let in, or something was not done.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refused {
    /// There is no such user, his password is another, or he is disabled: nobody is told which.
    #[error("tenant, name and password do not belong together, or this user may not sign in")]
    Wrong,
    /// Too many tries.
    #[error("too many tries: wait {0} ms")]
    Later(u64),
    /// Too many sign in at this moment.
    #[error("too many sign in at this moment: try again")]
    Busy,
    /// The password is not accepted.
    #[error("{0}")]
    Weak(&'static str),
    /// The name is no name.
    #[error("{0}")]
    Name(&'static str),
    /// Role and worker do not go together.
    #[error("{0}")]
    Role(&'static str),
    /// The name is taken.
    #[error("there is a user of this name")]
    Taken,
    /// There is no such user.
    #[error("no user has this name")]
    Absent,
    /// Somebody else changed the user at the same time.
    #[error("the user was changed by somebody else at this moment: look again")]
    Meanwhile,
    /// The machine could not.
    #[error("a password could not be hashed")]
    Broken,
    /// The record did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<HashError> for Refused {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy => Self::Busy,
            HashError::Broken => Self::Broken,
        }
    }
}

impl From<NoRandomness> for Refused {
    fn from(_: NoRandomness) -> Self {
        Self::Broken
    }
}

impl Gate {
    /// A gate over this record. Sessions that end are told through `live`.
    ///
    /// # Errors
    /// When the system refuses memory or random numbers.
    pub fn new(record: Arc<dyn People>, live: Arc<dyn Live>) -> Result<Self, HashError> {
        Ok(Self { record, live, passwords: Passwords::new()?, throttle: Throttle::default() })
    }

    /// The record.
    pub fn record(&self) -> &dyn People {
        self.record.as_ref()
    }

    /// The passwords.
    pub const fn passwords(&self) -> &Passwords {
        &self.passwords
    }

    /// Opens a session for who knows the password.
    ///
    /// # Errors
    /// [`Refused::Wrong`] and [`Refused::Later`] above all.
    pub async fn sign_in(&self, now: Millis, who: SignIn<'_>, password: &str) -> Result<(Secret, SignedIn), Refused> {
        let user = self.known_by(now, who, password).await?;
        let opened = self.open(now, &user, "signed_in").await?;
        self.succeeded(now, who);
        Ok(opened)
    }

    /// Who knows this password, without a session: for what needs a proof at this very moment. Tries count as those of signing
    /// in do.
    ///
    /// # Errors
    /// [`Refused::Wrong`] and [`Refused::Later`] above all.
    pub async fn prove(&self, now: Millis, who: SignIn<'_>, password: &str) -> Result<User, Refused> {
        let user = self.known_by(now, who, password).await?;
        self.succeeded(now, who);
        Ok(user)
    }

    fn succeeded(&self, now: Millis, who: SignIn<'_>) {
        self.throttle.succeeded(now, &name::folded(who.tenant.0), &name::folded(who.name), who.from);
    }

    async fn known_by(&self, now: Millis, who: SignIn<'_>, password: &str) -> Result<User, Refused> {
        let (tenant_name, compared) = (name::folded(who.tenant.0), name::folded(who.name));
        self.throttle.begin(now, &tenant_name, &compared, who.from).map_err(Refused::Later)?;
        // The same for every name: no hash for what can be nobody's password.
        if BYTES_MAX < password.len() {
            return Err(Refused::Wrong);
        }
        let user = match who.tenant.1 {
            Some(tenant) => self.record.user(tenant, &compared).await?,
            None => None,
        };
        let hash = user.as_ref().map(|user| user.password.as_str());
        let knows = self.passwords.matches(password, hash).await?;
        user.filter(|user| knows && !user.disabled).ok_or(Refused::Wrong)
    }

    pub(super) async fn open(
        &self,
        now: Millis,
        user: &User,
        what: &'static str,
    ) -> Result<(Secret, SignedIn), Refused> {
        let secret = Secret::new()?;
        let opening = Opening {
            tenant: user.tenant,
            name: user.name.clone(),
            password: user.password.clone(),
            hash: secret.hash(),
            at: now,
            limits: LIMITS,
        };
        let deed = Deed { at: now, actor: actor_of(&user.name), what };
        let opened = self.record.open_session(&opening, &deed).await?.ok_or(Refused::Wrong)?;
        if 0 < opened.ended {
            self.tell(user.tenant, &user.name).await;
        }
        let signed_in = signed_in(user, &secret);
        Ok((secret, signed_in))
    }

    /// Who has this session; `None` when it is over or never was.
    ///
    /// # Errors
    /// When the record does not answer.
    pub async fn session(&self, now: Millis, secret: &Secret) -> Result<Option<SignedIn>, StoreError> {
        let hash = secret.hash();
        let Some((row, user)) = self.record.session(&hash).await? else { return Ok(None) };
        if is_over(now, row) || user.disabled {
            return Ok(None);
        }
        if row.seen_at.0 + SEEN_EVERY_MS <= now.0 {
            self.record.touch_session(&hash, now).await?;
        }
        Ok(Some(signed_in(&user, secret)))
    }

    /// Who has this session, where he signed in within so long.
    ///
    /// # Errors
    /// When the record does not answer.
    pub async fn fresh(&self, now: Millis, secret: &Secret, within_ms: u64) -> Result<Option<SignedIn>, StoreError> {
        let Some((row, user)) = self.record.session(&secret.hash()).await? else { return Ok(None) };
        let is_fresh = !is_over(now, row) && now.0 <= row.opened_at.0.saturating_add(within_ms) && !user.disabled;
        Ok(is_fresh.then(|| signed_in(&user, secret)))
    }

    /// Whether this very session goes on as it was: same role, same worker. `used` notes that it is in use.
    ///
    /// # Errors
    /// When the record does not answer.
    pub async fn goes_on(&self, now: Millis, who: &SignedIn, used: bool) -> Result<bool, StoreError> {
        let Some((row, user)) = self.record.session(&who.session).await? else { return Ok(false) };
        let same = user.role == who.role && user.worker == who.worker;
        if is_over(now, row) || user.disabled || !same {
            return Ok(false);
        }
        if used && row.seen_at.0 + SEEN_EVERY_MS <= now.0 {
            self.record.touch_session(&who.session, now).await?;
        }
        Ok(true)
    }

    /// Ends this session.
    ///
    /// # Errors
    /// When the record does not answer.
    pub async fn sign_out(&self, now: Millis, who: &SignedIn) -> Result<(), StoreError> {
        let deed = Deed { at: now, actor: actor_of(&who.name), what: "signed_out" };
        self.record.end_session(&who.session, &deed).await?;
        self.tell(who.tenant, &who.name).await;
        Ok(())
    }

    /// Changes one's own password. All sessions end; the answer is a new one.
    ///
    /// # Errors
    /// [`Refused::Wrong`] when `old` is not the password, [`Refused::Weak`] when `new` is not accepted.
    pub async fn change_own_password(
        &self,
        now: Millis,
        who: &SignedIn,
        (tenant, from): (&str, IpAddr),
        (old, new): (&str, &str),
    ) -> Result<(Secret, SignedIn), Refused> {
        // Whoever found an open page must not guess here at full speed.
        let tenant = name::folded(tenant);
        self.throttle.begin(now, &tenant, &who.name, from).map_err(Refused::Later)?;
        if BYTES_MAX < old.len() {
            return Err(Refused::Wrong);
        }
        let user = self.record.user(who.tenant, &who.name).await?.ok_or(Refused::Absent)?;
        if !self.passwords.matches(old, Some(&user.password)).await? {
            return Err(Refused::Wrong);
        }
        self.throttle.succeeded(now, &tenant, &who.name, from);
        if let Some(why) = weakness(new, &user.name, &tenant) {
            return Err(Refused::Weak(why));
        }
        if name::folded(old) == name::folded(new) {
            return Err(Refused::Weak("this is the old password: choose another"));
        }
        let hash = self.passwords.hash(new).await?;
        let change = UserChange {
            tenant: user.tenant,
            name: user.name.clone(),
            password: Some((hash, false)),
            ..UserChange::default()
        };
        let deed = Deed { at: now, actor: actor_of(&user.name), what: "password_changed" };
        let user = self.change(&change, &deed).await?;
        self.open(now, &user, "signed_in").await
    }

    /// Adds a user.
    ///
    /// # Errors
    /// When name, role or password are not accepted, or the name is taken.
    pub async fn add(&self, now: Millis, actor: &str, user: NewUser, password: &str) -> Result<User, Refused> {
        if let Some(why) = name::fault(&user.name) {
            return Err(Refused::Name(why));
        }
        check_role(user.role, user.worker.as_deref())?;
        if let Some(why) = weakness(password, &user.name, &user.tenant.1) {
            return Err(Refused::Weak(why));
        }
        let row = User {
            tenant: user.tenant.0,
            name: name::folded(&user.name),
            display: user.name,
            role: user.role,
            worker: user.worker,
            password: self.passwords.hash(password).await?,
            must_change: user.must_change,
            disabled: false,
            created_at: now,
            company: None,
        };
        let deed = Deed { at: now, actor: actor.to_owned(), what: "user_added" };
        self.record.add_user(&row, &deed).await?.ok_or(Refused::Taken)
    }

    /// Changes a user; his sessions end, and whoever serves them is told.
    ///
    /// # Errors
    /// When there is no such user, or he has another role by now.
    pub async fn change(&self, change: &UserChange, by: &Deed) -> Result<User, Refused> {
        if let Some((role, worker)) = &change.role {
            check_role(*role, worker.as_deref())?;
        }
        match self.record.change_user(change, by).await? {
            Changed::Done(user) => {
                self.tell(change.tenant, &change.name).await;
                Ok(user)
            }
            Changed::Absent => Err(Refused::Absent),
            Changed::Meanwhile => Err(Refused::Meanwhile),
        }
    }

    /// Listens to whatever may have ended sessions of a user.
    pub async fn notices(&self, who: &SignedIn) -> tokio::sync::broadcast::Receiver<Bytes> {
        self.live.listen(&session_topic(who.tenant, &who.name)).await
    }

    async fn tell(&self, tenant: TenantId, user: &str) {
        self.live.tell(&session_topic(tenant, user), Bytes::new()).await;
    }
}

/// How a user stands in the audit log.
pub fn actor_of(user: &str) -> String {
    format!("user {user}")
}

/// A worker's user is one worker, and nobody else's user is one: else he could speak for anybody, or for two roles.
fn check_role(role: Role, worker: Option<&str>) -> Result<(), Refused> {
    match (role, worker) {
        (Role::Integrator, _) => Err(Refused::Role("integrators are programs: give them a key")),
        (Role::Worker, None) => Err(Refused::Role("a user with the role worker is one: name the worker")),
        (Role::Worker, Some(_)) | (_, None) => Ok(()),
        (_, Some(_)) => Err(Refused::Role("only a user with the role worker is a worker")),
    }
}

fn is_over(now: Millis, row: SessionRow) -> bool {
    row.opened_at.0 + LIMITS.total_ms <= now.0 || row.seen_at.0 + LIMITS.idle_ms <= now.0
}

fn signed_in(user: &User, secret: &Secret) -> SignedIn {
    SignedIn {
        tenant: user.tenant,
        name: user.name.clone(),
        display: user.display.clone(),
        role: user.role,
        worker: user.worker.clone(),
        must_change: user.must_change,
        session: secret.hash(),
        csrf: secret.csrf(),
    }
}
