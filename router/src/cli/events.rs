//! `blendline events …`: where events are posted, and what became of it, by a router that runs.

use reqwest::Method;
use serde_json::{Value, json};

use super::ask::{Where, ask};

#[derive(Debug, clap::Subcommand)]
pub(super) enum EventsCommand {
    /// Lists the endpoints: name, state, URL, kinds, reference, reason.
    List {
        #[command(flatten)]
        at: Where,
    },
    /// Adds an endpoint and prints the key that signs, once.
    Add {
        #[command(flatten)]
        at: Where,
        /// Its name.
        name: String,
        /// Where events are to be posted.
        endpoint: String,
        /// A kind of events that it is to get; more than once for several. Left out: all.
        #[arg(long = "kind")]
        kinds: Vec<String>,
        /// The field of a case that holds what the receiver calls something: it gets what befalls the cases that bear one.
        #[arg(long)]
        reference: Option<String>,
    },
    /// Changes an endpoint; what is left out stays.
    Change {
        #[command(flatten)]
        at: Where,
        /// Its name.
        name: String,
        /// Where events are to be posted.
        #[arg(long)]
        endpoint: Option<String>,
        /// A kind of events that it is to get; more than once for several.
        #[arg(long = "kind")]
        kinds: Vec<String>,
        /// The field of a case that holds what the receiver calls something; empty: none any more.
        #[arg(long)]
        reference: Option<String>,
    },
    /// Pauses an endpoint: its events wait.
    Pause {
        #[command(flatten)]
        at: Where,
        /// Its name.
        name: String,
    },
    /// Has a paused endpoint go on from where it was.
    Resume {
        #[command(flatten)]
        at: Where,
        /// Its name.
        name: String,
    },
    /// Removes an endpoint with its ledger.
    Remove {
        #[command(flatten)]
        at: Where,
        /// Its name.
        name: String,
    },
    /// Makes a new key and prints it, once; the old one signs beside it for a while.
    Rotate {
        #[command(flatten)]
        at: Where,
        /// Its name.
        name: String,
        /// For how many hours.
        #[arg(long, default_value_t = 24)]
        overlap_hours: u32,
    },
    /// Posts a test and says what came of it.
    Test {
        #[command(flatten)]
        at: Where,
        /// Its name.
        name: String,
    },
    /// Prints the ledger: event, time, lane, state, tries, cause.
    Deliveries {
        #[command(flatten)]
        at: Where,
        /// The endpoint's name.
        name: String,
        /// Only those in this state: pending, delivered or failed.
        #[arg(long)]
        state: Option<String>,
        /// Those after this event.
        #[arg(long)]
        after: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Has events posted again: those that are named, or all of a time.
    Replay {
        #[command(flatten)]
        at: Where,
        /// The endpoint's name.
        name: String,
        /// Events, by id.
        #[arg(conflicts_with = "from", required_unless_present = "from")]
        events: Vec<String>,
        /// From this time on, such as 2026-11-25T09:00:00Z.
        #[arg(long)]
        from: Option<String>,
        /// Until before this time; left out, until now.
        #[arg(long, requires = "from")]
        until: Option<String>,
        /// Of a time, only what was not delivered.
        #[arg(long, requires = "from")]
        missed: bool,
    },
}

/// Runs one of these commands.
pub(super) fn run(command: EventsCommand) -> anyhow::Result<()> {
    match command {
        EventsCommand::List { at } => {
            let answer = ask(&at, Method::GET, "/v1/event-endpoints", None)?;
            lines(&answer["items"], &["name", "state", "url", "kinds", "reference", "reason"])
        }
        EventsCommand::Add { at, name, endpoint, kinds, reference } => {
            let mut body = json!({ "name": name, "url": endpoint, "kinds": kinds });
            if let Some(reference) = reference {
                body["reference"] = json!(reference);
            }
            told_once(&ask(&at, Method::POST, "/v1/event-endpoints", Some(&body))?, "the receiver")
        }
        EventsCommand::Change { at, name, endpoint, kinds, reference } => {
            let kinds = (!kinds.is_empty()).then_some(kinds);
            let mut body = json!({ "url": endpoint, "kinds": kinds, "reference": reference });
            if let Some(named) = body.as_object_mut() {
                named.retain(|_, value| !value.is_null());
            }
            changed(&at, &name, &body)
        }
        EventsCommand::Pause { at, name } => changed(&at, &name, &json!({ "paused": true })),
        EventsCommand::Resume { at, name } => changed(&at, &name, &json!({ "paused": false })),
        EventsCommand::Remove { at, name } => {
            ask(&at, Method::DELETE, &format!("/v1/event-endpoints/{name}"), None).map(drop)
        }
        EventsCommand::Rotate { at, name, overlap_hours } => {
            let body = json!({ "overlap_hours": overlap_hours });
            let answer = ask(&at, Method::POST, &format!("/v1/event-endpoints/{name}/rotate"), Some(&body))?;
            told_once(&answer, "the receiver")
        }
        EventsCommand::Test { at, name } => {
            let answer = ask(&at, Method::POST, &format!("/v1/event-endpoints/{name}/test"), None)?;
            anyhow::ensure!(answer["taken"] == true, "not taken: {}", answer["cause"].as_str().unwrap_or("-"));
            super::print(|out| Ok(writeln!(out, "taken after {} ms", answer["took_ms"])?))
        }
        EventsCommand::Deliveries { at, name, state, after, limit } => {
            let mut path = format!("/v1/event-endpoints/{name}/deliveries?limit={limit}");
            for (key, value) in [("state", state), ("after", after)] {
                path.extend(value.map(|value| format!("&{key}={value}")));
            }
            let answer = ask(&at, Method::GET, &path, None)?;
            lines(&answer["items"], &["event", "at", "lane", "state", "attempts", "cause"])
        }
        EventsCommand::Replay { at, name, events, from, until, missed } => {
            replay(&at, &name, &events, from, until.as_deref(), missed)
        }
    }
}

fn changed(at: &Where, name: &str, body: &Value) -> anyhow::Result<()> {
    let answer = ask(at, Method::PATCH, &format!("/v1/event-endpoints/{name}"), Some(body))?;
    lines(&json!([answer]), &["name", "state", "url", "kinds", "reference", "reason"])
}

/// One call posts a bounded number; it goes on until all are asked for.
fn replay(
    at: &Where,
    name: &str,
    events: &[String],
    from: Option<String>,
    until: Option<&str>,
    missed: bool,
) -> anyhow::Result<()> {
    let path = format!("/v1/event-endpoints/{name}/replay");
    let (mut from, mut count) = (from, 0);
    loop {
        let body = match (&from, until) {
            (None, _) => json!({ "events": events }),
            (Some(from), None) => json!({ "from": from, "missed": missed }),
            (Some(from), Some(until)) => json!({ "from": from, "until": until, "missed": missed }),
        };
        let answer = ask(at, Method::POST, &path, Some(&body))?;
        count += answer["events"].as_u64().unwrap_or(0);
        match answer["next"].as_str() {
            // Events of one instant that fill a whole call would bring us no further.
            Some(next) if from.as_deref() != Some(next) => from = Some(next.to_owned()),
            _ => return super::print(|out| Ok(writeln!(out, "{count} events are posted again")?)),
        }
    }
}

/// Prints a secret that is told once, and for whom it is.
pub(super) fn told_once(answer: &Value, whom: &str) -> anyhow::Result<()> {
    super::print(|out| {
        writeln!(out, "secret = {}", answer["secret"].as_str().unwrap_or_default())?;
        Ok(writeln!(out, "Give it to {whom}: it is not shown again.")?)
    })
}

/// A line for each, of these keys; what is not there is `-`.
pub(super) fn lines(items: &Value, keys: &[&str]) -> anyhow::Result<()> {
    let shown = |value: &Value| match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(all) if all.is_empty() => "all".to_owned(),
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    };
    super::print(|out| {
        for item in items.as_array().into_iter().flatten() {
            let line: Vec<String> = keys.iter().map(|key| shown(&item[*key])).collect();
            writeln!(out, "{}", line.join("\t"))?;
        }
        Ok(())
    })
}
