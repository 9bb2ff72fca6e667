//! Asking a platform that does not post to us: what to ask for. Who asks, and how often, is the caller's part.

use reqwest::Url;

use crate::Secret;

/// One request whose answer is a body for [`crate::Connector::normalise`].
#[derive(Clone, Debug)]
pub struct Poll {
    /// What to get.
    pub url: Url,
    /// The token that goes along as `Authorization: Bearer`.
    pub bearer: Option<Secret>,
    /// All of the header `Authorization`, where it is more than a token: one made for this request alone.
    pub authorization: Option<Secret>,
    /// How long to wait between two requests, in milliseconds.
    pub interval_ms: u64,
}

impl Poll {
    /// The seconds in the setting `name` as milliseconds.
    pub(crate) fn interval_ms(account: &crate::Account, name: &str, default_s: u64) -> u64 {
        account.setting(name).and_then(|text| text.parse().ok()).unwrap_or(default_s).clamp(1, 86_400) * 1000
    }
}
