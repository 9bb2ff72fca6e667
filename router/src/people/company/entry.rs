//! Letting in who came back from his company's provider: as a user who is known, or as a new one.

use blendline_wire::{Millis, TenantId};

use super::Refusal;
use super::identity::Identity;
use crate::config::Users;
use crate::directory::Role;
use crate::people::gate::{Gate, NewUser, Refused, SignedIn, actor_of};
use crate::people::name::folded;
use crate::people::password::one_time;
use crate::people::session::Secret;
use crate::ports::people::{Deed, User, UserChange};

/// Where somebody comes in.
#[derive(Clone, Copy, Debug)]
pub struct Door<'a> {
    /// Whose, by handle and by name.
    pub tenant: (TenantId, &'a str),
    /// Who may.
    pub users: Users,
}

impl Gate {
    /// Opens a session for him. `worker_called` gives the worker of a name, as the configuration writes it.
    ///
    /// # Errors
    /// When he is no user and may not become one, when his name is another account's, or when he has no role.
    pub async fn let_in(
        &self,
        now: Millis,
        door: Door<'_>,
        who: &Identity,
        worker_called: impl Fn(&str) -> Option<String>,
    ) -> Result<(Secret, SignedIn), Refusal> {
        let worker = match who.role {
            Some(Role::Worker) => Some(who.worker.as_deref().and_then(worker_called).ok_or(Refusal::NoWorker)?),
            _ => None,
        };
        let known = self.record().user(door.tenant.0, &folded(&who.name)).await.map_err(|_| Refusal::Broken)?;
        let user = match known {
            Some(user) => user,
            None if door.users == Users::Created => self.create(now, door, who, worker.clone()).await?,
            None => return Err(Refusal::Stranger("nobody has this name")),
        };
        if user.disabled {
            return Err(Refusal::Stranger("he is disabled"));
        }
        // Names change hands; accounts do not. Who has the name now need not be who had it then.
        if user.company.as_ref().is_some_and(|account| *account != who.account) {
            return Err(Refusal::Stranger("the name is tied to another account"));
        }
        let user = self.settle(now, user, who, worker).await?;
        self.open(now, &user, "signed_in_with_company").await.map_err(refusal)
    }

    async fn create(
        &self,
        now: Millis,
        door: Door<'_>,
        who: &Identity,
        worker: Option<String>,
    ) -> Result<User, Refusal> {
        let new = NewUser {
            tenant: (door.tenant.0, door.tenant.1.to_owned()),
            name: who.name.clone(),
            role: who.role.ok_or(Refusal::NoRole)?,
            worker,
            must_change: false,
        };
        // Nobody is told this password: he has none.
        let password = one_time().map_err(|_| Refusal::Broken)?;
        match self.add(now, &actor_of(&folded(&who.name)), new, &password).await {
            Ok(user) => Ok(user),
            // He came in twice in this moment.
            Err(Refused::Taken) => {
                let found = self.record().user(door.tenant.0, &folded(&who.name)).await;
                found.ok().flatten().ok_or(Refusal::Broken)
            }
            Err(refused) => Err(refusal(refused)),
        }
    }

    /// Ties him to his account and gives him the role that he has by now; nothing is written where all is as it was.
    async fn settle(&self, now: Millis, user: User, who: &Identity, worker: Option<String>) -> Result<User, Refusal> {
        let moved = who.role.is_some_and(|role| role != user.role || worker != user.worker);
        let tied = user.company.is_some();
        if tied && !moved && !user.must_change {
            return Ok(user);
        }
        // A password for one time would have to be changed first, and he need not know it: it is nobody's from now on.
        let password = if user.must_change {
            let nobodys = one_time().map_err(|_| Refusal::Broken)?;
            let hash = self.passwords().hash(&nobodys).await.map_err(|error| refusal(error.into()))?;
            Some((hash, false))
        } else {
            None
        };
        let change = UserChange {
            tenant: user.tenant,
            name: user.name.clone(),
            only_if: Some(user.role),
            role: who.role.filter(|_| moved).map(|role| (role, worker)),
            password,
            company: (!tied).then(|| Some(who.account.clone())),
            ..UserChange::default()
        };
        let deed = Deed { at: now, actor: actor_of(&user.name), what: "user_changed" };
        self.change(&change, &deed).await.map_err(refusal)
    }
}

fn refusal(refused: Refused) -> Refusal {
    match refused {
        Refused::Busy | Refused::Later(_) | Refused::Meanwhile => Refusal::Busy,
        Refused::Wrong | Refused::Absent => Refusal::Stranger("he was changed at this moment"),
        Refused::Name(_) => Refusal::Stranger("the token's name is no name here"),
        _ => Refusal::Broken,
    }
}
