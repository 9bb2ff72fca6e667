//! A file by link, fetched to be attached. Only from origins that the account names: whoever writes a reply shall not have
//! us read addresses inside the network for him.

use std::time::Duration;

use blendline_wire::outbound::{SendFailure, SendOutcome};
use reqwest::Url;
use reqwest::header::CONTENT_TYPE;

use crate::Account;
use crate::call::failed;

/// Mail servers commonly take 25 MB or a little more, and base64 makes three bytes four.
pub(super) const FILE_BYTES_MAX: usize = 18 * 1024 * 1024;
/// Within the time that one attempt may take, with some left for the mail server.
const FETCH_WITHIN: Duration = Duration::from_secs(4);

/// A file to be attached.
pub(super) struct File {
    pub(super) name: String,
    /// The media type that its server says.
    pub(super) mime: Option<String>,
    pub(super) bytes: Vec<u8>,
}

/// True where the account names the origin of `link`.
pub(super) fn may_be_fetched(account: &Account, link: &str) -> bool {
    let Ok(url) = Url::parse(link) else { return false };
    let origin = url.origin().ascii_serialization();
    account.setting_values("media_origins").any(|named| named == origin)
}

/// Fetches it. A file that is gone or too large will be so at the next try too; a server that is down may be back.
pub(super) async fn fetch(link: &str, name: Option<&str>, http: &reqwest::Client) -> Result<File, SendOutcome> {
    let later = || SendOutcome::Retry {
        after_ms: 0,
        cause: SendFailure::new("file", "the server of the file did not give it: it is tried again"),
    };
    let answer = http.get(link).timeout(FETCH_WITHIN).send().await.map_err(|_| later())?;
    let status = answer.status();
    if status.is_server_error() || matches!(status.as_u16(), 408 | 429) {
        return Err(later());
    }
    if !status.is_success() {
        return Err(failed("file", "the file is not there, or not for us: send one that is"));
    }
    let mime = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let bytes = bounded(answer).await.map_err(|_| later())?;
    let bytes = bytes.ok_or_else(|| failed("file", "the file has more than 18 MiB: send a link in the text"))?;
    let from_link = || Url::parse(link).ok()?.path_segments()?.next_back().map(str::to_owned);
    let name = name.map(str::to_owned).or_else(from_link).unwrap_or_default();
    Ok(File { name: file_name(&name), mime, bytes })
}

/// The body; none where it is too large.
async fn bounded(mut answer: reqwest::Response) -> reqwest::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if FILE_BYTES_MAX < bytes.len() + chunk.len() {
            return Ok(None);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Some(bytes))
}

/// A name that is one file in one directory, and that no reader shows in another order than it is.
fn file_name(text: &str) -> String {
    let is_odd = |c: char| {
        c.is_control() || "/\\\"".contains(c) || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let name: String = text.chars().filter(|c| !is_odd(*c)).take(120).collect();
    let name = name.trim_matches(['.', ' ']);
    if name.is_empty() { "file".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use blendline_wire::AccountId;

    use super::*;
    use crate::Secret;

    #[test]
    fn only_named_origins_are_asked() {
        let settings = [("media_origins".to_owned(), Secret::from("https://files.example.com, http://localhost:3000"))];
        let account =
            Account { id: AccountId(1), name: "a".into(), external_id: "a@b".into(), settings: settings.into() };
        assert!(may_be_fetched(&account, "https://files.example.com/a/b.pdf?x=1"));
        assert!(may_be_fetched(&account, "http://localhost:3000/b.pdf"));
        for other in [
            "http://files.example.com/a",
            "https://files.example.com:444/a",
            "https://files.example.com@169.254.169.254/a",
            "https://files.example.com.evil.example/a",
            "http://169.254.169.254/latest",
            "file:///etc/passwd",
            "no link",
        ] {
            assert!(!may_be_fetched(&account, other), "{other}");
        }
    }

    #[test]
    fn a_name_is_one_name() {
        assert_eq!(file_name("../../etc/passwd"), "etcpasswd");
        assert_eq!(file_name("invoice\u{202e}fdp.exe\r\nX: y"), "invoicefdp.exeX: y");
        assert_eq!(file_name("חשבונית.pdf"), "חשבונית.pdf");
        assert_eq!(file_name("..."), "file");
    }
}
