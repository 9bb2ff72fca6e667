//! A file of a customer: its address is asked for first, and lives five minutes.

use blendline_wire::inbound::Attachment;
use sha2::{Digest, Sha256};

use super::{DEFAULT_API_VERSION, DEFAULT_BASE_URL};
use crate::fetch::{self, FetchError, Fetched};
use crate::{Account, call, json};

/// Where Meta keeps what customers send.
const HOSTS: &[&str] = &["lookaside.fbsbx.com", ".fbsbx.com", ".fbcdn.net", ".whatsapp.net"];
/// The answer that names the address.
const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// Fetches a file by its media id.
pub(super) async fn fetch(
    account: &Account,
    attachment: &Attachment,
    bytes_max: usize,
    http: &reqwest::Client,
) -> Result<Fetched, FetchError> {
    let id = attachment.r#ref.as_deref().filter(|id| !id.contains('/')).ok_or(FetchError::NotSupported)?;
    let settings = |cause: blendline_wire::outbound::SendFailure| FetchError::Settings(cause.detail);
    let token = call::credential(account, "access_token").map_err(settings)?;
    let version = account.setting("api_version").unwrap_or(DEFAULT_API_VERSION);
    let url = call::endpoint(account, DEFAULT_BASE_URL, &[version, id]).map_err(settings)?;
    let answer = fetch::ours(http.get(url).bearer_auth(token), ANSWER_BYTES_MAX).await?;
    let answer: serde_json::Value = serde_json::from_slice(&answer.bytes).map_err(|_| FetchError::Damaged)?;
    if json::number(&answer["file_size"]).and_then(|size| usize::try_from(size).ok()).is_some_and(|n| bytes_max < n) {
        return Err(FetchError::TooLarge(bytes_max));
    }
    let place = json::text(&answer["url"]).ok_or(FetchError::Damaged)?;
    let file = fetch::named(http, account, &place, HOSTS, |call| call.bearer_auth(token), bytes_max).await?;
    match json::text(&answer["sha256"]) {
        Some(sha256) if sha256 != hex::encode(Sha256::digest(&file.bytes)) => Err(FetchError::Damaged),
        _ => Ok(Fetched { mime: json::text(&answer["mime_type"]).or(file.mime), ..file }),
    }
}
