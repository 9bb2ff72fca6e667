//! How a number stands: what its token may do, whether it is connected, and whether an app has what is written to it.

use serde_json::Value;

use super::{DEFAULT_API_VERSION, DEFAULT_BASE_URL};
use crate::standing::{Standing, ask};
use crate::{Account, call, json};

/// What sending needs, and what managing does (WhatsApp Business Platform, permissions).
const MESSAGING: &str = "whatsapp_business_messaging";
const MANAGEMENT: &str = "whatsapp_business_management";
/// Business accounts of one token whose subscriptions are looked at.
const BUSINESSES_MAX: usize = 5;

/// Looks at all three; what the call lacks is told with the platform's own finding.
pub(super) async fn look(account: &Account, http: &reqwest::Client) -> Vec<Standing> {
    let Ok(token) = call::credential(account, "access_token") else { return Vec::new() };
    let get = |parts: &[&str], query: &[(&str, &str)]| {
        let version = account.setting("api_version").unwrap_or(DEFAULT_API_VERSION);
        let mut url = call::endpoint(account, DEFAULT_BASE_URL, &[&[version], parts].concat()).ok()?;
        url.query_pairs_mut().extend_pairs(query);
        Some(http.get(url).bearer_auth(token))
    };
    let asked = async |parts: &[&str], query: &[(&str, &str)]| match get(parts, query) {
        Some(call) => ask(call).await,
        None => None,
    };
    let fields = [("fields", "status,code_verification_status,quality_rating")];
    let (told, number) =
        (asked(&["debug_token"], &[("input_token", token)]).await, asked(&[&account.external_id], &fields).await);
    let mut standings = vec![permission(told.as_ref()), state(number.as_ref())];
    let businesses = told.as_ref().map(businesses).unwrap_or_default();
    if businesses.is_empty() {
        let why = "the token does not name its business account: see that the app is subscribed to it, by its subscribed_apps";
        standings.push(Standing::unknown("subscription", why));
    }
    for business in businesses.iter().take(BUSINESSES_MAX) {
        standings.push(subscription(business, asked(&[business, "subscribed_apps"], &[]).await.as_ref()));
    }
    standings
}

/// What the token may do, by what the platform tells of it.
fn permission(told: Option<&Value>) -> Standing {
    const WHAT: &str = "permission";
    let Some(data) = told.map(|told| &told["data"]).filter(|data| data.is_object()) else {
        return Standing::unknown(
            WHAT,
            "the platform does not say what the token may do: see it in the app's dashboard",
        );
    };
    if data["is_valid"] == false {
        return Standing::badly(WHAT, "the token is not valid any more: make one for a system user, and configure it");
    }
    let has = |scope: &str| json::items(&data["scopes"]).iter().any(|own| own == scope);
    if !has(MESSAGING) {
        return Standing::badly(WHAT, format!("the token lacks {MESSAGING}, without which nothing can be sent"));
    }
    let ends = json::number(&data["expires_at"]).filter(|at| 0 < *at);
    match (ends, has(MANAGEMENT)) {
        (Some(_), _) => Standing::badly(WHAT, "the token ends by itself: make one of a system user that does not"),
        (None, true) => Standing::well(WHAT, format!("the token has {MESSAGING} and {MANAGEMENT}, and does not end")),
        (None, false) => {
            Standing::well(WHAT, format!("the token has {MESSAGING}, and does not end; templates need {MANAGEMENT}"))
        }
    }
}

/// Whether the number can send and hear.
fn state(number: Option<&Value>) -> Standing {
    const WHAT: &str = "number";
    let word = |name: &str| number.and_then(|number| number[name].as_str());
    match (word("status"), word("code_verification_status")) {
        (Some("CONNECTED"), _) => {
            let quality = word("quality_rating").filter(|quality| *quality != "UNKNOWN").unwrap_or("not rated yet");
            Standing::well(WHAT, format!("it is connected; its quality: {quality}"))
        }
        (Some("BANNED" | "RESTRICTED" | "FLAGGED" | "RATE_LIMITED"), _) => {
            let status = word("status").unwrap_or_default();
            Standing::badly(
                WHAT,
                format!("it is {status}: see its quality and the account's violations in the WhatsApp Manager"),
            )
        }
        (Some(status), _) => {
            Standing::badly(WHAT, format!("it is {status}: register it, by POST to its edge `register` with its PIN"))
        }
        (None, Some("NOT_VERIFIED" | "EXPIRED")) => {
            Standing::badly(WHAT, "it is not verified: have a code sent to it, and enter it in the WhatsApp Manager")
        }
        (None, _) => Standing::unknown(WHAT, "the platform does not say whether it is connected"),
    }
}

/// The business accounts that the token was given rights for.
fn businesses(told: &Value) -> Vec<String> {
    let scopes = json::items(&told["data"]["granular_scopes"]).iter();
    let of_us = scopes.filter(|scope| scope["scope"] == MANAGEMENT || scope["scope"] == MESSAGING);
    let mut ids: Vec<String> =
        of_us.flat_map(|scope| json::items(&scope["target_ids"])).filter_map(json::text).collect();
    ids.retain(|id| id.bytes().all(|byte| byte.is_ascii_digit()));
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Whether an app has what is written to a business account's numbers.
fn subscription(business: &str, answer: Option<&Value>) -> Standing {
    const WHAT: &str = "subscription";
    let Some(apps) = answer.and_then(|answer| answer["data"].as_array()) else {
        let why = format!(
            "the platform does not say which apps business account {business} is subscribed to: that needs {MANAGEMENT}"
        );
        return Standing::unknown(WHAT, why);
    };
    if apps.is_empty() {
        let cure = format!("no app has what is written to business account {business}: POST to its subscribed_apps");
        return Standing::badly(WHAT, cure);
    }
    let name = |app: &Value| json::text(&app["whatsapp_business_api_data"]["name"]);
    let names: Vec<String> = apps.iter().filter_map(name).collect();
    Standing::well(
        WHAT,
        format!(
            "business account {business} posts to {}",
            if names.is_empty() { "an app".to_owned() } else { names.join(", ") }
        ),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::standing::Stands;

    fn is_bad(standing: &Standing, word: &str) -> bool {
        matches!(&standing.stands, Stands::Badly(says) if says.contains(word))
    }

    #[test]
    fn what_is_wrong_is_told_with_its_cure() {
        let token = |data: Value| permission(Some(&json!({ "data": data })));
        assert!(is_bad(&token(json!({ "is_valid": false })), "system user"));
        assert!(is_bad(&token(json!({ "is_valid": true, "scopes": [MANAGEMENT] })), MESSAGING));
        assert!(is_bad(
            &token(json!({ "is_valid": true, "scopes": [MESSAGING], "expires_at": 1_665_090_000 })),
            "ends"
        ));
        assert!(matches!(token(json!({ "scopes": [MESSAGING], "expires_at": 0 })).stands, Stands::Well(_)));
        assert!(matches!(permission(None).stands, Stands::Unknown(_)));
        assert!(is_bad(&state(Some(&json!({ "status": "PENDING" }))), "register"));
        assert!(is_bad(&state(Some(&json!({ "status": "BANNED" }))), "BANNED"));
        assert!(is_bad(&state(Some(&json!({ "code_verification_status": "EXPIRED" }))), "not verified"));
        assert!(matches!(state(Some(&json!({ "id": "1" }))).stands, Stands::Unknown(_)));
        assert!(is_bad(&subscription("9", Some(&json!({ "data": [] }))), "subscribed_apps"));
        assert!(matches!(subscription("9", None).stands, Stands::Unknown(_)));
        let told = json!({ "data": { "granular_scopes": [
            { "scope": MESSAGING, "target_ids": ["2", "1"] }, { "scope": MANAGEMENT, "target_ids": ["1", "../me"] },
            { "scope": "email", "target_ids": ["3"] }, { "scope": MESSAGING },
        ] } });
        assert_eq!(businesses(&told), ["1", "2"]);
    }
}
