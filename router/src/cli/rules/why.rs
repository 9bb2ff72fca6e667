//! `blendline rules why`: how a task of a running router came to its queue, and what keeps it there.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::Args;
use reqwest::Method;
use serde_json::Value;

use super::Format;
use crate::cli::ask::{Where, ask};

/// A task, and the router that has it.
#[derive(Debug, Args)]
pub(in crate::cli) struct Why {
    /// The task, as `task_42`: a conversation's, or one of a pushed item.
    task: String,
    /// How to say it.
    #[arg(long, default_value = "text")]
    format: Format,
    #[command(flatten)]
    at: Where,
}

/// Asks, and prints the answer.
pub(super) fn run(why: &Why) -> anyhow::Result<ExitCode> {
    // Whatever is no name of a task is refused by the router; only what would lead elsewhere is not passed on.
    anyhow::ensure!(
        why.task.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_'),
        "`{}` is no task: write it as `task_42`",
        why.task
    );
    let told = ask(&why.at, Method::GET, &format!("/v1/tasks/{}/explanation", why.task), None)?;
    super::super::print(|out| match why.format {
        Format::Json => Ok::<_, anyhow::Error>(writeln!(out, "{}", serde_json::to_string_pretty(&told)?)?),
        Format::Text => Ok(write!(out, "{}", in_words(&why.task, &told))?),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The answer for people: the way through the rules, then what keeps it waiting, then what would end that.
fn in_words(task: &str, told: &Value) -> String {
    let mut out = String::new();
    routed(&mut out, &told["routing"]);
    let worker = told["worker"].as_str();
    let state = told["state"].as_str().unwrap_or("unknown");
    let _ = match worker {
        Some(worker) => writeln!(out, "{task} is with {worker}"),
        None => writeln!(out, "{task} is {state}"),
    };
    let waiting = &told["waiting"];
    if waiting.is_object() {
        let _ = writeln!(out, "{} wait in its queue, itself included", waiting["in_queue"]);
        counted(&mut out, "what keeps workers from it, of", &waiting["workers"], &waiting["obstacles"]);
        out.push_str("what would give it a worker now:\n");
        let would = would_do(waiting);
        if would.is_empty() {
            out.push_str("  nothing alone: several things keep each worker from it\n");
        }
        for line in would {
            let _ = writeln!(out, "  {line}");
        }
    }
    out
}

fn routed(out: &mut String, routing: &Value) {
    let Some(version) = routing["version"].as_u64() else { return };
    let _ = writeln!(out, "by version {version} of the rules:");
    for tried in routing["tried"].as_array().into_iter().flatten() {
        let arrow = if tried["applied"] == true { "→" } else { " " };
        let text = |key: &str| tried[key].as_str().unwrap_or_default();
        let _ = writeln!(out, "{arrow} {}: {}", text("rule"), text("because"));
        for value in tried["values"].as_array().into_iter().flatten() {
            let text = |key: &str| value[key].as_str().unwrap_or_default();
            let _ = writeln!(out, "      {} = {}", text("field"), text("value"));
        }
    }
    if let Some(queue) = routing["queue"].as_str() {
        let _ = writeln!(out, "queue {queue}");
    }
}

fn counted(out: &mut String, what: &str, of: &Value, counts: &Value) {
    let _ = writeln!(out, "{what} {of}:");
    for (obstacle, count) in counts.as_object().into_iter().flatten() {
        let _ = writeln!(out, "  {obstacle}: {count}");
    }
}

/// What would make it assignable now, each alone.
fn would_do(waiting: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(at) = waiting["opens_at"].as_str() {
        lines.push(format!("its queue opens at {at}"));
        return lines;
    }
    if let (Some(worker), Some(until)) = (waiting["for_worker"].as_str(), waiting["for_worker_until"].as_str()) {
        lines.push(format!("{worker}, whom it waits for alone until {until}, takes it"));
    }
    for (obstacle, count) in waiting["lacking_only"].as_object().into_iter().flatten() {
        let who = if *count == 1 { "one worker".to_owned() } else { format!("one of {count} workers") };
        lines.push(format!("{who} {}", cure(obstacle)));
    }
    for queue in waiting["reserved_for"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        lines.push(format!("the front queue `{queue}` needs nobody free any more"));
    }
    lines
}

/// What would have to change for a worker, where one thing keeps him from it.
fn cure(obstacle: &str) -> &'static str {
    match obstacle {
        "other_queue" => "would have to serve its queue",
        "no_skill" => "would have to have the skill",
        "skill_too_low" => "would have to be better at it",
        "not_connected" => "would have to connect",
        "away" => "would have to come back",
        "busy" | "draining" => "would have to take new work",
        "no_room" => "would have to finish something",
        "declined" => "would have to be asked again: it was declined a short while ago",
        "reserved" => "would have to be free of the front",
        _ => "would have to be free of what keeps him from it",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_waiting_item_is_told_with_its_way_and_what_would_do() {
        let told = json!({
            "state": "waiting",
            "waiting": {"urgency_milli": 5, "in_queue": 2, "workers": 3, "obstacles": {"away": 2, "no_room": 2},
                "lacking_only": {"away": 1, "no_room": 2}, "reserved_for": ["service"]},
            "routing": {"version": 4, "queue": "refunds", "tried": [
                {"rule": "returns", "applied": true, "because": "all that it asks holds",
                    "values": [{"field": "item.kind", "value": "'return'"}]}]},
        });
        let expected = "by version 4 of the rules:\n→ returns: all that it asks holds\n      item.kind = 'return'\nqueue refunds\n\
            task_7 is waiting\n2 wait in its queue, itself included\nwhat keeps workers from it, of 3:\n  away: 2\n  no_room: 2\n\
            what would give it a worker now:\n  one worker would have to come back\n  one of 2 workers would have to finish something\n  \
            the front queue `service` needs nobody free any more\n";
        assert_eq!(in_words("task_7", &told), expected);
    }

    #[test]
    fn what_is_closed_or_given_waits_for_nothing() {
        assert_eq!(in_words("task_7", &json!({"state": "closed"})), "task_7 is closed\n");
        assert_eq!(in_words("task_7", &json!({"state": "given", "worker": "dana"})), "task_7 is with dana\n");
        let shut = json!({"state": "waiting", "waiting": {"in_queue": 1, "workers": 0, "obstacles": {}, "lacking_only": {}, "reserved_for": [], "opens_at": "2026-11-26T06:00:00Z"}});
        assert!(in_words("task_7", &shut).ends_with("now:\n  its queue opens at 2026-11-26T06:00:00Z\n"));
    }
}
