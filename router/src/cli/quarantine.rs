//! `blendline quarantine …`: what could not be read, listed and read again, by a router that runs.

use std::path::PathBuf;

use anyhow::Context as _;
use reqwest::Method;
use serde_json::{Value, json};

use super::ask::{Where, ask};

#[derive(Debug, clap::Subcommand)]
pub(super) enum QuarantineCommand {
    /// Lists what could not be read, newest first: number, time, channel, account, cause.
    List {
        #[command(flatten)]
        at: Where,
        /// Shows at most so many.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Prints what came, as it came where it is text.
    Show {
        #[command(flatten)]
        at: Where,
        /// Its number.
        id: u64,
    },
    /// Reads it again. Done twice it does no harm: what was taken in before is recognised.
    Replay {
        #[command(flatten)]
        at: Where,
        /// Its number.
        id: u64,
        /// The repaired text; `-` is standard input. Left out, it is read as it came.
        #[arg(long)]
        repaired: Option<PathBuf>,
    },
}

/// Runs one of these commands.
pub(super) fn run(command: QuarantineCommand) -> anyhow::Result<()> {
    match command {
        QuarantineCommand::List { at, limit } => {
            let items = list(&at, limit)?;
            super::print(|out| {
                for item in &items {
                    let text = |key: &str| item[key].as_str().unwrap_or("-").to_owned();
                    let (time, channel, account, cause) = (text("at"), text("channel"), text("account"), text("cause"));
                    writeln!(out, "{}\t{time}\t{channel}\t{account}\t{cause}", item["id"])?;
                }
                Ok(())
            })
        }
        QuarantineCommand::Show { at, id } => {
            // The list is the newest 200: what is older was looked at before.
            let item = list(&at, 200)?.into_iter().find(|item| item["id"] == id);
            let item = item.with_context(|| format!("the newest 200 have no number {id}"))?;
            super::print(|out| Ok(writeln!(out, "{}", item["raw"].as_str().unwrap_or_default())?))
        }
        QuarantineCommand::Replay { at, id, repaired } => {
            let body = match repaired {
                Some(file) => Some(String::from_utf8(super::read_input(&file)?).context("the repaired text")?),
                None => None,
            };
            let body = json!({ "body": body });
            let answer = ask(&at, Method::POST, &format!("/v1/quarantine/{id}/replay"), Some(&body))?;
            super::print(|out| Ok(writeln!(out, "{} events are taken in", answer["events"])?))
        }
    }
}

fn list(at: &Where, limit: u32) -> anyhow::Result<Vec<Value>> {
    let answer = ask(at, Method::GET, &format!("/v1/quarantine?limit={limit}"), None)?;
    Ok(answer["items"].as_array().cloned().unwrap_or_default())
}
