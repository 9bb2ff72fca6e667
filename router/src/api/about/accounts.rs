//! Accounts, and how each of them is.

use serde_json::json;

use crate::api::accounts::AccountInfo;
use crate::openapi::about::{About, Tag};

pub(in crate::api) fn list() -> About {
    About::new("list_accounts", Tag::Operations, "List the accounts and how each of them is")
        .gives_page::<AccountInfo>("Accounts; `next` is null.")
        .such_as(json!({
            "items": [{
                "channel": "whatsapp_cloud", "account": "support", "state": "credentials_refused",
                "says": "The platform refuses our credentials. Set new ones in the configuration and restart; messages wait.",
                "detail": "the platform refuses the credentials of the account: set new ones",
                "since": "2026-11-25T09:31:00Z"
            }],
            "next": null
        }))
}
