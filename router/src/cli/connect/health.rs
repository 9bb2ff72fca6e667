//! How an account is, by a call to its platform that changes nothing.

use std::time::Duration;

use blendline_connectors::{Account, Connector};

use crate::accounts::AccountState;

/// How long one call may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How the account is, and what is known beside that; `Unknown` where the platform has no such call.
pub(in crate::cli) async fn ask(
    account: &Account,
    connector: &dyn Connector,
    http: &reqwest::Client,
) -> (AccountState, Option<String>) {
    let call = match connector.probe(account, http) {
        None => return (AccountState::Unknown, None),
        Some(Err(cause)) => return (AccountState::Misconfigured, Some(format!("{}.", cause.detail))),
        Some(Ok(call)) => call,
    };
    match call.timeout(TIMEOUT).send().await {
        Ok(answer) => {
            let status = answer.status();
            let state = AccountState::of_probe(Some(status.as_u16()));
            (state, (state != AccountState::Fine).then(|| format!("it answers {status}.")))
        }
        Err(_) => (AccountState::of_probe(None), None),
    }
}
