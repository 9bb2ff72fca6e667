//! Who a token's claims say somebody is, in our words.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Refusal;
use super::token::Claims;
use crate::config::CompanySignIn;
use crate::directory::Role;
use crate::people::name;

/// Roles, the one that counts first where somebody has several.
const RANKS: [Role; 5] = [Role::Admin, Role::Operations, Role::Supervisor, Role::Auditor, Role::Worker];

/// Somebody as his company's provider knows him.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Identity {
    /// His name, as it is to be shown; a good one.
    pub name: String,
    /// His account there: a hash of the issuer and `sub`, which alone is his for ever (Core, section 5.7).
    pub account: String,
    /// What he may do here; `None` where the record says.
    pub role: Option<Role>,
    /// The worker he would be.
    pub worker: Option<String>,
}

impl Identity {
    /// Reads it from the claims of a verified token.
    ///
    /// # Errors
    /// When they hold no name that can be one here, or no group that is a role.
    pub(super) fn read(settings: &CompanySignIn, claims: &Claims) -> Result<Self, Refusal> {
        let text = |name: &str| found(claims, name).and_then(Value::as_str);
        let name = text(&settings.name_claim).ok_or(Refusal::Stranger("the token has no name"))?;
        if name::fault(name).is_some() {
            return Err(Refusal::Stranger("the token's name is no name here"));
        }
        // An address that nobody has proved to be his names whomever he likes.
        if settings.name_claim == "email" && claims.get("email_verified").and_then(Value::as_bool) == Some(false) {
            return Err(Refusal::Stranger("the address is not verified"));
        }
        let role = match &settings.role_claim {
            Some(claim) => Some(role(settings, found(claims, claim)).ok_or(Refusal::NoRole)?),
            None => None,
        };
        let mut account = Sha256::new();
        account.update(&settings.issuer);
        account.update([0]);
        account.update(claims.get("sub").and_then(Value::as_str).unwrap_or_default());
        Ok(Self {
            name: name.to_owned(),
            account: hex::encode(account.finalize()),
            role,
            worker: text(&settings.worker_claim).map(str::to_owned),
        })
    }
}

/// A claim by its name, else by its path: `realm_access.roles`.
fn found<'a>(claims: &'a Claims, name: &str) -> Option<&'a Value> {
    claims.get(name).or_else(|| {
        let mut parts = name.split('.');
        parts.next().and_then(|first| parts.try_fold(claims.get(first)?, |value, part| value.get(part)))
    })
}

fn role(settings: &CompanySignIn, groups: Option<&Value>) -> Option<Role> {
    let has = |group: &str| match groups {
        Some(Value::String(one)) => one == group,
        Some(Value::Array(all)) => all.iter().any(|one| one.as_str() == Some(group)),
        _ => false,
    };
    let given: Vec<Role> = settings.roles.iter().filter(|(group, _)| has(group)).map(|(_, role)| *role).collect();
    RANKS.into_iter().find(|role| given.contains(role))
}
