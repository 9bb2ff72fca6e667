//! `blendline systems …`: what other systems sign their posts with, by a router that runs.

use reqwest::Method;
use serde_json::json;

use super::ask::{Where, ask};
use super::events::{lines, told_once};

#[derive(Debug, clap::Subcommand)]
pub(super) enum SystemsCommand {
    /// Lists other systems: name, where it posts, how many keys are good, whether the rules name it.
    List {
        #[command(flatten)]
        at: Where,
    },
    /// Makes a key that a system signs its posts with, and prints it, once; the one before is good beside it for a while.
    Key {
        #[command(flatten)]
        at: Where,
        /// The system, as the rules name it.
        system: String,
        /// For how many hours.
        #[arg(long, default_value_t = 24)]
        overlap_hours: u32,
    },
    /// Takes all keys of a system away: nothing that it signs is believed any more.
    Remove {
        #[command(flatten)]
        at: Where,
        /// The system.
        system: String,
    },
}

const SHOWN: [&str; 4] = ["system", "path", "keys", "in_rules"];

/// Runs one of these commands.
pub(super) fn run(command: SystemsCommand) -> anyhow::Result<()> {
    match command {
        SystemsCommand::List { at } => lines(&ask(&at, Method::GET, "/v1/systems", None)?["items"], &SHOWN),
        SystemsCommand::Key { at, system, overlap_hours } => {
            let body = json!({ "overlap_hours": overlap_hours });
            let answer = ask(&at, Method::POST, &format!("/v1/systems/{system}/keys"), Some(&body))?;
            lines(&json!([answer]), &SHOWN)?;
            told_once(&answer, "the system")
        }
        SystemsCommand::Remove { at, system } => {
            ask(&at, Method::DELETE, &format!("/v1/systems/{system}/keys"), None).map(drop)
        }
    }
}
