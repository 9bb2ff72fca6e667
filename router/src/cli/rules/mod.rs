//! `blendline rules`: what operations people do with a rule set, from the command line.

mod check;
mod explain;
mod publish;
mod record;
mod replay;
mod trial;
mod why;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use blendline_rules::Checked;
use clap::{Args, Subcommand, ValueEnum};

use crate::config::{self, CheckedTenant, Config};
use crate::rules::world;

/// What can be done with a rule set.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Finds everything that is wrong with a rule set. Exit code 0: good; 1: errors (with --strict, warnings too); 2: no file.
    Check {
        #[command(flatten)]
        set: Set,
        /// How to say it.
        #[arg(long, default_value = "text")]
        format: Format,
        /// Warnings count as errors.
        #[arg(long)]
        strict: bool,
        /// In which language to say it to people.
        #[arg(long, default_value = "en")]
        language: Language,
    },
    /// Shows where a rule set sends a message: each rule that was tried, and the values that decided.
    Explain {
        #[command(flatten)]
        set: Set,
        #[command(flatten)]
        message: explain::Message,
        /// How to say it.
        #[arg(long, default_value = "text")]
        format: Format,
    },
    /// Shows how a task of a running router came to its queue, what keeps it there, and what would give it a worker now.
    Why(why::Why),
    /// Runs a recorded day through the scheduler under a rule set, and beside it under a draft: a file of it with --day, or
    /// with --from and --to a running router's own record.
    Replay(replay::Options),
    /// Makes a rule set live in a running router, after showing what is wrong with it and how it differs.
    Publish {
        /// The rule set; `-` is standard input.
        file: PathBuf,
        /// Only keeps it as the draft: another person publishes it.
        #[arg(long)]
        draft_only: bool,
        #[command(flatten)]
        server: publish::Server,
    },
    /// Goes live by steps in a running router: for nobody, for a part, for all.
    #[command(subcommand)]
    Trial(trial::Trial),
    /// Makes an earlier version live again in a running router.
    Rollback {
        /// Its number.
        version: u32,
        #[command(flatten)]
        server: publish::Server,
    },
}

/// A rule set, and the configuration that it is for.
#[derive(Debug, Args)]
pub(in crate::cli) struct Set {
    /// The rule set.
    file: PathBuf,
    /// The configuration that it is for: accounts, and what must not be in both, are checked too.
    #[arg(long)]
    config: Option<PathBuf>,
    /// The tenant's name; without it, the only one of the configuration.
    #[arg(long, requires = "config")]
    tenant: Option<String>,
}

/// For whom to write.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum Format {
    /// People.
    Text,
    /// Programs.
    Json,
}

/// A language in which faults are told.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum Language {
    /// English.
    En,
    /// Hebrew.
    He,
}

/// Carries the command out; the exit code tells programs what came of it.
pub(super) fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Check { set, format, strict, language } => check::run(&set, format, strict, language),
        Command::Explain { set, message, format } => explain::run(&set, &message, format),
        Command::Why(why) => why::run(&why),
        Command::Replay(options) => replay::run(&options),
        Command::Publish { file, draft_only, server } => publish::publish(&file, draft_only, &server),
        Command::Trial(trial) => trial::carry_out(trial),
        Command::Rollback { version, server } => publish::rollback(version, &server),
    }
}

/// What an exit code of 2 is for: the set could not even be looked at.
const NO_FILE: u8 = 2;

/// Reads and checks a set, and against its configuration where one is named.
fn checked(set: &Set) -> anyhow::Result<Checked> {
    let name = set.file.display().to_string();
    let bytes = super::read_input(&set.file)?;
    // What is no UTF-8 is shown as such at its place, by the check.
    let text = String::from_utf8_lossy(&bytes);
    let tenant = set.config.as_deref().map(|config| tenant(config, set.tenant.as_deref())).transpose()?;
    let accounts = tenant.as_ref().map(|tenant| tenant.accounts.iter().map(|account| account.name.clone()).collect());
    let mut checked = blendline_rules::check(&name, &text, &world(accounts));
    if let (Some(tenant), Some(set)) = (&tenant, &checked.set) {
        config::joined(tenant, 0, set, &mut checked.faults);
        if checked.faults.any_error() {
            checked.set = None;
        }
    }
    Ok(checked)
}

/// The tenant that a set is for, without the set that its configuration names now.
fn tenant(config: &Path, name: Option<&str>) -> anyhow::Result<CheckedTenant> {
    let config = Config::load(Some(config))?;
    let mut tenants = config.tenants;
    match name {
        Some(name) => {
            let names = tenants.iter().map(|tenant| tenant.name.clone()).collect::<Vec<_>>().join(", ");
            tenants.retain(|tenant| tenant.name == name);
            tenants.pop().with_context(|| format!("there is no tenant `{name}`; there is: {names}"))
        }
        None if tenants.len() == 1 => tenants.pop().context("the configuration has no tenant"),
        None => anyhow::bail!("the configuration has {} tenants: name one with --tenant", tenants.len()),
    }
}
