//! What a mail server's report says, for the one whose mail it is about.

use blendline_connectors::email::reply_address;
use blendline_wire::OutboundId;
use blendline_wire::inbound::InboundEvent;
use blendline_wire::mail::Bounce;

/// The mail of ours that the address of a report names, with the address. Nothing is proven yet.
pub(crate) fn named(event: &InboundEvent) -> Option<(OutboundId, &str)> {
    let mail = event.mail.as_deref().filter(|mail| mail.bounce.is_some())?;
    let address = mail.reply_token.as_ref()?.expose().as_str();
    Some((reply_address::named(address)?.parse().ok()?, address))
}

/// A sentence that names the cause by the status code of RFC 3463. It quotes nobody: servers repeat addresses.
pub(crate) fn sentence(bounce: &Bounce) -> String {
    let told = bounce.recipients.iter().find(|one| matches!(one.action.as_deref(), Some("failed" | "delayed")));
    let Some(code) = told.and_then(|one| one.status.as_deref()) else {
        return "the mail server reported without a code: read the address, and say it another way".to_owned();
    };
    let mut parts = code.split('.').map(|part| part.parse::<u16>().unwrap_or_default());
    let class = parts.next().unwrap_or_default();
    let words = match (parts.next().unwrap_or_default(), parts.next().unwrap_or_default()) {
        (1, 1 | 6) => "there is no such mailbox: ask for the right address",
        (1, 2 | 10) => "the address's domain takes no mail: ask for the right address",
        (1, _) => "the address is not accepted: ask for the right one",
        (2, 1) => "the mailbox is closed: ask for another address",
        (2, 2) => "the mailbox is full: reach the customer another way, or send it again later",
        (2, 3) | (3, 4) => "the mail is too large: send it without the attachment",
        (2, _) => "the mailbox does not take it now",
        (3 | 4, _) => "the other mail server could not be reached or does not answer",
        (6, _) => "the other server cannot handle the content",
        (7, _) => "the other server refuses it by its policy: have the sender's reputation, SPF and DKIM looked at",
        _ => "the other server gave no cause that is known",
    };
    let stands = if class == 4 { "it is being tried further" } else { "it was not delivered" };
    format!("{words} ({code}); {stands}")
}

#[cfg(test)]
mod tests {
    use blendline_wire::mail::BouncedRecipient;

    use super::*;

    #[test]
    fn the_cause_and_the_cure_are_named_and_nobody_is_quoted() {
        let said = |code: Option<&str>| {
            let diagnostic = Some("550 <canary@example.org> unknown".into());
            let one = BouncedRecipient {
                action: Some("failed".into()),
                status: code.map(str::to_owned),
                diagnostic,
                ..BouncedRecipient::default()
            };
            sentence(&Bounce { recipients: vec![one], ..Bounce::default() })
        };
        for (code, word) in [("5.1.1", "no such mailbox"), ("4.2.2", "full"), ("5.7.26", "SPF"), ("9.9", "no cause")] {
            let said = said(Some(code));
            assert!(said.contains(word) && said.contains(code) && !said.contains("canary"), "{said}");
        }
        assert!(said(Some("4.4.1")).contains("tried further") && said(None).contains("without a code"));
        assert!(sentence(&Bounce::default()).contains("without a code"));
    }
}
