//! The books, read from the outside: events, outbox, transcripts, the platform's and the workers' own memory.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use blendline_tests::api::Api;
use blendline_tests::graph::FakeGraph;
use blendline_wire::event::{Event, EventKind};
use blendline_wire::inbound::InboundKind;
use blendline_wire::worker::Author;
use blendline_wire::{ConversationId, EventId, OutboundId, TaskId};

use crate::plan::Plan;
use crate::staff::Seen;

/// What one crash can make the queue deliver again: a batch (256 inputs) in commit and one whose ack was not yet written.
const AGAIN_PER_CRASH: usize = 2 * 256;

/// What last happened to a task, for people.
fn last_of(log: &[Event], task: TaskId) -> Vec<String> {
    let his = log.iter().filter(|event| event.task == Some(task));
    let told: Vec<String> = his.map(|event| format!("{} {:?}", event.at.0, event.kind)).collect();
    told[told.len().saturating_sub(6)..].to_vec()
}

/// Reads events until everything posted is booked, no task is open and no reply is on its way.
pub(crate) async fn at_rest(plan: &Plan, api: &Api, within: Duration) -> Vec<Event> {
    let begin = Instant::now();
    let mut log: Vec<Event> = Vec::new();
    loop {
        let fresh = api.all_after("/v1/events", log.last().map(|event| event.id.to_string())).await;
        log.extend(fresh.into_iter().map(|event| serde_json::from_value(event).expect("an event of the catalogue")));
        let (tasks, replies) = unsettled(&log);
        // Reports of the platform may still come; they change no book that is read here.
        let booked = Booked::of(&log);
        if booked.covers(plan) && tasks.is_empty() && replies.is_empty() {
            return log;
        }
        assert!(
            begin.elapsed() < within,
            "not at rest within {within:?}: {booked:?}, {} tasks {:#?}…, {} replies {:?}…",
            tasks.len(),
            tasks.iter().take(5).map(|task| (task, last_of(&log, *task))).collect::<Vec<_>>(),
            replies.len(),
            replies.iter().take(5).collect::<Vec<_>>()
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// How many of each fate are in the log.
#[derive(Clone, Copy, Debug)]
struct Booked {
    received: usize,
    duplicates: usize,
    discards: usize,
    quarantined: usize,
}

impl Booked {
    fn of(log: &[Event]) -> Self {
        let count = |wanted: fn(&EventKind) -> bool| log.iter().filter(|event| wanted(&event.kind)).count();
        Self {
            received: count(|kind| matches!(kind, EventKind::MessageReceived { .. })),
            duplicates: count(
                |kind| matches!(kind, EventKind::MessageDuplicate { kind } if *kind == InboundKind::Message),
            ),
            discards: count(
                |kind| matches!(kind, EventKind::MessageDiscarded { reason, .. } if reason == "unknown_account"),
            ),
            quarantined: count(|kind| matches!(kind, EventKind::Quarantined { .. })),
        }
    }

    /// Whether everything that was answered 200 has its event.
    fn covers(&self, plan: &Plan) -> bool {
        self.received >= plan.unique
            && self.duplicates >= plan.copies
            && self.discards >= plan.strangers
            && self.quarantined >= plan.poison
    }
}

fn unsettled(log: &[Event]) -> (BTreeSet<TaskId>, BTreeSet<OutboundId>) {
    let (mut tasks, mut replies) = (BTreeSet::new(), BTreeSet::new());
    for event in log {
        match &event.kind {
            EventKind::TaskCreated { .. } => tasks.extend(event.task),
            EventKind::TaskSolved { .. } => {
                if let Some(task) = event.task {
                    tasks.remove(&task);
                }
            }
            EventKind::ReplyQueued { outbound, .. } => {
                replies.insert(*outbound);
            }
            EventKind::ReplySent { outbound, .. }
            | EventKind::ReplyFailed { outbound, .. }
            | EventKind::ReplyUnknown { outbound, .. }
            | EventKind::ReplyStatus { outbound, .. } => {
                replies.remove(outbound);
            }
            _ => {}
        }
    }
    (tasks, replies)
}

/// Every 200 became exactly one message, recorded duplicate, discard or quarantine, and nothing was made up.
pub(crate) fn every_webhook_has_one_fate(plan: &Plan, log: &[Event], attempts: u64, crashes: usize) {
    let Booked { received, duplicates, discards, quarantined } = Booked::of(log);
    println!("received {received}, duplicates {duplicates}, discards {discards}, quarantined {quarantined}");
    assert_eq!(received, plan.unique, "every message exactly once");
    let mut more = 0;
    for (name, booked, planned) in [
        ("duplicates", duplicates, plan.copies),
        ("discards and their copies", discards, plan.strangers),
        ("quarantined", quarantined, plan.poison),
    ] {
        assert!(booked >= planned, "{name}: {booked} booked, {planned} were answered 200");
        more += booked - planned;
    }
    // A webhook (of at most three events) whose 200 was cut off was posted again.
    let repeated = (attempts as usize - plan.posts.len()) * 3;
    // A crash between commit and ack makes the queue deliver again what is committed.
    let redelivered = crashes * AGAIN_PER_CRASH;
    assert!(more <= repeated + redelivered, "{more} more than planned; {repeated} + {redelivered} can be explained");
}

/// Each message of a customer made one task or joined one, never both and never neither.
pub(crate) fn every_message_made_or_joined_a_task(log: &[Event]) {
    let mut fates: HashMap<EventId, u32> = HashMap::new();
    let mut messages = BTreeSet::new();
    for event in log {
        match event.kind {
            EventKind::MessageReceived { kind, .. } if kind.wants_answer() => {
                messages.insert(event.id);
            }
            EventKind::TaskCreated { .. } | EventKind::TaskMerged { .. } => {
                let cause = event.cause.expect("a task comes of something");
                *fates.entry(cause).or_default() += 1;
            }
            _ => {}
        }
    }
    for message in &messages {
        assert_eq!(fates.get(message), Some(&1), "{message} must make or join exactly one task");
    }
    assert_eq!(fates.len(), messages.len(), "no task came of nothing");
}

/// Every reply took effect once at the platform, or is called unknown and took effect at most once.
pub(crate) async fn replies_reached_the_platform_once(log: &[Event], graph: &FakeGraph, api: &Api) {
    let queued: BTreeSet<String> = log
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::ReplyQueued { outbound, .. } => Some(outbound.to_string()),
            _ => None,
        })
        .collect();
    let unknown: BTreeSet<String> = api
        .all("/v1/outbox?state=unknown")
        .await
        .iter()
        .map(|row| row["id"].as_str().expect("a message of ours has an id").to_owned())
        .collect();
    let effects = graph.effects();
    println!("{} replies, {} effects, {} unknown", queued.len(), effects.len(), unknown.len());
    for reply in &queued {
        let count = effects.get(reply).copied().unwrap_or(0);
        assert!(count <= 1, "{reply} reached the customer {count} times");
        assert!(count == 1 || unknown.contains(reply), "{reply} never reached the platform and is not called unknown");
    }
    for effect in effects.keys() {
        assert!(queued.contains(effect), "{effect} was sent and never queued");
    }
    assert!(!queued.is_empty());
}

/// Every worker saw the customers' words in the one order of the transcript, and all of them were shown to somebody.
pub(crate) async fn workers_saw_one_order(plan: &Plan, log: &[Event], seen: &[Seen], api: &Api) {
    let mut shown: BTreeMap<ConversationId, BTreeMap<u64, (Author, String)>> = BTreeMap::new();
    for ownership in seen {
        let known = shown.entry(ownership.conversation).or_default();
        let mut last = 0;
        for message in &ownership.messages {
            assert!(message.seq > last, "{}: {} came after {last}", ownership.conversation, message.seq);
            last = message.seq;
            let text = message.text.as_ref().map_or("", |text| text.expose()).to_owned();
            let before = known.insert(message.seq, (message.from, text.clone()));
            assert!(
                before.is_none_or(|b| b == (message.from, text)),
                "{}: two workers saw different words at {}",
                ownership.conversation,
                message.seq
            );
        }
    }
    let conversations: BTreeSet<ConversationId> = log.iter().filter_map(|event| event.conversation).collect();
    let mut heard: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let (mut unseen, mut where_unseen) = (Vec::new(), BTreeSet::new());
    for id in &conversations {
        let lines = api.all(&format!("/v1/conversations/{id}/messages")).await;
        let seqs: Vec<u64> = lines.iter().filter_map(|line| line["seq"].as_u64()).collect();
        assert!(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1), "{id}: a gap in {seqs:?}");
        let mut customers = BTreeSet::new();
        for line in lines.iter().filter(|line| line["from"] == "customer") {
            let (seq, text) = (line["seq"].as_u64().unwrap(), line["text"].as_str().unwrap_or_default());
            let saw = shown.get(id).and_then(|seen| seen.get(&seq));
            match saw {
                Some(saw) => assert_eq!(saw, &(Author::Customer, text.to_owned()), "{id}: other words at {seq}"),
                None => {
                    unseen.push(format!("{id} seq {seq}"));
                    where_unseen.insert(*id);
                }
            }
            let customer = plan.said_by.get(text).unwrap_or_else(|| panic!("{id}: nobody ever said {text:?}"));
            customers.insert(customer.as_str());
            heard.entry(customer).or_default().push(text.to_owned());
        }
        assert!(customers.len() <= 1, "{id} mixes customers");
    }
    for (customer, words) in &plan.said {
        let heard = heard.get(customer.as_str()).map_or(&[][..], Vec::as_slice);
        assert_eq!(&heard.iter().cloned().collect::<BTreeSet<_>>(), words, "the words of one customer");
        assert_eq!(heard.len(), words.len(), "each of them once");
        if plan.ordered.contains(customer) {
            let counts: Vec<u64> = heard.iter().map(|text| count_of(text)).collect();
            assert!(counts.is_sorted(), "posted one after the other, heard as {counts:?}");
        }
    }
    println!("{} conversations in one order, {} ownerships", conversations.len(), seen.len());
    for event in log.iter().filter(|event| event.conversation.is_some_and(|id| where_unseen.contains(&id))) {
        println!("  {} at {} by {:?}: {:?}", event.id, event.at.0, event.actor, event.kind);
    }
    // A verdict given before its worker was shown the latest words must not close the task over them.
    assert!(unseen.is_empty(), "{} messages were never shown to a worker: {unseen:?}", unseen.len());
}

/// The count at the head of a text: the order in which it was said.
fn count_of(text: &str) -> u64 {
    text.strip_prefix('#').and_then(|rest| rest.split(' ').next()).and_then(|count| count.parse().ok()).unwrap_or(0)
}
