//! Reading reviews: the one that a notice points to, and the list of the latest.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use blendline_wire::Millis;
use blendline_wire::outbound::SendOutcome;
use reqwest::Url;

use super::{DEFAULT_BASE_URL, normalise, send};
use crate::{Account, FetchError, Poll, call, fetch, json};

/// How often the list is looked at by itself, in seconds.
const INTERVAL_S: u64 = 900;
/// A review has at most 4,096 characters.
const REVIEW_BYTES_MAX: usize = 64 * 1024;

/// The latest reviews of the account's location; `None` where it names none or has no credentials.
pub(super) fn list(account: &Account) -> Option<Poll> {
    account.setting("refresh_token").or(account.setting("access_token"))?;
    let mut url = resource(account, &account.external_id, &["accounts", "locations"], Some("reviews"))?;
    url.query_pairs_mut().append_pair("pageSize", "50").append_pair("orderBy", "updateTime desc");
    Some(Poll {
        url,
        bearer: None,
        authorization: None,
        interval_ms: Poll::interval_ms(account, "interval_s", INTERVAL_S),
    })
}

/// The notice with the review inside that it points to.
pub(super) async fn completed(
    account: &Account,
    body: &[u8],
    now: Millis,
    http: &reqwest::Client,
) -> Result<Option<Vec<u8>>, FetchError> {
    let Ok(mut root) = json::parse(body) else { return Ok(None) };
    let Some((mut notice, pointer)) = normalise::pointer(&root) else { return Ok(None) };
    let Some(url) = resource(account, &pointer, &["accounts", "locations", "reviews"], None) else { return Ok(None) };
    if account.setting("refresh_token").or(account.setting("access_token")).is_none() {
        return Ok(None);
    }
    let token = match send::token(account, now, http).await {
        Ok(token) => token,
        Err(SendOutcome::AccountDown { cause }) => return Err(FetchError::Settings(cause.detail)),
        Err(_) => return Err(FetchError::Later("no token could be had".to_owned())),
    };
    let review = fetch::ours(http.get(url).bearer_auth(token), REVIEW_BYTES_MAX).await?.bytes;
    notice["review"] = json::parse(&review).map_err(|_| FetchError::Damaged)?;
    root["message"]["data"] = BASE64_STANDARD.encode(notice.to_string()).into();
    Ok(Some(root.to_string().into_bytes()))
}

/// The address of a resource whose name is made of these collections and an id in each; `None` where it is another.
fn resource(account: &Account, name: &str, collections: &[&str], within: Option<&str>) -> Option<Url> {
    let segments: Vec<&str> = name.split('/').collect();
    let is_named = segments.len() == collections.len() * 2
        && segments.chunks(2).zip(collections).all(|(pair, known)| pair[0] == *known && !pair[1].is_empty());
    let path: Vec<&str> = std::iter::once("v4").chain(segments).chain(within).collect();
    call::endpoint(account, DEFAULT_BASE_URL, &path).ok().filter(|_| is_named)
}
