//! `blendline rules replay --from --to`: a period of a running router's own record, under the live rules and a draft.

use std::io::Write;
use std::process::ExitCode;

use reqwest::Method;
use serde_json::{Value, json};

use super::Format;
use super::publish::{Door, run};
use super::replay::{Options, table};

/// Asks the router and prints what it came to.
pub(super) fn replay(options: &Options, from: &str, to: &str, door: &Door) -> anyhow::Result<ExitCode> {
    let rules = match &options.draft {
        Some(file) => Some(String::from_utf8_lossy(&super::super::read_input(file)?).into_owned()),
        None => None,
    };
    let staff: Vec<Value> =
        options.staff.iter().map(|(group, percent)| json!({ "group": group, "percent": percent })).collect();
    let train = |(group, what): &(String, String)| json!({ "group": group, "what": what });
    let mut asked = json!({
        "from": from, "to": to, "staff": staff, "levers": options.levers,
        "cross_train": options.cross_train.iter().map(train).collect::<Vec<_>>(),
    });
    if let Some(rules) = rules {
        asked["rules"] = json!(rules);
    }
    run(async {
        let told = door.call(Method::POST, "/v1/rules/replay", asked).await?;
        super::super::print(|out| match options.format {
            Format::Json => Ok(writeln!(out, "{}", serde_json::to_string_pretty(&told)?)?),
            Format::Text => shown(out, &told),
        })?;
        Ok(ExitCode::SUCCESS)
    })
}

fn shown(out: &mut dyn Write, told: &Value) -> anyhow::Result<()> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    writeln!(
        out,
        "{} messages and items, {} to {}; the live rules give the recorded figures {}\n",
        told["arrivals"],
        text(&told["begins_at"]),
        text(&told["ends_at"]),
        if told["exact"] == json!(true) { "exactly" } else { "not exactly: rules, people or the program have changed" }
    )?;
    let mut rows =
        vec![["queue", "came", "in time", "wait mean/p90", "left", "moved on", "done"].map(str::to_owned).to_vec()];
    let list = |key: &str| told[key].as_array().cloned().unwrap_or_default();
    for queue in list("queues") {
        for (side, sign) in [("recorded", ""), ("live", " live"), ("draft", " draft")] {
            let numbers = &queue[side];
            if !numbers.is_null() {
                rows.push(row(format!("{}{sign}", text(&queue["queue"])), numbers));
            }
        }
    }
    table(out, &rows)?;
    writeln!(out)?;
    for group in list("groups") {
        let share = |side: &str| {
            let numbers = &group[side];
            let (worked, present) = (numbers["worked_ms"].as_u64(), numbers["present_ms"].as_u64());
            let percent = (worked.unwrap_or_default() * 100).checked_div(present.unwrap_or_default());
            percent.map_or_else(|| "-".to_owned(), |percent| format!("{percent} %"))
        };
        let (live, draft) = (share("live"), share("draft"));
        writeln!(out, "group {}: work by time present {live} → {draft}", text(&group["group"]))?;
    }
    writeln!(out, "\n{} tasks go to another queue", told["moved"])?;
    for moved in list("moves") {
        let way = |side: &str| {
            format!("{} (rule {})", text(&moved[&format!("{side}_queue")]), text(&moved[&format!("{side}_rule")]))
        };
        writeln!(out, "  {}: {} → {}", moved["count"], way("live"), way("draft"))?;
        let tasks: Vec<String> =
            moved["tasks"].as_array().into_iter().flatten().map(|one| text(&one["task"])).collect();
        writeln!(out, "      {}\n      {}", text(&moved["because"]), tasks.join(" "))?;
    }
    for lever in list("levers") {
        let gain = |key: &str| format!("{:+}", lever[key].as_i64().unwrap_or_default());
        let (front, back) = (gain("front_in_time"), gain("back_done"));
        writeln!(out, "{}: {front} front tasks in time, {back} back tasks done", text(&lever["lever"]))?;
    }
    writeln!(out, "\nWhat another worker takes, and what customers then write, is as it was: docs/rules.md.")?;
    Ok(())
}

fn row(name: String, numbers: &Value) -> Vec<String> {
    let number = |key: &str| numbers[key].as_u64().unwrap_or_default();
    let level = numbers["service_level_milli"].as_u64();
    vec![
        name,
        number("came").to_string(),
        level.map_or_else(|| "-".to_owned(), |milli| format!("{}.{} %", milli / 10, milli % 10)),
        format!("{}/{} s", number("wait_mean_ms") / 1_000, number("wait_p90_ms") / 1_000),
        number("left").to_string(),
        (number("transferred") + number("overflowed")).to_string(),
        number("done").to_string(),
    ]
}
