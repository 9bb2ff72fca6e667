//! One message, sent as the router would send it, without the record: nobody's conversation shows it.

use std::io::{self, Write as _};

use anyhow::bail;
use blendline_wire::outbound::{Content, Outbound, SendOutcome};
use blendline_wire::{ConversationId, OutboundId, Pii, TenantId};

use super::Found;
use crate::api::now;

/// Asks whether to send; anything but yes is no.
pub(super) fn agreed(found: &Found, to: &str) -> anyhow::Result<bool> {
    let mut err = io::stderr().lock();
    write!(err, "Send a real message by {}/{} to {to}? [y/N] ", found.connector.name(), found.account.name)?;
    err.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Makes the one call.
pub(super) async fn send(found: &Found, to: Pii<String>, text: &str, http: &reqwest::Client) -> SendOutcome {
    let domain = found.account.external_id.rsplit_once('@').map(|(_, domain)| domain);
    let outbound = Outbound {
        answers: None,
        id: OutboundId(0),
        attempt: 1,
        tenant: TenantId::default(),
        account: found.account.id,
        conversation: ConversationId(0),
        to,
        thread: None,
        reply_to: None,
        private_reply_to: None,
        content: Content::Text { text: text.to_owned().into() },
        window_until: None,
        message_id: domain.map(|domain| format!("<test.{}@{domain}>", uuid::Uuid::now_v7())),
        in_reply_to: None,
        references: Vec::new(),
        subject: Some("Blendline: a test".to_owned().into()),
        reply_address: None,
        automatic: true,
        trace: None,
    };
    found.connector.send(&found.account, &outbound, now(), http).await
}

/// What came of it, in words; an error unless the platform took it.
pub(super) fn told(outcome: &SendOutcome) -> anyhow::Result<String> {
    let (what, cause) = match outcome {
        SendOutcome::Sent { external_id } => return Ok(format!("sent: the platform calls it {external_id}")),
        SendOutcome::Retry { cause, .. } => ("not sent, try again later", cause),
        SendOutcome::Failed { cause } => ("not sent", cause),
        SendOutcome::Unknown { cause } => ("perhaps sent", cause),
        SendOutcome::AccountDown { cause } => ("not sent, and nothing of this account will be", cause),
    };
    let code = cause.code.map_or_else(String::new, |code| format!(", the platform's code {code}"));
    bail!("{what}: {} ({}{code})", cause.detail, cause.reason)
}

#[cfg(test)]
mod tests {
    use blendline_wire::outbound::SendFailure;

    use super::*;

    #[test]
    fn what_came_of_it_is_told_with_the_cure() {
        assert!(told(&SendOutcome::Sent { external_id: "w1".into() }).unwrap().contains("w1"));
        let cause = SendFailure { code: Some(190), ..SendFailure::new("credentials", "set new ones") };
        let error = told(&SendOutcome::AccountDown { cause }).unwrap_err().to_string();
        assert!(error.contains("set new ones") && error.contains("190"), "{error}");
    }
}
