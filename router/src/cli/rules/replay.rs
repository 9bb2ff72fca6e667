//! `blendline rules replay`: what a recorded day would have been under other rules, or with other people.

use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use blendline_rules::replay::{Change, Compared, Day, QueueResult, Result as Replayed, compare, facts};
use blendline_rules::{Classifier, RuleSet, check};
use clap::Args;

use super::Format;
use super::publish::Door;
use crate::rules::explain::Explained;
use crate::rules::replay::replayed;
use crate::rules::world;

/// How many ways to elsewhere are listed.
const MOVES_SHOWN: usize = 20;

/// A day, what is live, and what it is compared with.
#[derive(Debug, Args)]
pub(in crate::cli) struct Options {
    /// The live rule set; with --from and --to it is the router's own.
    #[arg(required_unless_present = "from")]
    live: Option<PathBuf>,
    /// The recorded day, as JSON lines (docs/rules.md).
    #[arg(long, requires = "live")]
    day: Option<PathBuf>,
    /// From when a running router's record is replayed, such as 2026-11-25T06:00:00Z.
    #[arg(long, requires = "to", conflicts_with_all = ["live", "day"])]
    from: Option<String>,
    /// Until when.
    #[arg(long, requires = "from")]
    to: Option<String>,
    /// Where the router is reached, such as https://blendline.example.
    #[arg(long, env = "BLENDLINE_URL")]
    url: Option<String>,
    /// An access key that may look at rules.
    #[arg(long, env = "BLENDLINE_KEY", hide_env_values = true)]
    key: Option<String>,
    /// The draft; without it, the live set, or the router's own draft.
    #[arg(long)]
    pub(super) draft: Option<PathBuf>,
    /// The draft has so many per cent more or fewer people in every group, or in one: -15%, desk:+10%. May be repeated.
    #[arg(long, value_parser = staff, allow_hyphen_values = true)]
    pub(super) staff: Vec<(Option<String>, i32)>,
    /// In the draft the people of a group serve a queue more, or learn a skill: front:refunds. May be repeated.
    #[arg(long, value_parser = training)]
    pub(super) cross_train: Vec<(String, String)>,
    /// Further changes of people are tried, one by one, and the one that brings most comes first: with --from.
    #[arg(long, requires = "from")]
    pub(super) levers: bool,
    /// How to say it.
    #[arg(long, default_value = "text")]
    pub(super) format: Format,
}

fn staff(text: &str) -> Result<(Option<String>, i32), String> {
    match text.rsplit_once(':') {
        Some((group, change)) => Ok((Some(group.to_owned()), percent(change)?)),
        None => Ok((None, percent(text)?)),
    }
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
    if let (Some(from), Some(to)) = (&options.from, &options.to) {
        let (Some(url), Some(key)) = (&options.url, &options.key) else {
            bail!("say where the router is, and with which key: --url and --key, or BLENDLINE_URL and BLENDLINE_KEY");
        };
        let door = Door { url: url.clone(), key: key.clone() };
        return super::record::replay(options, from, to, &door);
    }
    let (Some(live), Some(day)) = (&options.live, &options.day) else {
        bail!("name a recorded day with --day, or a period of a running router with --from and --to");
    };
    let file = std::fs::File::open(day).with_context(|| day.display().to_string())?;
    let name = day.display().to_string();
    let day = Day::read(BufReader::new(file)).with_context(|| name.clone())?;
    if day.arrivals.is_empty() {
        bail!("{name}: no message in it");
    }
    let live = good(live)?;
    let mut draft = options.draft.as_deref().map(good).transpose()?.unwrap_or_else(|| live.clone());
    let trained =
        options.cross_train.iter().map(|(group, what)| Change::CrossTrain { group: group.clone(), what: what.clone() });
    let staff = options.staff.iter().map(|(group, percent)| match group {
        Some(group) => Change::StaffOf { group: group.clone(), percent: *percent },
        None => Change::Staff(*percent),
    });
    for change in trained.chain(staff) {
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
        "|",
        "came",
        "in time",
        "wait mean/p90",
        "left",
        "done",
    ];
    let mut rows = vec![titles.map(str::to_owned).to_vec()];
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
        rows.push(vec![name.to_owned(), a, b, c, d, e, "|".to_owned(), f, g, h, i, j]);
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

/// Columns under each other: the name to the left, figures to the right.
pub(super) fn table(out: &mut dyn Write, rows: &[Vec<String>]) -> std::io::Result<()> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|at| width(at).unwrap_or_default()).collect();
    for row in rows {
        for (at, cell) in row.iter().enumerate() {
            let blanks = " ".repeat(widths[at] - cell.chars().count());
            match at {
                0 => write!(out, "{cell}{blanks}")?,
                _ => write!(out, "  {blanks}{cell}")?,
            }
        }
        writeln!(out)?;
    }
    Ok(())
}
