//! `blendline rules explain`: the way of one message through a rule set.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use blendline_rules::facts::{History, NEVER_DAYS};
use blendline_rules::{Classifier, Facts};
use blendline_wire::Millis;
use blendline_wire::inbound::InboundEvent;
use clap::Args;

use super::{Format, Set, checked};
use crate::api::now;
use crate::rules::explain::Explained;

/// A message, and what the record would know of its sender.
#[derive(Debug, Args)]
pub(in crate::cli) struct Message {
    /// The message, as `blendline normalize` prints it; `-` is standard input.
    #[arg(long, conflicts_with = "text", required_unless_present = "text")]
    message: Option<PathBuf>,
    /// What it says, instead of a file.
    #[arg(long)]
    text: Option<String>,
    /// The channel that it came by.
    #[arg(long)]
    channel: String,
    /// The account that it came by.
    #[arg(long, default_value = "")]
    account: String,
    /// When it came, as 2026-11-26T10:00:00Z; without it, now.
    #[arg(long)]
    at: Option<String>,
    /// The sender wrote before: so many days ago.
    #[arg(long)]
    days: Option<u16>,
    /// His last matter is solved and may come back.
    #[arg(long, requires = "days")]
    reopened: bool,
    /// Messages of his last conversation.
    #[arg(long, default_value_t = 0, requires = "days")]
    messages: u16,
}

/// Prints each rule up to the one that decides.
pub(super) fn run(set: &Set, message: &Message, format: Format) -> anyhow::Result<ExitCode> {
    let checked = checked(set)?;
    let Some(rules) = checked.set else {
        bail!("{}the set has errors: `blendline rules check` lists them", checked.faults);
    };
    let event = read(message)?;
    let now = match &message.at {
        Some(text) => Millis::from_rfc3339(text)
            .with_context(|| format!("--at: `{text}` is no time such as 2026-11-26T10:00:00Z"))?,
        None => now(),
    };
    let history = History {
        known: message.days.is_some(),
        reopened: message.reopened,
        days: message.days.map_or(NEVER_DAYS, i64::from),
        messages: i64::from(message.messages),
    };
    let facts = Facts::of(&event, (&message.channel, &message.account), history, now, &rules.zone);
    let classifier = Classifier::new(&rules);
    let explained = Explained::of(&classifier, &facts);
    super::super::print(|out| -> anyhow::Result<()> {
        match format {
            Format::Text => write!(out, "{explained}")?,
            Format::Json => writeln!(out, "{}", serde_json::to_string_pretty(&explained)?)?,
        }
        Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}

fn read(message: &Message) -> anyhow::Result<InboundEvent> {
    let Some(file) = &message.message else {
        return Ok(InboundEvent { text: message.text.clone().map(Into::into), ..InboundEvent::default() });
    };
    let bytes = super::super::read_input(file)?;
    // Several lines are several events: the first that wants an answer is meant.
    let mut events = serde_json::Deserializer::from_slice(&bytes).into_iter::<InboundEvent>();
    let first = events.find(|event| event.as_ref().map_or(true, |event| event.kind.wants_answer()));
    let event = first.with_context(|| format!("{}: no message in it", file.display()))?;
    event.with_context(|| format!("{}: not as `blendline normalize` prints messages", file.display()))
}
