//! `blendline rules replay`: what a recorded day would have been under other rules, or with other people.

use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use blendline_rules::replay::{Change, Compared, Day, QueueResult, Result as Replayed, compare, facts};
use blendline_rules::{Classifier, RuleSet, check};
use clap::Args;

use super::Format;
use crate::rules::explain::Explained;
use crate::rules::replay::replayed;
use crate::rules::world;

/// How many ways to elsewhere are listed.
const MOVES_SHOWN: usize = 20;

/// A day, what is live, and what it is compared with.
#[derive(Debug, Args)]
pub(in crate::cli) struct Options {
    /// The live rule set.
    live: PathBuf,
    /// The recorded day, as JSON lines (docs/rules.md).
    #[arg(long)]
    day: PathBuf,
    /// The draft; without it, the live set.
    #[arg(long)]
    draft: Option<PathBuf>,
    /// The draft has so many per cent more or fewer people in every group: -15%.
    #[arg(long, value_parser = percent, allow_hyphen_values = true)]
    staff: Option<i32>,
    /// In the draft the people of a group serve a queue more, or learn a skill: front:refunds. May be repeated.
    #[arg(long, value_parser = training)]
    cross_train: Vec<(String, String)>,
    /// How to say it.
    #[arg(long, default_value = "text")]
    format: Format,
}

fn percent(text: &str) -> Result<i32, String> {
    let number: i32 = text.trim_end_matches('%').parse().map_err(|_| "write -15% or 10%".to_owned())?;
    if (-100..=1_000).contains(&number) { Ok(number) } else { Err("give -100 to 1000".to_owned()) }
}

fn training(text: &str) -> Result<(String, String), String> {
    let (group, what) = text.split_once(':').ok_or("write GROUP:QUEUE or GROUP:SKILL")?;
    Ok((group.to_owned(), what.to_owned()))
}

/// Runs the day twice and prints both, side by side.
pub(super) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let file = std::fs::File::open(&options.day).with_context(|| options.day.display().to_string())?;
    let day = Day::read(BufReader::new(file)).with_context(|| options.day.display().to_string())?;
    if day.arrivals.is_empty() {
        bail!("{}: no message in it", options.day.display());
    }
    let live = good(&options.live)?;
    let mut draft = options.draft.as_deref().map(good).transpose()?.unwrap_or_else(|| live.clone());
    let trained =
        options.cross_train.iter().map(|(group, what)| Change::CrossTrain { group: group.clone(), what: what.clone() });
    for change in trained.chain(options.staff.map(Change::Staff)) {
        change.apply(&mut draft)?;
    }
    let compared = compare(&day, replayed(&live, &day)?, replayed(&draft, &day)?);
    super::super::print(|out| -> anyhow::Result<()> {
        match options.format {
            Format::Json => writeln!(out, "{}", serde_json::to_string_pretty(&compared)?)?,
            Format::Text => told(out, &compared, &draft, &day)?,
        }
        Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}

fn good(file: &Path) -> anyhow::Result<RuleSet> {
    let bytes = super::super::read_input(file)?;
    let checked = check(&file.display().to_string(), &String::from_utf8_lossy(&bytes), &world(None));
    checked
        .set
        .ok_or_else(|| anyhow::anyhow!("{}the set has errors: `blendline rules check` lists them", checked.faults))
}

fn told(out: &mut dyn Write, compared: &Compared, draft: &RuleSet, day: &Day) -> anyhow::Result<()> {
    writeln!(out, "{} messages; live beside draft\n", day.arrivals.len())?;
    let titles = [
        "queue",
        "came",
        "in time",
        "wait mean/p90",
        "left",
        "done",
        "came",
        "in time",
        "wait mean/p90",
        "left",
        "done",
    ];
    let mut rows = vec![titles.map(str::to_owned)];
    let mut names: Vec<&str> = compared.live.queues.iter().map(|queue| queue.queue.as_str()).collect();
    names.extend(
        compared
            .draft
            .queues
            .iter()
            .map(|queue| queue.queue.as_str())
            .filter(|name| !compared.live.queues.iter().any(|known| known.queue == **name)),
    );
    for name in names {
        let [a, b, c, d, e] = cells(&compared.live, name);
        let [f, g, h, i, j] = cells(&compared.draft, name);
        rows.push([name.to_owned(), a, b, c, d, e, f, g, h, i, j]);
    }
    table(out, &rows)?;
    writeln!(out)?;
    for group in &compared.draft.groups {
        let before = compared.live.groups.iter().find(|known| known.group == group.group);
        let share = |worked: u64, present: u64| (worked * 100).checked_div(present).unwrap_or_default();
        let was =
            before.map_or_else(|| "-".to_owned(), |group| format!("{} %", share(group.worked_ms, group.present_ms)));
        writeln!(
            out,
            "group {}: work by time present {was} → {} %",
            group.group,
            share(group.worked_ms, group.present_ms)
        )?;
    }
    let (live, after) = (compared.live.without_rule, compared.draft.without_rule);
    writeln!(out, "messages that no rule takes: {live} → {after}")?;
    writeln!(out, "\n{} messages go to another queue", compared.moved)?;
    let classifier = Classifier::new(draft);
    for moved in compared.moves.iter().take(MOVES_SHOWN) {
        let way =
            |(rule, queue): &(Option<String>, String)| format!("{queue} (rule {})", rule.as_deref().unwrap_or("-"));
        writeln!(out, "  {}: {} → {}", moved.count, way(&moved.live), way(&moved.draft))?;
        if let Some(why) = why(&classifier, draft, day, moved.first) {
            writeln!(out, "      such as message {} of {}: {why}", moved.first, moved.first_at.to_rfc3339())?;
        }
    }
    writeln!(
        out,
        "\nAnother worker takes the recorded time here, and nobody leaves earlier than he did: docs/rules.md."
    )?;
    Ok(())
}

/// Why the draft sends a message where it does: the last that was tried, in words.
fn why(classifier: &Classifier, draft: &RuleSet, day: &Day, number: usize) -> Option<String> {
    let arrival = day.arrivals.get(number.checked_sub(1)?)?;
    let last = Explained::of(classifier, &facts(arrival, draft)).tried.pop()?;
    let values = last.values.iter().map(|value| format!("{} = {}", value.field, value.value)).collect::<Vec<_>>();
    Some(format!("{}: {}{}{}", last.rule, last.because, if values.is_empty() { "" } else { "; " }, values.join(", ")))
}

fn cells(result: &Replayed, name: &str) -> [String; 5] {
    let Some(queue) = result.queues.iter().find(|queue| queue.queue == name) else {
        return std::array::from_fn(|_| "-".to_owned());
    };
    let level = |queue: &QueueResult| {
        queue.service_level_milli().map_or_else(|| "-".to_owned(), |milli| format!("{}.{} %", milli / 10, milli % 10))
    };
    [
        queue.arrived.to_string(),
        level(queue),
        format!("{}/{} s", queue.wait_mean_ms / 1_000, queue.wait_p90_ms / 1_000),
        queue.left.to_string(),
        queue.done.to_string(),
    ]
}

fn table<const N: usize>(out: &mut dyn Write, rows: &[[String; N]]) -> std::io::Result<()> {
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or_default();
    let widths: [usize; N] = std::array::from_fn(width);
    for row in rows {
        for (at, cell) in row.iter().enumerate() {
            let blanks = " ".repeat(widths[at] - cell.chars().count());
            // The name to the left, figures to the right, and a rule between live and draft.
            match at {
                0 => write!(out, "{cell}{blanks}")?,
                _ if at == 1 + (N - 1) / 2 => write!(out, " | {blanks}{cell}")?,
                _ => write!(out, "  {blanks}{cell}")?,
            }
        }
        writeln!(out)?;
    }
    Ok(())
}
