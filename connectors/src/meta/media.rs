//! A file of a customer of Messenger or Instagram, at the signed address that the webhook named.

use blendline_wire::inbound::Attachment;

use crate::Account;
use crate::fetch::{self, FetchError, Fetched};

/// Where Meta keeps what customers send.
const HOSTS: &[&str] = &["lookaside.fbsbx.com", ".fbsbx.com", ".fbcdn.net", ".cdninstagram.com"];

/// Fetches a file by its address; the address is proof enough, so no token goes along.
pub(crate) async fn fetch(
    account: &Account,
    attachment: &Attachment,
    bytes_max: usize,
    http: &reqwest::Client,
) -> Result<Fetched, FetchError> {
    let url = attachment.r#ref.as_deref().filter(|url| url.contains("://")).ok_or(FetchError::NotSupported)?;
    fetch::named(http, account, url, HOSTS, |call| call, bytes_max).await
}
