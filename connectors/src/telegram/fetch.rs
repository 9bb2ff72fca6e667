//! A file of a customer: its path is asked for first. The address holds the bot's token, so nobody is shown it.

use blendline_wire::inbound::Attachment;
use serde_json::Value;

use super::DEFAULT_BASE_URL;
use crate::fetch::{self, FetchError, Fetched};
use crate::{Account, call, json};

/// The answer that names the path.
const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// Fetches a file by its id.
pub(super) async fn fetch(
    account: &Account,
    attachment: &Attachment,
    bytes_max: usize,
    http: &reqwest::Client,
) -> Result<Fetched, FetchError> {
    let id = attachment.r#ref.as_deref().filter(|id| !id.starts_with('{')).ok_or(FetchError::NotSupported)?;
    let settings = |cause: blendline_wire::outbound::SendFailure| FetchError::Settings(cause.detail);
    let bot = format!("bot{}", call::credential(account, "bot_token").map_err(settings)?);
    let mut url = call::endpoint(account, DEFAULT_BASE_URL, &[&bot, "getFile"]).map_err(settings)?;
    url.query_pairs_mut().append_pair("file_id", id);
    let answer = fetch::ours(http.get(url), ANSWER_BYTES_MAX).await?;
    let answer: Value = serde_json::from_slice(&answer.bytes).map_err(|_| FetchError::Damaged)?;
    let path = json::text(&answer["result"]["file_path"]).ok_or(FetchError::Damaged)?;
    // As segments of a path, so that nothing in it leads elsewhere.
    let segments: Vec<&str> = path.split('/').filter(|segment| !matches!(*segment, "" | "." | "..")).collect();
    let start = ["file", &bot];
    let all: Vec<&str> = start.into_iter().chain(segments).collect();
    let url = call::endpoint(account, DEFAULT_BASE_URL, &all).map_err(settings)?;
    // What Telegram calls every file says nothing.
    Ok(Fetched { mime: None, ..fetch::ours(http.get(url), bytes_max).await? })
}
