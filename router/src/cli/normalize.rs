//! `blendline normalize`: what a channel's bodies mean, for people and for the comparison with other readers.

use std::path::PathBuf;

use anyhow::Context as _;
use blendline_connectors::normalize::{NotPrinted, print};
use blendline_wire::Problem;

/// Prints every event of every file; the first refused body ends it with a problem document.
pub(super) fn run(channel: &str, account: Option<&str>, files: &[PathBuf]) -> anyhow::Result<()> {
    let connector = blendline_connectors::by_name(channel).with_context(|| {
        let known: Vec<&str> = blendline_connectors::all().iter().map(|connector| connector.name()).collect();
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

fn document(problem: &Problem) -> String {
    // A problem is plain text throughout, so it can always be written.
    serde_json::to_string(problem).unwrap_or_default()
}
