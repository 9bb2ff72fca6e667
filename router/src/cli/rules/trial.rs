//! `blendline rules trial`: going live by steps.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::publish::{Door, Server, keep_draft, run};

/// What can be done with a trial.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Trial {
    /// Has a set decide beside the live one: with --shadow for nobody, else for a share of contacts.
    Begin {
        /// The rule set; `-` is standard input.
        file: PathBuf,
        #[command(flatten)]
        stage: Stage,
        #[command(flatten)]
        server: Server,
    },
    /// Shows what the trial has come to, and where it differs.
    Status {
        #[command(flatten)]
        door: Door,
    },
    /// Ends it: the live rules decide for everybody.
    End {
        #[command(flatten)]
        server: Server,
    },
}

/// For whom it decides.
#[derive(Debug, Args)]
pub(in crate::cli) struct Stage {
    /// It decides for nobody; what it would do is counted and listed.
    #[arg(long)]
    shadow: bool,
    /// For how many contacts of a hundred.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100), conflicts_with = "shadow")]
    percent: u32,
    /// Only for what comes by this account. May be repeated.
    #[arg(long)]
    account: Vec<String>,
    /// Only for what the live rules send to a queue that this group serves. May be repeated.
    #[arg(long)]
    group: Vec<String>,
    /// Ends it by itself when this queue answers fewer per cent in time: `service:80`.
    #[arg(long, value_parser = guard)]
    guard: Option<(String, u32)>,
}

fn guard(text: &str) -> Result<(String, u32), String> {
    let (queue, percent) = text.rsplit_once(':').ok_or("write QUEUE:80")?;
    let percent = percent.trim_end_matches('%').parse().map_err(|_| "write QUEUE:80".to_owned())?;
    Ok((queue.to_owned(), percent))
}

/// Carries one of these out.
pub(super) fn carry_out(trial: Trial) -> anyhow::Result<ExitCode> {
    run(async {
        match trial {
            Trial::Begin { file, stage, server } => {
                let Some(sha256) = keep_draft(&file, &server).await? else { return Ok(ExitCode::FAILURE) };
                let guard = stage.guard.map(|(queue, percent)| json!({ "queue": queue, "least_percent": percent }));
                let mut stage = json!({
                    "acts": !stage.shadow, "per_mille": stage.percent * 10,
                    "accounts": stage.account, "groups": stage.group,
                });
                if let Some(guard) = guard {
                    stage["guard"] = guard;
                }
                let body = json!({ "sha256": sha256, "reason": server.reason, "stage": stage });
                let begun = server.door.call(Method::POST, "/v1/rules/trial", body).await?;
                say(&format!("version {} is on trial", begun["version"]))
            }
            Trial::Status { door } => {
                let seen = door.call(Method::GET, "/v1/rules/trial", Value::Null).await?;
                say(&serde_json::to_string_pretty(&seen)?)
            }
            Trial::End { server } => {
                let body = json!({ "reason": server.reason });
                let ended = server.door.call(Method::POST, "/v1/rules/trial/end", body).await?;
                say(&format!("version {} is live", ended["version"]))
            }
        }
    })
}

fn say(text: &str) -> anyhow::Result<ExitCode> {
    super::super::print(|out| writeln!(out, "{text}"))?;
    Ok(ExitCode::SUCCESS)
}
