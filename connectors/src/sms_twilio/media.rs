//! A file of a customer, at the address that the webhook named. It wants our credentials, and passes us on to a store.

use blendline_wire::inbound::Attachment;

use crate::fetch::{self, FetchError, Fetched};
use crate::{Account, call};

/// The API, and where it keeps media.
const HOSTS: &[&str] = &["api.twilio.com", "media.twiliocdn.com", "mms.twiliocdn.com", "s3-external-1.amazonaws.com"];

/// Fetches a file by its address.
pub(super) async fn fetch(
    account: &Account,
    attachment: &Attachment,
    bytes_max: usize,
    http: &reqwest::Client,
) -> Result<Fetched, FetchError> {
    let url = attachment.r#ref.as_deref().filter(|url| url.contains("://")).ok_or(FetchError::NotSupported)?;
    let settings = |cause: blendline_wire::outbound::SendFailure| FetchError::Settings(cause.detail);
    let sid = call::credential(account, "account_sid").map_err(settings)?;
    let token = call::credential(account, "auth_token").map_err(settings)?.split(',').next().unwrap_or_default().trim();
    fetch::named(http, account, url, HOSTS, |call| call.basic_auth(sid, Some(token)), bytes_max).await
}
