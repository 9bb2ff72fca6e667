//! Which of a Page's happenings are posted (Graph API, Page, edge `subscribed_apps`): the app may be set up and the Page not
//! be subscribed to it, and then nothing ever comes.

use blendline_wire::outbound::SendFailure;
use reqwest::RequestBuilder;

use super::{DEFAULT_API_VERSION, DEFAULT_BASE_URL};
use crate::{Account, call, json};

/// The question which apps the Page is subscribed to, and for what.
pub(crate) fn ask(account: &Account, http: &reqwest::Client) -> Result<RequestBuilder, SendFailure> {
    let token = call::credential(account, "access_token")?;
    let version = account.setting("api_version").unwrap_or(DEFAULT_API_VERSION);
    let url = call::endpoint(account, DEFAULT_BASE_URL, &[version, &account.external_id, "subscribed_apps"])?;
    Ok(http.get(url).bearer_auth(token))
}

/// Whether all of `wanted` are posted to an app.
pub(crate) fn told(answer: &[u8], wanted: &[&str]) -> Result<String, String> {
    let root = json::parse(answer).map_err(|_| "the platform's answer cannot be read".to_owned())?;
    let apps = json::items(&root["data"]);
    let has =
        |field: &str| apps.iter().any(|app| json::items(&app["subscribed_fields"]).iter().any(|own| own == field));
    let missing: Vec<&str> = wanted.iter().copied().filter(|field| !has(field)).collect();
    if missing.is_empty() {
        return Ok(format!("the Page posts {} to an app", wanted.join(", ")));
    }
    let missing = missing.join(", ");
    Err(format!("no app has {missing} of the Page: POST its subscribed_apps with subscribed_fields={missing}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_page_is_subscribed_to() {
        let answer = br#"{"data":[{"id":"1","subscribed_fields":["feed"]},{"id":"2","subscribed_fields":["messages","mention"]}]}"#;
        assert_eq!(told(answer, &["feed", "mention"]).unwrap(), "the Page posts feed, mention to an app");
        assert!(told(answer, &["ratings"]).unwrap_err().contains("subscribed_fields=ratings"));
        for odd in [&b"{}"[..], br#"{"data":[]}"#, br#"{"data":{"subscribed_fields":"feed"}}"#, b"<html>"] {
            assert!(told(odd, &["feed"]).is_err());
        }
    }
}
