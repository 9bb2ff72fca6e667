//! Users, and who changed what.

use serde_json::{Value, json};

use crate::api::audit::{self, AuditPage};
use crate::api::keys::KeyInfo;
use crate::api::users::{Addition, Change, UserInfo, Wanted};
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{
    BAD_NAME, BAD_ROLE, MEANWHILE, NAME_TAKEN, OWN_USER, UNKNOWN_USER, UNKNOWN_WORKER, WEAK_PASSWORD,
};

fn user() -> Value {
    json!({
        "name": "Dana", "role": "worker", "worker": "dana", "disabled": false, "must_change": true,
        "created_at": "2026-11-25T09:30:00Z"
    })
}

pub(in crate::api) fn list() -> About {
    About::new("list_users", Tag::Users, "List users by name")
        .asks::<Wanted>()
        .gives_page::<UserInfo>("Users.")
        .such_as(json!({ "items": [user()], "next": null }))
}

pub(in crate::api) fn add() -> About {
    About::new("add_user", Tag::Users, "Add a user")
        .text("At his first sign-in he must choose a password of his own. Only an administrator adds one.")
        .takes::<Addition>(json!({ "name": "Dana", "role": "worker", "worker": "dana" }))
        .gives::<UserInfo>(201, "The user; `one_time_password` is told here and never again.")
        .such_as(user())
        .fails(&[UNKNOWN_WORKER, NAME_TAKEN, BAD_NAME, BAD_ROLE, WEAK_PASSWORD])
}

pub(in crate::api) fn change() -> About {
    About::new("change_user", Tag::Users, "Change a user")
        .text("What is not named stays. His sessions end at once, open connections too.")
        .place::<String>("name", "The user.")
        .takes::<Change>(json!({ "disabled": true }))
        .gives::<UserInfo>(200, "The user; `one_time_password` is told here and never again.")
        .such_as(user())
        .fails(&[UNKNOWN_USER, UNKNOWN_WORKER, OWN_USER, MEANWHILE, BAD_ROLE, WEAK_PASSWORD])
}

pub(in crate::api) fn audit() -> About {
    About::new("list_audit", Tag::Users, "Read the audit log, oldest first")
        .text(
            "Each entry has the hash of the one before; `head` is the log's end. Whoever keeps it elsewhere can prove \
             later that nothing was cut off or written anew.",
        )
        .asks::<audit::Wanted>()
        .gives::<AuditPage>(200, "Entries.")
        .such_as(json!({
            "items": [{
                "seq": 1, "at": 1_795_599_000_000_u64, "tenant": "ten_1", "actor": "user noa", "what": "user_added",
                "subject": "dana", "before": null, "after": { "role": "worker" }, "prev": "0000…", "hash": "9c1d…"
            }],
            "next": null, "head": { "seq": 1, "hash": "9c1d…" }
        }))
}

pub(in crate::api) fn keys() -> About {
    About::new("list_keys", Tag::Users, "List the keys of programs, without what would let anybody use them")
        .text("Keys are configured: `blendline key new` makes one.")
        .gives_page::<KeyInfo>("All keys; `next` is null.")
        .such_as(json!({ "items": [{ "name": "crm", "role": "integrator", "worker": null }], "next": null }))
}
