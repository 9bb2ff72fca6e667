//! A mention comes as a pointer, without words and often without a name: both are got before the webhook is answered.
//!
//! What cannot be got (a private author, a permission that is missing, a platform that is slow) costs nobody anything: the
//! pointer is a mention all the same, and is not posted again for its words, for the same body may hold messages of others.

use std::time::Duration;

use reqwest::Url;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::{Account, FetchError, call, fetch, json};

/// Pointers of one body that are followed. Real ones hold one.
const POINTERS_MAX: usize = 5;
/// For all of them together: the platform waits five seconds for its answer.
const LOOK_TIMEOUT: Duration = Duration::from_secs(3);
/// A comment has at most 8,000 characters.
const ANSWER_BYTES_MAX: usize = 128 * 1024;

/// How a product's pointers are followed.
pub(crate) struct Pointers {
    /// The field of the changes that may be pointers.
    pub(crate) field: &'static str,
    /// The path under the version, and the fields to ask for; `None` where the change says all there is to say.
    pub(crate) question: fn(&Account, &Value) -> Option<(String, String)>,
    /// Puts the answer into the change's value, where the translation looks for it.
    pub(crate) put: fn(&mut Value, Value),
}

/// The body with the words of its mentions inside; `None` where it holds no pointer of this account.
pub(crate) async fn completed(
    pointers: &Pointers,
    account: &Account,
    body: &[u8],
    http: &reqwest::Client,
) -> Result<Option<Vec<u8>>, FetchError> {
    // Most bodies hold no mention, and are not read twice.
    if account.setting("access_token").is_none() || !contains(body, pointers.field.as_bytes()) {
        return Ok(None);
    }
    let Ok(mut root) = json::parse(body) else { return Ok(None) };
    let deadline = Instant::now() + LOOK_TIMEOUT;
    let (mut followed, mut failed) = (0, None);
    for value in values(&mut root, pointers.field, &account.external_id) {
        let Some((path, fields)) = (pointers.question)(account, value) else { continue };
        if POINTERS_MAX <= followed {
            break;
        }
        followed += 1;
        let answer = timeout_at(deadline, look(account, &path, &fields, http)).await;
        match answer.unwrap_or_else(|_| Err(FetchError::Later("no answer within 3 s".to_owned()))) {
            Ok(answer) => (pointers.put)(value, answer),
            Err(error) => failed = Some(error),
        }
    }
    match failed {
        // Its caller tells the operator and goes on with what there is.
        Some(error) if followed == 1 => Err(FetchError::NoWords(error.to_string())),
        _ => Ok((0 < followed).then(|| root.to_string().into_bytes())),
    }
}

fn contains(body: &[u8], word: &[u8]) -> bool {
    body.windows(word.len()).any(|part| part == word)
}

/// The values of the changes of this field in the entries of the account: only its own token may be used for them.
fn values<'a>(root: &'a mut Value, field: &'a str, external_id: &'a str) -> impl Iterator<Item = &'a mut Value> {
    let entries = root["entry"].as_array_mut().into_iter().flatten();
    let own = entries.filter(move |entry| json::text(&entry["id"]).is_some_and(|id| id == external_id));
    let changes = own.filter_map(|entry| entry.get_mut("changes")?.as_array_mut()).flatten();
    let of_field = changes.filter(move |change| change["field"] == field);
    of_field.filter_map(|change| change.get_mut("value").filter(|value| value.is_object()))
}

async fn look(account: &Account, path: &str, fields: &str, http: &reqwest::Client) -> Result<Value, FetchError> {
    let settings = |cause: blendline_wire::outbound::SendFailure| FetchError::Settings(cause.detail);
    let version = account.setting("api_version").unwrap_or(super::DEFAULT_API_VERSION);
    let mut url: Url = call::endpoint(account, super::DEFAULT_BASE_URL, &[version, path]).map_err(settings)?;
    url.query_pairs_mut().append_pair("fields", fields);
    let token = call::credential(account, "access_token").map_err(settings)?;
    let answer = fetch::ours(http.get(url).bearer_auth(token), ANSWER_BYTES_MAX).await?;
    serde_json::from_slice(&answer.bytes).map_err(|_| FetchError::Damaged)
}

/// True for an id as the platform writes them: digits, and for posts two of them with a line between. Nothing else may
/// stand in a path or among fields.
pub(crate) fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= 100 && id.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
}
