//! `blendline quarantine …`: what could not be read, listed and read again, by a router that runs.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

/// Which router, and with which key.
#[derive(Debug, clap::Args)]
pub(super) struct Where {
    /// The base URL of any router.
    #[arg(long, env = "BLENDLINE_URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    /// A key with the role operations or admin.
    #[arg(long, env = "BLENDLINE_KEY", hide_env_values = true)]
    key: String,
}

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
            let answer = ask(&at, Some(json!({ "body": body })), &format!("/v1/quarantine/{id}/replay"))?;
            super::print(|out| Ok(writeln!(out, "{} events are taken in", answer["events"])?))
        }
    }
}

fn list(at: &Where, limit: u32) -> anyhow::Result<Vec<Value>> {
    let answer = ask(at, None, &format!("/v1/quarantine?limit={limit}"))?;
    Ok(answer["items"].as_array().cloned().unwrap_or_default())
}

/// Asks the router; a problem is told in its own words.
fn ask(at: &Where, body: Option<Value>, path: &str) -> anyhow::Result<Value> {
    let http = super::connect::http()?;
    super::connect::runtime()?.block_on(async {
        let url = format!("{}{path}", at.url.trim_end_matches('/'));
        let request = match body {
            Some(body) => http.post(url).json(&body),
            None => http.get(url),
        };
        let answer = request.bearer_auth(&at.key).send().await.context("the router")?;
        let status = answer.status();
        let said: Value = answer.json().await.context("the router's answer")?;
        if status.is_success() {
            return Ok(said);
        }
        bail!("{}: {}", status.as_u16(), said["detail"].as_str().unwrap_or("no detail"))
    })
}
