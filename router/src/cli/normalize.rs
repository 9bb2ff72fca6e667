//! `blendline normalize`: what a channel's bodies mean, for people and for the comparison with other readers.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context as _;
use blendline_connectors::normalize::{NotPrinted, print};
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
        let detail = format!("known: {}", known.join(", "));
        document(&Problem::new(400, "unknown_channel", "There is no such channel", detail))
    })?;
    for file in files {
        let body = super::read_input(file)?;
        super::print(|out| print(connector, account, &file.display().to_string(), &body, out)).map_err(
            |not_printed| match not_printed {
                NotPrinted::Refused(problem) => anyhow::anyhow!(document(&problem)),
                NotPrinted::Output(error) => error.into(),
            },
        )?;
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

fn document(problem: &Problem) -> String {
    // A problem is plain text throughout, so it can always be written.
    serde_json::to_string(problem).unwrap_or_default()
}
