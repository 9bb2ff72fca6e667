//! One mail, durable for each account that it is for.

use blendline_wire::{AccountId, Millis};

use crate::intake::{Intake, NotTaken};

/// RFC 5321, 6.3: a mail that has passed so many servers goes round in a circle.
const SERVERS_MAX: usize = 50;

/// A mail that came by SMTP, and what is known of its way.
pub(super) struct Arrival<'a> {
    /// The envelope's sender; empty for reports.
    pub(super) from: &'a str,
    /// For whom of ours, under which addresses.
    pub(super) to: &'a [(AccountId, String)],
    /// What we found out about its sender, a field of the header; none where a relay of ours says it.
    pub(super) authentication: Option<String>,
    /// The lines that tell how it came to us, for everybody.
    pub(super) received: String,
    /// Our own name, under which `authentication` is.
    pub(super) hostname: &'a str,
    pub(super) mail: &'a [u8],
}

/// Takes it in for every account that it is for. After an `Err` some may have it: when it comes again they know it.
pub(super) async fn arrived(intake: &Intake, arrival: &Arrival<'_>, now: Millis) -> Result<(), NotTaken> {
    let mut done = Vec::new();
    for (account, _) in arrival.to {
        if done.contains(account) {
            continue;
        }
        let addresses = arrival.to.iter().filter(|(other, _)| other == account).map(|(_, address)| address.as_str());
        let checked_by = arrival.authentication.is_some().then_some(arrival.hostname);
        intake.take_mail(*account, trace(arrival, addresses).as_bytes(), arrival.mail, checked_by, now).await?;
        done.push(*account);
    }
    Ok(())
}

/// What a server that delivers writes above a mail (RFC 5321, 4.4). The command's reader let no control character pass.
fn trace<'a>(arrival: &Arrival<'_>, addresses: impl Iterator<Item = &'a str>) -> String {
    let mut lines = format!("Return-Path: <{}>\r\n", arrival.from);
    for address in addresses {
        lines.push_str(&format!("Delivered-To: {address}\r\n"));
    }
    // The mail itself may begin with a blank and go on with our last line: that must never be the one that is believed.
    lines.push_str(arrival.authentication.as_deref().unwrap_or_default());
    lines + &arrival.received
}

/// True when the mail's own header says that it has passed too many servers.
pub(super) fn loops(mail: &[u8]) -> bool {
    let lines = mail.split(|byte| *byte == b'\n');
    let header = lines.take_while(|line| !matches!(line, [] | [b'\r']));
    let name = b"received:";
    let passed = header.filter(|line| line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)));
    SERVERS_MAX <= passed.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_header_tells_of_a_circle() {
        let many = "Received: from a by b\r\n".repeat(60);
        assert!(loops(many.as_bytes()));
        assert!(!loops(format!("Subject: x\r\n\r\n{many}").as_bytes()));
        assert!(!loops(b"received: once\n\nx"));
        assert!(!loops(b""));
    }

    #[test]
    fn each_account_sees_its_own_addresses() {
        let to = [(AccountId(1), "a@x.example".to_owned()), (AccountId(2), "b@x.example".to_owned())];
        let arrival = Arrival {
            from: "dana@example.org",
            to: &to,
            authentication: Some("Authentication-Results: x\r\n".into()),
            received: "Received: y\r\n".into(),
            hostname: "x",
            mail: b"",
        };
        let lines = trace(&arrival, ["a@x.example"].into_iter());
        assert_eq!(
            lines,
            "Return-Path: <dana@example.org>\r\nDelivered-To: a@x.example\r\nAuthentication-Results: x\r\nReceived: y\r\n"
        );
    }
}
