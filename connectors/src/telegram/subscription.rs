//! What `getWebhookInfo` says (Bot API, WebhookInfo): where updates are posted, and what became of the last.

use crate::json;

/// How much of the platform's own words is shown.
const WORDS_CHARS_MAX: usize = 200;

/// Whether updates come to `webhook`, a path.
pub(super) fn told(answer: &[u8], webhook: &str) -> Result<String, String> {
    let unreadable = || "the platform's answer cannot be read".to_owned();
    let root = json::parse(answer).map_err(|_| unreadable())?;
    let info = &root["result"];
    let url = info["url"].as_str().ok_or_else(unreadable)?;
    if url.is_empty() {
        return Err(format!("no webhook is set: call setWebhook with your address, {webhook}, and the secret_token"));
    }
    if !url.ends_with(webhook) {
        return Err(format!("updates are posted to another address: call setWebhook with yours, {webhook}"));
    }
    if let Some(words) = info["last_error_message"].as_str() {
        let words: String = words.chars().filter(|letter| !letter.is_control()).take(WORDS_CHARS_MAX).collect();
        return Err(format!("the last update could not be delivered: {words}"));
    }
    let waiting = json::number(&info["pending_update_count"]).unwrap_or(0);
    Ok(format!("updates are posted to this account, and {waiting} wait"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_platform_says_of_the_webhook() {
        let path = "/v1/webhooks/telegram/main";
        let told = |info: &str| told(format!(r#"{{"ok":true,"result":{info}}}"#).as_bytes(), path);
        let good = r#"{"url":"https://shop.example/v1/webhooks/telegram/main","pending_update_count":3}"#;
        assert_eq!(told(good).unwrap(), "updates are posted to this account, and 3 wait");
        for (info, says) in [
            (r#"{"url":""}"#, "no webhook is set"),
            (r#"{"url":"https://shop.example/other"}"#, "another address"),
            (&good.replace("\"pending", "\"last_error_message\":\"404 Not\\n Found\",\"pending"), "404 Not Found"),
            ("{}", "cannot be read"),
        ] {
            let error = told(info).unwrap_err();
            assert!(error.contains(says), "{info}: {error}");
        }
    }
}
