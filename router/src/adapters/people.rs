//! What a change of people is, whatever the database: decided here, written by each store in one transaction with its
//! entry in the audit log.

use serde_json::{Value, json};

use crate::ports::people::{User, UserChange};

/// Changes a user; gives how he was and is, for the log.
pub(in crate::adapters) fn apply(change: &UserChange, user: &mut User) -> (Value, Value) {
    let before = shown(user);
    if let Some((role, worker)) = &change.role {
        user.role = *role;
        user.worker.clone_from(worker);
    }
    user.disabled = change.disabled.unwrap_or(user.disabled);
    if let Some((password, must_change)) = &change.password {
        user.password.clone_from(password);
        user.must_change = *must_change;
    }
    if let Some(company) = &change.company {
        user.company.clone_from(company);
    }
    let mut after = shown(user);
    if change.password.is_some() {
        // The log tells that there is a new password, and neither of the two.
        after["password"] = json!("changed");
    }
    (before, after)
}

/// A user as the log shows him: without anything secret.
pub(in crate::adapters) fn shown(user: &User) -> Value {
    let mut shown = json!({
        "name": user.display,
        "role": user.role,
        "worker": user.worker,
        "disabled": user.disabled,
        "must_change": user.must_change,
    });
    if user.company.is_some() {
        shown["company_account"] = json!(true);
    }
    shown
}
