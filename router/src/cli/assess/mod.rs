//! `blendline assess EXPORT`: another system's month of contacts and tasks, once as the separate pools they were, and once
//! as one blended pool of the same people.

mod export;
mod page;
mod pools;
mod words;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, ValueEnum};

use self::export::{Export, Form};
use self::pools::Assessment;

/// How many bad lines are told one by one.
const BAD_SHOWN: usize = 200;

/// An export, and what is made of it.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The export: CSV, or JSON lines where its name ends in .jsonl (docs/assess.md).
    export: PathBuf,
    /// Writes a page for a manager here, ready to be printed.
    #[arg(long)]
    html: Option<PathBuf>,
    /// The page's language.
    #[arg(long, default_value = "en")]
    lang: Lang,
    /// What an hour of work costs.
    #[arg(long, default_value_t = 60)]
    hour_cost: u64,
    /// In what that is counted.
    #[arg(long, default_value = "ILS")]
    currency: String,
    /// Says it as JSON.
    #[arg(long)]
    json: bool,
}

/// The languages of the page.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum Lang {
    /// English.
    En,
    /// Hebrew.
    He,
}

/// Reads the export, runs it twice and more, and tells what came of it. Exit code 1: nothing of it could be read.
pub(super) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let name = options.export.display().to_string();
    let form = if name.ends_with(".jsonl") { Form::JsonLines } else { Form::Csv };
    let file = std::fs::File::open(&options.export).with_context(|| name.clone())?;
    let export = Export::read(std::io::BufReader::new(file), form).with_context(|| name.clone())?;
    for bad in export.bad.iter().take(BAD_SHOWN) {
        let place = if bad.line == 0 { name.clone() } else { format!("{name}:{}", bad.line) };
        eprintln_line(&format!("{place}: {} — {}", bad.fault, bad.cure))?;
    }
    if BAD_SHOWN < export.bad.len() {
        eprintln_line(&format!("{name}: … and {} more lines like these", export.bad.len() - BAD_SHOWN))?;
    }
    if export.work.is_empty() || export.shifts.is_empty() {
        let lacking = if export.work.is_empty() { "contact or task" } else { "shift" };
        eprintln_line(&format!(
            "{name}: there is no {lacking} in it that can be read: docs/assess.md says how they look"
        ))?;
        return Ok(ExitCode::FAILURE);
    }
    let assessed = Assessment::of(&export, options.hour_cost)?;
    if let Some(path) = &options.html {
        let page = page::page(&assessed, &export, options.lang, &options.currency);
        std::fs::write(path, page.into_string()).with_context(|| path.display().to_string())?;
    }
    super::print(|out| -> anyhow::Result<()> {
        if options.json {
            writeln!(out, "{}", serde_json::to_string_pretty(&assessed)?)?;
        } else {
            told(out, &assessed, &options.currency)?;
        }
        Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}

fn eprintln_line(line: &str) -> anyhow::Result<()> {
    writeln!(std::io::stderr().lock(), "{line}")?;
    Ok(())
}

fn told(out: &mut dyn Write, assessed: &Assessment, currency: &str) -> anyhow::Result<()> {
    let percent = |milli: Option<u64>| milli.map_or_else(|| "-".to_owned(), |m| format!("{}.{} %", m / 10, m % 10));
    writeln!(out, "{} contacts, {} tasks, {} bad lines\n", assessed.contacts, assessed.tasks, assessed.bad_lines)?;
    writeln!(out, "pool: in time and mean wait, separate → blended")?;
    for pool in &assessed.pools {
        let (one, other) = (&pool.separate, &pool.blended);
        let (before, after) = (percent(one.in_time_milli), percent(other.in_time_milli));
        let (waited, waits) = (one.wait_mean_s, other.wait_mean_s);
        writeln!(
            out,
            "  {}: {before} → {after}, {waited} s → {waits} s, left {} → {}",
            pool.name, one.left, other.left
        )?;
    }
    let (before, after) = (percent(assessed.back_busy_separate_milli), percent(assessed.busy_blended_milli));
    writeln!(out, "back office at work {before} of its hours; blended, everybody {after}")?;
    let saved = &assessed.saving;
    writeln!(
        out,
        "the same service with {} % fewer people: {} hours, {} {currency}",
        saved.percent, saved.hours, saved.money
    )?;
    Ok(())
}
