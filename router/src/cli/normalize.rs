//! `blendline normalize`: what a channel's bodies mean, for people and for the comparison with other readers.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use blendline_connectors::Connector;
use blendline_wire::Problem;
use serde_json::json;

/// Not a channel: texts of mails, whose quotes and signatures are split off.
const REPLY_TEXT: &str = "reply_text";

/// Prints every event of every file; the first refused body ends it with a problem document.
pub(super) fn run(channel: &str, account: Option<&str>, files: &[PathBuf]) -> anyhow::Result<()> {
    if channel == REPLY_TEXT {
        for file in files {
            let text = super::read_input(file)?;
            super::print(|out| split_reply(&text, out))?;
        }
        return Ok(());
    }
    let connector = blendline_connectors::by_name(channel).with_context(|| {
        let names = blendline_connectors::all().iter().map(|connector| connector.name());
        let known: Vec<&str> = names.chain([REPLY_TEXT]).collect();
        problem(400, "unknown_channel", "There is no such channel", format!("known: {}", known.join(", ")))
    })?;
    for file in files {
        let body = super::read_input(file)?;
        super::print(|out| normalize(connector, account, file, &body, out))?;
    }
    Ok(())
}

/// Writes the events of one body, one a line.
pub fn normalize(
    connector: &dyn Connector,
    account: Option<&str>,
    file: &Path,
    body: &[u8],
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let max = connector.capabilities().body_bytes_max;
    if max < body.len() {
        let detail = format!("{}: {} bytes, and this channel's bodies have at most {max}", file.display(), body.len());
        bail!(problem(413, "too_large", "The body is too large", detail));
    }
    let events = match connector.normalise(body) {
        Ok(events) => events,
        Err(malformed) => {
            let detail = format!("{}: {}", file.display(), malformed.detail);
            let problem = Problem::new(400, "malformed", "The body is no envelope of the platform", detail);
            bail!(document(&problem.at(malformed.place)));
        }
    };
    for mut event in events {
        if let Some(account) = account
            && event.conversation_key.account.is_empty()
        {
            event.conversation_key.account = account.to_owned();
        }
        serde_json::to_writer(&mut *out, &event.lifted()?)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// Writes what somebody wrote and what they quoted, of a text in UTF-8.
fn split_reply(text: &[u8], out: &mut dyn Write) -> anyhow::Result<()> {
    let (stripped_reply, elided) = blendline_connectors::email::split_reply(&String::from_utf8_lossy(text));
    serde_json::to_writer(&mut *out, &json!({ "stripped_reply": stripped_reply, "elided": elided }))?;
    out.write_all(b"\n")?;
    Ok(())
}

fn problem(status: u16, code: &str, title: &str, detail: String) -> String {
    document(&Problem::new(status, code, title, detail))
}

fn document(problem: &Problem) -> String {
    // A problem is plain text throughout, so it can always be written.
    serde_json::to_string(problem).unwrap_or_default()
}
