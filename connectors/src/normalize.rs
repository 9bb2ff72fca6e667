//! What a channel's bodies mean, one JSON object a line: for people, and for the comparison with other readers.
//! `blendline normalize` and this crate's example print by it.

use std::io::Write;

use blendline_wire::Problem;

use crate::Connector;

/// Why nothing, or nothing more, was printed.
#[derive(Debug, thiserror::Error)]
pub enum NotPrinted {
    /// The body is refused.
    #[error("{}", .0.detail)]
    Refused(Box<Problem>),
    /// The output does not take it.
    #[error("{0}")]
    Output(#[from] std::io::Error),
}

/// Writes the events of `body`, one a line; `name` is what a refusal calls the body.
///
/// Events that do not say whose they are get `account`.
pub fn print(
    connector: &dyn Connector,
    account: Option<&str>,
    name: &str,
    body: &[u8],
    out: &mut dyn Write,
) -> Result<(), NotPrinted> {
    let max = connector.capabilities().body_bytes_max;
    if max < body.len() {
        let detail = format!("{name}: {} bytes, and this channel's bodies have at most {max}", body.len());
        return Err(NotPrinted::Refused(Box::new(Problem::new(413, "too_large", "The body is too large", detail))));
    }
    let events = connector.normalise(body).map_err(|malformed| {
        let detail = format!("{name}: {}", malformed.detail);
        let problem = Problem::new(400, "malformed", "The body is no envelope of the platform", detail);
        NotPrinted::Refused(Box::new(problem.at(malformed.place)))
    })?;
    for mut event in events {
        if let Some(account) = account
            && event.conversation_key.account.is_empty()
        {
            event.conversation_key.account = account.to_owned();
        }
        let lifted = event.lifted().map_err(std::io::Error::from)?;
        serde_json::to_writer(&mut *out, &lifted).map_err(std::io::Error::from)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}
