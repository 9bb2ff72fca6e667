//! Fetching a file that a customer sent, from the platform that holds it and from nowhere else.
//!
//! What a payload names is hostile: it could name a machine behind our firewall. So only `https` to the platform's own
//! hosts is called, a redirect is followed once and to those hosts alone, and what comes is bounded while it comes. The
//! account's own `base_url` is the operator's word and is called as it is. The client must connect to no private network.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::{RequestBuilder, Response, Url};

use crate::Account;

/// Files are larger than answers: this is for the whole of one.
const FETCH_TIMEOUT: Duration = Duration::from_secs(120);

/// A file as the platform gave it.
#[derive(Clone)]
pub struct Fetched {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The media type that the platform claims.
    pub mime: Option<String>,
}

/// Why a file was not fetched. Never names the address, which may hold a token.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FetchError {
    /// The channel has no files to fetch, or this kind of thing is none.
    #[error("this channel gives no files")]
    NotSupported,
    /// The address is not one of the platform's.
    #[error("the file is said to be at a place that is not the platform's")]
    Forbidden,
    /// The platform does not have it any more.
    #[error("the platform does not have the file any more ({0})")]
    Gone(u16),
    /// It is larger than we take.
    #[error("the file is larger than {0} bytes")]
    TooLarge(usize),
    /// What came is not what the platform announced.
    #[error("what came is not the file that was announced")]
    Damaged,
    /// The platform does not tell what a pointer points to; what the pointer itself tells is all there will be.
    #[error("the platform does not tell the words ({0})")]
    NoWords(String),
    /// The account's settings do not let us.
    #[error("{0}")]
    Settings(String),
    /// It may work later.
    #[error("the platform does not give it at the moment ({0})")]
    Later(String),
}

/// Calls an address that a payload named, if its host is one of `hosts` (a leading dot stands for every host under it)
/// or that of the account's own `base_url`. `dress` adds what proves who we are; a redirect goes without it.
pub(crate) async fn named(
    http: &reqwest::Client,
    account: &Account,
    url: &str,
    hosts: &[&str],
    dress: impl FnOnce(RequestBuilder) -> RequestBuilder,
    bytes_max: usize,
) -> Result<Fetched, FetchError> {
    let url = checked(account, url, hosts)?;
    let response = call(dress(http.get(url.clone()))).await?;
    let Some(next) = response.headers().get(LOCATION).filter(|_| response.status().is_redirection()) else {
        return file(response, bytes_max).await;
    };
    let next = next.to_str().ok().and_then(|next| url.join(next).ok()).ok_or(FetchError::Forbidden)?;
    let next = checked(account, next.as_str(), hosts)?;
    file(call(http.get(next)).await?, bytes_max).await
}

/// Calls an address that we made ourselves.
pub(crate) async fn ours(request: RequestBuilder, bytes_max: usize) -> Result<Fetched, FetchError> {
    file(call(request).await?, bytes_max).await
}

fn checked(account: &Account, url: &str, hosts: &[&str]) -> Result<Url, FetchError> {
    let url = Url::parse(url).map_err(|_| FetchError::Forbidden)?;
    let own = account.setting("base_url").and_then(|base| Url::parse(base).ok());
    if own.is_some_and(|own| own.origin() == url.origin()) {
        return Ok(url);
    }
    let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
    let known = hosts.iter().any(|known| host == *known || (known.starts_with('.') && host.ends_with(known)));
    let plain = url.port_or_known_default() == Some(443) && url.username().is_empty() && url.password().is_none();
    if url.scheme() == "https" && known && plain { Ok(url) } else { Err(FetchError::Forbidden) }
}

async fn call(request: RequestBuilder) -> Result<Response, FetchError> {
    let later = |error: reqwest::Error| FetchError::Later(kind_of(&error).to_owned());
    let response = request.timeout(FETCH_TIMEOUT).send().await.map_err(later)?;
    match response.status().as_u16() {
        200..=399 => Ok(response),
        status @ (404 | 410) => Err(FetchError::Gone(status)),
        status @ (401 | 403) => Err(FetchError::Settings(format!(
            "the platform refuses the credentials of the account ({status}): set new ones, or the file is too old"
        ))),
        status => Err(FetchError::Later(status.to_string())),
    }
}

/// The error's kind: its text would hold the address.
fn kind_of(error: &reqwest::Error) -> &'static str {
    match error {
        error if error.is_timeout() => "no answer in time",
        error if error.is_connect() => "no connection",
        _ => "the connection broke",
    }
}

async fn file(mut response: Response, bytes_max: usize) -> Result<Fetched, FetchError> {
    if !response.status().is_success() {
        return Err(FetchError::Forbidden);
    }
    if response.content_length().is_some_and(|length| u64::try_from(bytes_max).is_ok_and(|max| max < length)) {
        return Err(FetchError::TooLarge(bytes_max));
    }
    let mime = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut bytes = Vec::new();
    let broke = |error: reqwest::Error| FetchError::Later(kind_of(&error).to_owned());
    while let Some(chunk) = response.chunk().await.map_err(broke)? {
        if bytes_max < bytes.len() + chunk.len() {
            return Err(FetchError::TooLarge(bytes_max));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Fetched { bytes, mime })
}

#[cfg(test)]
mod tests {
    use blendline_wire::AccountId;

    use super::*;

    #[test]
    fn only_the_platforms_hosts_are_called() {
        let account = Account {
            id: AccountId(1),
            name: "support".into(),
            external_id: "1".into(),
            settings: [("base_url".to_owned(), "http://127.0.0.1:9".into())].into(),
        };
        let allowed = |url: &str| checked(&account, url, &["lookaside.fbsbx.com", ".fbcdn.net"]).is_ok();
        for good in [
            "https://lookaside.fbsbx.com/a?b",
            "https://scontent.xx.fbcdn.net/v",
            "https://LOOKASIDE.fbsbx.com:443/",
            "http://127.0.0.1:9/file",
        ] {
            assert!(allowed(good), "{good}");
        }
        for bad in [
            "http://lookaside.fbsbx.com/a",
            "https://lookaside.fbsbx.com:8443/a",
            "https://lookaside.fbsbx.com.evil.example/a",
            "https://evilfbcdn.net/",
            "https://fbcdn.net/",
            "https://lookaside.fbsbx.com@evil.example/",
            "https://user:pw@lookaside.fbsbx.com/",
            "http://127.0.0.1:8/file",
            "https://169.254.169.254/latest/meta-data",
            "file:///etc/passwd",
            "https://[::1]/",
            "",
        ] {
            assert!(!allowed(bad), "{bad}");
        }
    }
}
