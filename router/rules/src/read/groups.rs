//! `groups:` workers who serve the same queues.

use std::collections::BTreeSet;

use blendline_wire::task::AcceptMode;

use super::value::{Reader, Section};
use crate::fault::Placed;
use crate::help;
use crate::limits::{NAMES_MAX, WORKERS_MAX};
use crate::model::{Burden, Group, Level, Worker};
use crate::spell::did_you_mean;
use crate::yaml::{Node, Value};

const ACCEPT: &[(&str, AcceptMode)] = &[("offer", AcceptMode::Offer), ("auto", AcceptMode::Auto)];

/// What a group says for all its workers.
struct Common {
    skills: Vec<Level>,
    capacity: Option<u32>,
    accept: Option<AcceptMode>,
    burden: Burden,
    weights: Vec<(Placed<String>, u32)>,
}

pub(super) fn read(reader: &mut Reader<'_>, node: &Node, channels: &[&str]) -> Vec<Group> {
    let named = reader.named(node, "group", NAMES_MAX);
    let groups = named.into_iter().filter_map(|(name, node)| group(reader, name, node, channels));
    let groups: Vec<Group> = groups.collect();
    let count: usize = groups.iter().map(|group| group.workers.len()).sum();
    if WORKERS_MAX < count {
        let message = format!("the groups have {count} workers, and at most {WORKERS_MAX} are read");
        reader.faults.error("too_many", &node.span, message, "");
    }
    groups
}

fn group(reader: &mut Reader<'_>, name: Placed<String>, node: &Node, channels: &[&str]) -> Option<Group> {
    let section = reader.section(node, "a group", &help::keys("group"))?;
    let common = Common {
        skills: section.get("skills").map(|node| reader.levels(node)).unwrap_or_default(),
        capacity: section.get("capacity").and_then(|node| reader.int(node, "capacity", 1, 1_000_000)),
        accept: section.get("accept").and_then(|node| reader.word(node, "accept", ACCEPT)),
        burden: burden(reader, &section),
        weights: section.get("weights").map(|node| weights(reader, node, channels)).unwrap_or_default(),
    };
    for key in ["queues", "workers"] {
        if section.get(key).is_none() {
            let hint = format!("write `{key}: [one, two]`");
            reader.faults.error("missing_key", &name.span, format!("the group `{}` has no `{key}`", name.value), hint);
        }
    }
    let queues = section.get("queues").map(|node| reader.names(node, "queue")).unwrap_or_default();
    let workers = section.get("workers").map(|node| workers(reader, node, &common)).unwrap_or_default();
    let time_plan = section.get("time_plan").map(|node| time_plan(reader, node)).unwrap_or_default();
    Some(Group { name, queues, workers, time_plan })
}

/// `{refunds: 20%, training: 5%}`.
fn time_plan(reader: &mut Reader<'_>, node: &Node) -> Vec<(Placed<String>, u32)> {
    let parts = reader.named(node, "queue", NAMES_MAX);
    parts.into_iter().filter_map(|(queue, node)| Some((queue, reader.percent(node, "time_plan", 1, 100)?))).collect()
}

/// `{chat: 34, email: 20}`.
fn weights(reader: &mut Reader<'_>, node: &Node, channels: &[&str]) -> Vec<(Placed<String>, u32)> {
    let mut weights = Vec::new();
    for (channel, node) in reader.named(node, "channel", NAMES_MAX) {
        if !channels.contains(&channel.value.as_str()) {
            let hint = did_you_mean(&channel.value, channels.iter().copied());
            let message = format!("there is no channel `{}`", channel.value);
            reader.faults.error("unknown_word", &channel.span, message, hint);
        }
        weights.extend(reader.int(node, "weights", 1, 100_000).map(|weight| (channel, weight)));
    }
    weights
}

/// `[dana, omer]`, or `dana: {skills: {hebrew: 8}}` where one differs from his group.
fn workers(reader: &mut Reader<'_>, node: &Node, common: &Common) -> Vec<Worker> {
    let Common { skills, capacity, accept, burden: common_burden, weights } = common;
    let (capacity, accept, burden_of_all) = (*capacity, *accept, *common_burden);
    let plain = |name| Worker {
        name,
        skills: skills.clone(),
        capacity,
        accept,
        weights: weights.clone(),
        burden: burden_of_all,
    };
    if !matches!(node.value, Value::Map(_)) {
        return reader.names(node, "worker").into_iter().map(plain).collect();
    }
    let mut workers = Vec::new();
    for (name, node) in reader.named(node, "worker", WORKERS_MAX) {
        let mut worker = plain(name);
        if node.what() != "nothing"
            && let Some(section) = reader.section(node, "a worker", &help::keys("worker"))
        {
            let own = section.get("skills").map(|node| reader.levels(node)).unwrap_or_default();
            let mentioned: BTreeSet<String> = own.iter().map(|(skill, _)| skill.value.clone()).collect();
            worker.skills.retain(|(skill, _)| !mentioned.contains(&skill.value));
            worker.skills.extend(own);
            let capacity = section.get("capacity").and_then(|node| reader.int(node, "capacity", 1, 1_000_000));
            worker.capacity = capacity.or(worker.capacity);
            let accept = section.get("accept").and_then(|node| reader.word(node, "accept", ACCEPT));
            worker.accept = accept.or(worker.accept);
            worker.burden = burden(reader, &section).or(worker.burden);
        }
        workers.push(worker);
    }
    workers
}

/// What is asked of a worker, and what he costs.
fn burden(reader: &mut Reader<'_>, section: &Section<'_>) -> Burden {
    let number =
        |reader: &mut Reader<'_>, key: &str, most| section.get(key).and_then(|node| reader.int(node, key, 0, most));
    let (run_max, cost) = (number(reader, "run_max", u32::from(u16::MAX)), number(reader, "cost", u32::MAX));
    let mut duration =
        |key: &str| section.get(key).and_then(|node| reader.duration(node, key, true)).map(|ms| ms.value);
    Burden { run_max, breath_ms: duration("breath"), abuse_pause_ms: duration("abuse_pause"), cost }
}
