//! The command: reads scenarios, runs them, writes what was asked for.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use anyhow::Context as _;

use crate::engine::{Moved, Watch};
use crate::plan::Plan;
use crate::plot::Plot;
use crate::read::read;
use crate::scenario::PolicyName;
use crate::tally::Tally;
use crate::trace::Trace;

/// What may be said on the command line.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Scenarios as JSON files; `-` is standard input.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Who decides, whatever the file says: blendline, threshold, fcfs_longest_idle or static_priority.
    #[arg(long, value_parser = policy)]
    pub policy: Option<PolicyName>,
    /// Where the random numbers begin, whatever the file says.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Runs so many seeds, one after the other, and prints a result for each.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub seeds: u64,
    /// Writes every decision to this file, a line of JSON each.
    #[arg(long)]
    pub trace: Option<PathBuf>,
    /// Draws waits, reserve and occupancy over time into this SVG file.
    #[arg(long)]
    pub plot: Option<PathBuf>,
    /// Draws from here on, in the time unit of the scenario: of a long run one day or one peak.
    #[arg(long, requires = "plot", default_value_t = 0.0)]
    pub plot_from: f64,
    /// Draws up to here, in the time unit of the scenario; else to the end.
    #[arg(long, requires = "plot")]
    pub plot_to: Option<f64>,
}

fn policy(text: &str) -> Result<PolicyName, String> {
    let name = serde::de::value::StrDeserializer::<serde::de::value::Error>::new(text);
    serde::Deserialize::deserialize(name).map_err(|error: serde::de::value::Error| {
        let message = error.to_string();
        let hint = crate::problem::unknown_word(&message)
            .map(|(word, known)| crate::problem::did_you_mean(word, known.into_iter()));
        hint.unwrap_or(message)
    })
}

/// Runs the scenarios and prints one JSON object for each file and seed. Doubts go to `notes`.
///
/// # Errors
/// A scenario that is refused, with place and cure; a file that cannot be read or written.
pub fn run(options: &Options, out: &mut dyn Write, notes: &mut dyn Write) -> anyhow::Result<()> {
    let several = options.files.len() > 1 || options.seeds > 1;
    anyhow::ensure!(
        !several || options.trace.is_none() && options.plot.is_none(),
        "--trace and --plot show one run: name one file, and no --seeds"
    );
    for file in &options.files {
        let name = file.display().to_string();
        let text = if name == "-" { io::read_to_string(io::stdin().lock()) } else { std::fs::read_to_string(file) };
        let ready = read(&name, &text.with_context(|| name.clone())?, options.policy)?;
        for warning in &ready.warnings {
            writeln!(notes, "warning: {warning}")?;
        }
        let first = options.seed.unwrap_or(ready.plan.seed);
        for seed in first..first.saturating_add(options.seeds) {
            let report = run_one(&ready.plan, seed, options)?;
            serde_json::to_writer(&mut *out, &report)?;
            writeln!(out)?;
        }
    }
    Ok(())
}

fn run_one(plan: &Plan, seed: u64, options: &Options) -> anyhow::Result<crate::Report> {
    let create = |path: &PathBuf| File::create(path).with_context(|| path.display().to_string());
    let trace = options.trace.as_ref().map(create).transpose()?;
    let mut trace = trace.map(|file| Trace::new(plan, BufWriter::new(file)));
    let mut plot = options.plot.as_ref().map(|_| drawn(plan, options)).transpose()?;
    if trace.is_none() && plot.is_none() {
        return Ok(crate::run(plan, seed));
    }
    let mut both = Both { trace: trace.as_mut().map(|trace| trace as &mut dyn Watch), plot: plot.as_mut() };
    let report = crate::watched(plan, seed, Some(&mut both));
    if let Some((trace, path)) = trace.zip(options.trace.as_ref()) {
        trace.end().with_context(|| path.display().to_string())?;
    }
    if let Some((plot, path)) = plot.zip(options.plot.as_ref()) {
        std::fs::write(path, plot.svg()).with_context(|| path.display().to_string())?;
    }
    Ok(report)
}

/// The plot of the time that was asked for.
fn drawn<'a>(plan: &'a Plan, options: &Options) -> anyhow::Result<Plot<'a>> {
    let end = plan.horizon / plan.unit_ms;
    let (from, to) = (options.plot_from, options.plot_to.unwrap_or(end));
    anyhow::ensure!(
        0.0 <= from && from < to && to <= end,
        "--plot-from {from} --plot-to {to}: what is drawn must end after it begins, and lie between 0 and {end}, \
         where {} ends, all in its own time unit",
        plan.name
    );
    Ok(Plot::new(plan, from * plan.unit_ms, to * plan.unit_ms))
}

struct Both<'a, 'p> {
    trace: Option<&'a mut dyn Watch>,
    plot: Option<&'a mut Plot<'p>>,
}

impl Watch for Both<'_, '_> {
    fn moved(&mut self, moved: &Moved<'_>) {
        if let Some(trace) = &mut self.trace {
            trace.moved(moved);
        }
        if let Some(plot) = &mut self.plot {
            plot.moved(moved);
        }
    }

    fn stood(&mut self, from: f64, to: f64, tally: &Tally, reserve: &dyn Fn(usize) -> f64) {
        if let Some(plot) = &mut self.plot {
            plot.stood(from, to, tally, reserve);
        }
    }

    fn explains(&self) -> bool {
        self.trace.is_some()
    }
}
