//! Whether X posts to us: that it has our webhook and found it valid, and that the account is subscribed by it.

use serde_json::Value;

use super::DEFAULT_BASE_URL;
use crate::standing::{Standing, ask};
use crate::{Account, call, json};

/// Where a generation of webhooks tells of its subscriptions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Generation {
    /// Account Activity: a list under each webhook.
    Account,
    /// X Activity: one list, each by kind of event.
    Activity,
}

/// Looks at the webhooks of the app, and at the subscriptions of the account; `path` is where the account takes webhooks.
pub(crate) async fn look(
    generation: Generation,
    account: &Account,
    path: &str,
    http: &reqwest::Client,
) -> Vec<Standing> {
    let Some(token) = account.setting("bearer_token") else {
        let why = "only the app may ask X for it: set bearer_token, or see the developer portal";
        return vec![Standing::unknown("webhook", why)];
    };
    let asked = async |parts: &[&str]| match call::endpoint(account, DEFAULT_BASE_URL, parts) {
        Ok(url) => ask(http.get(url).bearer_auth(token)).await,
        Err(_) => None,
    };
    let Some(hooks) = asked(&["2", "webhooks"]).await else {
        return vec![Standing::unknown(
            "webhook",
            "X does not say which webhooks the app has: see that bearer_token is right",
        )];
    };
    let ours = json::items(&hooks["data"]).iter().find(|hook| is_at(hook, path));
    let Some((ours, id)) = ours.and_then(|hook| Some((hook, json::text(&hook["id"])?))) else {
        return vec![Standing::badly(
            "webhook",
            format!("the app has no webhook that ends in {path}: POST one to /2/webhooks"),
        )];
    };
    let valid = if ours["valid"] == true {
        Standing::well("webhook", "X has it and finds it valid")
    } else {
        Standing::badly(
            "webhook",
            format!("X finds it invalid: see that the challenge is answered, then PUT /2/webhooks/{id}"),
        )
    };
    let answer = match generation {
        Generation::Account => asked(&["2", "account_activity", "webhooks", &id, "subscriptions", "all", "list"]).await,
        Generation::Activity => asked(&["2", "activity", "subscriptions"]).await,
    };
    vec![valid, subscription(generation, answer.as_ref(), &account.external_id, &id)]
}

/// True where the webhook's address ends in our path.
fn is_at(hook: &Value, path: &str) -> bool {
    let url = hook["url"].as_str().and_then(|url| reqwest::Url::parse(url).ok());
    url.is_some_and(|url| url.path().ends_with(path))
}

fn subscription(generation: Generation, answer: Option<&Value>, user: &str, hook: &str) -> Standing {
    const WHAT: &str = "subscription";
    let Some(data) = answer.map(|answer| &answer["data"]) else {
        return Standing::unknown(WHAT, "X does not say who is subscribed");
    };
    let is = |value: &Value, text: &str| json::text(value).as_deref() == Some(text);
    match generation {
        Generation::Account if json::items(&data["subscriptions"]).iter().any(|one| is(&one["user_id"], user)) => {
            Standing::well(WHAT, "the account is subscribed by this webhook")
        }
        Generation::Account => Standing::badly(
            WHAT,
            format!(
                "the account is not subscribed: POST /2/account_activity/webhooks/{hook}/subscriptions/all with its own token"
            ),
        ),
        Generation::Activity => {
            let ours = |one: &&Value| {
                is(&one["filter"]["user_id"], user) && (one["webhook_id"].is_null() || is(&one["webhook_id"], hook))
            };
            let kinds: Vec<String> =
                json::items(data).iter().filter(ours).filter_map(|one| json::text(&one["event_type"])).collect();
            if kinds.is_empty() {
                let cure = "the account has no subscription: POST /2/activity/subscriptions for post.mention.create, dm.received and what else is to come";
                return Standing::badly(WHAT, cure);
            }
            Standing::well(WHAT, format!("X posts {}", kinds.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::standing::Stands;

    #[test]
    fn a_subscription_is_this_accounts_by_this_webhook() {
        let of = |generation, answer: Value| subscription(generation, Some(&answer), "20", "7").stands;
        let list = json!({ "data": { "subscriptions": [{ "user_id": "10" }, { "user_id": "20" }] } });
        assert!(matches!(of(Generation::Account, list), Stands::Well(_)));
        let other = json!({ "data": { "subscriptions": [{ "user_id": "10" }] } });
        assert!(matches!(of(Generation::Account, other), Stands::Badly(says) if says.contains("/webhooks/7/")));
        let kinds = json!({ "data": [
            { "event_type": "post.mention.create", "filter": { "user_id": "20" }, "webhook_id": "7" },
            { "event_type": "dm.received", "filter": { "user_id": "20" }, "webhook_id": "8" },
            { "event_type": "follow", "filter": { "user_id": "10" }, "webhook_id": "7" },
        ] });
        assert_eq!(of(Generation::Activity, kinds), Stands::Well("X posts post.mention.create".into()));
        assert!(matches!(of(Generation::Activity, json!({})), Stands::Badly(_)));
        assert!(is_at(&json!({ "url": "https://shop.example/v1/webhooks/x_xaa/main" }), "/v1/webhooks/x_xaa/main"));
        assert!(!is_at(&json!({ "url": "https://shop.example/v1/webhooks/x_xaa/other" }), "/v1/webhooks/x_xaa/main"));
    }
}
