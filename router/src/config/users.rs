//! Users who are made at the first start.

use std::collections::BTreeSet;

use blendline_connectors::Secret;
use serde::Deserialize;
use toml::Spanned;

use super::error::{ConfigError, Source, did_you_mean};
use super::secret;
use crate::directory::Role;
use crate::people::name::{fault, folded};
use crate::people::password::weakness;

/// A user who is made at the first start.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserFile {
    pub(super) name: Spanned<String>,
    pub(super) role: Spanned<Role>,
    pub(super) worker: Option<Spanned<String>>,
    pub(super) password: Spanned<String>,
}

/// A user to be made unless there is one of this name.
#[derive(Clone, Debug)]
pub struct CheckedUser {
    /// His name.
    pub name: String,
    /// What he may do.
    pub role: Role,
    /// The worker he is.
    pub worker: Option<String>,
    /// His password for the first sign-in.
    pub password: Secret,
}

/// Checks the users of one tenant.
pub(super) fn users(
    source: &Source<'_>,
    tenant: &str,
    written: &[UserFile],
    workers: &BTreeSet<&str>,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<CheckedUser>, ConfigError> {
    let mut names = BTreeSet::new();
    let mut users = Vec::new();
    for user in written {
        let name = user.name.get_ref();
        if let Some(why) = fault(name) {
            return Err(source.error(user.name.span(), why, "choose another name"));
        }
        if !names.insert(folded(name)) {
            let hint = "names are compared without regard to case and form: give each user his own";
            return Err(source.error(user.name.span(), format!("there is a user `{name}` already"), hint));
        }
        match (*user.role.get_ref(), &user.worker) {
            (Role::Integrator, _) => {
                let hint = "integrators are programs: give them a [[tenant.key]]";
                return Err(source.error(user.role.span(), "a user is a person", hint));
            }
            (Role::Worker, None) => {
                let hint = "name the worker he is: worker = \"…\"";
                return Err(source.error(user.role.span(), "a user with the role worker is one", hint));
            }
            (Role::Worker, Some(worker)) if !workers.contains(worker.get_ref().as_str()) => {
                let hint = did_you_mean(worker.get_ref(), workers.iter().copied());
                return Err(source.error(worker.span(), format!("there is no worker `{}`", worker.get_ref()), hint));
            }
            (Role::Worker, Some(_)) | (_, None) => {}
            (_, Some(worker)) => {
                let hint = "give him the role worker, or remove the worker";
                return Err(source.error(worker.span(), "only a user with the role worker is a worker", hint));
            }
        }
        let password = secret::fetch(user.password.get_ref(), env)
            .map_err(|(message, hint)| source.error(user.password.span(), message, hint))?;
        if let Some(why) = weakness(&password, name, tenant) {
            return Err(source.error(user.password.span(), why, "he must choose another at his first sign-in anyway"));
        }
        users.push(CheckedUser {
            name: name.clone(),
            role: *user.role.get_ref(),
            worker: user.worker.as_ref().map(|worker| worker.get_ref().clone()),
            password: Secret::new(password),
        });
    }
    Ok(users)
}
